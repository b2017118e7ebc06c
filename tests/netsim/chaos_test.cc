#include "netsim/chaos.h"

#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>

#include "netsim/surroundings.h"
#include "world.h"

namespace kv::sim {
namespace {

constexpr Instant kFrom{seconds(1).ns};
constexpr Instant kUntil{seconds(11).ns};
constexpr std::uint64_t kSeeds = 30;

Scenario scenario_of(std::vector<std::string> faults, std::size_t nodes = 3) {
  Scenario scenario = quiet_scenario(nodes);
  scenario.run_for = seconds(20);
  scenario.workload.clients = 3;
  scenario.workload.rate = 20;
  scenario.chaos = ChaosSpec{kFrom, kUntil, std::move(faults)};
  return scenario;
}

struct Strike {
  Instant at{};
  std::string words{};
  friend bool operator==(const Strike&, const Strike&) = default;
};
/// What was done to the cluster before the end of the chaos.
std::vector<Strike> strikes(const Scenario& scenario, std::uint64_t seed) {
  std::vector<Strike> found;
  for (const Record& record : play(scenario, seed).records) {
    const auto* step = std::get_if<StepTaken>(&record.fact);
    if (step != nullptr && record.at < kUntil) found.push_back({record.at, step->words});
  }
  return found;
}
std::string first_word(const std::string& words) {
  return words.substr(0, words.find(' '));
}
/// The first words of all strikes of many seeds.
std::set<std::string> first_words(const Scenario& scenario) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const Strike& strike : strikes(scenario, seed)) found.insert(first_word(strike.words));
  }
  return found;
}
using Words = std::set<std::string>;

TEST(Chaos, OneSeedStrikesInOneWay) {
  std::size_t struck = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<Strike> first = strikes(scenario_of({}), seed);
    EXPECT_EQ(first, strikes(scenario_of({}), seed));
    EXPECT_NE(first, strikes(scenario_of({}), seed + 1));
    struck += first.size();
  }
  EXPECT_GT(struck, 10u);
}

TEST(Chaos, StrikesWithinItsTime) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const Strike& strike : strikes(scenario_of({}), seed)) {
      // Clocks that have run for weeks have done so from the beginning.
      EXPECT_TRUE(strike.at >= kFrom || strike.at == Instant{});
    }
    const Played played = play(scenario_of({}), seed);
    for (const Record& record : played.records) {
      EXPECT_TRUE(record.at <= kUntil || !std::holds_alternative<StepTaken>(record.fact));
    }
  }
}

TEST(Chaos, StrikesInEveryWay) {
  const Words found = first_words(scenario_of({}, 5));
  for (const char* word :
       {"crashes", "will",       "cuts",   "restarts", "pauses",  "resumes",  "wipes",   "isolates",
        "heals",   "partitions", "delays", "loses",    "doubles", "reorders", "damages", "a",
        "the",     "flips",      "makes",  "stalls",   "lets",    "fills",    "frees"}) {
    EXPECT_TRUE(found.contains(word)) << word;
  }
}

TEST(Chaos, DrawsOnlyTheFaultsThatAreAskedFor) {
  EXPECT_EQ(first_words(scenario_of({"pause"})), (Words{"pauses", "resumes"}));
  EXPECT_EQ(first_words(scenario_of({"loss", "delay"})), (Words{"delays", "heals", "loses"}));
  EXPECT_EQ(first_words(scenario_of({"isolate"})), (Words{"heals", "isolates"}));
}

TEST(Chaos, EverySeedLeavesSomeClassesOut) {
  const Words all = first_words(scenario_of({}));
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Words found;
    for (const Strike& strike : strikes(scenario_of({}), seed))
      found.insert(first_word(strike.words));
    EXPECT_LT(found.size(), all.size()) << seed;
  }
}

TEST(Chaos, MendsEverythingAtTheEnd) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Simulation simulation(scenario_of({}, 5), seed);
    const Scenario& drawn = simulation.scenario();
    while (simulation.cluster().now() <= kUntil) ASSERT_TRUE(simulation.advance());
    const Cluster& cluster = simulation.cluster();
    std::size_t running = 0;
    for (NodeId id = 1; id <= cluster.size(); ++id) {
      running += cluster.node(id).runs() ? 1U : 0U;
      EXPECT_FALSE(cluster.node(id).disk_stalled);
      EXPECT_FALSE(cluster.node(id).dies_amid_effects);
      EXPECT_TRUE(cluster.clients_reach(id));
      EXPECT_EQ(cluster.node(id).sync.quantile(500'000), drawn.disk.sync.quantile(500'000));
      for (NodeId to = 1; to <= cluster.size(); ++to) {
        if (to == id) continue;
        EXPECT_TRUE(cluster.network().healthy(id, to)) << "seed " << seed;
        const Link& link = cluster.network().link(id, to);
        EXPECT_EQ(link.extra.quantile(1'000'000), Duration{});
        EXPECT_EQ(link.duplicate.per_million + link.reorder.per_million, 0u);
        EXPECT_EQ(link.corrupt.per_million, 0u);
      }
    }
    EXPECT_GE(running, 3u) << "all but the damaged ones; seed " << seed;
    while (simulation.advance()) {
    }
    EXPECT_NE(simulation.cluster().primary(), kNoNode) << "seed " << seed;
    EXPECT_TRUE(simulation.result().passed) << "seed " << seed << "\n"
                                            << text_of(simulation.result().violations);
  }
}

TEST(Chaos, NeverWipesAMajority) {
  std::size_t most = 0;
  for (const std::size_t nodes : {3U, 4U, 5U}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      std::set<NodeId> wiped;
      for (const Record& record : play(scenario_of({"wipe"}, nodes), seed).records) {
        if (std::holds_alternative<DiskWiped>(record.fact)) wiped.insert(record.node);
      }
      EXPECT_LT(wiped.size() * 2, nodes) << "seed " << seed;
      most = std::max(most, wiped.size());
    }
  }
  EXPECT_EQ(most, 2u) << "two of five may lose their disk";
}

TEST(Chaos, OnlyDamageKeepsNodesDown) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Simulation simulation(scenario_of({"crash", "disk_full", "stall_disk", "cut_clients"}), seed);
    while (simulation.cluster().now() <= kUntil) ASSERT_TRUE(simulation.advance());
    for (NodeId id = 1; id <= 3; ++id)
      EXPECT_TRUE(simulation.cluster().node(id).runs()) << "seed " << seed << " node " << id;
  }
}

TEST(Chaos, NeverDamagesAMajority) {
  std::size_t refusals = 0;
  for (const std::size_t nodes : {3U, 4U, 5U}) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      std::set<NodeId> lost;
      const Played played =
          play(scenario_of({"flip_bit", "read_error", "wipe", "power_cut"}, nodes), seed);
      for (const Record& record : played.records) {
        if (std::holds_alternative<DiskWiped>(record.fact)) lost.insert(record.node);
        const auto* stopped = std::get_if<NodeStopped>(&record.fact);
        if (stopped == nullptr || stopped->cause != StopCause::kRefusedToStart) continue;
        lost.insert(record.node);
        ++refusals;
      }
      EXPECT_LT(lost.size() * 2, nodes) << "seed " << seed;
      EXPECT_TRUE(played.result.passed) << "seed " << seed << "\n"
                                        << text_of(played.result.violations);
    }
  }
  EXPECT_GT(refusals, 20u);
}

TEST(Surroundings, AreDrawnFromTheSeed) {
  const auto text = [](std::uint64_t seed) {
    const Scenario drawn = draw_surroundings(scenario_of({}), seed);
    return std::to_string(drawn.limits.snapshot_after_bytes) + " " +
           std::to_string(drawn.limits.max_inflight_appends) + " " +
           std::to_string(drawn.network.latency.quantile(500'000).ns) + " " +
           std::to_string(drawn.workload.rate) + " " + drawn.primary;
  };
  std::set<std::string> different;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EXPECT_EQ(text(seed), text(seed));
    different.insert(text(seed));
  }
  EXPECT_EQ(different.size(), kSeeds);
}

TEST(Surroundings, StayWithinWhatTheScenarioGives) {
  const Scenario scenario = scenario_of({});
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Scenario drawn = draw_surroundings(scenario, seed);
    const Duration tenth = scenario.timing.election_timeout_min / 10;
    EXPECT_LE(drawn.network.latency.quantile(500'000), tenth);
    EXPECT_LE(drawn.disk.sync.quantile(500'000), tenth);
    EXPECT_GE(drawn.workload.clients, 1u);
    EXPECT_LE(drawn.workload.clients, scenario.workload.clients);
    EXPECT_GE(drawn.workload.rate, 2u);
    EXPECT_LE(drawn.workload.rate, scenario.workload.rate);
    EXPECT_GE(drawn.limits.max_inflight_appends, 1u);
    EXPECT_EQ(drawn.nodes.size(), scenario.nodes.size());
    EXPECT_EQ(drawn.run_for, scenario.run_for);
  }
}

TEST(Surroundings, LeaveEachKindOfWorkOutInAboutHalfOfTheSeeds) {
  std::array<int, 3> drawn{};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const WorkloadSpec work = draw_surroundings(scenario_of({}), seed).workload;
    drawn[0] += work.once.per_million > 0 ? 1 : 0;
    drawn[1] += work.follower_reads.per_million > 0 ? 1 : 0;
    drawn[2] += work.expiring.per_million > 0 ? 1 : 0;
  }
  for (const int count : drawn) EXPECT_NEAR(count, 100, 30);
}

/// The estimate that disks are lost by: a follower that comes back empty keeps what it promises.
TEST(Surroundings, AFollowerCatchesUpAtLeastAsFastAsIsCountedOn) {
  Scenario scenario = quiet_scenario();
  scenario.limits.max_append_bytes = 20;
  scenario.limits.max_inflight_appends = 2;
  scenario.network.latency = Latency::constant(milliseconds(8));
  scenario.disk.sync = Latency::constant(milliseconds(30));
  const std::int64_t rate = catch_up_rate(scenario);
  EXPECT_NEAR(static_cast<double>(rate), 2 / (2 * 0.046), 1.5);

  World world(scenario);
  ASSERT_TRUE(world.run_until_primary());
  world.cluster.crash(3, StopCause::kCrash);
  constexpr int kEntries = 200;
  for (int i = 0; i < kEntries; ++i) world.send(1, set_request("k", "v"));
  const auto is_written = [&] { return world.cluster.status(1).commit >= LogIndex{kEntries}; };
  ASSERT_TRUE(world.run_until(is_written));
  world.cluster.wipe(3);
  world.cluster.start(3);
  const Instant from = world.cluster.now();
  const auto is_level = [&] {
    return world.cluster.replica(3)->raft().log().last_index() >= LogIndex{kEntries};
  };
  ASSERT_TRUE(world.run_until(is_level));
  const Duration took = world.cluster.now() - from;
  EXPECT_LT(took, seconds(1) * kEntries / rate);
}

}  // namespace
}  // namespace kv::sim
