#include <algorithm>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "panels/chart_shapes.h"
#include "visualizer/tale.h"
#include "visualizer/time_spans.h"
#include "visualizer/viewer.h"

namespace kv::viz {
namespace {

const Area kPlot{{kLeft, 0}, {kRight, 100}};

class ChartsTest : public testing::Test {
 protected:
  ChartsTest() { tale_.serving(); }
  /// An operation that ends at this time.
  void operation(std::int64_t ms, Ending ending = Ending::kOk, std::int64_t latency_ms = 2) {
    ++number_;
    tale_.at(ms - latency_ms).tell(1, ClientCalled{number_, 1, OperationKind::kGet, "k", ""});
    tale_.at(ms).tell(1, ClientAnswered{number_, 1, ending, "", {}});
  }
  /// So many a second, evenly.
  void operations(std::int64_t from_ms, std::int64_t to_ms, std::int64_t per_second,
                  Ending ending = Ending::kOk) {
    for (std::int64_t ms = from_ms; ms < to_ms; ms += 1'000 / per_second)
      operation(ms + 500 / per_second, ending);
  }
  std::vector<ChartBin> bins(const TimeAxis& axis, float narrowest = 5, double least = 0) {
    return chart_bins(tale_.history, axis, narrowest, least);
  }
  /// With the playhead there.
  ChartFigures figures(std::int64_t ms) {
    Moment now = tale_.now();
    now.at = after_ms(ms);
    return figures_at(tale_.chronicle().series(), now);
  }

  Tale tale_;
  std::uint64_t number_{0};
};

TEST_F(ChartsTest, CountRatesByTheWidthOfTheirBins) {
  operations(0, 4'000, 50);
  for (const float narrowest : {20.0F, 50.0F, 200.0F}) {
    const std::vector<ChartBin> bins = this->bins(axis_ms(0, 4'000), narrowest);
    ASSERT_GE(bins.size(), 4u);
    for (std::size_t i = 0; i + 1 < bins.size(); ++i)
      EXPECT_NEAR(bins[i].per_second(bins[i].sum.ok), 50, 10) << narrowest;
  }
}

TEST_F(ChartsTest, HaveBinsThatAreWideEnoughToSee) {
  operations(0, 4'000, 50);
  const TimeAxis axis = axis_ms(0, 4'000);
  const std::vector<ChartBin> bins = this->bins(axis, 5);
  for (std::size_t i = 0; i + 1 < bins.size(); ++i) {
    EXPECT_GE(axis.pixels_of(bins[i].to - bins[i].from), 4.9F);
    EXPECT_EQ(bins[i].to, bins[i + 1].from);
  }
}

TEST_F(ChartsTest, WidenTheirBinsUntilEnoughHappensInThem) {
  operations(0, 4'000, 50);
  const std::vector<ChartBin> bins = this->bins(axis_ms(0, 4'000), 5, 8);
  for (std::size_t i = 0; i + 1 < bins.size(); ++i) EXPECT_GE(bins[i].operations(), 7u);
}

TEST_F(ChartsTest, KeepTheirBinsWhereTheyAreWhenTheWindowMoves) {
  operations(0, 4'000, 50);
  const std::vector<ChartBin> here = bins(axis_ms(1'000, 2'000));
  const std::vector<ChartBin> there = bins(axis_ms(1'013, 2'013));
  EXPECT_EQ(here[5].from.ns % (here[5].to - here[5].from).ns,
            there[5].from.ns % (there[5].to - there[5].from).ns);
  EXPECT_LE(here.front().from, after_ms(1'000));
  EXPECT_GE(here.back().to, after_ms(2'000));
}

TEST_F(ChartsTest, JudgeTheLastBinByTheTimeThatHasPassed) {
  operations(0, 1'020, 50);
  const std::vector<ChartBin> bins = this->bins(axis_ms(0, 4'000), 50);
  EXPECT_NEAR(bins.back().per_second(bins.back().sum.ok), 50, 10);
  EXPECT_EQ(bins.back().to, tale_.history.recording().end_time());
}

TEST_F(ChartsTest, FindTheBinOfATime) {
  operations(0, 1'000, 50);
  const std::vector<ChartBin> bins = this->bins(axis_ms(0, 4'000));
  ASSERT_NE(bin_at(bins, after_ms(500)), nullptr);
  EXPECT_LE(bin_at(bins, after_ms(500))->from, after_ms(500));
  EXPECT_GE(bin_at(bins, after_ms(500))->to, after_ms(500));
  EXPECT_EQ(bin_at(bins, after_ms(3'000)), nullptr);
  EXPECT_EQ(bin_at({}, after_ms(3'000)), nullptr);
}

TEST_F(ChartsTest, KnowWhetherThereIsAnythingToShow) {
  EXPECT_FALSE(has_operations(tale_.chronicle().series()));
  operation(1'000, Ending::kRefused);
  EXPECT_TRUE(has_operations(tale_.chronicle().series()));
}

TEST_F(ChartsTest, LeaveAGapWhereNothingWasAnswered) {
  operations(0, 1'000, 50);
  operations(1'000, 2'000, 50, Ending::kRefused);
  operations(2'000, 3'000, 50);
  const std::vector<ChartBin> bins = this->bins(axis_ms(0, 3'000), 50);
  const ValueScale scale = latency_scale(bins);
  const TimeAxis axis = axis_ms(0, 3'000);
  const std::vector<kv::viz::Run> runs = quantile_runs(bins, 0.5, axis, scale, kPlot);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_NEAR(runs[0].back().x, axis.x(after_ms(1'000)), 51);
  EXPECT_NEAR(runs[1].front().x, axis.x(after_ms(2'000)), 51);
}

TEST_F(ChartsTest, HaveRoomBelowTheLineForWhatWasNotServed) {
  operations(0, 1'000, 50);
  const ValueScale served = throughput_scale(bins(axis_ms(0, 1'000), 50));
  EXPECT_FLOAT_EQ(served.y(0, kPlot), kPlot.to.y);
  operations(1'000, 2'000, 50, Ending::kUnknown);
  const ValueScale both = throughput_scale(bins(axis_ms(0, 2'000), 50));
  EXPECT_NEAR(both.y(0, kPlot), kPlot.centre().y, 5);
}

TEST_F(ChartsTest, SayTheirValues) {
  operations(0, 1'000, 50);
  operations(1'000, 2'000, 20, Ending::kRefused);
  const std::vector<ChartBin> bins = this->bins(axis_ms(0, 2'000), 200);
  EXPECT_EQ(throughput_words(bins.front()), "50/s");
  EXPECT_EQ(latency_words(bins.front()), "p50 1.72 ms, p99 1.72 ms");
  EXPECT_EQ(throughput_words(*bin_at(bins, after_ms(1'200))), "0/s, refused 20/s");
  EXPECT_EQ(latency_words(*bin_at(bins, after_ms(1'200))), "");
  EXPECT_EQ(term_words(bins.front()), "1");
}

// --- the figures at the playhead ---

TEST_F(ChartsTest, HaveFiguresOfTheLastSecondWithNothingOfTheFuture) {
  operations(0, 1'000, 20, Ending::kRefused);
  operations(1'000, 2'000, 50);
  operations(2'000, 4'000, 100, Ending::kUnknown);
  EXPECT_EQ(figures(2'000).throughput, "50/s");
  EXPECT_EQ(figures(2'000).latency, "p50 1.72 ms, p99 1.72 ms");
}

TEST_F(ChartsTest, HaveFiguresOfLessThanASecondAtTheBeginning) {
  operations(0, 500, 50);
  EXPECT_EQ(figures(500).throughput, "50/s");
  EXPECT_EQ(figures(0).throughput, "–");
  EXPECT_EQ(figures_at(Series(), tale_.now()).throughput, "–");
}

TEST_F(ChartsTest, HaveNoFigureOfLatencyWhereNothingWasAnswered) {
  operations(0, 1'000, 50);
  EXPECT_EQ(figures(3'000).throughput, "0/s");
  EXPECT_EQ(figures(3'000).latency, "–");
}

TEST_F(ChartsTest, HaveAFigureOfLagOnlyWhileThereIsALeader) {
  tale_.at(10).tell(1, EntriesAppended{2, 4, 1});
  for (const NodeId id : {1u, 2u}) tale_.tell(id, EntriesApplied{4});
  EXPECT_EQ(figures(20).lag, "4 entries") << "node3 has applied nothing";
  tale_.tell(3, EntriesApplied{4});
  EXPECT_EQ(figures(20).lag, "none");
  tale_.at(20).tell(1, NodeStopped{StopCause::kCrash});
  EXPECT_EQ(figures(20).lag, "–");
  EXPECT_EQ(figures(20).term, "1");
}

TEST(ValueScale, PutsLargerValuesHigher) {
  const ValueScale scale = ValueScale::linear(0, 21);
  EXPECT_FLOAT_EQ(scale.y(0, kPlot), kPlot.to.y);
  EXPECT_LT(scale.y(21, kPlot), scale.y(20, kPlot));
  EXPECT_GT(scale.y(21, kPlot), kPlot.from.y) << "there is room above the highest value";
}

std::string labels(const ValueScale& scale, float gap) {
  std::string labels;
  for (const ValueTick& tick : scale.ticks(kPlot, gap)) labels += tick.label + "|";
  return labels;
}

TEST(ValueScale, HasFewRoundTicks) {
  EXPECT_EQ(labels(ValueScale::linear(0, 21), 24), "0|10|20|");
  EXPECT_EQ(labels(ValueScale::linear(0, 21), 60), "0|20|");
  EXPECT_EQ(labels(ValueScale::linear(-400, 1'000), 24), "500|0|500|1,000|");
  EXPECT_EQ(labels(ValueScale::linear(0, 1), 24), "0|1|");
}

TEST(ValueScale, CountsTimesInPowersOfTen) {
  const ValueScale scale = ValueScale::logarithmic(microseconds(300), milliseconds(40));
  EXPECT_EQ(labels(scale, 24), "100 us|1 ms|10 ms|100 ms|");
  EXPECT_EQ(labels(scale, 40), "1 ms|100 ms|");
  EXPECT_FLOAT_EQ(scale.y(1e6, kPlot) - scale.y(1e7, kPlot),
                  scale.y(1e7, kPlot) - scale.y(1e8, kPlot));
}

class ChartsPanelTest : public testing::Test {
 protected:
  void open(const std::string& scenario) {
    viewer_.open(scenario);
    viewer_.look();
  }
  Viewer viewer_{{1'920, 1'080}};
};

TEST_F(ChartsPanelTest, MoveThePlayheadAsTheTimelineDoes) {
  open("02-primary-failure.json");
  const Area plot = viewer_.area("charts:latency");
  viewer_.click_at(plot.centre());
  EXPECT_NEAR(static_cast<double>(viewer_.app.playback.at().ns), 20e9, 0.3e9);
}

TEST_F(ChartsPanelTest, ShareTheWindowWithTheTimeline) {
  open("02-primary-failure.json");
  viewer_.move_to(viewer_.area("charts:throughput").centre());
  ImGui::GetIO().MouseWheel = 1;
  viewer_.look();
  EXPECT_FALSE(viewer_.app.window.whole);
  viewer_.click("timeline:fit");
  EXPECT_TRUE(viewer_.app.window.whole);
}

TEST_F(ChartsPanelTest, ShowAllFourWhereThereIsRoom) {
  open("02-primary-failure.json");
  for (const char* name : {"throughput", "latency", "lag", "term"})
    EXPECT_TRUE(viewer_.sees(std::string("charts:") + name)) << name;
}

TEST(Scales, ReachAsHighAsTheyCan) {
  ChartBin bin;
  bin.sum.term = bin.sum.lag = std::numeric_limits<std::uint64_t>::max();
  for (const ValueScale& scale : {term_scale({bin}), lag_scale({bin})}) {
    EXPECT_FLOAT_EQ(scale.y(1e18, kPlot), kPlot.from.y);
    EXPECT_LT(scale.ticks(kPlot, 1).size(), 200u);
  }
}

}  // namespace
}  // namespace kv::viz
