// SET and the other commands of the group "string".
#include <limits>
#include <utility>

#include "redis_parsers.h"

namespace kv::parsers {
namespace {

/// The words behind SET's key and value and GETEX's key, in any order. As bits: which were there.
enum OptionBit : unsigned {
  kNx = 1,
  kXx = 2,
  kGetWord = 4,
  kKeepTtl = 8,
  kPersistWord = 16,
  kEx = 32,
  kPx = 64,
  kExAt = 128,
  kPxAt = 256,
  kIfEq = 512,
};

constexpr unsigned kTimes = kEx | kPx | kExAt | kPxAt;
constexpr unsigned kOfSet = kNx | kXx | kGetWord | kKeepTtl | kTimes | kIfEq;
constexpr unsigned kOfGetEx = kPersistWord | kTimes;

struct OptionRow {
  std::string_view word{};
  unsigned bit{0};
  unsigned conflicts{0};  ///< with these, seen before it
  bool has_argument{false};
};

/// A word said twice is taken, as by Redis: the last argument counts.
constexpr OptionRow kOptions[] = {
    {"nx", kNx, kXx | kIfEq},
    {"xx", kXx, kNx | kIfEq},
    {"get", kGetWord, 0},
    {"keepttl", kKeepTtl, kTimes},
    {"persist", kPersistWord, kTimes},
    {"ex", kEx, kKeepTtl | kPersistWord | (kTimes & ~kEx), true},
    {"px", kPx, kKeepTtl | kPersistWord | (kTimes & ~kPx), true},
    {"exat", kExAt, kKeepTtl | kPersistWord | (kTimes & ~kExAt), true},
    {"pxat", kPxAt, kKeepTtl | kPersistWord | (kTimes & ~kPxAt), true},
    {"ifeq", kIfEq, kNx | kXx | kIfEq, true},
};

struct SetOptions {
  unsigned seen{0};
  std::string_view time{};
  std::string_view equal_to{};
};

/// Nothing: a syntax error.
std::optional<SetOptions> read_options(const Words& words, std::size_t first, unsigned allowed) {
  SetOptions options;
  for (std::size_t i = first; i < words.size(); ++i) {
    const OptionRow* found = nullptr;
    for (const OptionRow& row : kOptions) {
      if (same_word(words[i], row.word)) found = &row;
    }
    if (found == nullptr || (found->bit & allowed) == 0) return std::nullopt;
    if ((found->conflicts & options.seen) != 0) return std::nullopt;
    options.seen |= found->bit;
    if (!found->has_argument) continue;
    if (++i == words.size()) return std::nullopt;
    (found->bit == kIfEq ? options.equal_to : options.time) = words[i];
  }
  return options;
}

TimeForm form_of(unsigned seen) {
  if ((seen & kEx) != 0) return TimeForm::kSeconds;
  if ((seen & kPx) != 0) return TimeForm::kMilliseconds;
  return (seen & kExAt) != 0 ? TimeForm::kAtSeconds : TimeForm::kAtMilliseconds;
}

/// When the key expires, or the error.
std::variant<std::int64_t, std::string> read_expiry(std::string_view text, TimeForm form,
                                                    std::string_view command,
                                                    const ParseContext& context) {
  const std::optional<std::int64_t> number = to_integer(text);
  if (!number) return not_an_integer();
  const std::optional<std::int64_t> instant = to_instant(*number, form, context.now_ms);
  if (*number <= 0 || !instant) return bad_expire_time(command);
  return *instant;
}

/// Adds the expiry that the options name, if any. Empty: it went well; else the error.
std::string take_expiry(Command& command, const SetOptions& options, std::string_view name,
                        const ParseContext& context) {
  if ((options.seen & kTimes) == 0) return {};
  auto expiry = read_expiry(options.time, form_of(options.seen), name, context);
  if (auto* const error = std::get_if<std::string>(&expiry)) return std::move(*error);
  command.number = std::get<std::int64_t>(expiry);
  return {};
}

ParsedCommand read_pairs(std::uint8_t options, const Words& words, const ParseContext& context) {
  if (words.size() % 2 == 0) return wrong_arity(lower_case(words[0]));
  Command command;
  command.operation = Operation::kSetMany;
  command.options = options;
  command.value = words[2];
  command.more.assign(words.begin() + 3, words.end());
  return on_key(std::move(command), words, context);
}

ParsedCommand add(std::int64_t number, const Words& words, const ParseContext& context) {
  Command command;
  command.operation = Operation::kAdd;
  command.number = number;
  return on_key(std::move(command), words, context);
}

}  // namespace

ParsedCommand set(const Words& words, ParseContext& context) {
  Command command;
  command.operation = Operation::kSet;
  command.value = words[2];
  if (words.size() == 3) return on_key(std::move(command), words, context);

  const std::optional<SetOptions> options = read_options(words, 3, kOfSet);
  if (!options) return syntax_error();
  std::string error = take_expiry(command, *options, words[0], context);
  if (!error.empty()) return error;
  constexpr std::pair<unsigned, Option> kMeanings[] = {{kNx, kIfAbsent},
                                                       {kXx, kIfPresent},
                                                       {kIfEq, kIfEqual},
                                                       {kGetWord, kReturnOld},
                                                       {kKeepTtl, kKeepExpiry}};
  for (const auto& [bit, option] : kMeanings) {
    if ((options->seen & bit) != 0) command.options |= option;
  }
  if ((options->seen & kIfEq) != 0) command.more.push_back(options->equal_to);
  return on_key(std::move(command), words, context);
}

ParsedCommand set_until(TimeForm form, const Words& words, const ParseContext& context) {
  auto expiry = read_expiry(words[2], form, words[0], context);
  if (auto* const error = std::get_if<std::string>(&expiry)) return std::move(*error);
  Command command;
  command.operation = Operation::kSet;
  command.number = std::get<std::int64_t>(expiry);
  command.value = words[3];
  return on_key(std::move(command), words, context);
}

ParsedCommand get_and_expire(const Words& words, ParseContext& context) {
  const std::optional<SetOptions> options = read_options(words, 2, kOfGetEx);
  if (!options) return syntax_error();
  Command command;
  command.operation = Operation::kGetAndExpire;
  if (options->seen == 0) command.options = kKeepExpiry;
  std::string error = take_expiry(command, *options, words[0], context);
  if (!error.empty()) return error;
  return on_key(std::move(command), words, context);
}

ParsedCommand get_range(const Words& words, ParseContext& context) {
  const std::optional<std::int64_t> first = to_integer(words[2]);
  const std::optional<std::int64_t> last = to_integer(words[3]);
  if (!first || !last) return not_an_integer();
  Command command;
  command.operation = Operation::kGetRange;
  command.number = *first;
  command.second = *last;
  return on_key(std::move(command), words, context);
}

ParsedCommand set_range(const Words& words, ParseContext& context) {
  const std::optional<std::int64_t> offset = to_integer(words[2]);
  if (!offset) return not_an_integer();
  if (*offset < 0) return "ERR offset is out of range";
  Command command;
  command.operation = Operation::kSetRange;
  command.number = *offset;
  command.value = words[3];
  return on_key(std::move(command), words, context);
}

ParsedCommand increase(const Words& words, ParseContext& context) {
  const std::optional<std::int64_t> number = to_integer(words[2]);
  if (!number) return not_an_integer();
  return add(*number, words, context);
}

ParsedCommand decrease(const Words& words, ParseContext& context) {
  const std::optional<std::int64_t> number = to_integer(words[2]);
  if (!number) return not_an_integer();
  if (*number == std::numeric_limits<std::int64_t>::min()) return "ERR decrement would overflow";
  return add(-*number, words, context);
}

ParsedCommand set_many(const Words& words, ParseContext& context) {
  return read_pairs(0, words, context);
}

ParsedCommand set_many_if_absent(const Words& words, ParseContext& context) {
  return read_pairs(kIfAbsent | kAsInteger, words, context);
}

}  // namespace kv::parsers
