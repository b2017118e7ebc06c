#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "netsim/ambush.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"
#include "netsim/steps.h"

namespace kv::sim {

/// Random faults (swarm testing, Groce et al. 2012): every seed draws which classes exist at all
/// and how often they strike; a strike is an ordinary Step, and mends itself after a while. At the
/// end of its time everything is mended at once, or only a core of the nodes.
class Chaos {
 public:
  Chaos(const Scenario& scenario, const Rng& rng);
  void begin(Cluster& cluster);
  void on_alarm(Cluster& cluster, Steps& steps, std::uint64_t data);
  /// What has just happened may be what an ambush waits for.
  void observe(Cluster& cluster);

  /// All classes that can be drawn; scenario files name them by verb_name().
  static const std::vector<Verb>& classes();

 private:
  bool wanted(Verb verb) const;
  void draw_habits();
  void draw_ambush(const Scenario& scenario);
  void strike(Cluster& cluster, Steps& steps);
  void strike_others(Cluster& cluster, Steps& steps, Verb verb);
  void relapse(Cluster& cluster, const Selector& node, Duration after);
  bool strike_once(Cluster& cluster, Steps& steps, Verb verb, Duration delay = {});
  Verb draw_class();
  bool strikes(Chance chance) { return rng_.below(1'000'000) < chance.per_million; }
  bool within_budget(const Cluster& cluster, const Step& fault);
  Duration time_until_mended();
  void mend(Cluster& cluster, Steps& steps);
  std::vector<bool> draw_core();
  /// The fault, and what mends it: with a verb of its own, or none.
  std::pair<Step, std::optional<Step>> draw(const Cluster& cluster, Verb verb);
  std::pair<Step, std::optional<Step>> draw_of_links(const Cluster& cluster, Step fault);
  void draw_partition(const Cluster& cluster, Step& fault);
  void draw_cut(Step& fault);
  std::string a_kind();
  std::pair<Step, std::optional<Step>> draw_of_machine(Step fault);
  std::pair<Step, std::optional<Step>> draw_damage(const Cluster& cluster, Step fault);
  void next_strike(Cluster& cluster);
  void set_alarm(Cluster& cluster, Duration after, Step step);
  Selector draw_victim(const Cluster& cluster);
  Selector any_node() { return nodes_[rng_.below(nodes_.size())].name; }
  Chance chance();

  Timing timing_{};
  ChaosSpec spec_{};
  DiskSpec disk_{};
  std::int64_t most_drift_ppm_{0};
  bool leases_{false};
  std::vector<NodeSpec> nodes_{};
  Rng rng_;
  std::vector<std::uint64_t> weights_{};  ///< by class
  std::uint64_t total_weight_{0};
  Duration mean_gap_{};
  std::set<Selector> lost_disks_{};  ///< wiped or damaged
  std::int64_t refill_{0};           ///< entries that a member can be given once all is mended
  Chance primary_share_{};           ///< of strikes that are meant for the primary
  Chance again_{};      ///< that another strike follows at once, mostly at the same node
  bool bursts_{false};  ///< strikes come in bursts, with calm between
  bool stays_{false};   ///< few faults, which stay long
  Duration longest_stay_{};
  bool old_clocks_{false};  ///< the nodes have run for weeks
  Chance company_{};        ///< that other nodes suffer the same at the same moment
  Chance relapse_{};        ///< that who comes back dies again while it catches up
  std::optional<std::pair<Verb, Verb>> pair_{};  ///< the second always comes with the first
  Duration pair_apart_{};                        ///< at most so long after it
  Duration reach_{};                             ///< in which a message or two get there
  std::optional<Selector> victim_{};             ///< of this moment's strikes
  Ambush ambush_;
  std::vector<Step> later_{};  ///< by the data of their alarm
};

}  // namespace kv::sim
