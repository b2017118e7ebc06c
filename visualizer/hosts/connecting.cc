#include "hosts/connecting.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace kv::viz {
namespace {

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// All names of its cluster, as a node knows them.
std::set<std::string> names_known_to(const NodeStatus& node) {
  std::set<std::string> names{node.node_id};
  for (const NodeStatus::Peer& peer : node.peers) names.insert(peer.node_id);
  return names;
}

/// The names of the cluster that all who answered belong to; none if nobody did.
Result<std::set<std::string>> common_names(const std::vector<Result<NodeStatus>>& answers) {
  const NodeStatus* first = nullptr;
  for (const Result<NodeStatus>& answer : answers) {
    if (!answer) continue;
    if (first == nullptr) first = &*answer;
    if (names_known_to(*answer) != names_known_to(*first))
      return Error{first->node_id + " and " + answer->node_id + " belong to different clusters"};
  }
  return first == nullptr ? std::set<std::string>{} : names_known_to(*first);
}

Error unnamed(const std::set<std::string>& addresses) {
  return Error{"no answer from " + joined(addresses) +
               ", so the names there are not known. Start what is down, or name all nodes: "
               "--cluster name=host:port,…"};
}

}  // namespace

Result<ClusterConfig> with_names(const ClusterConfig& cluster,
                                 const std::vector<Result<NodeStatus>>& answers) {
  Result<std::set<std::string>> common = common_names(answers);
  if (!common) return common.error();
  ClusterConfig named = cluster;
  std::set<std::string> open = *common;
  std::set<std::string> silent;
  Member* silent_member = nullptr;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Member& member = named.members[i];
    if (!answers[i]) {
      silent.insert(member.address());
      silent_member = &member;
      continue;
    }
    member.node_id = answers[i]->node_id;
    if (open.erase(member.node_id) == 0)
      return Error{member.node_id + " answers at two addresses, one of them is " +
                   member.address() + ": give each node once"};
  }
  if (open.size() > silent.size())
    return Error{"the cluster has more nodes: " + joined(open) + ". Give the addresses of all"};
  if (silent.size() > 1 || open.size() < silent.size()) return unnamed(silent);
  if (silent_member != nullptr) silent_member->node_id = *open.begin();
  std::sort(named.members.begin(), named.members.end(),
            [](const Member& a, const Member& b) { return a.node_id < b.node_id; });
  return named;
}

}  // namespace kv::viz
