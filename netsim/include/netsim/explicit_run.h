#pragma once

#include <cstdint>
#include <limits>

#include "netsim/scenario.h"

namespace kv::sim {

/// The same run as a scenario without `chaos`: surroundings as drawn, a step for each strike. Its
/// times differ by a nanosecond where chaos struck behind another event of the same moment.
/// `advances`: how much of the run is looked at, in calls of Simulation::advance(); the run must
/// not abort in them.
Scenario explicit_run(const Scenario& scenario, std::uint64_t seed,
                      std::uint64_t advances = std::numeric_limits<std::uint64_t>::max());

}  // namespace kv::sim
