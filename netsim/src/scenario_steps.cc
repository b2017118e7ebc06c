#include <algorithm>
#include <limits>
#include <set>

#include "core/duration_text.h"
#include "nearest_word.h"
#include "scenario_reader.h"

namespace kv::sim {
namespace {

using Kind = LocatedValue::Kind;
using Also = Names::Also;

const VerbForm* verb_named(std::string_view word) {
  for (const VerbForm& form : verb_forms()) {
    if (form.key.name == word) return &form;
  }
  return nullptr;
}

bool has_key(std::span<const Key> keys, std::string_view name) {
  return std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
}

/// "'slow_disk'": the verbs that `key` goes with; empty if no verb knows it.
std::string verbs_with(std::string_view key) {
  std::string verbs;
  for (const VerbForm& form : verb_forms()) {
    if (!has_key(form.extras, key)) continue;
    verbs += (verbs.empty() ? "" : ", ") + in_quotes(form.key.name);
  }
  return verbs;
}

/// All words that begin a member of a step.
std::vector<std::string_view> step_words() {
  std::vector<std::string_view> words;
  for (const Key& key : step_keys()) words.push_back(key.name);
  for (const VerbForm& form : verb_forms()) {
    words.push_back(form.key.name);
    for (const Key& key : form.extras) words.push_back(key.name);
  }
  return words;
}

/// Reads one step.
class StepReader {
 public:
  StepReader(const LocatedValue& object, std::size_t order, Reading& reading)
      : object_(object),
        fields_(object, reading.problems),
        reading_(reading),
        problems_(reading.problems) {
    turn_.order = order;
    step_.place = object.place;
  }

  /// Nothing if the step has no single verb.
  std::optional<Step> read() {
    const VerbForm* const form = find_verb();
    read_moment();
    fields_.take("caption", step_.caption, read_text);
    if (form == nullptr) return std::nullopt;
    check_extras(*form);
    step_.verb = form->verb;
    read_verb(*fields_.find(form->key.name), form->key.form);
    read_extras();
    if (fields_.find("as") != nullptr) read_binding();
    return std::move(step_);
  }

 private:
  const VerbForm* find_verb();
  void check_extras(const VerbForm& form);
  void read_moment();
  void read_condition(const LocatedValue& value);
  void read_verb(const LocatedValue& value, std::string_view form);
  void read_extras();
  void read_partition(const LocatedValue& value);
  void read_link(const Fields& fields);
  void read_expected(const LocatedValue& value);
  void read_expected_object(const LocatedValue& value);
  void read_binding();
  void take_selector(const Fields& fields, std::string_view key, Selector& into,
                     Also also = Also::kNothing);

  const LocatedValue& object_;
  Fields fields_;
  Reading& reading_;
  Problems& problems_;
  Step step_{};
  Turn turn_{};
};

/// Notes unknown keys on the way.
const VerbForm* StepReader::find_verb() {
  const VerbForm* found = nullptr;
  bool misspelt = false;
  for (const LocatedValue* const member : members_of(object_, "a step: an object", problems_)) {
    const VerbForm* const form = verb_named(member->key);
    if (form == nullptr) {
      if (has_key(step_keys(), member->key) || !verbs_with(member->key).empty()) continue;
      problems_.add_at_key(*member, "there is no key " + in_quotes(member->key) + " in a step" +
                                        did_you_mean(member->key, step_words()));
      misspelt = true;
    } else if (found == nullptr) {
      found = form;
    } else {
      problems_.add_at_key(*member, "a step does one thing, but this one has " +
                                        in_quotes(found->key.name) + " and " +
                                        in_quotes(member->key) + ": write two steps");
    }
  }
  if (found == nullptr && !misspelt && object_.kind == Kind::kObject) {
    problems_.add(object_, "this step does nothing: it needs a verb such as 'crash' or 'set'");
  }
  return found;
}

void StepReader::check_extras(const VerbForm& form) {
  for (const LocatedValue& member : object_.children) {
    const std::string verbs = verbs_with(member.key);
    if (verbs.empty() || has_key(form.extras, member.key)) continue;
    problems_.add_at_key(member, in_quotes(member.key) + " doesn't go with " +
                                     in_quotes(form.key.name) + "; it goes with " + verbs);
  }
  for (const Key& key : form.extras) {
    if (!key.needed || fields_.find(key.name) != nullptr) continue;
    problems_.add(object_, in_quotes(form.key.name) + " needs the key " + in_quotes(key.name));
  }
}

void StepReader::read_moment() {
  if (object_.kind != Kind::kObject) return;
  const LocatedValue* const at = fields_.find("at");
  const LocatedValue* const when = fields_.find("when");
  const LocatedValue* const after = fields_.find("after");
  if (at == nullptr && when == nullptr) {
    problems_.add(object_, "this step needs 'at' (a time) or 'when' (a condition)");
  }
  if (at != nullptr && when != nullptr) {
    problems_.add_at_key(*when, "a step has either 'at' or 'when', this one has both");
  }
  if (after != nullptr && when == nullptr) {
    problems_.add_at_key(*after, "'after' goes with 'when': add it to 'at' instead");
  }
  fields_.take("at", step_.at, read_instant);
  fields_.take("after", step_.after, read_duration);
  if (when != nullptr) read_condition(*when);
  turn_.at = when == nullptr ? step_.at : std::nullopt;
  const Duration end = reading_.scenario.run_for;
  if (step_.at && end > Duration{} && *step_.at > Instant{} + end) {
    problems_.add(*at, "this step comes at " + to_text(*step_.at - Instant{}) +
                           ", but the scenario ends at " + to_text(end) + " (run_for)");
  }
}

void StepReader::read_condition(const LocatedValue& value) {
  Condition condition;
  const Fields fields(value, object_form("condition"), problems_);
  take_selector(fields, "primary", condition.primary, Also::kAny);
  fields.take("event", condition.event, [](const LocatedValue& name, Problems& problems) {
    return read_word(name, "event", problems);
  });
  take_selector(fields, "node", condition.node);
  const LocatedValue* const term = fields.find("term");
  if (term != nullptr) {
    condition.term = read_whole(*term, 0, std::numeric_limits<Term>::max(), problems_);
  }
  const bool primary = fields.find("primary") != nullptr;
  const bool event = fields.find("event") != nullptr;
  if (primary == event && value.kind == Kind::kObject) {
    problems_.add(value, "'when' needs either 'primary' or 'event'");
  }
  if (const LocatedValue* const node = fields.find("node"); node != nullptr && !event) {
    problems_.add_at_key(*node, "'node' goes with 'event': it says who reports it");
  }
  step_.when = std::move(condition);
}

void StepReader::take_selector(const Fields& fields, std::string_view key, Selector& into,
                               Also also) {
  const LocatedValue* const value = fields.find(key);
  if (value == nullptr) return;
  if (auto selector = reading_.names.read(*value, turn_, also, problems_)) into = *selector;
}

/// The value behind the verb itself.
void StepReader::read_verb(const LocatedValue& value, std::string_view form) {
  const std::string_view verb = verb_name(step_.verb);
  const bool link = form == "link" || (form == "healed" && value.kind == Kind::kObject);
  if (link) {
    const Fields fields(value, object_form("link"), problems_);
    read_link(fields);
    if (value.kind == Kind::kObject && value.children.empty()) {
      problems_.add(value, "say whose messages: 'from', 'to', or both");
    }
  } else if (form == "key") {
    fields_.take(verb, step_.key, read_key);
  } else if (form == "selector" || form == "healed") {
    take_selector(fields_, verb, step_.target);
  } else if (form == "receiver") {
    step_.target = "any";
    if (value.text != "any") take_selector(fields_, verb, step_.target);
  } else if (form == "latency") {
    fields_.take(verb, step_.latency, read_latency);
  } else if (form == "chance") {
    fields_.take(verb, step_.chance, read_chance);
  } else {
    CHECK(form == "partition");
    read_partition(value);
  }
}

void StepReader::read_link(const Fields& fields) {
  take_selector(fields, "from", step_.from);
  take_selector(fields, "to", step_.to);
  const LocatedValue* const to = fields.find("to");
  if (to != nullptr && step_.from == step_.to && reading_.names.is_node(step_.to)) {
    problems_.add(
        *to, "a node sends nothing to itself: 'from' and 'to' are both " + in_quotes(step_.to));
  }
}

void StepReader::read_partition(const LocatedValue& value) {
  if (value.kind == Kind::kString) {
    fields_.take("partition", step_.shape, [](const LocatedValue& shape, Problems& problems) {
      return read_word(shape, "shape", problems);
    });
    return;
  }
  constexpr std::string_view kWords =
      "a partition: \"halves\", \"bridge\", \"ring\", or lists of nodes such as "
      "[[\"node1\"], [\"node2\", \"node3\"]]";
  for (const LocatedValue& list : items_of(value, kWords, problems_)) {
    std::vector<Selector>& group = step_.groups.emplace_back();
    if (list.kind != Kind::kArray) problems_.add(list, expected("a list of nodes", list));
    std::set<Selector> seen;
    for (const LocatedValue& item : list.children) {
      const auto selector = reading_.names.read(item, turn_, Also::kNothing, problems_);
      if (!selector) continue;
      if (!seen.insert(*selector).second) {
        problems_.add(item, in_quotes(*selector) + " is in this group twice");
      }
      group.push_back(*selector);
    }
  }
}

/// Everything else. Which of these keys are there, check_extras() has seen to.
void StepReader::read_extras() {
  if (step_.verb != Verb::kCut && step_.verb != Verb::kHeal) read_link(fields_);
  fields_.take("value", step_.value, read_value);
  if (const LocatedValue* const expect = fields_.find("expect")) read_expected(*expect);
  fields_.take("retry", step_.retry, read_flag);
  fields_.take("timeout", step_.timeout, read_positive_duration);
  fields_.take("amid_effects", step_.amid_effects, read_flag);
  fields_.take("clients", step_.clients, read_flag);
  fields_.take("only", step_.only, [](const LocatedValue& list, Problems& problems) {
    return read_words(list, "message_kind", problems);
  });
  fields_.take("sync", step_.latency, read_latency);
  fields_.take_whole("offset", step_.offset, 0);
  if (step_.verb == Verb::kFlipBit || step_.verb == Verb::kReadError) step_.file = "log";
  fields_.take("file", step_.file, [](const LocatedValue& file, Problems& problems) {
    return read_word(file, "file_kind", problems);
  });
  fields_.take("on", step_.on, read_flag);
  fields_.take("ppm", step_.drift_ppm, read_ppm);
  fields_.take("by", step_.span, read_positive_duration);
  fields_.take("for", step_.span, read_positive_duration);
}

void StepReader::read_expected(const LocatedValue& value) {
  if (value.kind == Kind::kObject) return read_expected_object(value);
  const auto add = [&](const LocatedValue& word) {
    const std::optional<std::string> ending = read_word(word, "ending", problems_);
    for (const Ending known : {Ending::kOk, Ending::kRefused, Ending::kUnknown}) {
      if (ending && *ending == to_string(known)) step_.expect.endings.push_back(known);
    }
  };
  if (value.kind == Kind::kString) return add(value);
  constexpr std::string_view kWords =
      "an ending (\"ok\", \"refused\", \"unknown\"), a list of endings, {\"refused\": CODE}, or "
      "with 'get' {\"value\": VALUE}";
  for (const LocatedValue& word : items_of(value, kWords, problems_)) add(word);
}

void StepReader::read_expected_object(const LocatedValue& value) {
  ExpectedEnding& expect = step_.expect;
  if (value.find("refused") != nullptr) {
    const Fields fields(value, object_form("refusal"), problems_);
    expect.endings = {Ending::kRefused};
    fields.take("refused", expect.code, [](const LocatedValue& code, Problems& problems) {
      return read_word(code, "refusal_code", problems);
    });
    return;
  }
  const Fields fields(value, object_form("found"), problems_);
  expect.endings = {Ending::kOk};
  fields.take("value", expect.value, read_value_or_absent);
  if (step_.verb != Verb::kGet) {
    problems_.add(value, "only 'get' finds a value; expect \"ok\" here");
  }
}

void StepReader::read_binding() {
  const LocatedValue& name = *fields_.find("as");
  if (step_.verb == Verb::kTransfer && step_.target == "any") {
    problems_.add(name, "who will be the primary isn't known yet: name it with 'when' later");
  }
  const std::optional<std::string> text = read_text(name, problems_);
  if (!text) return;
  step_.bind = *text;
  reading_.names.bind(name, turn_, problems_);
}

}  // namespace

void read_steps(const LocatedValue& list, Reading& reading) {
  if (list.kind != Kind::kArray) {
    reading.problems.add(list, expected("a list of steps", list));
    return;
  }
  if (list.children.size() > kMaxSteps) {
    reading.problems.add(list, "a scenario has at most " + std::to_string(kMaxSteps) + " steps");
    return;
  }
  for (std::size_t i = 0; i < list.children.size(); ++i) {
    std::optional<Step> step = StepReader(list.children[i], i, reading).read();
    if (step) reading.scenario.steps.push_back(std::move(*step));
  }
}

}  // namespace kv::sim
