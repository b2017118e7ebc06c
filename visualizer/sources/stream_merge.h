#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/trace.h"

namespace kv::viz {

/// The records of several nodes' streams, each in its own order, as one recording by time. Pure:
/// the caller tells what time it is.
///
/// A record is given out when every node that is open has told of a later time, or after
/// kPatience: a node that says nothing must not stop the picture.
class StreamMerge {
 public:
  static constexpr Duration kPatience = milliseconds(300);

  explicit StreamMerge(std::size_t nodes) : streams_(nodes) {}

  /// A record of `node`'s stream, by its clock. The clock is taken as right if it is within
  /// kTolerance of `now`, which is when the record arrived; else it is corrected by what the
  /// stream's first record was off.
  void arrived(NodeId node, Record record, Instant now);
  /// What the viewer itself found out about a node: at `now`.
  void found(NodeId node, Fact fact, Instant now);
  /// The stream begins: waits for it from now on.
  void opened(NodeId node);
  void closed(NodeId node);

  /// Those that are due, in order of time, with times since the first `now` ever told, and with
  /// numbers of messages that are unique among nodes.
  std::vector<Record> take(Instant now);
  /// How late the node's newest record arrived.
  Duration lag(NodeId node) const { return streams_[node - 1].lag; }
  Duration correction(NodeId node) const {
    return streams_[node - 1].correction.value_or(Duration{});
  }

 private:
  static constexpr Duration kTolerance = seconds(1);

  struct Stream {
    std::deque<Record> waiting{};
    bool open{false};
    Instant told{};  ///< the time of its newest record, corrected
    std::optional<Duration> correction{};
    Duration lag{};
  };

  void put(Stream& stream, Record record);
  void number(Record& record, NodeId node) const;

  std::vector<Stream> streams_;
  std::optional<Instant> origin_{};
  Instant given_{};  ///< time of the last record given out
  std::uint64_t sequence_{0};
};

}  // namespace kv::viz
