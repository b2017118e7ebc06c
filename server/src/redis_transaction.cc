// MULTI, EXEC, DISCARD, WATCH: a transaction is one entry of the log.
#include <utility>

#include "client_listener.h"
#include "redis_talk.h"

namespace kv {
namespace {

constexpr std::size_t kMaxQueuedBytes = 16 << 20;
constexpr std::size_t kMaxQueued = 100'000;
constexpr std::size_t kMaxWatched = 1'000;

/// PING, ECHO, SELECT and the like in a transaction: they need no state, only their place.
/// UNWATCH as well: the conditions stand already, as in Redis.
std::optional<Command> stateless(const RedisCommand& row, const Words& words) {
  Command command;
  command.operation = Operation::kEcho;
  if (row.verb == Verb::kEcho || (row.verb == Verb::kPing && words.size() == 2)) {
    command.value = words[1];
    return command;
  }
  command.options = kAsWord;
  if (row.verb == Verb::kPing) {
    command.value = "PONG";
  } else if (row.verb == Verb::kUnwatch || (row.verb == Verb::kSelect && words[1] == "0")) {
    command.value = "OK";
  } else {
    return std::nullopt;
  }
  return command;
}

Command failed(std::string_view error) {
  Command command;
  command.operation = Operation::kEcho;
  command.options = kAsError;
  command.value = error;
  return command;
}

}  // namespace

/// That this node isn't the primary is said now; what is wrong with the arguments, by EXEC.
void RedisTalk::queue(Row row, const Words& words) {
  if (row->verb != Verb::kStore && !stateless(*row, words)) {
    return abort_transaction("ERR Command not allowed inside a transaction");
  }
  if (row->verb == Verb::kStore) {
    ParseContext now = context();
    const ParsedCommand parsed = row->parse(words, now);
    if (const auto refusal = listener_.requests().refusal()) {
      const Command* command = std::get_if<Command>(&parsed);
      return abort_transaction(refusal_text(*refusal, listener_.cluster(), listener_.redis_mode(),
                                            command != nullptr ? command->key : ""));
    }
  }
  std::size_t bytes = 0;
  for (const std::string_view word : words) bytes += word.size() + sizeof(std::string);
  if (queued_bytes_ + bytes > kMaxQueuedBytes || queued_.size() >= kMaxQueued) {
    return abort_transaction("ERR the transaction is larger than " +
                             std::to_string(kMaxQueuedBytes >> 20) + " MiB or " +
                             std::to_string(kMaxQueued) + " commands; split it up");
  }
  queued_bytes_ += bytes;
  queued_.emplace_back(words.begin(), words.end());
  reply([](RedisReply& out) { out.word("QUEUED"); });
}

void RedisTalk::abort_transaction(std::string_view text) {
  aborted_ = true;
  fail(text);
}

void RedisTalk::multi() {
  if (in_transaction_) return fail("ERR MULTI calls can not be nested");
  in_transaction_ = true;
  ok();
}

/// Relative times count from now on, so the words are parsed once more.
void RedisTalk::exec(Row row) {
  if (!in_transaction_) return fail("ERR EXEC without MULTI");
  const auto queued = std::exchange(queued_, {});
  const auto conditions = std::exchange(watched_, {});
  const bool aborted = std::exchange(aborted_, false);
  const bool unsure = std::exchange(watch_failed_, false);
  in_transaction_ = false;
  queued_bytes_ = 0;
  if (aborted) return fail("EXECABORT Transaction discarded because of previous errors.");
  if (unsure) return reply([](RedisReply& out) { out.nil_list(); });

  std::vector<std::string> parts;
  for (const auto& [key, fingerprint] : conditions) {
    Command condition;
    condition.operation = Operation::kFingerprint;
    condition.key = key;
    condition.number = fingerprint;
    parts.push_back(encode_command(condition));
  }
  std::string first_key;
  for (const std::vector<std::string>& texts : queued) {
    const Words words(texts.begin(), texts.end());
    const RedisCommand& command = *find_redis_command(words.front());
    ParseContext now = context();
    const std::optional<Command> echo = stateless(command, words);
    const ParsedCommand parsed = echo ? ParsedCommand(*echo) : command.parse(words, now);
    if (const auto* error = std::get_if<std::string>(&parsed)) {
      // The others are carried out, and this one's place in the list has its error.
      parts.push_back(encode_command(failed(*error)));
      continue;
    }
    if (first_key.empty()) first_key = std::get<Command>(parsed).key;
    parts.push_back(encode_command(std::get<Command>(parsed)));
  }
  Command transaction;
  transaction.operation = Operation::kTransaction;
  transaction.time_ms = listener_.requests().now_ms();
  transaction.number = static_cast<std::int64_t>(conditions.size());
  transaction.more.assign(parts.begin(), parts.end());
  asker_.ask_write(form(row), encode_command(transaction), first_key);
}

void RedisTalk::discard() {
  if (!in_transaction_) return fail("ERR DISCARD without MULTI");
  in_transaction_ = aborted_ = false;
  queued_.clear();
  queued_bytes_ = 0;
  forget_watched();
  ok();
}

void RedisTalk::watch(const Words& words) {
  if (in_transaction_) return fail("ERR WATCH inside MULTI is not allowed");
  if (watched_.size() + words.size() > kMaxWatched) {
    return fail("ERR at most " + std::to_string(kMaxWatched) + " keys can be watched");
  }
  const std::size_t most = listener_.limits().max_key_bytes;
  for (const std::string_view key : words) {
    if (key.size() > most) return fail("ERR a key has at most " + std::to_string(most) + " bytes");
  }
  const std::uint64_t now = listener_.requests().now_ms();
  for (std::size_t i = 1; i < words.size(); ++i) {
    Command command;
    command.operation = Operation::kFingerprint;
    command.key = words[i];
    command.time_ms = now;
    ReplyForm how = form(nullptr);
    const bool answered = i + 1 == words.size() && speaks();
    how.kind = answered ? ReplyForm::Kind::kWatchLast : ReplyForm::Kind::kWatch;
    asker_.ask_read(how, encode_command(command), false);
  }
}

/// The first look at a key counts.
void RedisTalk::watched(std::string key, std::int64_t fingerprint) {
  watched_.emplace(std::move(key), fingerprint);
}

void RedisTalk::forget_watched() {
  watched_.clear();
  watch_failed_ = false;
}

}  // namespace kv
