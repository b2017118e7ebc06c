#include "netsim/swarm.h"

namespace kv::sim {

Scenario draw_swarm(const SwarmOptions& options, std::uint64_t seed) {
  Scenario scenario;
  scenario.name = "swarm";
  scenario.title = "Swarm";
  scenario.seed = seed;
  for (std::uint32_t i = 1; i <= 5; ++i) scenario.nodes.push_back({"node" + std::to_string(i), {}});
  scenario.primary = "node1";
  scenario.timing = timing_by_name("lan").value();
  scenario.network.latency = Latency::log_normal(microseconds(300), milliseconds(2));
  scenario.disk.sync = Latency::log_normal(microseconds(500), milliseconds(4));
  scenario.run_for = seconds(34);
  scenario.workload.clients = 8;
  scenario.workload.keys = 8;
  scenario.workload.stop = Instant{} + seconds(30);
  scenario.chaos = ChaosSpec{Instant{} + seconds(1), Instant{} + seconds(24), options.faults};
  return scenario;
}

}  // namespace kv::sim
