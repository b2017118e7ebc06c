#include "panels/time_axis.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "visualizer/time_spans.h"

namespace kv::viz {
namespace {

TEST(TimeAxis, PutsItsTimesBetweenItsEdges) {
  const TimeAxis axis = axis_ms(10'000, 20'000);
  EXPECT_FLOAT_EQ(axis.x(after_ms(10'000)), kLeft);
  EXPECT_FLOAT_EQ(axis.x(after_ms(15'000)), (kLeft + kRight) / 2);
  EXPECT_FLOAT_EQ(axis.x(after_ms(20'000)), kRight);
  EXPECT_EQ(axis.at(axis.x(after_ms(12'500))), after_ms(12'500));
}

TEST(TimeAxis, KeepsWhatIsFarAwayWithinReach) {
  const TimeAxis axis = axis_ms(10'000, 20'000);
  EXPECT_FLOAT_EQ(axis.x(kNever), kRight + axis.width());
  EXPECT_FLOAT_EQ(axis.x(Instant{}), kLeft - axis.width());
}

TEST(TimeAxis, TellsMicrosecondsApartLateInALongRun) {
  const Instant late = Instant{} + seconds(1'000'000);
  const TimeAxis axis({late, late + microseconds(10)}, kLeft, kRight);
  EXPECT_NEAR(axis.x(late + microseconds(5)) - axis.x(late + microseconds(4)), 100, 0.1);
}

TEST(Zoom, KeepsTheTimeUnderTheMouse) {
  const TimeSpan all = span_ms(0, 40'000);
  const TimeSpan closer = zoomed(all, all, after_ms(10'000), 0.5);
  EXPECT_EQ(closer.length(), seconds(20));
  EXPECT_EQ(TimeAxis(closer, kLeft, kRight).x(after_ms(10'000)),
            TimeAxis(all, kLeft, kRight).x(after_ms(10'000)));
}

TEST(Zoom, EndsAtTenMicrosecondsAndAtTheWhole) {
  const TimeSpan all = span_ms(0, 40'000);
  TimeSpan shown = all;
  for (int i = 0; i < 200; ++i) shown = zoomed(shown, all, after_ms(39'999), 0.8);
  EXPECT_EQ(shown.length(), kShortestWindow);
  EXPECT_TRUE(shown.contains(after_ms(39'999)));
  for (int i = 0; i < 200; ++i) shown = zoomed(shown, all, after_ms(39'999), 1.25);
  EXPECT_EQ(shown.from, all.from);
  EXPECT_EQ(shown.to, all.to);
}

TEST(Zoom, MovesNoFurtherThanThereIsTime) {
  const TimeSpan all = span_ms(0, 40'000);
  const TimeSpan shown = span_ms(10'000, 12'000);
  EXPECT_EQ(panned(shown, all, seconds(3)).from, after_ms(13'000));
  EXPECT_EQ(panned(shown, all, seconds(300)).to, all.to);
  EXPECT_EQ(panned(shown, all, Duration{} - seconds(300)).from, all.from);
  EXPECT_EQ(panned(shown, all, seconds(300)).length(), seconds(2));
}

TEST(Zoom, FollowsThePlayheadWithRoomAhead) {
  const TimeSpan all = span_ms(0, 40'000);
  const TimeSpan shown = span_ms(10'000, 12'000);
  EXPECT_EQ(following(shown, all, after_ms(20'000), false).from, after_ms(19'800));
  EXPECT_EQ(following(shown, all, after_ms(20'000), true).to, after_ms(20'200));
}

TEST(TimeWindow, GrowsWithTheRecordingWhileItShowsAll) {
  TimeWindow window;
  show(window, span_ms(0, 1'000), span_ms(0, 1'000));
  EXPECT_EQ(shown_of(window, span_ms(0, 5'000)).to, after_ms(5'000));
  show(window, span_ms(200, 700), span_ms(0, 1'000));
  EXPECT_EQ(shown_of(window, span_ms(0, 5'000)).from, after_ms(200));
  EXPECT_EQ(shown_of(window, span_ms(0, 5'000)).to, after_ms(700));
}

TEST(Ticks, AreRoundAndApartAtAnyZoom) {
  for (std::int64_t length = 10'000; length < 4'000'000'000'000; length = length * 7 / 3) {
    const Instant from{12'345'678'901};
    const TimeAxis axis({from, from + Duration{length}}, kLeft, kRight);
    const std::vector<Tick> ticks = ticks_of(axis, 90).ticks;
    ASSERT_GE(ticks.size(), 3u) << length;
    const std::int64_t step = (ticks[1].at - ticks[0].at).ns;
    EXPECT_GE(axis.pixels_of(Duration{step}), 89.9) << length;
    std::int64_t digits = step;
    while (digits % 10 == 0) digits /= 10;
    EXPECT_TRUE(digits == 1 || digits == 2 || digits == 5) << step;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      EXPECT_EQ(ticks[i].at.ns % step, 0);
      EXPECT_TRUE(axis.span().contains(ticks[i].at));
      if (i > 0) {
        EXPECT_NE(ticks[i].label, ticks[i - 1].label);
      }
    }
  }
}

std::vector<std::string> labels(const TimeSpan& span) {
  std::vector<std::string> labels;
  for (const Tick& tick : ticks_of({span, kLeft, kRight}, 200).ticks) labels.push_back(tick.label);
  return labels;
}

TEST(Ticks, SayTheirTimeInAUnitThatFitsTheZoom) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(labels(span_ms(0, 40'000)), (Labels{"0 s", "10 s", "20 s", "30 s", "40 s"}));
  EXPECT_EQ(labels(span_ms(12'000, 14'000)),
            (Labels{"12.0 s", "12.5 s", "13.0 s", "13.5 s", "14.0 s"}));
  EXPECT_EQ(labels(span_ms(0, 400)), (Labels{"0 ms", "100 ms", "200 ms", "300 ms", "400 ms"}));
  const Instant from = after_ms(12'271) + microseconds(800);
  EXPECT_EQ(labels({from, from + microseconds(400)}),
            (Labels{"+800 us", "+900 us", "12.272 s", "+100 us", "+200 us"}));
}

TEST(Ticks, SayWhatRelativeOnesCountFrom) {
  const Instant from = after_ms(12'271) + microseconds(800);
  EXPECT_EQ(ticks_of({{from, from + microseconds(100)}, kLeft, kRight}, 100).base, "12.271 s");
  EXPECT_EQ(ticks_of(axis_ms(0, 1'000), 100).base, "");
}

TEST(TimeAxis, IsAtLeastAPixelWide) {
  const TimeAxis axis(span_ms(0, 1'000), 20, 5);
  EXPECT_FLOAT_EQ(axis.width(), 1);
  EXPECT_FLOAT_EQ(axis.x(after_ms(1'000)), 21);
}

TEST(TimeAxis, HasFewTicksOnAPixelOf73Years) {
  const TimeAxis axis({Instant{}, Recording::kLatest}, 0, 1);
  EXPECT_EQ(axis.duration_of(100), Recording::kLatest - Instant{});
  EXPECT_LE(ticks_of(axis, 100).ticks.size(), 3u);
}

TEST(RoundStep, GoesNoFurtherThanNumbersDo) {
  EXPECT_EQ(round_step(1e30), 1'000'000'000'000'000'000);
}

}  // namespace
}  // namespace kv::viz
