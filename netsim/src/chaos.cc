#include "netsim/chaos.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fault_steps.h"
#include "netsim/fault_budget.h"
#include "netsim/surroundings.h"

namespace kv::sim {
namespace {

/// Alarm data: a strike, the end, or the place of a later step.
constexpr std::uint64_t kStrike = ~std::uint64_t{0};
constexpr std::uint64_t kEnd = kStrike - 1;
/// Far more than that of any real clock.
constexpr std::int64_t kMostDrawnDriftPpm = 200'000;
/// What hides in the one shows with the other, at the same node and moment or a little later: a
/// primary that doesn't notice its lost quorum, writes that are acknowledged but not durable.
using Pair = std::pair<Verb, Verb>;
constexpr std::array<Pair, 15> kPairs{{
    {Verb::kLoss, Verb::kReorder},
    {Verb::kLoss, Verb::kDuplicate},
    {Verb::kReorder, Verb::kDuplicate},
    {Verb::kFreezeClock, Verb::kIsolate},
    {Verb::kFreezeClock, Verb::kPartition},
    {Verb::kDrift, Verb::kIsolate},
    {Verb::kDrift, Verb::kPartition},
    {Verb::kPause, Verb::kIsolate},
    {Verb::kSlowDisk, Verb::kPowerCut},
    {Verb::kSlowDisk, Verb::kCrash},
    {Verb::kDuplicate, Verb::kPause},
    {Verb::kDelay, Verb::kPause},
    {Verb::kTransfer, Verb::kIsolate},
    {Verb::kTransfer, Verb::kPartition},
    {Verb::kTransfer, Verb::kCrash},
}};
/// A lease outlives what the others may do to its holder only if the holder doesn't hear of it:
/// another one leads, or wants to, when it is cut off.
constexpr std::array<Pair, 2> kLeasePairs{{
    {Verb::kTransfer, Verb::kIsolate},
    {Verb::kCut, Verb::kIsolate},
}};

/// Leaves nodes or links out. Progress is asked of the others, and of who is only slow as well
/// (availability.h), so nothing else may stay for long.
bool parts(const Step& fault) {
  constexpr std::array<Verb, 6> kParting{Verb::kCrash,   Verb::kPowerCut,  Verb::kPause,
                                         Verb::kIsolate, Verb::kPartition, Verb::kCut};
  return fault.only.empty() &&
         std::find(kParting.begin(), kParting.end(), fault.verb) != kParting.end();
}

/// Strikes one node and can strike any others at the same time.
bool has_company(Verb verb) {
  return verb == Verb::kCrash || verb == Verb::kPowerCut || verb == Verb::kPause ||
         verb == Verb::kFreezeClock || verb == Verb::kClockStep;
}

/// The longest log in memory: what a member with an empty disk may have to be given.
std::int64_t entries_of_log(const Cluster& cluster) {
  std::int64_t most = 0;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    const Replica* replica = cluster.replica(id);
    if (replica == nullptr) continue;
    const Log& log = replica->raft().log();
    most = std::max(most, static_cast<std::int64_t>(log.last_index() - log.base_index()));
  }
  return most;
}

}  // namespace

const std::vector<Verb>& Chaos::classes() {
  static const std::vector<Verb> kAll{
      Verb::kCrash,    Verb::kPowerCut,  Verb::kPause,     Verb::kWipe,
      Verb::kIsolate,  Verb::kPartition, Verb::kCut,       Verb::kDelay,
      Verb::kLoss,     Verb::kDuplicate, Verb::kReorder,   Verb::kCorruptMessages,
      Verb::kSlowDisk, Verb::kDrift,     Verb::kClockStep, Verb::kFreezeClock,
      Verb::kTransfer, Verb::kFlipBit,   Verb::kReadError, Verb::kStallDisk,
      Verb::kDiskFull, Verb::kCutClients};
  return kAll;
}

Chaos::Chaos(const Scenario& scenario, const Rng& rng)
    : timing_(scenario.timing),
      spec_(scenario.chaos.value_or(ChaosSpec{})),
      disk_(scenario.disk),
      // What a lease is declared to bear is where its promise ends.
      most_drift_ppm_(scenario.reads == ReadMode::kLease ? scenario.lease_drift_ppm
                                                         : kMostDrawnDriftPpm),
      leases_(scenario.reads == ReadMode::kLease),
      nodes_(scenario.nodes),
      rng_(rng),
      ambush_(rng) {
  for (const Verb verb : classes()) {
    weights_.push_back(wanted(verb) && rng_.below(2) == 0 ? 1 + rng_.below(10) : 0);
    total_weight_ += weights_.back();
  }
  const Duration calm = Instant{} + scenario.run_for - spec_.until;
  reach_ = (scenario.network.latency.quantile(900'000) + scenario.disk.sync.quantile(900'000)) * 4;
  const std::int64_t pace = catch_up_rate(scenario);
  refill_ = pace * (calm.ns / milliseconds(1).ns) / 1000;
  // Who was away for longer could not be given all that clients have written since.
  const std::int64_t rate = std::max<std::int64_t>(scenario.workload.rate, 1);
  const Duration made_up_for = nanoseconds(calm.ns / 2 / rate * std::min(pace, rate * 20));
  longest_stay_ = std::min(timing_.election_timeout_max * 40,
                           std::max(timing_.election_timeout_max * 5, made_up_for));
  draw_habits();
  draw_ambush(scenario);
}

bool Chaos::wanted(Verb verb) const {
  return spec_.faults.empty() ||
         std::find(spec_.faults.begin(), spec_.faults.end(), verb_name(verb)) != spec_.faults.end();
}

void Chaos::draw_habits() {
  // From several a heartbeat to one in many election timeouts.
  const std::int64_t gap = timing_.election_timeout_min.ns / 10;
  mean_gap_ = nanoseconds(gap << rng_.below(7));
  constexpr std::array<std::uint32_t, 4> kShares{0, 300'000, 500'000, 900'000};
  primary_share_.per_million = kShares[rng_.below(kShares.size())];
  if (rng_.below(2) == 0) again_.per_million = static_cast<std::uint32_t>(rng_.below(600'000));
  bursts_ = rng_.below(3) == 0;
  // Few faults that stay: what must work without the struck ones has time to fail.
  stays_ = rng_.below(8) == 0;
  if (stays_) mean_gap_ = timing_.election_timeout_max * 20;
  old_clocks_ = wanted(Verb::kClockStep) && rng_.below(6) == 0;
  if (rng_.below(2) == 0) company_.per_million = static_cast<std::uint32_t>(rng_.below(300'000));
  if (rng_.below(3) == 0) relapse_.per_million = 500'000;
  Pair pair = kPairs[rng_.below(kPairs.size())];
  if (leases_ && rng_.below(2) == 0) pair = kLeasePairs[rng_.below(kLeasePairs.size())];
  // What the first one has sent may have to arrive, or somebody's patience to end.
  pair_apart_ = rng_.below(3) == 0 ? timing_.election_timeout_min : reach_;
  if (rng_.below(3) == 0 && wanted(pair.first) && wanted(pair.second)) {
    pair_ = pair;
    // So often that it gets to strike whatever else exists.
    for (std::size_t i = 0; i < classes().size(); ++i) {
      if (classes()[i] != pair.first || weights_[i] > 0) continue;
      weights_[i] = 1 + rng_.below(10);
      total_weight_ += weights_[i];
    }
  }
}

/// Half of the seeds that lie in ambush do nothing else.
void Chaos::draw_ambush(const Scenario& scenario) {
  std::vector<Verb> weapons;
  for (const Verb verb : classes()) {
    if (wanted(verb) && Ambush::is_weapon(verb)) weapons.push_back(verb);
  }
  if (weapons.empty() || rng_.below(5) >= 2) return;
  ambush_ = Ambush(scenario, std::move(weapons), rng_.fork("ambush"));
  if (rng_.below(2) == 0) total_weight_ = 0;
}

void Chaos::begin(Cluster& cluster) {
  const auto owner = static_cast<std::uint32_t>(AlarmOwner::kChaos);
  cluster.set_alarm(spec_.until, {owner, kEnd});
  if (total_weight_ > 0) cluster.set_alarm(spec_.from, {owner, kStrike});
  if (!old_clocks_) return;
  // A count of milliseconds in 31 or 32 bits overflows while the faults strike.
  const Duration overflow = milliseconds(std::int64_t{1} << (31 + rng_.below(2)));
  for (const NodeSpec& node : nodes_) {
    Step step = step_of(Verb::kClockStep, node.name);
    step.span = overflow - rng_.between({}, spec_.until - Instant{});
    // Before anything happens: sessions and keys that expire would be gone.
    set_alarm(cluster, {}, std::move(step));
  }
}

void Chaos::next_strike(Cluster& cluster) {
  Duration gap = rng_.between({}, mean_gap_ * 2);
  if (bursts_ && rng_.below(8) == 0)
    gap = gap + timing_.election_timeout_max * static_cast<std::int64_t>(rng_.below(12));
  const Instant at = cluster.now() + gap;
  if (at >= spec_.until) return;
  cluster.set_alarm(at, {static_cast<std::uint32_t>(AlarmOwner::kChaos), kStrike});
}

void Chaos::on_alarm(Cluster& cluster, Steps& steps, std::uint64_t data) {
  if (data == kEnd) {
    mend(cluster, steps);
  } else if (data == kStrike) {
    strike(cluster, steps);
    next_strike(cluster);
  } else if (cluster.now() < spec_.until) {
    steps.take(cluster, later_[data]);
  }
}

void Chaos::observe(Cluster& cluster) {
  if (cluster.now() < spec_.from || cluster.now() >= spec_.until) return;
  for (AmbushStrike& strike : ambush_.observe(cluster)) {
    Step mend = mend_of(strike.fault);
    set_alarm(cluster, strike.after, std::move(strike.fault));
    set_alarm(cluster, strike.after + strike.mended_after, std::move(mend));
  }
}

void Chaos::set_alarm(Cluster& cluster, Duration after, Step step) {
  cluster.set_alarm(cluster.now() + after,
                    {static_cast<std::uint32_t>(AlarmOwner::kChaos), later_.size()});
  later_.push_back(std::move(step));
}

void Chaos::strike(Cluster& cluster, Steps& steps) {
  constexpr int kMostAtOnce = 4;
  victim_.reset();
  for (int i = 0; i < kMostAtOnce; ++i) {
    const Verb verb = draw_class();
    if (!strike_once(cluster, steps, verb)) return;
    if (pair_ && pair_->first == verb) {
      const bool later = rng_.below(2) == 0;
      strike_once(cluster, steps, pair_->second,
                  later ? rng_.between({}, pair_apart_) : Duration{});
    }
    if (has_company(verb) && strikes(company_)) strike_others(cluster, steps, verb);
    if (!strikes(again_)) return;
    if (rng_.below(4) == 0) victim_.reset();
  }
}

Verb Chaos::draw_class() {
  std::uint64_t drawn = rng_.below(total_weight_);
  std::size_t chosen = 0;
  while (drawn >= weights_[chosen]) drawn -= weights_[chosen++];
  return classes()[chosen];
}

/// Others suffer the same at the same moment, each for its own time.
void Chaos::strike_others(Cluster& cluster, Steps& steps, Verb verb) {
  const std::optional<Selector> first = victim_;
  for (const NodeSpec& node : nodes_) {
    if (node.name == first || rng_.below(2) == 0) continue;
    victim_ = node.name;
    strike_once(cluster, steps, verb);
  }
  victim_ = first;
}

/// False if it can't strike now.
bool Chaos::strike_once(Cluster& cluster, Steps& steps, Verb verb, Duration delay) {
  // Who hands over is who suffers next.
  if (verb == Verb::kTransfer && cluster.primary() != kNoNode)
    victim_ = nodes_[cluster.primary() - 1].name;
  if (!victim_) victim_ = draw_victim(cluster);
  auto [fault, mend] = draw(cluster, verb);
  if (!within_budget(cluster, fault)) return false;
  // Sides that change without a time in which all hear each other.
  if (verb == Verb::kPartition && rng_.below(2) == 0)
    steps.take(cluster, step_of(Verb::kHeal, "all"));
  if (delay > Duration{}) {
    set_alarm(cluster, delay, fault);
  } else {
    steps.take(cluster, fault);
  }
  if (!mend) return true;
  const Duration after =
      delay + (stays_ && parts(fault) ? rng_.between({}, longest_stay_) : time_until_mended());
  const bool comes_back = mend->verb == Verb::kRestart;
  set_alarm(cluster, after, std::move(*mend));
  if (comes_back && strikes(relapse_)) relapse(cluster, fault.target, after);
  // A process that met the full disk is dead.
  if (verb == Verb::kDiskFull) set_alarm(cluster, after, step_of(Verb::kRestart, fault.target));
  return true;
}

/// Once more, and back so soon that the others may not have noticed.
void Chaos::relapse(Cluster& cluster, const Selector& node, Duration after) {
  const Duration again = after + rng_.between({}, reach_ * 4);
  set_alarm(cluster, again, step_of(Verb::kCrash, node));
  set_alarm(cluster, again + rng_.between({}, reach_), step_of(Verb::kRestart, node));
}

bool Chaos::within_budget(const Cluster& cluster, const Step& fault) {
  const bool damages = fault.verb == Verb::kFlipBit || fault.verb == Verb::kReadError;
  if (damages && fault.offset == kNowhere) return false;
  if (fault.verb == Verb::kWipe && entries_of_log(cluster) > refill_) return false;
  return within_fault_budget(nodes_, cluster, fault, lost_disks_);
}

/// Some come back before anybody has noticed.
Duration Chaos::time_until_mended() {
  switch (rng_.below(8)) {
    case 0:
      return {};
    case 1:
      return rng_.between({}, timing_.heartbeat_interval);
    case 2:
    case 3:
    case 4:
      return rng_.between({}, timing_.election_timeout_max);
    default:
      return rng_.between({}, timing_.election_timeout_max * 5);
  }
}

/// Often the primary: most of what can go wrong begins there.
Selector Chaos::draw_victim(const Cluster& cluster) {
  const NodeId primary = cluster.primary();
  if (primary != kNoNode && strikes(primary_share_)) return nodes_[primary - 1].name;
  return any_node();
}

/// By node: whether it is mended at the end. Who lost its vote can't be part of a core.
std::vector<bool> Chaos::draw_core() {
  if (spec_.core == 0) return std::vector<bool>(nodes_.size(), true);
  std::vector<bool> core(nodes_.size());
  std::vector<std::size_t> able;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!lost_disks_.contains(nodes_[i].name)) able.push_back(i);
  }
  for (std::uint32_t left = spec_.core; left > 0 && !able.empty(); --left) {
    const std::uint64_t chosen = rng_.below(able.size());
    core[able[chosen]] = true;
    able[chosen] = able.back();
    able.pop_back();
  }
  return core;
}

void Chaos::mend(Cluster& cluster, Steps& steps) {
  const std::vector<bool> core = draw_core();
  steps.take(cluster, step_of(Verb::kHeal, "all"));
  steps.take(cluster, step_of(Verb::kResume, "all"));
  for (const Verb verb : {Verb::kStallDisk, Verb::kDiskFull}) {
    Step works = step_of(verb, "all");
    works.on = false;
    steps.take(cluster, works);
  }
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    const Selector& node = nodes_[id - 1].name;
    if (core[id - 1] && cluster.replica(id) == nullptr)
      steps.take(cluster, step_of(Verb::kRestart, node));
    cluster.node(id).dies_amid_effects = false;
    cluster.set_drift(id, 0);
    if (core[id - 1]) continue;
    Step gone = step_of(rng_.below(2) == 0 ? Verb::kCrash : Verb::kIsolate, node);
    gone.clients = gone.verb == Verb::kIsolate && rng_.below(2) == 0;
    steps.take(cluster, gone);
  }
  Step disks = step_of(Verb::kSlowDisk, "all");
  disks.latency = disk_.sync;
  steps.take(cluster, disks);
}

}  // namespace kv::sim
