#include "netsim/node_clock.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/rng.h"

namespace kv::sim {
namespace {

constexpr Duration kYear = seconds(365 * 24 * 3600);

Instant at(Duration span) {
  return Instant{} + span;
}
/// What an untouched clock shows then.
Instant shown(Duration span) {
  return at(NodeClock::kOrigin + span);
}

TEST(NodeClock, ShowsTrueTimeBehindItsOriginWhenUntouched) {
  const NodeClock clock;
  for (const Duration span : {Duration{}, nanoseconds(1), seconds(77), kYear * 200}) {
    EXPECT_EQ(clock.local(at(span)), shown(span));
    EXPECT_EQ(clock.when(at({}), shown(span)), at(span));
  }
  EXPECT_EQ(clock.when(at(seconds(9)), shown(seconds(3))), at(seconds(9)));
}

TEST(NodeClock, DriftsFromTheMomentOnThatItIsTold) {
  NodeClock clock;
  clock.set_drift(at(seconds(10)), 200);
  EXPECT_EQ(clock.local(at(seconds(10))), shown(seconds(10)));
  EXPECT_EQ(clock.local(at(seconds(11))), shown(seconds(11) + microseconds(200)));
  clock.set_drift(at(seconds(11)), -1000);
  EXPECT_EQ(clock.local(at(seconds(11))), shown(seconds(11) + microseconds(200)));
  EXPECT_EQ(clock.local(at(seconds(12))), shown(seconds(12) - microseconds(800)));
  clock.set_drift(at(seconds(12)), 0);
  EXPECT_EQ(clock.local(at(seconds(99))), shown(seconds(99) - microseconds(800)));
}

TEST(NodeClock, TellsWhenADriftingClockWillShowATime) {
  NodeClock fast;
  fast.set_drift(at({}), 1'000'000);  // twice as fast
  EXPECT_EQ(fast.when(at({}), shown(seconds(10))), at(seconds(5)));
  EXPECT_EQ(fast.when(at({}), shown(nanoseconds(1))), at(nanoseconds(1)));
  NodeClock slow;
  slow.set_drift(at({}), -500'000);
  EXPECT_EQ(slow.when(at({}), shown(seconds(10))), at(seconds(20)));
}

TEST(NodeClock, StepsAhead) {
  NodeClock clock;
  clock.step(at(seconds(5)), seconds(2));
  EXPECT_EQ(clock.local(at(seconds(5))), shown(seconds(7)));
  EXPECT_EQ(clock.local(at(seconds(6))), shown(seconds(8)));
  EXPECT_EQ(clock.when(at(seconds(5)), shown(seconds(6))), at(seconds(5)));
  EXPECT_EQ(clock.when(at(seconds(5)), shown(seconds(9))), at(seconds(7)));
}

TEST(NodeClock, StandsStillAndGoesOnFromThere) {
  NodeClock clock;
  clock.set_drift(at({}), 1'000'000);
  clock.freeze(at(seconds(5)), at(seconds(8)));
  EXPECT_EQ(clock.local(at(seconds(5))), shown(seconds(10)));
  EXPECT_EQ(clock.local(at(seconds(7))), shown(seconds(10)));
  EXPECT_EQ(clock.local(at(seconds(8))), shown(seconds(10)));
  EXPECT_EQ(clock.local(at(seconds(9))), shown(seconds(12)));
  EXPECT_EQ(clock.when(at(seconds(6)), shown(seconds(10))), at(seconds(6)));
  EXPECT_EQ(clock.when(at(seconds(6)), shown(seconds(12))), at(seconds(9)));
}

TEST(NodeClock, CanBeChangedWhileItStandsStill) {
  NodeClock clock;
  clock.freeze(at(seconds(5)), at(seconds(8)));
  clock.step(at(seconds(6)), seconds(1));
  EXPECT_EQ(clock.local(at(seconds(7))), shown(seconds(6)));
  clock.set_drift(at(seconds(7)), 1'000'000);
  EXPECT_EQ(clock.local(at(seconds(8))), shown(seconds(6)));
  EXPECT_EQ(clock.local(at(seconds(9))), shown(seconds(8)));
  clock.freeze(at(seconds(9)), at(seconds(20)));
  clock.freeze(at(seconds(10)), at(seconds(10)));
  EXPECT_EQ(clock.local(at(seconds(11))), shown(seconds(10)));
}

TEST(NodeClock, IsAValue) {
  NodeClock clock;
  clock.set_drift(at(seconds(1)), 5);
  NodeClock copy = clock;
  copy.step(at(seconds(2)), seconds(1));
  copy.set_drift(at(seconds(2)), -5);
  EXPECT_EQ(clock.local(at(seconds(1'000'001))), shown(seconds(1'000'001) + seconds(5)));
}

TEST(NodeClock, HoldsOverYears) {
  for (const std::int64_t ppm : {-500, 1, 500, 100'000}) {
    NodeClock clock;
    clock.set_drift(at({}), ppm);
    const Duration gained = kYear / 1'000'000 * ppm * 100;
    EXPECT_EQ(clock.local(at(kYear * 100)), shown(kYear * 100 + gained));
    EXPECT_EQ(clock.when(at({}), shown(kYear * 100 + gained)), at(kYear * 100));
  }
}

TEST(NodeClock, NamesTheLastInstantForWhatIsTooFarAway) {
  constexpr Instant kLast{std::numeric_limits<std::int64_t>::max()};
  NodeClock clock;
  clock.set_drift(at({}), -999'999);
  for (std::int64_t years = 1; years < 200; ++years) {
    EXPECT_EQ(clock.when(at({}), shown(kYear * years)), kLast);
  }
  EXPECT_EQ(clock.when(at({}), kLast), kLast);
  EXPECT_EQ(clock.local(at(seconds(1))), shown(microseconds(1)));
  NodeClock frozen;
  frozen.freeze(at({}), at(seconds(7200)));
  EXPECT_EQ(frozen.when(at({}), kLast), kLast);
}

std::int64_t random_ppm(Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return 0;
    case 1:
      return rng.between({-500}, {500}).ns;
    case 2:
      return rng.between({-999'999}, {1'000'000}).ns;
    default:
      return rng.between({-999'999}, {1'000'000'000}).ns;
  }
}

void change(NodeClock& clock, Instant now, Rng& rng) {
  const Instant before = clock.local(now);
  const std::uint64_t kind = rng.below(4);
  if (kind == 0) {
    clock.freeze(now, now + rng.between({}, seconds(5)));
  } else if (kind == 1) {
    const Duration span = rng.between({}, seconds(100));
    clock.step(now, span);
    ASSERT_EQ(clock.local(now), before + span);
    return;
  } else {
    clock.set_drift(now, random_ppm(rng));
  }
  ASSERT_EQ(clock.local(now), before) << "only a step jumps";
}

// Exactness, for any past of the clock: at when(now, x) it shows x or more, and a nanosecond
// earlier less, unless it shows x already now.
TEST(NodeClock, TellsTheFirstMomentThatShowsATime) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    NodeClock clock;
    Instant now{};
    Instant latest = clock.local(now);
    for (int i = 0; i < 200; ++i) {
      now = now + rng.between({}, rng.below(2) == 0 ? nanoseconds(3) : seconds(10));
      ASSERT_GE(clock.local(now), latest) << "seed " << seed;
      if (rng.below(3) == 0) change(clock, now, rng);
      latest = clock.local(now);
      const Duration reach = rng.below(2) == 0 ? nanoseconds(20) : seconds(20);
      const Instant wanted = latest + rng.between(nanoseconds(-5), reach);
      const Instant found = clock.when(now, wanted);
      ASSERT_GE(found, now) << "seed " << seed;
      ASSERT_GE(clock.local(found), wanted) << "seed " << seed;
      if (found > now) {
        ASSERT_LT(clock.local(found - nanoseconds(1)), wanted) << "seed " << seed;
      }
    }
  }
}

TEST(NodeClock, RefusesToGoBack) {
  NodeClock clock;
  EXPECT_DEATH(clock.set_drift(at({}), -1'000'000), "ppm > -kMillion");
  EXPECT_DEATH(clock.step(at({}), nanoseconds(-1)), "span >= Duration");
  EXPECT_DEATH(clock.freeze(at(seconds(1)), at({})), "until >= now");
}

}  // namespace
}  // namespace kv::sim
