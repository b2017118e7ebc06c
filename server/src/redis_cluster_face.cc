#include <array>
#include <optional>
#include <string>

#include "redis_faces.h"
#include "redis_subcommands.h"

namespace kv {
namespace {

constexpr std::int64_t kSlots = 16'384;
constexpr std::string_view kAllSlots = "0-16383";

NodeId id_at(std::size_t position) {
  return static_cast<NodeId>(position + 1);
}

std::optional<NodeId> find_node(const ClusterConfig& cluster, std::string_view id) {
  for (std::size_t i = 0; i < cluster.members.size(); ++i) {
    if (cluster_node_id(cluster.members[i]) == id) return id_at(i);
  }
  return std::nullopt;
}

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// --- SLOTS ---

void slots_node(RedisReply& reply, const Member& member) {
  reply.list(4).text(member.host).integer(member.port).text(cluster_node_id(member)).map(0);
}

void slots(RedisReply& reply, const NodeFacts& facts, const Words&) {
  const NodeId holder = master_id(facts);
  std::vector<const Member*> replicas;
  for (std::size_t i = 0; i < facts.cluster->members.size(); ++i) {
    if (id_at(i) == holder || seems_down(facts, id_at(i))) continue;
    replicas.push_back(&facts.cluster->members[i]);
  }
  reply.list(1).list(3 + replicas.size()).integer(0).integer(kSlots - 1);
  slots_node(reply, *facts.cluster->find(holder));
  for (const Member* replica : replicas) slots_node(reply, *replica);
}

// --- SHARDS ---

std::string_view health(const NodeFacts& facts, NodeId node) {
  if (seems_down(facts, node)) return "fail";
  if (node == facts.status.self) return facts.status.wiped ? "loading" : "online";
  for (const PeerStatus& peer : facts.status.peers) {
    if (peer.id == node && facts.status.serving && peer.receiving_snapshot) return "loading";
  }
  return "online";
}

void shards_node(RedisReply& reply, const NodeFacts& facts, NodeId node) {
  const Member& member = *facts.cluster->find(node);
  const bool named = !is_address(member.host);
  reply.map(named ? 8 : 7).text("id").text(cluster_node_id(member));
  reply.text("port").integer(member.port);
  reply.text("ip").text(member.host).text("endpoint").text(member.host);
  if (named) reply.text("hostname").text(member.host);
  reply.text("role").text(node == master_id(facts) ? "master" : "replica");
  reply.text("replication-offset").integer(static_cast<std::int64_t>(offset_of(facts, node)));
  reply.text("health").text(health(facts, node));
}

void shards(RedisReply& reply, const NodeFacts& facts, const Words&) {
  const std::size_t members = facts.cluster->members.size();
  const NodeId holder = master_id(facts);
  reply.list(1).map(2).text("slots").list(2).integer(0).integer(kSlots - 1);
  reply.text("nodes").list(members);
  shards_node(reply, facts, holder);
  for (std::size_t i = 0; i < members; ++i) {
    if (id_at(i) != holder) shards_node(reply, facts, id_at(i));
  }
}

// --- NODES, REPLICAS ---

std::string flags(const NodeFacts& facts, NodeId node) {
  std::string text = node == facts.status.self ? "myself," : "";
  text += node == master_id(facts) ? "master" : "slave";
  if (!seems_down(facts, node)) return text;
  // One that only this node misses is a suspect ("fail?"); the primary's word is the cluster's.
  return text + (facts.status.serving ? ",fail" : ",fail?");
}

/// "<id> <host>:<port>@<peer port> <flags> <master> <ping sent> <pong taken> <epoch> <link>
/// <slots>"
std::string node_line(const NodeFacts& facts, NodeId node) {
  const Member& member = *facts.cluster->find(node);
  const NodeId holder = master_id(facts);
  const bool heard = node != facts.status.self && !seems_down(facts, node);
  std::string line = cluster_node_id(member) + " ";
  line += member.host + ":" + std::to_string(member.port);
  line += "@" + std::to_string(member.peer_port()) + " " + flags(facts, node) + " ";
  line += node == holder ? "-" : cluster_node_id(*facts.cluster->find(holder));
  line += " 0 " + std::to_string(heard ? facts.now_ms : 0);
  line += " " + std::to_string(facts.status.term);
  line += seems_down(facts, node) ? " disconnected" : " connected";
  if (node == holder) line += " " + std::string(kAllSlots);
  return line;
}

void nodes(RedisReply& reply, const NodeFacts& facts, const Words&) {
  std::string text;
  for (std::size_t i = 0; i < facts.cluster->members.size(); ++i) {
    text += node_line(facts, id_at(i)) + "\n";
  }
  reply.verbatim(text);
}

std::optional<NodeId> node_argument(RedisReply& reply, const NodeFacts& facts,
                                    std::string_view id) {
  const std::optional<NodeId> node = find_node(*facts.cluster, id);
  if (!node) reply.error("ERR Unknown node " + std::string(id));
  return node;
}

void replicas(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  const std::optional<NodeId> master = node_argument(reply, facts, words[2]);
  if (!master) return;
  if (*master != master_id(facts)) {
    reply.error("ERR The specified node is not a master");
    return;
  }
  const std::size_t members = facts.cluster->members.size();
  reply.list(members - 1);
  for (std::size_t i = 0; i < members; ++i) {
    if (id_at(i) != *master) reply.text(node_line(facts, id_at(i)));
  }
}

void count_failure_reports(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  if (node_argument(reply, facts, words[2])) reply.integer(0);
}

// --- the rest ---

std::string count_line(std::string_view name, std::uint64_t count) {
  return std::string(name) + ":" + std::to_string(count) + "\r\n";
}

void info(RedisReply& reply, const NodeFacts& facts, const Words&) {
  const bool fine = facts.primary() != nullptr;
  std::string text = fine ? "cluster_state:ok\r\n" : "cluster_state:fail\r\n";
  text += count_line("cluster_slots_assigned", kSlots);
  text += count_line("cluster_slots_ok", fine ? kSlots : 0);
  text += count_line("cluster_slots_pfail", fine ? 0 : kSlots);
  text += count_line("cluster_slots_fail", 0);
  text += count_line("cluster_known_nodes", facts.cluster->members.size());
  text += count_line("cluster_size", 1);
  text += count_line("cluster_current_epoch", facts.status.term);
  text += count_line("cluster_my_epoch", facts.status.term);
  text += count_line("cluster_stats_messages_sent", 0);
  text += count_line("cluster_stats_messages_received", 0);
  text += count_line("total_cluster_links_buffer_limit_exceeded", 0);
  reply.verbatim(text);
}

void my_id(RedisReply& reply, const NodeFacts& facts, const Words&) {
  reply.text(cluster_node_id(facts.me()));
}

void my_shard_id(RedisReply& reply, const NodeFacts& facts, const Words&) {
  reply.text(shard_id(*facts.cluster));
}

void slot_of_key(RedisReply& reply, const NodeFacts&, const Words& words) {
  reply.integer(key_slot(words[2]));
}

/// Whether the text is a slot; otherwise the error has been answered.
bool is_slot(RedisReply& reply, std::string_view text, std::string_view complaint) {
  const std::optional<std::int64_t> slot = integer_argument(reply, text);
  if (!slot) return false;
  if (*slot >= 0 && *slot < kSlots) return true;
  reply.error(complaint);
  return false;
}

void count_keys_in_slot(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  if (!is_slot(reply, words[2], "ERR Invalid slot")) return;
  if (facts.status.keys == 0) {
    reply.integer(0);
  } else {
    reply.error("ERR Keys are not counted by slot: all slots are on one shard, see DBSIZE");
  }
}

void get_keys_in_slot(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  constexpr std::string_view kComplaint = "ERR Invalid slot or number of keys";
  if (!is_slot(reply, words[2], kComplaint)) return;
  const std::optional<std::int64_t> most = integer_argument(reply, words[3]);
  if (!most) return;
  if (*most < 0) {
    reply.error(kComplaint);
  } else if (facts.status.keys == 0) {
    reply.list(0);
  } else {
    reply.error("ERR Keys are not kept by slot: all slots are on one shard, see SCAN");
  }
}

void link(RedisReply& reply, const NodeFacts& facts, const Member& peer,
          std::string_view direction) {
  const std::uint64_t started_ms = facts.now_ms - facts.uptime_seconds * 1000;
  reply.map(6).text("direction").text(direction).text("node").text(cluster_node_id(peer));
  reply.text("create-time").integer(static_cast<std::int64_t>(started_ms));
  reply.text("events").text("r");
  reply.text("send-buffer-allocated").integer(0).text("send-buffer-used").integer(0);
}

void links(RedisReply& reply, const NodeFacts& facts, const Words&) {
  std::vector<const Member*> peers;
  for (std::size_t i = 0; i < facts.cluster->members.size(); ++i) {
    if (id_at(i) == facts.status.self || seems_down(facts, id_at(i))) continue;
    peers.push_back(&facts.cluster->members[i]);
  }
  reply.list(2 * peers.size());
  for (const Member* peer : peers) {
    link(reply, facts, *peer, "to");
    link(reply, facts, *peer, "from");
  }
}

void refuse(RedisReply& reply, const NodeFacts&, const Words&) {
  reply.error(
      "ERR The cluster manages itself: its members are fixed when it is started, and all slots "
      "are at the primary. FAILOVER moves the primary");
}

void help(RedisReply& reply, const NodeFacts& facts, const Words& words);

constexpr std::array kSubcommands = {
    Subcommand{"addslots", -3, "", "", refuse},
    Subcommand{"addslotsrange", -4, "", "", refuse},
    Subcommand{"bumpepoch", 2, "", "", refuse},
    Subcommand{"count-failure-reports", 3, "<node-id>",
               "Return 0: members that are missed are found by consensus, not by reports.",
               count_failure_reports},
    Subcommand{"countkeysinslot", 3, "<slot>", "Return the number of keys in <slot>.",
               count_keys_in_slot},
    Subcommand{"delslots", -3, "", "", refuse},
    Subcommand{"delslotsrange", -4, "", "", refuse},
    Subcommand{"failover", -2, "", "", refuse},
    Subcommand{"flushslots", 2, "", "", refuse},
    Subcommand{"forget", 3, "", "", refuse},
    Subcommand{"getkeysinslot", 4, "<slot> <count>", "Return key names in <slot>.",
               get_keys_in_slot},
    Subcommand{"help", 2, "", "Print this help.", help},
    Subcommand{"info", 2, "", "Return information about the cluster.", info},
    Subcommand{"keyslot", 3, "<key>", "Return the hash slot for <key>.", slot_of_key},
    Subcommand{"links", 2, "", "Return the links between this node and its peers.", links},
    Subcommand{"meet", -4, "", "", refuse},
    Subcommand{"myid", 2, "", "Return the node id.", my_id},
    Subcommand{"myshardid", 2, "", "Return the id of the one shard.", my_shard_id},
    Subcommand{"nodes", 2, "", "Return the cluster as this node sees it, one line a node.", nodes},
    Subcommand{"replicas", 3, "<node-id>", "Return the lines of NODES for the secondaries.",
               replicas},
    Subcommand{"replicate", 3, "", "", refuse},
    Subcommand{"reset", -2, "", "", refuse},
    Subcommand{"saveconfig", 2, "", "", refuse},
    Subcommand{"set-config-epoch", 3, "", "", refuse},
    Subcommand{"setslot", -4, "", "", refuse},
    Subcommand{"shards", 2, "", "Return the one shard with its slots and nodes.", shards},
    Subcommand{"slaves", 3, "", "", replicas},
    Subcommand{"slots", 2, "", "Return the primary and the secondaries of all slots.", slots},
};

void help(RedisReply& reply, const NodeFacts&, const Words&) {
  help_reply(reply, "cluster", kSubcommands);
}

}  // namespace

void cluster_reply(RedisReply& reply, const NodeFacts& facts, const Words& words) {
  const Subcommand* row = find_subcommand(reply, "cluster", words, kSubcommands);
  if (row == nullptr) return;
  if (facts.mode == RedisMode::kCluster) {
    row->answer(reply, facts, words);
  } else {
    reply.error("ERR This instance has cluster support disabled");
  }
}

}  // namespace kv
