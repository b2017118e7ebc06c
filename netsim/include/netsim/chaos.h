#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"
#include "netsim/steps.h"

namespace kv::sim {

/// What a seed makes of a scenario with `chaos`: limits, network, disks and workload as drawn. Many
/// bugs only show in a world that is small, or slow, or lossless but for one thing.
Scenario draw_surroundings(const Scenario& scenario, std::uint64_t seed);

/// Random faults (swarm testing, Groce et al. 2012): every seed draws which classes exist at all
/// and how often they strike; a strike is an ordinary Step, and mends itself after a while. At the
/// end of its time everything is mended at once.
class Chaos {
 public:
  Chaos(const Scenario& scenario, const Rng& rng);
  void begin(Cluster& cluster);
  void on_alarm(Cluster& cluster, Steps& steps, std::uint64_t data);
  /// A new leader may be struck as soon as it leads, or as soon as it commits: what it leaves half
  /// done is what the next ones must get right.
  void observe(Cluster& cluster);

  /// All classes that can be drawn; scenario files name them by verb_name().
  static const std::vector<Verb>& classes();

 private:
  void strike(Cluster& cluster, Steps& steps);
  void ambush(Cluster& cluster, NodeId leader);
  bool known_to_all(const Cluster& cluster, const Selector& target) const;
  bool within_budget(const Cluster& cluster, const Step& fault);
  void mend_everything(Cluster& cluster, Steps& steps);
  /// The fault, and what mends it: with a verb of its own, or none.
  std::pair<Step, std::optional<Step>> draw(const Cluster& cluster, Verb verb);
  std::pair<Step, std::optional<Step>> draw_of_links(Step fault);
  void draw_partition(Step& fault);
  void draw_cut(Step& fault);
  std::pair<Step, std::optional<Step>> draw_of_machine(Step fault);
  std::pair<Step, std::optional<Step>> draw_damage(const Cluster& cluster, Step fault);
  void next_strike(Cluster& cluster);
  void set_alarm(Cluster& cluster, Duration after, Step step);
  Selector victim(const Cluster& cluster);
  Selector any_node() { return nodes_[rng_.below(nodes_.size())].name; }
  Chance chance();

  Timing timing_{};
  ChaosSpec spec_{};
  DiskSpec disk_{};
  std::int64_t most_drift_ppm_{0};
  std::vector<NodeSpec> nodes_{};
  Rng rng_;
  std::vector<std::uint64_t> weights_{};  ///< by class
  std::uint64_t total_weight_{0};
  Duration mean_gap_{};
  std::set<Selector> lost_disks_{};  ///< wiped or damaged
  std::vector<Verb> ambushes_{};     ///< what may strike a new leader: a crash, or isolation
  Chance ambush_{};                  ///< that a new leader is struck
  Duration ambush_within_{};
  std::vector<bool> ambush_at_commit_{};  ///< by node: waits for the new leader's first commit
  std::vector<Step> later_{};             ///< by the data of their alarm
};

}  // namespace kv::sim
