#include "report_json.h"

#include <nlohmann/json.hpp>

#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

using Json = nlohmann::ordered_json;

Json moment(const std::optional<Instant>& at) {
  return at ? Json(at->ns) : Json(nullptr);
}

Json failovers_json(const Scenario& scenario, const RunResult& result) {
  const auto name = [&](NodeId id) {
    return id == kNoNode ? Json(nullptr) : Json(scenario.nodes[id - 1].name);
  };
  Json list = Json::array();
  for (const Failover& failover : result.failovers) {
    list.push_back({{"lost_ns", failover.lost.ns},
                    {"old_primary", name(failover.old_primary)},
                    {"cause", failover.cause},
                    {"detected_ns", moment(failover.detected)},
                    {"detected_by", name(failover.detected_by)},
                    {"elected_ns", moment(failover.elected)},
                    {"served_ns", moment(failover.served)},
                    {"new_primary", name(failover.new_primary)},
                    {"term", failover.term},
                    {"campaigns", failover.campaigns}});
  }
  return list;
}

Json violations_json(const RunResult& result) {
  Json list = Json::array();
  for (const Violation& violation : result.violations) {
    list.push_back(
        {{"checker", violation.checker}, {"at_ns", violation.at.ns}, {"words", violation.words}});
  }
  return list;
}

Json expectations_json(const RunResult& result) {
  Json list = Json::array();
  for (const Judgement& judgement : result.judgements) {
    list.push_back({{"claim", describe(judgement.expectation)},
                    {"caption", judgement.expectation.caption},
                    {"met", judgement.verdict == Verdict::kMet},
                    {"decided_ns", judgement.at.ns},
                    {"found", judgement.words}});
  }
  return list;
}

Json steps_json(const Scenario& scenario, const RunResult& result) {
  Json list = Json::array();
  for (const StepOutcome& outcome : result.steps) {
    list.push_back({{"caption", scenario.steps[outcome.step].caption},
                    {"words", outcome.words},
                    {"ended", outcome.ended},
                    {"as_expected", !outcome.failed}});
  }
  return list;
}

}  // namespace

std::string report_json(const Scenario& scenario, const RunResult& result,
                        const RunNumbers& numbers) {
  const Json json{{"scenario", scenario.name},
                  {"title", scenario.title},
                  {"seed", result.seed},
                  {"passed", passed(result, numbers)},
                  {"trace_hash", hash_text(result.trace_hash)},
                  {"same_hash_again", numbers.repeated ? Json(numbers.same_hash) : Json(nullptr)},
                  {"virtual_time_ns", result.virtual_time.ns},
                  {"wall_time_ns", numbers.wall_time.ns},
                  {"events", result.events},
                  {"messages", result.messages},
                  {"elections", result.elections},
                  {"term", result.term},
                  {"unavailable_ns", result.unavailable.ns},
                  {"operations",
                   {{"total", result.operations},
                    {"ok", result.operations_ok},
                    {"refused", result.operations_refused},
                    {"unknown", result.operations_unknown}}},
                  {"failovers", failovers_json(scenario, result)},
                  {"steps", steps_json(scenario, result)},
                  {"expectations", expectations_json(result)},
                  {"violations", violations_json(result)},
                  {"undecided_keys", result.undecided}};
  // Keys and values of clients may hold any bytes.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kv::sim
