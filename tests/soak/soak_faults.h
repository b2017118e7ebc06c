#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/rng.h"
#include "core/types.h"
#include "soak/caller.h"
#include "soak/soak_network.h"
#include "soak/soak_nodes.h"

namespace kv::soak {

/// Breaks the cluster again and again, several things at a time, and mends each after a time. What
/// and when comes from a seed; whom it meets also depends on who is the primary then.
class SoakFaults {
 public:
  struct Kind {
    std::string_view name;
    std::uint64_t weight;  ///< 0: only on demand
    bool needs_network;
    void (SoakFaults::*begin)();
  };
  struct Count {
    std::string_view name{};
    std::uint64_t times{0};
  };

  /// `log_path`: what was done when, one line each.
  SoakFaults(SoakNodes& nodes, const SoakNetwork* network, Rng rng, const std::string& log_path);

  /// Does what is due.
  void step();
  /// Mends all that is broken now.
  void heal();
  /// All nodes are killed, the primary last, so that it may acknowledge what nobody else has; its
  /// disk is lost.
  void lose_primary_disk();

  const std::vector<Count>& counts() const { return counts_; }
  /// Something that should always work did not.
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  struct Repair {
    Instant due{};
    std::function<void()> mend{};
  };

  static const std::array<Kind, 11> kKinds;
  const Kind& draw_kind();
  /// The primary as often as not; nothing: the node drawn isn't running.
  std::optional<std::size_t> victim();
  void mend_after(Duration longest, std::function<void()> mend);
  void note(const std::string& text);
  /// Counts a fault of this kind; without a node it is of all.
  void count(std::string_view kind, std::optional<std::size_t> node = std::nullopt);
  /// Counts the fault if the node does what it is told; `refusals` are answers that it may give.
  void tell(std::string_view kind, std::size_t node, const Words& words, std::string_view refusal);
  void expect(const Outcome& outcome);
  void start_if_down(std::size_t node);
  void cut(std::size_t from, std::size_t to, Duration longest);

  void kill();
  void kill_all();
  void pause();
  void terminate();
  void transfer();
  void snapshot();
  void isolate();
  void cut_link();
  void mute();
  void split();

  SoakNodes& nodes_;
  const SoakNetwork* network_;
  Rng rng_;
  std::ofstream log_;
  Instant began_{};
  Instant next_{};
  std::vector<Repair> repairs_{};
  std::vector<Count> counts_{};
  std::optional<std::string> failure_{};
};

}  // namespace kv::soak
