#include <array>
#include <optional>
#include <string>

#include "core/config.h"
#include "core/quorum.h"
#include "redis_faces.h"
#include "redis_subcommands.h"

namespace kv {
namespace {

using Millis = std::int64_t;

NodeId id_at(std::size_t position) {
  return static_cast<NodeId>(position + 1);
}

Millis down_after_ms(const NodeFacts& facts) {
  const Timing timing = timing_by_name(facts.timing).value_or(Timing{});
  return timing.election_timeout_min.ns / milliseconds(1).ns;
}

std::size_t members(const NodeFacts& facts) {
  return facts.cluster->members.size();
}

/// Names and values, which all are texts in Sentinel's answers, numbers too.
class Fields {
 public:
  Fields& add(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
    return *this;
  }
  Fields& add(std::string_view name, std::uint64_t value) {
    return add(name, std::to_string(value));
  }
  void write_to(RedisReply& reply) const {
    reply.map(fields_.size());
    for (const auto& [name, value] : fields_) reply.text(name).text(value);
  }

 private:
  std::vector<std::pair<std::string_view, std::string>> fields_{};
};

/// What a master, a replica and a Sentinel have in common. `flags`: of one that is there.
Fields instance(const NodeFacts& facts, NodeId node, std::string_view name,
                const std::string& flags) {
  const Member& member = *facts.cluster->find(node);
  Fields fields;
  fields.add("name", name).add("ip", member.host).add("port", member.port);
  fields.add("runid", cluster_node_id(member)).add("flags", flags);
  fields.add("link-pending-commands", 0).add("link-refcount", 1).add("last-ping-sent", 0);
  fields.add("last-ok-ping-reply", 0).add("last-ping-reply", 0);
  fields.add("down-after-milliseconds", static_cast<std::uint64_t>(down_after_ms(facts)));
  return fields;
}

std::string peer_flags(const NodeFacts& facts, NodeId node, const std::string& kind) {
  return seems_down(facts, node) ? "s_down," + kind + ",disconnected" : kind;
}

// --- the master ---

void write_master(RedisReply& reply, const NodeFacts& facts) {
  // By these flags clients wait for another master rather than run against a closed door.
  const bool known = facts.primary() != nullptr;
  Fields fields = instance(facts, master_id(facts), kMasterName,
                           known ? "master" : "s_down,o_down,master,disconnected");
  fields.add("info-refresh", 0).add("role-reported", "master").add("role-reported-time", 0);
  fields.add("config-epoch", facts.status.term).add("num-slaves", members(facts) - 1);
  fields.add("num-other-sentinels", members(facts) - 1);
  fields.add("quorum", quorum_size(members(facts)));
  fields.add("failover-timeout", static_cast<std::uint64_t>(2 * down_after_ms(facts)));
  fields.add("parallel-syncs", members(facts) - 1);
  fields.write_to(reply);
}

void masters(RedisReply& reply, const NodeFacts& facts, const Words&) {
  reply.list(1);
  write_master(reply, facts);
}

void master(RedisReply& reply, const NodeFacts& facts, const Words&) {
  write_master(reply, facts);
}

void get_master_address(RedisReply& reply, const NodeFacts& facts, const Words&) {
  const Member* primary = facts.primary();
  if (primary == nullptr) {
    reply.nil_list();
  } else {
    reply.list(2).text(primary->host).text(std::to_string(primary->port));
  }
}

// --- the others ---

void write_replica(RedisReply& reply, const NodeFacts& facts, NodeId node) {
  const Member& me = *facts.cluster->find(node);
  const Member& master = *facts.cluster->find(master_id(facts));
  const bool linked = facts.primary() != nullptr && !seems_down(facts, node);
  Fields fields = instance(facts, node, me.address(), peer_flags(facts, node, "slave"));
  fields.add("info-refresh", 0).add("role-reported", "slave").add("role-reported-time", 0);
  fields.add("master-link-down-time", 0).add("master-link-status", linked ? "ok" : "err");
  fields.add("master-host", master.host).add("master-port", master.port);
  fields.add("slave-priority", 100).add("slave-repl-offset", offset_of(facts, node));
  fields.add("replica-announced", 1);
  fields.write_to(reply);
}

void replicas(RedisReply& reply, const NodeFacts& facts, const Words&) {
  const NodeId master = master_id(facts);
  reply.list(members(facts) - 1);
  for (std::size_t i = 0; i < members(facts); ++i) {
    if (id_at(i) != master) write_replica(reply, facts, id_at(i));
  }
}

void write_sentinel(RedisReply& reply, const NodeFacts& facts, NodeId node) {
  const std::string id = cluster_node_id(*facts.cluster->find(node));
  Fields fields = instance(facts, node, id, peer_flags(facts, node, "sentinel"));
  fields.add("last-hello-message", 0).add("voted-leader", "?");
  fields.add("voted-leader-epoch", facts.status.term);
  fields.write_to(reply);
}

/// Every member is a Sentinel: so clients that know one learn of all.
void sentinels(RedisReply& reply, const NodeFacts& facts, const Words&) {
  reply.list(members(facts) - 1);
  for (std::size_t i = 0; i < members(facts); ++i) {
    if (id_at(i) != facts.status.self) write_sentinel(reply, facts, id_at(i));
  }
}

// --- the rest ---

void check_quorum(RedisReply& reply, const NodeFacts& facts, const Words&) {
  std::size_t usable = 0;
  for (std::size_t i = 0; i < members(facts); ++i) {
    if (!seems_down(facts, id_at(i))) ++usable;
  }
  const std::string count = std::to_string(usable) + " usable Sentinels. ";
  if (usable >= quorum_size(members(facts))) {
    reply.word("OK " + count + "Quorum and failover authorization can be reached");
  } else {
    reply.error("NOQUORUM " + count +
                "Not enough available Sentinels to reach the specified quorum for this master. "
                "Not enough available Sentinels to reach the majority and authorize a failover");
  }
}

void is_master_down(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  const std::optional<std::int64_t> port = integer_argument(reply, words[3]);
  if (!port || !integer_argument(reply, words[4])) return;
  const NodeId master = master_id(facts);
  const Member& member = *facts.cluster->find(master);
  const bool down = facts.primary() == nullptr && seems_down(facts, master) &&
                    member.host == words[2] && member.port == *port;
  // Votes are asked for and given among the members only.
  reply.list(3).integer(down ? 1 : 0).text("*").integer(0);
}

void my_id(RedisReply& reply, const NodeFacts& facts, const Words&) {
  reply.text(cluster_node_id(facts.me()));
}

void pending_scripts(RedisReply& reply, const NodeFacts&, const Words&) {
  reply.list(0);
}

void refuse(RedisReply& reply, const NodeFacts&, const Words&) {
  reply.error(
      "ERR The cluster watches itself: its one master and its members are fixed when it is "
      "started. FAILOVER moves the primary");
}

void help(RedisReply& reply, const NodeFacts& facts, const Words& words);

constexpr std::array kSubcommands = {
    Subcommand{"ckquorum", 3, "<master-name>", "Check whether a failover could be carried out.",
               check_quorum},
    Subcommand{"config", -3, "", "", refuse},
    Subcommand{"debug", -2, "", "", refuse},
    Subcommand{"failover", 3, "", "", refuse},
    Subcommand{"flushconfig", 2, "", "", refuse},
    Subcommand{"get-master-addr-by-name", 3, "<master-name>",
               "Return the host and port of the primary.", get_master_address},
    Subcommand{"help", 2, "", "Print this help.", help},
    Subcommand{"info-cache", -3, "", "", refuse},
    Subcommand{"is-master-down-by-addr", 6, "<ip> <port> <current-epoch> <runid>",
               "Return whether this node misses the primary at ip:port.", is_master_down},
    Subcommand{"master", 3, "<master-name>", "Return the state of the primary.", master},
    Subcommand{"masters", 2, "", "Return a list of the one master and its state.", masters},
    Subcommand{"monitor", 6, "", "", refuse},
    Subcommand{"myid", 2, "", "Return the node id.", my_id},
    Subcommand{"pending-scripts", 2, "", "Return an empty list.", pending_scripts},
    Subcommand{"remove", 3, "", "", refuse},
    Subcommand{"replicas", 3, "<master-name>", "Return the secondaries and their state.", replicas},
    Subcommand{"reset", 3, "", "", refuse},
    Subcommand{"sentinels", 3, "<master-name>", "Return the other members and their state.",
               sentinels},
    Subcommand{"set", -5, "", "", refuse},
    Subcommand{"simulate-failure", -3, "", "", refuse},
    Subcommand{"slaves", 3, "", "", replicas},
};

void help(RedisReply& reply, const NodeFacts&, const Words&) {
  help_reply(reply, "sentinel", kSubcommands);
}

bool takes_master_name(const Subcommand& row) {
  return row.arity == 3 && row.answer != refuse;
}

}  // namespace

void sentinel_reply(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  const Subcommand* row = find_subcommand(reply, "sentinel", words, kSubcommands);
  if (row == nullptr) return;
  if (!takes_master_name(*row) || words[2] == kMasterName) {
    row->answer(reply, facts, words);
  } else if (row->answer == get_master_address) {
    reply.nil_list();
  } else {
    reply.error("ERR No such master with that name");
  }
}

}  // namespace kv
