#include "redis_talk.h"

#include <algorithm>
#include <utility>

#include "client_listener.h"
#include "core/hash.h"
#include "redis_faces.h"
#include "steady_now.h"

namespace kv {
namespace {

/// Whether a write's answer may be a whole value.
bool gives_text(const RedisCommand& row, const Words& words) {
  if ((row.flags & kGivesText) != 0) return true;
  constexpr std::size_t kFirstOption = 3;
  if (row.name != "set" || words.size() <= kFirstOption) return false;
  return std::any_of(words.begin() + kFirstOption, words.end(),
                     [](std::string_view word) { return same_word(word, "get"); });
}

}  // namespace

// A secondary of a standalone Redis answers reads; ours is never behind when it does.
RedisTalk::RedisTalk(Asker& asker, ClientListener& listener, std::uint32_t client_id)
    : asker_(asker),
      listener_(listener),
      client_id_(client_id),
      reads_anywhere_(listener.redis_mode() == RedisMode::kStandalone) {}

/// EXEC's answer may be as large as all answers in it together; the others that write and give text
/// give one value.
Turn RedisTalk::turn(const Words& words) {
  found_ = find_redis_command(words.front());
  if (found_ == nullptr || !fits(*found_, words.size())) return Turn::kAny;
  if (in_transaction_ && (found_->flags & kAtOnce) == 0) return Turn::kAny;
  switch (found_->verb) {
    case Verb::kStore:
      if ((found_->flags & kWrites) == 0) return Turn::kRead;
      return gives_text(*found_, words) ? Turn::kBoth : Turn::kWrite;
    case Verb::kExec:
      return Turn::kBoth;
    case Verb::kWatch:
    case Verb::kWait:
    case Verb::kWaitAof:
    case Verb::kMemory:
      return Turn::kRead;
    case Verb::kDiscard:
    case Verb::kUnwatch:
    case Verb::kReset:
      return Turn::kWrite;
    default:
      return Turn::kAny;
  }
}

void RedisTalk::take(const Words& words) {
  const Row row = found_ != nullptr ? found_ : find_redis_command(words.front());
  found_ = nullptr;
  skipped_ = std::exchange(skip_next_, false);
  if (const auto why_not = objection(row, words)) {
    if (in_transaction_) aborted_ = true;
    fail(*why_not);
  } else if (in_transaction_ && (row->flags & kAtOnce) == 0) {
    queue(row, words);
  } else {
    run(row, words);
  }
  skipped_ = false;
}

std::optional<std::string> RedisTalk::objection(Row row, const Words& words) const {
  if (row == nullptr) return unknown_command(words);
  if (!fits(*row, words.size())) return wrong_arity(row->name);
  if (in_transaction_ && (row->flags & kNotInMulti) != 0) {
    return "ERR Command not allowed inside a transaction";
  }
  if ((row->flags & kLoopback) != 0 && !asker_.from_this_machine()) {
    return "NOPERM this command is taken from the node's own machine only";
  }
  if (protocol_ == 2 && subscribed() && (row->flags & kSubscribed) == 0) {
    return "ERR Can't execute '" + std::string(row->name) +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
           "context";
  }
  return std::nullopt;
}

void RedisTalk::say(std::string reply) {
  if (speaks()) asker_.answer(std::move(reply));
}

void RedisTalk::fail(std::string_view text) {
  listener_.count_error(text);
  reply([&](RedisReply& out) { out.error(text); });
}

ReplyForm RedisTalk::form(Row row) const {
  return {speaks() ? ReplyForm::Kind::kRedis : ReplyForm::Kind::kSilent,
          static_cast<std::uint8_t>(protocol_), row};
}

ParseContext RedisTalk::context() {
  ParseContext context;
  context.now_ms = listener_.requests().now_ms();
  context.random = hash64({}, context.now_ms + (std::uint64_t{client_id_} << 32) + ++random_draws_);
  return context;
}

void RedisTalk::ask_store(Row row, const Words& words) {
  ParseContext now = context();
  const ParsedCommand parsed = row->parse(words, now);
  if (const auto* error = std::get_if<std::string>(&parsed)) return fail(*error);
  const Command& command = std::get<Command>(parsed);
  if (writes(command.operation)) {
    asker_.ask_write(form(row), encode_command(command), command.key);
  } else {
    asker_.ask_read(form(row), encode_command(command), reads_anywhere_);
  }
}

void RedisTalk::run(Row row, const Words& words) {
  if (row->verb == Verb::kStore) return ask_store(row, words);
  const Instant began = steady_now();
  if (!run_connection(row, words)) run_node(row, words);
  // These are counted when the store has answered.
  if (row->verb == Verb::kExec || row->verb == Verb::kMemory) return;
  listener_.count(*row, steady_now() - began, false);
}

}  // namespace kv
