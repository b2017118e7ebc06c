#include "failure.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "netsim/report_layout.h"
#include "netsim/simulation.h"

namespace kv::sim {
namespace {

using Json = nlohmann::json;
using Kind = Failure::Kind;

bool is_shown(const Scenario& scenario, const Violation& violation) {
  return std::any_of(scenario.expect.begin(), scenario.expect.end(), [&](const Expectation& e) {
    return e.claim == Claim::kViolation && e.checker == violation.checker;
  });
}

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

std::optional<Failure> same_failure(const Scenario& scenario, const Failure& wanted) {
  Simulation simulation(scenario, scenario.seed);
  for (bool more = true; more;) {
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
