// Shrinking as a whole: from a failing seed to a file.
#include "shrink_command.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/check.h"
#include "failure.h"
#include "netsim/expectations.h"
#include "netsim/simulation.h"
#include "shrink_trial.h"
#include "world.h"

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

class ShrinkCommand : public testing::Test {
 protected:
  ShrinkCommand()
      : folder_(fs::path(testing::TempDir()) / ("kvsim-shrink-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~ShrinkCommand() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  /// Seed 18 of the small chaos breaks promises by design: its primary doesn't wait for the others.
  ShrinkCommandOptions by_design(const std::string& out) const {
    ShrinkCommandOptions options;
    options.target = std::string(KV_SCENARIO_DIR) + "/90-chaos-3.json";
    options.seed = 18;
    options.settings = {"ack=primary"};
    options.out = out;
    options.time = "5m";
    return options;
  }
  static std::string text_of(const std::string& path) {
    const Result<std::string> text = read_file(path);
    return text ? *text : text.error().message;
  }

 private:
  fs::path folder_;
};

TEST_F(ShrinkCommand, WritesASmallScenarioThatFailsOfTheSame) {
  const std::string out = path("small.json");
  ASSERT_EQ(shrink_command(by_design(out)), 0);
  const Result<Scenario> scenario = read_scenario(text_of(out), out);
  ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
  EXPECT_LE(scenario->steps.size(), 8u);
  EXPECT_FALSE(scenario->chaos.has_value());
  const RunResult result = run(*scenario, scenario->seed);
  EXPECT_FALSE(result.passed);
  ASSERT_FALSE(result.violations.empty());
  EXPECT_EQ(result.violations.front().checker, "durability");
  // The right core keeps the promise.
  Scenario right = *scenario;
  right.ack = AckMode::kMajority;
  EXPECT_TRUE(run(right, right.seed).violations.empty());
  // No single step can be left out.
  const Failure wanted{Failure::Kind::kPromise, "durability", "", {}};
  for (std::size_t i = 0; i < scenario->steps.size(); ++i) {
    Scenario shorter = *scenario;
    shorter.steps.erase(shorter.steps.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(same_failure(shorter, wanted).has_value()) << "step " << i + 1;
  }
}

TEST_F(ShrinkCommand, FindsTheSameWithAnyNumberOfJobs) {
  ShrinkCommandOptions one = by_design(path("one.json"));
  one.jobs = 1;
  ShrinkCommandOptions three = by_design(path("three.json"));
  three.jobs = 3;
  ASSERT_EQ(shrink_command(one), 0);
  ASSERT_EQ(shrink_command(three), 0);
  EXPECT_EQ(text_of(one.out), text_of(three.out));
}

TEST_F(ShrinkCommand, RefusesWhatPasses) {
  ShrinkCommandOptions options = by_design(path("none.json"));
  options.settings = {"ack=majority"};
  EXPECT_EQ(shrink_command(options), 1);
  EXPECT_FALSE(fs::exists(options.out));
}

TEST_F(ShrinkCommand, RefusesWhatMakesNoSense) {
  ShrinkCommandOptions options = by_design(path("none.json"));
  options.time = "soon";
  EXPECT_EQ(shrink_command(options), 2);
  options = by_design(path("none.json"));
  options.target = path("absent.json");
  EXPECT_EQ(shrink_command(options), 2);
  options = by_design(path("none.json"));
  options.target = "5";
  options.nodes = "3..99";
  EXPECT_EQ(shrink_command(options), 2);
  options.nodes.clear();
  options.faults = "crush";
  EXPECT_EQ(shrink_command(options), 2);
  options.faults.clear();
  options.length = "3s";
  EXPECT_EQ(shrink_command(options), 2);
  // Of the swarm alone.
  options = by_design(path("none.json"));
  options.length = "60s";
  EXPECT_EQ(shrink_command(options), 2);
}

/// Candidates of which some abort where they are run.
Candidates aborting_from(std::size_t from) {
  return {10, [from](std::size_t i) -> std::optional<Scenario> {
            CHECK(i < from);
            return quiet_scenario();
          }};
}

TEST(FailureTrial, GoesOnBehindACandidateThatAborts) {
  FailureTrial other({Failure::Kind::kPromise, "durability", "", {}}, {2, seconds(60), false});
  EXPECT_FALSE(other.first_failing(aborting_from(4), 0).has_value());
  EXPECT_EQ(other.tried(), 10u);
}

TEST(Failure, CountsOnlyWithinTheFaultBudgetIfAsked) {
  // All disks are lost before anybody knows them, and nobody can serve.
  Scenario scenario = quiet_scenario();
  for (const NodeSpec& node : scenario.nodes) {
    Step wipe;
    wipe.at = Instant{} + seconds(1);
    wipe.verb = Verb::kWipe;
    wipe.target = node.name;
    scenario.steps.push_back(wipe);
  }
  Expectation serves;
  serves.claim = Claim::kPrimary;
  serves.who = "any";
  scenario.expect = {serves};
  const Failure wanted{Failure::Kind::kExpectation, describe(serves), "", {}};
  EXPECT_TRUE(same_failure(scenario, wanted).has_value());
  EXPECT_FALSE(same_failure(scenario, wanted, true).has_value());
  scenario.steps.front().verb = scenario.steps[1].verb = scenario.steps[2].verb = Verb::kCrash;
  EXPECT_TRUE(same_failure(scenario, wanted, true).has_value());
}

TEST(Failure, SurvivesItsWayThroughAPipe) {
  const Failure failure{Failure::Kind::kExpectation, "a \"claim\"", "two\nlines", Instant{5}};
  const std::string line = to_line(failure);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const std::optional<Failure> back = failure_of_line(line);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->kind, failure.kind);
  EXPECT_EQ(back->name, failure.name);
  EXPECT_EQ(back->words, failure.words);
  EXPECT_EQ(back->at, failure.at);
  EXPECT_FALSE(failure_of_line(to_line(std::nullopt)).has_value());
}

}  // namespace
}  // namespace kv::sim
