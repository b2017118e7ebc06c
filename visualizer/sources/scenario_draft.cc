#include "sources/scenario_draft.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/duration_text.h"
#include "netsim/report_layout.h"
#include "netsim/scenario_language.h"
#include "netsim/scenario_layout.h"
#include "sources/fault_step.h"

namespace kv::viz {
namespace {

using Json = nlohmann::ordered_json;

std::string layout(const Json& scenario) {
  return sim::laid_out(scenario.dump());
}

// --- changes ---

/// Of a text that read_scenario() took, or that was made here.
Json tree_of(const std::string& text) {
  Json tree = Json::parse(text, nullptr, false);
  CHECK(tree.is_object());
  return tree;
}

/// Where a key of a scenario usually stands.
std::size_t place_of(const std::string& name) {
  const auto keys = sim::object_form("scenario").keys;
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const sim::Key& key) { return key.name == name; });
  return static_cast<std::size_t>(found - keys.begin());
}

/// The member of this name; made in its usual place if it is missing.
Json& member_of(Json& scenario, const std::string& name, const Json& otherwise) {
  if (scenario.contains(name)) return scenario[name];
  Json made = Json::object();
  for (const auto& [key, value] : scenario.items()) {
    if (!made.contains(name) && place_of(key) > place_of(name)) made[name] = otherwise;
    made[key] = value;
  }
  if (!made.contains(name)) made[name] = otherwise;
  scenario = std::move(made);
  return scenario[name];
}

void drop_if_empty(Json& scenario, const std::string& name) {
  if (scenario.contains(name) && scenario[name].empty()) scenario.erase(name);
}

/// What is wrong with a step that nobody wrote by hand: without the place in the file.
Error without_places(const Error& error, const std::string& path) {
  std::string text;
  for (std::size_t begin = 0; begin < error.message.size();) {
    const std::size_t end = std::min(error.message.find('\n', begin), error.message.size());
    std::string line = error.message.substr(begin, end - begin);
    const std::size_t place = line.starts_with(path + ":") ? line.find(": ", path.size()) : 0;
    if (place != 0 && place != std::string::npos) line.erase(0, place + 2);
    text += (text.empty() ? "" : "\n") + line;
    begin = end + 1;
  }
  return Error{text};
}

// --- what came of it ---

bool met(const sim::Judgement& judgement) {
  return judgement.verdict == sim::Verdict::kMet;
}

/// Drops what was expected of operations that ended otherwise. Gives the steps that could not be
/// done at all; an Error if one was done, but came to no end.
Result<std::vector<std::size_t>> drop_unmet_endings(Json& steps, const sim::Scenario& scenario,
                                                    const sim::RunResult& result) {
  std::vector<std::size_t> undone;
  for (const sim::StepOutcome& outcome : result.steps) {
    if (!outcome.failed) continue;
    Json& step = steps[outcome.step];
    if (!outcome.ended && scenario.steps[outcome.step].at) {
      return Error{"Step " + std::to_string(outcome.step + 1) + " had no end: " + outcome.words +
                   ". Let the run go on for longer, then save it."};
    }
    if (outcome.ended && step.contains("expect")) {
      step.erase("expect");
    } else {
      undone.push_back(outcome.step);
    }
  }
  return undone;
}

/// Keeps what was met. An item of roles is one expectation for each node.
Json kept_expectations(const Json& items, const std::vector<sim::Judgement>& judgements) {
  Json kept = Json::array();
  std::size_t index = 0;
  for (const Json& item : items) {
    if (!item.contains("role")) {
      if (met(judgements[index++])) kept.push_back(item);
      continue;
    }
    Json roles = Json::object();
    for (const auto& [who, role] : item["role"].items()) {
      if (met(judgements[index++])) roles[who] = role;
    }
    if (roles.empty()) continue;
    kept.push_back(item);
    kept.back()["role"] = std::move(roles);
  }
  CHECK(index == judgements.size());
  return kept;
}

/// What was seen at the end, as expectations that are not among the met ones yet.
class Findings {
 public:
  Findings(const sim::Simulation& ended, const sim::RunResult& result)
      : ended_(ended), result_(result) {}

  void add_to(Json& items) const {
    add_roles(items);
    add_primary(items);
    std::set<std::string> broken;
    for (const sim::Violation& violation : result_.violations) broken.insert(violation.checker);
    add_promise(items, "durability", "no acknowledged write is lost", broken);
    add_promise(items, "linearizability", "linearizable", broken);
    for (const std::string& checker : broken) {
      const bool known = is_met(
          [&](const auto& e) { return e.claim == sim::Claim::kViolation && e.checker == checker; });
      if (!known) items.push_back({{"violation", checker}});
    }
  }

 private:
  template <typename Wanted>
  bool is_met(Wanted wanted) const {
    return std::any_of(result_.judgements.begin(), result_.judgements.end(),
                       [&](const auto& j) { return met(j) && wanted(j.expectation); });
  }
  bool is_met_at_end(sim::Claim claim, const std::string& who) const {
    return is_met([&](const auto& e) {
      return e.claim == claim && e.moment == sim::Moment::kEnd && e.who == who;
    });
  }

  void add_roles(Json& items) const {
    Json roles = Json::object();
    const sim::Cluster& cluster = ended_.cluster();
    for (NodeId id = 1; id <= cluster.size(); ++id) {
      const std::string& name = ended_.cast().name(id);
      const std::string role = sim::role_of(cluster, id);
      // One that still believes to be the primary is none, but has no other role either.
      if (role == "primary" && cluster.primary() != id) continue;
      if (!is_met_at_end(sim::Claim::kRole, name)) roles[name] = role;
    }
    if (!roles.empty()) items.push_back({{"at", "end"}, {"role", roles}});
  }

  void add_primary(Json& items) const {
    const NodeId primary = ended_.cluster().primary();
    const std::string who = primary == kNoNode ? "none" : ended_.cast().name(primary);
    if (!is_met_at_end(sim::Claim::kPrimary, who))
      items.push_back({{"at", "end"}, {"primary", who}});
  }

  void add_promise(Json& items, const std::string& checker, const char* promise,
                   const std::set<std::string>& broken) const {
    const bool known =
        is_met([&](const auto& e) { return e.claim == sim::Claim::kNone && e.checker == checker; });
    if (!known && !broken.contains(checker)) items.push_back({{"always", promise}});
  }

  const sim::Simulation& ended_;
  const sim::RunResult& result_;
};

}  // namespace

ClusterInfo cluster_of(const sim::Scenario& scenario) {
  ClusterInfo cluster;
  cluster.title = scenario.title;
  for (const sim::NodeSpec& node : scenario.nodes) {
    cluster.nodes.push_back(node.name);
    cluster.zones.push_back(node.zone);
  }
  const auto unnamed = [](const std::string& zone) { return zone.empty(); };
  if (std::all_of(cluster.zones.begin(), cluster.zones.end(), unnamed)) cluster.zones.clear();
  return cluster;
}

Result<ScenarioDraft> ScenarioDraft::read(const std::string& text, const std::string& name,
                                          const sim::Settings& settings) {
  // What is wrong is told of the text as it stands in the file.
  const Result<sim::Scenario> as_written = sim::read_scenario(text, name, settings);
  if (!as_written) return as_written.error();
  const Result<std::string> whole = sim::with_settings(text, name, settings);
  if (!whole) return whole.error();
  ScenarioDraft draft;
  draft.path_ = name;
  const Outcome changed = draft.change(layout(tree_of(*whole)));
  if (!changed) return changed.error();
  return draft;
}

Outcome ScenarioDraft::change(std::string text) {
  Result<sim::Scenario> scenario = sim::read_scenario(text, path_);
  if (!scenario) return without_places(scenario.error(), path_);
  scenario_ = std::move(*scenario);
  text_ = std::move(text);
  return success();
}

Outcome ScenarioDraft::add(Instant at, const Fault& fault) {
  const Instant due = moment_behind(at);
  const Duration end = scenario_.run_for;
  if (due > Instant{} + end) {
    return Error{"The run ends at " + sim::time_text(Instant{} + end) +
                 ": let it go on for longer, then do this."};
  }
  std::vector<std::string> names;
  for (const sim::NodeSpec& node : scenario_.nodes) names.push_back(node.name);
  const std::vector<std::string> texts = steps_of(fault, due, names);
  Json scenario = tree_of(text_);
  Json& steps = member_of(scenario, "steps", Json::array());
  for (const std::string& step : texts) steps.push_back(tree_of(step));
  const Outcome changed = change(layout(scenario));
  if (!changed) return changed;
  added_.insert(added_.end(), texts.size(), added_.empty() ? 0 : added_.back() + 1);
  return success();
}

bool ScenarioDraft::undo() {
  if (added_.empty()) return false;
  Json scenario = tree_of(text_);
  Json& steps = scenario["steps"];
  for (const std::size_t last = added_.back(); !added_.empty() && added_.back() == last;) {
    steps.erase(steps.size() - 1);
    added_.pop_back();
  }
  drop_if_empty(scenario, "steps");
  const Outcome changed = change(layout(scenario));
  CHECK(changed.has_value());
  return true;
}

Outcome ScenarioDraft::set_seed(std::uint64_t seed) {
  Json scenario = tree_of(text_);
  member_of(scenario, "seed", seed) = seed;
  return change(layout(scenario));
}

Outcome ScenarioDraft::set_run_for(Duration run_for) {
  Json scenario = tree_of(text_);
  scenario["run_for"] = to_text(run_for);
  return change(layout(scenario));
}

Result<ScenarioDraft> ScenarioDraft::settled(const sim::Simulation& ended,
                                             const sim::RunResult& result) const {
  Json scenario = tree_of(text_);
  ScenarioDraft draft = *this;
  Json& steps = member_of(scenario, "steps", Json::array());
  Result<std::vector<std::size_t>> undone = drop_unmet_endings(steps, scenario_, result);
  if (!undone) return undone.error();
  const std::size_t by_file = steps.size() - added_.size();
  for (; !undone->empty(); undone->pop_back()) {
    const std::size_t index = undone->back();
    steps.erase(index);
    if (index < by_file) continue;
    draft.added_.erase(draft.added_.begin() + static_cast<std::ptrdiff_t>(index - by_file));
  }
  drop_if_empty(scenario, "steps");
  Json& items = member_of(scenario, "expect", Json::array());
  items = kept_expectations(items, result.judgements);
  Findings(ended, result).add_to(items);
  constexpr std::string_view kByHand = ", by hand";
  if (!scenario_.title.ends_with(kByHand))
    scenario["title"] = scenario_.title + std::string(kByHand);
  const Outcome changed = draft.change(layout(scenario));
  if (changed) return draft;
  return Error{"What came of it can't be written as a scenario that passes:\n" +
               changed.error().message};
}

}  // namespace kv::viz
