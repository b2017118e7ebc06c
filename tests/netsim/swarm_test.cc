#include "netsim/swarm.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "netsim/chaos.h"
#include "world.h"

namespace kv::sim {
namespace {

TEST(Swarm, OneSeedDrawsOneRun) {
  const RunResult first = run(draw_swarm({}, 4), 4);
  EXPECT_EQ(first.trace_hash, run(draw_swarm({}, 4), 4).trace_hash);
  EXPECT_NE(first.trace_hash, run(draw_swarm({}, 5), 5).trace_hash);
}

TEST(Swarm, StaysWithinItsOptions) {
  SwarmOptions options;
  options.min_nodes = 3;
  options.max_nodes = 5;
  options.faults = {"crash"};
  options.length = seconds(40);
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario scenario = draw_swarm(options, seed);
    sizes.insert(scenario.nodes.size());
    EXPECT_TRUE(validate(scenario.timing)) << seed;
    EXPECT_EQ(scenario.run_for, seconds(40));
    ASSERT_TRUE(scenario.chaos.has_value());
    EXPECT_EQ(scenario.chaos->faults, options.faults);
    EXPECT_LT(scenario.chaos->from, scenario.chaos->until) << seed;
    EXPECT_LT(scenario.chaos->until, Instant{} + scenario.run_for) << seed;
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{3, 4, 5}));
}

TEST(Swarm, EndsWithAllMendedOrAMajorityOnly) {
  std::set<bool> ends;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Scenario scenario = draw_swarm({}, seed);
    Simulation simulation(scenario, seed);
    while (simulation.advance()) {
    }
    const std::uint32_t core = scenario.chaos->core;
    const Cluster& cluster = simulation.cluster();
    const std::size_t majority = cluster.size() / 2 + 1;
    std::size_t connected = 0;
    for (NodeId id = 1; id <= cluster.size(); ++id) {
      std::size_t heard = 0;
      for (NodeId other = 1; other <= cluster.size(); ++other)
        heard += other == id || cluster.network().open(other, id) ? 1U : 0U;
      // A damaged disk keeps its node down: that is right, and can't be mended.
      const bool excused = core == 0 && !cluster.node(id).disk.is_honest();
      connected += excused || (cluster.node(id).runs() && heard >= majority) ? 1U : 0U;
    }
    ends.insert(core != 0);
    // Members that lost their disk are not of a core.
    EXPECT_GE(connected, core == 0 ? cluster.size() : majority) << seed;
    EXPECT_LE(connected, core == 0 ? cluster.size() : core) << seed;
    EXPECT_NE(cluster.primary(), kNoNode) << seed;
    EXPECT_TRUE(simulation.result().passed) << "seed " << seed << "\n"
                                            << text_of(simulation.result().violations);
  }
  EXPECT_EQ(ends.size(), 2u);
}

TEST(Swarm, ACoreIsAllThatIsMended) {
  Scenario scenario = quiet_scenario(5);
  scenario.run_for = seconds(20);
  scenario.chaos = ChaosSpec{Instant{} + seconds(1), Instant{} + seconds(8), {}, 3};
  std::set<std::string> last_words;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Played played = play(scenario, seed);
    std::size_t gone = 0;
    for (const Record& record : played.records) {
      const auto* step = std::get_if<StepTaken>(&record.fact);
      if (step == nullptr || record.at != scenario.chaos->until) continue;
      if (step->verb == "crash" || step->verb == "isolate") last_words.insert(step->verb);
      gone += step->verb == "isolate" ? 1U : 0U;
    }
    EXPECT_LE(gone, 2u) << seed;
  }
  EXPECT_EQ(last_words, (std::set<std::string>{"crash", "isolate"}));
}

}  // namespace
}  // namespace kv::sim
