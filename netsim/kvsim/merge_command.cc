#include "merge_command.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <utility>

#include "campaign.h"
#include "core/check.h"
#include "exit_status.h"
#include "netsim/report_layout.h"
#include "sweep_files.h"
#include "sweep_table.h"

namespace kv::sim {
namespace {

/// In what two plans differ that should be equal, or nothing.
std::string difference(const SweepPlan& a, const SweepPlan& b) {
  if (a.scenario_hash != b.scenario_hash) return "the scenario's text";
  if (a.version != b.version) return "kvsim's version (" + a.version + ", " + b.version + ")";
  if (a.set != b.set) return "--set";
  if (a.vary != b.vary) return "--vary";
  if (a.swarm != b.swarm) return "what is drawn (--nodes, --faults, --length)";
  if (a.seeds != b.seeds) return "--seeds (" + to_text(a.seeds) + ", " + to_text(b.seeds) + ")";
  if (a.shard.count != b.shard.count)
    return "the number of shards (" + to_text(a.shard) + ", " + to_text(b.shard) + ")";
  return {};
}

std::string what_is_missing(const ShardFile& file) {
  const SweepResults& results = file.results;
  return "Shard " + to_text(results.plan.shard) + " (" + file.name + ") has " +
         grouped(results.runs.size()) + " of " +
         counted(results.plan.items_of_shard(), "run", "runs") + ": it was " +
         (results.end == SweepEnd::kStopped ? "stopped at a failure; --keep-going does "
                                              "them all."
                                            : "interrupted; do it again.");
}

}  // namespace

Result<MergedSweep> merge_shards(std::vector<ShardFile> files) {
  CHECK(!files.empty());
  MergedSweep merged;
  merged.results.plan = files.front().results.plan;
  std::map<std::uint64_t, std::string> seen;  // shard to file
  for (ShardFile& file : files) {
    SweepResults& results = file.results;
    const std::string differs = difference(files.front().results.plan, results.plan);
    if (!differs.empty()) {
      return Error{files.front().name + " and " + file.name +
                   " don't belong to one campaign: " + differs + " differs."};
    }
    const auto [first, is_new] = seen.emplace(results.plan.shard.index, file.name);
    if (!is_new) {
      const std::uint64_t item = results.plan.shard.index - 1;
      return Error{first->second + " and " + file.name + " are both shard " +
                   to_text(results.plan.shard) + ": item " + std::to_string(item) + " (seed " +
                   std::to_string(results.plan.seed_of(item)) +
                   ") and all its others would be there twice. Leave one file out."};
    }
    if (results.end == SweepEnd::kTimeUp) {
      merged.results.end = SweepEnd::kTimeUp;
    } else if (results.runs.size() < results.plan.items_of_shard())
      merged.missing.push_back(what_is_missing(file));
    merged.results.wall_time = merged.results.wall_time + results.wall_time;
    merged.results.worker_time = merged.results.worker_time + results.worker_time;
    if (results.coverage) {
      if (!merged.results.coverage) merged.results.coverage.emplace();
      merged.results.coverage->add(*results.coverage);
    }
    merged.results.runs.insert(merged.results.runs.end(),
                               std::make_move_iterator(results.runs.begin()),
                               std::make_move_iterator(results.runs.end()));
  }
  SweepPlan& plan = merged.results.plan;
  // More shards than runs: those behind the last run are empty, and kvsim refuses to do them.
  const std::uint64_t shards = std::min(plan.shard.count, plan.items());
  constexpr std::uint64_t kMostNamed = 100;
  for (std::uint64_t index = 1; index <= shards; ++index) {
    if (seen.contains(index)) continue;
    if (merged.missing.size() == kMostNamed) {
      merged.missing.push_back("And more.");
      break;
    }
    merged.missing.push_back("Shard " + to_text(Shard{index, plan.shard.count}) +
                             " is missing: kvsim " + (plan.swarm ? "fuzz" : "sweep") +
                             " … --shard " + to_text(Shard{index, plan.shard.count}) +
                             " --json FILE does it.");
  }
  plan.shard = {};
  std::sort(merged.results.runs.begin(), merged.results.runs.end(),
            [](const SweepRun& a, const SweepRun& b) { return a.item < b.item; });
  return merged;
}

int merge_command(const MergeOptions& options) {
  if (options.files.empty())
    return complain("Name the files to merge, which kvsim sweep or fuzz --shard i/n --json wrote.");
  std::vector<ShardFile> files;
  for (const std::string& name : options.files) {
    const Result<std::string> text = read_results_file(name);
    if (!text) return complain(text.error().message);
    Result<SweepResults> results = parse_json(*text, name);
    if (!results) return complain(results.error().message);
    files.push_back({name, std::move(*results)});
  }
  const Result<MergedSweep> merged = merge_shards(std::move(files));
  if (!merged) return complain(merged.error().message);
  const SweepResults& results = merged->results;
  std::fputs(report(results).c_str(), stdout);
  if (!merged->missing.empty()) {
    std::fputs("\nThis is not the whole campaign, so no file was written.\n", stdout);
    for (const std::string& sentence : merged->missing)
      std::fprintf(stdout, "%s\n", sentence.c_str());
    return kExitFailed;
  }
  std::fflush(stdout);
  const bool written = write_files(options.csv_path, options.json_path, results);
  const bool passed = std::all_of(results.runs.begin(), results.runs.end(),
                                  [](const SweepRun& run) { return run.passed; });
  return written && passed ? kExitPassed : kExitFailed;
}

}  // namespace kv::sim
