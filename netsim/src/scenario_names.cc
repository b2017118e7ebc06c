#include "scenario_names.h"

#include <algorithm>
#include <array>

#include "core/duration_text.h"
#include "nearest_word.h"

namespace kv::sim {
namespace {

constexpr std::string_view kNot = "not ";
constexpr auto kRoleSelectors =
    std::to_array<std::string_view>({"primary", "a secondary", "every secondary", "all"});
constexpr auto kReserved = std::to_array<std::string_view>({"any", "none", "not"});

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// As kvnode's --node-id.
bool well_formed(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits) &&
         name.find_first_not_of('.') != std::string_view::npos;
}

template <typename List>
std::string joined(const List& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool before(const Turn& a, const Turn& b) {
  return *a.at < *b.at || (*a.at == *b.at && a.order < b.order);
}

}  // namespace

bool Names::is_node(std::string_view name) const {
  return contains(nodes_, name);
}

bool Names::taken(std::string_view name) const {
  return is_node(name) || contains(zones_, name);
}

std::string Names::objection(std::string_view name) const {
  if (!well_formed(name)) {
    return in_quotes(name) + " can't be a name: names consist of 1 to 64 of A-Z a-z 0-9 _ . -";
  }
  if (contains(kRoleSelectors, name) || contains(kReserved, name)) {
    return in_quotes(name) + " can't be a name: it means something else here";
  }
  if (taken(name)) return "there is a node or a zone named " + in_quotes(name) + " already";
  return {};
}

void Names::add_node(const std::string& name, const LocatedValue& at, Problems& problems) {
  const std::string problem = objection(name);
  if (!problem.empty()) problems.add(at, problem);
  nodes_.push_back(name);
}

void Names::add_zone(const LocatedValue& zone, Problems& problems) {
  const std::string problem = objection(zone.key);
  if (!problem.empty()) problems.add_at_key(zone, problem);
  zones_.push_back(zone.key);
}

void Names::bind(const LocatedValue& name, Turn turn, Problems& problems) {
  const std::string problem = objection(name.text);
  if (!problem.empty()) {
    problems.add(name, problem);
    return;
  }
  bindings_.push_back({name.text, name.place, turn});
}

std::optional<Selector> Names::read(const LocatedValue& value, Turn turn, Also also,
                                    Problems& problems) {
  if (value.kind != LocatedValue::Kind::kString) {
    problems.add(value, expected("a node such as \"node1\" or \"primary\"", value));
    return std::nullopt;
  }
  if (also == Also::kAny && value.text == "any") return "all";
  if (also == Also::kAnyOrNone && (value.text == "any" || value.text == "none")) return value.text;
  uses_.push_back({value.text, value.place, value.setting, turn});
  return value.text;
}

Selector Names::read_key(const LocatedValue& member, Turn turn) {
  uses_.push_back({member.key, member.key_place, member.setting, turn});
  return member.key;
}

std::vector<std::string_view> Names::bound_names() const {
  constexpr std::size_t kMost = 20;  // in a message
  std::vector<std::string_view> names;
  for (const Binding& binding : bindings_) {
    if (!contains(names, binding.name)) names.emplace_back(binding.name);
    if (names.size() == kMost) break;
  }
  return names;
}

std::string Names::unknown(std::string_view name) const {
  const std::vector<std::string_view> bound = bound_names();
  std::vector<std::string_view> known(kRoleSelectors.begin(), kRoleSelectors.end());
  known.insert(known.end(), nodes_.begin(), nodes_.end());
  known.insert(known.end(), zones_.begin(), zones_.end());
  known.insert(known.end(), bound.begin(), bound.end());
  std::string text =
      "there is no node " + in_quotes(name) + "; this scenario has " + joined(nodes_);
  if (!zones_.empty()) text += "; the zones " + joined(zones_);
  if (!bound.empty()) text += "; bound by \"as\": " + joined(bound);
  return text + did_you_mean(name, known);
}

std::string Names::objection(const Use& use) const {
  std::string_view name = use.selector;
  const bool negated = name.starts_with(kNot);
  if (negated) name.remove_prefix(kNot.size());
  if (negated && name == "all") return "'not all' is no node: name the ones that you mean";
  if (taken(name) || contains(kRoleSelectors, name)) return {};
  const Binding* later = nullptr;
  for (const Binding& binding : bindings_) {
    if (binding.name != name) continue;
    const bool timed = binding.turn.at && use.turn.at;
    const bool bound =
        timed ? before(binding.turn, use.turn) : binding.turn.order != use.turn.order;
    if (bound) return {};
    later = &binding;
  }
  if (later == nullptr) return unknown(name);
  const std::string when = later->turn.at ? " at " + to_text(*later->turn.at - Instant{}) : "";
  return in_quotes(name) + " isn't bound yet: the step in line " +
         std::to_string(later->place.line) + " binds it" + when;
}

void Names::check_uses(Problems& problems) const {
  for (const Use& use : uses_) {
    std::string problem = objection(use);
    if (!problem.empty()) problems.add({use.place, use.setting, std::move(problem)});
  }
}

}  // namespace kv::sim
