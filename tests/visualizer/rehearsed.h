#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/check.h"
#include "model/history.h"
#include "netsim/simulation.h"

namespace kv::viz {

/// A chaotic run of so many nodes, short enough for a test; the same for the same seed.
inline sim::Scenario chaos(std::size_t nodes, const std::string& run_for = "12s") {
  const std::string text = R"({"title": "chaos", "timing": "lan", "nodes": )" +
                           std::to_string(nodes) + R"(, "run_for": ")" + run_for + R"(",
    "workload": {"clients": 4, "rate": 100, "keys": 8},
    "chaos": {"from": "1s", "until": "10s"}})";
  Result<sim::Scenario> scenario = sim::read_scenario(text, "chaos.json", {});
  if (!scenario) ADD_FAILURE() << scenario.error().message;
  CHECK(scenario.has_value());
  return std::move(*scenario);
}

/// Runs it from beginning to end. `watch` sees the cluster and its history after each event.
using Watch = std::function<void(const sim::Cluster&, const History&)>;
inline History rehearsed(const sim::Scenario& scenario, std::uint64_t seed,
                         const Watch& watch = {}) {
  ClusterInfo cluster;
  for (const sim::NodeSpec& node : scenario.nodes) cluster.nodes.push_back(node.name);
  History history(std::move(cluster));
  sim::Simulation simulation(scenario, seed);
  simulation.cluster().record_messages(true);
  for (bool more = true; more;) {
    more = simulation.advance();
    for (const Record& record : simulation.cluster().records()) history.append(record);
    if (watch) watch(simulation.cluster(), history);
  }
  return history;
}

}  // namespace kv::viz
