#pragma once

#include "command_room.h"

namespace kv::commands {

// What each operation on values does; see core/command.h.

Answer set(KvStore& store, const Command& command, CommandRoom& room);
Answer set_many(KvStore& store, const Command& command);
Answer take_out(KvStore& store, const Command& command, CommandRoom& room);
Answer add(KvStore& store, const Command& command);
Answer add_float(KvStore& store, const Command& command, CommandRoom& room);
Answer append(KvStore& store, const Command& command);
Answer set_range(KvStore& store, const Command& command);

Answer get_many(const KvStore& store, const Command& command, CommandRoom& room);
Answer length(const KvStore& store, const Command& command);
Answer get_range(const KvStore& store, const Command& command, CommandRoom& room);

}  // namespace kv::commands
