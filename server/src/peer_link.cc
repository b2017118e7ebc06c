#include "peer_link.h"

#include <chrono>

#include <asio/buffer.hpp>
#include <asio/ip/address.hpp>
#include <asio/write.hpp>

#include "socket_options.h"
#include "steady_now.h"

namespace kv {
namespace {

using asio::ip::tcp;
using Millis = std::chrono::milliseconds;

constexpr Millis kDialTimeout{2'000};
constexpr Duration kPauseMin = milliseconds(50);
constexpr Duration kPauseMax = milliseconds(100);
/// A peer that takes the connection and closes it at once refuses us: no need to ask so often.
constexpr Duration kRefusedPause = seconds(1);
constexpr Duration kRefusedAge = seconds(1);
constexpr std::size_t kMaxQueuedBytes = 48 << 20;
/// Without a connection old messages are of little use: only the newest wait.
constexpr std::size_t kMaxWaitingFrames = 16;

}  // namespace

PeerLink::PeerLink(asio::io_context& loop, const Member& peer, Frame hello, Rng rng, EventLog& log)
    : loop_(loop),
      peer_(peer),
      hello_(std::move(hello)),
      rng_(rng),
      log_(log),
      resolver_(loop),
      socket_(std::make_shared<tcp::socket>(loop)),
      timer_(loop),
      sending_(std::make_shared<std::vector<Frame>>()) {}

void PeerLink::drop_oldest() {
  queued_bytes_ -= queue_.front().size();
  queue_.pop_front();
}

void PeerLink::send(Frame frame) {
  queued_bytes_ += frame.size();
  queue_.push_back(std::move(frame));
  while (queued_bytes_ > kMaxQueuedBytes && queue_.size() > 1) drop_oldest();
  while (state_ != State::kConnected && queue_.size() > kMaxWaitingFrames) drop_oldest();
}

void PeerLink::flush() {
  if (state_ != State::kConnected || !sending_->empty() || queue_.empty()) return;
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(queue_.size() * 2);
  sending_->reserve(queue_.size());
  for (Frame& frame : queue_) sending_->push_back(std::move(frame));
  queue_.clear();
  queued_bytes_ = 0;
  for (const Frame& frame : *sending_) {
    buffers.push_back(asio::buffer(frame.header));
    buffers.push_back(asio::buffer(frame.payload));
  }
  asio::async_write(*socket_, buffers,
                    [this, attempt = attempt_, socket = socket_, sending = sending_](
                        const std::error_code& error, std::size_t) {
                      if (attempt != attempt_) return;
                      sending->clear();
                      if (error) return lose(error.message());
                      flush();
                    });
}

void PeerLink::peer_is_up() {
  if (state_ == State::kWaiting) dial();
}

void PeerLink::dial() {
  state_ = State::kDialling;
  const std::uint64_t attempt = ++attempt_;
  socket_ = std::make_shared<tcp::socket>(loop_);
  timer_.expires_after(kDialTimeout);
  timer_.async_wait([this, attempt](const std::error_code& error) {
    // It may have been too late to cancel it: a process that was stopped finds both done.
    if (error || attempt != attempt_ || state_ != State::kDialling) return;
    lose("no answer within 2 s");
  });
  std::error_code not_numeric;
  const auto address = asio::ip::make_address(peer_.host, not_numeric);
  if (!not_numeric) return connect({address, peer_.peer_port()});
  resolver_.async_resolve(
      peer_.host, std::to_string(peer_.peer_port()), tcp::resolver::numeric_service,
      [this, attempt](const std::error_code& error, const tcp::resolver::results_type& found) {
        if (attempt != attempt_) return;
        if (error)
          return lose("the name '" + peer_.host + "' can't be resolved: " + error.message());
        connect(found.begin()->endpoint());
      });
}

void PeerLink::connect(const tcp::endpoint& endpoint) {
  socket_->async_connect(endpoint, [this, attempt = attempt_](const std::error_code& error) {
    if (attempt != attempt_) return;
    if (error) return lose(error.message());
    connected();
  });
}

void PeerLink::connected() {
  std::error_code ignored;
  if (socket_->local_endpoint(ignored) == socket_->remote_endpoint(ignored)) {
    // TCP connects to itself when the system happens to choose the dialled port as the local one.
    // Keeping it would keep the peer from listening there.
    return lose("the peer does not listen");
  }
  state_ = State::kConnected;
  connected_at_ = steady_now();
  timer_.cancel();
  set_peer_options(*socket_);
  log_.debug("connected to " + peer_.node_id + " at " + peer_.peer_address());
  queued_bytes_ += hello_.size();
  queue_.push_front(hello_);
  watch_for_close();
  flush();
}

void PeerLink::watch_for_close() {
  socket_->async_read_some(asio::buffer(ignored_),
                           [this, attempt = attempt_](const std::error_code& error, std::size_t) {
                             if (attempt != attempt_) return;
                             if (error) return lose("it closed the connection");
                             watch_for_close();
                           });
}

void PeerLink::lose(const std::string& why) {
  Duration pause = rng_.between(kPauseMin, kPauseMax);
  std::string what = "can't reach " + peer_.node_id + " at " + peer_.peer_address() + ": " + why;
  if (state_ == State::kConnected && steady_now() - connected_at_ < kRefusedAge) {
    pause = kRefusedPause;
    what += " at once; its log may say why";
  } else if (state_ == State::kConnected) {
    what = "lost the connection to " + peer_.node_id + ": " + why;
    failure_logged_ = false;
  }
  if (!failure_logged_) log_.info(what + "; keeps trying");
  failure_logged_ = true;
  state_ = State::kWaiting;
  const std::uint64_t attempt = ++attempt_;
  std::error_code ignored;
  socket_->close(ignored);
  resolver_.cancel();
  sending_ = std::make_shared<std::vector<Frame>>();
  while (queue_.size() > kMaxWaitingFrames) drop_oldest();
  timer_.expires_after(std::chrono::nanoseconds(pause.ns));
  timer_.async_wait([this, attempt](const std::error_code& error) {
    if (!error && attempt == attempt_) dial();
  });
}

}  // namespace kv
