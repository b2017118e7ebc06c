#include "core/operations.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "command_samples.h"

namespace kv {
namespace {

using namespace std::string_literals;

const Answer kTooLong = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
const Answer kTooLarge = error("ERR the reply would be larger than 64 MiB; ask for less at a time");

/// A store whose clock stands at 1000.
class Operations : public testing::Test {
 protected:
  Operations() { store_.advance_clock(1'000); }
  Answer run(const Said& said) { return run_on(store_, said); }
  std::string value(std::string_view key) const {
    return std::string(store_.get(key).value_or("(nil)"));
  }
  std::uint64_t expiry(std::string_view key) const { return store_.find(key)->expires_ms; }

  KvStore store_{16};
};

// --- SET and its options ---

TEST_F(Operations, SetStoresAndForgetsTheExpiry) {
  EXPECT_EQ(run({Operation::kSet, "k", "v", 5'000}), Answer::ok());
  EXPECT_EQ(expiry("k"), 5'000U);
  EXPECT_EQ(run({Operation::kSet, "k", "w"}), Answer::ok());
  EXPECT_EQ(value("k"), "w");
  EXPECT_EQ(expiry("k"), 0U);
  EXPECT_EQ(run({Operation::kSet, "k", "x", 1'000}), Answer::ok());
  EXPECT_EQ(value("k"), "(nil)");
  EXPECT_EQ(run({Operation::kSet, "k", "x", -1}), Answer::ok());
  EXPECT_EQ(value("k"), "(nil)");
}

TEST_F(Operations, SetLooksAtItsConditions) {
  EXPECT_EQ(run({Operation::kSet, "k", "v", 0, kIfPresent}), Answer::nil());
  EXPECT_EQ(run({Operation::kSet, "k", "v", 0, kIfAbsent}), Answer::ok());
  EXPECT_EQ(run({Operation::kSet, "k", "w", 0, kIfAbsent}), Answer::nil());
  EXPECT_EQ(run({Operation::kSet, "k", "w", 0, kIfAbsent | kAsInteger}), integer(0));
  EXPECT_EQ(run({Operation::kSet, "n", "w", 0, kIfAbsent | kAsInteger}), integer(1));
  EXPECT_EQ(run({Operation::kSet, "k", "w", 0, kIfEqual, {"other"}}), Answer::nil());
  EXPECT_EQ(run({Operation::kSet, "none", "w", 0, kIfEqual, {""}}), Answer::nil());
  EXPECT_EQ(value("k"), "v");
  EXPECT_EQ(run({Operation::kSet, "k", "w", 0, kIfEqual, {"v"}}), Answer::ok());
  EXPECT_EQ(run({Operation::kSet, "k", "x", 0, kIfPresent}), Answer::ok());
  EXPECT_EQ(value("k"), "x");
}

TEST_F(Operations, SetGivesTheOldValueWhetherItSetsOrNot) {
  EXPECT_EQ(run({Operation::kSet, "k", "1", 0, kReturnOld}), Answer::nil());
  EXPECT_EQ(run({Operation::kSet, "k", "2", 0, kReturnOld | kIfAbsent}), text("1"));
  EXPECT_EQ(run({Operation::kSet, "k", "2", 9'000, kReturnOld}), text("1"));
  EXPECT_EQ(run({Operation::kSet, "k", "3", 0, kReturnOld}), text("2"));
  EXPECT_EQ(expiry("k"), 0U);
}

TEST_F(Operations, SetKeepsTheExpiryWhenAsked) {
  run({Operation::kSet, "k", "v", 5'000});
  run({Operation::kSet, "k", "longer", 0, kKeepExpiry});
  EXPECT_EQ(value("k"), "longer");
  EXPECT_EQ(expiry("k"), 5'000U);
  run({Operation::kSet, "n", "v", 0, kKeepExpiry});
  EXPECT_EQ(expiry("n"), 0U);
}

TEST_F(Operations, SetRefusesOptionsThatContradictEachOther) {
  const Answer bad = error("ERR syntax error");
  EXPECT_EQ(run({Operation::kSet, "k", "v", 0, kIfAbsent | kIfPresent}), bad);
  EXPECT_EQ(run({Operation::kSet, "k", "v", 0, kIfEqual}), bad);
  EXPECT_EQ(run({Operation::kSet, "k", "v", 5'000, kKeepExpiry}), bad);
  EXPECT_EQ(store_.size(), 0U);
}

// --- other operations on values ---

TEST_F(Operations, DeleteCountsEachKeyOnce) {
  run({Operation::kSetMany, "a", "1", 0, 0, {"b", "2"}});
  EXPECT_EQ(run({Operation::kDelete, "a", "", 0, 0, {"none", "b", "a"}}), integer(2));
  EXPECT_EQ(store_.size(), 0U);
}

TEST_F(Operations, TakeOutGivesTheValueAndForgetsTheKey) {
  EXPECT_EQ(run({Operation::kTakeOut, "k"}), Answer::nil());
  run({Operation::kSet, "k", "v"});
  EXPECT_EQ(run({Operation::kTakeOut, "k"}), text("v"));
  EXPECT_EQ(value("k"), "(nil)");
}

TEST_F(Operations, AddCountsFromZeroAndKeepsTheExpiry) {
  EXPECT_EQ(run({Operation::kAdd, "k", "", 5}), integer(5));
  run({Operation::kExpire, "k", "", 7'000});
  EXPECT_EQ(run({Operation::kAdd, "k", "", -12}), integer(-7));
  EXPECT_EQ(value("k"), "-7");
  EXPECT_EQ(expiry("k"), 7'000U);
}

TEST_F(Operations, AddRefusesWhatIsNoInteger) {
  for (const std::string& text : {""s, " 1"s, "1 "s, "+1"s, "01"s, "-0"s, "1.0"s, "abc"s, "1\0"s,
                                  "9223372036854775808"s, "-9223372036854775809"s}) {
    run({Operation::kSet, "k", text});
    EXPECT_EQ(run({Operation::kAdd, "k", "", 1}),
              error("ERR value is not an integer or out of range"))
        << text;
    EXPECT_EQ(value("k"), text);
  }
}

TEST_F(Operations, AddRefusesToOverflow) {
  const Answer overflow = error("ERR increment or decrement would overflow");
  run({Operation::kSet, "k", "9223372036854775807"});
  EXPECT_EQ(run({Operation::kAdd, "k", "", 1}), overflow);
  EXPECT_EQ(run({Operation::kAdd, "k", "", INT64_MIN}), integer(-1));
  EXPECT_EQ(run({Operation::kAdd, "k", "", INT64_MIN}), overflow);
  EXPECT_EQ(value("k"), "-1");
}

TEST_F(Operations, AddFloatAddsInDecimal) {
  EXPECT_EQ(run({Operation::kAddFloat, "k", "0.1"}), text("0.1"));
  run({Operation::kExpire, "k", "", 7'000});
  EXPECT_EQ(run({Operation::kAddFloat, "k", "0.2"}), text("0.3"));
  EXPECT_EQ(run({Operation::kAddFloat, "k", "5.0e3"}), text("5000.3"));
  EXPECT_EQ(run({Operation::kAddFloat, "k", "-5000.3"}), text("0"));
  EXPECT_EQ(expiry("k"), 7'000U);
}

TEST_F(Operations, AddFloatRefusesWhatIsNoNumber) {
  const Answer bad = error("ERR value is not a valid float");
  const Answer infinite = error("ERR increment would produce NaN or Infinity");
  for (const std::string_view argument : {"", " 1", "1 ", "abc", "nan", "1e", "0x10", "1e999"}) {
    EXPECT_EQ(run({Operation::kAddFloat, "k", std::string(argument)}), bad) << argument;
  }
  EXPECT_EQ(run({Operation::kAddFloat, "k", "-inf"}), infinite);
  EXPECT_EQ(store_.size(), 0U);
  run({Operation::kSet, "k", "text"});
  EXPECT_EQ(run({Operation::kAddFloat, "k", "inf"}), bad);
  const std::string largest(309, '9');
  run({Operation::kSet, "k", largest});
  EXPECT_EQ(run({Operation::kAddFloat, "k", "1"}), infinite);
  EXPECT_EQ(value("k"), largest);
}

TEST_F(Operations, AppendAndSetRangeKeepTheExpiry) {
  EXPECT_EQ(run({Operation::kAppend, "k", "Hello"}), integer(5));
  run({Operation::kExpire, "k", "", 7'000});
  EXPECT_EQ(run({Operation::kAppend, "k", " World"}), integer(11));
  EXPECT_EQ(run({Operation::kSetRange, "k", "Redis", 6}), integer(11));
  EXPECT_EQ(value("k"), "Hello Redis");
  EXPECT_EQ(expiry("k"), 7'000U);
}

TEST_F(Operations, SetRangeFillsUpWithZeros) {
  EXPECT_EQ(run({Operation::kSetRange, "k", "", 5}), integer(0));
  EXPECT_EQ(store_.size(), 0U);
  EXPECT_EQ(run({Operation::kSetRange, "k", "x", 3}), integer(4));
  EXPECT_EQ(value("k"), "\0\0\0x"s);
  EXPECT_EQ(run({Operation::kSetRange, "k", "", 100}), integer(4));
  EXPECT_EQ(run({Operation::kSetRange, "k", "ab", 1}), integer(4));
  EXPECT_EQ(value("k"), "\0abx"s);
}

TEST_F(Operations, NoValueBecomesTooLong) {
  EXPECT_EQ(run({Operation::kSetRange, "k", "x", -1}), error("ERR offset is out of range"));
  EXPECT_EQ(run({Operation::kSetRange, "k", "x", INT64_MAX}), kTooLong);
  EXPECT_EQ(run({Operation::kSetRange, "k", "x", kMaxValueBytes}), kTooLong);
  EXPECT_EQ(store_.size(), 0U);
  EXPECT_EQ(run({Operation::kSetRange, "k", "x", kMaxValueBytes - 1}), integer(kMaxValueBytes));
  EXPECT_EQ(run({Operation::kAppend, "k", "x"}), kTooLong);
  EXPECT_EQ(run({Operation::kAppend, "k", ""}), integer(kMaxValueBytes));
}

TEST_F(Operations, SetManySetsAllOrNone) {
  run({Operation::kSet, "a", "0", 9'000});
  EXPECT_EQ(run({Operation::kSetMany, "b", "1", 0, kIfAbsent, {"a", "2"}}), integer(0));
  EXPECT_EQ(run({Operation::kSetMany, "b", "1", 0, kIfAbsent, {"c", "2"}}), integer(1));
  EXPECT_EQ(run({Operation::kSetMany, "a", "1", 0, 0, {"b", "2", "b", "3"}}), Answer::ok());
  EXPECT_EQ(value("a") + value("b") + value("c"), "132");
  EXPECT_EQ(expiry("a"), 0U);
  EXPECT_EQ(run({Operation::kSetMany, "a", "x", 0, 0, {"b"}}),
            error("ERR wrong number of arguments for 'mset' command"));
  EXPECT_EQ(value("a"), "1");
}

// --- keys ---

TEST_F(Operations, RenameCarriesTheExpiry) {
  EXPECT_EQ(run({Operation::kRename, "a", "b"}), error("ERR no such key"));
  run({Operation::kSet, "a", "1", 9'000});
  run({Operation::kSet, "b", "2"});
  EXPECT_EQ(run({Operation::kRename, "a", "b", 0, kIfAbsent}), integer(0));
  EXPECT_EQ(run({Operation::kRename, "a", "b"}), Answer::ok());
  EXPECT_EQ(value("a"), "(nil)");
  EXPECT_EQ(value("b"), "1");
  EXPECT_EQ(expiry("b"), 9'000U);
  EXPECT_EQ(run({Operation::kRename, "b", "c", 0, kIfAbsent}), integer(1));
  EXPECT_EQ(run({Operation::kRename, "c", "c"}), Answer::ok());
  EXPECT_EQ(run({Operation::kRename, "c", "c", 0, kIfAbsent}), integer(0));
  EXPECT_EQ(value("c"), "1");
  EXPECT_EQ(store_.size(), 1U);
}

TEST_F(Operations, CopyCarriesTheExpiryAndReplacesWhenAsked) {
  EXPECT_EQ(run({Operation::kCopy, "a", "b"}), integer(0));
  EXPECT_EQ(run({Operation::kCopy, "a", "a"}),
            error("ERR source and destination objects are the same"));
  run({Operation::kSet, "a", "1", 9'000});
  EXPECT_EQ(run({Operation::kCopy, "a", "b"}), integer(1));
  EXPECT_EQ(expiry("b"), 9'000U);
  run({Operation::kSet, "a", "2"});
  EXPECT_EQ(run({Operation::kCopy, "a", "b"}), integer(0));
  EXPECT_EQ(run({Operation::kCopy, "a", "b", 0, kReplace}), integer(1));
  EXPECT_EQ(value("b"), "2");
  EXPECT_EQ(expiry("b"), 0U);
}

TEST_F(Operations, FlushForgetsAllKeys) {
  run({Operation::kSet, "a", "1", 9'000});
  run({Operation::kSet, "b", "2"});
  EXPECT_EQ(run({Operation::kFlush}), Answer::ok());
  EXPECT_EQ(store_.size(), 0U);
  EXPECT_EQ(store_.clock_ms(), 1'000U);
  EXPECT_EQ(store_.next_expiry_ms(), 0U);
  EXPECT_FALSE(store_.erase("a"));
}

// --- reads ---

TEST_F(Operations, ReadsGiveWhatIsThere) {
  run({Operation::kSetMany, "a", "12345", 0, 0, {"b", ""}});
  EXPECT_EQ(run({Operation::kGet, "a"}), text("12345"));
  EXPECT_EQ(run({Operation::kGet, "none"}), Answer::nil());
  EXPECT_EQ(run({Operation::kGetMany, "a", "", 0, 0, {"none", "b", "a"}}),
            list_of({text("12345"), Answer::nil(), text(""), text("12345")}));
  EXPECT_EQ(run({Operation::kLength, "a"}), integer(5));
  EXPECT_EQ(run({Operation::kLength, "none"}), integer(0));
  EXPECT_EQ(run({Operation::kExists, "a", "", 0, 0, {"a", "none", "b"}}), integer(3));
  EXPECT_EQ(run({Operation::kType, "a"}), Answer::word("string"));
  EXPECT_EQ(run({Operation::kType, "none"}), Answer::word("none"));
  EXPECT_EQ(run({Operation::kSize}), integer(2));
  EXPECT_EQ(run({Operation::kMemory, "none"}), Answer::nil());
  EXPECT_GT(run({Operation::kMemory, "a"}).integer, 6);
  EXPECT_EQ(run({Operation::kEcho, "", "hi"}), text("hi"));
  EXPECT_EQ(run({Operation::kEcho, "", "PONG", 0, kAsWord}), Answer::word("PONG"));
}

TEST_F(Operations, GetRangeCountsFromEitherEnd) {
  run({Operation::kSet, "k", "This is a string"});
  const struct {
    std::int64_t first;
    std::int64_t last;
    std::string_view expected;
  } cases[] = {{0, 3, "This"},
               {-3, -1, "ing"},
               {0, -1, "This is a string"},
               {10, 100, "string"},
               {5, 3, ""},
               {-1, -5, ""},
               {100, 200, ""},
               {-100, 0, "T"},
               {-100, -50, "T"},
               {15, 15, "g"},
               {INT64_MIN, INT64_MAX, "This is a string"},
               {INT64_MAX, INT64_MIN, ""}};
  for (const auto& [first, last, expected] : cases) {
    EXPECT_EQ(run({Operation::kGetRange, "k", "", first, 0, {}, last}), text(expected))
        << first << " " << last;
  }
  EXPECT_EQ(run({Operation::kGetRange, "none", "", 0, 0, {}, -1}), text(""));
}

TEST_F(Operations, FingerprintsSeeValueAndExpiry) {
  EXPECT_EQ(run({Operation::kFingerprint, "k"}), integer(0));
  run({Operation::kSet, "k", "v"});
  const Answer first = run({Operation::kFingerprint, "k"});
  EXPECT_NE(first, integer(0));
  run({Operation::kExpire, "k", "", 9'000});
  const Answer second = run({Operation::kFingerprint, "k"});
  EXPECT_NE(second, first);
  run({Operation::kSet, "k", "w", 9'000});
  EXPECT_NE(run({Operation::kFingerprint, "k"}), second);
  run({Operation::kSet, "k", "v"});
  EXPECT_EQ(run({Operation::kFingerprint, "k"}), first);
}

TEST_F(Operations, ReadsChangeNothingAndWritesCannotBeRead) {
  run({Operation::kSet, "k", "v"});
  EXPECT_EQ(read_from(store_, {Operation::kGet, "k"}), text("v"));
  EXPECT_TRUE(read_from(store_, {Operation::kDelete, "k"}).is_error());
  EXPECT_TRUE(read_from(store_, {Operation::kTransaction}).is_error());
  EXPECT_TRUE(read_from(store_, {static_cast<Operation>(200)}).is_error());
  EXPECT_TRUE(run({static_cast<Operation>(200)}).is_error());
  EXPECT_EQ(value("k"), "v");
}

TEST_F(Operations, NoAnswerIsTooLarge) {
  run({Operation::kSet, "k", std::string(8 << 20, 'v')});
  Said many{Operation::kGetMany, "k"};
  many.more.assign(6, "k");
  EXPECT_EQ(run(many).items.size(), 7U);
  many.more.assign(8, "k");
  EXPECT_EQ(run(many), kTooLarge);
  many.key = "none";
  many.more.assign(kMaxAnswerBytes / kItemBytes, "none");
  EXPECT_EQ(run(many), kTooLarge);
}

// --- looking through the keys ---

std::vector<std::string> sorted_texts(const Answer& list) {
  std::vector<std::string> texts;
  for (const Answer& item : list.items) texts.push_back(item.text);
  std::sort(texts.begin(), texts.end());
  return texts;
}

TEST_F(Operations, ScanComesToEachKeyOnce) {
  for (int i = 0; i < 100; ++i) run({Operation::kSet, "key-" + std::to_string(i), "v"});
  std::vector<std::string> seen;
  std::int64_t cursor = 0;
  int steps = 0;
  do {
    const Answer step = run({Operation::kScan, "", "*", cursor, 0, {}, 10});
    ASSERT_EQ(step.items.size(), 2U);
    const std::vector<std::string> keys = sorted_texts(step.items[1]);
    seen.insert(seen.end(), keys.begin(), keys.end());
    cursor = std::stoll(step.items[0].text);
    ++steps;
  } while (cursor != 0);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, sorted_texts(run({Operation::kKeys, "", "*"})));
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_GT(steps, 5);
}

TEST_F(Operations, ScanAndKeysTakeAPattern) {
  run({Operation::kSetMany, "user:1", "", 0, 0, {"user:2", "", "item:1", ""}});
  const std::vector<std::string> users = {"user:1", "user:2"};
  EXPECT_EQ(sorted_texts(run({Operation::kKeys, "", "user:*"})), users);
  const Answer scanned = run({Operation::kScan, "", "user:?", 0, 0, {}, 1'000});
  EXPECT_EQ(scanned.items[0], text("0"));
  EXPECT_EQ(sorted_texts(scanned.items[1]), users);
}

TEST_F(Operations, ScanTakesAnyCursorButNoEmptyStep) {
  run({Operation::kSet, "k", "v"});
  const Answer nothing = list_of({text("0"), list_of({})});
  EXPECT_EQ(run({Operation::kScan, "", "*", 1'000'000, 0, {}, 10}), nothing);
  EXPECT_EQ(run({Operation::kScan, "", "*", -1, 0, {}, 10}), nothing);
  EXPECT_EQ(run({Operation::kScan, "", "*", 0, 0, {}, 0}), error("ERR syntax error"));
  EXPECT_EQ(run({Operation::kScan, "", "*", 0, 0, {}, -1}), error("ERR syntax error"));
  EXPECT_FALSE(run({Operation::kScan, "", "*", 0, 0, {}, INT64_MAX}).is_error());
}

TEST_F(Operations, KeysRefusesAStoreOfTooManyKeys) {
  for (std::uint64_t i = 0; i < kMaxListedKeys; ++i) store_.set(std::to_string(i), "");
  EXPECT_EQ(run({Operation::kKeys, "", "*"}).items.size(), kMaxListedKeys);
  store_.set("one more", "");
  EXPECT_TRUE(run({Operation::kKeys, "", "*"}).is_error());
}

TEST_F(Operations, RandomKeyGivesEachKeySometimes) {
  EXPECT_EQ(run({Operation::kRandomKey, "", "", 7}), Answer::nil());
  for (const std::size_t keys : {3UL, 60UL}) {
    for (std::size_t i = 0; i < keys; ++i) store_.set(std::to_string(i), "");
    std::map<std::string, int> seen;
    Rng rng(3);
    for (std::size_t i = 0; i < keys * 100; ++i) {
      ++seen[run({Operation::kRandomKey, "", "", static_cast<std::int64_t>(rng.next())}).text];
    }
    EXPECT_EQ(seen.size(), keys);
    for (const auto& [key, times] : seen) EXPECT_GT(times, 15) << key;
  }
}

}  // namespace
}  // namespace kv
