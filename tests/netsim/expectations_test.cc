// What a scenario expects, decided both ways.
#include "netsim/expectations.h"

#include <gtest/gtest.h>

#include "scenario_reading.h"
#include "world.h"

namespace kv::sim {
namespace {

/// A minute in LAN timing: node1 is the primary until it crashes at 10 s; it is back at 20 s. `k`
/// is "a" from 5 s on, and "b" from 15 s.
const char* const kFailover = R"("primary": "node1", "timing": "lan", "steps": [
  {"at": "5s", "set": "k", "value": "a", "expect": "ok"},
  {"at": "10s", "crash": "node1", "as": "old"},
  {"at": "15s", "set": "k", "value": "b", "expect": "ok"},
  {"at": "20s", "restart": "old"}])";

/// Runs it with these expectations, which may contradict each other.
std::vector<Judgement> judge(const std::string& members, const std::vector<std::string>& items) {
  Scenario scenario = scenario_with(members);
  for (const std::string& item : items) {
    const Scenario one = scenario_with(members + R"(, "expect": [)" + item + "]");
    scenario.expect.insert(scenario.expect.end(), one.expect.begin(), one.expect.end());
  }
  return run(scenario, 1).judgements;
}

struct Case {
  std::string item;
  std::string found;  ///< nothing: it is met
};
void expect_judgements(const std::string& members, const std::vector<Case>& cases) {
  std::vector<std::string> items;
  for (const Case& one : cases) items.push_back(one.item);
  const std::vector<Judgement> judgements = judge(members, items);
  ASSERT_EQ(judgements.size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(judgements[i].verdict, cases[i].found.empty() ? Verdict::kMet : Verdict::kFailed)
        << cases[i].item << ": " << judgements[i].words;
    EXPECT_EQ(judgements[i].words, cases[i].found) << cases[i].item;
  }
}

TEST(Expectations, ThePrimary) {
  expect_judgements(kFailover, {
                                   {R"({"at": "9s", "primary": "node1"})", ""},
                                   {R"({"at": "9s", "primary": "any"})", ""},
                                   {R"({"at": "9s", "primary": "none"})", "it is node1"},
                                   {R"({"at": "9s", "primary": "not node1"})", "it is node1"},
                                   {R"({"at": "10100ms", "primary": "none"})", ""},
                                   {R"({"at": "10100ms", "primary": "any"})", "there is none"},
                                   {R"({"at": "10100ms", "primary": "node2"})", "there is none"},
                                   {R"({"at": "end", "primary": "not old"})", ""},
                                   {R"({"at": "end", "primary": "node1"})", "it is node2"},
                               });
}

TEST(Expectations, Roles) {
  expect_judgements(
      kFailover,
      {
          {R"({"at": "9s", "role": {"node1": "primary"}})", ""},
          {R"({"at": "9s", "role": {"node2": "primary"}})", "node2 is secondary"},
          {R"({"at": "9s", "role": {"every secondary": "secondary"}})", ""},
          {R"({"at": "15s", "role": {"old": "down"}})", ""},
          {R"({"at": "15s", "role": {"old": "secondary"}})", "node1 is down"},
          {R"({"at": "10100ms", "role": {"primary": "primary"}})", "there is no 'primary'"},
          {R"({"at": "end", "role": {"old": "secondary"}})", ""},
      });
}

TEST(Expectations, ACandidateIsNeitherPrimaryNorSecondary) {
  expect_judgements(
      R"("primary": "node1", "timing": "lan", "steps": [{"at": "5s", "isolate": "node2"}])",
      {
          {R"({"at": "10s", "role": {"node2": "candidate"}})", ""},
          {R"({"at": "10s", "role": {"node2": "secondary"}})", "node2 is candidate"},
      });
}

TEST(Expectations, Terms) {
  expect_judgements(kFailover, {
                                   {R"({"at": "9s", "term": 0})", ""},
                                   {R"({"at": "9s", "term": {"at_least": 1}})", "it is 0"},
                                   {R"({"at": "end", "term": {"at_least": 1}})", ""},
                                   {R"({"at": "end", "term": {"at_most": 1}})", ""},
                                   {R"({"at": "end", "term": 2})", "it is 1"},
                               });
}

TEST(Expectations, Values) {
  expect_judgements(
      kFailover,
      {
          {R"({"at": "4s", "value": {"key": "k", "is": null}})", ""},
          {R"({"at": "4s", "value": {"key": "k", "is": "a"}})", "on node1 it is absent"},
          {R"({"at": "6s", "value": {"key": "k", "is": "a", "on": "node3"}})", ""},
          {R"({"at": "6s", "value": {"key": "k", "is": null, "on": "node3"}})", "on node3 it is a"},
          {R"({"at": "16s", "value": {"key": "k", "is": "b"}})", "node1 is down"},
          {R"({"at": "16s", "value": {"key": "k", "is": "b", "on": "not old"}})", ""},
          {R"({"at": "end", "value": {"key": "k", "is": "b"}})", ""},
      });
}

TEST(Expectations, EqualLogs) {
  expect_judgements(kFailover, {{R"({"at": "end", "logs_equal": true})", ""}});
  expect_judgements(R"("primary": "node1", "timing": "lan", "steps": [
      {"at": "5s", "isolate": "node3"}, {"at": "6s", "set": "k", "value": "a"}])",
                    {{R"({"at": "5s", "logs_equal": true})", ""},
                     {R"({"at": "end", "logs_equal": true})",
                      "node1 has 2 entries, 2 applied; node3 has 1, 1 applied"}});
}

TEST(Expectations, TheWholeRun) {
  const std::vector<Judgement> met = judge(kFailover, {
                                                          R"({"failover_at_most": "700ms"})",
                                                          R"({"elections_at_least": 2})",
                                                          R"({"elections_at_most": 2})",
                                                          R"({"unavailable_at_most": "700ms"})",
                                                          R"({"availability_at_least": 1.0})",
                                                          R"({"always": "linearizable"})",
                                                      });
  for (const Judgement& judgement : met)
    EXPECT_EQ(judgement.verdict, Verdict::kMet) << describe(judgement.expectation);
  const std::vector<Judgement> failed = judge(kFailover, {
                                                             R"({"failover_at_most": "200ms"})",
                                                             R"({"elections_at_least": 3})",
                                                             R"({"elections_at_most": 1})",
                                                             R"({"unavailable_at_most": "200ms"})",
                                                             R"({"violation": "linearizable"})",
                                                         });
  for (const Judgement& judgement : failed)
    EXPECT_EQ(judgement.verdict, Verdict::kFailed) << describe(judgement.expectation);
  EXPECT_EQ(failed[0].words.substr(0, 9), "one took ");
  EXPECT_EQ(failed[1].words, "there were 2");
  EXPECT_EQ(failed[3].words.substr(0, 7), "it was ");
  EXPECT_EQ(failed[4].words, "it found none");
}

TEST(Expectations, AFailoverThatIsNotOverIsTooLong) {
  expect_judgements(
      R"("primary": "node1", "timing": "lan", "steps": [
          {"at": "5s", "set": "k", "value": "a"},
          {"at": "59s", "crash": "node1"}, {"at": "59s", "crash": "node2"},
          {"at": "59500ms", "get": "k", "to": "node3"}])",
      {{R"({"failover_at_most": "50s"})", "the last one was not over at the end"},
       {R"({"availability_at_least": 0.6})", "it was 50.0 % (1 of 2)"},
       {R"({"availability_at_least": 0.5})", ""}});
}

/// Acknowledged by the primary alone: what it has not passed on dies with it, and a later read
/// finds the value before.
const char* const kLosesAWrite =
    R"("primary": "node1", "timing": "lan", "ack": "primary", "steps": [
  {"at": "5s", "set": "k", "value": "kept", "expect": "ok"},
  {"at": "6s", "isolate": "node1", "as": "old"},
  {"at": "6010ms", "set": "k", "value": "lost", "to": "node1", "expect": "ok"},
  {"at": "10s", "get": "k", "expect": {"value": "kept"}},
  {"at": "11s", "heal": "old"}])";

TEST(Expectations, Violations) {
  const std::vector<Judgement> judgements =
      judge(kLosesAWrite, {R"({"violation": "durability"})", R"({"violation": "linearizable"})",
                           R"({"violation": "election safety"})", R"({"always": "linearizable"})",
                           R"({"always": "election safety"})"});
  EXPECT_EQ(judgements[0].verdict, Verdict::kMet);
  EXPECT_EQ(judgements[1].verdict, Verdict::kMet);
  EXPECT_EQ(judgements[2].verdict, Verdict::kFailed);
  EXPECT_EQ(judgements[3].verdict, Verdict::kFailed);
  EXPECT_EQ(judgements[3].words.find("Key 'k' is not linearizable: client "), 0u)
      << judgements[3].words;
  EXPECT_EQ(judgements[4].verdict, Verdict::kMet);
}

TEST(Expectations, AViolationFailsARunThatDoesNotShowIt) {
  Scenario scenario = scenario_with(kLosesAWrite);
  const RunResult unexpected = run(scenario, 1);
  EXPECT_FALSE(unexpected.passed);
  EXPECT_EQ(words_of(unexpected.violations, "durability"),
            "The set of k to lost was answered OK and is lost: no node has committed it.");
  EXPECT_NE(words_of(unexpected.violations, "linearizability"), "nothing");
  scenario =
      scenario_with(std::string(kLosesAWrite) +
                    R"(, "expect": [{"violation": "durability"}, {"violation": "linearizable"}])");
  const RunResult shown = run(scenario, 1);
  EXPECT_TRUE(shown.passed) << text_of(shown.violations);
}

TEST(Expectations, ByIsMetAsSoonAsItHolds) {
  const std::vector<Judgement> judgements =
      judge(kFailover, {
                           R"({"by": "15s", "primary": "not node1"})",
                           R"({"by": "8s", "primary": "not node1"})",
                           R"({"by": "18s", "value": {"key": "k", "is": "b", "on": "not old"}})",
                       });
  EXPECT_EQ(judgements[0].verdict, Verdict::kMet);
  EXPECT_GT(judgements[0].at, Instant{} + seconds(10));
  EXPECT_LT(judgements[0].at, Instant{} + seconds(11));
  EXPECT_EQ(judgements[1].verdict, Verdict::kFailed);
  EXPECT_EQ(judgements[1].at, Instant{} + seconds(8));
  EXPECT_EQ(judgements[2].verdict, Verdict::kMet);
  EXPECT_LT(judgements[2].at, Instant{} + seconds(16));
}

TEST(Expectations, AlwaysFailsAtTheFirstMomentItDoesNotHold) {
  const std::vector<Judgement> judgements =
      judge(kFailover, {
                           R"({"at": "always", "term": {"at_most": 0}})",
                           R"({"at": "always", "term": {"at_most": 1}})",
                       });
  EXPECT_EQ(judgements[0].verdict, Verdict::kFailed);
  EXPECT_EQ(judgements[0].words, "it is 1");
  EXPECT_GT(judgements[0].at, Instant{} + seconds(10));
  EXPECT_LT(judgements[0].at, Instant{} + seconds(11));
  EXPECT_EQ(judgements[1].verdict, Verdict::kMet);
  EXPECT_EQ(judgements[1].at, Instant{} + seconds(60));
}

TEST(Expectations, DecisionsAreRecordedWhenTheyFall) {
  const Played played = play(
      scenario_with(std::string(kFailover) +
                    R"(, "expect": [{"at": "9s", "primary": "node2"}, {"at": "end", "term": 1}])"),
      1);
  std::vector<Record> decided;
  for (const Record& record : played.records) {
    if (std::holds_alternative<ExpectationDecided>(record.fact)) decided.push_back(record);
  }
  ASSERT_EQ(decided.size(), 2u);
  const auto first = std::get<ExpectationDecided>(decided[0].fact);
  EXPECT_EQ(decided[0].at, Instant{} + seconds(9));
  EXPECT_EQ(first.expectation, 0u);
  EXPECT_FALSE(first.met);
  EXPECT_EQ(first.words, "it is node1");
  EXPECT_EQ(decided[1].at, Instant{} + seconds(60));
  EXPECT_TRUE(std::get<ExpectationDecided>(decided[1].fact).met);
  EXPECT_FALSE(played.result.passed);
}

TEST(Expectations, DescribeThemselves) {
  const auto words = [](const std::string& item) {
    return describe(
        scenario_with(std::string(kFailover) + R"(, "expect": [)" + item + "]").expect.at(0));
  };
  EXPECT_EQ(words(R"({"at": "end", "primary": "none"})"), "there is no primary");
  EXPECT_EQ(words(R"({"at": "end", "primary": "any"})"), "there is a primary");
  EXPECT_EQ(words(R"({"at": "end", "primary": "not node1"})"), "the primary is not node1");
  EXPECT_EQ(words(R"({"at": "end", "role": {"node1": "down"}})"), "node1 is down");
  EXPECT_EQ(words(R"({"at": "end", "role": {"node1": "secondary"}})"), "node1 is a secondary");
  EXPECT_EQ(words(R"({"at": "end", "term": {"at_least": 2, "at_most": 5}})"), "the term is 2 to 5");
  EXPECT_EQ(words(R"({"at": "end", "value": {"key": "k", "is": null}})"), "k is absent on all");
  EXPECT_EQ(words(R"({"at": "end", "value": {"key": "k", "is": 1, "on": "node2"}})"),
            "k is 1 on node2");
  EXPECT_EQ(words(R"({"at": "end", "logs_equal": true})"), "all logs and states are equal");
  EXPECT_EQ(words(R"({"failover_at_most": "10s"})"), "each failover takes at most 10s");
  EXPECT_EQ(words(R"({"elections_at_most": 3})"), "elections won: at most 3");
  EXPECT_EQ(words(R"({"availability_at_least": 0.995})"),
            "at least 99.5 % of the operations end well");
  EXPECT_EQ(words(R"({"unavailable_at_most": "9s"})"), "no primary for at most 9s altogether");
  EXPECT_EQ(words(R"({"violation": "linearizable"})"), "shows a violation of linearizability");
  EXPECT_EQ(words(R"({"always": "linearizable"})"), "no violation of linearizability");
}

}  // namespace
}  // namespace kv::sim
