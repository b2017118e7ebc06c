#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "redis_faces.h"

namespace kv {

/// A node's facts as a test wants them: alpha (an IPv4 address), bravo (IPv6) and charlie (a name).
/// This node is alpha.
class FactsByHand {
 public:
  FactsByHand() {
    facts_.cluster = &cluster_;
    facts_.counters = &counters_;
    facts_.status.self = kAlpha;
    facts_.status.term = 7;
    facts_.status.first_index = 1;
    facts_.status.last_index = 52;
    facts_.status.persisted = 51;
    facts_.status.commit = 50;
    facts_.status.applied = 50;
    facts_.mode = RedisMode::kCluster;
    facts_.timing = "lan";
    facts_.now_ms = 1'700'000'000'123;
    facts_.uptime_seconds = 90'000;
    facts_.status.peers = {peer(kBravo, 50), peer(kCharlie, 48)};
  }
  FactsByHand(const FactsByHand&) = delete;
  FactsByHand& operator=(const FactsByHand&) = delete;

  static constexpr NodeId kAlpha = 1;
  static constexpr NodeId kBravo = 2;
  static constexpr NodeId kCharlie = 3;

  FactsByHand& primary() {
    facts_.status.role = Role::kLeader;
    facts_.status.leader = kAlpha;
    facts_.status.serving = true;
    facts_.last_primary = kAlpha;
    return *this;
  }
  FactsByHand& secondary_of(NodeId leader) {
    facts_.status.role = Role::kFollower;
    facts_.status.leader = leader;
    facts_.last_primary = leader;
    return *this;
  }
  FactsByHand& leaderless_after(NodeId last) {
    facts_.status.role = Role::kPreCandidate;
    facts_.status.leader = kNoNode;
    facts_.last_primary = last;
    return *this;
  }
  FactsByHand& without(NodeId node) {
    for (PeerStatus& each : facts_.status.peers) {
      if (each.id == node) each.reachable = false;
    }
    facts_.unlinked.push_back(node);
    return *this;
  }

  NodeFacts* operator->() { return &facts_; }
  const NodeFacts* operator->() const { return &facts_; }
  const NodeFacts& operator*() const { return facts_; }
  ClientCounters& counters() { return counters_; }
  std::string id(NodeId node) const { return cluster_node_id(*cluster_.find(node)); }

 private:
  static PeerStatus peer(NodeId id, LogIndex durable) {
    PeerStatus status;
    status.id = id;
    status.reachable = true;
    status.durable = durable;
    status.next = durable + 1;
    return status;
  }

  ClusterConfig cluster_{
      {{"alpha", "127.0.0.1", 6379}, {"bravo", "::1", 6380}, {"charlie", "c.example.org", 6381}}};
  ClientCounters counters_{};
  NodeFacts facts_{};
};

using Face = void (*)(RedisReply& reply, const NodeFacts& facts, const Words& words);

/// The reply's bytes, but blanks for line ends.
inline std::string on_one_line(const std::function<void(RedisReply&)>& write, int protocol = 2) {
  std::string bytes;
  RedisReply reply(bytes, protocol);
  write(reply);
  std::string line;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes.compare(i, 2, "\r\n") == 0) {
      line += ' ';
      ++i;
    } else {
      line += bytes[i];
    }
  }
  return line;
}

inline std::string ask(Face face, const FactsByHand& facts, const Words& words, int protocol = 2) {
  return on_one_line([&](RedisReply& reply) { face(reply, *facts, words); }, protocol);
}

/// Of a flat list, or a map, of names and values.
inline std::map<std::string, std::string> fields(std::string_view line) {
  std::vector<std::string> values;
  while (!line.empty()) {
    std::string_view token = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), token.size() + 1));
    if (token.starts_with('$')) {
      token = line.substr(0, std::stoul(std::string(token.substr(1))));
      line.remove_prefix(std::min(line.size(), token.size() + 1));
      values.emplace_back(token);
    } else if (token.starts_with(':')) {
      values.emplace_back(token.substr(1));
    }
  }
  std::map<std::string, std::string> result;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) result[values[i]] = values[i + 1];
  return result;
}

}  // namespace kv
