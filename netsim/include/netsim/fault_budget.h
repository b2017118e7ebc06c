#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "netsim/cluster.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// Bytes of a node's log that a later frame vouches for; 0 while it is written. Rot in what was
/// written last looks like a write that a power cut tore: that is beyond what any log can tell.
std::uint64_t vouched_log_bytes(const Node& node);

/// Whether a fault may strike one node now, so that all promises must still be kept. A member that
/// lost its disk has no vote any more, and one whose disk is damaged won't start: a majority must
/// keep theirs. `lost_disks`: the nodes that were wiped or damaged before; with this one, if so.
bool within_fault_budget(const std::vector<NodeSpec>& nodes, const Cluster& cluster,
                         const Step& fault, std::set<Selector>& lost_disks);

}  // namespace kv::sim
