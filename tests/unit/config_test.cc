#include "core/config.h"

#include <string>

#include <gtest/gtest.h>

namespace kv {
namespace {

std::string error_of(const Timing& timing) {
  const Outcome outcome = validate(timing);
  return outcome ? "" : outcome.error().message;
}

TEST(Config, KnowsItsTimingsByName) {
  const Timing documented = *timing_by_name("documented");
  EXPECT_EQ(documented.heartbeat_interval, seconds(2));
  EXPECT_EQ(documented.election_timeout_min, seconds(5));
  EXPECT_EQ(documented.election_timeout_max, seconds(8));
  const Timing lan = *timing_by_name("lan");
  EXPECT_EQ(lan.heartbeat_interval, milliseconds(50));
  EXPECT_EQ(lan.election_timeout_min, milliseconds(300));
  EXPECT_EQ(lan.election_timeout_max, milliseconds(600));
  const Timing wan = *timing_by_name("wan");
  EXPECT_EQ(wan.heartbeat_interval, milliseconds(500));
  EXPECT_EQ(wan.election_timeout_min, milliseconds(2500));
  EXPECT_EQ(wan.election_timeout_max, seconds(5));
}

TEST(Config, KnowsNoTimingByAnotherName) {
  for (const char* name : {"", "LAN", "lan ", "fast"}) EXPECT_FALSE(timing_by_name(name)) << name;
}

TEST(Config, AcceptsEveryTimingThatHasAName) {
  for (const char* name : {"documented", "lan", "wan"}) {
    EXPECT_EQ(error_of(*timing_by_name(name)), "") << name;
  }
}

TEST(Config, ALeaseIsAsLongAsTheBoundOnClocksAllows) {
  for (const char* name : {"documented", "lan", "wan"}) {
    const Timing timing = *timing_by_name(name);
    EXPECT_EQ(lease_length(timing, 0), timing.election_timeout_min);
    for (const std::uint32_t ppm : {1u, 500u, 10'000u, 199'999u, 200'000u}) {
      // By the leader's slowest clock and the voter's fastest one: it ends before the promise.
      const std::int64_t promise = timing.election_timeout_min.ns * (1'000'000 - ppm);
      const std::int64_t lease = lease_length(timing, ppm).ns;
      EXPECT_LE(lease * (1'000'000 + ppm), promise);
      EXPECT_GT((lease + 1) * (1'000'000 + ppm), promise);
    }
  }
}

TEST(Config, AcceptsTheLimitsThemselves) {
  EXPECT_EQ(error_of({milliseconds(1), milliseconds(2), milliseconds(2)}), "");
}

TEST(Config, RefusesContradictoryTimesAndNamesBoth) {
  const std::string crossed = error_of({milliseconds(50), milliseconds(600), milliseconds(300)});
  EXPECT_NE(crossed.find("300 ms"), std::string::npos) << crossed;
  EXPECT_NE(crossed.find("600 ms"), std::string::npos) << crossed;
  const std::string hasty = error_of({milliseconds(200), milliseconds(399), milliseconds(900)});
  EXPECT_NE(hasty.find("399 ms"), std::string::npos) << hasty;
  EXPECT_NE(hasty.find("200 ms"), std::string::npos) << hasty;
}

TEST(Config, RefusesHeartbeatsWithoutAPause) {
  for (const Duration interval : {milliseconds(0), milliseconds(-5), nanoseconds(999'999)}) {
    EXPECT_NE(error_of({interval, seconds(1), seconds(2)}), "") << interval.ns;
  }
}

}  // namespace
}  // namespace kv
