#include "fuzz_command.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/duration_text.h"
#include "nearest_word.h"
#include "netsim/chaos.h"
#include "netsim/scenario_language.h"
#include "netsim/swarm.h"
#include "run_command.h"
#include "sweep_plan.h"

namespace kv::sim {
namespace {

/// More than anybody has time for.
constexpr std::string_view kAllSeeds = "1..10000000";

Outcome read_nodes(const std::string& text, SwarmOptions& swarm) {
  if (text.empty()) return success();
  const Result<SeedRange> range = parse_seeds(text);
  if (!range || range->first < 1 || range->last > kMostSwarmNodes) {
    return Error{"--nodes " + text + ": write how many, from 1 to " +
                 std::to_string(kMostSwarmNodes) + ", such as 3..7 or 5."};
  }
  swarm.min_nodes = static_cast<std::uint32_t>(range->first);
  swarm.max_nodes = static_cast<std::uint32_t>(range->last);
  return success();
}

Outcome read_faults(const std::string& text, SwarmOptions& swarm) {
  if (text.empty() || text == "all") return success();
  std::vector<std::string_view> known;
  for (const Verb verb : Chaos::classes()) known.push_back(verb_name(verb));
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      return Error{"--faults " + text + ": there is no class '" + word + "'" +
                   did_you_mean(word, known) + ". Write some, such as crash,cut, or all."};
    }
    swarm.faults.push_back(word);
    begin = end + 1;
  }
  return success();
}

Outcome read_length(const std::string& text, SwarmOptions& swarm) {
  if (text.empty()) return success();
  const Result<Duration> length = parse_duration(text);
  if (!length) return Error{"--length " + text + ": " + length.error().message};
  if (*length < kShortestSwarm) {
    return Error{"--length " + text + " leaves no time for faults and recovery: take at least " +
                 to_text(kShortestSwarm) + "."};
  }
  swarm.length = *length;
  return success();
}

Result<SweepPlan> plan_of(const FuzzOptions& options) {
  SweepPlan plan;
  plan.title = "Swarm";
  plan.version = options.version;
  SwarmOptions swarm;
  for (const Outcome& read : {read_nodes(options.nodes, swarm), read_faults(options.faults, swarm),
                              read_length(options.length, swarm)}) {
    if (!read) return read.error();
  }
  plan.swarm = swarm;
  if (options.seeds.empty() && options.time_limit.empty())
    return Error{"Say how much to do: --seeds 1..10000, or --time 10m, or both."};
  const Outcome part = read_part(options.seeds.empty() ? std::string(kAllSeeds) : options.seeds,
                                 options.shard, plan);
  if (!part) return part.error();
  const Outcome size = check_size(plan);
  if (!size) return size.error();
  const Outcome files = check_files(options);
  if (!files) return files.error();
  return plan;
}

}  // namespace

int fuzz_command(const FuzzOptions& options) {
  const Result<SweepPlan> plan = plan_of(options);
  if (!plan) return refuse(plan.error());
  CampaignOptions campaign = options;
  if (!options.time_limit.empty()) {
    const Result<Duration> time = parse_duration(options.time_limit);
    if (!time) return refuse({"--time " + options.time_limit + ": " + time.error().message});
    campaign.time = *time;
  }
  const bool single = plan->seeds.first == plan->seeds.last;
  if (single && !options.quiet && options.csv_path.empty() && options.json_path.empty()) {
    const std::uint64_t seed = plan->seeds.first;
    return tell_run(draw_swarm(*plan->swarm, seed), seed, options.telling);
  }
  return run_campaign(*plan, {}, campaign);
}

}  // namespace kv::sim
