#include "core/command.h"

#include <array>

#include "core/bytes.h"
#include "core/check.h"

namespace kv {
namespace {

struct Row {
  std::string_view word{};
  Operation operation{};
  bool writes{false};
};

constexpr Row kRows[] = {
    {"SET", Operation::kSet, true},
    {"DEL", Operation::kDelete, true},
    {"GETDEL", Operation::kTakeOut, true},
    {"INCRBY", Operation::kAdd, true},
    {"INCRBYFLOAT", Operation::kAddFloat, true},
    {"APPEND", Operation::kAppend, true},
    {"SETRANGE", Operation::kSetRange, true},
    {"MSET", Operation::kSetMany, true},
    {"PEXPIREAT", Operation::kExpire, true},
    {"PERSIST", Operation::kPersist, true},
    {"GETEX", Operation::kGetAndExpire, true},
    {"RENAME", Operation::kRename, true},
    {"COPY", Operation::kCopy, true},
    {"FLUSHALL", Operation::kFlush, true},
    {"CLOCK", Operation::kAdvanceClock, true},
    {"MULTI", Operation::kTransaction, true},
    {"KV.ONCE", Operation::kOnce, true},
    {"GET", Operation::kGet, false},
    {"MGET", Operation::kGetMany, false},
    {"STRLEN", Operation::kLength, false},
    {"GETRANGE", Operation::kGetRange, false},
    {"EXISTS", Operation::kExists, false},
    {"TYPE", Operation::kType, false},
    {"TTL", Operation::kExpiry, false},
    {"SCAN", Operation::kScan, false},
    {"KEYS", Operation::kKeys, false},
    {"RANDOMKEY", Operation::kRandomKey, false},
    {"DBSIZE", Operation::kSize, false},
    {"MEMORY", Operation::kMemory, false},
    {"FINGERPRINT", Operation::kFingerprint, false},
    {"ECHO", Operation::kEcho, false},
};

/// Where an operation's row is, by its number: decoding looks here for each command.
constexpr std::uint8_t kNoRow = UINT8_MAX;
constexpr std::array<std::uint8_t, 256> kRowOf = [] {
  std::array<std::uint8_t, 256> places{};
  for (std::uint8_t& place : places) place = kNoRow;
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    places[static_cast<std::uint8_t>(kRows[i].operation)] = static_cast<std::uint8_t>(i);
  }
  return places;
}();

const Row* row_of(Operation operation) {
  const std::uint8_t row = kRowOf[static_cast<std::uint8_t>(operation)];
  return row == kNoRow ? nullptr : &kRows[row];
}

enum Part : std::uint8_t { kNumbers = 1, kMore = 2 };

constexpr std::size_t kFrontBytes = 1 + 1 + 1 + 8;

std::size_t encoded_bytes(const Command& command, std::uint8_t parts) {
  std::size_t sum = kFrontBytes + 4 + command.key.size() + command.value.size();
  if ((parts & kNumbers) != 0) sum += 2 * sizeof(std::uint64_t);
  if ((parts & kMore) == 0) return sum;
  sum += 2 * sizeof(std::uint32_t);
  for (const std::string_view item : command.more) sum += sizeof(std::uint32_t) + item.size();
  return sum;
}

Error bad_command(const std::string& what) {
  return Error{
      "log entry's command: " + what +
      ". It was written by another version of the program or is damaged; run the same version "
      "on all nodes"};
}

/// What a command is found in, which decides what it may be.
enum class Within : std::uint8_t { kEntry, kTransaction, kOnce };

bool may_be(Operation operation, Within within) {
  if (within == Within::kEntry) return true;
  if (operation == Operation::kTransaction || operation == Operation::kOnce) return false;
  return within == Within::kTransaction || writes(operation);
}

Result<Command> decode(std::string_view payload, Within within);

/// Nothing, or what is wrong with the commands inside this one.
Outcome check_nested(const Command& command) {
  if (command.operation == Operation::kOnce) {
    const Result<Command> once = decode(command.value, Within::kOnce);
    if (!once) return once.error();
  }
  if (command.operation == Operation::kTransaction) {
    for (const std::string_view item : command.more) {
      const Result<Command> inner = decode(item, Within::kTransaction);
      if (!inner) return inner.error();
    }
  }
  return success();
}

/// What stands before the key, the key included; what is wrong with it the caller finds out.
std::uint8_t decode_front(Decoder& in, Command& command) {
  command.operation = static_cast<Operation>(in.u8());
  command.options = in.u8();
  const std::uint8_t parts = in.u8();
  command.time_ms = in.u64();
  if ((parts & kNumbers) != 0) {
    command.number = static_cast<std::int64_t>(in.u64());
    command.second = static_cast<std::int64_t>(in.u64());
  }
  command.key = in.text();
  return parts;
}

/// Value, count and items, in a command that has more than a value.
Outcome decode_more(Decoder& in, Command& command) {
  command.value = in.text();
  const std::uint32_t count = in.u32();
  // Each item takes four bytes at least: a count from outside asks for no more memory than it sent.
  if (count == 0 || count > in.remaining() / sizeof(std::uint32_t)) {
    return bad_command("it can't have " + std::to_string(count) + " items");
  }
  command.more.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) command.more.push_back(in.text());
  if (in.complete()) return success();
  return bad_command("its " + std::to_string(count) + " items don't fill it");
}

Result<Command> decode(std::string_view payload, Within within) {
  Decoder in(payload);
  Command command;
  const std::uint8_t parts = decode_front(in, command);
  if (!in.ok()) {
    return bad_command("its " + std::to_string(payload.size()) + " bytes end within the key");
  }
  const auto number = static_cast<std::uint8_t>(command.operation);
  if (row_of(command.operation) == nullptr) {
    return bad_command("unknown operation " + std::to_string(number));
  }
  if (!may_be(command.operation, within)) {
    return bad_command("operation " + std::to_string(number) + " can't be inside another one");
  }
  const bool no_numbers = command.number == 0 && command.second == 0;
  if (parts > (kNumbers | kMore) || ((parts & kNumbers) != 0 && no_numbers)) {
    return bad_command("its parts are not " + std::to_string(parts));
  }
  if ((parts & kMore) != 0) {
    const Outcome more = decode_more(in, command);
    if (!more) return more.error();
  } else {
    command.value = in.raw(in.remaining());
  }
  const Outcome nested = check_nested(command);
  if (!nested) return nested.error();
  return command;
}

}  // namespace

Command set_command(std::string_view key, std::string_view value) {
  Command command;
  command.operation = Operation::kSet;
  command.key = key;
  command.value = value;
  return command;
}

Command delete_command(std::string_view key) {
  Command command;
  command.operation = Operation::kDelete;
  command.key = key;
  return command;
}

Command get_command(std::string_view key) {
  Command command;
  command.operation = Operation::kGet;
  command.key = key;
  return command;
}

bool writes(Operation operation) {
  const Row* row = row_of(operation);
  return row != nullptr && row->writes;
}

std::string_view to_string(Operation operation) {
  const Row* row = row_of(operation);
  return row == nullptr ? std::string_view("UNKNOWN") : row->word;
}

std::string encode_command(const Command& command) {
  std::uint8_t parts = 0;
  if (command.number != 0 || command.second != 0) parts |= kNumbers;
  if (!command.more.empty()) parts |= kMore;
  const std::size_t size_bytes = encoded_bytes(command, parts);
  CHECK(size_bytes <= UINT32_MAX);
  std::string out;
  out.reserve(size_bytes);
  Encoder encoder(out);
  encoder.u8(static_cast<std::uint8_t>(command.operation));
  encoder.u8(command.options);
  encoder.u8(parts);
  encoder.u64(command.time_ms);
  if ((parts & kNumbers) != 0) {
    encoder.u64(static_cast<std::uint64_t>(command.number));
    encoder.u64(static_cast<std::uint64_t>(command.second));
  }
  encoder.text(command.key);
  if ((parts & kMore) == 0) {
    encoder.raw(command.value);
    return out;
  }
  encoder.text(command.value);
  encoder.u32(static_cast<std::uint32_t>(command.more.size()));
  for (const std::string_view item : command.more) encoder.text(item);
  return out;
}

std::string_view key_of(std::string_view encoded_command) {
  Decoder in(encoded_command);
  Command command;
  decode_front(in, command);
  return command.key;
}

Result<Command> decode_command(std::string_view payload) {
  return decode(payload, Within::kEntry);
}

}  // namespace kv
