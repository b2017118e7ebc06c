#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/types.h"
#include "netsim/coverage.h"
#include "netsim/scenario.h"
#include "netsim/simulation.h"
#include "sweep_plan.h"

namespace kv::sim {

/// What a sweep keeps of a run.
struct SweepRun {
  std::uint64_t item{0};
  bool completed{true};  ///< false: the process died or hung, and nothing was measured
  bool passed{false};
  std::uint64_t trace_hash{0};
  Duration virtual_time{};
  std::uint64_t events{0};
  std::uint64_t elections{0};
  Term term{0};
  std::uint64_t failovers{0};              ///< those included that had not ended with the run
  std::vector<Duration> failover_times{};  ///< of those that ended
  Duration unavailable{};
  std::uint64_t operations{0};
  std::uint64_t ok{0};
  std::uint64_t refused{0};
  std::uint64_t unknown{0};
  std::uint64_t undecided{0};  ///< keys whose linearizability took too long to decide
  std::string checker{};       ///< of a failed run: what found it …
  std::string words{};         ///< … and what it said
  /// From a worker to its parent: counters that are not 0, by place in Coverage::counters().
  std::vector<std::pair<std::uint64_t, std::uint64_t>> coverage{};
  friend bool operator==(const SweepRun&, const SweepRun&) = default;
};

/// `result` as a sweep keeps it. A failed run has the words of its first violation, expectation or
/// step that failed.
SweepRun summarize(std::uint64_t item, const Scenario& scenario, const RunResult& result);

/// Why a sweep has no more runs.
enum class SweepEnd : std::uint8_t { kWhole, kStopped, kInterrupted, kTimeUp };

struct SweepResults {
  SweepPlan plan{};
  SweepEnd end{SweepEnd::kWhole};
  Duration wall_time{};                ///< of merged ones: the sum
  std::vector<SweepRun> runs{};        ///< in the order of items
  Duration worker_time{};              ///< real time of all workers together
  std::optional<Coverage> coverage{};  ///< of a swarm
};

/// A run that was repeated must be the same one: else it failed.
void compare_with_repetition(SweepRun& run, std::uint64_t trace_hash);

/// A run that came to no end.
SweepRun lost_run(std::uint64_t item, const std::string& words);

}  // namespace kv::sim
