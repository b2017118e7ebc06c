#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "reductions.h"
#include "rounder.h"

// Fewer and plainer steps.

namespace kv::sim {
namespace {

bool may_change(const Step& step, const Bound& keep_from) {
  return !keep_from || (step.at && *step.at < *keep_from);
}

/// How many steps may change: they come first.
std::size_t changeable(const Scenario& scenario, const Bound& keep_from) {
  return static_cast<std::size_t>(
      std::count_if(scenario.steps.begin(), scenario.steps.end(),
                    [&](const Step& step) { return may_change(step, keep_from); }));
}

Scenario without_steps(Scenario scenario, std::size_t begin, std::size_t end) {
  const auto at = [&](std::size_t i) {
    return scenario.steps.begin() + static_cast<std::ptrdiff_t>(i);
  };
  scenario.steps.erase(at(begin), at(end));
  return scenario;
}

// --- plainer steps: each changes it or says false ---

bool not_amid_effects(Step& step, const Scenario&) {
  return std::exchange(step.amid_effects, false);
}
bool clients_stay(Step& step, const Scenario&) {
  return std::exchange(step.clients, false);
}
bool all_messages(Step& step, const Scenario&) {
  return !std::exchange(step.only, {}).empty();
}
bool just_a_crash(Step& step, const Scenario&) {
  if (step.verb != Verb::kPowerCut && step.verb != Verb::kWipe) return false;
  step.verb = Verb::kCrash;
  return true;
}
/// For certain in place of perhaps.
bool cut_in_place_of_loss(Step& step, const Scenario&) {
  const bool some = step.verb == Verb::kLoss || step.verb == Verb::kCorruptMessages;
  if (!some || (step.from.empty() && step.to.empty())) return false;
  step.verb = Verb::kCut;
  step.chance = {};
  return true;
}
bool isolation_in_place_of_cut(Step& step, const Scenario&) {
  if (step.verb != Verb::kCut || step.from.empty() == step.to.empty()) return false;
  step.verb = Verb::kIsolate;
  step.target = step.from.empty() ? step.to : step.from;
  step.from = step.to = {};
  step.only.clear();
  return true;
}
template <std::size_t kNode>
bool isolation_in_place_of_partition(Step& step, const Scenario& scenario) {
  if (step.verb != Verb::kPartition || kNode >= scenario.nodes.size()) return false;
  step.verb = Verb::kIsolate;
  step.target = scenario.nodes[kNode].name;
  step.shape.clear();
  step.groups.clear();
  return true;
}
template <std::size_t kNode>
bool one_in_place_of_all(Step& step, const Scenario& scenario) {
  if (step.target != "all" || step.verb == Verb::kHeal || kNode >= scenario.nodes.size())
    return false;
  step.target = scenario.nodes[kNode].name;
  return true;
}
bool constant_latency(Step& step, const Scenario&) {
  return make_constant(step.latency);
}
bool rounder_latency(Step& step, const Scenario&) {
  return round_ends(step.latency);
}
bool rounder_numbers(Step& step, const Scenario&) {
  const Step before = step;
  step.chance.per_million = one_digit(step.chance.per_million);
  step.span = one_digit(step.span);
  const std::int64_t sign = step.drift_ppm < 0 ? -1 : 1;
  step.drift_ppm = sign * static_cast<std::int64_t>(
                              one_digit(static_cast<std::uint64_t>(sign * step.drift_ppm)));
  return step != before;
}
bool asks_the_primary(Step& step, const Scenario&) {
  return is_client_verb(step.verb) && !std::exchange(step.to, {}).empty();
}
bool asks_once(Step& step, const Scenario&) {
  return std::exchange(step.retry, false);
}

using Change = bool (*)(Step&, const Scenario&);
constexpr auto kChanges = std::to_array<Change>({not_amid_effects,
                                                 clients_stay,
                                                 all_messages,
                                                 just_a_crash,
                                                 cut_in_place_of_loss,
                                                 isolation_in_place_of_cut,
                                                 isolation_in_place_of_partition<0>,
                                                 isolation_in_place_of_partition<1>,
                                                 isolation_in_place_of_partition<2>,
                                                 isolation_in_place_of_partition<3>,
                                                 isolation_in_place_of_partition<4>,
                                                 one_in_place_of_all<0>,
                                                 one_in_place_of_all<1>,
                                                 one_in_place_of_all<2>,
                                                 one_in_place_of_all<3>,
                                                 one_in_place_of_all<4>,
                                                 constant_latency,
                                                 rounder_latency,
                                                 rounder_numbers,
                                                 asks_the_primary,
                                                 asks_once});

/// A pause that ends by itself, in place of two steps.
std::optional<Scenario> with_pause_in_one(const Scenario& scenario, std::size_t index) {
  const Step& pause = scenario.steps[index];
  if (pause.verb != Verb::kPause || pause.span > Duration{} || !pause.at) return std::nullopt;
  for (std::size_t i = index + 1; i < scenario.steps.size(); ++i) {
    const Step& resume = scenario.steps[i];
    if (resume.verb != Verb::kResume || resume.target != pause.target || !resume.at) continue;
    if (*resume.at <= *pause.at) return std::nullopt;
    Scenario shorter = without_steps(scenario, i, i + 1);
    shorter.steps[index].span = *resume.at - *pause.at;
    return shorter;
  }
  return std::nullopt;
}

// --- times ---

constexpr auto kGrains =
    std::to_array<Duration>({seconds(1), milliseconds(100), milliseconds(10), milliseconds(1)});

bool round_time(Step& step, Duration grain, bool up) {
  if (!step.at || step.at->ns % grain.ns == 0) return false;
  step.at = Instant{(step.at->ns / grain.ns + (up ? 1 : 0)) * grain.ns};
  return true;
}

}  // namespace

Candidates without_chunks(const Scenario& scenario, std::size_t size, const Bound& keep_from) {
  const std::size_t steps = changeable(scenario, keep_from);
  return {(steps + size - 1) / size, [=](std::size_t i) {
            return without_steps(scenario, i * size, std::min(steps, (i + 1) * size));
          }};
}

Candidates with_later_begin(const Scenario& scenario) {
  constexpr auto kSixteenths = std::to_array<std::size_t>({15, 14, 12, 8, 4, 2, 1});
  return {kSixteenths.size(), [scenario, kSixteenths](std::size_t i) -> std::optional<Scenario> {
            const std::size_t gone = scenario.steps.size() * kSixteenths[i] / 16;
            if (gone == 0 || !scenario.steps[gone].at) return std::nullopt;
            const Duration saved = *scenario.steps[gone].at - Instant{} - seconds(1);
            if (saved <= Duration{}) return std::nullopt;
            Scenario later = without_steps(scenario, 0, gone);
            for (Step& step : later.steps) {
              if (step.at) step.at = *step.at - saved;
            }
            later.run_for = later.run_for - saved;
            WorkloadSpec& work = later.workload;
            work.start = std::max(Instant{}, work.start - saved);
            if (work.stop) work.stop = std::max(Instant{} + milliseconds(1), *work.stop - saved);
            if (work.stop && *work.stop <= work.start) work = {};
            return later;
          }};
}

Candidates without_pairs(const Scenario& scenario, const Bound& keep_from) {
  constexpr std::size_t kMostPairs = 400;
  const std::size_t steps = changeable(scenario, keep_from);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t distance = 1; distance < steps; ++distance) {
    for (std::size_t i = 0; i + distance < steps; ++i) pairs.emplace_back(i, i + distance);
    if (pairs.size() > kMostPairs) break;
  }
  return {pairs.size(), [=](std::size_t i) {
            const auto [first, second] = pairs[i];
            return without_steps(without_steps(scenario, second, second + 1), first, first + 1);
          }};
}

Candidates with_plainer_steps(const Scenario& scenario, const Bound& keep_from) {
  constexpr std::size_t kWays = kChanges.size() + 1;
  return {changeable(scenario, keep_from) * kWays, [=](std::size_t i) -> std::optional<Scenario> {
            const std::size_t step = i / kWays;
            if (i % kWays == 0) return with_pause_in_one(scenario, step);
            Scenario plainer = scenario;
            const bool changed = kChanges[i % kWays - 1](plainer.steps[step], scenario);
            return changed ? std::optional(plainer) : std::nullopt;
          }};
}

Candidates with_rounder_times(const Scenario& scenario, const Bound& keep_from) {
  constexpr std::size_t kWays = kGrains.size() * 2;
  const std::size_t steps = changeable(scenario, keep_from);
  return {(steps + 1) * kWays, [=](std::size_t i) -> std::optional<Scenario> {
            Scenario rounder = scenario;
            const Duration grain = kGrains[i % kWays / 2];
            const bool up = i % 2 != 0;
            const std::size_t step = i / kWays;
            bool changed = false;
            // First all of them, then each.
            for (std::size_t s = 0; s < steps; ++s) {
              if (step == 0 || step == s + 1)
                changed = round_time(rounder.steps[s], grain, up) || changed;
            }
            if (!changed || (up && step == 0)) return std::nullopt;
            for (const Step& each : rounder.steps) {
              if (each.at && *each.at > Instant{} + rounder.run_for) return std::nullopt;
            }
            sort_by_time(rounder.steps);
            return rounder;
          }};
}

/// A wait before a step becomes one of a second, and all that follows comes earlier.
Candidates with_shorter_waits(const Scenario& scenario) {
  constexpr Duration kWait = seconds(1);
  return {scenario.steps.size(), [=](std::size_t i) -> std::optional<Scenario> {
            const Instant before =
                i == 0 ? Instant{} : scenario.steps[i - 1].at.value_or(Instant{});
            if (!scenario.steps[i].at || *scenario.steps[i].at - before <= kWait * 2)
              return std::nullopt;
            const Duration saved = *scenario.steps[i].at - before - kWait;
            Scenario shorter = scenario;
            for (std::size_t s = i; s < shorter.steps.size(); ++s) {
              if (shorter.steps[s].at) shorter.steps[s].at = *shorter.steps[s].at - saved;
            }
            return shorter;
          }};
}

/// Keys and values by letters and numbers, in the order in which they come.
Candidates with_plainer_names(const Scenario& scenario) {
  return {1, [=](std::size_t) -> std::optional<Scenario> {
            Scenario plainer = scenario;
            std::map<std::string, std::string> keys;
            std::size_t values = 0;
            for (Step& step : plainer.steps) {
              if (step.key.empty()) continue;
              const auto letter = static_cast<char>('a' + keys.size() % 26);
              const auto found =
                  keys.emplace(step.key, std::string(1 + keys.size() / 26, letter)).first;
              step.key = found->second;
              if (step.verb == Verb::kSet) step.value = "v" + std::to_string(++values);
            }
            return plainer == scenario ? std::nullopt : std::optional(plainer);
          }};
}

}  // namespace kv::sim
