#include "netsim/cast.h"

#include <algorithm>

namespace kv::sim {
namespace {

constexpr std::string_view kNot = "not ";

}  // namespace

Cast::Cast(const Scenario& scenario) {
  for (const NodeSpec& node : scenario.nodes) {
    names_.push_back(node.name);
    zones_.push_back(node.zone);
  }
}

std::vector<NodeId> Cast::resolve(const Cluster& cluster, const Selector& selector) const {
  std::vector<NodeId> found;
  if (selector.starts_with(kNot)) {
    const Selector other = selector.substr(kNot.size());
    const std::vector<NodeId> excluded = resolve(cluster, other);
    // A name that no step has given yet: there is nobody to be told apart from.
    if (excluded.empty() && other != "primary" && other != "a secondary" &&
        other != "every secondary") {
      return {};
    }
    for (NodeId id = 1; id <= names_.size(); ++id) {
      if (std::find(excluded.begin(), excluded.end(), id) == excluded.end()) found.push_back(id);
    }
    return found;
  }
  if (const auto bound = bound_.find(selector); bound != bound_.end()) return {bound->second};
  const NodeId primary = cluster.primary();
  for (NodeId id = 1; id <= names_.size(); ++id) {
    const bool secondary = id != primary && cluster.node(id).runs();
    const bool chosen = selector == "all" || selector == names_[id - 1] ||
                        (!selector.empty() && selector == zones_[id - 1]) ||
                        (selector == "primary" && id == primary) ||
                        (selector == "every secondary" && secondary) ||
                        (selector == "a secondary" && secondary && found.empty());
    if (chosen) found.push_back(id);
  }
  return found;
}

std::string Cast::names(const std::vector<NodeId>& ids) const {
  std::string words;
  for (const NodeId id : ids) words += (words.empty() ? "" : ", ") + name(id);
  return words;
}

}  // namespace kv::sim
