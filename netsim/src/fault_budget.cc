#include "netsim/fault_budget.h"

#include <algorithm>

namespace kv::sim {
namespace {

/// A member's loss of its disk is only noticed by those who knew the disk before, and still know it
/// after a crash.
bool known_to_all(const std::vector<NodeSpec>& nodes, const Cluster& cluster,
                  const Selector& target) {
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    if (nodes[id - 1].name == target) continue;
    if (cluster.replica(id) == nullptr) return false;
    const Incarnations& known = cluster.node(id).durable.incarnations;
    const bool knows = std::any_of(known.begin(), known.end(), [&](const auto& member) {
      return nodes[member.first - 1].name == target;
    });
    if (!knows) return false;
  }
  return true;
}

bool is_vouched_for(const std::vector<NodeSpec>& nodes, const Cluster& cluster, const Step& flip) {
  if (flip.file != "log") return true;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    if (nodes[id - 1].name == flip.target) return flip.offset < vouched_log_bytes(cluster.node(id));
  }
  return true;
}

}  // namespace

std::uint64_t vouched_log_bytes(const Node& node) {
  return node.log_is_idle() ? node.wal->vouched_bytes() : 0;
}

bool within_fault_budget(const std::vector<NodeSpec>& nodes, const Cluster& cluster,
                         const Step& fault, std::set<Selector>& lost_disks) {
  const bool damages = fault.verb == Verb::kFlipBit || fault.verb == Verb::kReadError;
  if (fault.verb == Verb::kFlipBit && !is_vouched_for(nodes, cluster, fault)) return false;
  if (fault.verb == Verb::kWipe && !known_to_all(nodes, cluster, fault.target)) return false;
  if (!damages && fault.verb != Verb::kWipe) return true;
  const bool counted = lost_disks.contains(fault.target);
  if (!counted && lost_disks.size() == (nodes.size() - 1) / 2) return false;
  lost_disks.insert(fault.target);
  return true;
}

}  // namespace kv::sim
