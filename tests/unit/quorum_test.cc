#include "core/quorum.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "core/types.h"

namespace kv {
namespace {

/// The first value is the member's own.
template <typename Value>
Value reached(const std::vector<Value>& values) {
  const std::vector<Value> others(values.begin() + 1, values.end());
  return reached_by_quorum(values.front(), others, [](const Value& value) { return value; });
}

TEST(Quorum, IsMoreThanHalf) {
  const std::vector<std::size_t> expected{1, 2, 2, 3, 3, 4, 4, 5, 5};
  for (std::size_t members = 1; members <= 9; ++members) {
    EXPECT_EQ(quorum_size(members), expected[members - 1]) << members << " members";
  }
}

TEST(Quorum, FindsTheLargestValueThatAMajorityHasReached) {
  Rng rng(7);
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::uint64_t> values(1 + rng.below(9));
    for (std::uint64_t& value : values) value = rng.below(6);
    const std::uint64_t largest = reached(values);
    const auto reaching = [&](std::uint64_t bar) {
      return std::count_if(values.begin(), values.end(), [&](std::uint64_t v) { return v >= bar; });
    };
    ASSERT_GT(2 * reaching(largest), std::ssize(values));
    ASSERT_LE(2 * reaching(largest + 1), std::ssize(values));
  }
}

TEST(Quorum, NeedsTwoOfThreeAndTwoOfTwo) {
  EXPECT_EQ(reached<std::uint64_t>({9, 4, 1}), 4u);
  EXPECT_EQ(reached<std::uint64_t>({9, 4}), 4u);
  EXPECT_EQ(reached<std::uint64_t>({9}), 9u);
  EXPECT_EQ(reached<std::uint64_t>({9, 8, 2, 1}), 2u);
}

TEST(Quorum, OrdersInstantsToo) {
  EXPECT_EQ(reached<Instant>({{30}, {-5}, {20}}), Instant{20});
}

}  // namespace
}  // namespace kv
