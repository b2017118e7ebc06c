#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "located_json.h"
#include "netsim/latency.h"
#include "netsim/scenario.h"
#include "netsim/scenario_language.h"

namespace kv::sim {

/// All that is wrong with a scenario, collected while it is read.
class Problems {
 public:
  Problems(std::string name, const Settings& settings)
      : name_(std::move(name)), settings_(settings) {}

  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  /// At the value …
  void add(const LocatedValue& at, std::string what) {
    add({at.place, at.setting, std::move(what)});
  }
  /// … or at its key.
  void add_at_key(const LocatedValue& at, std::string what) {
    add({at.key_place, at.setting, std::move(what)});
  }
  bool none() const { return problems_.empty(); }
  /// A line each, those of settings first, then in the order of the file.
  Error error() const;

 private:
  std::string name_;
  const Settings& settings_;
  std::vector<Problem> problems_{};
};

/// "the number 5", "the text 'abc'", "a list" …
std::string describe(const LocatedValue& value);
/// "expected …, found the number 5".
std::string expected(std::string_view what, const LocatedValue& found);

// Each reads one kind of value. What can't be read is a problem, and nothing is returned.
std::optional<std::string> read_text(const LocatedValue& value, Problems& problems);
std::optional<bool> read_flag(const LocatedValue& value, Problems& problems);
/// At most kLongest.
std::optional<Duration> read_duration(const LocatedValue& value, Problems& problems);
std::optional<Duration> read_positive_duration(const LocatedValue& value, Problems& problems);
/// A duration since the start.
std::optional<Instant> read_instant(const LocatedValue& value, Problems& problems);
std::optional<Latency> read_latency(const LocatedValue& value, Problems& problems);
/// 0 to 1, with at most six decimals.
std::optional<Chance> read_chance(const LocatedValue& value, Problems& problems);
std::optional<std::int64_t> read_ppm(const LocatedValue& value, Problems& problems);
/// A word of the list.
std::optional<std::string> read_word(const LocatedValue& value, std::string_view list,
                                     Problems& problems);
/// A list of words of the list, at least one.
std::optional<std::vector<std::string>> read_words(const LocatedValue& value, std::string_view list,
                                                   Problems& problems);
/// A whole number from `low` to `high`.
std::optional<std::uint64_t> read_whole(const LocatedValue& value, std::uint64_t low,
                                        std::uint64_t high, Problems& problems);
/// The same; "2KiB" and "1MiB" are understood, too.
std::optional<std::uint64_t> read_bytes(const LocatedValue& value, std::uint64_t low,
                                        std::uint64_t high, Problems& problems);

/// The members of an object, each key at most once. Those of equal keys are problems, and so is
/// another kind of value; `words` says what it should be.
std::vector<const LocatedValue*> members_of(const LocatedValue& value, std::string_view words,
                                            Problems& problems);
/// The items of a list; another kind of value is a problem.
std::span<const LocatedValue> items_of(const LocatedValue& value, std::string_view words,
                                       Problems& problems);

/// The members of an object whose keys are known.
class Fields {
 public:
  /// Notes which keys don't belong there, and which are missing.
  Fields(const LocatedValue& object, const ObjectForm& form, Problems& problems);
  /// For an object whose keys the caller has checked.
  Fields(const LocatedValue& object, Problems& problems) : object_(object), problems_(problems) {}

  const LocatedValue* find(std::string_view key) const { return object_.find(key); }
  /// `into` becomes the member's value if it is there and can be read.
  template <typename T, typename Read>
  void take(std::string_view key, T& into, Read read) const {
    const LocatedValue* const member = find(key);
    if (member == nullptr) return;
    if (auto value = read(*member, problems_)) into = std::move(*value);
  }
  template <typename T>
  void take_whole(std::string_view key, T& into, std::uint64_t low,
                  std::uint64_t high = std::numeric_limits<T>::max()) const {
    const LocatedValue* const member = find(key);
    if (member == nullptr) return;
    if (auto value = read_whole(*member, low, high, problems_)) into = static_cast<T>(*value);
  }
  template <typename T>
  void take_bytes(std::string_view key, T& into, std::uint64_t low, std::uint64_t high) const {
    const LocatedValue* const member = find(key);
    if (member == nullptr) return;
    if (auto value = read_bytes(*member, low, high, problems_)) into = static_cast<T>(*value);
  }

 private:
  const LocatedValue& object_;
  Problems& problems_;
};

}  // namespace kv::sim
