#include "core/rng.h"

#include <array>
#include <cstdint>
#include <set>

#include <gtest/gtest.h>

#include "core/hash.h"

namespace kv {
namespace {

// Computed apart from this code, from the published algorithms.
TEST(Rng, GivesTheNumbersOfXoshiroSeededBySplitMix) {
  Rng rng(42);
  EXPECT_EQ(rng.next(), 0x15780b2e0c2ec716U);
  EXPECT_EQ(rng.next(), 0x6104d9866d113a7eU);
  EXPECT_EQ(rng.next(), 0xae17533239e499a1U);
}

TEST(Rng, ACopyGoesOnWithTheSameNumbers) {
  Rng rng(7);
  rng.next();
  Rng copy = rng;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rng.next(), copy.next());
}

TEST(Rng, StaysBelowTheBoundAndReachesEveryNumber) {
  Rng rng(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) {
    const std::uint64_t drawn = rng.below(counts.size());
    ASSERT_LT(drawn, counts.size());
    ++counts[drawn];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

// Without rejection the lower half would be drawn twice as often as the upper half.
TEST(Rng, HasNoBiasForABoundNearTheLargestNumber) {
  const std::uint64_t bound = 0xc000'0000'0000'0000;
  Rng rng(2);
  int lower = 0;
  for (int i = 0; i < 30'000; ++i) lower += rng.below(bound) < (std::uint64_t{1} << 62) ? 1 : 0;
  EXPECT_NEAR(lower, 10'000, 400);
}

TEST(Rng, KnowsOnlyZeroBelowOne) {
  Rng rng(3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, DrawsDurationsWithBothEnds) {
  Rng rng(4);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng.between(nanoseconds(-1), nanoseconds(2)).ns);
  EXPECT_EQ(seen, (std::set<std::int64_t>{-1, 0, 1, 2}));
  EXPECT_EQ(rng.between(seconds(5), seconds(5)), seconds(5));
}

TEST(Rng, DrawsDurationsFromTheWholeRange) {
  Rng rng(5);
  int negative = 0;
  for (int i = 0; i < 1'000; ++i) {
    negative += rng.between({INT64_MIN}, {INT64_MAX}).ns < 0 ? 1 : 0;
  }
  EXPECT_NEAR(negative, 500, 100);
}

TEST(Rng, ForksDependOnTheNameAndNotOnTheDraws) {
  Rng rng(6);
  Rng before = rng.fork("disk");
  rng.next();
  Rng behind = rng.fork("disk");
  Rng other = rng.fork("network");
  const std::uint64_t first = before.next();
  EXPECT_EQ(first, behind.next());
  EXPECT_NE(first, other.next());
  EXPECT_NE(first, Rng(7).fork("disk").next());
}

TEST(RngDeathTest, RefusesAnEmptyRange) {
  Rng rng(8);
  EXPECT_DEATH(rng.below(0), "bound > 0");
  EXPECT_DEATH(rng.between(seconds(2), seconds(1)), "low <= high");
}

TEST(Hash64, IsXxh3WithASeed) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2U);
  EXPECT_EQ(hash64(std::string_view{}), hash64(""));
  EXPECT_NE(hash64("", 1), hash64(""));
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
}

}  // namespace
}  // namespace kv
