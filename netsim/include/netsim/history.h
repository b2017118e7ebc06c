#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/trace.h"
#include "core/types.h"

namespace kv::sim {

/// One operation as its client saw it. A retry is another operation.
struct Operation {
  std::uint64_t id{0};
  std::uint32_t client{0};  ///< from 1; 0: the simulator itself
  OperationKind kind{};
  std::string key{};
  std::string value{};                 ///< of a set; a workload's are unique in a run
  std::optional<std::string> found{};  ///< of a get that ended well; nothing: no such key
  Instant called{};
  Instant returned{};  ///< meaningless while pending and when the outcome is unknown
  Ending ending{Ending::kPending};
};

}  // namespace kv::sim
