#include "model/series.h"

#include <gtest/gtest.h>

#include "tale.h"

namespace kv::viz {
namespace {

/// How many times `a` is `b`, or `b` is `a`.
double ratio(Duration a, Duration b) {
  const double quotient = static_cast<double>(a.ns) / static_cast<double>(b.ns);
  return quotient < 1 ? 1 / quotient : quotient;
}

TEST(LatencyHistogram, HasNoQuantileWhenItIsEmpty) {
  EXPECT_FALSE(LatencyHistogram().quantile(0.5).has_value());
}

TEST(LatencyHistogram, IsPreciseToAFactorOfOnePointTwo) {
  for (std::int64_t us = 1; us < 100'000'000; us = us * 13 / 10 + 1) {
    LatencyHistogram histogram;
    histogram.add(microseconds(us));
    EXPECT_LT(ratio(*histogram.quantile(0.5), microseconds(us)), 1.2) << us << " us";
  }
}

TEST(LatencyHistogram, OrdersWhatItCounts) {
  LatencyHistogram histogram;
  histogram.add(milliseconds(1), 98);
  histogram.add(milliseconds(100), 2);
  EXPECT_LT(ratio(*histogram.quantile(0), milliseconds(1)), 1.2);
  EXPECT_LT(ratio(*histogram.quantile(0.98), milliseconds(1)), 1.2);
  EXPECT_LT(ratio(*histogram.quantile(0.99), milliseconds(100)), 1.2);
  EXPECT_LT(ratio(*histogram.quantile(1), milliseconds(100)), 1.2);
}

TEST(LatencyHistogram, TakesTimesBeyondItsEndsForTheEnds) {
  LatencyHistogram histogram;
  histogram.add(Duration{0});
  histogram.add(seconds(10'000));
  EXPECT_LT(*histogram.quantile(0), microseconds(2));
  EXPECT_GT(*histogram.quantile(1), seconds(200));
}

TEST(LatencyHistogram, IsMergedCountByCount) {
  LatencyHistogram fast;
  fast.add(milliseconds(1), 10);
  LatencyHistogram slow;
  slow.add(seconds(1), 30);
  fast.merge(slow);
  EXPECT_LT(ratio(*fast.quantile(0.25), milliseconds(1)), 1.2);
  EXPECT_LT(ratio(*fast.quantile(0.26), seconds(1)), 1.2);
}

TEST(Series, BeginsWithTheFirstTimeItHears) {
  Series series;
  series.at(after_ms(1'000)).ok = 1;
  series.at(after_ms(1'012)).ok = 2;
  EXPECT_EQ(series.origin(), after_ms(1'000));
  ASSERT_EQ(series.buckets().size(), 3U);
  EXPECT_EQ(series.buckets()[2].ok, 2U);
}

TEST(Series, PutsTimesBeforeItsOriginIntoTheFirstBucket) {
  Series series;
  series.at(after_ms(1'000));
  series.at(after_ms(10)).ok = 7;
  EXPECT_EQ(series.buckets().front().ok, 7U);
}

TEST(Series, JoinsBucketsWhenThereAreTooMany) {
  Series series;
  const std::int64_t times = 50'000;
  for (std::int64_t ms = 0; ms < times; ++ms) {
    Bucket& bucket = series.at(after_ms(ms));
    ++bucket.ok;
    bucket.latency.add(milliseconds(1));
  }
  EXPECT_LE(series.buckets().size(), Series::kMostBuckets);
  EXPECT_GT(series.buckets().size(), Series::kMostBuckets / 4);
  std::uint32_t ok = 0;
  for (const Bucket& bucket : series.buckets()) ok += bucket.ok;
  EXPECT_EQ(ok, times);
  EXPECT_EQ(series.buckets()[1].ok, series.width().ns / milliseconds(1).ns);
}

TEST(Series, ReachesFarAtOnce) {
  Series series;
  series.at(after_ms(0)).ok = 1;
  series.at(after_ms(1'000'000'000)).ok = 1;
  EXPECT_LE(series.buckets().size(), Series::kMostBuckets);
  EXPECT_EQ(series.buckets().front().ok, 1U);
  EXPECT_EQ(series.buckets().back().ok, 1U);
}

TEST(Series, HoldsALevelUntilItIsToldAnew) {
  Series series;
  series.set_term(after_ms(0), 3);
  series.set_lag(after_ms(1), 8);
  series.set_lag(after_ms(2), 5);
  series.at(after_ms(11));
  EXPECT_EQ(series.buckets()[0].lag, 8U) << "the most within the bucket";
  EXPECT_EQ(series.buckets()[2].lag, 5U) << "what it was last";
  EXPECT_EQ(series.buckets()[2].term, 3U);
}

}  // namespace
}  // namespace kv::viz
