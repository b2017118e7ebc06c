#include "netsim/command_words.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

constexpr std::size_t kLongestKey = 40;
constexpr std::size_t kLongestValue = 60;
constexpr std::size_t kMostItems = 4;

/// What stands behind the word: k(ey), v(alue), n(umber), s(econd), m(ore).
struct Pattern {
  Operation operation{};
  std::string_view arguments{};
};
constexpr auto kPatterns = std::to_array<Pattern>({
    {Operation::kSet, "kv"},        {Operation::kDelete, "km"},      {Operation::kTakeOut, "k"},
    {Operation::kAdd, "kn"},        {Operation::kAddFloat, "kv"},    {Operation::kAppend, "kv"},
    {Operation::kSetRange, "knv"},  {Operation::kSetMany, "kvm"},    {Operation::kExpire, "kn"},
    {Operation::kPersist, "k"},     {Operation::kGetAndExpire, "k"}, {Operation::kRename, "kv"},
    {Operation::kCopy, "kv"},       {Operation::kOnce, "kn"},        {Operation::kGet, "k"},
    {Operation::kGetMany, "km"},    {Operation::kLength, "k"},       {Operation::kGetRange, "kns"},
    {Operation::kExists, "km"},     {Operation::kType, "k"},         {Operation::kExpiry, "k"},
    {Operation::kScan, "n"},        {Operation::kKeys, "v"},         {Operation::kMemory, "k"},
    {Operation::kFingerprint, "k"}, {Operation::kEcho, "v"},
});

/// The word behind the arguments for an option.
struct OptionWord {
  Operation operation{};
  std::uint8_t option{0};
  std::string_view word{};
};
constexpr auto kOptionWords = std::to_array<OptionWord>({
    {Operation::kSet, kIfAbsent, "NX"},
    {Operation::kSet, kIfPresent, "XX"},
    {Operation::kSet, kIfEqual, "IFEQ"},
    {Operation::kSet, kReturnOld, "GET"},
    {Operation::kSet, kKeepExpiry, "KEEPTTL"},
    {Operation::kSetMany, kIfAbsent, "NX"},
    {Operation::kExpire, kIfAbsent, "NX"},
    {Operation::kExpire, kIfPresent, "XX"},
    {Operation::kExpire, kIfEqual, "GT"},
    {Operation::kExpire, kIfEarlier, "LT"},
    {Operation::kRename, kIfAbsent, "NX"},
    {Operation::kCopy, kReplace, "REPLACE"},
});

std::string shown(std::string_view bytes, std::size_t longest) {
  return bytes.empty() ? "\"\"" : one_line(bytes, longest);
}

std::string items_of(const Command& command) {
  std::string text;
  for (std::size_t i = 0; i < command.more.size(); ++i) {
    if (i == kMostItems) {
      return text + " and " + std::to_string(command.more.size() - i) + " more";
    }
    text += " " + shown(command.more[i], kLongestKey);
  }
  return text;
}

std::string argument(const Command& command, char which) {
  switch (which) {
    case 'k':
      return " " + shown(command.key, kLongestKey);
    case 'v':
      return " " + shown(command.value, kLongestValue);
    case 'n':
      return " " + std::to_string(command.number);
    case 's':
      return " " + std::to_string(command.second);
    default:
      return items_of(command);
  }
}

std::string options_of(const Command& command) {
  std::string text;
  for (const OptionWord& option : kOptionWords) {
    if (option.operation != command.operation || (command.options & option.option) == 0) continue;
    text += " " + std::string(option.word);
    if (option.word == "IFEQ") text += items_of(command);
  }
  const bool expires =
      command.operation == Operation::kSet || command.operation == Operation::kGetAndExpire;
  if (expires && command.number != 0) text += " PXAT " + std::to_string(command.number);
  return text;
}

std::string transaction_words(const Command& command) {
  const std::uint64_t conditions = static_cast<std::uint64_t>(command.number);
  const std::uint64_t count =
      command.more.size() - std::min<std::uint64_t>(conditions, command.more.size());
  return " of " + std::to_string(count) + (count == 1 ? " command" : " commands");
}

}  // namespace

std::string in_words(const Command& command) {
  std::string text(to_string(command.operation));
  for (const Pattern& pattern : kPatterns) {
    if (pattern.operation != command.operation) continue;
    for (const char which : pattern.arguments) text += argument(command, which);
  }
  text += options_of(command);
  if (command.operation == Operation::kTransaction) text += transaction_words(command);
  if (command.operation == Operation::kOnce) {
    // It holds no other one of its kind.
    if (const Result<Command> once = decode_command(command.value)) text += " " + in_words(*once);
  }
  return text;
}

}  // namespace kv::sim
