#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netsim/scenario.h"

namespace kv::sim {

/// Between what swarm testing draws.
struct SwarmOptions {
  std::uint32_t min_nodes{3};
  std::uint32_t max_nodes{7};         ///< at most kMaxNodes (scenario_language.h)
  std::vector<std::string> faults{};  ///< classes to draw from (chaos.h); empty: all
  Duration length{seconds(60)};       ///< virtual time of a run
  friend bool operator==(const SwarmOptions&, const SwarmOptions&) = default;
};
/// A run must have time for faults and for recovery.
inline constexpr Duration kShortestSwarm = seconds(30);

/// The run of a seed: a cluster of its own size, times and surroundings under faults of its own
/// choice (`chaos`), and at the end time to recover, for all or for a majority only. Simulation
/// draws the rest from the same seed.
Scenario draw_swarm(const SwarmOptions& options, std::uint64_t seed);

}  // namespace kv::sim
