#pragma once

#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message.h"
#include "core/trace.h"
#include "core/types.h"

namespace kv {

/// What a node did for a moment, and what it is behind that. Whoever shows the records numbers
/// them.
struct TraceBatch {
  std::vector<Record> records{};
  Record present{};  ///< a NodeObserved
};

/// Gathers what a running node does, thinned to what a viewer can make use of:
/// - How far the log, the disk, the commit and the store have come, the election timer and the read
///   rounds are told once between two other records, as they were last.
/// - Of REPLICATE, HEARTBEAT (reads cause them, too) and their replies the first two of each to a
///   peer are kept in a batch. Messages carry 16 entries at most, keys and values of 256 bytes at
///   most, no snapshot's data.
/// All else is kept, in its order. Times never decrease.
class TraceStream {
 public:
  explicit TraceStream(NodeId self) : self_(self) {}

  void note(Instant at, Fact fact);
  /// Not connected: the message is told as dropped, too.
  void note_sent(Instant at, const Message& message, bool connected);
  /// What was noted since the last call.
  TraceBatch take(Instant at, const NodeObserved& present);

 private:
  void keep(NodeId node, Fact fact);
  void merge(const Event& event);
  void settle();

  NodeId self_;
  Instant latest_{};
  std::uint64_t messages_{0};
  std::vector<Record> records_{};
  std::vector<Record> progress_{};  ///< behind records_, still to be merged
  /// By receiver and form, of those that are thinned.
  std::map<std::pair<NodeId, std::string_view>, std::size_t> sent_{};
};

}  // namespace kv
