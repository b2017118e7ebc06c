// How fast rehearsals go, on one core, with all checkers on. An event is one input that a node
// handles (a message, a timer, a finished sync, a client's request) with all that follows from it.
#include <benchmark/benchmark.h>

#include "netsim/linearizability.h"
#include "netsim/simulation.h"
#include "netsim/swarm.h"

namespace kv::sim {
namespace {

Scenario lan_cluster(std::int64_t nodes) {
  Scenario scenario;
  for (std::int64_t i = 1; i <= nodes; ++i)
    scenario.nodes.push_back({"node" + std::to_string(i), {}});
  scenario.primary = "node1";
  scenario.timing = *timing_by_name("lan");
  scenario.network.latency = Latency::log_normal(microseconds(300), milliseconds(2));
  scenario.disk.sync = Latency::log_normal(microseconds(500), milliseconds(4));
  scenario.run_for = seconds(60);
  return scenario;
}

/// Runs the scenario with one seed after the other.
void run_seeds(benchmark::State& state, const Scenario& scenario) {
  std::uint64_t seed = 0;
  std::uint64_t events = 0;
  std::int64_t virtual_ns = 0;
  for (auto _ : state) {
    const RunResult result = run(scenario, ++seed);
    if (!result.violations.empty()) state.SkipWithError(result.violations.front().words.c_str());
    events += result.events;
    virtual_ns += result.virtual_time.ns;
  }
  using benchmark::Counter;
  state.counters["events/s"] = Counter(static_cast<double>(events), Counter::kIsRate);
  state.counters["x_real_time"] = Counter(static_cast<double>(virtual_ns) / 1e9, Counter::kIsRate);
  state.counters["seeds/s"] = Counter(static_cast<double>(seed), Counter::kIsRate);
}

/// Nodes that only exchange heartbeats.
void idle(benchmark::State& state) {
  Scenario scenario = lan_cluster(state.range(0));
  scenario.run_for = seconds(600);
  run_seeds(state, scenario);
}
BENCHMARK(idle)->Arg(3)->Arg(5)->Unit(benchmark::kMillisecond);

/// Ten clients with a thousand operations a second, half of them reads.
void under_load(benchmark::State& state) {
  Scenario scenario = lan_cluster(state.range(0));
  scenario.workload.clients = 10;
  scenario.workload.rate = 1000;
  run_seeds(state, scenario);
}
BENCHMARK(under_load)->Arg(3)->Arg(5)->Unit(benchmark::kMillisecond);

/// Random faults of all classes for 50 of 60 seconds, a hundred operations a second.
void chaos(benchmark::State& state) {
  Scenario scenario = lan_cluster(state.range(0));
  scenario.workload.clients = 8;
  scenario.workload.rate = 100;
  scenario.chaos = ChaosSpec{Instant{} + seconds(1), Instant{} + seconds(50), {}};
  run_seeds(state, scenario);
}
BENCHMARK(chaos)->Arg(3)->Arg(5)->Unit(benchmark::kMillisecond);

/// Seeds of `kvsim fuzz` with so many nodes; 1: it also counts what it meets.
void swarm(benchmark::State& state) {
  SwarmOptions options;
  options.min_nodes = options.max_nodes = static_cast<std::uint32_t>(state.range(0));
  std::uint64_t seed = 0;
  for (auto _ : state) {
    ++seed;
    Simulation simulation(draw_swarm(options, seed), seed);
    if (state.range(1) != 0) simulation.watch_coverage();
    while (simulation.advance()) {
    }
    if (!simulation.result().passed) state.SkipWithError(("seed " + std::to_string(seed)).c_str());
  }
  using benchmark::Counter;
  state.counters["seeds/s"] = Counter(static_cast<double>(seed), Counter::kIsRate);
}
BENCHMARK(swarm)->Args({3, 0})->Args({5, 0})->Args({5, 1})->Unit(benchmark::kMillisecond);

/// Copying a whole world amid its run: a checkpoint.
void checkpoint(benchmark::State& state) {
  Scenario scenario = lan_cluster(state.range(0));
  scenario.workload.clients = 10;
  Simulation simulation(scenario, 1);
  while (simulation.cluster().now() < Instant{} + seconds(10) && simulation.advance()) {
  }
  for (auto _ : state) {
    Simulation copy = simulation;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(checkpoint)->Arg(3)->Arg(5)->Unit(benchmark::kMicrosecond);

/// Whether a recorded history is linearizable: operations checked a second.
void linearizability(benchmark::State& state) {
  Scenario scenario = lan_cluster(3);
  scenario.workload.clients = static_cast<std::uint32_t>(state.range(0));
  scenario.workload.rate = 1000;
  scenario.run_for = seconds(10);
  Simulation simulation(scenario, 1);
  while (simulation.advance()) {
  }
  const std::vector<Operation>& history = simulation.clients().history();
  for (auto _ : state) benchmark::DoNotOptimize(check_linearizability(history));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(history.size()));
}
BENCHMARK(linearizability)->Arg(10)->Arg(50)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kv::sim

BENCHMARK_MAIN();
