#include "failure.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "netsim/expectations.h"
#include "netsim/fault_budget.h"
#include "netsim/report_layout.h"
#include "netsim/simulation.h"

namespace kv::sim {
namespace {

using Json = nlohmann::json;
using Kind = Failure::Kind;

/// Holds a run's steps against the fault budget, each before its moment comes.
class BudgetWatch {
 public:
  explicit BudgetWatch(const Scenario& scenario) : scenario_(scenario) {}

  /// Before each advance(). False if a step that is due goes beyond.
  bool look(const Simulation& simulation) {
    const std::optional<Instant> next = simulation.cluster().next_at();
    bool keeps = true;
    for (; next && seen_ < scenario_.steps.size(); ++seen_) {
      const Step& step = scenario_.steps[seen_];
      if (step.at && *step.at + step.after > *next) break;
      if (step.at) keeps = keeps_to_it(simulation, step) && keeps;
    }
    return keeps;
  }

 private:
  bool keeps_to_it(const Simulation& simulation, Step step) {
    bool keeps = true;
    for (const NodeId id : simulation.cast().resolve(simulation.cluster(), Selector(step.target))) {
      step.target = simulation.cast().name(id);
      const bool within =
          within_fault_budget(scenario_.nodes, simulation.cluster(), step, lost_disks_);
      keeps = within && keeps;
    }
    return keeps;
  }

  const Scenario& scenario_;
  std::size_t seen_{0};
  std::set<Selector> lost_disks_{};
};

std::optional<Failure> unmet(const RunResult& result, const std::string* name) {
  for (const Judgement& judgement : result.judgements) {
    const std::string claim = describe(judgement.expectation);
    if (judgement.verdict != kv::sim::Verdict::kMet && (name == nullptr || *name == claim))
      return Failure{Kind::kExpectation, claim, judgement.words, judgement.at};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Failure> first_failure(const Scenario& scenario) {
  const RunResult result = run(scenario, scenario.seed);
  if (result.passed) return std::nullopt;
  for (const Violation& violation : result.violations) {
    if (!is_shown(scenario, violation))
      return Failure{Kind::kPromise, violation.checker, violation.words, violation.at};
  }
  if (auto failure = unmet(result, nullptr)) return failure;
  const auto step = std::find_if(result.steps.begin(), result.steps.end(),
                                 [](const StepOutcome& outcome) { return outcome.failed; });
  CHECK(step != result.steps.end());
  return Failure{Kind::kStep, "step " + std::to_string(step->step + 1), step->words, {}};
}

std::optional<Failure> same_failure(const Scenario& scenario, const Failure& wanted,
                                    bool within_budget) {
  Simulation simulation(scenario, scenario.seed);
  BudgetWatch watch(scenario);
  for (bool more = true; more;) {
    if (within_budget && !watch.look(simulation)) return std::nullopt;
    more = simulation.advance();
    if (wanted.kind != Kind::kPromise) continue;
    for (const Record& record : simulation.cluster().records()) {
      const auto* found = std::get_if<ViolationFound>(&record.fact);
      if (found != nullptr && found->checker == wanted.name)
        return Failure{Kind::kPromise, found->checker, found->words, record.at};
    }
  }
  if (wanted.kind != Kind::kExpectation) return std::nullopt;
  return unmet(simulation.result(), &wanted.name);
}

std::string to_line(const std::optional<Failure>& failure) {
  if (!failure) return "null";
  const Json json{static_cast<int>(failure->kind), failure->name, failure->words, failure->at.ns};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Failure> failure_of_line(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (json.is_null()) return std::nullopt;
  CHECK(json.is_array() && json.size() == 4);
  return Failure{static_cast<Kind>(json[0].get<int>()), json[1].get<std::string>(),
                 json[2].get<std::string>(), Instant{json[3].get<std::int64_t>()}};
}

}  // namespace kv::sim
