#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netsim/availability.h"
#include "netsim/catching_up.h"
#include "netsim/chaos.h"
#include "netsim/cluster.h"
#include "netsim/coverage.h"
#include "netsim/expectations.h"
#include "netsim/safety.h"
#include "netsim/scenario.h"
#include "netsim/steps.h"
#include "netsim/violation.h"
#include "netsim/workload.h"

namespace kv::sim {

/// What came of a run.
struct RunResult {
  std::uint64_t seed{0};
  std::uint64_t trace_hash{0};
  Duration virtual_time{};
  std::uint64_t events{0};  ///< inputs that nodes handled
  std::uint64_t messages{0};
  std::uint32_t elections{0};
  Term term{0};  ///< the latest
  Duration unavailable{};
  std::vector<Failover> failovers{};
  std::vector<Violation> violations{};
  std::vector<Judgement> judgements{};
  std::vector<StepOutcome> steps{};  ///< those that have not gone as expected count as failures
  std::uint64_t operations{0};       ///< of clients
  std::uint64_t operations_ok{0};
  std::uint64_t operations_refused{0};
  std::uint64_t operations_unknown{0};
  std::vector<std::string> undecided{};  ///< keys whose linearizability took too long to decide
  bool passed{false};
};

/// One run of a scenario, with everything that watches it: the same scenario and seed give the same
/// run. A value: its copy goes on in the same way.
class Simulation {
 public:
  Simulation(const Scenario& scenario, std::uint64_t seed);

  /// Does what is due next. What happened is in cluster().records() until the next call. False when
  /// the run is over: the records then are of what was decided at the end, among it whether what
  /// clients saw is linearizable.
  bool advance();
  /// Counts what happens from now on; the run is the same without.
  void watch_coverage() { coverage_.emplace(scenario_); }
  /// Null without watch_coverage().
  const Coverage* coverage() const { return coverage_ ? &coverage_->coverage() : nullptr; }
  /// After the last advance(): what came of it.
  RunResult result() const;

  const Scenario& scenario() const { return scenario_; }
  Cluster& cluster() { return cluster_; }
  const Cluster& cluster() const { return cluster_; }
  const Cast& cast() const { return steps_.cast(); }
  const std::vector<Step>& drawn_steps() const { return steps_.drawn(); }
  const Clients& clients() const { return clients_; }
  const Availability& availability() const { return availability_; }
  const Expectations& expectations() const { return expectations_; }

 private:
  void watch();
  void record_findings();
  void conclude();
  void note_ended();
  const KvStore* final_state() const;
  std::vector<Operation> history_to_explain() const;

  std::uint64_t seed_;
  Scenario scenario_;
  Cluster cluster_;
  Clients clients_;
  Steps steps_;
  Chaos chaos_;
  SafetyChecker safety_;
  Availability availability_;
  CatchingUp catching_up_;
  Expectations expectations_;
  std::optional<CoverageObserver> coverage_{};
  std::size_t recorded_violations_{0};
  std::vector<std::string> undecided_{};
  bool begun_{false};
  bool over_{false};
};

/// From the beginning to the end.
RunResult run(const Scenario& scenario, std::uint64_t seed);

}  // namespace kv::sim
