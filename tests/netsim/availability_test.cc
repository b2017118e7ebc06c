#include "netsim/availability.h"

#include <gtest/gtest.h>

#include "scenario_reading.h"
#include "world.h"

namespace kv::sim {
namespace {

constexpr NodeId kNode1 = 1;
constexpr NodeId kNode2 = 2;
constexpr NodeId kNode3 = 3;

class WatchedAvailability : public testing::Test {
 protected:
  explicit WatchedAvailability(Scenario scenario = quiet_scenario())
      : world_(scenario), availability_(scenario) {
    world_.watch([this](const Cluster& cluster) {
      availability_.observe(cluster);
      if (auto found = availability_.take_violation()) violations_.push_back(*found);
    });
  }
  /// A step of a scenario, as far as those who watch can tell.
  void step(const std::string& words) {
    world_.cluster.record(kNoNode, StepTaken{0, {}, words});
    world_.look();
  }
  void crash(NodeId id) {
    world_.cluster.crash(id, StopCause::kCrash);
    world_.look();
  }
  void expect_silence() { EXPECT_TRUE(violations_.empty()) << text_of(violations_); }

  World world_;
  Availability availability_;
  std::vector<Violation> violations_{};
};
using Primary = WatchedAvailability;

TEST_F(Primary, TheFirstElectionIsNoFailover) {
  world_.run_for(seconds(2));
  availability_.finish(world_.cluster);
  EXPECT_EQ(availability_.primary(), kNode1);
  EXPECT_EQ(availability_.elections(), 1u);
  EXPECT_TRUE(availability_.failovers().empty());
  EXPECT_EQ(availability_.unavailable(), Duration{});
  expect_silence();
}

TEST_F(Primary, AFailoverHasItsCauseAndItsThreeParts) {
  world_.run_for(seconds(2));
  crash(kNode1);
  const Instant crashed = world_.cluster.now();
  EXPECT_EQ(availability_.primary(), kNoNode);
  world_.run_for(seconds(3));
  ASSERT_EQ(availability_.failovers().size(), 1u);
  const Failover& failover = availability_.failovers()[0];
  EXPECT_EQ(failover.lost, crashed);
  EXPECT_EQ(failover.old_primary, kNode1);
  EXPECT_EQ(failover.cause, "node1: crash");
  ASSERT_TRUE(failover.detected && failover.elected && failover.served);
  EXPECT_GE(*failover.detected - crashed, milliseconds(300 - 50));
  EXPECT_LE(*failover.detected - crashed, milliseconds(600));
  EXPECT_LT(*failover.detected, *failover.elected);
  EXPECT_LT(*failover.elected, *failover.served);
  EXPECT_NE(failover.new_primary, kNode1);
  EXPECT_EQ(failover.new_primary, availability_.primary());
  EXPECT_EQ(failover.new_primary, world_.cluster.primary());
  EXPECT_NE(failover.detected_by, kNode1);
  EXPECT_EQ(failover.term, 1u);
  EXPECT_EQ(failover.campaigns, 1u);
  EXPECT_EQ(availability_.elections(), 2u);
  availability_.finish(world_.cluster);
  EXPECT_EQ(availability_.unavailable(), *failover.served - crashed);
  expect_silence();
}

TEST_F(Primary, APrimaryThatReachesNoMajorityDoesNotServe) {
  world_.run_for(seconds(2));
  world_.cluster.network().isolate(kNode1, true);
  step("isolates node1");
  EXPECT_EQ(world_.cluster.primary(), kNode1) << "it doesn't know yet";
  EXPECT_EQ(availability_.primary(), kNoNode);
  EXPECT_EQ(availability_.failovers().at(0).lost, world_.cluster.now());
  EXPECT_EQ(availability_.failovers().at(0).cause, "isolates node1");
}

TEST_F(Primary, APrimaryThatReachesAMajorityServes) {
  world_.run_for(seconds(2));
  world_.cluster.network().isolate(kNode3, true);
  step("isolates node3");
  world_.run_for(seconds(1));
  EXPECT_EQ(availability_.primary(), kNode1);
  EXPECT_TRUE(availability_.failovers().empty());
}

TEST_F(Primary, APausedPrimaryDoesNotServe) {
  world_.run_for(seconds(2));
  world_.cluster.pause(kNode1);
  world_.look();
  EXPECT_EQ(availability_.primary(), kNoNode);
  EXPECT_EQ(availability_.failovers().at(0).cause, "node1 is paused");
}

TEST_F(Primary, AFailoverThatIsNotOverCountsUpToTheEnd) {
  world_.run_for(seconds(2));
  crash(kNode2);
  crash(kNode3);
  const Instant lost = world_.cluster.now();
  world_.run_for(seconds(20));
  availability_.finish(world_.cluster);
  EXPECT_FALSE(availability_.failovers().at(0).served);
  EXPECT_EQ(availability_.unavailable(), world_.cluster.now() - lost);
  expect_silence();  // nobody could be elected
}

Scenario too_slow() {
  Scenario scenario = quiet_scenario();
  scenario.network.latency = Latency::constant(seconds(600));
  return scenario;
}
/// All nodes run and no link is cut, but every message comes ten minutes late.
class Progress : public WatchedAvailability {
 protected:
  Progress() : WatchedAvailability(too_slow()) {}
  /// Twelve of the longest election timeouts, and the syncs that go with them.
  static constexpr Duration kPatience = milliseconds(600) * 12 + microseconds(200) * 12;
};

TEST_F(Progress, AConnectedMajorityMustElectInTime) {
  world_.run_for(kPatience);
  expect_silence();
  world_.run_for(seconds(20));
  ASSERT_EQ(violations_.size(), 1u) << text_of(violations_);
  EXPECT_EQ(violations_[0].checker, "progress");
  EXPECT_GT(violations_[0].at, Instant{} + kPatience);
  EXPECT_EQ(violations_[0].words.find("A majority of nodes runs and is connected, but no primary "
                                      "has served for "),
            0u)
      << violations_[0].words;
}

TEST_F(Progress, AFaultStartsTheTimeAnew) {
  world_.run_for(kPatience);
  step("a fault");
  const Instant fault = world_.cluster.now();
  world_.run_for(seconds(20));
  ASSERT_EQ(violations_.size(), 1u);
  EXPECT_GT(violations_[0].at, fault + kPatience);
}

// node2 has missed 30 s of writes and gets them one by one, before anything commits in the new
// term.
TEST(ProgressOfWhoLacksMuch, HasTimeToBeGivenIt) {
  const Scenario scenario = scenario_with(R"("primary": "node1", "timing": "lan",
      "network": {"latency": "15ms"}, "limits": {"max_append_bytes": "20B",
      "max_inflight_appends": 1}, "workload": {"clients": 4, "rate": 20, "reads": 0},
      "steps": [{"at": "1s", "crash": "node2"}, {"at": "30s", "crash": "node3"},
                {"at": "30s", "crash": "node1"}, {"at": "30100ms", "restart": "node1"},
                {"at": "30100ms", "restart": "node2"}])");
  const RunResult result = run(scenario, 1);
  EXPECT_TRUE(result.passed) << text_of(result.violations);
  ASSERT_EQ(result.failovers.size(), 1u);
  ASSERT_TRUE(result.failovers[0].elected && result.failovers[0].served);
  EXPECT_GT(*result.failovers[0].served - *result.failovers[0].elected, seconds(8));
}

TEST_F(Progress, IsNotAskedOfNodesThatAreDown) {
  crash(kNode2);
  crash(kNode3);
  world_.run_for(seconds(20));
  expect_silence();
}

TEST_F(Progress, IsNotAskedOfPausedNodes) {
  world_.cluster.pause(kNode2);
  world_.cluster.pause(kNode3);
  world_.look();
  world_.run_for(seconds(20));
  expect_silence();
}

TEST_F(Progress, IsNotAskedOfStalledDisks) {
  world_.cluster.stall_disk(kNode2, true);
  crash(kNode1);
  step("stalls the disk of node2");
  world_.run_for(seconds(60));
  expect_silence();
}

TEST_F(Progress, IsNotAskedWithoutAConnectedMajority) {
  // A ring would be no majority of nodes that all reach each other, were there five; here one way
  // of each pair is enough.
  for (NodeId id = 1; id <= 3; ++id) {
    world_.cluster.network().link(id, id % 3 + 1).cut = kAllMessages;
  }
  step("cuts ways");
  world_.run_for(seconds(20));
  expect_silence();
}

TEST_F(Progress, IsNotAskedOfLinksThatLoseATenth) {
  for (NodeId from = 1; from <= 3; ++from) {
    for (NodeId to = 1; to <= 3; ++to) {
      if (from != to) world_.cluster.network().link(from, to).loss = {100'000};
    }
  }
  step("loses 10 % of the messages everywhere");
  world_.run_for(seconds(20));
  expect_silence();
}

}  // namespace
}  // namespace kv::sim
