#pragma once

#include <vector>

#include "core/message.h"
#include "core/types.h"

namespace kv {

/// The durability gate: a node says nothing as long as the term, vote and peers that it knows by
/// heart are not on its disk.
///
/// Why: a vote that a crash makes it forget could be given twice in a term (Raft paper §5.2). A
/// candidate that wins with the others' votes before its own term is durable, and crashes, could
/// win that term a second time and put another entry at the same index. Both end log matching.
/// Entries need no gate: a follower acknowledges, and a leader counts for itself, only what is
/// persisted.
class Outbox {
 public:
  void put(Message message) { messages_.push_back(std::move(message)); }
  /// The hard state changed and goes out with write `id`.
  void hold_until(WriteId id) { gate_ = id; }
  void persisted(WriteId id) { persisted_ = id; }
  bool open() const { return persisted_ >= gate_; }
  bool empty() const { return messages_.empty(); }
  /// All messages, when the gate is open, in the order they were put.
  std::vector<Message> release();

 private:
  std::vector<Message> messages_{};
  WriteId gate_{0};
  WriteId persisted_{0};
};

}  // namespace kv
