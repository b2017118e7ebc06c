#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario_values.h"

namespace kv::sim {

/// A moment in the order of a scenario; nothing known about it without `at`.
struct Turn {
  std::optional<Instant> at{};
  std::size_t order{0};  ///< among those of the same time
};

/// Who can be named in a scenario: nodes, zones, and what steps bind. Uses are noted while the file
/// is read and checked when all of it is known.
class Names {
 public:
  /// What a place takes besides selectors: "any", which is read as "all", or the words "any" and
  /// "none" as they are.
  enum class Also : std::uint8_t { kNothing, kAny, kAnyOrNone };

  /// Notes a problem if the name can't be one, or is taken.
  void add_node(const std::string& name, const LocatedValue& at, Problems& problems);
  void add_zone(const LocatedValue& zone, Problems& problems);
  void bind(const LocatedValue& name, Turn turn, Problems& problems);

  /// A selector that is needed at `turn`.
  std::optional<Selector> read(const LocatedValue& value, Turn turn, Also also, Problems& problems);
  /// The same for the key of a member.
  Selector read_key(const LocatedValue& member, Turn turn);
  /// Notes uses of names that are unknown, or not yet bound at their turn.
  void check_uses(Problems& problems) const;

  bool is_node(std::string_view name) const;

 private:
  struct Use {
    Selector selector{};
    Place place{};
    std::uint32_t setting{0};
    Turn turn{};
  };
  struct Binding {
    std::string name{};
    Place place{};
    Turn turn{};
  };

  std::string objection(std::string_view name) const;
  std::string objection(const Use& use) const;
  std::vector<std::string_view> bound_names() const;
  std::string unknown(std::string_view name) const;
  bool taken(std::string_view name) const;

  std::vector<std::string> nodes_{};
  std::vector<std::string> zones_{};
  std::vector<Binding> bindings_{};
  std::vector<Use> uses_{};
};

}  // namespace kv::sim
