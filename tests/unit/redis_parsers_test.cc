#include "redis_parsers.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'000;

Words split(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

ParsedCommand parse(const Words& words, ParseContext& context) {
  const RedisCommand* const row = find_redis_command(words[0]);
  if (row == nullptr) return unknown_command(words);
  if (!fits(*row, words.size())) return wrong_arity(row->name);
  return row->parse(words, context);
}

/// What is in a Command, in words: "kind options number/second key=value more …".
std::string told(const Command& command) {
  std::string text(to_string(command.operation));
  if (command.options != 0) text += " options " + std::to_string(command.options);
  if (command.number != 0) text += " number " + std::to_string(command.number);
  if (command.second != 0) text += " second " + std::to_string(command.second);
  if (!command.key.empty()) text += " key " + std::string(command.key);
  if (!command.value.empty()) text += " value " + std::string(command.value);
  for (const std::string_view more : command.more) text += " + " + std::string(more);
  return text;
}

std::string outcome(const Words& words) {
  ParseContext context{kNow, 77, {}};
  const ParsedCommand parsed = parse(words, context);
  if (const auto* const error = std::get_if<std::string>(&parsed)) return *error;
  EXPECT_EQ(std::get<Command>(parsed).time_ms, kNow);
  return told(std::get<Command>(parsed));
}

struct Case {
  std::string_view line{};
  std::string_view outcome{};
};

void expect_all(std::span<const Case> cases) {
  for (const Case& row : cases) EXPECT_EQ(outcome(split(row.line)), row.outcome) << row.line;
}

constexpr std::string_view kSyntax = "ERR syntax error";
constexpr std::string_view kNoInteger = "ERR value is not an integer or out of range";

TEST(RedisParsers, ReadSetWithItsOptionsInAnyOrder) {
  constexpr Case kCases[] = {
      {"SET k v", "SET key k value v"},
      {"SET k v NX", "SET options 1 key k value v"},
      {"set k v xx get", "SET options 10 key k value v"},
      {"SET k v NX GET", "SET options 9 key k value v"},
      {"SET k v KEEPTTL", "SET options 16 key k value v"},
      {"SET k v EX 10", "SET number 1700000010000 key k value v"},
      {"SET k v GET PX 10 NX", "SET options 9 number 1700000000010 key k value v"},
      {"SET k v EXAT 10", "SET number 10000 key k value v"},
      {"SET k v PXAT 10", "SET number 10 key k value v"},
      {"SET k v PXAT 9223372036854775807", "SET number 9223372036854775807 key k value v"},
      {"SET k v EX 1 EX 2", "SET number 1700000002000 key k value v"},
      {"SET k v NX NX", "SET options 1 key k value v"},
      {"SET k v IFEQ old", "SET options 4 key k value v + old"},
      {"SET k v IFEQ old GET EX 1", "SET options 12 number 1700000001000 key k value v + old"},
  };
  expect_all(kCases);
}

TEST(RedisParsers, RefuseOptionsOfSetThatConflict) {
  constexpr Case kCases[] = {
      {"SET k v NX XX", kSyntax},
      {"SET k v XX GET NX", kSyntax},
      {"SET k v KEEPTTL EX 1", kSyntax},
      {"SET k v EX 1 KEEPTTL", kSyntax},
      {"SET k v EX 1 PX 1", kSyntax},
      {"SET k v PXAT 1 EXAT 1", kSyntax},
      {"SET k v EX", kSyntax},
      {"SET k v foo", kSyntax},
      {"SET k v PERSIST", kSyntax},
      {"SET k v IFEQ", kSyntax},
      {"SET k v IFEQ a NX", kSyntax},
      {"SET k v XX IFEQ a", kSyntax},
      {"SET k v IFEQ a IFEQ b", kSyntax},
      {"SET k v EX abc PX 1", kSyntax},
      {"SET k", "ERR wrong number of arguments for 'set' command"},
  };
  expect_all(kCases);
}

TEST(RedisParsers, RefuseTimesThatAreNotPositiveOrTooLarge) {
  constexpr std::string_view kSet = "ERR invalid expire time in 'set' command";
  constexpr Case kCases[] = {
      {"SET k v EX 0", kSet},
      {"SET k v EX -1", kSet},
      {"SET k v PXAT 0", kSet},
      {"SET k v EX 9223372036854775807", kSet},
      {"SET k v EX 9223372036854775", kSet},
      {"SET k v PX 9223372036854775807", kSet},
      {"SET k v EXAT 9223372036854775807", kSet},
      {"SET k v EX abc", kNoInteger},
      {"SET k v EX 01", kNoInteger},
      {"SET k v EX 1.5", kNoInteger},
      {"SETEX k 0 v", "ERR invalid expire time in 'setex' command"},
      {"SETEX k x v", kNoInteger},
      {"PSETEX k -5 v", "ERR invalid expire time in 'psetex' command"},
      {"GETEX k EX 0", "ERR invalid expire time in 'getex' command"},
      {"GETEX k EX x", kNoInteger},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadTheOtherWaysToSet) {
  constexpr Case kCases[] = {
      {"SETNX k v", "SET options 33 key k value v"},
      {"SETEX k 10 v", "SET number 1700000010000 key k value v"},
      {"PSETEX k 10 v", "SET number 1700000000010 key k value v"},
      {"GETSET k v", "SET options 8 key k value v"},
      {"MSET a 1", "MSET key a value 1"},
      {"MSET a 1 b 2", "MSET key a value 1 + b + 2"},
      {"MSETNX a 1 a 2", "MSET options 33 key a value 1 + a + 2"},
      {"MSET a 1 b", "ERR wrong number of arguments for 'mset' command"},
      {"MSET a", "ERR wrong number of arguments for 'mset' command"},
      {"MSETNX a 1 b", "ERR wrong number of arguments for 'msetnx' command"},
      {"APPEND k v", "APPEND key k value v"},
      {"SETRANGE k 5 v", "SETRANGE number 5 key k value v"},
      {"SETRANGE k -1 v", "ERR offset is out of range"},
      {"SETRANGE k x v", kNoInteger},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadWhatGivesAValue) {
  constexpr Case kCases[] = {
      {"GET k", "GET key k"},
      {"GETDEL k", "GETDEL key k"},
      {"GETEX k", "GETEX options 16 key k"},
      {"GETEX k PERSIST", "GETEX key k"},
      {"GETEX k PERSIST PERSIST", "GETEX key k"},
      {"GETEX k PX 5", "GETEX number 1700000000005 key k"},
      {"GETEX k EXAT 5", "GETEX number 5000 key k"},
      {"GETEX k PERSIST EX 1", kSyntax},
      {"GETEX k EX 5 PERSIST", kSyntax},
      {"GETEX k NX", kSyntax},
      {"GETEX k GET", kSyntax},
      {"GETEX k KEEPTTL", kSyntax},
      {"GETEX k EX", kSyntax},
      {"MGET a", "MGET key a"},
      {"MGET a b a", "MGET key a + b + a"},
      {"STRLEN k", "STRLEN key k"},
      {"GETRANGE k 1 -1", "GETRANGE number 1 second -1 key k"},
      {"SUBSTR k 0 3", "GETRANGE second 3 key k"},
      {"GETRANGE k 1 x", kNoInteger},
      {"GETRANGE k 1 99999999999999999999", kNoInteger},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadCounters) {
  constexpr Case kCases[] = {
      {"INCR n", "INCRBY number 1 key n"},
      {"DECR n", "INCRBY number -1 key n"},
      {"INCRBY n -7", "INCRBY number -7 key n"},
      {"DECRBY n 7", "INCRBY number -7 key n"},
      {"DECRBY n -9223372036854775807", "INCRBY number 9223372036854775807 key n"},
      {"DECRBY n -9223372036854775808", "ERR decrement would overflow"},
      {"INCRBY n 9223372036854775808", kNoInteger},
      {"INCRBY n +1", kNoInteger},
      {"INCRBY n -0", kNoInteger},
      {"INCRBY n 00", kNoInteger},
      {"INCRBY n 1 ", "INCRBY number 1 key n"},
      {"INCRBYFLOAT n 1.5", "INCRBYFLOAT key n value 1.5"},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadExpiryWithItsConditions) {
  constexpr std::string_view kNxAndMore =
      "ERR NX and XX, GT or LT options at the same time are not compatible";
  constexpr Case kCases[] = {
      {"EXPIRE k 10", "PEXPIREAT number 1700000010000 key k"},
      {"PEXPIRE k 10 NX", "PEXPIREAT options 1 number 1700000000010 key k"},
      {"EXPIREAT k 10 xx", "PEXPIREAT options 2 number 10000 key k"},
      {"PEXPIREAT k 10 GT", "PEXPIREAT options 4 number 10 key k"},
      {"EXPIRE k 1 LT XX", "PEXPIREAT options 10 number 1700000001000 key k"},
      {"EXPIRE k 1 XX XX", "PEXPIREAT options 2 number 1700000001000 key k"},
      {"EXPIRE k -1", "PEXPIREAT number 1699999999000 key k"},
      {"EXPIREAT k 0", "PEXPIREAT number 1 key k"},
      {"PEXPIRE k -9223372036854775808", "PEXPIREAT number 1 key k"},
      {"PEXPIREAT k 9223372036854775807", "PEXPIREAT number 9223372036854775807 key k"},
      {"EXPIRE k 1 NX XX", kNxAndMore},
      {"EXPIRE k 1 GT NX", kNxAndMore},
      {"EXPIRE k x NX LT", kNxAndMore},
      {"EXPIRE k 1 GT LT", "ERR GT and LT options at the same time are not compatible"},
      {"EXPIRE k 1 foo", "ERR Unsupported option foo"},
      {"EXPIRE k x", kNoInteger},
      {"EXPIRE k 9223372036854775", "ERR invalid expire time in 'expire' command"},
      {"EXPIRE k -9223372036854775808", "ERR invalid expire time in 'expire' command"},
      {"PEXPIRE k 9223372036854775807", "ERR invalid expire time in 'pexpire' command"},
      {"EXPIREAT k 9223372036854775807", "ERR invalid expire time in 'expireat' command"},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadQuestionsAboutKeys) {
  constexpr Case kCases[] = {
      {"TTL k", "TTL options 3 key k"},
      {"PTTL k", "TTL options 2 key k"},
      {"EXPIRETIME k", "TTL options 1 key k"},
      {"PEXPIRETIME k", "TTL key k"},
      {"PERSIST k", "PERSIST key k"},
      {"TYPE k", "TYPE key k"},
      {"EXISTS a a", "EXISTS key a + a"},
      {"TOUCH a b", "EXISTS key a + b"},
      {"DEL a", "DEL key a"},
      {"UNLINK a b", "DEL key a + b"},
      {"DELETE a b", "DEL key a + b"},
      {"RANDOMKEY", "RANDOMKEY number 77"},
      {"DBSIZE", "DBSIZE"},
      {"KEYS a*", "KEYS value a*"},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadScan) {
  constexpr Case kCases[] = {
      {"SCAN 0", "SCAN second 10 value *"},
      {"SCAN 7 COUNT 5", "SCAN number 7 second 5 value *"},
      {"SCAN 0 MATCH a* COUNT 5", "SCAN second 5 value a*"},
      {"SCAN 0 MATCH a MATCH *", "SCAN second 10 value *"},
      {"SCAN 0 TYPE STRING", "SCAN second 10 value *"},
      {"SCAN 0 TYPE hash", "SCAN number 9223372036854775807 second 10 value *"},
      {"SCAN 18446744073709551615", "SCAN number 9223372036854775807 second 10 value *"},
      {"SCAN 18446744073709551616", "ERR invalid cursor"},
      {"SCAN x", "ERR invalid cursor"},
      {"SCAN 1x", "ERR invalid cursor"},
      {"SCAN 0 COUNT 0", kSyntax},
      {"SCAN 0 COUNT x", kNoInteger},
      {"SCAN 0 COUNT", kSyntax},
      {"SCAN 0 FOO 1", kSyntax},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ReadRenameCopyAndFlush) {
  constexpr std::string_view kSame = "ERR source and destination objects are the same";
  constexpr Case kCases[] = {
      {"RENAME a b", "RENAME key a value b"},
      {"RENAMENX a b", "RENAME options 33 key a value b"},
      {"COPY a b", "COPY key a value b"},
      {"COPY a b REPLACE DB 0", "COPY options 1 key a value b"},
      {"COPY a b DB 1", "ERR DB index is out of range"},
      {"COPY a b DB x", kNoInteger},
      {"COPY a b DB 99999999999",
       "ERR value is out of range, value must between -2147483648 and 2147483647"},
      {"COPY a b DB", kSyntax},
      {"COPY a b FOO", kSyntax},
      {"COPY a a", kSame},
      {"COPY a a REPLACE", kSame},
      {"FLUSHALL", "FLUSHALL"},
      {"FLUSHDB async", "FLUSHALL"},
      {"FLUSHALL SYNC ASYNC", kSyntax},
      {"FLUSHALL foo", kSyntax},
  };
  expect_all(kCases);
}

TEST(RedisParsers, ComparesAndDeletesBySettingWhatHasExpired) {
  EXPECT_EQ(outcome({"KV.CAD", "k", "v"}), "SET options 36 number 1 key k + v");
}

TEST(RedisParsers, TakeEmptyKeysAndValues) {
  ParseContext context{kNow, 0, {}};
  const ParsedCommand parsed = parse({"SET", "", "", "IFEQ", ""}, context);
  ASSERT_TRUE(std::holds_alternative<Command>(parsed));
  EXPECT_EQ(std::get<Command>(parsed).key, "");
  EXPECT_EQ(std::get<Command>(parsed).more, std::vector<std::string_view>{""});
  EXPECT_EQ(outcome({"SET", "k", "v", ""}), kSyntax);
  EXPECT_EQ(outcome({"SCAN", ""}), "ERR invalid cursor");
  EXPECT_EQ(outcome({"INCRBY", "k", ""}), kNoInteger);
  EXPECT_EQ(outcome({"INCRBY", "k", "-"}), kNoInteger);
  EXPECT_EQ(outcome({"EXPIRE", "k", "1", ""}), "ERR Unsupported option ");
}

TEST(RedisParsers, RefuseALongKeyWhereverItIs) {
  const std::string longest(64 << 10, 'k');
  const std::string longer = longest + "k";
  const std::string error = "ERR the key has 65537 bytes; at most 65536 are allowed";
  EXPECT_NE(outcome({"GET", longest}), error);
  EXPECT_EQ(outcome({"GET", longer}), error);
  EXPECT_EQ(outcome({"SET", longer, "v", "NX"}), error);
  EXPECT_EQ(outcome({"DEL", "a", longer}), error);
  EXPECT_EQ(outcome({"MGET", "a", "b", longer}), error);
  EXPECT_EQ(outcome({"RENAME", "a", longer}), error);
  EXPECT_EQ(outcome({"COPY", "a", longer}), error);
  EXPECT_EQ(outcome({"MSET", "a", "1", longer, "2"}), error);
  EXPECT_EQ(outcome({"KV.ONCE", "me", "1", "INCR", longer}), error);
  EXPECT_NE(outcome({"MSET", "a", longer, "b", longer}), error) << "values may be long";
  EXPECT_NE(outcome({"SET", "a", longer}), error);
  EXPECT_NE(outcome({"KEYS", longer}), error);
}

TEST(RedisParsers, PutOnceAroundTheCommandInside) {
  ParseContext context{kNow, 0, {}};
  const ParsedCommand parsed = parse(split("kv.once me 7 set k v ex 1"), context);
  ASSERT_TRUE(std::holds_alternative<Command>(parsed));
  const Command& once = std::get<Command>(parsed);
  EXPECT_EQ(once.operation, Operation::kOnce);
  EXPECT_EQ(once.key, "me");
  EXPECT_EQ(once.number, 7);
  EXPECT_EQ(once.time_ms, kNow);
  const std::string entry = encode_command(once);
  ASSERT_TRUE(decode_command(entry));
  const Result<Command> inner = decode_command(once.value);
  ASSERT_TRUE(inner) << inner.error().message;
  EXPECT_EQ(told(*inner), "SET number 1700000001000 key k value v");
  EXPECT_EQ(inner->time_ms, kNow);
}

TEST(RedisParsers, RefuseToDoTheWrongThingsOnce) {
  constexpr std::string_view kPositive =
      "ERR the sequence number is not a positive integer; count a client's commands from 1";
  constexpr Case kCases[] = {
      {"KV.ONCE me 0 INCR n", kPositive},
      {"KV.ONCE me x INCR n", kPositive},
      {"KV.ONCE me 1 GET n",
       "ERR KV.ONCE carries out one command that changes keys, such as SET or INCR; 'get' is none"},
      {"KV.ONCE me 1 MULTI",
       "ERR KV.ONCE carries out one command that changes keys, such as SET or INCR; 'multi' is "
       "none"},
      {"KV.ONCE me 1 KV.ONCE me 2 INCR n",
       "ERR KV.ONCE carries out one command that changes keys, such as SET or INCR; 'kv.once' is "
       "none"},
      {"KV.ONCE me 1 foo n", "ERR unknown command 'foo', with args beginning with: 'n' "},
      {"KV.ONCE me 1 INCR", "ERR wrong number of arguments for 'incr' command"},
      {"KV.ONCE me 1 SET k v NX XX", kSyntax},
      {"KV.ONCE me 1", "ERR wrong number of arguments for 'kv.once' command"},
  };
  expect_all(kCases);
  EXPECT_EQ(outcome({"KV.ONCE", "", "1", "INCR", "n"}),
            "ERR the client's name has 0 bytes; 1 to 256 are allowed");
  EXPECT_EQ(outcome({"KV.ONCE", std::string(257, 'c'), "1", "INCR", "n"}),
            "ERR the client's name has 257 bytes; 1 to 256 are allowed");
}

TEST(RedisParsers, MakeAWriteOfEachCommandThatIsFlaggedAsOne) {
  for (const RedisCommand& row : redis_commands()) {
    if (row.verb != Verb::kStore || (row.flags & kWraps) != 0) continue;
    const auto least = static_cast<std::size_t>(std::abs(row.arity));
    Words words{row.name};
    while (words.size() < least) words.push_back(words.size() == 2 ? "1" : "2");
    ParseContext context{kNow, 0, {}};
    const ParsedCommand parsed = row.parse(words, context);
    ASSERT_TRUE(std::holds_alternative<Command>(parsed)) << row.name;
    EXPECT_EQ(writes(std::get<Command>(parsed).operation), (row.flags & kWrites) != 0) << row.name;
  }
}

}  // namespace
}  // namespace kv
