#include <map>
#include <string>

#include <gtest/gtest.h>

#include "command_samples.h"
#include "core/kv_store.h"
#include "core/operations.h"

namespace kv {
namespace {

std::string key_of(std::uint64_t number) {
  return "key-" + std::to_string(number);
}

TEST(Expiry, ARecordIsGoneWhenTheClockHasComeToItsTime) {
  KvStore store(4);
  store.set("k", "v", 100);
  store.advance_clock(99);
  EXPECT_EQ(store.find("k")->expires_ms, 100U);
  store.advance_clock(100);
  EXPECT_EQ(store.find("k"), std::nullopt);
  EXPECT_EQ(store.get("k"), std::nullopt);
  EXPECT_FALSE(store.erase("k"));
  EXPECT_EQ(store.random_key(1), std::nullopt);
  EXPECT_TRUE(store.scan(0, 100).keys.empty());
  EXPECT_EQ(store.live_size(), 0U);
  EXPECT_FALSE(store.set("k", "w"));
  EXPECT_EQ(store.get("k"), "w");
  EXPECT_EQ(store.live_size(), 1U);
}

TEST(Expiry, TheClockNeverGoesBack) {
  KvStore store(1);
  store.advance_clock(100);
  store.advance_clock(50);
  EXPECT_EQ(store.clock_ms(), 100U);
}

TEST(Expiry, ComesAndGoesWithEachSet) {
  KvStore store(1);
  for (const std::uint64_t expires_ms : {0UL, 500UL, 600UL, 0UL, 700UL}) {
    for (const std::size_t size : {3UL, 3UL, 5UL, 2'000UL, 1'014UL, 1'015UL, 1'016UL}) {
      const std::string value(size, static_cast<char>('a' + size % 26));
      store.set("k", value, expires_ms);
      ASSERT_EQ(store.find("k")->value, value);
      ASSERT_EQ(store.find("k")->expires_ms, expires_ms);
    }
  }
}

TEST(Expiry, CostsNothingForKeysWithoutOne) {
  KvStore store(1);
  KvStore expiring(1);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    store.set(key_of(i), "value");
    expiring.set(key_of(i), "value", 1'000);
  }
  EXPECT_EQ(store.shard_bytes(0), 4 + 1'000 * 8 + 1'000 * 5 + 10 * 5 + 90 * 6 + 900 * 7);
  EXPECT_EQ(expiring.shard_bytes(0), store.shard_bytes(0) + 8'000);
}

TEST(Expiry, SweepsGiveMemoryBackWithoutAnythingElseToBeSeen) {
  KvStore store(64);
  KvStore unswept(64);
  for (KvStore* each : {&store, &unswept}) {
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      each->set(key_of(i), std::string(100, 'v'), i % 5 == 0 ? 0 : 100 + i);
    }
    each->set("large", std::string(100'000, 'l'), 101);
    each->advance_clock(4'000);
  }
  const std::uint64_t before = store.memory_bytes();
  for (int i = 0; i < 64; ++i) store.sweep(1);
  EXPECT_LT(store.memory_bytes(), before / 2);
  EXPECT_EQ(store.size(), store.live_size());
  EXPECT_EQ(store.live_size(), unswept.live_size());
  EXPECT_EQ(unswept.size(), 5'001U);
  EXPECT_EQ(store.state_hash(), unswept.state_hash());
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    ASSERT_EQ(store.get(key_of(i)), unswept.get(key_of(i))) << i;
    ASSERT_EQ(store.get(key_of(i)).has_value(), i % 5 == 0 || 100 + i > 4'000) << i;
  }
}

TEST(Expiry, CountsTheKeysThatWillExpire) {
  KvStore store(4);
  const auto counts = [&] { return std::pair(store.size(), store.expiring()); };
  EXPECT_EQ(counts(), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  for (std::uint64_t i = 0; i < 100; ++i) store.set(key_of(i), "v", i < 30 ? 100 + i : 0);
  EXPECT_EQ(counts(), std::pair(std::uint64_t{100}, std::uint64_t{30}));
  store.set(key_of(0), "w", 500);  // in its place
  store.set(key_of(1), "longer");
  store.set(key_of(50), "v", 500);
  store.erase(key_of(2));
  EXPECT_EQ(counts(), std::pair(std::uint64_t{99}, std::uint64_t{29}));
  const KvStore copy = store;
  store.advance_clock(110);  // 3 to 10 are past
  for (int i = 0; i < 4; ++i) store.sweep(1);
  EXPECT_EQ(counts(), std::pair(std::uint64_t{91}, std::uint64_t{21}));
  EXPECT_EQ(copy.expiring(), 29U);
}

TEST(Expiry, TellsWhenTheNextRecordExpires) {
  KvStore store(16);
  EXPECT_EQ(store.next_expiry_ms(), 0U);
  store.set("a", "v");
  EXPECT_EQ(store.next_expiry_ms(), 0U);
  store.set("a", "v", 300);
  store.set("b", "v", 200);
  EXPECT_EQ(store.next_expiry_ms(), 200U);
  store.advance_clock(250);
  store.sweep(100);
  EXPECT_EQ(store.next_expiry_ms(), 300U);
  store.set("a", "v");
  EXPECT_EQ(store.next_expiry_ms(), 300U);
  store.advance_clock(300);
  store.sweep(100);
  EXPECT_EQ(store.next_expiry_ms(), 0U);
  EXPECT_EQ(store.get("a"), "v");
}

TEST(Expiry, SweepsTakeTurnsAndMayWait) {
  KvStore store(64);
  for (std::uint64_t i = 0; i < 1'000; ++i) store.set(key_of(i), "v", 100);
  store.advance_clock(150);
  store.sweep(64, 51);
  EXPECT_EQ(store.size(), 1'000U);
  std::uint64_t last = 1'000;
  for (int i = 0; i < 64; ++i) {
    store.sweep(1, 50);
    EXPECT_LT(store.size(), last);
    last = store.size();
  }
  EXPECT_EQ(store.size(), 0U);
}

TEST(Expiry, ASweptCopyLeavesItsSourceAlone) {
  KvStore store(4);
  for (std::uint64_t i = 0; i < 100; ++i) store.set(key_of(i), "v", 1 + i);
  const KvStore copy = store;
  store.advance_clock(60);
  store.sweep(4);
  EXPECT_EQ(store.size(), 40U);
  EXPECT_EQ(copy.size(), 100U);
  EXPECT_EQ(copy.get(key_of(3)), "v");
}

TEST(Expiry, IsSweptByWrites) {
  KvStore store(16);
  for (std::uint64_t i = 0; i < 1'000; ++i) store.set(key_of(i), "v", 100);
  Said write{Operation::kSet, "other", "v"};
  write.time_ms = 1'000'000;
  for (int i = 0; i < 16; ++i) run_on(store, write);
  EXPECT_EQ(store.size(), 1U);
}

TEST(Expiry, IsSweptAtOnceByAnAdvanceOfTheClock) {
  KvStore store(16);
  for (std::uint64_t i = 0; i < 1'000; ++i) store.set(key_of(i), "v", 100);
  Said clock{Operation::kAdvanceClock};
  clock.time_ms = 100;
  EXPECT_EQ(run_on(store, clock), Answer::ok());
  EXPECT_EQ(store.size(), 0U);
}

TEST(Expiry, ClearHandsItsGarbageOver) {
  KvStore store(16);
  for (std::uint64_t i = 0; i < 1'000; ++i) store.set(key_of(i), "v", i);
  store.set_session("client", {1, "answer", 500});
  const KvStore copy = store;
  EXPECT_FALSE(store.has_garbage());
  store.clear();
  EXPECT_TRUE(store.has_garbage());
  EXPECT_EQ(store.size(), 0U);
  EXPECT_EQ(store.sessions(), 1U);
  {
    const KvStore garbage = store.take_garbage();
    EXPECT_EQ(garbage.size(), 0U);
  }
  EXPECT_FALSE(store.has_garbage());
  EXPECT_EQ(copy.size(), 1'000U);
  EXPECT_EQ(copy.get(key_of(7)), "v");
  store.clear();
  EXPECT_FALSE(store.has_garbage());
  EXPECT_FALSE(store.set(key_of(1), "w"));
  EXPECT_EQ(store.size(), 1U);
}

// --- the operations on expiries ---

class Expiries : public testing::Test {
 protected:
  Expiries() {
    store_.advance_clock(10'000);
    store_.set("k", "v", 20'000);
    store_.set("forever", "v");
  }
  Answer run(const Said& said) { return run_on(store_, said); }
  std::uint64_t expiry() const { return store_.find("k")->expires_ms; }

  KvStore store_{4};
};

TEST_F(Expiries, ExpireSetsATime) {
  EXPECT_EQ(run({Operation::kExpire, "none", "", 30'000}), integer(0));
  EXPECT_EQ(run({Operation::kExpire, "k", "", 30'000}), integer(1));
  EXPECT_EQ(expiry(), 30'000U);
  EXPECT_EQ(run({Operation::kExpire, "forever", "", 30'000}), integer(1));
  EXPECT_EQ(store_.find("forever")->expires_ms, 30'000U);
}

TEST_F(Expiries, ExpireWithATimeThatHasComeDeletes) {
  EXPECT_EQ(run({Operation::kExpire, "k", "", 10'000}), integer(1));
  EXPECT_EQ(run({Operation::kExpire, "forever", "", -5}), integer(1));
  EXPECT_EQ(store_.size(), 0U);
  EXPECT_EQ(run({Operation::kExpire, "k", "", 10'000}), integer(0));
}

TEST_F(Expiries, ExpireLooksAtItsConditions) {
  const struct {
    std::string key;
    std::uint8_t options;
    std::int64_t time_ms;
    std::int64_t expected;
  } cases[] = {
      {"k", kIfAbsent, 30'000, 0},        {"k", kIfPresent, 20'000, 1},
      {"k", kIfEqual, 20'000, 0},         {"k", kIfEqual, 20'001, 1},
      {"k", kIfEarlier, 20'001, 0},       {"k", kIfEarlier, 20'000, 1},
      {"forever", kIfPresent, 30'000, 0}, {"forever", kIfEqual, 30'000, 0},
      {"forever", kIfEarlier, 30'000, 1}, {"forever", kIfAbsent, 40'000, 0},
      {"k", kIfPresent | kIfEqual, 9, 0}, {"k", kIfPresent | kIfEarlier, 9, 1},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(run({Operation::kExpire, each.key, "", each.time_ms, each.options}),
              integer(each.expected))
        << each.key << " " << int{each.options} << " " << each.time_ms;
  }
}

TEST_F(Expiries, ExpireRefusesConditionsThatContradictEachOther) {
  const Answer absent =
      error("ERR NX and XX, GT or LT options at the same time are not compatible");
  for (const std::uint8_t other : {kIfPresent, kIfEqual, kIfEarlier}) {
    const auto both = static_cast<std::uint8_t>(kIfAbsent | other);
    EXPECT_EQ(run({Operation::kExpire, "k", "", 30'000, both}), absent);
  }
  EXPECT_EQ(run({Operation::kExpire, "k", "", 30'000, kIfEqual | kIfEarlier}),
            error("ERR GT and LT options at the same time are not compatible"));
  EXPECT_EQ(expiry(), 20'000U);
}

TEST_F(Expiries, PersistForgetsTheTime) {
  EXPECT_EQ(run({Operation::kPersist, "k"}), integer(1));
  EXPECT_EQ(expiry(), 0U);
  EXPECT_EQ(run({Operation::kPersist, "k"}), integer(0));
  EXPECT_EQ(run({Operation::kPersist, "none"}), integer(0));
}

TEST_F(Expiries, GetAndExpireGivesTheValueInAnyCase) {
  EXPECT_EQ(run({Operation::kGetAndExpire, "none", "", 30'000}), Answer::nil());
  EXPECT_EQ(run({Operation::kGetAndExpire, "k", "", 0, kKeepExpiry}), text("v"));
  EXPECT_EQ(expiry(), 20'000U);
  EXPECT_EQ(run({Operation::kGetAndExpire, "k", "", 30'000}), text("v"));
  EXPECT_EQ(expiry(), 30'000U);
  EXPECT_EQ(run({Operation::kGetAndExpire, "k"}), text("v"));
  EXPECT_EQ(expiry(), 0U);
  EXPECT_EQ(run({Operation::kGetAndExpire, "k", "", 1}), text("v"));
  EXPECT_EQ(store_.find("k"), std::nullopt);
}

TEST_F(Expiries, AreTold) {
  store_.set("k", "v", 21'499);
  EXPECT_EQ(run({Operation::kExpiry, "k"}), integer(21'499));
  EXPECT_EQ(run({Operation::kExpiry, "k", "", 0, kInSeconds}), integer(21));
  EXPECT_EQ(run({Operation::kExpiry, "k", "", 0, kRemaining}), integer(11'499));
  EXPECT_EQ(run({Operation::kExpiry, "k", "", 0, kRemaining | kInSeconds}), integer(11));
  Said later{Operation::kExpiry, "k", "", 0, kRemaining};
  later.time_ms = 12'000;
  EXPECT_EQ(read_from(store_, later), integer(9'499));
  later.time_ms = 90'000;
  EXPECT_EQ(read_from(store_, later), integer(0));
  EXPECT_EQ(run({Operation::kExpiry, "forever", "", 0, kRemaining}), integer(-1));
  EXPECT_EQ(run({Operation::kExpiry, "none"}), integer(-2));
}

TEST_F(Expiries, AWriteMovesTheClockFirst) {
  Said add{Operation::kAppend, "k", "w"};
  add.time_ms = 20'000;
  EXPECT_EQ(run(add), integer(1));
  EXPECT_EQ(store_.get("k"), "w");
  EXPECT_EQ(store_.find("k")->expires_ms, 0U);
}

TEST_F(Expiries, TheClockMattersWhenAKeyExpiresMeanwhile) {
  const auto matters = [this](Operation operation, std::uint64_t time_ms, std::string key) {
    Said said{operation, std::move(key)};
    said.time_ms = time_ms;
    said.more = {"other"};
    return clock_matters(store_, said.command());
  };
  EXPECT_FALSE(matters(Operation::kGet, 19'999, "k"));
  EXPECT_TRUE(matters(Operation::kGet, 20'000, "k"));
  EXPECT_TRUE(matters(Operation::kExpiry, 30'000, "k"));
  EXPECT_FALSE(matters(Operation::kGet, 30'000, "forever"));
  EXPECT_FALSE(matters(Operation::kGet, 30'000, "none"));
  EXPECT_FALSE(matters(Operation::kScan, 19'999, "")) << "no key of all";
  EXPECT_TRUE(matters(Operation::kScan, 20'000, "")) << "some key of all";
  EXPECT_FALSE(matters(Operation::kSet, 30'000, "k"));
  store_.set("other", "v", 25'000);
  EXPECT_FALSE(matters(Operation::kExists, 24'999, "forever"));
  EXPECT_TRUE(matters(Operation::kExists, 25'000, "forever"));
  store_.advance_clock(25'000);
  EXPECT_FALSE(matters(Operation::kExists, 25'000, "k"));
  EXPECT_FALSE(matters(Operation::kExists, 26'000, "k"));
}

}  // namespace
}  // namespace kv
