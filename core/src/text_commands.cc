#include "text_commands.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <variant>

#include "decimal.h"

namespace kv::commands {
namespace {

Answer syntax_error() {
  return Answer::error("ERR syntax error");
}

Answer too_long() {
  return Answer::error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
}

/// As Redis takes integers: no plus sign, no space, no zeros in front.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || std::to_string(number) != text) return std::nullopt;
  return number;
}

/// Stores the value, or forgets the key if that time has come.
void store_until(KvStore& store, std::string_view key, std::string_view value,
                 std::int64_t expires_ms) {
  if (expires_ms != 0 &&
      (expires_ms < 0 || static_cast<std::uint64_t>(expires_ms) <= store.clock_ms())) {
    store.erase(key);
  } else {
    store.set(key, value, static_cast<std::uint64_t>(expires_ms));
  }
}

bool may_set(const Command& command, const std::optional<StoredValue>& old) {
  if ((command.options & kIfAbsent) != 0 && old) return false;
  if ((command.options & kIfPresent) != 0 && !old) return false;
  if ((command.options & kIfEqual) == 0) return true;
  return old && old->value == command.more.front();
}

/// A set with conditions, or whose answer or expiry depends on what was there.
Answer set_with_options(KvStore& store, const Command& command, CommandRoom& room) {
  const std::uint8_t options = command.options;
  const bool both = (options & kIfAbsent) != 0 && (options & kIfPresent) != 0;
  const bool no_text = (options & kIfEqual) != 0 && command.more.empty();
  const bool two_expiries = (options & kKeepExpiry) != 0 && command.number != 0;
  if (both || no_text || two_expiries) return syntax_error();
  const std::optional<StoredValue> old = store.find(command.key);
  const bool sets = may_set(command, old);
  Answer answer = sets ? Answer::ok() : Answer::nil();
  if ((options & kAsInteger) != 0) answer = Answer::of(std::int64_t{sets ? 1 : 0});
  if ((options & kReturnOld) != 0) {
    answer = text_answer(old ? std::optional(old->value) : std::nullopt, room);
    if (answer.is_error()) return answer;
  }
  if (!sets) return answer;
  if ((options & kKeepExpiry) != 0) {
    store.set(command.key, command.value, old ? old->expires_ms : 0);
  } else {
    store_until(store, command.key, command.value, command.number);
  }
  return answer;
}

/// The decimal number in a value or an argument, or the error.
std::variant<Decimal, Answer> parse_float(std::string_view text) {
  const std::optional<Decimal> number = Decimal::parse(text);
  if (number) return *number;
  // Redis takes an infinity as a number, and then doesn't like the sum.
  if (is_infinity(text)) return Answer::error("ERR increment would produce NaN or Infinity");
  return Answer::error("ERR value is not a valid float");
}

}  // namespace

Answer set(KvStore& store, const Command& command, CommandRoom& room) {
  if (command.value.size() > KvStore::kMaxValueBytes) return too_long();
  if (command.options != 0) return set_with_options(store, command, room);
  store_until(store, command.key, command.value, command.number);
  return Answer::ok();
}

Answer set_many(KvStore& store, const Command& command) {
  if (command.more.size() % 2 != 0) {
    return Answer::error("ERR wrong number of arguments for 'mset' command");
  }
  const bool if_absent = (command.options & kIfAbsent) != 0;
  bool any_there = if_absent && store.find(command.key);
  if (command.value.size() > KvStore::kMaxValueBytes) return too_long();
  for (std::size_t i = 0; i < command.more.size(); i += 2) {
    if (command.more[i + 1].size() > KvStore::kMaxValueBytes) return too_long();
    any_there = any_there || (if_absent && store.find(command.more[i]));
  }
  if (any_there) return Answer::of(std::int64_t{0});
  store.set(command.key, command.value);
  for (std::size_t i = 0; i < command.more.size(); i += 2) {
    store.set(command.more[i], command.more[i + 1]);
  }
  return if_absent ? Answer::of(std::int64_t{1}) : Answer::ok();
}

Answer take_out(KvStore& store, const Command& command, CommandRoom& room) {
  Answer answer = text_answer(store.get(command.key), room);
  if (!answer.is_error()) store.erase(command.key);
  return answer;
}

Answer add(KvStore& store, const Command& command) {
  const std::optional<StoredValue> old = store.find(command.key);
  const std::optional<std::int64_t> number = old ? parse_integer(old->value) : 0;
  if (!number) return Answer::error("ERR value is not an integer or out of range");
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*number, command.number, &sum)) {
    return Answer::error("ERR increment or decrement would overflow");
  }
  store.set(command.key, std::to_string(sum), old ? old->expires_ms : 0);
  return Answer::of(sum);
}

Answer add_float(KvStore& store, const Command& command, CommandRoom& room) {
  const std::optional<StoredValue> old = store.find(command.key);
  const std::variant<Decimal, Answer> number = parse_float(old ? old->value : "0");
  const std::variant<Decimal, Answer> added = parse_float(command.value);
  // That something is no number is said before that it is infinite.
  for (const auto* parsed : {&number, &added}) {
    const Answer* error = std::get_if<Answer>(parsed);
    if (error != nullptr && error->text == "ERR value is not a valid float") return *error;
  }
  for (const auto* parsed : {&number, &added}) {
    if (const Answer* error = std::get_if<Answer>(parsed)) return *error;
  }
  const std::optional<Decimal> sum =
      Decimal::sum(std::get<Decimal>(number), std::get<Decimal>(added));
  if (!sum) return Answer::error("ERR increment would produce NaN or Infinity");
  const std::string text = sum->text();
  Answer answer = text_answer(std::string_view(text), room);
  if (!answer.is_error()) store.set(command.key, text, old ? old->expires_ms : 0);
  return answer;
}

Answer append(KvStore& store, const Command& command) {
  const std::optional<StoredValue> old = store.find(command.key);
  const std::size_t old_size = old ? old->value.size() : 0;
  if (old_size + command.value.size() > kMaxValueBytes) return too_long();
  std::string joined;
  joined.reserve(old_size + command.value.size());
  if (old) joined.append(old->value);
  joined.append(command.value);
  store.set(command.key, joined, old ? old->expires_ms : 0);
  return Answer::of(static_cast<std::int64_t>(joined.size()));
}

Answer set_range(KvStore& store, const Command& command) {
  if (command.number < 0) return Answer::error("ERR offset is out of range");
  const std::optional<StoredValue> old = store.find(command.key);
  const std::size_t old_size = old ? old->value.size() : 0;
  if (command.value.empty()) return Answer::of(static_cast<std::int64_t>(old_size));
  const auto offset = static_cast<std::uint64_t>(command.number);
  if (command.value.size() > kMaxValueBytes || offset > kMaxValueBytes - command.value.size()) {
    return too_long();
  }
  std::string changed(old ? old->value : std::string_view());
  changed.resize(std::max<std::size_t>(old_size, offset + command.value.size()), '\0');
  changed.replace(offset, command.value.size(), command.value);
  store.set(command.key, changed, old ? old->expires_ms : 0);
  return Answer::of(static_cast<std::int64_t>(changed.size()));
}

Answer get_many(const KvStore& store, const Command& command, CommandRoom& room) {
  const auto size_of = [&store](std::string_view key) {
    return store.get(key).value_or(std::string_view()).size() + kItemBytes;
  };
  std::size_t size_bytes = size_of(command.key);
  for (const std::string_view key : command.more) size_bytes += size_of(key);
  if (!room.take(size_bytes)) return reply_too_large();
  std::vector<Answer> items;
  items.reserve(1 + command.more.size());
  items.push_back(Answer::of(store.get(command.key)));
  for (const std::string_view key : command.more) items.push_back(Answer::of(store.get(key)));
  return Answer::list(std::move(items));
}

Answer length(const KvStore& store, const Command& command) {
  return Answer::of(
      static_cast<std::int64_t>(store.get(command.key).value_or(std::string_view()).size()));
}

Answer get_range(const KvStore& store, const Command& command, CommandRoom& room) {
  const std::string_view value = store.get(command.key).value_or(std::string_view());
  const auto size = static_cast<std::int64_t>(value.size());
  if (command.number < 0 && command.second < 0 && command.number > command.second) {
    return Answer::of(std::string_view());
  }
  const auto from_front = [size](std::int64_t place) {
    return std::max<std::int64_t>(place < 0 ? size + place : place, 0);
  };
  const std::int64_t first = from_front(command.number);
  const std::int64_t last = std::min(from_front(command.second), size - 1);
  if (first > last) return Answer::of(std::string_view());
  return text_answer(
      value.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first) + 1),
      room);
}

}  // namespace kv::commands
