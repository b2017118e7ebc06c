#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redis_commands.h"

namespace kv::parsers {

/// How a command's words say when a key expires.
enum class TimeForm : std::uint8_t {
  kSeconds,         ///< from now on
  kMilliseconds,    ///< from now on
  kAtSeconds,       ///< since 1970
  kAtMilliseconds,  ///< since 1970
};

inline constexpr std::size_t kMaxKeyBytes = 64 << 10;
inline constexpr std::size_t kMaxClientNameBytes = 256;  ///< KV.ONCE's: each is kept in the store

// --- what parsers are made of ---

/// As Redis takes integers: no plus sign, no space, no zeros in front.
std::optional<std::int64_t> to_integer(std::string_view text);
/// Milliseconds since 1970. Nothing: beyond what 64 bits hold.
std::optional<std::int64_t> to_instant(std::int64_t number, TimeForm form, std::uint64_t now_ms);
/// What each parser ends with: the command with its time, unless a key is too long.
ParsedCommand finished(Command&& command, const ParseContext& context);
/// The command's name in its errors, as in the table.
std::string lower_case(std::string_view word);

std::string syntax_error();
std::string not_an_integer();
std::string bad_expire_time(std::string_view command);

// --- commands alike but for the operation ---

ParsedCommand plain(Operation operation, std::uint8_t options, const ParseContext& context);
ParsedCommand on_key(Command&& command, const Words& words, const ParseContext& context);
ParsedCommand on_keys(Operation operation, const Words& words, const ParseContext& context);

/// NAME
template <Operation kOperation>
ParsedCommand alone(const Words& /*words*/, ParseContext& context) {
  return plain(kOperation, 0, context);
}

/// NAME key
template <Operation kOperation, std::uint8_t kOptions = 0, std::int64_t kNumber = 0>
ParsedCommand key_only(const Words& words, ParseContext& context) {
  Command command;
  command.operation = kOperation;
  command.options = kOptions;
  command.number = kNumber;
  return on_key(std::move(command), words, context);
}

/// NAME key [key ...]
template <Operation kOperation>
ParsedCommand keys(const Words& words, ParseContext& context) {
  return on_keys(kOperation, words, context);
}

/// NAME key value
template <Operation kOperation, std::uint8_t kOptions = 0>
ParsedCommand key_and_value(const Words& words, ParseContext& context) {
  Command command;
  command.operation = kOperation;
  command.options = kOptions;
  command.value = words[2];
  return on_key(std::move(command), words, context);
}

// --- strings ---

ParsedCommand set(const Words& words, ParseContext& context);
ParsedCommand set_until(TimeForm form, const Words& words, const ParseContext& context);
ParsedCommand get_and_expire(const Words& words, ParseContext& context);
ParsedCommand get_range(const Words& words, ParseContext& context);
ParsedCommand set_range(const Words& words, ParseContext& context);
ParsedCommand increase(const Words& words, ParseContext& context);
ParsedCommand decrease(const Words& words, ParseContext& context);
ParsedCommand set_many(const Words& words, ParseContext& context);
ParsedCommand set_many_if_absent(const Words& words, ParseContext& context);

/// NAME key time value
template <TimeForm kForm>
ParsedCommand set_with_time(const Words& words, ParseContext& context) {
  return set_until(kForm, words, context);
}

// --- keys ---

ParsedCommand expire_at(TimeForm form, const Words& words, const ParseContext& context);
ParsedCommand copy(const Words& words, ParseContext& context);
ParsedCommand scan(const Words& words, ParseContext& context);
ParsedCommand matching_keys(const Words& words, ParseContext& context);
ParsedCommand random_key(const Words& words, ParseContext& context);
ParsedCommand flush(const Words& words, ParseContext& context);

/// NAME key time [NX | XX | GT | LT]
template <TimeForm kForm>
ParsedCommand expire(const Words& words, ParseContext& context) {
  return expire_at(kForm, words, context);
}

// --- our own ---

/// KV.ONCE client sequence command [argument ...]
ParsedCommand once(const Words& words, ParseContext& context);
/// KV.CAD key value
ParsedCommand compare_and_delete(const Words& words, ParseContext& context);

}  // namespace kv::parsers
