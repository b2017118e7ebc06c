#include "client_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include "client_listener.h"
#include "core/check.h"
#include "core/command.h"
#include "core/overloaded.h"
#include "socket_options.h"

namespace kv {
namespace {

using asio::ip::tcp;

constexpr std::size_t kFirstInputBytes = 4 << 10;
constexpr std::size_t kMaxInputBytes = 64 << 10;
constexpr std::size_t kMaxOutstanding = 1024;
constexpr std::size_t kMaxUnsentBytes = 1 << 20;
/// For the reads under way, by the sizes that are expected: 256 of them at most.
constexpr std::size_t kMaxOpenReadBytes = 4 << 20;
constexpr std::size_t kMinExpectedBytes = 16 << 10;
constexpr std::size_t kFirstExpectedBytes = 32 << 10;
/// For the values that come, whatever was expected.
constexpr std::size_t kMaxHeldBytes = 16 << 20;
constexpr std::size_t kKeptOutputBytes = 256 << 10;
constexpr std::size_t kMaxDiscardedBytes = 1 << 20;
/// For the answer to arrive, and the client to close.
constexpr std::chrono::seconds kLingering{1};

bool comes_from_this_machine(const tcp::socket& socket) {
  std::error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  return !error && is_loopback(remote.address());
}

}  // namespace

ClientSession::ClientSession(tcp::socket socket, std::uint32_t id, ClientListener& owner)
    : socket_(std::move(socket)),
      id_(id),
      owner_(owner),
      input_(kFirstInputBytes),
      expected_value_bytes_(kFirstExpectedBytes) {
  set_client_options(socket_);
}

bool ClientSession::backlogged() const {
  return slots_.size() >= kMaxOutstanding || unsent_bytes() >= kMaxUnsentBytes;
}

bool ClientSession::has_room(std::size_t at, std::size_t size_bytes) const {
  if (at == 0 && unsent_bytes() < kMaxUnsentBytes) return true;
  return unsent_bytes() + waiting_bytes_ + size_bytes <= kMaxHeldBytes;
}

void ClientSession::proceed() {
  if (!socket_.is_open()) return;
  read_again();
  take_requests();
  send();
  read();
  finish_if_done();
}

bool ClientSession::out_of_turn(const LineRequest& request) const {
  if (std::holds_alternative<TraceLine>(request)) return !slots_.empty();
  if (std::holds_alternative<GetLine>(request)) {
    return open_writes_ > 0 || open_reads_ * expected_value_bytes_ >= kMaxOpenReadBytes;
  }
  const bool writes =
      std::holds_alternative<SetLine>(request) || std::holds_alternative<DeleteLine>(request);
  return writes && open_reads_ > 0;
}

void ClientSession::take_requests() {
  while (!feed_ && !backlogged()) {
    if (!held_) held_ = reader_.next();
    if (!held_) {
      if (!input_ended_ || tail_checked_) return;
      tail_checked_ = true;
      if (const auto tail = reader_.finish()) take(*tail);
      return;
    }
    if (out_of_turn(*held_)) return;
    take(*held_);
    held_.reset();
  }
}

void ClientSession::take(const LineRequest& request) {
  const auto line = [](auto append, auto&&... arguments) {
    std::string reply;
    append(reply, arguments...);
    return reply;
  };
  std::visit(Overloaded{
                 [&](const SetLine& set) {
                   submit(Slot::Kind::kSet, set.key,
                          WriteRequest{encode_command(SetCommand{set.key, set.value})});
                 },
                 [&](const GetLine& get) {
                   submit(Slot::Kind::kGet, get.key, ReadRequest{std::string(get.key)});
                 },
                 [&](const DeleteLine& del) {
                   submit(Slot::Kind::kDelete, {},
                          WriteRequest{encode_command(DeleteCommand{del.key})});
                 },
                 [&](const PingLine&) {
                   answer(line([](std::string& out) { line_reply::ok(out, "PONG"); }));
                 },
                 [&](const StatusLine&) { answer(owner_.status_line()); },
                 [&](const TraceLine&) { watch(); },
                 [&](const ShutdownLine&) { shut_down_node(); },
                 [&](const RefusedLine& refused) {
                   answer(line(line_reply::error, refused.code, refused.message));
                 },
                 [&](const HttpLine&) {
                   refused_ = true;
                   answer(std::string(kHttpRefusal));
                 },
             },
             request);
}

void ClientSession::shut_down_node() {
  std::string reply;
  if (!comes_from_this_machine(socket_)) {
    line_reply::error(reply, "NO_PERMISSION", "SHUTDOWN is taken from the node's own machine only");
    return answer(std::move(reply));
  }
  line_reply::ok(reply, "Shutting down");
  answer(std::move(reply));
  owner_.requests().shut_down();
}

void ClientSession::watch() {
  std::string reply;
  if (!comes_from_this_machine(socket_)) {
    line_reply::error(reply, "NO_PERMISSION",
                      "TRACE is taken from the node's own machine only, since it shows all data; "
                      "connect from there, or through an SSH tunnel to it");
  } else if (owner_.requests().stopping()) {
    refuse_for_shutdown(reply);
  } else if (!owner_.add_watcher(*this)) {
    line_reply::error(reply, "OVERLOADED",
                      "This node is watched by " + std::to_string(kMostWatchers) +
                          " clients already, as many as it takes; end one of them");
  } else {
    set_watcher_options(socket_);
    feed_.emplace(owner_.cluster());
    return;
  }
  answer(std::move(reply));
}

void ClientSession::show(const TraceBatch& batch) {
  feed_->append(out_, batch, unsent_bytes());
  send();
}

void ClientSession::refuse_for_shutdown(std::string& reply) const {
  line_reply::refusal(reply, Refusal{RefusalCode::kShuttingDown, kNoNode, {}}, owner_.cluster());
}

void ClientSession::submit(Slot::Kind kind, std::string_view key,
                           decltype(ClientRequest::body) body) {
  if (owner_.requests().stopping()) {
    std::string reply;
    refuse_for_shutdown(reply);
    return answer(std::move(reply));
  }
  const auto number = static_cast<std::uint32_t>(first_number_ + slots_.size());
  slots_.push_back(Slot{kind, Slot::State::kSubmitted, std::string(key), {}});
  ++(kind == Slot::Kind::kGet ? open_reads_ : open_writes_);
  owner_.requests().submit({RequestId{id_} << 32 | number, std::move(body)});
}

void ClientSession::read_again() {
  if (slots_.empty() || slots_.front().state != Slot::State::kDropped) return;
  if (unsent_bytes() >= kMaxUnsentBytes) return;
  slots_.front().state = Slot::State::kSubmitted;
  owner_.requests().submit({RequestId{id_} << 32 | first_number_, ReadRequest{slots_.front().key}});
}

void ClientSession::answer(std::string reply) {
  if (slots_.empty()) {
    out_ += reply;
  } else {
    waiting_bytes_ += reply.size();
    slots_.push_back(Slot{Slot::Kind::kLocal, Slot::State::kReady, {}, std::move(reply)});
  }
}

void ClientSession::deliver(std::uint32_t number, const ClientReply& reply) {
  const std::size_t at = static_cast<std::uint32_t>(number - first_number_);
  CHECK(at < slots_.size() && slots_[at].state == Slot::State::kSubmitted);
  Slot& slot = slots_[at];
  if (const auto* read = std::get_if<ReadDone>(&reply.body)) {
    const std::size_t size = read->value ? read->value->size() : 0;
    expected_value_bytes_ =
        std::max({size, expected_value_bytes_ - expected_value_bytes_ / 64, kMinExpectedBytes});
    if (!has_room(at, size)) {
      slot.state = Slot::State::kDropped;
      return;
    }
  }
  append_reply(at == 0 ? out_ : slot.reply, slot, reply);
  waiting_bytes_ += slot.reply.size();
  --(slot.kind == Slot::Kind::kGet ? open_reads_ : open_writes_);
  slot.state = Slot::State::kReady;
  slot.key = {};
  release_ready();
}

void ClientSession::append_reply(std::string& out, const Slot& slot,
                                 const ClientReply& reply) const {
  if (const auto* refusal = std::get_if<Refusal>(&reply.body)) {
    return line_reply::refusal(out, *refusal, owner_.cluster());
  }
  switch (slot.kind) {
    case Slot::Kind::kSet:
      return line_reply::set_done(out, slot.key);
    case Slot::Kind::kGet: {
      const auto* read = std::get_if<ReadDone>(&reply.body);
      CHECK(read != nullptr);
      return read->value ? line_reply::value(out, *read->value)
                         : line_reply::not_found(out, slot.key);
    }
    case Slot::Kind::kDelete:
      return line_reply::ok(out);
    case Slot::Kind::kLocal:
      break;
  }
  CHECK(false);
}

void ClientSession::release_ready() {
  while (!slots_.empty() && slots_.front().state == Slot::State::kReady) {
    out_ += slots_.front().reply;
    waiting_bytes_ -= slots_.front().reply.size();
    slots_.pop_front();
    ++first_number_;
  }
}

void ClientSession::send() {
  if (out_.empty() || !sending_.empty()) return;
  sending_.swap(out_);
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this()](const std::error_code& error, std::size_t) {
                      if (error) return self->close();
                      self->sending_.clear();
                      if (self->sending_.capacity() > kKeptOutputBytes)
                        self->sending_.shrink_to_fit();
                      self->proceed();
                    });
}

void ClientSession::read() {
  // A watcher is read from to notice its end.
  if (reading_ || input_ended_ || (!feed_ && (held_ || backlogged()))) return;
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(input_),
      [self = shared_from_this()](const std::error_code& error, std::size_t size) {
        self->reading_ = false;
        if (error && error != asio::error::eof) return self->close();
        if (error) self->input_ended_ = true;
        self->received(size);
      });
}

void ClientSession::received(std::size_t size) {
  if (refused_) discarded_bytes_ += size;
  if (discarded_bytes_ > kMaxDiscardedBytes) return close();
  if (!feed_) reader_.feed({input_.data(), size});
  if (size == input_.size() && size < kMaxInputBytes) input_.resize(size * 2);
  proceed();
}

void ClientSession::finish_if_done() {
  if (!owes_nothing()) return;
  if (input_ended_) return close();
  if (refused_) {
    // Closing now, with input unread, could make the system drop the answer on its way.
    std::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    close_soon();
  }
  if (owner_.requests().stopping()) owner_.requests().client_done();
}

void ClientSession::close_soon() {
  if (std::exchange(closing_soon_, true)) return;
  const auto timer = std::make_shared<asio::steady_timer>(socket_.get_executor(), kLingering);
  timer->async_wait([self = shared_from_this(), timer](const std::error_code&) { self->close(); });
}

void ClientSession::close() {
  if (!socket_.is_open()) return;
  std::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  socket_.close(ignored);
  owner_.remove(*this);
}

}  // namespace kv
