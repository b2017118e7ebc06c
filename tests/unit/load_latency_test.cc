// The load generator's percentiles.
#include <gtest/gtest.h>

#include "load/latency_histogram.h"

namespace kv::load {
namespace {

TEST(LatencyHistogram, IsZeroWhileEmpty) {
  const LatencyHistogram latencies;
  EXPECT_EQ(latencies.quantile(0.5), 0U);
  EXPECT_EQ(latencies.max(), 0U);
}

TEST(LatencyHistogram, IsExactForSmallNumbers) {
  LatencyHistogram latencies;
  for (std::uint64_t i = 1; i <= 100; ++i) latencies.add(i);
  EXPECT_EQ(latencies.count(), 100U);
  EXPECT_EQ(latencies.quantile(0.5), 50U);
  EXPECT_EQ(latencies.quantile(0.99), 99U);
  EXPECT_EQ(latencies.quantile(1), 100U);
  EXPECT_EQ(latencies.quantile(0), 1U);
}

TEST(LatencyHistogram, IsNeverMoreThanAClassTooHighAndNeverTooLow) {
  for (std::uint64_t value = 1; value < 50'000'000; value += 1 + value / 7) {
    LatencyHistogram latencies;
    latencies.add(value, 99);
    latencies.add(100'000'000);
    EXPECT_GE(latencies.quantile(0.5), value);
    EXPECT_LE(latencies.quantile(0.5), value + value / 63);
  }
}

TEST(LatencyHistogram, KeepsTheLargestExactly) {
  LatencyHistogram latencies;
  latencies.add(12'345'677);
  EXPECT_EQ(latencies.max(), 12'345'677U);
  EXPECT_EQ(latencies.quantile(0.5), 12'345'677U);
}

TEST(LatencyHistogram, TakesAnythingHoweverLarge) {
  LatencyHistogram latencies;
  latencies.add(~std::uint64_t{0});
  EXPECT_GT(latencies.quantile(0.5), std::uint64_t{1} << 39);
}

}  // namespace
}  // namespace kv::load
