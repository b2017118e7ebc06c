#include "sources/trace_source.h"

#include <fstream>

#include <gtest/gtest.h>

#include "netsim/simulation.h"
#include "unit/scratch_directory.h"

namespace kv::viz {
namespace {

constexpr Duration kLong = seconds(3600);
constexpr std::string_view kScenario =
    R"({"title": "Zones", "run_for": "2s", "nodes": {"east": ["a", "b"], "west": ["c"]},
        "timing": "lan"})";

class TraceSourceTest : public testing::Test {
 protected:
  /// Writes the trace of a run, and keeps its records.
  void SetUp() override {
    const Result<sim::Scenario> scenario = sim::read_scenario(kScenario, "x.json");
    ASSERT_TRUE(scenario) << scenario.error().message;
    sim::Simulation simulation(*scenario, 1);
    simulation.cluster().record_messages(true);
    std::ofstream out(path_, std::ios::binary);
    sim::TraceWriter writer(out, {"test", {"a", "b", "c"}, 1, std::string(kScenario), {}});
    for (bool more = true; more;) {
      more = simulation.advance();
      for (const Record& record : simulation.cluster().records()) {
        writer.write(record);
        records_.push_back(record);
      }
    }
    ASSERT_TRUE(writer.finish());
  }

  std::unique_ptr<TraceSource> open() const {
    Result<std::unique_ptr<TraceSource>> source = TraceSource::open(path_);
    EXPECT_TRUE(source) << (source ? "" : source.error().message);
    return std::move(*source);
  }
  static std::vector<Record> records_of(const Source& source) {
    const Recording& recording = source.history().recording();
    std::vector<Record> records;
    for (std::size_t i = 0; i < recording.end(); ++i) records.push_back(recording[i]);
    return records;
  }
  /// The file's text, from its line `from` (counted from 1) on without `count` lines.
  std::string without_lines(std::size_t from, std::size_t count) const {
    std::string text = read_all(path_);
    std::size_t begin = 0;
    for (; from > 1; --from) begin = text.find('\n', begin) + 1;
    for (; count > 0; --count) text.erase(begin, text.find('\n', begin) + 1 - begin);
    return text;
  }

  ScratchDirectory scratch_;
  std::string path_ = scratch_.path("run.jsonl");
  std::vector<Record> records_;
};

TEST_F(TraceSourceTest, ReadsWhatWasRecorded) {
  const auto source = open();
  source->pump(kLong);
  EXPECT_EQ(records_of(*source), records_);
  EXPECT_EQ(source->problem(), "");
  EXPECT_FALSE(source->progress().busy);
  EXPECT_EQ(source->horizon(), records_.back().at);
}

TEST_F(TraceSourceTest, ReadsBitByBit) {
  const auto source = open();
  EXPECT_EQ(source->progress().words, "reading: 0 records");
  double share = 0;
  std::size_t pumps = 0;
  for (; source->progress().busy; ++pumps) {
    EXPECT_GE(source->progress().share, share);
    share = source->progress().share;
    source->pump({});
    EXPECT_LE(records_of(*source).size(), (pumps + 1) * 64);
  }
  EXPECT_GT(pumps, 2u);
  EXPECT_GT(share, 0.5);
  EXPECT_EQ(records_of(*source), records_);
}

TEST_F(TraceSourceTest, KnowsTitleAndZonesFromTheScenario) {
  const auto source = open();
  const ClusterInfo& cluster = source->history().cluster();
  EXPECT_EQ(cluster.title, "Zones");
  EXPECT_EQ(cluster.nodes, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(cluster.zones, (std::vector<std::string>{"east", "east", "west"}));
}

TEST_F(TraceSourceTest, IsCalledLikeItsFileWithoutAScenario) {
  write_all(path_, to_json_line({"test", {"a", "b", "c"}, 1, "{ no scenario", {}}) + "\n");
  const auto source = open();
  const ClusterInfo& cluster = source->history().cluster();
  EXPECT_EQ(cluster.title, "run.jsonl");
  EXPECT_EQ(cluster.size(), 3u);
  EXPECT_TRUE(cluster.zones.empty());
}

TEST_F(TraceSourceTest, ShowsWhatStandsBeforeAGap) {
  write_all(path_, without_lines(12, 3));
  const auto source = open();
  source->pump(kLong);
  EXPECT_EQ(source->problem(), path_ +
                                   ":12: record 14 follows 10: lines are missing. What stands "
                                   "before it is shown.");
  EXPECT_EQ(records_of(*source), std::vector<Record>(records_.begin(), records_.begin() + 10));
  EXPECT_FALSE(source->progress().busy);
}

TEST_F(TraceSourceTest, ShowsWhatStandsBeforeALineThatIsCutOff) {
  const std::string text = read_all(path_);
  write_all(path_, text.substr(0, text.size() - 5));
  const auto source = open();
  source->pump(kLong);
  EXPECT_NE(source->problem().find("the last line is cut off"), std::string::npos);
  EXPECT_EQ(records_of(*source).size(), records_.size() - 1);
}

TEST_F(TraceSourceTest, SaysWhyAFileIsNoTrace) {
  EXPECT_EQ(TraceSource::open(scratch_.path("none")).error().message,
            scratch_.path("none") + " can't be opened: check its name and its permissions.");
  write_all(path_, std::string(kScenario));
  EXPECT_TRUE(TraceSource::open(path_).error().message.starts_with(path_ + ":1: this is no trace"));
}

TEST_F(TraceSourceTest, CanOnlyBeWatched) {
  const auto source = open();
  EXPECT_TRUE(source->refusal({}).has_value());
  const Outcome done = source->inflict({}, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, source->refusal({}));
}

}  // namespace
}  // namespace kv::viz
