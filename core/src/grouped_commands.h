#pragma once

#include "command_room.h"

namespace kv::commands {

/// Any operation but a transaction and a once, without a move of the clock.
Answer carry_out(KvStore& store, const Command& command, CommandRoom& room);

/// Conditions first; then each command, whatever the others gave.
Answer transaction(KvStore& store, const Command& command, CommandRoom& room);
/// Carries out the command inside unless this client's session says that it has been done.
Answer once(KvStore& store, const Command& command, CommandRoom& room);

}  // namespace kv::commands
