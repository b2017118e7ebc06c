#include "netsim/simulation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/check.h"
#include "netsim/exactly_once.h"
#include "netsim/linearizability.h"
#include "netsim/surroundings.h"

namespace kv::sim {

Simulation::Simulation(const Scenario& scenario, std::uint64_t seed)
    : seed_(seed),
      scenario_(scenario.chaos ? draw_surroundings(scenario, seed) : scenario),
      cluster_(scenario_, seed),
      clients_(scenario_, Rng(seed).fork("workload")),
      steps_(scenario_, Cast(scenario_)),
      chaos_(scenario_, Rng(seed).fork("chaos")),
      safety_(scenario_),
      availability_(scenario_),
      catching_up_(scenario_),
      expectations_(scenario_) {
  steps_.begin(cluster_);
  clients_.begin(cluster_);
  if (scenario_.chaos) chaos_.begin(cluster_);
  expectations_.begin(cluster_);
}

bool Simulation::advance() {
  // The first call finds the records of the nodes' start.
  if (std::exchange(begun_, true)) cluster_.clear_records();
  const std::optional<Instant> next = cluster_.next_at();
  if (over_ || !next || *next > Instant{} + scenario_.run_for) {
    if (!over_) conclude();
    over_ = true;
    return false;
  }
  const Happening happening = cluster_.advance();
  if (const auto* answer = std::get_if<Answer>(&happening)) {
    clients_.on_answer(cluster_, *answer);
    note_ended();
  } else if (const auto* alarm = std::get_if<Alarm>(&happening)) {
    switch (static_cast<AlarmOwner>(alarm->owner)) {
      case AlarmOwner::kClients:
        clients_.on_alarm(cluster_, alarm->data);
        note_ended();
        break;
      case AlarmOwner::kSteps:
        steps_.on_alarm(cluster_, clients_, alarm->data);
        break;
      case AlarmOwner::kChaos:
        if (coverage_) coverage_->before_strike(cluster_);
        chaos_.on_alarm(cluster_, steps_, alarm->data);
        break;
      case AlarmOwner::kExpectations:
        expectations_.on_alarm(cluster_, steps_.cast(), alarm->data);
        break;
    }
  }
  watch();
  return true;
}

void Simulation::note_ended() {
  const std::vector<std::size_t> ended = clients_.take_ended();
  if (ended.empty()) return;
  for (const std::size_t index : ended) {
    const Operation& operation = clients_.history()[index];
    if (operation.kind == OperationKind::kSet && operation.ending == Ending::kOk)
      safety_.acknowledged(cluster_.now(), operation.key, operation.value);
    if (operation.kind == OperationKind::kGet && operation.ending == Ending::kOk)
      safety_.answered(operation);
  }
  steps_.on_ended(clients_, ended);
}

void Simulation::watch() {
  safety_.observe(cluster_);
  availability_.observe(cluster_);
  catching_up_.observe(cluster_, availability_.primary());
  if (auto stalled = availability_.take_violation()) safety_.violations().push_back(*stalled);
  if (auto stuck = catching_up_.take_violation()) safety_.violations().push_back(*stuck);
  steps_.observe(cluster_);
  if (scenario_.chaos) chaos_.observe(cluster_);
  expectations_.observe(cluster_, steps_.cast());
  if (coverage_) coverage_->observe(cluster_);
  record_findings();
}

void Simulation::record_findings() {
  for (const std::size_t index : expectations_.take_decided()) {
    const Judgement& judgement = expectations_.judgements()[index];
    cluster_.record(kNoNode,
                    ExpectationDecided{static_cast<std::uint32_t>(index),
                                       judgement.verdict == Verdict::kMet, judgement.words});
  }
  while (recorded_violations_ < safety_.violations().size()) {
    const Violation& found = safety_.violations()[recorded_violations_++];
    cluster_.record(kNoNode, ViolationFound{found.checker, found.words});
  }
}

void Simulation::conclude() {
  cluster_.idle_until(Instant{} + scenario_.run_for);
  safety_.finish(cluster_);
  availability_.finish(cluster_);
  const LinearizabilityResult order = check_linearizability(history_to_explain());
  if (order.violation)
    safety_.violations().push_back({"linearizability", cluster_.now(), *order.violation});
  undecided_ = order.undecided;
  if (auto words =
          check_exactly_once(clients_.history(), final_state(), safety_.expiries().lost_sessions()))
    safety_.violations().push_back({"exactly once", cluster_.now(), std::move(*words)});
  steps_.finish();
  expectations_.finish(cluster_, steps_.cast(), availability_, clients_, safety_.violations());
  record_findings();
  if (coverage_) coverage_->finish(clients_.history(), safety_);
}

/// What a client would read at the end, if there is a primary it could ask; else null.
const KvStore* Simulation::final_state() const {
  const NodeId primary = availability_.primary();
  // In mode `primary` a client would also see what is not applied yet.
  if (primary == kNoNode || scenario_.ack == AckMode::kPrimary) return nullptr;
  for (NodeId id = 1; id <= cluster_.size(); ++id) {
    const Replica* other = cluster_.replica(id);
    if (other != nullptr && other->raft().term() > cluster_.replica(primary)->raft().term())
      return nullptr;
  }
  return &cluster_.replica(primary)->store();
}

/// What clients saw of keys that are set and deleted, with the deletes by the log's clock, and a
/// read of every key at the end: a write that nobody read since must be there as well.
std::vector<Operation> Simulation::history_to_explain() const {
  std::vector<Operation> history;
  std::set<std::string> keys;
  for (const Operation& operation : clients_.history()) {
    if (operation.kind == OperationKind::kIncrement) continue;
    history.push_back(operation);
    keys.insert(operation.key);
  }
  const std::vector<Operation>& expired = safety_.expiries().deletes();
  history.insert(history.end(), expired.begin(), expired.end());
  const KvStore* state = final_state();
  if (state == nullptr) return history;
  for (const std::string& key : keys) {
    Operation read;
    read.id = history.size() + 1;
    read.kind = OperationKind::kGet;
    read.key = key;
    const auto value = state->get(key);
    if (value) read.found = std::string(*value);
    read.called = read.returned = cluster_.now();
    read.ending = Ending::kOk;
    history.push_back(std::move(read));
  }
  return history;
}

RunResult Simulation::result() const {
  RunResult result;
  result.violations = safety_.violations();
  result.undecided = undecided_;
  result.seed = seed_;
  result.trace_hash = cluster_.trace_hash();
  result.virtual_time = scenario_.run_for;
  result.events = cluster_.inputs();
  result.messages = cluster_.messages();
  result.elections = availability_.elections();
  for (NodeId id = 1; id <= cluster_.size(); ++id) {
    if (cluster_.replica(id) != nullptr)
      result.term = std::max(result.term, cluster_.replica(id)->raft().term());
  }
  result.unavailable = availability_.unavailable();
  result.failovers = availability_.failovers();
  result.judgements = expectations_.judgements();
  result.steps = steps_.outcomes();
  for (const Operation& operation : clients_.history()) {
    ++result.operations;
    result.operations_ok += operation.ending == Ending::kOk ? 1 : 0;
    result.operations_refused += operation.ending == Ending::kRefused ? 1 : 0;
    result.operations_unknown += operation.ending == Ending::kUnknown ? 1 : 0;
  }
  const auto shown = [&](const Violation& violation) { return is_shown(scenario_, violation); };
  result.passed = std::all_of(result.violations.begin(), result.violations.end(), shown) &&
                  std::all_of(result.judgements.begin(), result.judgements.end(),
                              [](const Judgement& j) { return j.verdict == Verdict::kMet; }) &&
                  std::none_of(result.steps.begin(), result.steps.end(),
                               [](const StepOutcome& step) { return step.failed; });
  return result;
}

RunResult run(const Scenario& scenario, std::uint64_t seed) {
  Simulation simulation(scenario, seed);
  while (simulation.advance()) {
  }
  return simulation.result();
}

}  // namespace kv::sim
