#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/types.h"
#include "line_dialect.h"
#include "redis_reply.h"
#include "server/cluster.h"

namespace kv {

/// What a kvnode was started with, checked: nothing in it contradicts anything else.
struct NodeOptions {
  ClusterConfig cluster{};
  NodeId self{kNoNode};
  bool primary{false};
  std::string data_dir{};
  Timing timing{};
  std::string timing_name{"documented"};  ///< "custom" when a single time was given
  AckMode ack{AckMode::kMajority};
  ReadMode reads{ReadMode::kReadIndex};
  std::uint32_t lease_drift_ppm{kDefaultLeaseDriftPpm};
  std::size_t max_connections{20'000};
  std::optional<Dialect> dialect{};  ///< of all text lines; nothing: as dialect_of() says
  RedisMode redis_mode{RedisMode::kCluster};
  std::string log_level{"info"};  ///< debug, info, warning or error

  const Member& me() const { return *cluster.find(self); }
};

/// How many of `wanted` clients a process can serve that may open `descriptors` files: some of
/// those are for the log, snapshots and peers. At least 1.
std::size_t affordable_connections(std::size_t wanted, std::uint64_t descriptors);

/// The program should print `text` (stdout if status is 0, else stderr) and exit.
struct UsageExit {
  int status{0};
  std::string text{};
};

/// `arguments` without the program's name.
std::variant<NodeOptions, UsageExit> parse_node_options(std::vector<std::string> arguments);

}  // namespace kv
