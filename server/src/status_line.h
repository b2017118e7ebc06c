#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status.h"
#include "server/cluster.h"

namespace kv {

/// What STATUS tells of the process around the replica.
struct ProcessFacts {
  std::string_view timing{};
  std::uint64_t uptime_seconds{0};
  std::uint64_t pid{0};
  std::uint64_t connections{0};
};

/// The reply to STATUS in the line dialect. `role` is "primary" only while the node serves.
std::string status_line(const Status& status, const ClusterConfig& cluster,
                        const ProcessFacts& process);

}  // namespace kv
