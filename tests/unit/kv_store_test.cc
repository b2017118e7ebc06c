#include "core/kv_store.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "core/hash.h"
#include "core/rng.h"

namespace kv {
namespace {

using namespace std::string_literals;
using Model = std::map<std::string, std::string, std::less<>>;

std::string key_of(std::uint64_t number) {
  return "key-" + std::to_string(number);
}

std::string random_value(Rng& rng) {
  switch (rng.below(20)) {
    case 0:
      return {};
    case 1:
      return std::string(1 + rng.below(40'000), static_cast<char>(rng.below(256)));
    case 2:
      return std::string(1'000 + rng.below(30), static_cast<char>(rng.below(256)));
    default:
      return std::string(rng.below(120), static_cast<char>(rng.below(256)));
  }
}

Model contents(const KvStore& store) {
  Model result;
  for (std::uint32_t shard = 0; shard < store.shard_count(); ++shard) {
    std::string bytes;
    store.encode_shard(shard, bytes);
    EXPECT_EQ(bytes.size(), store.shard_bytes(shard));
    Decoder in(bytes);
    for (std::uint32_t left = in.u32(); left > 0; --left) {
      const std::uint32_t key_size = in.u32();
      const std::uint32_t value_size = in.u32();
      const std::string key(in.raw(key_size));
      EXPECT_TRUE(result.emplace(key, in.raw(value_size)).second) << key;
    }
    EXPECT_TRUE(in.complete());
  }
  return result;
}

void expect_same(const KvStore& store, const Model& model) {
  ASSERT_EQ(store.size(), model.size());
  EXPECT_TRUE(contents(store) == model);
  for (const auto& [key, value] : model) EXPECT_EQ(store.get(key), std::string_view(value));
}

std::string all_shards(const KvStore& store) {
  std::string bytes;
  for (std::uint32_t shard = 0; shard < store.shard_count(); ++shard)
    store.encode_shard(shard, bytes);
  return bytes;
}

TEST(KvStore, FindsNothingWhenEmpty) {
  const KvStore store;
  EXPECT_EQ(store.get("key"), std::nullopt);
  EXPECT_EQ(store.size(), 0U);
  EXPECT_EQ(store.shard_count(), KvStore::kDefaultShards);
}

TEST(KvStore, TellsWhetherTheKeyWasThere) {
  KvStore store(4);
  EXPECT_FALSE(store.erase("key"));
  EXPECT_FALSE(store.set("key", "1"));
  EXPECT_TRUE(store.set("key", "2"));
  EXPECT_TRUE(store.set("key", "longer"));
  EXPECT_EQ(store.get("key"), "longer");
  EXPECT_TRUE(store.erase("key"));
  EXPECT_FALSE(store.erase("key"));
  EXPECT_EQ(store.get("key"), std::nullopt);
  EXPECT_EQ(store.size(), 0U);
}

TEST(KvStore, TakesAnyBytesAsKeysAndValues) {
  KvStore store(2);
  const Model model = {{"", "empty key"},
                       {"empty value", ""},
                       {"a\0b"s, "\0\0"s},
                       {"a\0c"s, "\xff\xfe"s},
                       {"a", "\r\n"},
                       {std::string(100'000, 'k'), "long key"},
                       {"long", std::string(3'000'000, 'v')}};
  for (const auto& [key, value] : model) EXPECT_FALSE(store.set(key, value));
  expect_same(store, model);
  EXPECT_TRUE(store.erase(""));
  EXPECT_EQ(store.get(""), std::nullopt);
  EXPECT_EQ(store.get("a\0b"s), "\0\0"s);
}

TEST(KvStore, KeepsValuesOfEverySizeAroundALargeRecord) {
  KvStore store(1);
  Model model;
  for (std::size_t size = 990; size < 1'060; ++size) {
    model[key_of(size)] = std::string(size, static_cast<char>(size));
    store.set(key_of(size), model[key_of(size)]);
  }
  expect_same(store, model);
}

TEST(KvStore, ReplacesLargeValuesBySmallOnesAndBack) {
  KvStore store(1);
  store.set("other", std::string(50'000, 'o'));
  for (const std::size_t size : {10UL, 20'000UL, 0UL, 1'000'000UL, 1'000'000UL, 5'000UL, 3UL}) {
    const std::string value(size, static_cast<char>('a' + size % 26));
    store.set("key", value);
    ASSERT_EQ(store.get("key"), value);
  }
  EXPECT_EQ(store.get("other"), std::string(50'000, 'o'));
}

// The model is a std::map; copies taken on the way must stay as they were.
void random_walk(std::uint64_t seed, std::uint32_t shard_count, std::uint64_t keys, int steps) {
  Rng rng(seed);
  KvStore store(shard_count);
  Model model;
  std::vector<std::pair<KvStore, Model>> copies;
  for (int step = 0; step < steps; ++step) {
    const std::string key = key_of(rng.below(keys));
    // Times of growth alternate with times of shrinking.
    const bool growing = step / 2'000 % 2 == 0;
    if (rng.below(10) < (growing ? 8U : 3U)) {
      const auto old = model.find(key);
      const bool same_size = old != model.end() && rng.below(3) == 0;
      const std::string value =
          same_size ? std::string(old->second.size(), 's') : random_value(rng);
      ASSERT_EQ(store.set(key, value), old != model.end());
      model[key] = value;
    } else {
      ASSERT_EQ(store.erase(key), model.erase(key) == 1);
    }
    const std::string probe = key_of(rng.below(keys));
    const auto expected = model.find(probe);
    ASSERT_EQ(store.get(probe).has_value(), expected != model.end());
    if (expected != model.end()) {
      ASSERT_EQ(store.get(probe), std::string_view(expected->second));
    }
    if (rng.below(400) == 0) {
      if (copies.size() == 4) copies.erase(copies.begin() + static_cast<int>(rng.below(4)));
      copies.emplace_back(store, model);
      // Going on with the copy must be as good as going on with the source.
      if (rng.below(2) == 0) std::swap(store, copies.back().first);
    }
    if (step % 1'000 == 0) expect_same(store, model);
  }
  expect_same(store, model);
  for (const auto& [copy, contents_then] : copies) expect_same(copy, contents_then);
}

TEST(KvStore, BehavesLikeAMapWithOneShard) {
  random_walk(1, 1, 300, 12'000);
}
TEST(KvStore, BehavesLikeAMapWithAFewShards) {
  random_walk(2, 8, 500, 12'000);
}
TEST(KvStore, BehavesLikeAMapWithManyShards) {
  random_walk(3, 1024, 700, 12'000);
}
TEST(KvStore, BehavesLikeAMapWithAHandfulOfKeys) {
  random_walk(4, 1, 7, 12'000);
}

TEST(KvStore, CopiesOfCopiesAreIndependent) {
  KvStore first(1);
  first.set("key", "1");
  KvStore second = first;
  KvStore third = second;
  second.set("key", "2");
  third.set("more", "3");
  first.set("key", "4");
  first.set("new", "5");
  EXPECT_EQ(first.get("key"), "4");
  EXPECT_EQ(second.get("key"), "2");
  EXPECT_EQ(third.get("key"), "1");
  EXPECT_EQ(second.get("more"), std::nullopt);
  EXPECT_EQ(third.get("new"), std::nullopt);
  second = first;
  first.erase("key");
  EXPECT_EQ(second.get("key"), "4");
  EXPECT_EQ(first.size(), 1U);
  EXPECT_EQ(second.size(), 2U);
}

TEST(KvStore, DeletingAMissingKeyCostsNoMemory) {
  KvStore store(64);
  const std::uint64_t empty = store.memory_bytes();
  for (std::uint64_t i = 0; i < 1'000; ++i) EXPECT_FALSE(store.erase(key_of(i)));
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(KvStore, TellsKeysApartWhoseHashesAreEqualWithinAShard) {
  const std::string one = "key-7203";
  const std::string other = "key-34660";
  ASSERT_EQ(hash64(one) >> 32, hash64(other) >> 32);
  KvStore store(1);
  store.set(one, "1");
  EXPECT_EQ(store.get(other), std::nullopt);
  EXPECT_FALSE(store.set(other, "2"));
  EXPECT_EQ(store.get(one), "1");
  EXPECT_TRUE(store.erase(one));
  EXPECT_EQ(store.get(other), "2");
}

TEST(KvStore, StateHashDoesNotDependOnOrderOrShards) {
  Rng rng(5);
  KvStore one(1);
  KvStore many(512);
  for (std::uint64_t i = 0; i < 1'000; ++i) one.set(key_of(i), key_of(i * 7));
  for (std::uint64_t i = 0; i < 1'000; ++i) many.set(key_of(rng.below(2'000)), random_value(rng));
  EXPECT_NE(one.state_hash(), many.state_hash());
  for (std::uint64_t i = 2'000; i-- > 1'000;) many.erase(key_of(i));
  for (std::uint64_t i = 1'000; i-- > 0;) many.set(key_of(i), key_of(i * 7));
  EXPECT_EQ(one.state_hash(), many.state_hash());
}

TEST(KvStore, StateHashSeesEveryDifference) {
  const Model variants[] = {{},
                            {{"", ""}},
                            {{"ab", "c"}},
                            {{"a", "bc"}},
                            {{"abc", ""}},
                            {{"", "abc"}},
                            {{"a", "b"}, {"c", "d"}},
                            {{"a", "d"}, {"c", "b"}},
                            {{"a", "a"}, {"b", "b"}},
                            {{"a", "b"}, {"b", "a"}}};
  std::map<std::uint64_t, std::size_t> seen;
  for (std::size_t i = 0; i < std::size(variants); ++i) {
    KvStore store(4);
    for (const auto& [key, value] : variants[i]) store.set(key, value);
    const auto [other, fresh] = seen.emplace(store.state_hash(), i);
    EXPECT_TRUE(fresh) << "variants " << other->second << " and " << i;
  }
}

TEST(KvStore, KeepsRecordsWhoseSizesTakeMoreBytesToTell) {
  for (const std::size_t key_size : {0U, 1U, 63U, 64U, 8'191U, 8'192U, 1'048'576U}) {
    for (const std::size_t value_size : {0U, 127U, 128U, 900U, 16'383U, 16'384U, 2'097'152U}) {
      for (const std::uint64_t expires_ms : {std::uint64_t{0}, UINT64_MAX}) {
        KvStore store(1);
        const std::string key(key_size, 'k');
        const std::string value(value_size, 'v');
        store.set("before", "1");
        store.set(key, "to be replaced");
        store.set(key, value, expires_ms);
        store.set("behind", "2");
        const std::optional<StoredValue> found = store.find(key);
        ASSERT_TRUE(found) << key_size << " " << value_size;
        EXPECT_TRUE(found->value == value && found->expires_ms == expires_ms) << key_size;
        EXPECT_EQ(store.get("before"), "1");
        EXPECT_EQ(store.get("behind"), "2");
        EXPECT_EQ(all_shards(store).size(), store.shard_bytes(0));
      }
    }
  }
}

TEST(KvStore, GivesMemoryBackAfterDeletions) {
  KvStore store(16);
  const std::uint64_t empty = store.memory_bytes();
  for (std::uint64_t i = 0; i < 20'000; ++i) store.set(key_of(i), std::string(100, 'v'));
  store.set("large", std::string(5'000'000, 'l'));
  const std::uint64_t full = store.memory_bytes();
  EXPECT_GT(full, 20'000 * 108U + 5'000'000U);
  EXPECT_LT(full, 20'000 * 135U + 5'100'000U);
  store.erase("large");
  for (std::uint64_t i = 0; i < 18'000; ++i) store.erase(key_of(i));
  EXPECT_LT(store.memory_bytes(), 2'000 * 200U);
  for (std::uint64_t i = 0; i < 20'000; ++i) store.erase(key_of(i));
  EXPECT_EQ(store.memory_bytes(), empty);
}

TEST(KvStore, HoldsLittleGarbageWhileValuesChangeTheirSize) {
  KvStore store(4);
  Rng rng(6);
  for (int i = 0; i < 50'000; ++i)
    store.set(key_of(rng.below(1'000)), std::string(80 + rng.below(40), 'v'));
  EXPECT_LT(store.memory_bytes(), 1'000 * 180U);
}

TEST(KvStore, HoldsNothingForLargeValuesThatWereReplaced) {
  KvStore store(1);
  store.set("large", std::string(5'000, 'l'));
  const std::uint64_t before = store.memory_bytes();
  for (std::size_t i = 0; i < 10'000; ++i) store.set("large", std::string(4'000 + i % 1'000, 'l'));
  EXPECT_LT(store.memory_bytes(), before + 1'000);
}

TEST(KvStore, LargeValuesAreSharedByCopies) {
  KvStore store(1);
  store.set("large", std::string(10'000'000, 'l'));
  const KvStore copy = store;
  store.set("other", "value");
  EXPECT_EQ(store.get("large")->data(), copy.get("large")->data());
}

TEST(KvStore, LoadsWhatItEncodedIntoAnyShardCount) {
  Rng rng(7);
  KvStore source(64);
  for (int i = 0; i < 2'000; ++i) source.set(key_of(rng.below(1'500)), random_value(rng));
  const std::string bytes = all_shards(source);
  for (const std::uint32_t shard_count : {1U, 64U, 2048U}) {
    KvStore loaded(shard_count);
    Decoder in(bytes);
    for (std::uint32_t shard = 0; shard < source.shard_count(); ++shard) {
      const Outcome outcome = loaded.load_shard(in);
      ASSERT_TRUE(outcome) << outcome.error().message;
    }
    EXPECT_TRUE(in.complete());
    EXPECT_EQ(loaded.size(), source.size());
    EXPECT_EQ(loaded.state_hash(), source.state_hash());
  }
}

TEST(KvStore, RefusesEveryTruncationOfAShard) {
  KvStore source(1);
  for (std::uint64_t i = 0; i < 5; ++i) source.set(key_of(i), "value");
  const std::string bytes = all_shards(source);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    KvStore loaded(1);
    Decoder in(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(loaded.load_shard(in)) << size;
  }
}

TEST(KvStore, RefusesAbsurdSizesWithoutHoldingMemoryForThem) {
  const std::string cases[] = {"\xff\xff\xff\xff"s, "\xff\xff\xff\xff\0\0\0\0\0\0\0\0"s,
                               "\x01\0\0\0\xff\xff\xff\xff\0\0\0\0key"s,
                               "\x01\0\0\0\x01\0\0\0\xff\xff\xff\xffkvalue"s,
                               "\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"s};
  for (const std::string& bytes : cases) {
    KvStore store(1);
    Decoder in(bytes);
    EXPECT_FALSE(store.load_shard(in));
    EXPECT_LT(store.memory_bytes(), 10'000U);
  }
}

TEST(KvStore, RefusesAKeyThatComesTwice) {
  const std::string record = "\x01\0\0\0\x01\0\0\0kv"s;
  const std::string bytes = "\x02\0\0\0"s + record + record;
  KvStore store(1);
  Decoder in(bytes);
  const Outcome outcome = store.load_shard(in);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message.find("record 2 of 2"), std::string::npos)
      << outcome.error().message;
}

void write_at_random(KvStore& store, Rng& rng, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string key = key_of(rng.below(600));
    if (rng.below(4) == 0) {
      store.erase(key);
    } else {
      store.set(key, random_value(rng));
    }
  }
}

// What the server does: its thread goes on writing while another one writes a snapshot file from a
// copy and drops it at some moment. Meant for the thread sanitizer, from which the relaxed flag
// hides nothing: it doesn't order the reads before the writes that follow.
TEST(KvStore, IsWrittenWhileAnotherThreadReadsACopy) {
  Rng rng(8);
  KvStore store(64);
  for (std::uint64_t i = 0; i < 500; ++i) store.set(key_of(i), random_value(rng));
  for (int round = 0; round < 20; ++round) {
    auto copy = std::make_shared<const KvStore>(store);
    const std::uint64_t expected = store.state_hash();
    std::uint64_t seen = 0;
    std::atomic<bool> dropped{false};
    std::thread reader([held = std::move(copy), &seen, &dropped]() mutable {
      seen = held->state_hash();
      held.reset();
      dropped.store(true, std::memory_order_relaxed);
    });
    write_at_random(store, rng, 20);
    while (!dropped.load(std::memory_order_relaxed)) std::this_thread::yield();
    write_at_random(store, rng, 200);
    reader.join();
    EXPECT_EQ(seen, expected);
  }
}

TEST(KvStore, ACopyIsCopiedByTwoThreadsAtOnce) {
  KvStore store(64);
  for (std::uint64_t i = 0; i < 500; ++i) store.set(key_of(i), "value");
  const KvStore shared = store;
  const auto work = [&shared](std::string_view value) {
    KvStore own = shared;
    for (std::uint64_t i = 0; i < 500; ++i) own.set(key_of(i), value);
    EXPECT_EQ(own.get(key_of(1)), value);
  };
  std::thread other(work, "third");
  work("other value");
  other.join();
  EXPECT_EQ(shared.state_hash(), store.state_hash());
}

TEST(KvStoreDeathTest, RefusesAShardCountThatIsNoPowerOfTwo) {
  EXPECT_DEATH(KvStore(0), "shard_count");
  EXPECT_DEATH(KvStore(12), "shard_count");
}

}  // namespace
}  // namespace kv
