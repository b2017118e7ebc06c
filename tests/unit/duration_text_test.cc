#include "core/duration_text.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

TEST(DurationText, ReadsEveryUnit) {
  EXPECT_EQ(*parse_duration("7ns"), nanoseconds(7));
  EXPECT_EQ(*parse_duration("7us"), microseconds(7));
  EXPECT_EQ(*parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(*parse_duration("2s"), seconds(2));
  EXPECT_EQ(*parse_duration("3m"), seconds(180));
  EXPECT_EQ(*parse_duration("0s"), seconds(0));
}

TEST(DurationText, RefusesWhatIsNoDurationAndNamesIt) {
  for (const char* text : {"", "2", "s", "2 s", " 2s", "2s ", "2S", "2h", "1.5s", "-2s", "+2s",
                           "2ss", "5s..8s", "99999999999999999999s", "9223372036854775807m"}) {
    const Result<Duration> parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("'" + std::string(text) + "'"), std::string::npos);
    EXPECT_NE(parsed.error().message.find("250ms"), std::string::npos) << "an example helps";
  }
}

TEST(DurationText, TakesTheLargestNumberThatFits) {
  EXPECT_EQ(*parse_duration("9223372036854775807ns"), nanoseconds(9'223'372'036'854'775'807));
  EXPECT_EQ(*parse_duration("9223372036s"), seconds(9'223'372'036));
  EXPECT_FALSE(parse_duration("9223372037s"));
}

TEST(DurationText, ReadsARange) {
  const Result<DurationRange> range = parse_duration_range("300ms..8s");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->min, milliseconds(300));
  EXPECT_EQ(range->max, seconds(8));
  EXPECT_TRUE(parse_duration_range("5s..5s"));
}

TEST(DurationText, RefusesWhatIsNoRange) {
  for (const char* text :
       {"", "5s", "5s-8s", "5s..", "..8s", "..", "5..8s", "5s..8s..9s", "5s...8s"}) {
    const Result<DurationRange> range = parse_duration_range(text);
    ASSERT_FALSE(range) << text;
    EXPECT_NE(range.error().message.find(text), std::string::npos);
  }
}

TEST(DurationText, ShowsHowABackwardRangeIsMeant) {
  const Result<DurationRange> range = parse_duration_range("8s..5s");
  ASSERT_FALSE(range);
  EXPECT_NE(range.error().message.find("5s..8s"), std::string::npos) << range.error().message;
}

TEST(DurationText, WritesTheLargestUnitThatLosesNothing) {
  EXPECT_EQ(to_text(seconds(0)), "0s");
  EXPECT_EQ(to_text(seconds(120)), "2m");
  EXPECT_EQ(to_text(seconds(90)), "90s");
  EXPECT_EQ(to_text(milliseconds(1500)), "1500ms");
  EXPECT_EQ(to_text(nanoseconds(1001)), "1001ns");
  EXPECT_EQ(to_text(DurationRange{seconds(5), seconds(8)}), "5s..8s");
}

TEST(DurationText, ReadsBackWhatItWrites) {
  for (const std::int64_t ns : {1LL, 999LL, 1'000LL, 59'999'000'000LL, 3'600'000'000'000LL}) {
    EXPECT_EQ(*parse_duration(to_text(nanoseconds(ns))), nanoseconds(ns));
  }
}

}  // namespace
}  // namespace kv
