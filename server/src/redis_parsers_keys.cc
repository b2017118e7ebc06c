// Commands about keys: their time, their names, all of them; and our own.
#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "redis_parsers.h"

namespace kv::parsers {
namespace {

/// Redis's count of keys a call of SCAN, about.
constexpr std::int64_t kScanCount = 10;
/// A cursor behind the last key: that pass is over.
constexpr std::int64_t kPastTheEnd = std::numeric_limits<std::int64_t>::max();
/// An instant that is long past: what expires then is gone.
constexpr std::int64_t kLongPast = 1;

struct Condition {
  std::string_view word{};
  Option option{};
};

constexpr Condition kConditions[] = {
    {"nx", kIfAbsent}, {"xx", kIfPresent}, {"gt", kIfEqual}, {"lt", kIfEarlier}};

/// EXPIRE's conditions as options, or the error.
std::variant<std::uint8_t, std::string> read_conditions(const Words& words) {
  std::uint8_t options = 0;
  for (std::size_t i = 3; i < words.size(); ++i) {
    const auto* const found =
        std::find_if(std::begin(kConditions), std::end(kConditions),
                     [&](const Condition& row) { return same_word(words[i], row.word); });
    if (found == std::end(kConditions)) return "ERR Unsupported option " + std::string(words[i]);
    options |= found->option;
  }
  if ((options & kIfAbsent) != 0 && options != kIfAbsent) {
    return "ERR NX and XX, GT or LT options at the same time are not compatible";
  }
  if ((options & kIfEqual) != 0 && (options & kIfEarlier) != 0) {
    return "ERR GT and LT options at the same time are not compatible";
  }
  return options;
}

/// Empty: it names this store's one database; else the error.
std::string check_database(std::string_view word) {
  const std::optional<std::int64_t> number = to_integer(word);
  if (!number) return not_an_integer();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (*number < kLeast || *number > kMost) {
    return "ERR value is out of range, value must between " + std::to_string(kLeast) + " and " +
           std::to_string(kMost);
  }
  return *number == 0 ? "" : "ERR DB index is out of range";
}

/// Nothing: it isn't a cursor.
std::optional<std::int64_t> to_cursor(std::string_view word) {
  std::uint64_t cursor = 0;
  const char* const end = word.data() + word.size();
  const auto [rest, problem] = std::from_chars(word.data(), end, cursor);
  if (problem != std::errc{} || rest != end) return std::nullopt;
  return static_cast<std::int64_t>(
      std::min(cursor, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
}

/// Takes one of SCAN's options and its argument. Empty: it went well; else the error.
std::string take_scan_option(Command& command, std::string_view word, std::string_view argument) {
  if (same_word(word, "match")) {
    command.value = argument;
  } else if (same_word(word, "count")) {
    const std::optional<std::int64_t> count = to_integer(argument);
    if (!count) return not_an_integer();
    if (*count < 1) return syntax_error();
    command.second = *count;
  } else if (same_word(word, "type")) {
    // There are only strings: a pass over the keys of another type ends at once.
    if (!same_word(argument, "string")) command.number = kPastTheEnd;
  } else {
    return syntax_error();
  }
  return {};
}

/// The command inside KV.ONCE, or the error.
ParsedCommand read_inner(const Words& words, ParseContext& context) {
  const RedisCommand* const row = find_redis_command(words[0]);
  if (row == nullptr) return unknown_command(words);
  if (!fits(*row, words.size())) return wrong_arity(row->name);
  const bool stores = row->verb == Verb::kStore && (row->flags & kWrites) != 0;
  if (!stores || (row->flags & kWraps) != 0) {
    return "ERR KV.ONCE carries out one command that changes keys, such as SET or INCR; '" +
           std::string(row->name) + "' is none";
  }
  return row->parse(words, context);
}

}  // namespace

ParsedCommand expire_at(TimeForm form, const Words& words, const ParseContext& context) {
  auto conditions = read_conditions(words);
  if (auto* const error = std::get_if<std::string>(&conditions)) return std::move(*error);
  const std::optional<std::int64_t> number = to_integer(words[2]);
  if (!number) return not_an_integer();
  const std::optional<std::int64_t> instant = to_instant(*number, form, context.now_ms);
  if (!instant) return bad_expire_time(words[0]);
  Command command;
  command.operation = Operation::kExpire;
  command.options = std::get<std::uint8_t>(conditions);
  command.number = std::max(*instant, kLongPast);
  return on_key(std::move(command), words, context);
}

ParsedCommand copy(const Words& words, ParseContext& context) {
  Command command;
  command.operation = Operation::kCopy;
  command.value = words[2];
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (same_word(words[i], "replace")) {
      command.options |= kReplace;
    } else if (same_word(words[i], "db") && i + 1 < words.size()) {
      std::string error = check_database(words[++i]);
      if (!error.empty()) return error;
    } else {
      return syntax_error();
    }
  }
  if (words[1] == words[2]) return "ERR source and destination objects are the same";
  return on_key(std::move(command), words, context);
}

ParsedCommand scan(const Words& words, ParseContext& context) {
  const std::optional<std::int64_t> cursor = to_cursor(words[1]);
  if (!cursor) return "ERR invalid cursor";
  Command command;
  command.operation = Operation::kScan;
  command.value = "*";
  command.number = *cursor;
  command.second = kScanCount;
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return syntax_error();
    std::string error = take_scan_option(command, words[i], words[i + 1]);
    if (!error.empty()) return error;
  }
  return finished(std::move(command), context);
}

ParsedCommand matching_keys(const Words& words, ParseContext& context) {
  Command command;
  command.operation = Operation::kKeys;
  command.value = words[1];
  return finished(std::move(command), context);
}

ParsedCommand random_key(const Words& /*words*/, ParseContext& context) {
  Command command;
  command.operation = Operation::kRandomKey;
  command.number = static_cast<std::int64_t>(context.random);
  return finished(std::move(command), context);
}

ParsedCommand flush(const Words& words, ParseContext& context) {
  const bool mode =
      words.size() == 2 && (same_word(words[1], "async") || same_word(words[1], "sync"));
  if (words.size() > 1 && !mode) return syntax_error();
  return plain(Operation::kFlush, 0, context);
}

ParsedCommand once(const Words& words, ParseContext& context) {
  const std::string_view client = words[1];
  if (client.empty() || client.size() > kMaxClientNameBytes) {
    return "ERR the client's name has " + std::to_string(client.size()) + " bytes; 1 to " +
           std::to_string(kMaxClientNameBytes) + " are allowed";
  }
  const std::optional<std::int64_t> sequence = to_integer(words[2]);
  if (!sequence || *sequence < 1) {
    return "ERR the sequence number is not a positive integer; count a client's commands from 1";
  }
  ParsedCommand inner = read_inner(Words(words.begin() + 3, words.end()), context);
  if (std::holds_alternative<std::string>(inner)) return inner;
  context.bytes = encode_command(std::get<Command>(inner));
  Command command;
  command.operation = Operation::kOnce;
  command.number = *sequence;
  command.value = context.bytes;
  return on_key(std::move(command), words, context);
}

/// A SET IFEQ to something that has expired already.
ParsedCommand compare_and_delete(const Words& words, ParseContext& context) {
  Command command;
  command.operation = Operation::kSet;
  command.options = kIfEqual | kAsInteger;
  command.number = kLongPast;
  command.more.push_back(words[2]);
  return on_key(std::move(command), words, context);
}

}  // namespace kv::parsers
