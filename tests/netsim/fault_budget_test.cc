// What a cluster may lose: a minority of its disks, and it goes on; a majority, and it refuses.
#include "netsim/fault_budget.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "world.h"

namespace kv::sim {
namespace {

constexpr std::uint64_t kSeeds = 15;
constexpr Instant kRestart{seconds(4).ns};
constexpr Instant kElected{seconds(6).ns};

Step step_of(Verb verb, Selector target) {
  Step step;
  step.at = kRestart;
  step.verb = verb;
  step.target = std::move(target);
  return step;
}

/// Clients at work; all machines lose power, and when they come back, the disks of `damaged` nodes
/// have gone bad, somewhere where it must be noticed.
Played play_damage(std::size_t nodes, std::size_t damaged, std::uint64_t seed) {
  Scenario scenario = quiet_scenario(nodes);
  scenario.run_for = seconds(14);
  scenario.workload.clients = 3;
  scenario.workload.rate = 60;
  scenario.limits.snapshot_after_bytes = 2000;
  scenario.steps.push_back(step_of(Verb::kPowerCut, "all"));
  Rng rng(seed);
  std::vector<Selector> names;
  for (const NodeSpec& node : scenario.nodes) names.push_back(node.name);
  for (std::size_t i = 0; i < damaged; ++i) {
    std::swap(names[i], names[i + rng.below(nodes - i)]);
    Step damage = step_of(rng.below(2) == 0 ? Verb::kFlipBit : Verb::kReadError, names[i]);
    damage.file = rng.below(2) == 0 ? "log" : "snapshot";
    damage.offset = rng.below(60);
    scenario.steps.push_back(std::move(damage));
  }
  scenario.steps.push_back(step_of(Verb::kRestart, "all"));
  return play(scenario, seed);
}

std::size_t refusals(const Played& played) {
  return static_cast<std::size_t>(
      std::count_if(played.records.begin(), played.records.end(), [](const Record& record) {
        const auto* stopped = std::get_if<NodeStopped>(&record.fact);
        return stopped != nullptr && stopped->cause == StopCause::kRefusedToStart;
      }));
}
/// Operations that were called at `from` or later and ended well.
std::size_t done_since(const Played& played, Instant from) {
  return static_cast<std::size_t>(
      std::count_if(played.history.begin(), played.history.end(), [&](const Operation& operation) {
        return operation.called >= from && operation.ending == Ending::kOk;
      }));
}

TEST(FaultBudget, WithAMinorityDamagedTheClusterGoesOnAndLosesNothing) {
  for (const std::size_t nodes : {3U, 4U, 5U}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      SCOPED_TRACE(std::to_string(nodes) + " nodes, seed " + std::to_string(seed));
      const std::size_t damaged = (nodes - 1) / 2;
      const Played played = play_damage(nodes, damaged, seed);
      EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
      EXPECT_EQ(refusals(played), damaged);
      EXPECT_GT(done_since(played, kElected), 50u);
    }
  }
}

TEST(FaultBudget, WithAMajorityDamagedNobodyServesAndNothingWrongIsSaid) {
  for (const std::size_t nodes : {3U, 4U, 5U}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      SCOPED_TRACE(std::to_string(nodes) + " nodes, seed " + std::to_string(seed));
      const std::size_t damaged = nodes - nodes / 2;
      const Played played = play_damage(nodes, damaged, seed);
      EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
      EXPECT_EQ(refusals(played), damaged);
      EXPECT_GT(done_since(played, {}), 20u) << "before";
      EXPECT_EQ(done_since(played, kRestart), 0u);
    }
  }
}

/// Two who never knew its disk would take it for a new member, and elect one of them from nothing.
TEST(FaultBudget, ADiskMayBeLostOnceAllOthersKnowItDurably) {
  const Scenario scenario = quiet_scenario();
  World world(scenario);
  world.cluster.stall_disk(2, true);
  ASSERT_TRUE(world.run_until_primary());
  world.run_for(seconds(1));
  const Step wipe = step_of(Verb::kWipe, "node3");
  std::set<Selector> lost;
  const auto known_to_2 = [&] {
    const Incarnations& known = world.cluster.replica(2)->raft().hard_state().incarnations;
    return known.of(1) != 0;
  };
  EXPECT_TRUE(known_to_2()) << "in memory, but it would be gone after a crash";
  EXPECT_FALSE(within_fault_budget(scenario.nodes, world.cluster, wipe, lost));

  world.cluster.stall_disk(2, false);
  const bool allowed = world.run_until(
      [&] { return within_fault_budget(scenario.nodes, world.cluster, wipe, lost); });
  EXPECT_TRUE(allowed);
  EXPECT_EQ(lost, std::set<Selector>{"node3"});
  const Step another = step_of(Verb::kWipe, "node1");
  EXPECT_FALSE(within_fault_budget(scenario.nodes, world.cluster, another, lost)) << "a majority";
}

}  // namespace
}  // namespace kv::sim
