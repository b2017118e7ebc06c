#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/client.h"
#include "core/trace.h"
#include "core/types.h"

namespace kv {

/// Counts what clients are answered, and how long they wait for it. Answers to requests that it
/// wasn't told of don't count.
class ClientTally {
 public:
  void submitted(Instant now, RequestId id) { open_[id] = now; }
  void answered(Instant now, const ClientReply& reply);
  /// Since the last take().
  ClientsServed take();

 private:
  std::unordered_map<RequestId, Instant> open_{};
  ClientsServed served_{};
  std::vector<std::int64_t> waits_ns_{};
};

}  // namespace kv
