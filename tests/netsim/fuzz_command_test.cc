#include "fuzz_command.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "merge_command.h"
#include "netsim/simulation.h"
#include "replay_command.h"
#include "sweep_files.h"

namespace kv::sim {
namespace {

class FuzzCommand : public testing::Test {
 protected:
  FuzzCommand() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fuzz.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    options_.seeds = "1..6";
    options_.jobs = 2;
    options_.quiet = true;
    options_.length = "30s";
  }
  ~FuzzCommand() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  template <typename Command>
  int captured(Command command) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = command();
    output_ = testing::internal::GetCapturedStdout();
    complaints_ = testing::internal::GetCapturedStderr();
    return code;
  }
  int fuzz() {
    return captured([&] { return fuzz_command(options_); });
  }
  bool printed(const std::string& words) const { return output_.find(words) != std::string::npos; }
  SweepResults read(const std::string& name) const {
    Result<SweepResults> results = parse_json(*read_results_file(path(name)), name);
    EXPECT_TRUE(results) << results.error().message;
    return results ? *results : SweepResults{};
  }

  std::string folder_{};
  FuzzOptions options_{};
  std::string output_{};
  std::string complaints_{};
};

TEST_F(FuzzCommand, RunsEachSeedOfTheSwarmAndCountsWhatItMet) {
  options_.json_path = path("a.json");
  options_.coverage = true;
  EXPECT_EQ(fuzz(), 0) << output_ << complaints_;
  const SweepResults results = read("a.json");
  ASSERT_EQ(results.runs.size(), 6u);
  SwarmOptions swarm;
  swarm.length = seconds(30);
  EXPECT_EQ(results.plan.swarm, swarm);
  EXPECT_EQ(results.runs[2].trace_hash, sim::run(draw_swarm(swarm, 3), 3).trace_hash);
  ASSERT_TRUE(results.coverage.has_value());
  EXPECT_GT(results.coverage->mark(static_cast<std::size_t>(Mark::kDeposed)).hits, 0u);
  EXPECT_TRUE(printed("6       0")) << output_;
  EXPECT_TRUE(printed("rare situations were met")) << output_;
  EXPECT_TRUE(printed("split vote")) << output_;
  EXPECT_TRUE(printed("clock_step")) << output_;
}

TEST_F(FuzzCommand, ShardsTogetherGiveTheSameCoverage) {
  options_.json_path = path("whole.json");
  EXPECT_EQ(fuzz(), 0) << output_ << complaints_;
  MergeOptions merging;
  for (const std::string shard : {"1", "2"}) {
    options_.shard = shard + "/2";
    options_.json_path = path("part" + shard);
    EXPECT_EQ(fuzz(), 0) << output_ << complaints_;
    merging.files.push_back(options_.json_path);
  }
  merging.json_path = path("merged.json");
  EXPECT_EQ(captured([&] { return merge_command(merging); }), 0) << output_ << complaints_;
  SweepResults whole = read("whole.json");
  const SweepResults merged = read("merged.json");
  whole.wall_time = merged.wall_time;
  whole.worker_time = merged.worker_time;
  EXPECT_EQ(to_json(whole), to_json(merged));
}

TEST_F(FuzzCommand, TellsASingleSeed) {
  options_.seeds = "3";
  options_.quiet = false;
  EXPECT_EQ(fuzz(), 0) << output_ << complaints_;
  EXPECT_TRUE(printed("Swarm: seed 3\n")) << output_;
  EXPECT_TRUE(printed("is PRIMARY and serves"));
  EXPECT_TRUE(printed("\ntrace hash: "));
}

TEST_F(FuzzCommand, EndsWhenItsTimeIsUp) {
  options_.seeds.clear();
  options_.time_limit = "200ms";
  options_.json_path = path("a.json");
  EXPECT_EQ(fuzz(), 0) << output_ << complaints_;
  EXPECT_TRUE(printed("The time was up after ")) << output_;
  EXPECT_EQ(read("a.json").end, SweepEnd::kTimeUp);
}

TEST_F(FuzzCommand, SaysHowToRepeatAndToShrinkAFailure) {
  SweepPlan plan;
  plan.swarm = SwarmOptions{3, 5, {"crash", "cut"}, seconds(60)};
  plan.seeds = {10, 20};
  EXPECT_EQ(plan.replay_command(4), "kvsim fuzz --seeds 14 --nodes 3..5 --faults crash,cut");
  EXPECT_EQ(plan.shrink_command(4), "kvsim shrink 14 --nodes 3..5 --faults crash,cut");
  plan.swarm = SwarmOptions{};
  EXPECT_EQ(plan.replay_command(0), "kvsim fuzz --seeds 10");
}

TEST_F(FuzzCommand, RefusesWhatMakesNoSense) {
  const auto complaint = [&](auto change) {
    const FuzzOptions good = options_;
    change(options_);
    EXPECT_EQ(fuzz(), 2);
    options_ = good;
    return complaints_;
  };
  const auto has = [](const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
  };
  EXPECT_TRUE(has(complaint([](FuzzOptions& o) { o.seeds.clear(); }), "Say how much to do"));
  EXPECT_TRUE(has(complaint([](FuzzOptions& o) { o.nodes = "3..40"; }), "--nodes 3..40"));
  EXPECT_TRUE(has(complaint([](FuzzOptions& o) { o.faults = "crahs"; }),
                  "no class 'crahs'; did you mean 'crash'?"));
  EXPECT_TRUE(has(complaint([](FuzzOptions& o) { o.length = "2s"; }), "--length 2s"));
  EXPECT_TRUE(has(complaint([](FuzzOptions& o) { o.time_limit = "soon"; }), "--time soon"));
  EXPECT_TRUE(has(complaint([](FuzzOptions& o) { o.shard = "3/2"; }), "--shard 3/2"));
}

TEST_F(FuzzCommand, WritesATraceOfOneSeedThatReplays) {
  options_.seeds = "3";
  options_.quiet = false;
  options_.trace = path("3.jsonl");
  ASSERT_EQ(fuzz(), 0) << complaints_;
  ReplayOptions replay;
  replay.trace = options_.trace;
  EXPECT_EQ(captured([&] { return replay_command(replay); }), 0) << output_ << complaints_;
}

TEST_F(FuzzCommand, TellsNoStoryOfManySeedsAndSaysSo) {
  options_.trace = path("all.jsonl");
  EXPECT_EQ(fuzz(), 2);
  EXPECT_NE(complaints_.find("single seed"), std::string::npos) << complaints_;
  options_.trace.clear();
  options_.telling.everything = true;
  EXPECT_EQ(fuzz(), 2);
}

TEST_F(FuzzCommand, CountsWhatOneSeedMetIfAsked) {
  options_.seeds = "3";
  options_.quiet = false;
  options_.coverage = true;
  EXPECT_EQ(fuzz(), 0) << complaints_;
  EXPECT_TRUE(printed("rare situations were met")) << output_;
}

}  // namespace
}  // namespace kv::sim
