#pragma once

#include <cstdint>

#include "netsim/scenario.h"

namespace kv::sim {

/// What a seed makes of a scenario with `chaos`: limits, network, disks and workload as drawn. Many
/// bugs only show in a world that is small, or slow, or lossless but for one thing.
Scenario draw_surroundings(const Scenario& scenario, std::uint64_t seed);

/// Entries a second that a follower can count on when it lacks many: bound by the limits of
/// appends, the way to it and back, and its disk.
std::int64_t catch_up_rate(const Scenario& drawn);

}  // namespace kv::sim
