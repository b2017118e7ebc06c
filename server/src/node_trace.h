#pragma once

#include <functional>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "client_listener.h"
#include "client_tally.h"
#include "core/client.h"
#include "core/trace.h"
#include "server/steady_wall.h"
#include "trace_stream.h"

namespace kv {

/// Shows the node to the clients that watch it, every 20 ms as long as there are any. Used on the
/// loop's thread; must outlive the loop's run.
class NodeTrace {
 public:
  /// `when_due` is called when show() should come, at the end of a turn of the loop.
  NodeTrace(asio::io_context& loop, NodeId self, ClientListener& clients,
            std::function<void()> when_due);

  /// Somebody watches from now on.
  void begin();
  /// Somebody watches: else nothing need be told.
  bool on() const { return on_; }

  /// What is told until the next call happened at this time: before any of it can be seen from
  /// outside, so that what other nodes make of it is later.
  void begin_turn();
  void happened(const Event& event);
  void sent(const Message& message, bool connected);
  void submitted(RequestId id);
  void answered(const ClientReply& reply);
  /// `present`: after all that was told. Does nothing before it is due.
  void show(const NodeObserved& present);
  /// The last record; nothing is shown after it.
  void end(const NodeObserved& present, NodeStopped stopped);

 private:
  void arm();
  void tell_of_clients();

  NodeId self_;
  ClientListener& clients_;
  std::function<void()> when_due_;
  asio::steady_timer timer_;
  SteadyWall clock_{};  ///< watchers put the traces of several nodes together by it
  TraceStream stream_;
  ClientTally tally_{};
  Instant turn_at_{};
  Instant told_of_clients_at_{};
  bool on_{false};
  bool due_{false};
};

}  // namespace kv
