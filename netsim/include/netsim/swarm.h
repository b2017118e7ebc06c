#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netsim/scenario.h"

namespace kv::sim {

struct SwarmOptions {
  std::uint32_t min_nodes{3};
  std::uint32_t max_nodes{7};
  std::vector<std::string> faults{};  ///< classes to draw from; empty: all
  Duration length{seconds(60)};
};

/// The swarm's run of this seed.
Scenario draw_swarm(const SwarmOptions& options, std::uint64_t seed);

}  // namespace kv::sim
