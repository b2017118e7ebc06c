#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/trace.h"
#include "core/types.h"

namespace kv::sim {

/// One operation as its client saw it. A retry is another operation, but for increments.
struct Operation {
  std::uint64_t id{0};
  std::uint32_t client{0};  ///< from 1; 0: the simulator itself, or the log's clock: a delete
  OperationKind kind{};
  std::string key{};
  /// Of a set; a workload's are unique in a run. Of an increment: what it must give, which is also
  /// its sequence number.
  std::string value{};
  /// Of a get that ended well: nothing: no such key. Of an increment: what it gave.
  std::optional<std::string> found{};
  bool anywhere{false};      ///< of a get: any node may answer
  Duration expires_after{};  ///< of a set; 0: it stays
  Instant called{};
  Instant returned{};  ///< meaningless while pending and when the outcome is unknown
  Ending ending{Ending::kPending};
  LogIndex read_at{0};  ///< of a get that ended well: the last entry that who answered had applied
};

}  // namespace kv::sim
