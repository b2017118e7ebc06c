#include <algorithm>
#include <charconv>

#include "scenario_reader.h"

namespace kv::sim {
namespace {

using Kind = LocatedValue::Kind;

void mark(LocatedValue& value, std::uint32_t setting) {
  value.setting = setting;
  for (LocatedValue& child : value.children) mark(child, setting);
}

/// JSON if it is some, else a text.
LocatedValue value_of(std::string_view text) {
  LocatedValue value;
  if (!parse_located(text, value)) return value;
  value = {};
  value.kind = Kind::kString;
  value.text = text;
  return value;
}

/// A preset that only a part is to be changed of: {"like": "lan"}.
void open_preset(LocatedValue& timing, std::uint32_t setting) {
  LocatedValue like = timing;
  like.key = "like";
  timing.kind = Kind::kObject;
  timing.setting = setting;
  timing.text.clear();
  timing.children.push_back(std::move(like));
}

LocatedValue* item_at(LocatedValue& list, std::string_view part, std::string& problem) {
  std::size_t index = 0;
  const char* const end = part.data() + part.size();
  const auto [rest, error] = std::from_chars(part.data(), end, index);
  if (error == std::errc{} && rest == end && index < list.children.size()) {
    return &list.children[index];
  }
  problem = in_quotes(part) + " is no item of a list of " + std::to_string(list.children.size()) +
            ": items are counted from 0";
  return nullptr;
}

/// Where the path leads from `value`; members that are missing are made. With nullptr, `problem`
/// says why.
LocatedValue* step_into(LocatedValue& value, std::string_view part, bool top, std::uint32_t setting,
                        std::string& problem) {
  if (part.empty()) {
    problem = "a name is missing before or behind a dot";
    return nullptr;
  }
  if (value.kind == Kind::kArray) return item_at(value, part, problem);
  if (value.kind == Kind::kString && !top && value.key == "timing") open_preset(value, setting);
  if (value.kind != Kind::kObject) {
    value.kind = Kind::kObject;
    value.text.clear();
    value.setting = setting;
  }
  if (LocatedValue* const member = value.find(part)) return member;
  LocatedValue& member = value.children.emplace_back();
  member.key = part;
  member.setting = setting;
  return &member;
}

void apply(LocatedValue& root, std::string_view text, std::uint32_t setting, Problems& problems) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    problems.add({{}, setting, "write a path, '=' and a value, such as network.latency=20ms"});
    return;
  }
  LocatedValue* value = &root;
  std::string_view path = text.substr(0, equals);
  if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '.')) >= kMaxNesting) {
    problems.add({{}, setting, "this path is too long"});
    return;
  }
  while (true) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    std::string problem;
    value = step_into(*value, path.substr(0, dot), value == &root, setting, problem);
    if (value == nullptr) {
      problems.add({{}, setting, std::move(problem)});
      return;
    }
    if (dot == path.size()) break;
    path.remove_prefix(dot + 1);
  }
  LocatedValue changed = value_of(text.substr(equals + 1));
  changed.key = value->key;
  changed.key_place = value->key_place;
  *value = std::move(changed);
  mark(*value, setting);
}

}  // namespace

void apply_settings(LocatedValue& root, const Settings& settings, Problems& problems) {
  if (root.kind != Kind::kObject) return;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const auto setting = static_cast<std::uint32_t>(i + 1);
    if (const std::optional<Problem> problem = check_characters(settings[i])) {
      problems.add({{}, setting, problem->what});
    } else {
      apply(root, settings[i], setting, problems);
    }
  }
}

}  // namespace kv::sim
