#include "netsim/link_faults.h"

#include <algorithm>

#include "core/check.h"

namespace kv::sim {

void cut(Network& network, NodeId from, NodeId to, MessageKinds kinds) {
  Link& link = network.link(from, to);
  link.cut |= kinds;
}

std::vector<std::vector<NodeId>> groups_of(std::string_view shape, std::size_t nodes) {
  const auto range = [](std::size_t first, std::size_t last) {
    std::vector<NodeId> ids;
    for (std::size_t id = first; id <= last; ++id) ids.push_back(static_cast<NodeId>(id));
    return ids;
  };
  const std::size_t half = (nodes + 1) / 2;
  if (shape == "halves") return {range(1, half), range(half + 1, nodes)};
  if (shape == "bridge") return {range(1, half), range(half, nodes)};
  CHECK(shape == "ring");
  std::vector<std::vector<NodeId>> pairs;
  for (std::size_t id = 1; id <= nodes; ++id) {
    pairs.push_back({static_cast<NodeId>(id), static_cast<NodeId>(id % nodes + 1)});
  }
  return pairs;
}

void partition(Network& network, const std::vector<std::vector<NodeId>>& groups) {
  const auto in = [](const std::vector<NodeId>& group, NodeId id) {
    return std::find(group.begin(), group.end(), id) != group.end();
  };
  const auto grouped = [&](NodeId id) {
    return std::any_of(groups.begin(), groups.end(),
                       [&](const std::vector<NodeId>& group) { return in(group, id); });
  };
  for (NodeId a = 1; a <= network.nodes(); ++a) {
    for (NodeId b = 1; b <= network.nodes(); ++b) {
      if (a == b) continue;
      const bool together =
          (!grouped(a) && !grouped(b)) ||
          std::any_of(groups.begin(), groups.end(), [&](const std::vector<NodeId>& group) {
            return in(group, a) && in(group, b);
          });
      if (!together) cut(network, a, b, kAllMessages);
    }
  }
}

}  // namespace kv::sim
