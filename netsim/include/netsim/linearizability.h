#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netsim/history.h"

namespace kv::sim {

struct LinearizabilityResult {
  /// What is wrong, in words a person can follow: the key, the first read that no order of the
  /// operations explains, with client, times and values, and what it could have found. Of several
  /// keys the one where this happened first. Nothing when all is well.
  std::optional<std::string> violation{};
  /// Keys whose check was given up because it needed more than the allowed steps: neither right nor
  /// wrong.
  std::vector<std::string> undecided{};
  std::uint64_t operations{0};  ///< in the history
};

/// Whether one order of all operations explains what every client saw (Herlihy and Wing 1990),
/// checked key by key (linearizability is local). Pending and unknown writes may take effect at any
/// time after their call, or never; reads without an answer say nothing; refused operations took no
/// effect. Every key starts absent. Operations that touch at one instant overlap.
///
/// A key is decided in O(n log n) if none of the values found on it was set more than once, however
/// many of its writes are unknown. Another key takes a search, which can be exponential:
/// `max_steps` bounds it.
LinearizabilityResult check_linearizability(const std::vector<Operation>& history,
                                            std::uint64_t max_steps = 2'000'000);

}  // namespace kv::sim
