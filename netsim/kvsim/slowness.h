#pragma once

#include "core/types.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// How long, at most, a step lets a disk or a link be slow (slow_disk, delay, reorder) until
/// another one mends it or the run ends. Who is only slow counts as healthy for the checker of
/// progress, so that a run in which it lasts for longer than anybody asked for shows nothing.
Duration longest_slowness(const Scenario& scenario);

}  // namespace kv::sim
