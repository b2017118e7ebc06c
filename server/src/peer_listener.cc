#include "peer_listener.h"

#include <algorithm>
#include <chrono>

#include <asio/buffer.hpp>

#include "core/codec.h"
#include "socket_options.h"
#include "steady_now.h"

namespace kv {
namespace {

using asio::ip::tcp;

constexpr std::chrono::seconds kGreetingTimeout{5};
constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr std::size_t kReadBytes = 256 << 10;
/// Those that have not greeted.
constexpr std::size_t kMaxStrangers = 32;
constexpr Duration kComplaintInterval = seconds(1);
constexpr Duration kSameComplaintInterval = seconds(10);

std::string text_of(const tcp::socket& socket) {
  std::error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  return error ? "a peer" : address_text(remote.address().to_string(), remote.port());
}

}  // namespace

class PeerListener::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, PeerListener& owner)
      : owner_(owner),
        remote_(text_of(socket)),
        socket_(std::move(socket)),
        greeting_timer_(socket_.get_executor()),
        buffer_(kMaxHelloBytes) {}

  void start() {
    set_peer_options(socket_);
    greeting_timer_.expires_after(kGreetingTimeout);
    greeting_timer_.async_wait([self = shared_from_this()](const std::error_code& error) {
      if (!error && self->peer_ == kNoNode) self->refuse("it does not greet as a peer");
    });
    read();
  }

  void close() {
    if (!socket_.is_open()) return;
    std::error_code ignored;
    socket_.close(ignored);
    greeting_timer_.cancel();
    owner_.remove(*this);
  }

  void refuse(const std::string& why) {
    owner_.complain("closed a connection from " + remote_ + " to the peer port: " + why);
    close();
  }

  NodeId peer() const { return peer_; }

 private:
  void read() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const std::error_code& error, std::size_t size) {
          if (error) return self->close();
          self->take(size);
        });
  }

  void take(std::size_t size) {
    reader_.feed({buffer_.data(), size});
    while (socket_.is_open()) {
      const Result<std::optional<SharedBytes>> payload = reader_.next();
      if (!payload) return refuse(payload.error().message);
      if (!*payload) break;
      if (peer_ == kNoNode) {
        greet((*payload)->view());
      } else {
        deliver(**payload);
      }
    }
    if (socket_.is_open()) read();
  }

  void greet(std::string_view payload) {
    const Result<Hello> hello = decode_hello(payload);
    if (!hello) return refuse(hello.error().message);
    const Result<NodeId> from = check_hello(*hello, owner_.cluster_, owner_.self_);
    if (!from) return refuse(from.error().message);
    peer_ = *from;
    greeting_timer_.cancel();
    reader_.set_max_payload_bytes(kMaxFrameBytes);
    buffer_.resize(kReadBytes);
    owner_.greeted(*this);
  }

  void deliver(const SharedBytes& payload) {
    const Result<Message> message = decode_message(payload);
    if (!message) return refuse(message.error().message);
    if (message->from != peer_) return;
    owner_.events_.peer_said(*message);
  }

  PeerListener& owner_;
  std::string remote_;
  tcp::socket socket_;
  asio::steady_timer greeting_timer_;
  FrameReader reader_{kMaxHelloBytes};
  std::vector<char> buffer_;
  NodeId peer_{kNoNode};
};

PeerListener::PeerListener(tcp::acceptor acceptor, const ClusterConfig& cluster, NodeId self,
                           PeerEvents& events, EventLog& log)
    : acceptor_(std::move(acceptor)),
      retry_(acceptor_.get_executor()),
      cluster_(cluster),
      self_(self),
      events_(events),
      log_(log) {}

PeerListener::~PeerListener() = default;

void PeerListener::accept() {
  acceptor_.async_accept([this](const std::error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      add(std::move(socket));
      return accept();
    }
    complain("can't take a connection on the peer port: " + error.message());
    retry_.expires_after(kAcceptRetry);
    retry_.async_wait([this](const std::error_code& cancelled) {
      if (!cancelled) accept();
    });
  });
}

void PeerListener::add(tcp::socket socket) {
  close_oldest_stranger();
  connections_.push_back(std::make_shared<Connection>(std::move(socket), *this));
  connections_.back()->start();
}

/// The newcomer may be a peer, and a peer greets at once.
void PeerListener::close_oldest_stranger() {
  const auto is_stranger = [](const auto& connection) { return connection->peer() == kNoNode; };
  const auto strangers = std::count_if(connections_.begin(), connections_.end(), is_stranger);
  if (static_cast<std::size_t>(strangers) < kMaxStrangers) return;
  const auto oldest = *std::find_if(connections_.begin(), connections_.end(), is_stranger);
  oldest->refuse("it has not greeted, and more come in");
}

void PeerListener::greeted(const Connection& connection) {
  const NodeId peer = connection.peer();
  const auto open = connections_;
  for (const auto& other : open) {
    if (other.get() != &connection && other->peer() == peer) other->close();
  }
  events_.peer_dialled(peer);
}

void PeerListener::remove(const Connection& connection) {
  std::erase_if(connections_, [&](const auto& other) { return other.get() == &connection; });
}

void PeerListener::complain(const std::string& text) {
  const Instant now = steady_now();
  // The port in it differs from one attempt to the next.
  const std::string_view reason = std::string_view(text).substr(text.rfind(": ") + 1);
  const Duration interval = reason == last_complaint_ ? kSameComplaintInterval : kComplaintInterval;
  if (now - complained_at_ < interval) return log_.debug(text);
  last_complaint_ = reason;
  complained_at_ = now;
  log_.warning(text);
}

}  // namespace kv
