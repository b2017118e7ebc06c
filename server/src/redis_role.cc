#include <algorithm>
#include <string>

#include "core/hash.h"
#include "redis_faces.h"

namespace kv {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_online(const PeerStatus& peer) {
  return peer.reachable && !peer.receiving_snapshot;
}

void master_role(RedisReply& reply, const NodeFacts& facts) {
  const std::vector<PeerStatus>& peers = facts.status.peers;
  const auto online = std::count_if(peers.begin(), peers.end(), is_online);
  reply.list(3).text("master").integer(static_cast<std::int64_t>(facts.status.commit));
  reply.list(static_cast<std::size_t>(online));
  for (const PeerStatus& peer : peers) {
    if (!is_online(peer)) continue;
    const Member& member = *facts.cluster->find(peer.id);
    reply.list(3)
        .text(member.host)
        .text(std::to_string(member.port))
        .text(std::to_string(peer.durable));
  }
}

void slave_role(RedisReply& reply, const NodeFacts& facts) {
  const Member& master = *facts.cluster->find(master_id(facts));
  reply.list(5).text("slave").text(master.host).integer(master.port);
  reply.text(facts.primary() == nullptr ? "connect" : "connected");
  reply.integer(static_cast<std::int64_t>(facts.status.persisted));
}

}  // namespace

std::string hex_id(std::string_view bytes) {
  constexpr std::size_t kDigits = 40;
  constexpr std::size_t kDigitsPerHash = 16;
  std::string id;
  for (std::uint64_t hash = 0; id.size() < kDigits;) {
    hash = hash64(bytes, hash + 1);
    for (std::size_t i = 0; i < kDigitsPerHash; ++i) id += kHexDigits[(hash >> (4 * i)) & 15];
  }
  id.resize(kDigits);
  return id;
}

std::string cluster_node_id(const Member& member) {
  return hex_id(member.node_id);
}

std::string shard_id(const ClusterConfig& cluster) {
  return hex_id(to_string(cluster));
}

NodeId master_id(const NodeFacts& facts) {
  if (facts.primary() != nullptr) return facts.primary_id();
  return facts.last_primary != kNoNode ? facts.last_primary : facts.status.self;
}

bool seems_down(const NodeFacts& facts, NodeId node) {
  if (node == facts.status.self || node == facts.primary_id()) return false;
  if (!facts.status.serving) {
    const bool fell_silent = facts.primary() == nullptr && node == facts.last_primary;
    return fell_silent || std::count(facts.unlinked.begin(), facts.unlinked.end(), node) != 0;
  }
  const std::vector<PeerStatus>& peers = facts.status.peers;
  return std::any_of(peers.begin(), peers.end(),
                     [node](const PeerStatus& peer) { return peer.id == node && !peer.reachable; });
}

LogIndex offset_of(const NodeFacts& facts, NodeId node) {
  if (facts.status.serving) {
    for (const PeerStatus& peer : facts.status.peers) {
      if (peer.id == node) return peer.durable;
    }
  }
  return node == facts.status.self && !facts.status.serving ? facts.status.persisted
                                                            : facts.status.commit;
}

void role_reply(RedisReply& reply, const NodeFacts& facts) {
  if (facts.status.serving) {
    master_role(reply, facts);
  } else {
    slave_role(reply, facts);
  }
}

void hello_reply(RedisReply& reply, const NodeFacts& facts, std::uint64_t client_id) {
  reply.map(7).text("server").text("redis").text("version").text(kRedisVersion);
  reply.text("proto").integer(reply.protocol());
  reply.text("id").integer(static_cast<std::int64_t>(client_id));
  reply.text("mode").text(facts.mode == RedisMode::kCluster ? "cluster" : "standalone");
  reply.text("role").text(facts.status.serving ? "master" : "replica");
  reply.text("modules").list(0);
}

}  // namespace kv
