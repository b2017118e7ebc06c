#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"

namespace kv {

/// Stores `value` under `key`. Views into the caller's bytes.
struct SetCommand {
  std::string_view key{};
  std::string_view value{};
};
struct DeleteCommand {
  std::string_view key{};
};

/// What the state machine can be asked to do; the payload of a log entry.
using Command = std::variant<SetCommand, DeleteCommand>;

/// Layout: u8 operation, u32 key size, key, value. See docs/formats.md.
std::string encode_command(const Command& command);
/// The views point into `payload`.
Result<Command> decode_command(std::string_view payload);

/// What a command did. `existed`: the key was there before.
struct CommandResult {
  bool existed{false};
};

}  // namespace kv
