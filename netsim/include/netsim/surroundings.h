#pragma once

#include <cstdint>

#include "netsim/scenario.h"

namespace kv::sim {

/// What a seed makes of a scenario with `chaos`: limits, network, disks and workload as drawn. Many
/// bugs only show in a world that is small, or slow, or lossless but for one thing.
Scenario draw_surroundings(const Scenario& scenario, std::uint64_t seed);

}  // namespace kv::sim
