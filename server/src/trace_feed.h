#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/trace_json.h"
#include "server/cluster.h"
#include "trace_stream.h"

namespace kv {

/// The trace as one watcher gets it, in lines: a header, what the node is, then what it does. A
/// watcher that doesn't keep up misses records: it is told how many, and again what the node is.
class TraceFeed {
 public:
  explicit TraceFeed(const ClusterConfig& cluster);

  /// `unsent_bytes`: what waits for the watcher already. Appends nothing beyond 1 MiB of it.
  void append(std::string& out, const TraceBatch& batch, std::size_t unsent_bytes);

 private:
  void append(std::string& out, Record record);

  TraceHeader header_{};
  std::uint64_t sequence_{0};
  std::uint64_t lost_{0};
  bool greeted_{false};
  /// Must be told what the node is before anything else.
  bool behind_{true};
};

}  // namespace kv
