#include "world.h"

#include <utility>

#include "core/command.h"

namespace kv::sim {

Scenario quiet_scenario(std::size_t nodes) {
  Scenario scenario;
  for (std::size_t i = 1; i <= nodes; ++i)
    scenario.nodes.push_back({"node" + std::to_string(i), ""});
  scenario.primary = "node1";
  scenario.timing = *timing_by_name("lan");
  scenario.run_for = seconds(30);
  scenario.network.latency = Latency::constant(microseconds(500));
  scenario.disk.sync = Latency::constant(microseconds(200));
  return scenario;
}

World::World(const Scenario& scenario, std::uint64_t seed) : cluster(scenario, seed) {}

void World::look() {
  for (const Watcher& watcher : watchers_) watcher(cluster);
  records.insert(records.end(), cluster.records().begin(), cluster.records().end());
  cluster.clear_records();
}

void World::advance() {
  Happening happening = cluster.advance();
  if (auto* answer = std::get_if<Answer>(&happening)) answers[answer->request] = std::move(*answer);
  look();
}

void World::run_for(Duration span) {
  const Instant end = cluster.now() + span;
  while (cluster.next_at() && *cluster.next_at() <= end) advance();
  cluster.idle_until(end);
}

bool World::run_until(const std::function<bool()>& condition) {
  const Instant end = cluster.now() + seconds(30);
  while (!condition() && cluster.next_at() && *cluster.next_at() <= end) advance();
  return condition();
}

Answer World::wait_for(RequestId request) {
  run_until([&] { return answers.contains(request); });
  return answers[request];
}

WriteRequest set_request(std::string_view key, std::string_view value) {
  return {encode_command(set_command(key, value))};
}

Answer World::set(NodeId to, std::string_view key, std::string_view value) {
  return ask(to, set_request(key, value));
}

std::string words_of(const std::vector<Violation>& violations, std::string_view checker) {
  for (const Violation& violation : violations) {
    if (violation.checker == checker) return violation.words;
  }
  return "nothing";
}

std::string text_of(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& violation : violations)
    text += violation.checker + ": " + violation.words + "\n";
  return text;
}

Played play(const Scenario& scenario, std::uint64_t seed) {
  Simulation simulation(scenario, seed);
  Played played;
  bool goes_on = true;
  while (goes_on) {
    goes_on = simulation.advance();
    const std::vector<Record>& records = simulation.cluster().records();
    for (const Record& record : records) {
      // Records stay until virtual time has moved on for the first time.
      if (played.records.empty() || record.sequence > played.records.back().sequence)
        played.records.push_back(record);
    }
  }
  played.result = simulation.result();
  played.history = simulation.clients().history();
  return played;
}

}  // namespace kv::sim
