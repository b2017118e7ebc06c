#include "client_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "client_listener.h"
#include "core/command.h"
#include "core/overloaded.h"
#include "server/cluster.h"
#include "socket_options.h"
#include "steady_now.h"

namespace kv {
namespace {

using asio::ip::tcp;

constexpr std::size_t kMaxOutstanding = 1024;
/// For the reads under way, by the sizes that are expected: 256 of them at most.
constexpr std::size_t kMaxOpenReadBytes = 4 << 20;
constexpr std::size_t kFirstExpectedBytes = 32 << 10;
constexpr std::size_t kKeptOutputBytes = 256 << 10;
constexpr std::size_t kMaxDiscardedBytes = 1 << 20;
/// For the answer to arrive, and the client to close.
constexpr std::chrono::seconds kLingering{1};

std::string text_of(const tcp::endpoint& endpoint) {
  return address_text(endpoint.address().to_string(), endpoint.port());
}

template <typename Append, typename... Arguments>
std::string line(Append append, Arguments&&... arguments) {
  std::string reply;
  append(reply, std::forward<Arguments>(arguments)...);
  return reply;
}

}  // namespace

ClientSession::ClientSession(tcp::socket socket, std::uint32_t id, ClientListener& owner)
    : socket_(std::move(socket)),
      id_(id),
      owner_(owner),
      began_(steady_now()),
      last_input_(began_),
      expected_value_bytes_(kFirstExpectedBytes) {
  if (socket_.remote()) address_ = text_of(*socket_.remote());
}

void ClientSession::start() {
  if (!socket_.is_open() || !owner_.watch().add(socket_.descriptor(), id_)) close();
}

std::string ClientSession::local_address() const {
  const auto local = socket_.local();
  return local ? text_of(*local) : std::string();
}

std::size_t ClientSession::held_bytes() const {
  return sizeof(*this) + reader_.held_bytes() + out_.capacity() + waiting_bytes_ +
         slots_.size() * sizeof(Slot);
}

bool ClientSession::from_this_machine() const {
  return socket_.remote() && is_loopback(socket_.remote()->address());
}

bool ClientSession::backlogged() const {
  return slots_.size() >= kMaxOutstanding || unsent_bytes() + waiting_bytes_ >= kMaxUnsentBytes;
}

void ClientSession::proceed() {
  if (!socket_.is_open()) return;
  bool room_was_made = true;
  while (room_was_made && socket_.is_open()) {
    read_again();
    take_requests();
    const bool was_full = backlogged();
    const bool was_unsent = unsent_bytes() >= kMaxUnsentBytes;
    send();
    // For more requests; or for a dropped answer, which full replies may be waiting behind.
    room_was_made = (was_full && !backlogged()) || (was_unsent && unsent_bytes() < kMaxUnsentBytes);
  }
  if (!socket_.is_open()) return;
  set_interest();
  finish_if_done();
}

// --- whose turn it is ---

/// The replica may answer a read before the writes submitted ahead of it, or after those behind it;
/// and the values of many reads at once must not fill the memory.
bool ClientSession::out_of_turn(const Held& held) {
  if (poll_) return true;
  Turn turn = Turn::kAny;
  if (const auto* words = std::get_if<const Words*>(&held)) {
    turn = talk().turn(**words);
  } else {
    const auto& request = std::get<LineRequest>(held);
    if (std::holds_alternative<TraceLine>(request)) return !slots_.empty();
    if (std::holds_alternative<GetLine>(request)) turn = Turn::kRead;
    const bool writes =
        std::holds_alternative<SetLine>(request) || std::holds_alternative<DeleteLine>(request);
    if (writes) turn = Turn::kWrite;
  }
  switch (turn) {
    case Turn::kAny:
      return false;
    case Turn::kRead:
      return open_writes_ > 0 || open_reads_ * expected_value_bytes_ >= kMaxOpenReadBytes;
    case Turn::kWrite:
      return open_reads_ > 0;
    case Turn::kBoth:
      return open_reads_ + open_writes_ > 0;
  }
  return false;
}

std::optional<ClientSession::Held> ClientSession::held_line(const TextLine& text) {
  if (dialect_of(text, owner_.dialect()) == Dialect::kJson) {
    return parse_line(text.text, owner_.limits());
  }
  if (text.text.starts_with("Host:")) {
    refuse_web();
    return std::nullopt;
  }
  auto words = split_inline(text.text);
  const bool too_big = text.text.size() > owner_.limits().max_inline_bytes;
  if (too_big || !words) {
    refuse_frame(too_big ? "ERR Protocol error: too big inline request"
                         : "ERR Protocol error: unbalanced quotes in request");
    return std::nullopt;
  }
  if (words->empty()) return std::nullopt;
  // A value may end in what looks like HTTP.
  if (!same_word(words->front(), "set") && is_http(text.text)) {
    refuse_web();
    return std::nullopt;
  }
  inline_ = std::move(*words);
  inline_words_.assign(inline_.begin(), inline_.end());
  return &inline_words_;
}

/// Nothing: more input is needed, or none is taken any more.
std::optional<ClientSession::Held> ClientSession::next_request() {
  while (!hanging_up_) {
    const std::optional<Request> request = reader_.next();
    if (!request) return std::nullopt;
    if (const auto* resp = std::get_if<RespWords>(&*request)) return resp->words;
    if (const auto* text = std::get_if<TextLine>(&*request)) {
      if (auto held = held_line(*text)) return held;
    } else if (const auto* bad = std::get_if<BadFrame>(&*request)) {
      refuse_frame(bad->reason);
    } else {
      if (owner_.dialect() != Dialect::kRedis) return LineRequest(overlong_line(owner_.limits()));
      refuse_frame(kTooBigInline);
    }
  }
  return std::nullopt;
}

void ClientSession::take_requests() {
  while (!feed_ && !hanging_up_ && !backlogged()) {
    if (!held_) held_ = next_request();
    if (!held_) {
      if (!input_ended_ || tail_checked_ || owner_.dialect() == Dialect::kRedis) return;
      tail_checked_ = true;
      const auto tail = reader_.unfinished_line();
      if (!tail) return;
      if (auto refused = unfinished_line(*tail)) take_line(std::move(*refused));
      return;
    }
    if (out_of_turn(*held_)) return;
    take(*held_);
    held_.reset();
  }
}

RedisTalk& ClientSession::talk() {
  if (!redis_) redis_ = std::make_unique<RedisTalk>(static_cast<Asker&>(*this), owner_, id_);
  return *redis_;
}

void ClientSession::take(const Held& held) {
  owner_.counters().commands++;
  if (const auto* words = std::get_if<const Words*>(&held)) {
    talk().take(**words);
  } else {
    take_line(std::get<LineRequest>(held));
  }
}

void ClientSession::take_line(const LineRequest& request) {
  const auto stamped = [this](Command command) {
    command.time_ms = owner_.requests().now_ms();
    return encode_command(command);
  };
  const auto form = [](ReplyForm::Kind kind) { return ReplyForm{kind, 2, nullptr}; };
  std::visit(Overloaded{
                 [&](const SetLine& set) {
                   ask_write(form(ReplyForm::Kind::kJsonSet),
                             stamped(set_command(set.key, set.value)), set.key);
                 },
                 [&](const GetLine& get) {
                   ask_read(form(ReplyForm::Kind::kJsonGet), stamped(get_command(get.key)), false);
                 },
                 [&](const DeleteLine& del) {
                   ask_write(form(ReplyForm::Kind::kJsonDelete), stamped(delete_command(del.key)),
                             {});
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
                 [&](const HttpLine&) { refuse_web(); },
             },
             request);
}

/// A web browser talks: nothing that follows is looked at, lest a web page issue commands.
void ClientSession::refuse_web() {
  answer(std::string(kHttpRefusal));
  hang_up();
}

void ClientSession::refuse_frame(std::string_view reason) {
  answer(line([&](std::string& out) { RedisReply(out, 2).error(reason); }));
  hang_up();
}

void ClientSession::shut_down_node() {
  if (!from_this_machine()) {
    return answer(line(line_reply::error, "NO_PERMISSION",
                       "SHUTDOWN is taken from the node's own machine only"));
  }
  answer(line([](std::string& out) { line_reply::ok(out, "Shutting down"); }));
  owner_.requests().shut_down();
}

void ClientSession::watch() {
  if (!from_this_machine()) {
    return answer(
        line(line_reply::error, "NO_PERMISSION",
             "TRACE is taken from the node's own machine only, since it shows all data; connect "
             "from there, or through an SSH tunnel to it"));
  }
  if (owner_.requests().stopping()) return answer(shutdown_refusal());
  if (!owner_.add_watcher(*this)) {
    return answer(line(line_reply::error, "OVERLOADED",
                       "This node is watched by " + std::to_string(kMostWatchers) +
                           " clients already, as many as it takes; end one of them"));
  }
  socket_.hold_little();
  feed_.emplace(owner_.cluster());
}

void ClientSession::show(const TraceBatch& batch) {
  feed_->append(out_, batch, unsent_bytes());
  send();
  if (socket_.is_open()) set_interest();
}

void ClientSession::publish(std::string_view channel, std::string_view text) {
  if (!redis_ || unsent_bytes() >= kMaxUnsentBytes) return;
  out_ += redis_->message(channel, text);
  send();
  if (socket_.is_open()) set_interest();
}

// --- the socket ---

void ClientSession::ready(bool readable, bool writable, bool broken) {
  if (broken && !readable) return close();
  if (readable) return receive();
  if (writable) proceed();
}

/// A watcher is read from to notice its end, one that is sent away until it goes.
bool ClientSession::wants_input() const {
  return !input_ended_ && (feed_ || hanging_up_ || !(held_ || backlogged()));
}

/// That input isn't wanted is said once some has come: mostly it is wanted again before that.
void ClientSession::set_interest() {
  const bool output = unsent_bytes() > 0;
  const bool input = told_of_input_ ? !input_ended_ : wants_input();
  if (input == told_of_input_ && output == told_of_output_) return;
  told_of_input_ = input;
  told_of_output_ = output;
  owner_.watch().change(socket_.descriptor(), id_, input, output);
}

void ClientSession::receive() {
  if (!wants_input()) {
    told_of_input_ = false;
    return owner_.watch().change(socket_.descriptor(), id_, false, told_of_output_);
  }
  const std::span<char> room = owner_.input();
  const ClientSocket::Outcome got = socket_.receive(room);
  if (got.failed) return close();
  if (got.would_block) return;
  if (got.bytes == 0) {
    input_ended_ = true;
    if (poll_) poll(true);
  }
  last_input_ = steady_now();
  owner_.counters().bytes_read += got.bytes;
  if (hanging_up_) discarded_bytes_ += got.bytes;
  if (discarded_bytes_ > kMaxDiscardedBytes) return close();
  if (!feed_ && !hanging_up_) reader_.feed({room.data(), got.bytes});
  proceed();
}

void ClientSession::send() {
  if (unsent_bytes() == 0) return;
  const ClientSocket::Outcome sent = socket_.send(std::string_view(out_).substr(sent_bytes_));
  if (sent.failed) return close();
  sent_bytes_ += sent.bytes;
  owner_.counters().bytes_sent += sent.bytes;
  if (sent_bytes_ == out_.size()) {
    out_.clear();
    sent_bytes_ = 0;
    if (out_.capacity() > kKeptOutputBytes) out_.shrink_to_fit();
  } else if (sent_bytes_ > out_.size() / 2) {
    out_.erase(0, std::exchange(sent_bytes_, 0));
  }
}

void ClientSession::finish_if_done() {
  if (!owes_nothing()) return;
  if (input_ended_) return close();
  if (hanging_up_) {
    // Closing now, with input unread, could make the system drop the answer on its way.
    socket_.end_output();
    close_soon();
  }
  if (owner_.requests().stopping()) owner_.requests().client_done();
}

void ClientSession::give_back_memory() {
  if (!owes_nothing() || feed_ || held_) return;
  slots_.shrink_to_fit();
  out_.shrink_to_fit();
  inline_ = {};
  inline_words_ = {};
  reader_.rest();
}

void ClientSession::send_away() {
  hang_up();
  if (poll_) poll(true);
  proceed();
}

void ClientSession::close_soon() {
  if (std::exchange(closing_soon_, true)) return;
  const auto timer = std::make_shared<asio::steady_timer>(owner_.executor(), kLingering);
  timer->async_wait([self = shared_from_this(), timer](const std::error_code&) { self->close(); });
}

void ClientSession::close() {
  if (closed_) return;
  closed_ = true;
  poll_ = nullptr;
  poll_timer_.reset();
  socket_.close();
  owner_.remove(*this);
}

}  // namespace kv
