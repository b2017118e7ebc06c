#include "core/operations.h"

#include <algorithm>

#include "grouped_commands.h"
#include "key_commands.h"
#include "text_commands.h"

namespace kv {
namespace {

/// A pass over a shard pays when it finds many expired records, so under load it is made a while
/// after the first of them expired. An idle node makes it at once.
constexpr std::uint64_t kSweepLateMs = 1'000;
constexpr std::uint32_t kSweepAtOnce = 64;

Answer carry_out_read(const KvStore& store, const Command& command, CommandRoom& room) {
  switch (command.operation) {
    case Operation::kGet:
      return text_answer(store.get(command.key), room);
    case Operation::kGetMany:
      return commands::get_many(store, command, room);
    case Operation::kLength:
      return commands::length(store, command);
    case Operation::kGetRange:
      return commands::get_range(store, command, room);
    case Operation::kExists:
      return commands::exists(store, command);
    case Operation::kType:
      return commands::type(store, command);
    case Operation::kExpiry:
      return commands::expiry(store, command);
    case Operation::kScan:
      return commands::scan(store, command, room);
    case Operation::kKeys:
      return commands::keys(store, command, room);
    case Operation::kRandomKey:
      return commands::random_key(store, command, room);
    case Operation::kSize:
      return Answer::of(static_cast<std::int64_t>(store.live_size()));
    case Operation::kMemory:
      return commands::memory(store, command);
    case Operation::kFingerprint:
      return Answer::of(commands::fingerprint(store, command.key));
    case Operation::kEcho:
      if (!room.take(command.value.size())) return reply_too_large();
      if ((command.options & kAsWord) != 0) return Answer::word(command.value);
      if ((command.options & kAsError) != 0) return Answer::error(command.value);
      return Answer::of(command.value);
    default:
      return Answer::error("ERR this command changes the store: it can't be read");
  }
}

Answer carry_out_any(KvStore& store, const Command& command, CommandRoom& room) {
  switch (command.operation) {
    case Operation::kTransaction:
      return commands::transaction(store, command, room);
    case Operation::kOnce:
      return commands::once(store, command, room);
    default:
      return commands::carry_out(store, command, room);
  }
}

}  // namespace

Answer commands::carry_out(KvStore& store, const Command& command, CommandRoom& room) {
  switch (command.operation) {
    case Operation::kSet:
      return set(store, command, room);
    case Operation::kDelete:
      return erase(store, command);
    case Operation::kTakeOut:
      return take_out(store, command, room);
    case Operation::kAdd:
      return add(store, command);
    case Operation::kAddFloat:
      return add_float(store, command, room);
    case Operation::kAppend:
      return append(store, command);
    case Operation::kSetRange:
      return set_range(store, command);
    case Operation::kSetMany:
      return set_many(store, command);
    case Operation::kExpire:
      return expire(store, command);
    case Operation::kPersist:
      return persist(store, command);
    case Operation::kGetAndExpire:
      return get_and_expire(store, command, room);
    case Operation::kRename:
      return rename(store, command);
    case Operation::kCopy:
      return copy(store, command);
    case Operation::kFlush:
      store.clear();
      return Answer::ok();
    case Operation::kAdvanceClock:
      return Answer::ok();
    default:
      return carry_out_read(store, command, room);
  }
}

Answer execute(KvStore& store, const Command& command) {
  store.advance_clock(command.time_ms);
  if (command.operation == Operation::kAdvanceClock) {
    store.sweep(kSweepAtOnce);
  } else {
    store.sweep(1, kSweepLateMs);
  }
  CommandRoom room;
  return carry_out_any(store, command, room);
}

Answer read(const KvStore& store, const Command& command) {
  CommandRoom room;
  return carry_out_read(store, command, room);
}

bool clock_matters(const KvStore& store, const Command& command) {
  if (command.time_ms <= store.clock_ms()) return false;
  const auto expires_meanwhile = [&](std::string_view key) {
    const std::optional<StoredValue> found = store.find(key);
    return found && found->expires_ms != 0 && found->expires_ms <= command.time_ms;
  };
  switch (command.operation) {
    case Operation::kGet:
    case Operation::kGetMany:
    case Operation::kLength:
    case Operation::kGetRange:
    case Operation::kExists:
    case Operation::kType:
    case Operation::kExpiry:
    case Operation::kMemory:
    case Operation::kFingerprint:
      return expires_meanwhile(command.key) ||
             std::any_of(command.more.begin(), command.more.end(), expires_meanwhile);
    case Operation::kScan:
    case Operation::kKeys:
    case Operation::kRandomKey:
    case Operation::kSize:
      return store.next_expiry_ms() != 0 && store.next_expiry_ms() <= command.time_ms;
    default:
      return false;
  }
}

}  // namespace kv
