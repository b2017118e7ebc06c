#include "netsim/explicit_run.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "netsim/chaos.h"
#include "netsim/scenario_language.h"
#include "netsim/simulation.h"
#include "netsim/surroundings.h"

namespace kv::sim {
namespace {

/// Follows a run and keeps its strikes.
class StrikeLog {
 public:
  /// `scenario` with its surroundings as drawn.
  explicit StrikeLog(const Scenario& scenario)
      : armed_(scenario.nodes.size()),
        nodes_(scenario.nodes),
        until_(scenario.chaos->until),
        clocks_drift_(scenario.clocks.drift_ppm != 0) {}

  void look(const Simulation& simulation) {
    const Cluster& cluster = simulation.cluster();
    const std::vector<Step>& drawn = simulation.drawn_steps();
    const bool crowded = cluster.now() == last_event_;
    for (; seen_ < drawn.size(); ++seen_) keep(drawn[seen_], crowded);
    if (cluster.now() >= until_ && !mended_) mend(cluster);
    for (NodeId id = 1; id <= cluster.size() && !mended_; ++id)
      armed_[id - 1] = cluster.node(id).dies_amid_effects;
    last_event_ = cluster.now();
  }
  std::vector<Step> take() { return std::move(steps_); }

 private:
  void keep(Step step, bool crowded) {
    // What is due at the same moment comes behind all steps of the moment.
    if (crowded) step.at = *step.at + nanoseconds(1);
    steps_.push_back(std::move(step));
  }

  /// What mending does besides its steps: clocks run right again, and who was to die amid its next
  /// effects lives on.
  void mend(const Cluster& cluster) {
    mended_ = true;
    if (clocks_drift_) {
      Step right;
      right.at = until_;
      right.verb = Verb::kDrift;
      right.target = "all";
      steps_.push_back(std::move(right));
    }
    for (NodeId id = 1; id <= cluster.size(); ++id) {
      const std::string& name = nodes_[id - 1].name;
      const auto strikes = [&](const Step& step, Verb verb) {
        return step.verb == verb && (step.target == name || step.target == "all");
      };
      if (armed_[id - 1]) {
        const auto last = std::find_if(steps_.rbegin(), steps_.rend(), [&](const Step& step) {
          return step.amid_effects && strikes(step, Verb::kCrash);
        });
        if (last != steps_.rend()) steps_.erase(std::next(last).base());
      }
      const auto drift = std::find_if(steps_.rbegin(), steps_.rend(), [&](const Step& step) {
        return strikes(step, Verb::kDrift);
      });
      if (clocks_drift_ || drift == steps_.rend() || drift->drift_ppm == 0) continue;
      Step right = *drift;
      right.at = until_;
      right.drift_ppm = 0;
      steps_.push_back(std::move(right));
    }
  }

  std::vector<Step> steps_{};
  std::vector<bool> armed_{};  ///< by node, before the last event: dies amid its next effects
  std::vector<NodeSpec> nodes_{};
  Instant until_{};
  Instant last_event_{-1};
  std::size_t seen_{0};
  bool clocks_drift_{false};  ///< whether or not faults strike them
  bool mended_{false};
};

/// Without what its verb doesn't read.
Step as_written(const Step& drawn) {
  Step step = drawn;
  const std::string_view form = verb_forms()[static_cast<std::size_t>(step.verb)].key.form;
  if (form != "selector" && form != "receiver" && form != "healed") step.target.clear();
  return step;
}

}  // namespace

Scenario explicit_run(const Scenario& scenario, std::uint64_t seed, std::uint64_t advances) {
  Scenario plain = scenario;
  plain.seed = seed;
  if (!scenario.chaos) return plain;
  plain = draw_surroundings(scenario, seed);
  plain.seed = seed;
  plain.chaos.reset();
  Simulation simulation(scenario, seed);
  StrikeLog log(simulation.scenario());
  for (std::uint64_t i = 0; i < advances && simulation.advance(); ++i) log.look(simulation);
  for (const Step& step : log.take()) plain.steps.push_back(as_written(step));
  sort_by_time(plain.steps);
  return plain;
}

}  // namespace kv::sim
