// What a scenario expects.
#include "scenario_reading.h"

namespace kv::sim {
namespace {

std::string expecting(const std::string& items) {
  return "\"expect\": [" + items + "]";
}

Expectation expectation_of(const std::string& item) {
  const Scenario scenario = scenario_with(expecting(item));
  return scenario.expect.size() == 1 ? scenario.expect.front() : Expectation{};
}

std::string wrong_with(const std::string& item) {
  return complaint_about(expecting(item));
}

TEST(ScenarioExpect, HasAMoment) {
  const Expectation at = expectation_of(R"({"at": "15s", "primary": "node2", "caption": "C"})");
  EXPECT_EQ(at.claim, Claim::kPrimary);
  EXPECT_EQ(at.moment, Moment::kAt);
  EXPECT_EQ(at.when, Instant{} + seconds(15));
  EXPECT_EQ(at.who, "node2");
  EXPECT_EQ(at.caption, "C");
  EXPECT_EQ(expectation_of(R"({"by": "15s", "primary": "any"})").moment, Moment::kBy);
  EXPECT_EQ(expectation_of(R"({"at": "end", "primary": "none"})").moment, Moment::kEnd);
  EXPECT_EQ(expectation_of(R"({"primary": "not node1"})").moment, Moment::kEnd);
  EXPECT_EQ(expectation_of(R"({"at": "always", "term": 0})").moment, Moment::kAlways);
  EXPECT_EQ(wrong_with(R"({"at": "1s", "by": "2s", "primary": "node1"})"),
            "an expectation has either 'at' or 'by', this one has both");
  EXPECT_EQ(wrong_with(R"({"by": "2m", "primary": "node1"})"),
            "this is expected at 2m, but the scenario ends at 1m (run_for)");
  EXPECT_EQ(wrong_with(R"({"by": "-2s", "primary": "node1"})").substr(0, 45),
            "'-2s' is no duration: it can't be negative. W");
  EXPECT_EQ(wrong_with(R"({"by": "end", "primary": "node1"})").substr(0, 22),
            "'end' is no duration: ");
}

TEST(ScenarioExpect, ClaimsOneThing) {
  EXPECT_EQ(wrong_with(R"({"at": "1s"})"),
            "this expectation claims nothing: it needs a key such as 'primary' or 'always'");
  EXPECT_EQ(wrong_with(R"({"primary": "node1", "term": 1})"),
            "an expectation claims one thing, but this one has 'primary' and 'term': write two");
  EXPECT_EQ(wrong_with(R"({"primray": "node1"})"),
            "there is no key 'primray' in an expectation; did you mean 'primary'?");
  EXPECT_EQ(wrong_with("[]"), "expected an expectation: an object, found an empty list");
}

TEST(ScenarioExpect, RolesAreOneExpectationEach) {
  const Scenario scenario = scenario_with(
      R"("steps": [{"at": "1s", "crash": "node1", "as": "old"}],
         "expect": [{"by": "9s", "role": {"old": "down", "node2": "candidate"}}])");
  ASSERT_EQ(scenario.expect.size(), 2u);
  EXPECT_EQ(scenario.expect[0].claim, Claim::kRole);
  EXPECT_EQ(scenario.expect[0].who, "old");
  EXPECT_EQ(scenario.expect[0].role, "down");
  EXPECT_EQ(scenario.expect[1].who, "node2");
  EXPECT_EQ(scenario.expect[1].role, "candidate");
  EXPECT_EQ(scenario.expect[1].when, Instant{} + seconds(9));
  EXPECT_EQ(wrong_with(R"({"role": {"node1": "leader"}})"),
            "expected a role (primary, secondary, candidate, down), found the text 'leader'");
  EXPECT_EQ(wrong_with(R"({"role": {"node7": "down"}})").substr(0, 25),
            "there is no node 'node7';");
  EXPECT_EQ(wrong_with(R"({"role": {}})"),
            "expected an object such as {\"node1\": \"secondary\"}, found an empty object");
}

TEST(ScenarioExpect, TermsAndElectionsHaveBounds) {
  const Expectation exact = expectation_of(R"({"term": 3})");
  EXPECT_EQ(exact.low, 3u);
  EXPECT_EQ(exact.high, 3u);
  const Expectation most = expectation_of(R"({"term": {"at_most": 3}})");
  EXPECT_EQ(most.low, 0u);
  EXPECT_EQ(most.high, 3u);
  const Expectation least = expectation_of(R"({"elections_at_least": 2})");
  EXPECT_EQ(least.claim, Claim::kElections);
  EXPECT_EQ(least.low, 2u);
  EXPECT_FALSE(least.high.has_value());
  EXPECT_EQ(expectation_of(R"({"elections_at_most": 2})").high, 2u);
  EXPECT_EQ(wrong_with(R"({"term": {"at_least": 3, "at_most": 2}})"),
            "'at_most' is below 'at_least'");
  EXPECT_EQ(wrong_with(R"({"term": {}})"),
            "expected 'at_least' or 'at_most', found an empty object");
}

TEST(ScenarioExpect, ValuesAreTextJsonOrAbsent) {
  const Expectation on_all = expectation_of(R"({"value": {"key": "x", "is": {"a": 1}}})");
  EXPECT_EQ(on_all.key, "x");
  EXPECT_EQ(on_all.value, R"({"a":1})");
  EXPECT_EQ(on_all.who, "all");
  const Expectation absent =
      expectation_of(R"({"value": {"key": "x", "is": null, "on": "primary"}})");
  EXPECT_FALSE(absent.value.has_value());
  EXPECT_EQ(absent.who, "primary");
  EXPECT_EQ(wrong_with(R"({"value": {"key": "x"}})"), "'value' needs the key 'is'");
}

TEST(ScenarioExpect, ClaimsAboutTheWholeRunHaveNoMoment) {
  EXPECT_EQ(expectation_of(R"({"failover_at_most": "10s"})").span, seconds(10));
  EXPECT_EQ(expectation_of(R"({"unavailable_at_most": "8s"})").claim, Claim::kUnavailable);
  EXPECT_EQ(expectation_of(R"({"availability_at_least": 0.95})").chance, Chance{950'000});
  EXPECT_EQ(expectation_of(R"({"at": "end", "logs_equal": true})").claim, Claim::kLogsEqual);
  EXPECT_EQ(wrong_with(R"({"by": "9s", "failover_at_most": "10s"})"),
            "'failover_at_most' is about the whole run: leave out 'by'");
  EXPECT_EQ(wrong_with(R"({"logs_equal": false})"), "expected true, found false");
}

TEST(ScenarioExpect, PromisesStandForCheckers) {
  const auto checker = [](const std::string& promise) {
    return expectation_of(R"({"always": ")" + promise + "\"}").checker;
  };
  EXPECT_EQ(checker("no acknowledged write is lost"), "durability");
  EXPECT_EQ(checker("linearizable"), "linearizability");
  EXPECT_EQ(checker("one primary a term"), "election safety");
  EXPECT_EQ(checker("one vote a term"), "vote safety");
  EXPECT_EQ(checker("the cluster recovers"), "progress");
  EXPECT_EQ(checker("a retried write is done once"), "exactly once");
  EXPECT_EQ(checker("no read is stale"), "read freshness");
  EXPECT_EQ(checker("who is in reach keeps up"), "catching up");
  EXPECT_EQ(checker("log matching"), "log matching");
  EXPECT_EQ(expectation_of(R"({"always": "linearizable"})").claim, Claim::kNone);
  EXPECT_EQ(expectation_of(R"({"always": "linearizable"})").moment, Moment::kAlways);
  EXPECT_EQ(expectation_of(R"({"violation": "durability"})").claim, Claim::kViolation);
  EXPECT_EQ(wrong_with(R"({"always": "linearisable"})"),
            "expected a promise, found the text 'linearisable'; did you mean 'linearizable'?");
}

TEST(ScenarioExpect, ContradictionsAreToldBeforeTheRun) {
  const auto contradicts = [](const std::string& a, const std::string& b) {
    const std::string there = wrong_with(a + ", " + b);
    EXPECT_EQ(there, wrong_with(b + ", " + a));
    return there;
  };
  const std::string hint = ": compare the expectation in line 1";
  EXPECT_EQ(wrong_with(R"({"at": "9s", "primary": "node1"}, {"at": "9s", "primary": "node2"})"),
            "the primary can't be 'node1' and 'node2'" + hint);
  EXPECT_EQ(wrong_with(R"({"primary": "none"}, {"primary": "node2"})"),
            "the primary can't be 'none' and 'node2'" + hint);
  EXPECT_EQ(contradicts(R"({"role": {"node1": "primary"}})", R"({"primary": "node2"})"),
            "'node1' can't be primary while 'node2' is the primary" + hint);
  EXPECT_EQ(contradicts(R"({"role": {"node1": "down"}})", R"({"primary": "node1"})"),
            "'node1' can't be down while 'node1' is the primary" + hint);
  EXPECT_EQ(wrong_with(R"({"role": {"node1": "primary"}}, {"role": {"node2": "primary"}})"),
            "'node1' and 'node2' can't both be the primary" + hint);
  EXPECT_EQ(wrong_with(R"({"role": {"node1": "down"}}, {"role": {"node1": "secondary"}})"),
            "'node1' can't be down and secondary" + hint);
  EXPECT_EQ(contradicts(R"({"term": 1})", R"({"term": {"at_least": 2}})"),
            "these bounds of the term exclude each other" + hint);
  EXPECT_EQ(contradicts(R"({"elections_at_least": 3})", R"({"elections_at_most": 2})"),
            "these bounds of the number of elections exclude each other" + hint);
  EXPECT_EQ(contradicts(R"({"always": "linearizable"})", R"({"violation": "linearizability"})"),
            "'linearizability' can't be violated and hold always" + hint);
  EXPECT_EQ(
      contradicts(R"({"value": {"key": "x", "is": 1}})", R"({"value": {"key": "x", "is": 2}})"),
      "the key 'x' can't hold two values" + hint);
}

TEST(ScenarioExpect, WhatCanBothBeTrueIsNoContradiction) {
  for (const char* both : {
           R"({"at": "9s", "primary": "node1"}, {"at": "10s", "primary": "node2"})",
           R"({"by": "9s", "primary": "node1"}, {"by": "9s", "primary": "node2"})",
           R"({"primary": "node1"}, {"primary": "not node2"})",
           R"({"primary": "node1"}, {"role": {"node1": "primary", "node2": "secondary"}})",
           R"({"role": {"node1": "down"}}, {"role": {"node2": "down"}})",
           R"({"elections_at_least": 2}, {"elections_at_most": 2})",
           R"({"term": {"at_least": 2}}, {"term": {"at_most": 2}})",
           R"({"violation": "linearizability"}, {"always": "no acknowledged write is lost"})",
           R"({"value": {"key": "x", "is": 1}}, {"value": {"key": "y", "is": 2}})",
       }) {
    EXPECT_EQ(wrong_with(both), "nothing") << both;
  }
}

TEST(ScenarioExpect, NamesWhoIsBoundByThen) {
  const std::string steps = R"("steps": [{"at": "5s", "crash": "primary", "as": "old"}], )";
  EXPECT_EQ(scenario_with(steps + expecting(R"({"by": "9s", "primary": "not old"})")).expect.size(),
            1u);
  EXPECT_EQ(scenario_with(steps + expecting(R"({"role": {"old": "down"}})")).expect.size(), 1u);
  EXPECT_EQ(complaint_about(steps + expecting(R"({"at": "4s", "primary": "old"})")),
            "'old' isn't bound yet: the step in line 1 binds it at 5s");
}

}  // namespace
}  // namespace kv::sim
