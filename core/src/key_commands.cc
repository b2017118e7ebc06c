#include "key_commands.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/glob.h"
#include "core/hash.h"

namespace kv::commands {
namespace {

Answer flag(bool value) {
  return Answer::of(std::int64_t{value ? 1 : 0});
}

bool has_come(const KvStore& store, std::int64_t time_ms) {
  return time_ms <= 0 || static_cast<std::uint64_t>(time_ms) <= store.clock_ms();
}

/// The record becomes one that expires then, or goes if that time has come.
void set_expiry(KvStore& store, std::string_view key, std::string_view value,
                std::int64_t expires_ms) {
  if (has_come(store, expires_ms)) {
    store.erase(key);
  } else {
    store.set(key, std::string(value), static_cast<std::uint64_t>(expires_ms));
  }
}

/// Whether EXPIRE's conditions hold; a key without expiry expires later than any other.
bool may_expire(const Command& command, std::uint64_t old_expiry) {
  const std::uint8_t options = command.options;
  const auto old_ms = static_cast<std::int64_t>(old_expiry);
  if ((options & kIfAbsent) != 0 && old_expiry != 0) return false;
  if ((options & kIfPresent) != 0 && old_expiry == 0) return false;
  if ((options & kIfEqual) != 0 && (old_expiry == 0 || command.number <= old_ms)) return false;
  return (options & kIfEarlier) == 0 || old_expiry == 0 || command.number < old_ms;
}

std::optional<Answer> bad_expire_options(std::uint8_t options) {
  const bool later = (options & kIfEqual) != 0;
  const bool earlier = (options & kIfEarlier) != 0;
  if ((options & kIfAbsent) != 0 && ((options & kIfPresent) != 0 || later || earlier)) {
    return Answer::error("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (!later || !earlier) return std::nullopt;
  return Answer::error("ERR GT and LT options at the same time are not compatible");
}

/// Puts the record in the place of another one.
void put_copy(KvStore& store, std::string_view key, const StoredValue& record) {
  store.set(key, std::string(record.value), record.expires_ms);
}

/// Those of the keys that fit the pattern.
Answer listing(const std::vector<std::string_view>& keys, std::string_view pattern,
               CommandRoom& room) {
  std::vector<Answer> items;
  for (const std::string_view key : keys) {
    if (pattern != "*" && !glob_matches(pattern, key)) continue;
    if (!room.take(key.size() + kItemBytes)) return reply_too_large();
    items.push_back(Answer::of(key));
  }
  return Answer::list(std::move(items));
}

}  // namespace

Answer erase(KvStore& store, const Command& command) {
  std::int64_t erased = store.erase(command.key) ? 1 : 0;
  for (const std::string_view key : command.more) erased += store.erase(key) ? 1 : 0;
  return Answer::of(erased);
}

Answer expire(KvStore& store, const Command& command) {
  if (const std::optional<Answer> bad = bad_expire_options(command.options)) return *bad;
  const std::optional<StoredValue> old = store.find(command.key);
  if (!old || !may_expire(command, old->expires_ms)) return flag(false);
  set_expiry(store, command.key, old->value, command.number);
  return flag(true);
}

Answer persist(KvStore& store, const Command& command) {
  const std::optional<StoredValue> old = store.find(command.key);
  if (!old || old->expires_ms == 0) return flag(false);
  put_copy(store, command.key, {old->value, 0});
  return flag(true);
}

Answer get_and_expire(KvStore& store, const Command& command, CommandRoom& room) {
  const std::optional<StoredValue> old = store.find(command.key);
  if (!old) return Answer::nil();
  Answer answer = text_answer(old->value, room);
  if (answer.is_error() || (command.options & kKeepExpiry) != 0) return answer;
  if (command.number != 0) {
    set_expiry(store, command.key, answer.text, command.number);
  } else if (old->expires_ms != 0) {
    store.set(command.key, answer.text);
  }
  return answer;
}

Answer rename(KvStore& store, const Command& command) {
  const bool as_integer = (command.options & (kIfAbsent | kAsInteger)) != 0;
  const std::optional<StoredValue> old = store.find(command.key);
  if (!old) return Answer::error("ERR no such key");
  if ((command.options & kIfAbsent) != 0 && store.find(command.value)) return flag(false);
  if (command.key != command.value) {
    put_copy(store, command.value, *old);
    store.erase(command.key);
  }
  return as_integer ? flag(true) : Answer::ok();
}

Answer copy(KvStore& store, const Command& command) {
  if (command.key == command.value) {
    return Answer::error("ERR source and destination objects are the same");
  }
  const std::optional<StoredValue> source = store.find(command.key);
  const bool replaces = (command.options & kReplace) != 0;
  if (!source || (!replaces && store.find(command.value))) return flag(false);
  put_copy(store, command.value, *source);
  return flag(true);
}

Answer exists(const KvStore& store, const Command& command) {
  std::int64_t there = store.find(command.key) ? 1 : 0;
  for (const std::string_view key : command.more) there += store.find(key) ? 1 : 0;
  return Answer::of(there);
}

Answer type(const KvStore& store, const Command& command) {
  return Answer::word(store.find(command.key) ? "string" : "none");
}

Answer expiry(const KvStore& store, const Command& command) {
  constexpr std::int64_t kNoKey = -2;
  constexpr std::int64_t kNoExpiry = -1;
  const std::optional<StoredValue> found = store.find(command.key);
  if (!found) return Answer::of(kNoKey);
  if (found->expires_ms == 0) return Answer::of(kNoExpiry);
  std::uint64_t time_ms = found->expires_ms;
  if ((command.options & kRemaining) != 0) {
    time_ms -= std::min(time_ms, std::max(store.clock_ms(), command.time_ms));
  }
  const bool in_seconds = (command.options & kInSeconds) != 0;
  return Answer::of(static_cast<std::int64_t>(in_seconds ? (time_ms + 500) / 1000 : time_ms));
}

Answer scan(const KvStore& store, const Command& command, CommandRoom& room) {
  if (command.second < 1) return Answer::error("ERR syntax error");
  const std::uint64_t count = std::min(static_cast<std::uint64_t>(command.second), kMaxListedKeys);
  const KvStore::Scanned scanned = store.scan(static_cast<std::uint64_t>(command.number), count);
  Answer found = listing(scanned.keys, command.value, room);
  if (found.is_error()) return found;
  const std::string next = std::to_string(scanned.next);
  return Answer::list({Answer::of(std::string_view(next)), std::move(found)});
}

Answer keys(const KvStore& store, const Command& command, CommandRoom& room) {
  if (store.live_size() > kMaxListedKeys) {
    return Answer::error("ERR there are more than " + std::to_string(kMaxListedKeys) +
                         " keys: use SCAN, which takes them in small steps");
  }
  return listing(store.scan(0, UINT64_MAX).keys, command.value, room);
}

Answer random_key(const KvStore& store, const Command& command, CommandRoom& room) {
  return text_answer(store.random_key(static_cast<std::uint64_t>(command.number)), room);
}

Answer memory(const KvStore& store, const Command& command) {
  // Its sizes, its place in the table at the usual load, and what malloc adds.
  constexpr std::size_t kOverheadBytes = 8 + 12 + 4;
  const std::optional<StoredValue> found = store.find(command.key);
  if (!found) return Answer::nil();
  const std::size_t expiry_bytes = found->expires_ms == 0 ? 0 : sizeof(std::uint64_t);
  return Answer::of(static_cast<std::int64_t>(command.key.size() + found->value.size() +
                                              expiry_bytes + kOverheadBytes));
}

std::int64_t fingerprint(const KvStore& store, std::string_view key) {
  const std::optional<StoredValue> found = store.find(key);
  if (!found) return 0;
  std::string expiry;
  Encoder(expiry).u64(found->expires_ms);
  const auto hash = static_cast<std::int64_t>(hash64(expiry, hash64(found->value)));
  return hash == 0 ? 1 : hash;
}

}  // namespace kv::commands
