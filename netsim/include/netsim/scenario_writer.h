#pragma once

#include <string>

#include "netsim/scenario.h"

namespace kv::sim {

/// The scenario as a file, laid out as those in scenarios/. Only what differs from the defaults is
/// in it; reading it gives an equal scenario. A scaled latency becomes a measured one.
std::string write_scenario(const Scenario& scenario);

}  // namespace kv::sim
