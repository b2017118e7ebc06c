#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/client.h"
#include "node_facts.h"

namespace kv {

/// What clients ask of their node.
class ClientRequests {
 public:
  /// Answered later through ClientListener::deliver(), never at once.
  virtual void submit(ClientRequest request) = 0;
  /// The reply to STATUS, a whole line.
  virtual std::string status_line() = 0;
  /// All but what the clients' side knows itself.
  virtual NodeFacts facts() = 0;
  /// The wall clock, or the store's if that is ahead.
  virtual std::uint64_t now_ms() const = 0;
  /// What a write would be refused with; nothing while this node leads.
  virtual std::optional<Refusal> refusal() const = 0;
  /// How many other nodes have the log up to `index` on disk, as this one, the primary, knows.
  virtual std::size_t replicas_with(LogIndex index) const = 0;
  /// Begins a snapshot; false: one is being written already.
  virtual bool begin_snapshot() = 0;
  virtual bool saving_snapshot() const = 0;
  virtual std::uint64_t failed_snapshots() const = 0;  ///< since the start
  /// Hands leadership to `to`, or with kNoNode to the best follower.
  virtual void hand_over(NodeId to) = 0;
  virtual void shut_down() = 0;
  /// No more requests are taken.
  virtual bool stopping() const = 0;
  /// Only while stopping: a client has been answered all it asked, or is gone.
  virtual void client_done() = 0;
  /// A client watches from now on; it is shown what happens until it goes.
  virtual void watch_begins() = 0;

 protected:
  ~ClientRequests() = default;
};

}  // namespace kv
