#include "sweep_results.h"

#include <algorithm>

#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

bool meant_to_show(const Scenario& scenario, const Violation& violation) {
  return std::any_of(scenario.expect.begin(), scenario.expect.end(), [&](const Expectation& e) {
    return e.claim == Claim::kViolation && e.checker == violation.checker;
  });
}

void say_what_failed(SweepRun& run, const Scenario& scenario, const RunResult& result) {
  for (const Violation& violation : result.violations) {
    if (meant_to_show(scenario, violation)) continue;
    run.checker = violation.checker;
    run.words = "at " + time_text(violation.at) + ": " + violation.words;
    return;
  }
  for (const Judgement& judgement : result.judgements) {
    if (judgement.verdict == Verdict::kMet) continue;
    run.checker = "expectation";
    run.words = "expected: " + describe(judgement.expectation) + "; at " + time_text(judgement.at) +
                ": " + (judgement.words.empty() ? "it was not so" : judgement.words);
    return;
  }
  for (const StepOutcome& step : result.steps) {
    if (!step.failed) continue;
    run.checker = "step";
    run.words = "step " + std::to_string(step.step) + " (from 0): " + step.words;
    return;
  }
}

}  // namespace

SweepRun summarize(std::uint64_t item, const Scenario& scenario, const RunResult& result) {
  SweepRun run;
  run.item = item;
  run.passed = result.passed;
  run.trace_hash = result.trace_hash;
  run.virtual_time = result.virtual_time;
  run.events = result.events;
  run.elections = result.elections;
  run.term = result.term;
  run.failovers = result.failovers.size();
  for (const Failover& failover : result.failovers) {
    if (failover.served) run.failover_times.push_back(*failover.served - failover.lost);
  }
  run.unavailable = result.unavailable;
  run.operations = result.operations;
  run.ok = result.operations_ok;
  run.refused = result.operations_refused;
  run.unknown = result.operations_unknown;
  run.undecided = result.undecided.size();
  if (!run.passed) say_what_failed(run, scenario, result);
  return run;
}

void compare_with_repetition(SweepRun& run, std::uint64_t trace_hash) {
  if (run.trace_hash == trace_hash) return;
  run.passed = false;
  run.checker = "determinism";
  run.words = "the same seed gave another run: trace hash " + hash_text(run.trace_hash) +
              ", then " + hash_text(trace_hash);
}

SweepRun lost_run(std::uint64_t item, const std::string& words) {
  SweepRun run;
  run.item = item;
  run.completed = false;
  run.checker = "process";
  run.words = words;
  return run;
}

}  // namespace kv::sim
