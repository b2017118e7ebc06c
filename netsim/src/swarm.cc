#include "netsim/swarm.h"

#include <algorithm>

#include "core/check.h"
#include "core/rng.h"
#include "netsim/chaos.h"
#include "netsim/scenario_language.h"

namespace kv::sim {
namespace {

/// Longest election timeouts for the cluster to recover in, and for the last to catch up: the
/// bound of `progress` (availability.h) is 12 of them.
constexpr std::int64_t kRecoveryTimeouts = 16;

std::uint32_t up_to(Rng& rng, std::uint32_t most) {
  return static_cast<std::uint32_t>(rng.below(std::uint64_t{most} + 1));
}

/// 0 to 200, small ones more often.
std::uint64_t skewed_share(Rng& rng) {
  return rng.below(1 + rng.below(201));
}

/// Presets, and times that nobody would choose: one heartbeat in a timeout, or timeouts that hardly
/// differ.
Timing draw_timing(Rng& rng) {
  constexpr std::int64_t kDocumentedDivisor = 10;
  switch (rng.below(4)) {
    case 0:
      return *timing_by_name("lan");
    case 1: {
      const Timing documented;
      return {documented.heartbeat_interval / kDocumentedDivisor,
              documented.election_timeout_min / kDocumentedDivisor,
              documented.election_timeout_max / kDocumentedDivisor};
    }
    default:
      break;
  }
  Timing timing;
  timing.election_timeout_min = milliseconds(static_cast<std::int64_t>(100 + rng.below(500)));
  timing.election_timeout_max =
      timing.election_timeout_min * static_cast<std::int64_t>(101 + skewed_share(rng)) / 100;
  timing.heartbeat_interval =
      timing.election_timeout_min / static_cast<std::int64_t>(2 + rng.below(7));
  return timing;
}

/// Small clusters more often: everything happens there sooner.
void draw_nodes(const SwarmOptions& options, Rng& rng, Scenario& scenario) {
  const std::uint64_t span = options.max_nodes - options.min_nodes + 1;
  const std::uint64_t count = options.min_nodes + std::min(rng.below(span), rng.below(span));
  const std::uint64_t zones = rng.below(4) == 0 ? 2 + rng.below(2) : 1;
  for (std::uint64_t i = 1; i <= count; ++i) {
    NodeSpec node{"node" + std::to_string(i), {}};
    if (zones > 1) node.zone = "zone" + std::to_string(1 + rng.below(zones));
    scenario.nodes.push_back(std::move(node));
  }
  scenario.primary = scenario.nodes.front().name;
}

/// What is there all the time; the faults of `chaos` come and go.
void draw_network(Rng& rng, Scenario& scenario) {
  NetworkSpec& network = scenario.network;
  const Duration most = scenario.timing.election_timeout_min / 16;
  if (scenario.nodes.front().zone != "")
    network.between_zones = Latency::uniform({}, rng.between(microseconds(100), most));
  if (rng.below(4) == 0) network.clients = Latency::uniform({}, rng.between({}, most));
  if (rng.below(6) == 0) network.duplicate.per_million = up_to(rng, 200'000);
  if (rng.below(4) == 0) scenario.clocks.drift_ppm = up_to(rng, 50'000);
}

/// Bounds: draw_surroundings() draws within them.
void draw_workload(Rng& rng, Scenario& scenario) {
  WorkloadSpec& workload = scenario.workload;
  workload.clients = 10;
  workload.rate = 100;
  workload.keys = 1 + up_to(rng, 9);
  if (rng.below(4) == 0) workload.value_bytes = up_to(rng, 400);
  // Impatient ones leave a primary that is cut off before it steps down, and strays still ask it.
  if (rng.below(2) == 0)
    workload.timeout = rng.between(scenario.timing.election_timeout_min / 4, workload.timeout);
  if (rng.below(2) == 0) workload.strays.per_million = up_to(rng, 500'000);
}

void draw_end(const SwarmOptions& options, Rng& rng, Scenario& scenario) {
  const Duration recovery = scenario.timing.election_timeout_max * kRecoveryTimeouts + seconds(1);
  ChaosSpec chaos;
  if (rng.below(2) == 0) chaos.from = Instant{} + seconds(1);
  chaos.until = Instant{} + (scenario.run_for - recovery);
  chaos.faults = options.faults;
  const auto count = static_cast<std::uint32_t>(scenario.nodes.size());
  const std::uint32_t majority = count / 2 + 1;
  if (rng.below(3) == 0 && majority < count) chaos.core = majority + up_to(rng, count - majority);
  if (chaos.core == count) chaos.core = 0;
  scenario.workload.stop = chaos.until + recovery / 4;

  Expectation serves;
  serves.claim = Claim::kPrimary;
  serves.who = "any";
  serves.caption = "Mended, it serves again";
  scenario.expect.push_back(serves);
  // Who is still cut off can't have caught up.
  Expectation equal;
  equal.claim = Claim::kLogsEqual;
  equal.caption = "All nodes hold the same";
  if (chaos.core == 0) scenario.expect.push_back(equal);
  scenario.chaos = std::move(chaos);
}

/// A quarter of the seeds read by lease, within what it is declared to bear: clocks that drift, but
/// neither jump nor stand still.
void draw_reads(const SwarmOptions& options, Rng rng, Scenario& scenario) {
  if (!options.faults.empty() || rng.below(4) > 0) return;
  scenario.reads = ReadMode::kLease;
  scenario.workload.rate *= 4;
  scenario.lease_drift_ppm =
      std::max(static_cast<std::uint32_t>(scenario.clocks.drift_ppm), 10'000 + up_to(rng, 190'000));
  // At the edge of what is declared there is no time to spare.
  if (rng.below(2) == 0) scenario.clocks.drift_ppm = scenario.lease_drift_ppm;
  for (const Verb verb : Chaos::classes()) {
    if (verb == Verb::kClockStep || verb == Verb::kFreezeClock) continue;
    scenario.chaos->faults.emplace_back(verb_name(verb));
  }
}

}  // namespace

Scenario draw_swarm(const SwarmOptions& options, std::uint64_t seed) {
  CHECK(options.min_nodes >= 1 && options.min_nodes <= options.max_nodes);
  CHECK(options.max_nodes <= kMaxNodes && options.length >= kShortestSwarm);
  Rng rng = Rng(seed).fork("swarm");
  Scenario scenario;
  scenario.name = "swarm-" + std::to_string(seed);
  scenario.title = "Swarm: seed " + std::to_string(seed);
  scenario.why = "Cluster, surroundings, workload and faults are drawn from the seed.";
  scenario.seed = seed;
  scenario.run_for = options.length;
  scenario.timing = draw_timing(rng);
  draw_nodes(options, rng, scenario);
  draw_network(rng, scenario);
  draw_workload(rng, scenario);
  draw_end(options, rng, scenario);
  draw_reads(options, rng.fork("reads"), scenario);
  return scenario;
}

}  // namespace kv::sim
