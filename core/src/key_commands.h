#pragma once

#include "command_room.h"

namespace kv::commands {

// What each operation on keys does; see core/command.h.

Answer erase(KvStore& store, const Command& command);
Answer expire(KvStore& store, const Command& command);
Answer persist(KvStore& store, const Command& command);
Answer get_and_expire(KvStore& store, const Command& command, CommandRoom& room);
Answer rename(KvStore& store, const Command& command);
Answer copy(KvStore& store, const Command& command);

Answer exists(const KvStore& store, const Command& command);
Answer type(const KvStore& store, const Command& command);
Answer expiry(const KvStore& store, const Command& command);
Answer scan(const KvStore& store, const Command& command, CommandRoom& room);
Answer keys(const KvStore& store, const Command& command, CommandRoom& room);
Answer random_key(const KvStore& store, const Command& command, CommandRoom& room);
Answer memory(const KvStore& store, const Command& command);

/// Changes when the key's value or expiry does; 0: there is no such key.
std::int64_t fingerprint(const KvStore& store, std::string_view key);

}  // namespace kv::commands
