#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "core/check.h"
#include "free_memory.h"
#include "process_usage.h"
#include "redis_faces.h"
#include "redis_reply.h"

namespace kv {
namespace {

constexpr std::uint64_t kSecondsPerDay = 86'400;

/// Lines "name:value".
class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}

  Lines& add(std::string_view name, std::string_view value) {
    out_ += name;
    out_ += ':';
    out_ += value;
    out_ += "\r\n";
    return *this;
  }
  Lines& add(std::string_view name, std::uint64_t value) {
    return add(name, std::to_string(value));
  }

 private:
  std::string& out_;
};

std::uint64_t flag(bool value) {
  return value ? 1 : 0;
}

std::string fixed(double number, int digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, number);
  return {text.data(), static_cast<std::size_t>(size)};
}

/// "512B", "1.31M"
std::string human_bytes(std::uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGTP";
  constexpr double kStep = 1024;
  if (bytes < 1024) return std::to_string(bytes) + "B";
  double amount = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  for (; amount >= kStep && unit + 1 < kUnits.size(); ++unit) amount /= kStep;
  return fixed(amount, 2) + kUnits[unit];
}

std::string ratio(std::uint64_t part, std::uint64_t whole, int digits) {
  return fixed(whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole), digits);
}

std::string seconds_text(std::uint64_t microseconds) {
  return ratio(microseconds, 1'000'000, 6);
}

/// The same as long as the process runs.
std::string run_id(const NodeFacts& facts) {
  return hex_id(facts.me().node_id + " " + std::to_string(facts.incarnation) + " " +
                std::to_string(facts.pid));
}

void server(std::string& out, const NodeFacts& facts) {
  Lines lines(out);
  lines.add("redis_version", kRedisVersion).add("redis_git_sha1", "00000000");
  lines.add("redis_git_dirty", 0).add("redis_build_id", hex_id(KV_VERSION).substr(0, 16));
  lines.add("redis_mode", facts.mode == RedisMode::kCluster ? "cluster" : "standalone");
  lines.add("server_name", "understudy").add("understudy_version", KV_VERSION);
  lines.add("os", system_name()).add("arch_bits", 8 * sizeof(void*));
  lines.add("monotonic_clock", "POSIX clock_gettime").add("multiplexing_api", "asio");
  lines.add("gcc_version", __VERSION__).add("process_id", facts.pid);
  lines.add("process_supervised", "no").add("run_id", run_id(facts));
  lines.add("tcp_port", facts.me().port).add("server_time_usec", facts.now_ms * 1000);
  lines.add("uptime_in_seconds", facts.uptime_seconds);
  lines.add("uptime_in_days", facts.uptime_seconds / kSecondsPerDay);
  lines.add("executable", executable_path()).add("config_file", "");
}

void clients(std::string& out, const NodeFacts& facts) {
  Lines lines(out);
  lines.add("connected_clients", facts.connections);
  lines.add("cluster_connections", 2 * (facts.cluster->members.size() - 1));
  lines.add("maxclients", facts.max_connections).add("blocked_clients", 0);
  lines.add("tracking_clients", 0).add("pubsub_clients", facts.subscribers);
}

void memory(std::string& out, const NodeFacts& facts) {
  const ProcessUsage usage = process_usage();
  const std::uint64_t used = facts.status.memory_bytes;
  Lines lines(out);
  lines.add("used_memory", used).add("used_memory_human", human_bytes(used));
  lines.add("used_memory_rss", usage.resident_bytes);
  lines.add("used_memory_rss_human", human_bytes(usage.resident_bytes));
  lines.add("used_memory_dataset", used);
  lines.add("total_system_memory", usage.machine_bytes);
  lines.add("total_system_memory_human", human_bytes(usage.machine_bytes));
  lines.add("maxmemory", 0).add("maxmemory_human", "0B").add("maxmemory_policy", "noeviction");
  lines.add("mem_fragmentation_ratio", ratio(usage.resident_bytes, used, 2));
  lines.add("mem_allocator", allocator_name()).add("active_defrag_running", 0);
}

void persistence(std::string& out, const NodeFacts& facts) {
  const std::uint64_t started = facts.now_ms / 1000 - facts.uptime_seconds;
  const std::uint64_t saved = facts.snapshot_unix_seconds;
  Lines lines(out);
  lines.add("loading", 0).add("async_loading", 0);
  lines.add("rdb_changes_since_last_save", facts.status.applied - facts.status.snapshot_index);
  lines.add("rdb_bgsave_in_progress", flag(facts.saving_snapshot));
  // As in Redis: before the first one, the time of the start.
  lines.add("rdb_last_save_time", saved == 0 ? started : saved);
  lines.add("rdb_last_bgsave_status", facts.snapshot_failed ? "err" : "ok")
      .add("rdb_last_bgsave_time_sec", "-1");
  lines.add("rdb_current_bgsave_time_sec", "-1").add("aof_enabled", 1);
  lines.add("aof_rewrite_in_progress", 0).add("aof_rewrite_scheduled", 0);
  lines.add("aof_last_rewrite_time_sec", "-1").add("aof_current_rewrite_time_sec", "-1");
  lines.add("aof_last_bgrewrite_status", "ok").add("aof_last_write_status", "ok");
}

void stats(std::string& out, const NodeFacts& facts) {
  const ClientCounters& counters = *facts.counters;
  std::uint64_t errors = 0;
  for (const auto& [word, count] : counters.errors) errors += count;
  Lines lines(out);
  lines.add("total_connections_received", counters.connections_taken);
  lines.add("total_commands_processed", counters.commands);
  lines.add("total_net_input_bytes", counters.bytes_read);
  lines.add("total_net_output_bytes", counters.bytes_sent);
  lines.add("rejected_connections", counters.connections_refused);
  lines.add("evicted_keys", 0).add("unexpected_error_replies", 0);
  lines.add("total_error_replies", errors);
}

/// The secondaries that the primary reaches; others Redis doesn't show either.
void slaves(Lines& lines, const NodeFacts& facts) {
  const std::vector<PeerStatus>& peers = facts.status.peers;
  const auto reachable = [](const PeerStatus& peer) { return peer.reachable; };
  lines.add("connected_slaves",
            static_cast<std::uint64_t>(std::count_if(peers.begin(), peers.end(), reachable)));
  std::size_t position = 0;
  for (const PeerStatus& peer : peers) {
    if (!peer.reachable) continue;
    const Member& member = *facts.cluster->find(peer.id);
    lines.add("slave" + std::to_string(position++),
              "ip=" + member.host + ",port=" + std::to_string(member.port) +
                  ",state=" + (peer.receiving_snapshot ? "send_bulk" : "online") +
                  ",offset=" + std::to_string(peer.durable) + ",lag=0");
  }
}

void master_link(Lines& lines, const NodeFacts& facts) {
  const Member& master = *facts.cluster->find(master_id(facts));
  const bool up = facts.primary() != nullptr;
  lines.add("master_host", master.host).add("master_port", master.port);
  lines.add("master_link_status", up ? "up" : "down");
  lines.add("master_last_io_seconds_ago", up ? "0" : "-1").add("master_sync_in_progress", 0);
  lines.add("slave_read_repl_offset", facts.status.persisted);
  lines.add("slave_repl_offset", facts.status.persisted);
  if (!up) lines.add("master_link_down_since_seconds", "-1");
  lines.add("slave_priority", 100).add("slave_read_only", 1).add("replica_announced", 1);
  lines.add("connected_slaves", 0);
}

void replication(std::string& out, const NodeFacts& facts) {
  const Status& status = facts.status;
  Lines lines(out);
  lines.add("role", status.serving ? "master" : "slave");
  if (status.serving) {
    slaves(lines, facts);
  } else {
    master_link(lines, facts);
  }
  lines.add("master_failover_state", "no-failover");
  lines.add("master_replid", shard_id(*facts.cluster));
  lines.add("master_replid2", std::string(40, '0')).add("master_repl_offset", status.commit);
  lines.add("second_repl_offset", "-1").add("repl_backlog_active", 1);
  lines.add("repl_backlog_first_byte_offset", status.first_index);
  lines.add("repl_backlog_histlen", status.last_index + 1 - status.first_index);
}

void cpu(std::string& out, const NodeFacts&) {
  const ProcessUsage usage = process_usage();
  Lines lines(out);
  lines.add("used_cpu_sys", seconds_text(usage.system_us));
  lines.add("used_cpu_user", seconds_text(usage.user_us));
  lines.add("used_cpu_sys_children", seconds_text(0));
  lines.add("used_cpu_user_children", seconds_text(0));
  lines.add("used_cpu_sys_main_thread", seconds_text(usage.thread_system_us));
  lines.add("used_cpu_user_main_thread", seconds_text(usage.thread_user_us));
}

void modules(std::string&, const NodeFacts&) {}

void command_stats(std::string& out, const NodeFacts& facts) {
  Lines lines(out);
  for (const auto& [name, calls] : facts.counters->by_command) {
    lines.add("cmdstat_" + std::string(name),
              "calls=" + std::to_string(calls.calls) +
                  ",usec=" + std::to_string(calls.microseconds) +
                  ",usec_per_call=" + ratio(calls.microseconds, calls.calls, 2) +
                  ",rejected_calls=0,failed_calls=" + std::to_string(calls.failed));
  }
}

void error_stats(std::string& out, const NodeFacts& facts) {
  Lines lines(out);
  for (const auto& [word, count] : facts.counters->errors) {
    lines.add("errorstat_" + word, "count=" + std::to_string(count));
  }
}

void cluster(std::string& out, const NodeFacts& facts) {
  Lines(out).add("cluster_enabled", flag(facts.mode == RedisMode::kCluster));
}

/// Names begin with "raft_": clients put the lines of all sections into one map.
void raft(std::string& out, const NodeFacts& facts) {
  const Status& status = facts.status;
  const Member* leader = facts.cluster->find(status.leader);
  Lines lines(out);
  lines.add("raft_node_id", facts.me().node_id).add("raft_role", to_string(status.role));
  lines.add("raft_term", status.term).add("raft_serving", flag(status.serving));
  lines.add("raft_leader", leader == nullptr ? "" : leader->node_id);
  lines.add("raft_members", facts.cluster->names());
  lines.add("raft_commit", status.commit).add("raft_applied", status.applied);
  lines.add("raft_persisted", status.persisted).add("raft_first_index", status.first_index);
  lines.add("raft_last_index", status.last_index);
  lines.add("raft_snapshot_index", status.snapshot_index).add("raft_ack", to_string(status.ack));
  lines.add("raft_timing", facts.timing).add("raft_wiped", flag(status.wiped));
  lines.add("raft_sessions", facts.sessions);
  if (!status.serving) return;
  for (const PeerStatus& peer : status.peers) {
    lines.add("raft_peer_" + facts.cluster->find(peer.id)->node_id,
              "reachable=" + std::to_string(flag(peer.reachable)) + ",wiped=" +
                  std::to_string(flag(peer.wiped)) + ",durable=" + std::to_string(peer.durable) +
                  ",next=" + std::to_string(peer.next) +
                  ",receiving_snapshot=" + std::to_string(flag(peer.receiving_snapshot)));
  }
}

void keyspace(std::string& out, const NodeFacts& facts) {
  if (facts.status.keys == 0) return;
  Lines(out).add("db0", "keys=" + std::to_string(facts.status.keys) +
                            ",expires=" + std::to_string(facts.expiring_keys) + ",avg_ttl=0");
}

struct Section {
  std::string_view title{};
  std::string_view name{};
  bool by_default{true};
  void (*write)(std::string& out, const NodeFacts& facts){nullptr};
};

/// In Redis's order; ours is the last.
constexpr std::array kSections = {
    Section{"Server", "server", true, server},
    Section{"Clients", "clients", true, clients},
    Section{"Memory", "memory", true, memory},
    Section{"Persistence", "persistence", true, persistence},
    Section{"Stats", "stats", true, stats},
    Section{"Replication", "replication", true, replication},
    Section{"CPU", "cpu", true, cpu},
    Section{"Modules", "modules", true, modules},
    Section{"Commandstats", "commandstats", false, command_stats},
    Section{"Errorstats", "errorstats", true, error_stats},
    Section{"Cluster", "cluster", true, cluster},
    Section{"Keyspace", "keyspace", true, keyspace},
    Section{"Raft", "raft", true, raft},
};

bool asks_for(std::string_view word, const Section& section) {
  if (same_word(word, "all") || same_word(word, "everything")) return true;
  if (same_word(word, "default")) return section.by_default;
  return same_word(word, section.name);
}

bool is_wanted(const Section& section, const Words& words) {
  if (words.size() == 1) return section.by_default;
  return std::any_of(words.begin() + 1, words.end(),
                     [&](std::string_view word) { return asks_for(word, section); });
}

}  // namespace

std::string info_text(const NodeFacts& facts, const Words& words) {
  CHECK(facts.counters != nullptr);
  std::string out;
  for (const Section& section : kSections) {
    if (!is_wanted(section, words)) continue;
    if (!out.empty()) out += "\r\n";
    out += "# " + std::string(section.title) + "\r\n";
    section.write(out, facts);
  }
  return out;
}

}  // namespace kv
