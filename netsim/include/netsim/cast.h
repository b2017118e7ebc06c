#pragma once

#include <map>
#include <string>
#include <vector>

#include "netsim/cluster.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// Names that steps have given to nodes, and what selectors stand for at this moment.
class Cast {
 public:
  explicit Cast(const Scenario& scenario);
  /// Ascending; empty when there is no such node now ("primary" without one).
  std::vector<NodeId> resolve(const Cluster& cluster, const Selector& selector) const;
  void bind(const std::string& name, NodeId id) { bound_[name] = id; }
  const std::string& name(NodeId id) const { return names_[id - 1]; }
  /// "node1, node3"
  std::string names(const std::vector<NodeId>& ids) const;

 private:
  std::vector<std::string> names_{};
  std::vector<std::string> zones_{};
  std::map<std::string, NodeId> bound_{};
};

}  // namespace kv::sim
