#include "reductions.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "netsim/simulation.h"
#include "rounder.h"

// A shorter run, fewer nodes, less to do for clients, and plainer surroundings.

namespace kv::sim {
namespace {

constexpr std::size_t kFewestNodes = 3;

using Change = void (*)(Scenario&);

/// Each change alone, where it changes something.
template <typename Changes>
Candidates each_of(const Scenario& scenario, const Changes& changes) {
  return {changes.size(), [&changes, scenario](std::size_t i) -> std::optional<Scenario> {
            Scenario changed = scenario;
            changes[i](changed);
            return changed == scenario ? std::nullopt : std::optional(changed);
          }};
}

// --- time ---

void end_at(Scenario& scenario, Duration end) {
  scenario.run_for = end;
  std::erase_if(scenario.steps, [&](const Step& s) { return s.at && *s.at > Instant{} + end; });
  WorkloadSpec& work = scenario.workload;
  if (work.stop && *work.stop >= Instant{} + end) work.stop.reset();
  if (work.start >= Instant{} + end) work = {};
}

/// Rounded up to a tenth of a second: every run has a little room behind what matters.
Duration with_room(Duration span) {
  constexpr Duration kGrain = milliseconds(100);
  return kGrain * (span.ns / kGrain.ns + 1);
}

// --- nodes ---

bool names(const Selector& selector, const std::string& node) {
  return selector == node || selector == "not " + node;
}

bool concerns(const Step& step, const std::string& node) {
  return names(step.target, node) || names(step.from, node) || names(step.to, node);
}

void drop_node(Scenario& scenario, const std::string& node) {
  std::erase_if(scenario.nodes, [&](const NodeSpec& spec) { return spec.name == node; });
  std::erase_if(scenario.steps, [&](const Step& step) { return concerns(step, node); });
  for (Step& step : scenario.steps) {
    for (auto& group : step.groups) std::erase(group, node);
    std::erase_if(step.groups, [](const auto& group) { return group.empty(); });
  }
  std::erase_if(scenario.steps, [](const Step& step) {
    return step.verb == Verb::kPartition && step.shape.empty() && step.groups.size() < 2;
  });
  if (scenario.primary == node) scenario.primary.clear();
}

/// A step or an expectation names a zone, so that there must be one.
bool zones_matter(const Scenario& scenario) {
  const auto is_zone = [&](const Selector& selector) {
    return std::any_of(scenario.nodes.begin(), scenario.nodes.end(), [&](const NodeSpec& node) {
      return !node.zone.empty() && names(selector, node.zone);
    });
  };
  const auto names_one = [&](const Step& step) {
    const auto in_group = [&](const auto& group) {
      return std::any_of(group.begin(), group.end(), is_zone);
    };
    return is_zone(step.target) || is_zone(step.from) || is_zone(step.to) ||
           (step.when && (is_zone(step.when->primary) || is_zone(step.when->node))) ||
           std::any_of(step.groups.begin(), step.groups.end(), in_group);
  };
  return std::any_of(scenario.steps.begin(), scenario.steps.end(), names_one) ||
         std::any_of(scenario.expect.begin(), scenario.expect.end(),
                     [&](const Expectation& e) { return is_zone(e.who); });
}

/// node1, node2 … again, if one of them is gone.
std::optional<Scenario> renumbered(const Scenario& scenario) {
  if (zones_matter(scenario)) return std::nullopt;
  std::map<std::string, std::string> fresh;
  Scenario named = scenario;
  for (NodeSpec& node : named.nodes) {
    const std::string name = "node" + std::to_string(fresh.size() + 1);
    fresh[node.name] = name;
    node.name = name;
  }
  const auto rename = [&](std::string& name) {
    if (const auto found = fresh.find(name); found != fresh.end()) name = found->second;
  };
  rename(named.primary);
  for (Step& step : named.steps) {
    for (std::string* const name : {&step.target, &step.from, &step.to}) rename(*name);
    for (auto& group : step.groups) {
      for (std::string& name : group) rename(name);
    }
  }
  return named == scenario ? std::nullopt : std::optional(named);
}

// --- clients ---

Instant half_way(const Scenario& scenario) {
  const WorkloadSpec& work = scenario.workload;
  const Instant stop = work.stop.value_or(Instant{} + scenario.run_for);
  const std::int64_t middle_ms = (work.start.ns + (stop - work.start).ns / 2) / 1'000'000;
  return Instant{} + milliseconds(middle_ms);
}

template <auto kChance>
void round_chance(Scenario& scenario) {
  Chance& chance = scenario.workload.*kChance;
  chance.per_million = one_digit(chance.per_million);
}

constexpr auto kWorkloadChanges = std::to_array<Change>({
    [](Scenario& s) { s.workload = {}; },
    [](Scenario& s) { s.workload.clients = std::min(s.workload.clients, 1U); },
    [](Scenario& s) { s.workload.clients -= s.workload.clients / 2; },
    [](Scenario& s) { s.workload.clients -= s.workload.clients > 1 ? 1 : 0; },
    [](Scenario& s) {
      if (half_way(s) > s.workload.start) s.workload.stop = half_way(s);
    },
    [](Scenario& s) {
      if (half_way(s) > s.workload.start + milliseconds(100)) s.workload.start = half_way(s);
    },
    [](Scenario& s) { s.workload.rate -= s.workload.rate / 2; },
    [](Scenario& s) { s.workload.rate = one_digit(s.workload.rate); },
    [](Scenario& s) { s.workload.keys = 1; },
    [](Scenario& s) { s.workload.keys -= s.workload.keys / 2; },
    [](Scenario& s) { s.workload.deletes = {}; },
    [](Scenario& s) { s.workload.reads = {}; },
    [](Scenario& s) {
      if (s.workload.reads != Chance{}) s.workload.reads = {500'000};
    },
    [](Scenario& s) { s.workload.once = {}; },
    [](Scenario& s) { s.workload.follower_reads = {}; },
    [](Scenario& s) { s.workload.expiring = {}; },
    [](Scenario& s) { s.workload.ttl = WorkloadSpec{}.ttl; },
    [](Scenario& s) { s.workload.strays = {}; },
    round_chance<&WorkloadSpec::reads>,
    round_chance<&WorkloadSpec::deletes>,
    round_chance<&WorkloadSpec::once>,
    round_chance<&WorkloadSpec::follower_reads>,
    round_chance<&WorkloadSpec::expiring>,
    round_chance<&WorkloadSpec::strays>,
    [](Scenario& s) { s.workload.ttl = one_digit(s.workload.ttl); },
    [](Scenario& s) { s.workload.value_bytes = 0; },
    [](Scenario& s) { s.workload.timeout = WorkloadSpec{}.timeout; },
});

// --- surroundings ---

const Limits kOrdinary{};

template <auto kLimit>
void ordinary(Scenario& scenario) {
  scenario.limits.*kLimit = kOrdinary.*kLimit;
}
template <auto kLimit>
void round_limit(Scenario& scenario) {
  auto& limit = scenario.limits.*kLimit;
  if (limit != kOrdinary.*kLimit) limit = one_digit(limit);
}

void without_zones(Scenario& scenario) {
  if (zones_matter(scenario)) return;
  for (NodeSpec& node : scenario.nodes) node.zone.clear();
  scenario.network.between_zones.reset();
}

/// All are as far from each other as zones are.
void as_if_between_zones(Scenario& scenario) {
  if (zones_matter(scenario)) return;
  scenario.network.latency = scenario.network.between_zones.value_or(scenario.network.latency);
  without_zones(scenario);
}

/// What mends a slow disk gives it this again.
void set_sync(Scenario& scenario, const Latency& sync) {
  for (Step& step : scenario.steps) {
    if (step.verb == Verb::kSlowDisk && step.latency == scenario.disk.sync) step.latency = sync;
  }
  scenario.disk.sync = sync;
}

void constant_sync(Scenario& scenario) {
  Latency sync = scenario.disk.sync;
  make_constant(sync);
  set_sync(scenario, sync);
}

void round_latencies(Scenario& scenario) {
  NetworkSpec& network = scenario.network;
  for (Latency* const latency :
       {&network.latency, network.between_zones ? &*network.between_zones : nullptr,
        network.clients ? &*network.clients : nullptr}) {
    if (latency != nullptr) round_ends(*latency);
  }
  Latency sync = scenario.disk.sync;
  round_ends(sync);
  set_sync(scenario, sync);
}

// --- timing ---

/// No election succeeds where a message takes about as long as the timeout: that shows nothing.
bool suits(const Timing& timing, const NetworkSpec& network) {
  constexpr std::uint32_t kAlmostAll = 999'999;
  const Duration between = network.between_zones.value_or(network.latency).quantile(kAlmostAll);
  const Duration longest = std::max(network.latency.quantile(kAlmostAll), between);
  return longest * 10 <= timing.election_timeout_min;
}

void lan_timing(Scenario& scenario) {
  const Timing lan = *timing_by_name("lan");
  if (suits(lan, scenario.network)) scenario.timing = lan;
}

template <std::int64_t kGrainMs>
void round_timing(Scenario& scenario) {
  constexpr Duration kGrain = milliseconds(kGrainMs);
  Timing timing = scenario.timing;
  if (timing == timing_by_name("lan")) return;
  for (Duration* const each :
       {&timing.heartbeat_interval, &timing.election_timeout_min, &timing.election_timeout_max})
    *each = kGrain * ((each->ns + kGrain.ns / 2) / kGrain.ns);
  if (validate(timing)) scenario.timing = timing;
}

constexpr auto kSurroundingChanges = std::to_array<Change>({
    [](Scenario& s) { s.limits = {}; },
    ordinary<&Limits::max_append_bytes>,
    ordinary<&Limits::max_inflight_appends>,
    ordinary<&Limits::max_inflight_bytes>,
    ordinary<&Limits::max_uncommitted_bytes>,
    ordinary<&Limits::snapshot_chunk_bytes>,
    ordinary<&Limits::max_inflight_chunks>,
    ordinary<&Limits::snapshot_after_bytes>,
    ordinary<&Limits::keep_log_bytes>,
    ordinary<&Limits::max_apply_entries>,
    round_limit<&Limits::max_append_bytes>,
    round_limit<&Limits::snapshot_chunk_bytes>,
    round_limit<&Limits::snapshot_after_bytes>,
    round_limit<&Limits::keep_log_bytes>,
    round_limit<&Limits::max_apply_entries>,
    [](Scenario& s) { s.segment_bytes = Scenario{}.segment_bytes; },
    [](Scenario& s) { s.primary = s.nodes.front().name; },
    [](Scenario& s) { s.ack = AckMode::kMajority; },
    // Not the bound alone: clocks that are worse than it break what nobody promised.
    [](Scenario& s) {
      s.reads = Scenario{}.reads;
      s.lease_drift_ppm = Scenario{}.lease_drift_ppm;
    },
    [](Scenario& s) { s.clocks = {}; },
    [](Scenario& s) {
      s.clocks.drift_ppm =
          static_cast<std::int64_t>(one_digit(static_cast<std::uint64_t>(s.clocks.drift_ppm)));
    },
    without_zones,
    as_if_between_zones,
    [](Scenario& s) { s.disk.capacity_bytes = 0; },
    [](Scenario& s) { s.network.loss = {}; },
    [](Scenario& s) { s.network.duplicate = {}; },
    [](Scenario& s) { s.network.reorder = {}; },
    [](Scenario& s) { s.network.corrupt = {}; },
    [](Scenario& s) { s.network.clients.reset(); },
    [](Scenario& s) { s.network.between_zones.reset(); },
    [](Scenario& s) { s.network.latency = Latency::constant(milliseconds(1)); },
    [](Scenario& s) { make_constant(s.network.latency); },
    [](Scenario& s) {
      if (s.network.between_zones) make_constant(*s.network.between_zones);
    },
    [](Scenario& s) { set_sync(s, Latency::constant(milliseconds(1))); },
    constant_sync,
    round_latencies,
    lan_timing,
    round_timing<100>,
    round_timing<10>,
    round_timing<1>,
});

}  // namespace

Scenario cut_behind(Scenario scenario, Instant broke_at) {
  const Duration end = with_room(broke_at - Instant{});
  // Clients without an end of their own go on until the run's.
  if (end < scenario.run_for) end_at(scenario, end);
  return scenario;
}

Candidates with_earlier_end(const Scenario& scenario) {
  constexpr auto kShares = std::to_array<std::int64_t>({1, 2, 4, 8, 12, 14, 15});
  return {kShares.size(), [scenario, kShares](std::size_t i) -> std::optional<Scenario> {
            Scenario shorter = scenario;
            const Duration end = with_room(scenario.run_for * kShares[i] / 16);
            if (end >= scenario.run_for) return std::nullopt;
            end_at(shorter, end);
            return shorter;
          }};
}

Candidates by_luck(const Candidates& candidates) {
  constexpr std::size_t kSeeds = 12;
  return {candidates.count * kSeeds, [candidates](std::size_t i) {
            std::optional<Scenario> scenario = candidates.make(i / kSeeds);
            if (scenario) scenario->seed = 1 + i % kSeeds;
            return scenario;
          }};
}

Candidates with_smaller_seed(const Scenario& scenario) {
  constexpr std::uint64_t kMost = 20;
  const std::uint64_t count =
      std::min(scenario.seed - std::min<std::uint64_t>(scenario.seed, 1), kMost);
  return {count, [scenario](std::size_t i) {
            Scenario other = scenario;
            other.seed = 1 + i;
            return other;
          }};
}

/// First without two of them: a majority of four is one of five, too.
Candidates with_fewer_nodes(const Scenario& scenario) {
  const std::size_t nodes = scenario.nodes.size();
  if (zones_matter(scenario)) return {};
  return {nodes * nodes, [=](std::size_t i) -> std::optional<Scenario> {
            const std::size_t first = i / nodes;
            const std::size_t second = i % nodes;
            const std::size_t left = nodes - (first == second ? 1 : 2);
            if (first > second || left < kFewestNodes) return std::nullopt;
            Scenario fewer = scenario;
            drop_node(fewer, scenario.nodes[first].name);
            if (first != second) drop_node(fewer, scenario.nodes[second].name);
            return fewer;
          }};
}

Candidates with_numbered_nodes(const Scenario& scenario) {
  return {1, [scenario](std::size_t) { return renumbered(scenario); }};
}

Candidates with_less_workload(const Scenario& scenario) {
  if (scenario.workload.clients == 0) return {};
  return each_of(scenario, kWorkloadChanges);
}

Candidates with_plainer_surroundings(const Scenario& scenario) {
  return each_of(scenario, kSurroundingChanges);
}

std::optional<Scenario> with_operations_as_steps(const Scenario& scenario) {
  constexpr std::size_t kMostOperations = 60;
  const WorkloadSpec& work = scenario.workload;
  if (work.clients == 0) return std::nullopt;
  // What steps can't say.
  if (work.once != Chance{} || work.expiring != Chance{} || work.follower_reads != Chance{})
    return std::nullopt;
  Scenario plain = scenario;
  plain.workload = {};
  Simulation simulation(scenario, scenario.seed);
  std::uint64_t known = 0;
  for (bool more = true; more;) {
    more = simulation.advance();
    for (const Record& record : simulation.cluster().records()) {
      const auto* called = std::get_if<ClientCalled>(&record.fact);
      if (called == nullptr || called->operation <= known) continue;
      known = called->operation;
      if (called->client > scenario.workload.clients) continue;
      Step step;
      step.at = record.at;
      step.verb = called->kind == OperationKind::kSet   ? Verb::kSet
                  : called->kind == OperationKind::kGet ? Verb::kGet
                                                        : Verb::kDelete;
      step.key = called->key;
      step.value = called->value;
      step.to = scenario.nodes[record.node - 1].name;
      step.retry = true;
      step.timeout = scenario.workload.timeout;
      plain.steps.push_back(std::move(step));
    }
    if (known > kMostOperations + scenario.steps.size()) return std::nullopt;
  }
  sort_by_time(plain.steps);
  return plain;
}

}  // namespace kv::sim
