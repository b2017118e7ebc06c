#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "core/rng.h"
#include "event_log.h"
#include "frame_stream.h"
#include "server/cluster.h"

namespace kv {

/// This node's outgoing connection to one peer: dials, redials for ever, sends. Nothing comes back
/// on it. The queue is bounded; what doesn't fit or can't be delivered is lost, oldest first: Raft
/// sends it again. Used on the loop's thread; must outlive the loop's run.
class PeerLink {
 public:
  PeerLink(asio::io_context& loop, const Member& peer, Frame hello, Rng rng, EventLog& log);

  void start() { dial(); }
  /// Queues a frame. It leaves with flush(), so that all frames of a turn leave in one write.
  void send(Frame frame);
  void flush();
  /// Else what is sent waits for a connection, or is lost.
  bool is_connected() const { return state_ == State::kConnected; }
  /// The peer has just dialled us, so it is up: no more waiting before the next attempt.
  void peer_is_up();

 private:
  enum class State : std::uint8_t { kWaiting, kDialling, kConnected };

  void dial();
  void connect(const asio::ip::tcp::endpoint& endpoint);
  void connected();
  void watch_for_close();
  void lose(const std::string& why);
  void drop_oldest();

  asio::io_context& loop_;
  Member peer_;
  Frame hello_;
  Rng rng_;
  EventLog& log_;
  asio::ip::tcp::resolver resolver_;
  /// Each attempt has its own, and a write under way shares it and what it sends: a long write goes
  /// on in several steps, the last of them perhaps after the connection was given up.
  std::shared_ptr<asio::ip::tcp::socket> socket_;
  asio::steady_timer timer_;  ///< bounds an attempt, and the pause between two
  State state_{State::kWaiting};
  /// Of the attempt under way: handlers of an earlier one do nothing.
  std::uint64_t attempt_{0};
  Instant connected_at_{};
  bool failure_logged_{false};

  std::deque<Frame> queue_{};
  std::size_t queued_bytes_{0};
  std::shared_ptr<std::vector<Frame>> sending_;  ///< empty: no write is under way
  std::array<char, 256> ignored_{};
};

}  // namespace kv
