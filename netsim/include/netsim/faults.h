#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "netsim/cast.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// Does a step that isn't a client's operation: to `targets`, which its `target` stands for now.
/// Gives what was done, in words ("crashes node1"); an Error if it can't be done now.
Result<std::string> strike(Cluster& cluster, const Cast& cast, const Scenario& scenario,
                           const Step& step, const std::vector<NodeId>& targets);

/// Which ways are open: from every node to every other, then between the clients and each node.
std::vector<bool> open_ways(const Cluster& cluster);
/// Records the ways that were closed or opened since.
void record_changed_ways(Cluster& cluster, const std::vector<bool>& before);

}  // namespace kv::sim
