#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "netsim/scenario.h"
#include "sweep_plan.h"
#include "sweep_results.h"

namespace kv::sim {

/// How many runs are made, whatever they are: of one scenario (`kvsim sweep`) or each of its own
/// (`kvsim fuzz`).
struct CampaignOptions {
  std::uint32_t jobs{0};           ///< --jobs: worker processes; 0: one a core
  std::string shard{};             ///< --shard: "2/8"; empty: everything
  std::string csv_path{};          ///< --csv; empty: none
  std::string json_path{};         ///< --json; empty: none
  std::uint64_t failures{10};      ///< --failures: stop at so many, at least one
  bool keep_going{false};          ///< --keep-going: don't stop at failures
  bool quiet{false};               ///< --quiet: no progress on stderr
  bool coverage{false};            ///< --coverage: print what was met how often
  std::optional<Duration> time{};  ///< --time: real time; then no more runs are begun
  std::string version{};           ///< of the program: only equal ones can be merged
};

/// An Error if a file of the results can't be written.
Outcome check_files(const CampaignOptions& options);

/// Does the plan's runs in worker processes. `scenarios` are those of its variations; of a swarm,
/// none. The table goes to stdout, progress and errors go to stderr. Returns the exit code: 0 if
/// all passed, 1 if a run failed or a file could not be written, 2 if there are no processes, 130
/// after Ctrl-C.
int run_campaign(const SweepPlan& plan, const std::vector<Scenario>& scenarios,
                 const CampaignOptions& options);

/// Writes the files that are named (an empty path is none). Says on stderr which can't be written,
/// and returns false then.
bool write_files(const std::string& csv_path, const std::string& json_path,
                 const SweepResults& results);

}  // namespace kv::sim
