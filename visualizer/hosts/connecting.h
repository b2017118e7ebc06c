#pragma once

#include <vector>

#include "core/result.h"
#include "server/client.h"

namespace kv::viz {

/// The cluster with the names that its nodes told; `answers` are in the order of its members. An
/// Error if a name remains open, or if these are not all nodes of one cluster: the ids of nodes
/// follow from all names.
Result<ClusterConfig> with_names(const ClusterConfig& cluster,
                                 const std::vector<Result<NodeStatus>>& answers);

}  // namespace kv::viz
