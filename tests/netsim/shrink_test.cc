#include "shrink.h"

#include <algorithm>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "netsim/explicit_run.h"
#include "netsim/scenario_writer.h"
#include "netsim/simulation.h"
#include "reductions.h"
#include "scenario_reading.h"
#include "slowness.h"
#include "world.h"

namespace kv::sim {
namespace {

constexpr Instant kEnd = Instant{} + seconds(60);

/// Fails where the test says so, within a number of candidates.
class FakeTrial final : public Trial {
 public:
  using Fails = std::function<bool(const Scenario&)>;
  explicit FakeTrial(Fails fails, std::size_t patience = 100'000)
      : fails_(std::move(fails)), patience_(patience) {}

  std::optional<Hit> first_failing(const Candidates& candidates, std::size_t from) override {
    for (std::size_t i = from; i < candidates.count && !over(); ++i) {
      const std::optional<Scenario> scenario = candidates.make(i);
      if (!scenario) continue;
      ++tried;
      if (fails_(*scenario)) return Hit{i, Instant{} + scenario->run_for};
    }
    return std::nullopt;
  }
  bool over() const override { return tried >= patience_; }

  std::size_t tried{0};

 private:
  Fails fails_;
  std::size_t patience_;
};

/// `count` crashes, the i-th of them, from 1, after i times 100 ms.
Scenario with_crashes(std::size_t count) {
  Scenario scenario = scenario_with(R"("nodes": 5, "seed": 1)");
  for (std::size_t i = 1; i <= count; ++i) {
    Step step;
    step.verb = Verb::kCrash;
    step.target = "node" + std::to_string(i % 5 + 1);
    step.at = Instant{} + milliseconds(100) * static_cast<std::int64_t>(i);
    step.key = std::to_string(i);
    scenario.steps.push_back(step);
  }
  return scenario;
}

std::size_t count_of(const Scenario& scenario, const std::string& target) {
  return static_cast<std::size_t>(std::count_if(scenario.steps.begin(), scenario.steps.end(),
                                                [&](const Step& s) { return s.target == target; }));
}

Shrunk shrink_of(const Scenario& scenario, FakeTrial& trial) {
  ShrinkOptions options;
  options.may_run = false;
  return shrink(scenario, kEnd, trial, options);
}

TEST(Shrink, KeepsOnlyTheStepsThatMatter) {
  FakeTrial trial([](const Scenario& s) {
    return count_of(s, "node2") >= 2 && count_of(s, "node4") >= 1 && s.nodes.size() == 5;
  });
  const Shrunk shrunk = shrink_of(with_crashes(200), trial);
  EXPECT_TRUE(shrunk.minimal);
  EXPECT_EQ(shrunk.scenario.steps.size(), 3u);
  EXPECT_LT(trial.tried, 1500u);
}

TEST(Shrink, TakesAFaultAndItsMendAwayTogether) {
  // Without the third step the second one would have to go as well.
  FakeTrial trial([](const Scenario& s) {
    return s.nodes.size() == 5 && count_of(s, "node2") == 1 &&
           count_of(s, "node3") == count_of(s, "node5");
  });
  const Shrunk shrunk = shrink_of(with_crashes(4), trial);
  EXPECT_EQ(shrunk.scenario.steps.size(), 1u);
}

TEST(Shrink, LeavesNothingThatCouldBeLeftOut) {
  // Any odd number of at least three fails.
  const auto fails = [](const Scenario& s) {
    return s.steps.size() >= 3 && s.steps.size() % 2 == 1;
  };
  FakeTrial trial(fails);
  const Shrunk shrunk = shrink_of(with_crashes(31), trial);
  EXPECT_TRUE(fails(shrunk.scenario));
  EXPECT_EQ(shrunk.scenario.steps.size(), 3u);
}

TEST(Shrink, EndsWhenTheTimeIsOver) {
  const auto fails = [](const Scenario& s) { return count_of(s, "node2") >= 1; };
  FakeTrial trial(fails, 3);
  const Shrunk shrunk = shrink_of(with_crashes(100), trial);
  EXPECT_FALSE(shrunk.minimal);
  EXPECT_TRUE(fails(shrunk.scenario));
  EXPECT_LE(trial.tried, 3u);
}

TEST(Shrink, DropsNodesWithTheStepsThatNameThemAndNumbersTheRestAnew) {
  Scenario scenario = with_crashes(5);
  scenario.steps[4].verb = Verb::kPartition;
  scenario.steps[4].target.clear();
  scenario.steps[4].groups = {{"node1", "node2"}, {"node3", "node4", "node5"}};
  FakeTrial trial([](const Scenario& s) {
    return std::any_of(s.steps.begin(), s.steps.end(),
                       [](const Step& step) { return step.groups.size() == 2; });
  });
  const Shrunk shrunk = shrink_of(scenario, trial);
  ASSERT_EQ(shrunk.scenario.nodes.size(), 3u);
  EXPECT_EQ(shrunk.scenario.nodes[2].name, "node3");
  ASSERT_EQ(shrunk.scenario.steps.size(), 1u);
  std::set<std::string> named;
  for (const auto& group : shrunk.scenario.steps[0].groups)
    named.insert(group.begin(), group.end());
  EXPECT_EQ(named, (std::set<std::string>{"node1", "node2", "node3"}));
}

TEST(Shrink, MakesPlainWhatDoesNotMatter) {
  const Scenario drawn = explicit_run(scenario_with(R"("nodes": 5, "timing": "lan", "seed": 3,
          "workload": {"clients": 8, "rate": 100, "deletes": 0.1, "start": "2s", "stop": "50s"},
          "chaos": {"from": "1s", "until": "50s"})"),
                                      3);
  FakeTrial trial([](const Scenario&) { return true; });
  const Shrunk shrunk = shrink_of(drawn, trial);
  EXPECT_TRUE(shrunk.minimal);
  EXPECT_EQ(shrunk.scenario.workload, WorkloadSpec{});
  EXPECT_EQ(shrunk.scenario.limits, Limits{});
  EXPECT_EQ(shrunk.scenario.nodes.size(), 3u);
  EXPECT_EQ(shrunk.scenario.seed, 1u);
  EXPECT_EQ(shrunk.scenario.network.latency, Latency::constant(milliseconds(1)));
  EXPECT_LE(shrunk.scenario.run_for, milliseconds(200));
}

TEST(Shrink, LeavesZonesAndOddTimesOutWhereTheyDoNotMatter) {
  const Scenario drawn = scenario_with(
      R"("nodes": {"a": ["node1", "node2"], "b": ["node3"]}, "reads": "lease",
         "lease_drift_ppm": 31234, "clocks": {"drift_ppm": 21234},
         "timing": {"heartbeat_interval": "73714285ns", "election_timeout": "489ms..493890us"},
         "limits": {"max_apply_entries": 7},
         "network": {"latency": "3ms", "between_zones": {"min": "0s", "max": "29677825ns"}},
         "workload": {"clients": 1, "once": 0.1, "follower_reads": 0.1, "expiring": 0.1,
                      "ttl": "3s", "strays": 0.1})");
  FakeTrial any([](const Scenario&) { return true; });
  const Scenario plain = shrink_of(drawn, any).scenario;
  EXPECT_EQ(plain.timing, timing_by_name("lan"));
  EXPECT_TRUE(plain.nodes[0].zone.empty());
  EXPECT_FALSE(plain.network.between_zones.has_value());
  EXPECT_EQ(plain.reads, ReadMode::kReadIndex);
  EXPECT_EQ(plain.lease_drift_ppm, kDefaultLeaseDriftPpm);
  EXPECT_EQ(plain.limits, Limits{});
  EXPECT_EQ(plain.clocks, ClockSpec{});

  // What must stay is rounded at least.
  FakeTrial slow([](const Scenario& s) {
    return s.network.latency.quantile(1'000'000) >= milliseconds(20) ||
           (s.network.between_zones &&
            s.network.between_zones->quantile(1'000'000) >= milliseconds(20));
  });
  const Scenario rounded = shrink_of(drawn, slow).scenario;
  EXPECT_EQ(rounded.timing.heartbeat_interval.ns % milliseconds(10).ns, 0);
  EXPECT_EQ(rounded.timing.election_timeout_min.ns % milliseconds(10).ns, 0);
  EXPECT_EQ(rounded.network.between_zones.value_or(rounded.network.latency).quantile(1'000'000).ns %
                milliseconds(1).ns,
            0);
}

TEST(Shrink, MakesNoStepsOfWhatStepsCannotSay) {
  const std::string nodes = R"("nodes": 3, "timing": "lan", )";
  const auto steps = [&](const std::string& share) {
    return with_operations_as_steps(scenario_with(
        nodes + R"("workload": {"clients": 1, "rate": 5, "start": "1s")" + share + "}",
        {"run_for=3s"}));
  };
  EXPECT_TRUE(steps("").has_value());
  EXPECT_FALSE(steps(R"(, "once": 0.5)").has_value());
  EXPECT_FALSE(steps(R"(, "expiring": 0.5)").has_value());
  EXPECT_FALSE(steps(R"(, "follower_reads": 0.5)").has_value());
}

TEST(Shrink, KnowsHowLongSomethingStaysSlow) {
  const auto longest = [](const std::string& steps) {
    return longest_slowness(
        scenario_with(R"("nodes": 3, "steps": [)" + steps + "]", {"run_for=20s"}));
  };
  const std::string slow = R"({"at": "1s", "slow_disk": "node1", "sync": "90ms"})";
  EXPECT_EQ(longest(slow), seconds(19));
  const std::string mend = R"(, {"at": "3s", "slow_disk": "all", "sync": "1ms"})";
  Scenario mended = scenario_with(R"("nodes": 3, "steps": [)" + slow + mend + "]");
  mended.disk.sync = Latency::constant(milliseconds(1));
  EXPECT_EQ(longest_slowness(mended), seconds(2));
  const std::string delay = R"({"at": "1s", "delay": "50ms", "from": "node2"})";
  EXPECT_EQ(longest(delay), seconds(19));
  EXPECT_EQ(longest(delay + R"(, {"at": "4s", "heal": "node2"})"), seconds(3));
  EXPECT_EQ(longest(R"({"at": "1s", "crash": "node2"})"), Duration{});
}

TEST(Shrink, CutsAndRoundsTimes) {
  Scenario scenario = with_crashes(2);
  scenario.steps[0].at = Instant{} + nanoseconds(10'123'456'789);
  scenario.steps[1].at = Instant{} + nanoseconds(17'323'456'789);
  FakeTrial trial([](const Scenario& s) {
    return s.steps.size() == 2 && *s.steps[1].at - *s.steps[0].at > milliseconds(450);
  });
  const Shrunk shrunk = shrink_of(scenario, trial);
  EXPECT_EQ(shrunk.scenario.steps[0].at, Instant{} + seconds(1));
  EXPECT_EQ(shrunk.scenario.steps[1].at, Instant{} + seconds(2));
}

TEST(Shrink, KeepsTheEndOfWhatFailsOnlyIfMended) {
  const Scenario scenario = with_crashes(10);
  FakeTrial trial([](const Scenario& s) { return s.nodes.size() == 5; });
  ShrinkOptions options;
  options.may_run = false;
  options.keep_from = *scenario.steps[8].at;
  const Shrunk shrunk = shrink(scenario, kEnd, trial, options);
  ASSERT_EQ(shrunk.scenario.steps.size(), 2u);
  EXPECT_EQ(shrunk.scenario.steps[0].at, scenario.steps[8].at);
  EXPECT_EQ(shrunk.scenario.run_for, scenario.run_for);
}

/// What shows in a run besides the words of its steps.
std::string account(const RunResult& result) {
  std::string text = std::to_string(result.events) + " " + std::to_string(result.messages) + " " +
                     std::to_string(result.operations_ok) + " " + std::to_string(result.term);
  for (const Violation& violation : result.violations)
    text += "\n" + violation.checker + " " + violation.words;
  return text;
}

TEST(ExplicitRun, IsTheRunThatChaosMade) {
  std::size_t same = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Scenario chaos = scenario_with(
        R"("nodes": 3, "timing": "lan", "ack": "primary", "chaos": {"from": "1s", "until": "10s"},
           "workload": {"clients": 3, "rate": 30})",
        {"run_for=15s"});
    const Scenario plain = explicit_run(chaos, seed);
    EXPECT_FALSE(plain.chaos.has_value());
    same += account(run(plain, plain.seed)) == account(run(chaos, seed)) ? 1U : 0U;
  }
  EXPECT_GE(same, 19u);
}

TEST(ExplicitRun, MendsClocksThatDriftWithoutAFault) {
  const Scenario chaos = scenario_with(
      R"("nodes": 3, "timing": "lan", "clocks": {"drift_ppm": 40000},
         "chaos": {"from": "1s", "until": "5s", "faults": ["crash"]},
         "workload": {"clients": 2, "rate": 20})",
      {"run_for=15s"});
  std::size_t same = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Scenario plain = explicit_run(chaos, seed);
    same += account(run(plain, plain.seed)) == account(run(chaos, seed)) ? 1U : 0U;
  }
  // A strike at the very moment of another event may have been before it.
  EXPECT_GE(same, 9u);
}

TEST(ExplicitRun, LeavesAScenarioWithoutChaosAsItIs) {
  Scenario scenario = with_crashes(3);
  scenario.seed = 9;
  EXPECT_EQ(explicit_run(with_crashes(3), 9), scenario);
}

}  // namespace
}  // namespace kv::sim
