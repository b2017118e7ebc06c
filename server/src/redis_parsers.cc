#include "redis_parsers.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace kv::parsers {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();

/// The size of the longest key.
std::size_t longest_key(const Command& command) {
  std::size_t longest = command.key.size();
  const auto look_at = [&longest](std::string_view key) {
    longest = std::max(longest, key.size());
  };
  switch (command.operation) {
    case Operation::kRename:
    case Operation::kCopy:
      look_at(command.value);
      break;
    case Operation::kDelete:
    case Operation::kGetMany:
    case Operation::kExists:
      for (const std::string_view key : command.more) look_at(key);
      break;
    case Operation::kSetMany:
      for (std::size_t i = 0; i < command.more.size(); i += 2) look_at(command.more[i]);
      break;
    default:
      break;
  }
  return longest;
}

}  // namespace

std::optional<std::int64_t> to_integer(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && text != "0") return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::optional<std::int64_t> to_instant(std::int64_t number, TimeForm form, std::uint64_t now_ms) {
  std::int64_t instant = number;
  if (form == TimeForm::kSeconds || form == TimeForm::kAtSeconds) {
    if (number > kLargest / 1000 || number < kSmallest / 1000) return std::nullopt;
    instant *= 1000;
  }
  if (form == TimeForm::kSeconds || form == TimeForm::kMilliseconds) {
    const auto now = static_cast<std::int64_t>(now_ms);
    if (instant > kLargest - now) return std::nullopt;
    instant += now;
  }
  return instant;
}

ParsedCommand finished(Command&& command, const ParseContext& context) {
  const std::size_t size_bytes = longest_key(command);
  if (size_bytes > kMaxKeyBytes) {
    return "ERR the key has " + std::to_string(size_bytes) + " bytes; at most " +
           std::to_string(kMaxKeyBytes) + " are allowed";
  }
  command.time_ms = context.now_ms;
  return std::move(command);
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string syntax_error() {
  return "ERR syntax error";
}

std::string not_an_integer() {
  return "ERR value is not an integer or out of range";
}

std::string bad_expire_time(std::string_view command) {
  return "ERR invalid expire time in '" + lower_case(command) + "' command";
}

ParsedCommand plain(Operation operation, std::uint8_t options, const ParseContext& context) {
  Command command;
  command.operation = operation;
  command.options = options;
  return finished(std::move(command), context);
}

ParsedCommand on_key(Command&& command, const Words& words, const ParseContext& context) {
  command.key = words[1];
  return finished(std::move(command), context);
}

ParsedCommand on_keys(Operation operation, const Words& words, const ParseContext& context) {
  Command command;
  command.operation = operation;
  command.more.assign(words.begin() + 2, words.end());
  return on_key(std::move(command), words, context);
}

}  // namespace kv::parsers
