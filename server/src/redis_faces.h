#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node_facts.h"
#include "redis_commands.h"
#include "redis_reply.h"

namespace kv {

/// The answers by which Redis clients find out about a node and its cluster. Pure functions of the
/// facts (but INFO asks the system about the process, too); `words` is the whole command, of right
/// arity.

/// Redis's version whose commands and texts these are.
inline constexpr std::string_view kRedisVersion = "7.2.0";
/// The name of the one master in SENTINEL's answers; any other name is unknown.
inline constexpr std::string_view kMasterName = "mymaster";
/// Each change of the primary is told on this channel: "mymaster oldhost oldport newhost newport".
inline constexpr std::string_view kSwitchMaster = "+switch-master";

/// 40 hexadecimal digits, the same on every node and after every restart.
std::string cluster_node_id(const Member& member);
/// Of all members together: CLUSTER MYSHARDID, INFO's master_replid.
std::string shard_id(const ClusterConfig& cluster);
/// 40 hexadecimal digits that `bytes` decide.
std::string hex_id(std::string_view bytes);

// What the faces say of the members, alike.

/// Who is shown as the master: the primary. While none is known that is the last one, as in Redis,
/// where a failed master keeps its slots until another one takes them: clients are made for that.
/// They fail, or get CLUSTERDOWN, wait a little and ask again. An empty list, or an error, they
/// take for a cluster that isn't one (redis-py, Jedis), or forget all nodes (ioredis). And where
/// only this node is cut off, its guess is right. One that never heard of a primary names itself:
/// it is there, and refuses in a way that clients wait upon.
NodeId master_id(const NodeFacts& facts);
/// The primary hears of all members. A secondary goes by its connections to them: clients that ask
/// it must not be sent to a node that is gone.
bool seems_down(const NodeFacts& facts, NodeId node);
/// How far its log is durable, as far as this node knows.
LogIndex offset_of(const NodeFacts& facts, NodeId node);

void role_reply(RedisReply& reply, const NodeFacts& facts);
void hello_reply(RedisReply& reply, const NodeFacts& facts, std::uint64_t client_id);
/// CLUSTER SLOTS, SHARDS, NODES, INFO, MYID, MYSHARDID, KEYSLOT, REPLICAS, LINKS, COUNTKEYSINSLOT …
void cluster_reply(RedisReply& reply, const NodeFacts& facts, const Words& words);
/// SENTINEL GET-MASTER-ADDR-BY-NAME, MASTER(S), REPLICAS, SLAVES, SENTINELS, CKQUORUM, MYID …
void sentinel_reply(RedisReply& reply, const NodeFacts& facts, const Words& words);
/// The text that INFO gives for the sections asked for.
std::string info_text(const NodeFacts& facts, const Words& words);
/// CONFIG GET (patterns), SET, REWRITE, HELP; all that can't be set is refused. RESETSTAT, and SET
/// of what can be set while running, are done by the caller.
void config_get_reply(RedisReply& reply, const NodeFacts& facts, const Words& words);

}  // namespace kv
