#include "fuzz_command.h"

#include <string_view>

#include "core/duration_text.h"
#include "exit_status.h"
#include "netsim/swarm.h"
#include "run_command.h"
#include "sweep_plan.h"

namespace kv::sim {
namespace {

/// More than anybody has time for.
constexpr std::string_view kAllSeeds = "1..10000000";

Result<SweepPlan> plan_of(const FuzzOptions& options) {
  SweepPlan plan;
  plan.title = "Swarm";
  plan.version = options.version;
  const Result<SwarmOptions> swarm = read_swarm(options.nodes, options.faults, options.length);
  if (!swarm) return swarm.error();
  plan.swarm = *swarm;
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

/// One seed is told like `kvsim run` does, unless something is asked of it that campaigns do.
bool is_told(const SweepPlan& plan, const FuzzOptions& options) {
  return plan.seeds.first == plan.seeds.last && !options.quiet && !options.coverage &&
         options.time_limit.empty() && options.csv_path.empty() && options.json_path.empty();
}

int tell_seed(const SweepPlan& plan, const FuzzOptions& options) {
  RunOptions telling;
  telling.trace = options.trace;
  telling.telling = options.telling;
  telling.version = options.version;
  return tell_run(draw_swarm(*plan.swarm, plan.seeds.first), plan.seeds.first, telling);
}

}  // namespace

int fuzz_command(const FuzzOptions& options) {
  const Result<SweepPlan> plan = plan_of(options);
  if (!plan) return complain(plan.error().message);
  CampaignOptions campaign = options;
  if (!options.time_limit.empty()) {
    const Result<Duration> time = parse_duration(options.time_limit);
    if (!time) return complain("--time " + options.time_limit + ": " + time.error().message);
    campaign.time = *time;
  }
  if (is_told(*plan, options)) return tell_seed(*plan, options);
  const Telling& telling = options.telling;
  if (!options.trace.empty() || telling.everything || telling.until || telling.speed_permille > 0) {
    return complain(
        "--trace, --until, --speed and --verbose are of a story, and only a single seed without "
        "--csv, --json, --coverage, --time and --quiet is told: kvsim fuzz --seeds 7.");
  }
  return run_campaign(*plan, {}, campaign);
}

}  // namespace kv::sim
