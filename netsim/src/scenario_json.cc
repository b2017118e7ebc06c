#include "scenario_json.h"

#include <algorithm>
#include <array>

#include "core/check.h"
#include "core/duration_text.h"
#include "core/trace.h"
#include "netsim/scenario_language.h"

namespace kv::sim {
namespace {

/// Digits, never an exponent.
std::string share_text(std::uint32_t per_million) {
  std::string digits = std::to_string(1'000'000 + per_million);  // 1.05 for 0.05
  std::string text = std::string(per_million < 1'000'000 ? "0" : "1") + "." + digits.substr(1);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// --- steps ---

Json condition_json(const Condition& condition) {
  Json json = Json::object();
  // The reader takes "any" for all nodes here.
  if (!condition.primary.empty())
    json["primary"] = condition.primary == "all" ? "any" : condition.primary;
  if (!condition.event.empty()) json["event"] = condition.event;
  if (!condition.node.empty()) json["node"] = condition.node;
  if (condition.term) json["term"] = *condition.term;
  return json;
}

Json ending_json(const ExpectedEnding& expect) {
  if (!expect.code.empty()) return {{"refused", expect.code}};
  if (expect.value) return {{"value", *expect.value ? json_of_value(**expect.value) : Json()}};
  Json words = Json::array();
  for (const Ending ending : expect.endings) words.push_back(to_string(ending));
  return words.size() == 1 ? words.front() : words;
}

Json link_of(const Step& step) {
  Json link = Json::object();
  if (!step.from.empty()) link["from"] = step.from;
  if (!step.to.empty()) link["to"] = step.to;
  return link;
}

/// What stands behind the verb.
Json object_of_verb(const Step& step, std::string_view form) {
  if (form == "key") return step.key;
  if (form == "latency") return json_of(step.latency);
  if (form == "chance") return json_of(step.chance);
  if (form == "link") return link_of(step);
  if (form == "healed" && step.target.empty()) return link_of(step);
  if (form != "partition") return step.target;
  return step.shape.empty() ? Json(step.groups) : Json(step.shape);
}

/// What may go with a verb, by its key.
struct StepField {
  std::string_view key;
  Json (*write)(const Step& step);
};
constexpr auto kStepFields = std::to_array<StepField>({
    {"value", [](const Step& s) { return json_of_value(s.value); }},
    {"to", [](const Step& s) { return Json(s.to); }},
    {"from", [](const Step& s) { return Json(s.from); }},
    {"expect", [](const Step& s) { return ending_json(s.expect); }},
    {"retry", [](const Step& s) { return Json(s.retry); }},
    {"timeout", [](const Step& s) { return json_of(s.timeout); }},
    {"amid_effects", [](const Step& s) { return Json(s.amid_effects); }},
    {"clients", [](const Step& s) { return Json(s.clients); }},
    {"only", [](const Step& s) { return Json(s.only); }},
    {"sync", [](const Step& s) { return json_of(s.latency); }},
    {"on", [](const Step& s) { return Json(s.on); }},
    {"offset", [](const Step& s) { return Json(s.offset); }},
    {"file", [](const Step& s) { return Json(s.file); }},
    {"ppm", [](const Step& s) { return Json(s.drift_ppm); }},
    {"by", [](const Step& s) { return json_of(s.span); }},
    {"for", [](const Step& s) { return json_of(s.span); }},
    {"as", [](const Step& s) { return Json(s.bind); }},
});

const StepField& step_field(std::string_view key) {
  const auto found = std::find_if(kStepFields.begin(), kStepFields.end(),
                                  [&](const StepField& field) { return field.key == key; });
  CHECK(found != kStepFields.end());
  return *found;
}

// --- expectations ---

Json bounds_of(const Expectation& expectation) {
  if (expectation.high == expectation.low) return expectation.low;
  Json bounds = Json::object();
  if (expectation.low > 0 || !expectation.high) bounds["at_least"] = expectation.low;
  if (expectation.high) bounds["at_most"] = *expectation.high;
  return bounds;
}

Json value_claim_of(const Expectation& expectation) {
  Json claim{{"key", expectation.key},
             {"is", expectation.value ? json_of_value(*expectation.value) : Json()}};
  if (expectation.who != "all") claim["on"] = expectation.who;
  return claim;
}

void put_claim(Json& json, const Expectation& expectation) {
  switch (expectation.claim) {
    case Claim::kPrimary:
      json["primary"] = expectation.who;
      return;
    case Claim::kRole:
      json["role"][expectation.who] = expectation.role;
      return;
    case Claim::kTerm:
      json["term"] = bounds_of(expectation);
      return;
    case Claim::kValue:
      json["value"] = value_claim_of(expectation);
      return;
    case Claim::kLogsEqual:
      json["logs_equal"] = true;
      return;
    case Claim::kFailover:
      json["failover_at_most"] = json_of(expectation.span);
      return;
    case Claim::kElections:
      if (expectation.high) {
        json["elections_at_most"] = *expectation.high;
      } else {
        json["elections_at_least"] = expectation.low;
      }
      return;
    case Claim::kAvailability:
      json["availability_at_least"] = json_of(expectation.chance);
      return;
    case Claim::kUnavailable:
      json["unavailable_at_most"] = json_of(expectation.span);
      return;
    case Claim::kViolation:
      json["violation"] = promise_of(expectation.checker);
      return;
    case Claim::kNone:
      json["always"] = promise_of(expectation.checker);
      return;
  }
  CHECK(false);
}

bool is_timed(Claim claim) {
  return claim == Claim::kPrimary || claim == Claim::kRole || claim == Claim::kTerm ||
         claim == Claim::kValue || claim == Claim::kLogsEqual;
}

Json item_json(const Expectation& expectation) {
  Json json = Json::object();
  if (is_timed(expectation.claim)) {
    const bool by = expectation.moment == Moment::kBy;
    json[by ? "by" : "at"] = expectation.moment == Moment::kEnd      ? Json("end")
                             : expectation.moment == Moment::kAlways ? Json("always")
                                                                     : json_of(expectation.when);
  }
  put_claim(json, expectation);
  if (!expectation.caption.empty()) json["caption"] = expectation.caption;
  return json;
}

}  // namespace

Json json_of(Duration duration) {
  return to_text(duration);
}

Json json_of(Instant instant) {
  return json_of(instant - Instant{});
}

Json json_of(Chance chance) {
  if (chance.per_million % 1'000'000 == 0) return chance.per_million / 1'000'000;
  return chance.per_million / 1e6;
}

Json json_of(const Latency& latency) {
  using Kind = Latency::Form::Kind;
  const Latency::Form form = latency.form();
  const Json low = json_of(form.low);
  const Json high = json_of(form.high);
  switch (form.kind) {
    case Kind::kConstant:
      return low;
    case Kind::kUniform:
      return {{"min", low}, {"max", high}};
    case Kind::kLogNormal:
      return {{"p50", low}, {"p99", high}};
    case Kind::kTwoMode:
      return {
          {"usual", low}, {"rare", high}, {"rare_share", json_of(Chance{form.rare_per_million})}};
    case Kind::kMeasured:
      break;
  }
  Json quantiles = Json::object();
  for (const Latency::Quantile& quantile : form.quantiles)
    quantiles[share_text(quantile.per_million)] = json_of(quantile.delay);
  return {{"quantiles", quantiles}};
}

Json json_of_value(const std::string& value) {
  Json json = Json::parse(value, nullptr, false);
  if (!json.is_structured() || json.dump() != value) return value;
  // Numbers that are not whole would be laid out with other digits.
  const Json leaves = json.flatten();
  const bool exact =
      std::none_of(leaves.begin(), leaves.end(), [](const Json& j) { return j.is_number_float(); });
  return exact ? json : Json(value);
}

Json json_of(const Step& step) {
  const VerbForm& form = verb_forms()[static_cast<std::size_t>(step.verb)];
  CHECK(form.verb == step.verb);
  Json json = Json::object();
  if (step.at) json["at"] = json_of(*step.at);
  if (step.when) json["when"] = condition_json(*step.when);
  if (step.after > Duration{}) json["after"] = json_of(step.after);
  json[std::string(form.key.name)] = object_of_verb(step, form.key.form);
  Step otherwise;
  if (step.verb == Verb::kFlipBit || step.verb == Verb::kReadError) otherwise.file = "log";
  for (const Key& key : form.extras) {
    const StepField& field = step_field(key.name);
    Json value = field.write(step);
    if (key.needed || value != field.write(otherwise))
      json[std::string(key.name)] = std::move(value);
  }
  if (!step.caption.empty()) json["caption"] = step.caption;
  return json;
}

Json json_of(const std::vector<Expectation>& expectations) {
  Json list = Json::array();
  const Expectation* before = nullptr;
  for (const Expectation& expectation : expectations) {
    const bool together =
        before != nullptr && before->claim == Claim::kRole && expectation.claim == Claim::kRole &&
        before->moment == expectation.moment && before->when == expectation.when &&
        before->caption == expectation.caption && !list.back()["role"].contains(expectation.who);
    if (together) {
      list.back()["role"][expectation.who] = expectation.role;
    } else {
      list.push_back(item_json(expectation));
    }
    before = &expectation;
  }
  return list;
}

}  // namespace kv::sim
