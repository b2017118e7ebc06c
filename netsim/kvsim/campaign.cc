#include "campaign.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/hash.h"
#include "coverage_report.h"
#include "exit_status.h"
#include "netsim/simulation.h"
#include "progress_bar.h"
#include "sweep_files.h"
#include "sweep_table.h"
#include "terminal_style.h"
#include "worker_pool.h"

namespace kv::sim {
namespace {

constexpr std::uint64_t kRepeatEach = 100;

std::vector<std::pair<std::uint64_t, std::uint64_t>> nonzero(const Coverage& coverage) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  for (std::size_t i = 0; i < coverage.counters().size(); ++i) {
    if (const std::uint64_t hits = coverage.counters()[i].hits; hits > 0)
      found.emplace_back(i, hits);
  }
  return found;
}

class CampaignJob final : public Job {
 public:
  CampaignJob(const SweepPlan& plan, const std::vector<Scenario>& scenarios)
      : plan_(plan), scenarios_(scenarios) {}
  std::string run(std::uint64_t item) override {
    const std::uint64_t seed = plan_.seed_of(item);
    const Scenario scenario =
        plan_.swarm ? draw_swarm(*plan_.swarm, seed) : scenarios_[plan_.variation_of(item)];
    Simulation simulation(scenario, seed);
    if (plan_.swarm) simulation.watch_coverage();
    while (simulation.advance()) {
    }
    SweepRun run = summarize(item, scenario, simulation.result());
    if (plan_.swarm) run.coverage = nonzero(*simulation.coverage());
    // By a hash, so that every shard repeats some.
    if (hash64(std::to_string(item)) % kRepeatEach == 0) {
      compare_with_repetition(run, sim::run(scenario, seed).trace_hash);
    }
    return to_json_line(plan_, run);
  }

 private:
  const SweepPlan& plan_;
  const std::vector<Scenario>& scenarios_;
};

class CampaignCollector final : public Collector {
 public:
  CampaignCollector(const SweepPlan& plan, const CampaignOptions& options)
      : plan_(plan),
        options_(options),
        bar_(options.quiet                    ? ProgressStyle::kNone
             : TerminalStyle(2).interactive() ? ProgressStyle::kBar
                                              : ProgressStyle::kLines) {}

  void take(std::uint64_t item, const std::string& line) override {
    Result<SweepRun> run = parse_json_line(plan_, line);
    CHECK(run.has_value() && run->item == item);
    add(std::move(*run));
  }
  void lost(std::uint64_t item, const std::string& words) override { add(lost_run(item, words)); }
  void tick(Duration elapsed) override {
    show(bar_.update({runs_.size(), plan_.items_of_shard(), failed_, elapsed}));
  }
  bool enough() const override { return !options_.keep_going && failed_ >= options_.failures; }

  SweepResults results(const PoolEnd& pool_end) {
    show(bar_.clear());
    SweepResults results;
    results.plan = plan_;
    results.wall_time = pool_end.elapsed;
    results.runs = std::move(runs_);
    if (plan_.swarm) results.coverage = std::move(coverage_);
    std::vector<SweepRun>& runs = results.runs;
    std::sort(runs.begin(), runs.end(),
              [](const SweepRun& a, const SweepRun& b) { return a.item < b.item; });
    if (pool_end.interrupted) {
      results.end = SweepEnd::kInterrupted;
    } else if (enough()) {
      // Items are begun in order and those begun were done. So the last failure in that order is
      // the same one whatever the number of workers; what lies behind it is not.
      std::uint64_t failed = 0;
      const auto last = std::find_if(runs.begin(), runs.end(), [&](const SweepRun& run) {
        return !run.passed && ++failed == options_.failures;
      });
      runs.erase(last + 1, runs.end());
      if (runs.size() < plan_.items_of_shard()) results.end = SweepEnd::kStopped;
    } else if (runs.size() < plan_.items_of_shard()) {
      results.end = SweepEnd::kTimeUp;
    }
    return results;
  }

 private:
  void add(SweepRun run) {
    failed_ += run.passed ? 0 : 1;
    for (const auto& [place, hits] : std::exchange(run.coverage, {})) {
      coverage_.counters()[place].hits += hits;
      coverage_.counters()[place].runs += 1;
    }
    runs_.push_back(std::move(run));
  }
  static void show(const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
  }

  const SweepPlan& plan_;
  const CampaignOptions& options_;
  ProgressBar bar_;
  std::uint64_t failed_{0};
  std::vector<SweepRun> runs_{};
  Coverage coverage_{};
};

}  // namespace

Outcome check_files(const CampaignOptions& options) {
  for (const std::string& path : {options.csv_path, options.json_path}) {
    if (path.empty()) continue;
    const Outcome writable = check_writable(path);
    if (!writable) return writable.error();
  }
  return success();
}

bool write_files(const std::string& csv_path, const std::string& json_path,
                 const SweepResults& results) {
  Outcome csv = success();
  Outcome json = success();
  if (!csv_path.empty()) csv = write_file(csv_path, to_csv(results));
  if (!json_path.empty()) json = write_file(json_path, to_json(results));
  for (const Outcome* const outcome : {&csv, &json}) {
    if (!*outcome) complain(outcome->error().message);
  }
  return csv && json;
}

int run_campaign(const SweepPlan& plan, const std::vector<Scenario>& scenarios,
                 const CampaignOptions& options) {
  CampaignJob job(plan, scenarios);
  CampaignCollector collector(plan, options);
  PoolOptions pool;
  const std::uint32_t wanted = options.jobs > 0 ? options.jobs : core_count();
  pool.jobs = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, plan.items_of_shard()));
  pool.time = options.time;
  const Result<PoolEnd> end =
      run_in_workers(job, {plan.shard.index - 1, plan.shard.count, plan.items()}, collector, pool);
  if (!end) return complain(end.error().message);
  SweepResults results = collector.results(*end);
  results.worker_time = end->elapsed * pool.jobs;
  std::fputs(report(results).c_str(), stdout);
  if (results.coverage && options.coverage)
    std::fputs(coverage_tables(*results.coverage).c_str(), stdout);
  std::fflush(stdout);
  const bool written = write_files(options.csv_path, options.json_path, results);
  if (end->interrupted) return kExitInterrupted;
  const bool passed = std::all_of(results.runs.begin(), results.runs.end(),
                                  [](const SweepRun& run) { return run.passed; });
  return written && passed ? kExitPassed : kExitFailed;
}

}  // namespace kv::sim
