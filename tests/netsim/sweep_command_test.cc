// Sweeps as a whole, and the worker processes that do them.
#include "sweep_command.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/check.h"
#include "merge_command.h"
#include "netsim/simulation.h"
#include "sweep_files.h"
#include "worker_pool.h"

namespace kv::sim {
namespace {

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "nothing" : result.error().message;
}

/// Answers with the item's number, unless the test wants it otherwise.
class TestJob : public Job {
 public:
  std::string run(std::uint64_t item) override { return "item " + std::to_string(item); }
};

class Notes final : public Collector {
 public:
  void take(std::uint64_t item, const std::string& line) override { taken[item] += line; }
  void lost(std::uint64_t item, const std::string& words) override { gone[item] += words; }
  void tick(Duration elapsed) override { last_tick = elapsed; }
  bool enough() const override { return taken.size() >= most; }

  std::size_t most{1'000'000};
  Duration last_tick{};
  std::map<std::uint64_t, std::string> taken{};
  std::map<std::uint64_t, std::string> gone{};
};

TEST(WorkerPool, DoesEachItemOnceInOtherProcesses) {
  class Job final : public TestJob {
    std::string run(std::uint64_t item) override {
      return TestJob::run(item) + (getpid() == parent_ ? " at home" : "");
    }
    pid_t parent_{getpid()};
  } job;
  Notes notes;
  const Result<PoolEnd> end = run_in_workers(job, {1, 3, 100}, notes, {3, seconds(60)});
  ASSERT_TRUE(end) << error_of(end);
  EXPECT_FALSE(end->interrupted);
  EXPECT_EQ(notes.taken.size(), 33u);
  for (const auto& [item, line] : notes.taken) {
    EXPECT_EQ(item % 3, 1u);
    EXPECT_EQ(line, "item " + std::to_string(item));
  }
  EXPECT_TRUE(notes.gone.empty());
}

TEST(WorkerPool, TakesLongAnswers) {
  class Job final : public TestJob {
    std::string run(std::uint64_t) override { return std::string(1'000'000, 'x'); }
  } job;
  Notes notes;
  ASSERT_TRUE(run_in_workers(job, {0, 1, 3}, notes, {2, seconds(60)}));
  EXPECT_EQ(notes.taken[2], std::string(1'000'000, 'x'));
}

TEST(WorkerPool, GoesOnWithoutAWorkerThatDies) {
  class Job final : public TestJob {
    std::string run(std::uint64_t item) override {
      CHECK(item != 4);
      if (item == 5) _exit(3);
      if (item == 6) kill(getpid(), SIGKILL);
      return TestJob::run(item);
    }
  } job;
  Notes notes;
  ASSERT_TRUE(run_in_workers(job, {0, 1, 20}, notes, {2, seconds(60)}));
  EXPECT_EQ(notes.taken.size(), 17u);
  ASSERT_EQ(notes.gone.size(), 3u);
  EXPECT_TRUE(notes.gone[4].ends_with("CHECK(item != 4) failed")) << notes.gone[4];
  EXPECT_EQ(notes.gone[5], "its process ended with exit code 3");
  EXPECT_EQ(notes.gone[6], "its process was ended by signal 9 (Killed)");
}

TEST(WorkerPool, EndsAWorkerThatHangs) {
  class Job final : public TestJob {
    std::string run(std::uint64_t item) override {
      while (item == 1) pause();
      return TestJob::run(item);
    }
  } job;
  Notes notes;
  ASSERT_TRUE(run_in_workers(job, {0, 1, 4}, notes, {2, seconds(1)}));
  EXPECT_EQ(notes.taken.size(), 3u);
  EXPECT_EQ(notes.gone[1], "it had not ended after 1 s of real time and was stopped");
}

TEST(WorkerPool, StopsWhenInterruptedAndKeepsWhatIsDone) {
  class Job final : public TestJob {
    std::string run(std::uint64_t item) override {
      if (item == 5) kill(getppid(), SIGINT);
      while (item == 5) pause();
      return TestJob::run(item);
    }
  } job;
  Notes notes;
  const Result<PoolEnd> end = run_in_workers(job, {0, 1, 1'000'000'000}, notes, {1, seconds(60)});
  ASSERT_TRUE(end) << error_of(end);
  EXPECT_TRUE(end->interrupted);
  EXPECT_EQ(notes.taken.size(), 5u);
  EXPECT_TRUE(notes.gone.empty());
}

TEST(WorkerPool, BeginsNothingMoreWhenItIsEnough) {
  TestJob job;
  Notes notes;
  notes.most = 10;
  ASSERT_TRUE(run_in_workers(job, {0, 1, 1'000'000}, notes, {2, seconds(60)}));
  EXPECT_GE(notes.taken.size(), 10u);
  EXPECT_LE(notes.taken.size(), 12u);
  // Those that were begun are done: there is no gap.
  EXPECT_EQ(notes.taken.rbegin()->first, notes.taken.size() - 1);
}

/// A scenario's file in a folder of its own.
class SweepCommand : public testing::Test {
 protected:
  SweepCommand() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sweep.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    options_.file = path("small.json");
    options_.seeds = "1..12";
    options_.jobs = 2;
    options_.quiet = true;
    write(R"({"title": "Small", "run_for": "5s", "nodes": 3, "primary": "node1", "timing": "lan",
              "workload": {"clients": 2, "rate": 50, "keys": 3},
              "steps": [{"at": "1s", "crash": "primary"}],
              "expect": [{"by": "4s", "primary": "any"}]})");
  }
  ~SweepCommand() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& text) const { ASSERT_TRUE(write_file(options_.file, text)); }
  /// Its exit code; what it prints is in output_ and complaints_.
  int sweep() {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = sweep_command(options_);
    output_ = testing::internal::GetCapturedStdout();
    complaints_ = testing::internal::GetCapturedStderr();
    return code;
  }
  int merge(const MergeOptions& options) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = merge_command(options);
    output_ = testing::internal::GetCapturedStdout();
    complaints_ = testing::internal::GetCapturedStderr();
    return code;
  }
  static SweepResults read(const std::string& file) {
    const Result<std::string> text = read_results_file(file);
    EXPECT_TRUE(text) << error_of(text);
    Result<SweepResults> results = parse_json(text ? *text : "", file);
    EXPECT_TRUE(results) << error_of(results);
    return results ? *results : SweepResults{};
  }

  std::string folder_{};
  SweepOptions options_{};
  std::string output_{};
  std::string complaints_{};
};

TEST_F(SweepCommand, RunsEverySeedWithEverySetting) {
  options_.vary = {"nodes=3,5"};
  options_.json_path = path("a.json");
  EXPECT_EQ(sweep(), 0) << output_ << complaints_;
  const SweepResults results = read(path("a.json"));
  ASSERT_EQ(results.runs.size(), 24u);
  for (std::uint64_t item = 0; item < 24; ++item) {
    const SweepRun& run = results.runs[item];
    EXPECT_EQ(run.item, item);
    EXPECT_TRUE(run.passed);
    EXPECT_EQ(run.failover_times.size(), 1u);
    EXPECT_GT(run.operations, 100u);
    const Result<Scenario> scenario =
        read_scenario(*read_file(options_.file), "", {item % 2 == 0 ? "nodes=3" : "nodes=5"});
    if (item < 4) {
      EXPECT_EQ(run.trace_hash, sim::run(*scenario, item / 2 + 1).trace_hash);
    }
  }
  EXPECT_EQ(complaints_, "");
}

TEST_F(SweepCommand, GivesTheSameWithAnyNumberOfWorkersAndInShards) {
  options_.vary = {"nodes=3,5"};
  options_.csv_path = path("one.csv");
  options_.json_path = path("one.json");
  options_.jobs = 1;
  EXPECT_EQ(sweep(), 0);
  options_.jobs = 3;
  options_.csv_path.clear();
  MergeOptions merging;
  for (const std::string shard : {"1", "2", "3"}) {
    options_.shard = shard + "/3";
    options_.json_path = path("shard" + shard);
    EXPECT_EQ(sweep(), 0) << output_ << complaints_;
    merging.files.push_back(options_.json_path);
  }
  merging.csv_path = path("merged.csv");
  merging.json_path = path("merged.json");
  EXPECT_EQ(merge(merging), 0) << output_ << complaints_;
  EXPECT_EQ(*read_results_file(merging.csv_path), *read_results_file(path("one.csv")));
  SweepResults one = read(path("one.json"));
  const SweepResults merged = read(path("merged.json"));
  one.wall_time = merged.wall_time;
  one.worker_time = merged.worker_time;
  EXPECT_EQ(to_json(one), to_json(merged));
}

TEST_F(SweepCommand, AMergeThatLacksAShardFailsAndWritesNothing) {
  options_.shard = "2/2";
  options_.json_path = path("2.json");
  EXPECT_EQ(sweep(), 0);
  EXPECT_EQ(merge({{path("2.json")}, "", path("merged.json")}), 1);
  EXPECT_NE(output_.find("Shard 1/2 is missing"), std::string::npos) << output_;
  EXPECT_FALSE(std::filesystem::exists(path("merged.json")));
  EXPECT_EQ(merge({{path("nowhere.json")}, "", ""}), 2);
  EXPECT_NE(complaints_.find("nowhere.json can't be read"), std::string::npos);
}

TEST_F(SweepCommand, StopsAtTheTenthFailureInTheOrderOfItems) {
  options_.seeds = "1..40";
  options_.jobs = 3;
  options_.json_path = path("a.json");
  options_.set = {"expect.0={\"at\": \"end\", \"primary\": \"none\"}"};
  EXPECT_EQ(sweep(), 1);
  EXPECT_EQ(read(path("a.json")).runs.size(), 10u);
  EXPECT_NE(output_.find("Stopped at 10 failures, after 10 of 40 runs"), std::string::npos)
      << output_;
  EXPECT_NE(output_.find("expected: there is no primary; at 5.000 s: it is node"),
            std::string::npos)
      << output_;
  options_.keep_going = true;
  EXPECT_EQ(sweep(), 1);
  EXPECT_EQ(read(path("a.json")).runs.size(), 40u);
  EXPECT_NE(output_.find("The first 10 of 40 failures:"), std::string::npos) << output_;
}

TEST_F(SweepCommand, RefusesWrongOptionsBeforeItRunsAnything) {
  const auto complaint = [&](auto change) {
    const SweepOptions good = options_;
    change(options_);
    EXPECT_EQ(sweep(), 2);
    EXPECT_EQ(output_, "");
    options_ = good;
    return complaints_;
  };
  EXPECT_EQ(complaint([](SweepOptions& options) { options.seeds = "10..1"; }),
            "--seeds 10..1 runs backwards: write 1..10.\n");
  EXPECT_EQ(complaint([](SweepOptions& options) { options.vary = {"nods=3,5"}; }),
            "--set nods=3: there is no key 'nods' in a scenario; did you mean 'nodes'?\n");
  EXPECT_EQ(complaint([](SweepOptions& options) {
              options.vary = {"nodes=3,5", "nodes=7"};
            }),
            "--vary nodes is there twice: write all values in one.\n");
  EXPECT_EQ(complaint([](SweepOptions& options) {
              options.vary = {"nodes=3,5"};
              options.set = {"nodes=7"};
            }),
            "--vary nodes and --set nodes=7: leave one of them out.\n");
  EXPECT_NE(complaint([](SweepOptions& options) { options.file += "x"; }).find("There is no file"),
            std::string::npos);
  EXPECT_NE(complaint([](SweepOptions& options) {
              options.csv_path = "/no/such/folder/a.csv";
            }).find("can't be written"),
            std::string::npos);
}

}  // namespace
}  // namespace kv::sim
