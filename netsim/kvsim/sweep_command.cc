#include "sweep_command.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/hash.h"
#include "netsim/simulation.h"
#include "progress_bar.h"
#include "sweep_files.h"
#include "sweep_plan.h"
#include "sweep_results.h"
#include "sweep_table.h"
#include "terminal_style.h"
#include "worker_pool.h"

namespace kv::sim {
namespace {

constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kInterrupted = 130;  // as shells have it: 128 + SIGINT
constexpr std::uint64_t kStopAtFailures = 10;
constexpr std::uint64_t kRepeatEach = 100;

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
  const Result<SeedRange> seeds = parse_seeds(options.seeds);
  if (!seeds) return seeds.error();
  plan.seeds = *seeds;
  if (!options.shard.empty()) {
    const Result<Shard> shard = parse_shard(options.shard);
    if (!shard) return shard.error();
    plan.shard = *shard;
  }
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
  for (const std::string& path : {options.csv_path, options.json_path}) {
    if (path.empty()) continue;
    const Outcome writable = check_writable(path);
    if (!writable) return writable.error();
  }
  return prepared;
}

class SweepJob final : public Job {
 public:
  explicit SweepJob(const Prepared& prepared) : prepared_(prepared) {}
  std::string run(std::uint64_t item) override {
    const SweepPlan& plan = prepared_.plan;
    const Scenario& scenario = prepared_.scenarios[plan.variation_of(item)];
    SweepRun run = summarize(item, scenario, sim::run(scenario, plan.seed_of(item)));
    // By a hash, so that every shard repeats some.
    if (hash64(std::to_string(item)) % kRepeatEach == 0) {
      compare_with_repetition(run, sim::run(scenario, plan.seed_of(item)).trace_hash);
    }
    return to_json_line(plan, run);
  }

 private:
  const Prepared& prepared_;
};

class SweepCollector final : public Collector {
 public:
  SweepCollector(const SweepPlan& plan, const SweepOptions& options)
      : plan_(plan),
        keep_going_(options.keep_going),
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
  bool enough() const override { return !keep_going_ && failed_ >= kStopAtFailures; }

  SweepResults results(const PoolEnd& pool_end) {
    show(bar_.clear());
    SweepResults results{plan_, SweepEnd::kWhole, pool_end.elapsed, std::move(runs_)};
    std::vector<SweepRun>& runs = results.runs;
    std::sort(runs.begin(), runs.end(),
              [](const SweepRun& a, const SweepRun& b) { return a.item < b.item; });
    if (pool_end.interrupted) {
      results.end = SweepEnd::kInterrupted;
    } else if (enough()) {
      // Items are begun in order and those begun were done. So the tenth failure in that order is
      // the same one whatever the number of workers; what lies behind it is not.
      std::uint64_t failed = 0;
      const auto tenth = std::find_if(runs.begin(), runs.end(), [&](const SweepRun& run) {
        return !run.passed && ++failed == kStopAtFailures;
      });
      runs.erase(tenth + 1, runs.end());
      if (runs.size() < plan_.items_of_shard()) results.end = SweepEnd::kStopped;
    }
    return results;
  }

 private:
  void add(SweepRun run) {
    failed_ += run.passed ? 0 : 1;
    runs_.push_back(std::move(run));
  }
  static void show(const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
  }

  const SweepPlan& plan_;
  bool keep_going_;
  ProgressBar bar_;
  std::uint64_t failed_{0};
  std::vector<SweepRun> runs_{};
};

int refuse(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return kUsage;
}

bool write_files(const SweepOptions& options, const SweepResults& results) {
  Outcome csv = success();
  Outcome json = success();
  if (!options.csv_path.empty()) csv = write_file(options.csv_path, to_csv(results));
  if (!options.json_path.empty()) json = write_file(options.json_path, to_json(results));
  for (const Outcome* const outcome : {&csv, &json}) {
    if (!*outcome) std::fprintf(stderr, "%s\n", outcome->error().message.c_str());
  }
  return csv && json;
}

}  // namespace

int sweep_command(const SweepOptions& options) {
  const Result<Prepared> prepared = prepare(options);
  if (!prepared) return refuse(prepared.error());
  const SweepPlan& plan = prepared->plan;
  SweepJob job(*prepared);
  SweepCollector collector(plan, options);
  PoolOptions pool;
  const std::uint32_t wanted = options.jobs > 0 ? options.jobs : core_count();
  pool.jobs = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, plan.items_of_shard()));
  const Result<PoolEnd> end =
      run_in_workers(job, {plan.shard.index - 1, plan.shard.count, plan.items()}, collector, pool);
  if (!end) return refuse(end.error());
  const SweepResults results = collector.results(*end);
  std::fputs(report(results).c_str(), stdout);
  std::fflush(stdout);
  const bool written = write_files(options, results);
  if (end->interrupted) return kInterrupted;
  const bool passed = std::all_of(results.runs.begin(), results.runs.end(),
                                  [](const SweepRun& run) { return run.passed; });
  return written && passed ? kPassed : kFailed;
}

}  // namespace kv::sim
