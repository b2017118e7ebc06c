#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "redis_reply.h"
#include "server/cluster.h"

namespace kv {

/// What a node counts while it serves clients; for INFO, SLOWLOG and LATENCY.
struct ClientCounters {
  std::uint64_t connections_taken{0};
  std::uint64_t connections_refused{0};
  std::uint64_t commands{0};
  std::uint64_t bytes_read{0};
  std::uint64_t bytes_sent{0};
  struct Calls {
    std::uint64_t calls{0};
    std::uint64_t failed{0};
    std::uint64_t microseconds{0};  ///< from taking the command to having its answer
  };
  std::map<std::string_view, Calls> by_command{};  ///< names of the command table
  std::map<std::string, std::uint64_t> errors{};   ///< by first word, at most a hundred
};

/// A command that took long.
struct SlowCommand {
  std::uint64_t number{0};
  std::uint64_t unix_seconds{0};
  std::uint64_t microseconds{0};
  std::vector<std::string> words{};  ///< its name and first key, shortened
  std::string client_address{};
  std::string client_name{};
};

/// What a node knows of itself at one moment: all that the answers to INFO, ROLE, CLUSTER … are
/// made of.
struct NodeFacts {
  const ClusterConfig* cluster{nullptr};
  Status status{};
  /// Who led last, as far as this node knows: the clients' best guess while nobody leads.
  NodeId last_primary{kNoNode};
  std::vector<NodeId> unlinked{};  ///< peers that this node has no connection to
  RedisMode mode{};
  std::string_view timing{};
  std::string_view data_dir{};
  std::uint64_t now_ms{0};  ///< wall clock
  std::uint64_t uptime_seconds{0};
  std::uint64_t pid{0};
  std::uint64_t connections{0};
  std::uint64_t max_connections{0};
  std::int64_t slow_microseconds{10'000};  ///< a command that takes so long is in SLOWLOG
  std::uint64_t subscribers{0};
  std::uint64_t incarnation{0};
  std::uint64_t sessions{0};               ///< of KV.ONCE
  std::uint64_t expiring_keys{0};          ///< keys that will expire
  std::uint64_t snapshot_unix_seconds{0};  ///< when the last one was finished; 0: none yet
  bool saving_snapshot{false};
  bool snapshot_failed{false};  ///< the last one that ended
  const ClientCounters* counters{nullptr};

  const Member& me() const { return *cluster->find(status.self); }
  /// kNoNode: no primary is known. A leader that doesn't serve yet is none.
  NodeId primary_id() const {
    return status.leader == status.self && !status.serving ? kNoNode : status.leader;
  }
  const Member* primary() const { return cluster->find(primary_id()); }  ///< or null
};

}  // namespace kv
