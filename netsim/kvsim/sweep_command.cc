#include "sweep_command.h"

#include <utility>
#include <vector>

#include "core/hash.h"
#include "exit_status.h"
#include "sweep_plan.h"

namespace kv::sim {
namespace {

/// A sweep that can begin.
struct Prepared {
  SweepPlan plan{};
  std::vector<Scenario> scenarios{};  ///< of each variation
};

Error twice(const std::string& key, const std::string& setting) {
  return Error{"--vary " + key + " and --set " + setting + ": leave one of them out."};
}

/// Each key may be given once: the second one would hide the first.
Outcome check_keys(const SweepPlan& plan) {
  for (std::size_t i = 0; i < plan.vary.size(); ++i) {
    const std::string& key = plan.vary[i].key;
    for (std::size_t j = 0; j < i; ++j) {
      if (plan.vary[j].key == key)
        return Error{"--vary " + key + " is there twice: write all values in one."};
    }
    for (const std::string& setting : plan.set) {
      if (setting.starts_with(key + "=")) return twice(key, setting);
    }
  }
  return success();
}

Result<SweepPlan> plan_of(const SweepOptions& options) {
  SweepPlan plan;
  plan.file = options.file;
  plan.version = options.version;
  plan.set = options.set;
  const Outcome part = read_part(options.seeds, options.shard, plan);
  if (!part) return part.error();
  for (const std::string& text : options.vary) {
    Result<Vary> vary = parse_vary(text);
    if (!vary) return vary.error();
    plan.vary.push_back(std::move(*vary));
  }
  const Outcome keys = check_keys(plan);
  if (!keys) return keys.error();
  const Outcome size = check_size(plan);
  if (!size) return size.error();
  return plan;
}

Result<Prepared> prepare(const SweepOptions& options) {
  Result<SweepPlan> plan = plan_of(options);
  if (!plan) return plan.error();
  Prepared prepared{std::move(*plan), {}};
  const Result<std::string> text = read_file(options.file);
  if (!text) return text.error();
  prepared.plan.scenario_hash = hash64(*text);
  for (std::uint64_t i = 0; i < prepared.plan.variations(); ++i) {
    Result<Scenario> scenario = read_scenario(*text, options.file, prepared.plan.settings_of(i));
    if (!scenario) return scenario.error();
    prepared.scenarios.push_back(std::move(*scenario));
  }
  prepared.plan.title = prepared.scenarios.front().title;
  const Outcome files = check_files(options);
  if (!files) return files.error();
  return prepared;
}

}  // namespace

int sweep_command(const SweepOptions& options) {
  const Result<Prepared> prepared = prepare(options);
  if (!prepared) return complain(prepared.error().message);
  return run_campaign(prepared->plan, prepared->scenarios, options);
}

}  // namespace kv::sim
