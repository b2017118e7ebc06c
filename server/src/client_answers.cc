// The queue of a connection's answers: they come in any order and leave in that of the requests.
#include <algorithm>
#include <utility>

#include "client_listener.h"
#include "client_session.h"
#include "core/check.h"
#include "core/command.h"

namespace kv {
namespace {

constexpr std::size_t kMinExpectedBytes = 16 << 10;
/// For the values that come, whatever was expected.
constexpr std::size_t kMaxHeldBytes = 16 << 20;
/// Of an entry of the log: it must fit into a message to a peer (kMaxFrameBytes). A line of the
/// JSON dialect is always smaller.
constexpr std::size_t kMaxCommandBytes = 32 << 20;

std::size_t text_bytes(const Answer& answer) {
  std::size_t sum = answer.text.size();
  for (const Answer& item : answer.items) sum += text_bytes(item);
  return sum;
}

bool is_json(const ReplyForm& form) {
  return form.kind == ReplyForm::Kind::kJsonSet || form.kind == ReplyForm::Kind::kJsonGet ||
         form.kind == ReplyForm::Kind::kJsonDelete;
}

}  // namespace

bool ClientSession::has_room(std::size_t at, std::size_t size_bytes) const {
  if (at == 0 && unsent_bytes() < kMaxUnsentBytes) return true;
  return unsent_bytes() + waiting_bytes_ + size_bytes <= kMaxHeldBytes;
}

// --- what the dialects ask for ---

void ClientSession::answer(std::string reply) {
  if (slots_.empty()) {
    out_ += reply;
  } else {
    waiting_bytes_ += reply.size();
    Slot& slot = slots_.emplace_back();
    slot.state = Slot::State::kReady;
    slot.reply = std::move(reply);
  }
}

void ClientSession::ask_read(ReplyForm form, std::string command, bool anywhere) {
  Slot slot;
  slot.reads = true;
  slot.form = form;
  slot.anywhere = anywhere;
  slot.about = command;
  submit(std::move(slot), ReadRequest{std::move(command), anywhere});
}

void ClientSession::ask_write(ReplyForm form, std::string command, std::string_view key) {
  if (command.size() > kMaxCommandBytes) {
    return answer("-ERR the command has more than " + std::to_string(kMaxCommandBytes >> 20) +
                  " MiB; split it up\r\n");
  }
  Slot slot;
  slot.form = form;
  slot.about = key;
  submit(std::move(slot), WriteRequest{std::move(command)});
}

void ClientSession::submit(Slot slot, decltype(ClientRequest::body) body) {
  if (owner_.requests().stopping()) {
    std::string reply;
    append_refusal(reply, slot, Refusal{RefusalCode::kShuttingDown, kNoNode, {}});
    return answer(std::move(reply));
  }
  const auto number = static_cast<std::uint32_t>(first_number_ + slots_.size());
  ++(slot.reads ? open_reads_ : open_writes_);
  slot.state = Slot::State::kSubmitted;
  slot.began = last_input_;
  slots_.push_back(std::move(slot));
  owner_.requests().submit({RequestId{id_} << 32 | number, std::move(body)});
}

void ClientSession::answer_when(std::function<std::optional<std::string>(bool late)> poll,
                                Duration timeout) {
  CHECK(!poll_);
  if (auto reply = poll(false)) return answer(std::move(*reply));
  poll_number_ = static_cast<std::uint32_t>(first_number_ + slots_.size());
  poll_ = std::move(poll);
  Slot& slot = slots_.emplace_back();
  slot.state = Slot::State::kWaiting;
  owner_.add_poller(*this);
  poll_timer_ =
      std::make_unique<asio::steady_timer>(owner_.executor(), std::chrono::nanoseconds(timeout.ns));
  const auto late = [self = shared_from_this(),
                     number = poll_number_](const std::error_code& cancelled) {
    // It may have been too late to cancel it, and another one waits now.
    if (!cancelled && self->poll_ && self->poll_number_ == number) self->poll(true);
  };
  poll_timer_->async_wait(late);
}

void ClientSession::poll(bool late) {
  if (!poll_) return;
  std::optional<std::string> reply = poll_(late);
  if (!reply) return;
  Slot& slot = slots_[static_cast<std::uint32_t>(poll_number_ - first_number_)];
  slot.reply = std::move(*reply);
  slot.state = Slot::State::kReady;
  waiting_bytes_ += slot.reply.size();
  poll_ = nullptr;
  poll_timer_.reset();
  release_ready();
  proceed();
}

// --- what the replica answers ---

void ClientSession::read_again() {
  if (slots_.empty() || slots_.front().state != Slot::State::kDropped) return;
  if (unsent_bytes() >= kMaxUnsentBytes) return;
  slots_.front().state = Slot::State::kSubmitted;
  const Slot& first = slots_.front();
  owner_.requests().submit(
      {RequestId{id_} << 32 | first_number_, ReadRequest{first.about, first.anywhere}});
}

void ClientSession::deliver(std::uint32_t number, ClientReply reply, Instant now) {
  const std::size_t at = static_cast<std::uint32_t>(number - first_number_);
  CHECK(at < slots_.size() && slots_[at].state == Slot::State::kSubmitted);
  Slot& slot = slots_[at];
  const auto* given = std::get_if<Answer>(&reply.body);
  if (given != nullptr && slot.reads) {
    const std::size_t size = text_bytes(*given);
    expected_value_bytes_ =
        std::max({size, expected_value_bytes_ - expected_value_bytes_ / 64, kMinExpectedBytes});
    if (!has_room(at, size)) {
      slot.state = Slot::State::kDropped;
      return;
    }
  }
  if (reply.index > 0) last_write_ = reply.index;
  append_reply(at == 0 ? out_ : slot.reply, slot, reply);
  const bool failed = given == nullptr || given->is_error();
  if (failed && given != nullptr) owner_.count_error(given->text);
  if (slot.form.command != nullptr) {
    const Duration took = now - slot.began;
    owner_.count(*slot.form.command, took, failed);
    if (took >= owner_.slow_after()) {
      owner_.note_slow(*this, {std::string(slot.form.command->name), std::string(first_key(slot))},
                       took);
    }
  }
  finish(at);
}

void ClientSession::finish(std::size_t at) {
  Slot& slot = slots_[at];
  waiting_bytes_ += slot.reply.size();
  --(slot.reads ? open_reads_ : open_writes_);
  slot.state = Slot::State::kReady;
  slot.about = {};
  release_ready();
}

void ClientSession::append_reply(std::string& out, const Slot& slot, const ClientReply& reply) {
  if (const auto* refusal = std::get_if<Refusal>(&reply.body)) {
    return append_refusal(out, slot, *refusal);
  }
  const Answer* answer = std::get_if<Answer>(&reply.body);
  CHECK(answer != nullptr);
  switch (slot.form.kind) {
    case ReplyForm::Kind::kRedis:
      RedisReply(out, slot.form.protocol).answer(*answer);
      return;
    case ReplyForm::Kind::kSilent:
      return;
    case ReplyForm::Kind::kWatch:
    case ReplyForm::Kind::kWatchLast:
      redis_->watched(std::string(first_key(slot)), answer->integer);
      if (slot.form.kind == ReplyForm::Kind::kWatchLast) RedisReply(out, slot.form.protocol).ok();
      return;
    default:
      return append_json(out, slot, *answer);
  }
}

void ClientSession::append_json(std::string& out, const Slot& slot, const Answer& answer) const {
  if (answer.is_error()) return line_reply::error(out, "BAD_REQUEST", answer.text);
  if (slot.form.kind == ReplyForm::Kind::kJsonSet) return line_reply::set_done(out, slot.about);
  if (slot.form.kind == ReplyForm::Kind::kJsonDelete) return line_reply::ok(out);
  if (answer.kind == Answer::Kind::kNil) return line_reply::not_found(out, first_key(slot));
  line_reply::value(out, answer.text);
}

/// An unknown outcome ends a Redis connection: that is the one sign of it that all clients know.
void ClientSession::append_refusal(std::string& out, const Slot& slot, const Refusal& refusal) {
  if (is_json(slot.form)) return line_reply::refusal(out, refusal, owner_.cluster());
  if (slot.form.kind == ReplyForm::Kind::kWatch) return redis_->watch_failed();
  if (refusal.code == RefusalCode::kUnknownOutcome) hang_up();
  const std::string text =
      refusal_text(refusal, owner_.cluster(), owner_.redis_mode(), first_key(slot), slot.reads);
  owner_.count_error(text);
  if (slot.form.kind != ReplyForm::Kind::kSilent) RedisReply(out, slot.form.protocol).error(text);
}

std::string_view ClientSession::first_key(const Slot& slot) const {
  return slot.reads ? key_of(slot.about) : std::string_view(slot.about);
}

std::string ClientSession::shutdown_refusal() const {
  std::string reply;
  line_reply::refusal(reply, Refusal{RefusalCode::kShuttingDown, kNoNode, {}}, owner_.cluster());
  return reply;
}

void ClientSession::release_ready() {
  while (!slots_.empty() && slots_.front().state == Slot::State::kReady) {
    out_ += slots_.front().reply;
    waiting_bytes_ -= slots_.front().reply.size();
    slots_.pop_front();
    ++first_number_;
  }
}

}  // namespace kv
