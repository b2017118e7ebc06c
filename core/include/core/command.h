#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kv {

/// What the state machine can be asked. The numbers are part of the log's format: never changed,
/// only added. What the fields of a Command mean for each is said in docs/formats.md and beside
/// each one here: (key, value, number, second, more).
enum class Operation : std::uint8_t {
  // --- writes ---
  kSet = 1,            ///< key, value; number: when it expires (0: never); more[0]: kIfEqual's text
  kDelete = 2,         ///< key and more: keys. Integer: how many there were
  kTakeOut = 3,        ///< key. Text or nil, and the key is gone (GETDEL)
  kAdd = 4,            ///< key, number: what to add. Integer
  kAddFloat = 5,       ///< key, value: what to add, in decimal. Text
  kAppend = 6,         ///< key, value. Integer: the length then
  kSetRange = 7,       ///< key, value, number: the offset. Integer: the length then
  kSetMany = 8,        ///< key, value, more: key, value, …; kIfAbsent: all or none. Ok or Integer
  kExpire = 9,         ///< key, number: when. Integer 1 or 0
  kPersist = 10,       ///< key. Integer 1 or 0
  kGetAndExpire = 11,  ///< key, number: when (0: never). Text or nil (GETEX)
  kRename = 12,        ///< key, value: the new key. Ok, or Integer with kIfAbsent
  kCopy = 13,          ///< key, value: the other key; kReplace. Integer 1 or 0
  kFlush = 14,         ///< no key. Ok
  kAdvanceClock = 15,  ///< no key: only its time counts. Ok
  /// more: encoded commands, done in this order. The first `number` of them are conditions:
  /// kFingerprint reads with what they must give as their numbers. List without the conditions, or
  /// NilList, and nothing done, when one gives something else.
  kTransaction = 16,
  kOnce = 17,  ///< key: the client's name; number: its sequence; value: one encoded write

  // --- reads ---
  kGet = 64,          ///< key. Text or nil
  kGetMany = 65,      ///< key and more: keys. List
  kLength = 66,       ///< key. Integer
  kGetRange = 67,     ///< key, number: first, second: last byte, negative from the end. Text
  kExists = 68,       ///< key and more: keys. Integer
  kType = 69,         ///< key. Word
  kExpiry = 70,       ///< key; kInSeconds, kRemaining. Integer (TTL, EXPIRETIME …), -1, -2
  kScan = 71,         ///< value: pattern, number: cursor, second: count. List (Text, List)
  kKeys = 72,         ///< value: pattern. List
  kRandomKey = 73,    ///< number: any. Text or nil
  kSize = 74,         ///< Integer: number of keys
  kMemory = 75,       ///< key. Integer: bytes, or nil
  kFingerprint = 76,  ///< key. Integer: changes when the key's value or expiry does; 0: no key
  kEcho = 77,         ///< value. Text, or Word with kAsWord: what needs no state, in a transaction
};

/// Bits of Command::options; each has a meaning for some operations only.
enum Option : std::uint8_t {
  kIfAbsent = 1,     ///< Set, SetMany, Rename, Expire (NX: has no expiry)
  kIfPresent = 2,    ///< Set, Expire (XX: has an expiry)
  kIfEqual = 4,      ///< Set; Expire: GT, only if later
  kIfEarlier = 8,    ///< Expire: LT
  kReturnOld = 8,    ///< Set: Text or nil instead of Ok
  kKeepExpiry = 16,  ///< Set; GetAndExpire: leave it alone
  kAsInteger = 32,   ///< Set: Integer 1 or 0 instead of Ok or nil
  kReplace = 1,      ///< Copy
  kInSeconds = 1,    ///< Expiry: not milliseconds
  kRemaining = 2,    ///< Expiry: from now on (the store's clock or time_ms, the later one)
  kAsWord = 1,       ///< Echo
  kAsError = 2,      ///< Echo: what couldn't be parsed, in its place in a transaction
};

/// Times are milliseconds since 1970 (UTC). Views into the caller's bytes.
struct Command {
  Operation operation{};
  std::uint8_t options{0};
  /// The primary's wall clock when the command came. A write moves the store's clock up to it; a
  /// read waits until the clock is as late, if that decides about its key.
  std::uint64_t time_ms{0};
  std::int64_t number{0};
  std::int64_t second{0};
  std::string_view key{};
  std::string_view value{};
  std::vector<std::string_view> more{};
};

Command set_command(std::string_view key, std::string_view value);
Command delete_command(std::string_view key);
Command get_command(std::string_view key);

bool writes(Operation operation);
/// "SET", "DEL" …: the word for it in traces and on screen.
std::string_view to_string(Operation operation);

/// Layout: see docs/formats.md.
std::string encode_command(const Command& command);
/// The key alone, without a look at the rest; empty when the bytes end too early for one.
std::string_view key_of(std::string_view encoded_command);
/// The views point into `payload`. Checks the layout and that the operation is known, also of the
/// commands inside a transaction or a once; not what the fields mean.
Result<Command> decode_command(std::string_view payload);

}  // namespace kv
