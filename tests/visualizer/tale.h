#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "model/history.h"

namespace kv::viz {

inline ClusterInfo cluster_of(std::size_t nodes) {
  ClusterInfo cluster;
  cluster.title = "a test";
  for (std::size_t i = 1; i <= nodes; ++i) cluster.nodes.push_back("node" + std::to_string(i));
  return cluster;
}

/// A history told by hand: what happened, when, at which node.
class Tale {
 public:
  explicit Tale(std::size_t nodes = 3) : history(cluster_of(nodes)) {}

  Tale& at(std::int64_t ms) {
    now_ = Instant{} + milliseconds(ms);
    return *this;
  }
  Tale& tell(NodeId node, Fact fact) {
    history.append({++sequence_, now_, node, std::move(fact)});
    return *this;
  }

  Tale& all_start() {
    for (NodeId id = 1; id <= history.cluster().size(); ++id)
      tell(id, NodeStarted{id + 100, 0, 0, 0});
    return *this;
  }
  /// It campaigns at once for real, and these vote for it; its first entry is not committed yet.
  Tale& elect(NodeId node, Term term, std::initializer_list<NodeId> voters) {
    tell(node, RoleChanged{Role::kFollower, Role::kCandidate, term, Cause::kElectionTimeout});
    tell(node, CampaignStarted{false, term, Cause::kElectionTimeout});
    for (const NodeId voter : voters) {
      tell(voter, VoteAnswered{node, term, false, true, Reason::kNone});
      tell(node, VoteReceived{voter, term, false, true});
    }
    tell(node, RoleChanged{Role::kCandidate, Role::kLeader, term, Cause::kWonElection});
    const LogIndex first = now().node(node).log.last + 1;
    return tell(node, EntriesAppended{first, first, term});
  }
  /// All that the node has is committed.
  Tale& commit(NodeId node) { return tell(node, CommitAdvanced{now().node(node).log.last}); }
  /// A cluster whose primary is node1, in term 1.
  Tale& serving() { return all_start().elect(1, 1, {2}).commit(1); }
  Tale& cut(NodeId from, NodeId to) { return tell(kNoNode, LinkChanged{from, to, true}); }
  Tale& send(std::uint64_t number, NodeId from, NodeId to, MessageBody body = AppendRequest{}) {
    Message message;
    message.from = from;
    message.to = to;
    message.body = std::move(body);
    return tell(from, MessageSent{number, std::make_shared<const Message>(std::move(message))});
  }
  Tale& deliver(std::uint64_t number, NodeId from, NodeId to) {
    return tell(to, MessageDelivered{number, from});
  }

  const Moment& now() const { return history.latest(); }
  const NodeMoment& node(NodeId id) const { return now().node(id); }
  const Chronicle& chronicle() const { return history.chronicle(); }

  History history;

 private:
  Instant now_{};
  std::uint64_t sequence_{0};
};

inline Instant after_ms(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

}  // namespace kv::viz
