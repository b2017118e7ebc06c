#include "netsim/scenario.h"

#include <algorithm>
#include <filesystem>

#include "scenario_reader.h"

namespace kv::sim {
namespace {

/// Bytes of a key, as kvnode takes it.
constexpr std::size_t kMaxKeyBytes = 64 << 10;

void read_all(const LocatedValue& root, Reading& reading) {
  Scenario& scenario = reading.scenario;
  const Fields fields(root, object_form("scenario"), reading.problems);
  if (root.kind != LocatedValue::Kind::kObject) return;
  std::string schema;
  fields.take("$schema", schema, read_text);
  fields.take("title", scenario.title, read_text);
  fields.take("why", scenario.why, read_text);
  fields.take_whole("seed", scenario.seed, 0);
  fields.take("run_for", scenario.run_for, read_positive_duration);
  read_nodes(fields, reading);
  read_surroundings(fields, reading);
  if (const LocatedValue* const steps = fields.find("steps")) read_steps(*steps, reading);
  const LocatedValue* const expectations = fields.find("expect");
  if (expectations != nullptr) read_expectations(*expectations, reading);
  reading.names.check_uses(reading.problems);
  if (expectations != nullptr) check_contradictions(*expectations, reading);
}

/// The text's JSON with the settings in it; what is wrong is in `problems`.
Outcome read_tree(std::string_view text, const std::string& name, const Settings& settings,
                  LocatedValue& root, Problems& problems) {
  if (text.size() > kMaxScenarioBytes) {
    return Error{name + " has " + std::to_string(text.size()) + " bytes; a scenario has at most " +
                 std::to_string(kMaxScenarioBytes)};
  }
  if (std::optional<Problem> problem = parse_located(text, root)) {
    problems.add(std::move(*problem));
    return problems.error();
  }
  apply_settings(root, settings, problems);
  if (!problems.none()) return problems.error();
  return success();
}

}  // namespace

bool is_client_verb(Verb verb) {
  return verb == Verb::kSet || verb == Verb::kGet || verb == Verb::kDelete;
}

void sort_by_time(std::vector<Step>& steps) {
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return a.at.value_or(Instant{}) < b.at.value_or(Instant{});
  });
}

std::optional<std::string> read_value(const LocatedValue& value, Problems& problems) {
  if (value.kind == LocatedValue::Kind::kString) return value.text;
  if (value.kind != LocatedValue::Kind::kNull) return compact_text(value);
  problems.add(value, "null is no value: use 'delete', or the text \"null\"");
  return std::nullopt;
}

std::optional<std::optional<std::string>> read_value_or_absent(const LocatedValue& value,
                                                               Problems& problems) {
  if (value.kind == LocatedValue::Kind::kNull) return std::optional<std::string>();
  return read_value(value, problems);
}

std::optional<std::string> read_key(const LocatedValue& value, Problems& problems) {
  std::optional<std::string> key = read_text(value, problems);
  if (!key) return std::nullopt;
  const auto breaks = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  if (key->empty() || std::any_of(key->begin(), key->end(), breaks)) {
    problems.add(value, in_quotes(*key) + " can't be a key: a key is one word");
  } else if (key->size() > kMaxKeyBytes) {
    problems.add(value, "this key is longer than " + std::to_string(kMaxKeyBytes) + " bytes");
  }
  return key;
}

Result<Scenario> read_scenario(std::string_view text, const std::string& name,
                               const Settings& settings) {
  Scenario scenario;
  scenario.name = std::filesystem::path(name).stem().string();
  Names names;
  Problems problems(name, settings);
  LocatedValue root;
  const Outcome parsed = read_tree(text, name, settings, root, problems);
  if (!parsed) return parsed.error();
  Reading reading{scenario, names, problems};
  read_all(root, reading);
  if (!problems.none()) return problems.error();
  return scenario;
}

Result<std::string> with_settings(std::string_view text, const std::string& name,
                                  const Settings& settings) {
  Problems problems(name, settings);
  LocatedValue root;
  const Outcome parsed = read_tree(text, name, settings, root, problems);
  if (!parsed) return parsed.error();
  return compact_text(root);
}

}  // namespace kv::sim
