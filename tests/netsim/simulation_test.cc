// Whole runs: the same on every machine, and the same again.
#include "netsim/simulation.h"

#include <array>
#include <cstdio>

#include <gtest/gtest.h>

#include "scenario_reading.h"
#include "world.h"

namespace kv::sim {
namespace {

// Whatever changes what the simulator does for a seed changes these. Then the test that fails
// prints the table anew; say in the commit why they changed. These seeds draw many kinds of faults.
struct Pinned {
  std::size_t nodes{0};  ///< with chaos; 0: the quiet run in documented timing
  std::uint64_t seed{0};
  std::uint64_t hash{0};
};
constexpr auto kPinned = std::to_array<Pinned>({
    {0, 1, 0xe181f0347b14072d},
    {3, 4, 0x97eeb0d2eaa63985},
    {3, 8, 0x838bcbcba0994237},
    {3, 10, 0x6bab77fda04aa4fd},
    {3, 22, 0x85924664eb0ac003},
    {5, 4, 0x76e00ce4af087dca},
    {5, 8, 0x023bd524d96cc74f},
    {5, 10, 0xfd79b69a4c987321},
    {5, 18, 0x9be3616a070cfeb9},
});

/// Everything at once: all faults, snapshots, many clients on few keys.
Scenario chaos_scenario(std::size_t nodes) {
  Scenario scenario = quiet_scenario(nodes);
  scenario.run_for = seconds(20);
  scenario.network.latency = Latency::log_normal(microseconds(300), milliseconds(2));
  scenario.disk.sync = Latency::uniform(microseconds(200), milliseconds(4));
  scenario.limits.snapshot_after_bytes = 2000;
  scenario.workload.clients = 5;
  scenario.workload.rate = 100;
  scenario.workload.keys = 4;
  scenario.workload.stop = Instant{} + seconds(17);
  scenario.chaos = ChaosSpec{Instant{} + seconds(1), Instant{} + seconds(12), {}};
  return scenario;
}

/// The documented failover: node1 crashes and comes back, while clients work.
Scenario documented_scenario() {
  return scenario_with(R"("primary": "node1", "timing": "documented",
    "network": {"latency": {"p50": "300us", "p99": "2ms"}},
    "disk": {"sync": {"p50": "500us", "p99": "4ms"}}, "clocks": {"drift_ppm": 100},
    "workload": {"clients": 3, "rate": 30},
    "steps": [{"at": "5s", "crash": "primary", "as": "old"}, {"at": "25s", "restart": "old"}])");
}

Scenario scenario_of(const Pinned& pinned) {
  return pinned.nodes == 0 ? documented_scenario() : chaos_scenario(pinned.nodes);
}

TEST(Simulation, GivesTheSameHashOnEveryMachine) {
  std::string table;
  bool right = true;
  for (const Pinned& pinned : kPinned) {
    const std::uint64_t hash = run(scenario_of(pinned), pinned.seed).trace_hash;
    right = right && hash == pinned.hash;
    std::array<char, 80> line{};
    std::snprintf(line.data(), line.size(), "    {%zu, %llu, 0x%016llx},\n", pinned.nodes,
                  static_cast<unsigned long long>(pinned.seed),
                  static_cast<unsigned long long>(hash));
    table += line.data();
  }
  EXPECT_TRUE(right) << "the table is now:\n" << table;
}

TEST(Simulation, GivesTheSameHashAgain) {
  for (const std::size_t nodes : {3U, 5U}) {
    const Scenario scenario = chaos_scenario(nodes);
    const RunResult first = run(scenario, 77);
    for (int again = 0; again < 2; ++again) {
      const RunResult second = run(scenario, 77);
      EXPECT_EQ(second.trace_hash, first.trace_hash);
      EXPECT_EQ(second.events, first.events);
      EXPECT_EQ(second.messages, first.messages);
      EXPECT_EQ(second.operations_ok, first.operations_ok);
    }
    EXPECT_NE(run(scenario, 78).trace_hash, first.trace_hash);
  }
}

TEST(Simulation, ACopyGoesOnInTheSameWay) {
  const Scenario scenario = chaos_scenario(3);
  Simulation first(scenario, 5);
  while (first.cluster().now() < Instant{} + seconds(6)) ASSERT_TRUE(first.advance());
  Simulation second = first;
  while (first.advance()) {
  }
  while (second.advance()) {
  }
  EXPECT_EQ(second.cluster().trace_hash(), first.cluster().trace_hash());
  EXPECT_EQ(second.result().operations, first.result().operations);
  EXPECT_EQ(second.result().failovers.size(), first.result().failovers.size());
}

TEST(Simulation, WhoRecordsMessagesSeesTheSameRun) {
  const Scenario scenario = chaos_scenario(3);
  Simulation simulation(scenario, 5);
  simulation.cluster().record_messages(true);
  while (simulation.advance()) {
  }
  EXPECT_EQ(simulation.cluster().trace_hash(), run(scenario, 5).trace_hash);
}

TEST(Simulation, KeepsEveryPromiseWhateverStrikes) {
  std::size_t failovers = 0;
  std::uint64_t written = 0;
  std::size_t installed = 0;
  for (std::uint64_t seed = 100; seed < 130; ++seed) {
    const Played played = play(chaos_scenario(seed % 2 == 0 ? 3 : 5), seed);
    EXPECT_TRUE(played.result.passed) << "seed " << seed << "\n"
                                      << text_of(played.result.violations);
    EXPECT_TRUE(played.result.undecided.empty());
    failovers += played.result.failovers.size();
    written += played.result.operations_ok;
    for (const Record& record : played.records) {
      const auto* event = std::get_if<Event>(&record.fact);
      installed += event != nullptr && std::holds_alternative<SnapshotInstalled>(*event) ? 1U : 0U;
    }
  }
  EXPECT_GT(failovers, 30u);
  EXPECT_GT(written, 3'000u);
  EXPECT_GT(installed, 3u);
}

TEST(Simulation, EndsWhenItsTimeIsOver) {
  Simulation simulation(documented_scenario(), 1);
  while (simulation.advance()) {
    EXPECT_LE(simulation.cluster().now(), Instant{} + seconds(60));
  }
  EXPECT_EQ(simulation.cluster().now(), Instant{} + seconds(60));
  const std::uint64_t hash = simulation.cluster().trace_hash();
  EXPECT_FALSE(simulation.advance());
  EXPECT_EQ(simulation.cluster().trace_hash(), hash);
  EXPECT_TRUE(simulation.cluster().records().empty());
  const RunResult result = simulation.result();
  EXPECT_EQ(result.virtual_time, seconds(60));
  EXPECT_EQ(result.seed, 1u);
  EXPECT_EQ(result.elections, 2u);
  EXPECT_EQ(result.term, 1u);
  EXPECT_EQ(result.events, simulation.cluster().inputs());
  EXPECT_TRUE(result.passed);
}

TEST(Simulation, RecordsWhatItFindsAtTheEnd) {
  const Played played = play(scenario_with(R"("primary": "node1", "timing": "lan",
    "ack": "primary", "steps": [
      {"at": "5s", "isolate": "node1"},
      {"at": "5010ms", "set": "k", "value": "lost", "to": "node1", "expect": "ok"},
      {"at": "10s", "get": "k", "expect": {"value": null}}])"),
                             1);
  std::vector<std::string> found;
  for (const Record& record : played.records) {
    if (const auto* violation = std::get_if<ViolationFound>(&record.fact)) {
      EXPECT_EQ(record.at, Instant{} + seconds(60));
      found.push_back(violation->checker);
    }
  }
  EXPECT_EQ(found, (std::vector<std::string>{"durability", "linearizability"}));
  EXPECT_EQ(played.result.violations.size(), 2u);
  EXPECT_FALSE(played.result.passed);
}

TEST(Simulation, AMajorityThatAcknowledgesLosesNothingSo) {
  const RunResult result = run(scenario_with(R"("primary": "node1", "timing": "lan", "steps": [
      {"at": "5s", "isolate": "node1"},
      {"at": "5010ms", "set": "k", "value": "lost", "to": "node1", "expect": "unknown"},
      {"at": "10s", "get": "k", "expect": {"value": null}}])"),
                               1);
  EXPECT_TRUE(result.passed) << text_of(result.violations);
}

// Where messages overtake each other and come twice, an append that fails may be an old one. A
// leader that answers each with a full window sends a hundred messages for each entry, and all of
// them cause more: seed 95200 of a campaign did not end.
TEST(Simulation, CatchingUpIsNoStormWhereMessagesOvertakeEachOther) {
  const Scenario scenario = scenario_with(R"("nodes": 3, "timing": "lan",
    "network": {"latency": {"p50": "2ms", "p99": "4ms"}, "duplicate": 0.17, "reorder": 0.2},
    "limits": {"max_append_bytes": "39B"},
    "workload": {"clients": 20, "rate": 400, "reads": 0, "stop": "6s"},
    "steps": [{"at": "1s", "crash": "node3"}, {"at": "6s", "restart": "node3"}],
    "expect": [{"at": "end", "logs_equal": true}])");
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const RunResult result = run(scenario, seed);
    EXPECT_TRUE(result.passed);
    EXPECT_GT(result.operations_ok, 1000U);
    EXPECT_LT(result.messages, 20 * result.operations_ok) << "seed " << seed;
  }
}

TEST(Simulation, AClusterThatCannotRecoverIsTold) {
  const Played played = play(scenario_with(R"("primary": "node1", "timing": "lan", "steps": [
      {"at": "5s", "crash": "primary"},
      {"at": "5s", "delay": "30s"}])"),
                             1);
  EXPECT_EQ(words_of(played.result.violations, "progress").substr(0, 68),
            "A majority of nodes runs and is connected, but no primary has served");
  EXPECT_FALSE(played.result.passed);
}

TEST(Simulation, RecordsHaveTheirOrder) {
  Simulation simulation(chaos_scenario(3), 9);
  simulation.cluster().record_messages(true);
  std::uint64_t last = 0;
  Instant at{};
  bool goes_on = true;
  while (goes_on) {
    goes_on = simulation.advance();
    for (const Record& record : simulation.cluster().records()) {
      if (record.sequence <= last) continue;  // those of the start stay until time moves on
      ASSERT_EQ(record.sequence, last + 1);
      ASSERT_GE(record.at, at);
      last = record.sequence;
      at = record.at;
    }
  }
  EXPECT_GT(last, 1'000u);
}

}  // namespace
}  // namespace kv::sim
