#include <algorithm>
#include <limits>

#include "core/duration_text.h"
#include "nearest_word.h"
#include "scenario_reader.h"

namespace kv::sim {
namespace {

using Kind = LocatedValue::Kind;
using Also = Names::Also;

const ClaimForm* claim_named(std::string_view word) {
  for (const ClaimForm& form : claim_forms()) {
    if (form.key.name == word) return &form;
  }
  return nullptr;
}

bool is_moment(std::string_view word) {
  const auto keys = moment_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == word; });
}

std::vector<std::string_view> expectation_words() {
  std::vector<std::string_view> words{caption_key().name};
  for (const Key& key : moment_keys()) words.push_back(key.name);
  for (const ClaimForm& form : claim_forms()) words.push_back(form.key.name);
  return words;
}

/// Reads one item of `expect`, which may hold several expectations: a claim about roles has one
/// for each node.
class ExpectationReader {
 public:
  ExpectationReader(const LocatedValue& object, Reading& reading)
      : object_(object),
        fields_(object, reading.problems),
        names_(reading.names),
        reading_(reading),
        problems_(reading.problems) {
    base_.place = object.place;
  }

  void read() {
    const ClaimForm* const form = find_claim();
    read_moment();
    fields_.take("caption", base_.caption, read_text);
    if (form == nullptr) return;
    check_moment(*form);
    read_claim(form->key.name, *fields_.find(form->key.name));
  }

 private:
  const ClaimForm* find_claim();
  void read_moment();
  void check_moment(const ClaimForm& form);
  void read_claim(std::string_view claim, const LocatedValue& value);
  void read_primary(const LocatedValue& value);
  void read_roles(const LocatedValue& roles);
  void read_term(const LocatedValue& value);
  void read_value_claim(const LocatedValue& value);
  void read_elections(const LocatedValue& value, bool at_least);
  void read_promise(std::string_view claim, const LocatedValue& value);
  void add(Claim claim) {
    base_.claim = claim;
    reading_.scenario.expect.push_back(base_);
  }
  /// What is bound by then can be named.
  Turn turn() const {
    const bool timed = base_.moment == Moment::kAt || base_.moment == Moment::kBy;
    return {timed ? std::optional(base_.when) : std::nullopt, kMaxSteps};
  }

  const LocatedValue& object_;
  Fields fields_;
  Names& names_;
  Reading& reading_;
  Problems& problems_;
  Expectation base_{};
};

/// Notes unknown keys on the way.
const ClaimForm* ExpectationReader::find_claim() {
  const ClaimForm* found = nullptr;
  bool misspelt = false;
  const auto members = members_of(object_, "an expectation: an object", problems_);
  for (const LocatedValue* const member : members) {
    const ClaimForm* const form = claim_named(member->key);
    if (form == nullptr) {
      if (is_moment(member->key) || member->key == caption_key().name) continue;
      problems_.add_at_key(*member, "there is no key " + in_quotes(member->key) +
                                        " in an expectation" +
                                        did_you_mean(member->key, expectation_words()));
      misspelt = true;
    } else if (found == nullptr) {
      found = form;
    } else {
      problems_.add_at_key(*member, "an expectation claims one thing, but this one has " +
                                        in_quotes(found->key.name) + " and " +
                                        in_quotes(member->key) + ": write two");
    }
  }
  if (found == nullptr && !misspelt && object_.kind == Kind::kObject) {
    problems_.add(object_,
                  "this expectation claims nothing: it needs a key such as 'primary' or 'always'");
  }
  return found;
}

void ExpectationReader::read_moment() {
  const LocatedValue* const at = fields_.find("at");
  const LocatedValue* const by = fields_.find("by");
  if (at != nullptr && by != nullptr) {
    problems_.add_at_key(*by, "an expectation has either 'at' or 'by', this one has both");
  }
  const LocatedValue* const moment = at != nullptr ? at : by;
  if (moment == nullptr) return;
  if (at != nullptr && at->text == "end") return;
  if (at != nullptr && at->text == "always") {
    base_.moment = Moment::kAlways;
    return;
  }
  const std::optional<Instant> when = read_instant(*moment, problems_);
  if (!when) return;
  base_.moment = at != nullptr ? Moment::kAt : Moment::kBy;
  base_.when = *when;
  const Duration end = reading_.scenario.run_for;
  if (end == Duration{} || *when <= Instant{} + end) return;
  problems_.add(*moment, "this is expected at " + to_text(*when - Instant{}) +
                             ", but the scenario ends at " + to_text(end) + " (run_for)");
}

void ExpectationReader::check_moment(const ClaimForm& form) {
  if (form.timed) return;
  for (const Key& key : moment_keys()) {
    const LocatedValue* const moment = fields_.find(key.name);
    if (moment == nullptr) continue;
    problems_.add_at_key(*moment, in_quotes(form.key.name) + " is about the whole run: leave out " +
                                      in_quotes(key.name));
  }
}

void ExpectationReader::read_claim(std::string_view claim, const LocatedValue& value) {
  if (claim == "primary") return read_primary(value);
  if (claim == "role") return read_roles(value);
  if (claim == "term") return read_term(value);
  if (claim == "value") return read_value_claim(value);
  if (claim == "elections_at_least") return read_elections(value, true);
  if (claim == "elections_at_most") return read_elections(value, false);
  if (claim == "always" || claim == "violation") return read_promise(claim, value);
  if (claim == "logs_equal") {
    if (value.kind != Kind::kBool || !value.truth) problems_.add(value, expected("true", value));
    return add(Claim::kLogsEqual);
  }
  if (claim == "availability_at_least") {
    fields_.take(claim, base_.chance, read_chance);
    return add(Claim::kAvailability);
  }
  CHECK(claim == "failover_at_most" || claim == "unavailable_at_most");
  fields_.take(claim, base_.span, read_duration);
  add(claim == "failover_at_most" ? Claim::kFailover : Claim::kUnavailable);
}

void ExpectationReader::read_primary(const LocatedValue& value) {
  const auto who = names_.read(value, turn(), Also::kAnyOrNone, problems_);
  if (!who) return;
  base_.who = *who;
  add(Claim::kPrimary);
}

void ExpectationReader::read_roles(const LocatedValue& roles) {
  constexpr std::string_view kWords = "an object such as {\"node1\": \"secondary\"}";
  const auto members = members_of(roles, kWords, problems_);
  if (roles.kind == Kind::kObject && members.empty()) problems_.add(roles, expected(kWords, roles));
  for (const LocatedValue* const member : members) {
    base_.who = names_.read_key(*member, turn());
    base_.place = member->key_place;
    const std::optional<std::string> role = read_word(*member, "role", problems_);
    if (!role) continue;
    base_.role = *role;
    add(Claim::kRole);
  }
}

void ExpectationReader::read_term(const LocatedValue& value) {
  constexpr std::uint64_t kMost = std::numeric_limits<Term>::max();
  if (value.kind == Kind::kObject) {
    const Fields fields(value, object_form("bounds"), problems_);
    fields.take_whole("at_least", base_.low, 0);
    const LocatedValue* const high = fields.find("at_most");
    if (high != nullptr) base_.high = read_whole(*high, 0, kMost, problems_);
    if (value.children.empty()) problems_.add(value, expected("'at_least' or 'at_most'", value));
  } else if (const auto term = read_whole(value, 0, kMost, problems_)) {
    base_.low = *term;
    base_.high = *term;
  }
  add(Claim::kTerm);
}

void ExpectationReader::read_value_claim(const LocatedValue& value) {
  const Fields fields(value, object_form("value_claim"), problems_);
  fields.take("key", base_.key, read_key);
  fields.take("is", base_.value, read_value_or_absent);
  base_.who = "all";
  if (const LocatedValue* const on = fields.find("on")) {
    if (auto who = names_.read(*on, turn(), Also::kNothing, problems_)) base_.who = *who;
  }
  add(Claim::kValue);
}

void ExpectationReader::read_elections(const LocatedValue& value, bool at_least) {
  const auto count = read_whole(value, 0, std::numeric_limits<std::uint32_t>::max(), problems_);
  if (!count) return;
  if (at_least) {
    base_.low = *count;
  } else {
    base_.high = *count;
  }
  add(Claim::kElections);
}

void ExpectationReader::read_promise(std::string_view claim, const LocatedValue& value) {
  const std::optional<std::string> promise = read_word(value, "promise", problems_);
  if (!promise) return;
  base_.checker = *checker_named(*promise);
  if (claim == "violation") return add(Claim::kViolation);
  base_.moment = Moment::kAlways;
  add(Claim::kNone);
}

// --- contradictions ---

bool same_moment(const Expectation& a, const Expectation& b) {
  return a.moment != Moment::kBy && a.moment == b.moment && a.when == b.when;
}

bool is_range(Claim claim) {
  return claim == Claim::kTerm || claim == Claim::kElections;
}

/// Why `a` and `b` can't both come true, empty if they can. Only what follows from the names alone:
/// that "old" is node1 shows only when the scenario runs.
std::string contradiction(const Expectation& a, const Expectation& b, const Names& names) {
  const bool both = a.claim == b.claim && same_moment(a, b);
  const bool nodes = names.is_node(a.who) && names.is_node(b.who);
  if (both && a.claim == Claim::kPrimary && a.who != b.who &&
      (nodes || a.who == "none" || b.who == "none")) {
    return "the primary can't be " + in_quotes(a.who) + " and " + in_quotes(b.who);
  }
  if (both && a.claim == Claim::kRole && a.who == b.who && nodes && a.role != b.role) {
    return in_quotes(a.who) + " can't be " + a.role + " and " + b.role;
  }
  if (both && a.claim == Claim::kRole && nodes && a.who != b.who && a.role == "primary" &&
      b.role == "primary") {
    return in_quotes(a.who) + " and " + in_quotes(b.who) + " can't both be the primary";
  }
  if (both && a.claim == Claim::kValue && a.who == b.who && a.key == b.key && a.value != b.value) {
    return "the key " + in_quotes(a.key) + " can't hold two values";
  }
  if (both && is_range(a.claim)) {
    if ((a.high && *a.high < b.low) || (b.high && *b.high < a.low)) {
      return a.claim == Claim::kTerm ? "these bounds of the term exclude each other"
                                     : "these bounds of the number of elections exclude each other";
    }
  }
  if (a.claim == Claim::kPrimary && b.claim == Claim::kRole && same_moment(a, b) && nodes &&
      (a.who == b.who) != (b.role == "primary")) {
    return in_quotes(b.who) + " can't be " + b.role + " while " + in_quotes(a.who) +
           " is the primary";
  }
  if (a.claim == Claim::kViolation && b.claim == Claim::kNone && a.checker == b.checker) {
    return "'" + a.checker + "' can't be violated and hold always";
  }
  return {};
}

}  // namespace

void read_expectations(const LocatedValue& list, Reading& reading) {
  if (list.kind != Kind::kArray) {
    reading.problems.add(list, expected("a list of expectations", list));
    return;
  }
  if (list.children.size() > kMaxExpectations) {
    reading.problems.add(
        list, "a scenario has at most " + std::to_string(kMaxExpectations) + " expectations");
    return;
  }
  for (const LocatedValue& item : list.children) ExpectationReader(item, reading).read();
}

void check_contradictions(const LocatedValue& list, Reading& reading) {
  const std::vector<Expectation>& all = reading.scenario.expect;
  const auto check = [&](const Expectation& a, const Expectation& b) {
    const std::string what = contradiction(a, b, reading.names);
    if (what.empty()) return false;
    const bool later = b.place.line > a.place.line ||
                       (b.place.line == a.place.line && b.place.column > a.place.column);
    const Expectation& second = later ? b : a;
    const Expectation& first = later ? a : b;
    reading.problems.add(
        {second.place, list.setting,
         what + ": compare the expectation in line " + std::to_string(first.place.line)});
    return true;
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_range(all[i].claim) && all[i].high && *all[i].high < all[i].low) {
      reading.problems.add({all[i].place, list.setting, "'at_most' is below 'at_least'"});
    }
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      if (!check(all[i], all[j])) check(all[j], all[i]);
    }
  }
}

}  // namespace kv::sim
