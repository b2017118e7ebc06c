#include "netsim/latency.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kv::sim {
namespace {

constexpr std::size_t kDraws = 1'000'000;

std::vector<std::int64_t> sorted_draws(const Latency& latency, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::int64_t> draws;
  draws.reserve(kDraws);
  for (std::size_t i = 0; i < kDraws; ++i) draws.push_back(latency.draw(rng).ns);
  std::sort(draws.begin(), draws.end());
  return draws;
}

Latency measured(const std::vector<Latency::Quantile>& quantiles) {
  Result<Latency> latency = Latency::from_quantiles(quantiles);
  EXPECT_TRUE(latency) << latency.error().message;
  return *latency;
}

std::string refusal(const std::vector<Latency::Quantile>& quantiles) {
  const Result<Latency> latency = Latency::from_quantiles(quantiles);
  return latency ? "no error" : latency.error().message;
}

/// One of each kind that draws.
std::vector<Latency> all_kinds() {
  return {Latency::uniform(milliseconds(1), milliseconds(3)),
          Latency::uniform({}, seconds(3600)),
          Latency::uniform(nanoseconds(5), nanoseconds(5)),
          Latency::log_normal(microseconds(300), milliseconds(2)),
          Latency::log_normal(nanoseconds(1), seconds(3600)),
          Latency::log_normal(milliseconds(1), {std::int64_t{1} << 61}),
          Latency::log_normal(seconds(1), seconds(1)),
          Latency::two_mode(milliseconds(1), seconds(1), 2'500),
          Latency::two_mode(seconds(1), milliseconds(1), 2'500),
          measured({{100'000, milliseconds(1)}, {900'000, milliseconds(5)}}),
          measured({{0, {}}, {999'999, {}}, {1'000'000, seconds(60)}})};
}

TEST(Latency, IsAlwaysZeroByDefaultAndConstantIfSo) {
  Rng rng(1);
  EXPECT_EQ(Latency().draw(rng), Duration{});
  EXPECT_EQ(Latency::constant(seconds(2)).draw(rng), seconds(2));
  EXPECT_EQ(Latency::constant(seconds(2)).quantile(5), seconds(2));
  EXPECT_EQ(Latency::constant(seconds(2)).scaled(3).draw(rng), seconds(6));
  EXPECT_EQ(rng.next(), Rng(1).next()) << "a constant draws nothing";
}

TEST(Latency, UsesOneNumberADraw) {
  for (const Latency& latency : all_kinds()) {
    Rng rng(3);
    Rng other(3);
    for (int i = 0; i < 1'000; ++i) {
      latency.draw(rng);
      other.next();
    }
    EXPECT_EQ(rng.next(), other.next());
  }
}

TEST(Latency, NeverLeavesItsFirstAndLastQuantile) {
  for (const Latency& latency : all_kinds()) {
    Rng rng(4);
    EXPECT_GE(latency.quantile(0), Duration{});
    for (int i = 0; i < 100'000; ++i) {
      const Duration delay = latency.draw(rng);
      ASSERT_GE(delay, latency.quantile(0));
      ASSERT_LE(delay, latency.quantile(1'000'000));
    }
  }
}

TEST(Latency, HasQuantilesThatNeverFall) {
  for (const Latency& latency : all_kinds()) {
    Duration before{};
    for (std::uint32_t per_million = 0; per_million <= 1'000'000; per_million += 10) {
      const Duration delay = latency.quantile(per_million);
      ASSERT_GE(delay, before) << per_million;
      before = delay;
    }
  }
}

TEST(Latency, DrawsAsItsQuantilesSay) {
  for (const Latency& latency : all_kinds()) {
    const std::vector<std::int64_t> draws = sorted_draws(latency, 5);
    for (const std::uint32_t per_million : {1'000U, 50'000U, 250'000U, 600'000U, 950'000U}) {
      const std::int64_t drawn = draws[per_million];  // a million draws
      const Duration low = latency.quantile(per_million - per_million / 20);
      const Duration high = latency.quantile(per_million + per_million / 20);
      EXPECT_GE(drawn, low.ns) << per_million;
      EXPECT_LE(drawn, high.ns) << per_million;
    }
  }
}

TEST(Latency, IsUniformBetweenItsBounds) {
  const Latency latency = Latency::uniform(milliseconds(2), milliseconds(6));
  EXPECT_EQ(latency.quantile(0), milliseconds(2));
  EXPECT_EQ(latency.quantile(250'000), milliseconds(3));
  EXPECT_EQ(latency.quantile(1'000'000), milliseconds(6));
  EXPECT_EQ(Latency::uniform({}, seconds(3600)).quantile(1'000'000), seconds(3600));
  const std::vector<std::int64_t> draws = sorted_draws(latency, 6);
  EXPECT_NEAR(static_cast<double>(draws.front()), 2e6, 100);
  EXPECT_NEAR(static_cast<double>(draws.back()), 6e6, 100);
  EXPECT_NEAR(static_cast<double>(draws[kDraws / 2]), 4e6, 1e4);
}

TEST(Latency, ReachesBothEndsOfANarrowUniformRange) {
  const std::vector<std::int64_t> draws =
      sorted_draws(Latency::uniform(nanoseconds(7), nanoseconds(8)), 7);
  EXPECT_EQ(draws.front(), 7);
  EXPECT_EQ(draws.back(), 8);
  EXPECT_NEAR(static_cast<double>(std::count(draws.begin(), draws.end(), 7)), kDraws / 2.0, 2'000);
}

// The expected quantiles were computed apart from this code, in floating point:
// p50 * (p99 / p50)^(z / z99).
TEST(Latency, IsLogNormalWithItsMedianAnd99thPercentile) {
  const Latency latency = Latency::log_normal(microseconds(300), milliseconds(2));
  const struct {
    std::uint32_t per_million;
    double delay_ns;
  } expected[] = {{100, 14'453.71},       {10'000, 45'000.00},    {100'000, 105'497.41},
                  {250'000, 173'077.75},  {500'000, 300'000.00},  {900'000, 853'101.53},
                  {990'000, 2'000'000.0}, {999'000, 3'728'811.1}, {999'900, 6'226'774.3}};
  for (const auto& [per_million, delay_ns] : expected) {
    EXPECT_NEAR(static_cast<double>(latency.quantile(per_million).ns), delay_ns,
                1 + delay_ns * 1e-6)
        << per_million;
  }
  EXPECT_NEAR(static_cast<double>(latency.quantile(620'000).ns), 384'867.8, 384'867.8 * 0.01)
      << "on the line between two points of the table";
  EXPECT_EQ(latency.quantile(1'000'000), latency.quantile(999'900)) << "cut there";
}

TEST(Latency, DrawsAMedianAndA99thPercentileWithinOnePercent) {
  for (const auto& [p50, p99] : {std::pair{microseconds(300), milliseconds(2)},
                                 std::pair{milliseconds(20), milliseconds(500)},
                                 std::pair{seconds(3), milliseconds(3'100)}}) {
    const std::vector<std::int64_t> draws = sorted_draws(Latency::log_normal(p50, p99), 8);
    const auto near = [](std::int64_t drawn, Duration wanted) {
      EXPECT_NEAR(static_cast<double>(drawn), static_cast<double>(wanted.ns),
                  static_cast<double>(wanted.ns) * 0.01);
    };
    near(draws[kDraws / 2], p50);
    near(draws[kDraws / 100 * 99], p99);
  }
}

TEST(Latency, EndsAt73YearsWhereALogNormalTailWouldBeLonger) {
  const Latency latency = Latency::log_normal(nanoseconds(1), seconds(3600));
  EXPECT_EQ(latency.quantile(500'000), nanoseconds(1));
  EXPECT_EQ(latency.quantile(0), Duration{});
  EXPECT_EQ(latency.quantile(1'000'000).ns, std::int64_t{1} << 61);
  const double p99 = static_cast<double>(latency.quantile(990'000).ns);
  EXPECT_NEAR(p99, 3.6e12, 3.6e12 * 1e-6);
}

TEST(Latency, GivesTheRareDelayItsShareOfAllDraws) {
  const Latency latency = Latency::two_mode(milliseconds(1), seconds(1), 2'500);
  EXPECT_EQ(latency.quantile(997'500), milliseconds(1));
  EXPECT_EQ(latency.quantile(997'501), seconds(1));
  const std::vector<std::int64_t> draws = sorted_draws(latency, 9);
  const auto rare = std::count(draws.begin(), draws.end(), seconds(1).ns);
  const auto usual = std::count(draws.begin(), draws.end(), milliseconds(1).ns);
  EXPECT_EQ(rare + usual, static_cast<std::ptrdiff_t>(kDraws));
  EXPECT_NEAR(static_cast<double>(rare), 2'500, 200);  // four deviations
}

TEST(Latency, KnowsTheEdgesOfTwoModes) {
  Rng rng(10);
  const Latency never = Latency::two_mode(milliseconds(1), seconds(1), 0);
  const Latency always = Latency::two_mode(milliseconds(1), seconds(1), 1'000'000);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(never.draw(rng), milliseconds(1));
    EXPECT_EQ(always.draw(rng), seconds(1));
  }
  const Latency faster = Latency::two_mode(seconds(1), milliseconds(1), 2'500);
  EXPECT_EQ(faster.quantile(2'500), milliseconds(1));
  EXPECT_EQ(faster.quantile(2'501), seconds(1));
}

TEST(Latency, FollowsMeasuredQuantiles) {
  const Latency latency = measured({{100'000, milliseconds(1)},
                                    {500'000, milliseconds(1)},
                                    {600'000, milliseconds(5)},
                                    {990'000, seconds(1)}});
  EXPECT_EQ(latency.quantile(0), milliseconds(1)) << "flat before the first";
  EXPECT_EQ(latency.quantile(500'000), milliseconds(1));
  EXPECT_EQ(latency.quantile(550'000), milliseconds(3));
  EXPECT_EQ(latency.quantile(600'000), milliseconds(5));
  EXPECT_EQ(latency.quantile(990'000), seconds(1));
  EXPECT_EQ(latency.quantile(1'000'000), seconds(1)) << "flat behind the last";
  EXPECT_EQ(measured({{500'000, seconds(1)}}).quantile(3), seconds(1));
}

TEST(Latency, TellsWhichMeasuredQuantileIsWrong) {
  EXPECT_EQ(refusal({}), "measured quantiles: there is none; give at least one.");
  EXPECT_EQ(refusal({{500'000, seconds(1)}, {400'000, seconds(2)}}),
            "measured quantiles: 2s at 400000 per million is out of order behind 1s at 500000 per "
            "million; list them so that both numbers ascend.");
  EXPECT_NE(refusal({{500'000, seconds(1)}, {500'000, seconds(2)}}).find("out of order"),
            std::string::npos);
  EXPECT_NE(refusal({{500'000, seconds(2)}, {600'000, seconds(1)}}).find("out of order"),
            std::string::npos);
  EXPECT_EQ(refusal({{1'000'001, seconds(2)}}),
            "measured quantiles: 2s at 1000001 per million makes no sense; give delays from 0 on, "
            "at 0 to 1000000 per million.");
  EXPECT_NE(refusal({{1, nanoseconds(-1)}}).find("makes no sense"), std::string::npos);
}

TEST(Latency, ScalesEveryDelay) {
  for (const Latency& latency : all_kinds()) {
    const Latency slow = latency.scaled(50);
    for (std::uint32_t per_million = 0; per_million <= 1'000'000; per_million += 12'345) {
      if (latency.quantile(per_million) > seconds(40'000'000)) {
        EXPECT_LE(slow.quantile(per_million).ns, std::int64_t{1} << 61);
        continue;
      }
      EXPECT_NEAR(static_cast<double>(slow.quantile(per_million).ns),
                  static_cast<double>((latency.quantile(per_million) * 50).ns), 50);
    }
    EXPECT_EQ(latency.scaled(0).quantile(1'000'000), Duration{});
  }
}

// Whoever changes these changes every recorded run.
TEST(Latency, DrawsTheSameNumbersOnEveryMachine) {
  const auto draws = [](const Latency& latency) {
    Rng rng(42);
    std::vector<std::int64_t> delays(5);
    for (std::int64_t& delay : delays) delay = latency.draw(rng).ns;
    return delays;
  };
  using Delays = std::vector<std::int64_t>;
  EXPECT_EQ(draws(Latency::uniform(milliseconds(1), milliseconds(3))),
            (Delays{1'167'726, 1'757'961, 2'360'087, 2'849'386, 2'983'608}));
  EXPECT_EQ(draws(Latency::log_normal(microseconds(300), milliseconds(2))),
            (Delays{97'341, 233'537, 440'403, 972'258, 2'125'647}));
  EXPECT_EQ(draws(Latency::two_mode(milliseconds(1), seconds(1), 400'000)),
            (Delays{1'000'000, 1'000'000, 1'000'000'000, 1'000'000'000, 1'000'000'000}));
}

TEST(Latency, RefusesWhatMakesNoSense) {
  EXPECT_DEATH(Latency::constant(nanoseconds(-1)), "delay >= Duration");
  EXPECT_DEATH(Latency::uniform(seconds(2), seconds(1)), "low <= high");
  EXPECT_DEATH(Latency::log_normal({}, seconds(1)), "p50");
  EXPECT_DEATH(Latency::log_normal(seconds(2), seconds(1)), "p50 <= p99");
  EXPECT_DEATH(Latency::two_mode({}, {}, 1'000'001), "rare_per_million");
  EXPECT_DEATH(Latency().quantile(1'000'001), "per_million");
  EXPECT_DEATH(Latency().scaled(-1), "factor >= 0");
}

}  // namespace
}  // namespace kv::sim
