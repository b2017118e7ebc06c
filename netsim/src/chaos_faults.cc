// What a fault of a class is like: how strong, where, and what mends it.
#include <array>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "core/snapshot.h"
#include "fault_steps.h"
#include "netsim/chaos.h"
#include "netsim/fault_budget.h"
#include "skewed.h"

namespace kv::sim {

Chance Chaos::chance() {
  return {static_cast<std::uint32_t>(skewed(rng_, 1'000, 400'000))};
}

std::pair<Step, std::optional<Step>> Chaos::draw(const Cluster& cluster, Verb verb) {
  Step fault = step_of(verb, *victim_);
  switch (verb) {
    case Verb::kCrash:
      fault.amid_effects = rng_.below(2) == 0;
      return {fault, mend_of(fault)};
    case Verb::kPowerCut:
      if (rng_.below(4) == 0) fault.target = "all";
      return {fault, mend_of(fault)};
    case Verb::kWipe:
    case Verb::kPause:
      return {fault, mend_of(fault)};
    case Verb::kTransfer:
      fault.target = any_node();
      return {fault, std::nullopt};
    case Verb::kSlowDisk:
    case Verb::kDrift:
    case Verb::kClockStep:
    case Verb::kFreezeClock:
      return draw_of_machine(std::move(fault));
    case Verb::kFlipBit:
    case Verb::kReadError:
      return draw_damage(cluster, std::move(fault));
    case Verb::kStallDisk:
    case Verb::kDiskFull:
    case Verb::kCutClients: {
      Step mend = fault;
      mend.on = false;
      return {fault, mend};
    }
    default:
      return draw_of_links(cluster, std::move(fault));
  }
}

std::pair<Step, std::optional<Step>> Chaos::draw_of_machine(Step fault) {
  Step mend = fault;
  const Duration span = rng_.between({}, timing_.election_timeout_max * 2);
  switch (fault.verb) {
    case Verb::kSlowDisk:
      if (rng_.below(4) == 0) fault.target = mend.target = "all";
      // If all are slow, there is no faster majority.
      fault.latency = Latency::uniform({}, fault.target == "all" ? span / 8 : span);
      mend.latency = disk_.sync;
      return {fault, mend};
    case Verb::kDrift:
      fault.drift_ppm = rng_.between({-most_drift_ppm_}, {most_drift_ppm_}).ns;
      mend.drift_ppm = 0;
      return {fault, mend};
    default:
      fault.span = span;
      return {fault, std::nullopt};
  }
}

/// Found when the node starts the next time, which is soon in half of the cases.
std::pair<Step, std::optional<Step>> Chaos::draw_damage(const Cluster& cluster, Step fault) {
  const Node* victim = nullptr;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    if (nodes_[id - 1].name == fault.target) victim = &cluster.node(id);
  }
  CHECK(victim != nullptr);
  fault.file = rng_.below(3) == 0 ? "snapshot" : "log";
  std::uint64_t size_bytes = 0;
  for (const std::string& name : victim->disk.names()) {
    const bool wanted = fault.file == "log" ? Wal::is_segment_name(name)
                                            : parse_snapshot_file_name(name).has_value();
    if (wanted) size_bytes = victim->disk.content(name).size();
  }
  if (fault.verb == Verb::kFlipBit && fault.file == "log") size_bytes = vouched_log_bytes(*victim);
  fault.offset = size_bytes == 0 ? kNowhere : rng_.below(size_bytes);
  if (rng_.below(2) == 0) return {fault, std::nullopt};
  return {fault, step_of(Verb::kRestart, fault.target)};
}

void Chaos::draw_partition(const Cluster& cluster, Step& fault) {
  std::vector<Selector> sides[2];
  for (const NodeSpec& node : nodes_) sides[rng_.below(2)].push_back(node.name);
  const std::uint64_t shape = rng_.below(5);
  if (shape == 0) fault.shape = "ring";
  if (shape == 1) sides[0].push_back(sides[1].empty() ? nodes_[0].name : sides[1].front());
  const NodeId primary = cluster.primary();
  if (shape == 2 && primary != kNoNode) {
    // The primary with too few: the others elect a new one while it goes on for a while.
    std::size_t company = rng_.below((nodes_.size() + 1) / 2);
    for (std::vector<Selector>& side : sides) side.clear();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const bool with_it = i + 1 != primary && company > 0 && rng_.below(2) == 0;
      company -= with_it ? 1 : 0;
      sides[i + 1 == primary || with_it ? 0 : 1].push_back(nodes_[i].name);
    }
  }
  if (shape != 0) fault.groups = {sides[0], sides[1]};
}

void Chaos::draw_cut(Step& fault) {
  fault.from = fault.target;
  if (rng_.below(2) == 0) fault.to = any_node();
  if (fault.to == fault.from) fault.to.clear();
  if (rng_.below(2) == 0) std::swap(fault.from, fault.to);
  if (rng_.below(3) == 0) fault.only = {a_kind()};
}

std::string Chaos::a_kind() {
  constexpr std::array<std::string_view, 7> kKinds{"HEARTBEAT", "replies",  "REPLICATE", "ELECTION",
                                                   "SYNC",      "HANDOVER", "READ_INDEX"};
  return std::string(kKinds[rng_.below(kKinds.size())]);
}

std::pair<Step, std::optional<Step>> Chaos::draw_of_links(const Cluster& cluster, Step fault) {
  const Step heal = step_of(Verb::kHeal, "all");
  switch (fault.verb) {
    case Verb::kIsolate:
      fault.clients = rng_.below(2) == 0;
      return {fault, step_of(Verb::kHeal, rng_.below(2) == 0 ? "all" : fault.target)};
    case Verb::kPartition:
      draw_partition(cluster, fault);
      return {fault, heal};
    case Verb::kCut:
      draw_cut(fault);
      return {fault, heal};
    case Verb::kDelay:
      fault.from = fault.target;
      fault.latency = Latency::uniform({}, rng_.between({}, timing_.election_timeout_max));
      return {fault, heal};
    default:
      if (rng_.below(2) == 0) fault.from = fault.target;
      fault.chance = chance();
      if (fault.verb == Verb::kLoss && rng_.below(3) == 0) fault.only = {a_kind()};
      return {fault, heal};
  }
}

}  // namespace kv::sim
