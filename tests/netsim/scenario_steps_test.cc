// What a scenario does to its cluster.
#include "netsim/scenario_language.h"
#include "scenario_reading.h"

namespace kv::sim {
namespace {

std::string steps(const std::string& items) {
  return "\"steps\": [" + items + "]";
}

Step step_of(const std::string& item) {
  const Scenario scenario = scenario_with(steps(item));
  return scenario.steps.size() == 1 ? scenario.steps.front() : Step{};
}

std::string wrong_with(const std::string& item) {
  return complaint_about(steps(item));
}

TEST(ScenarioSteps, KeepTheOrderOfTheFile) {
  const Scenario scenario = scenario_with(
      steps(R"({"at": "5s", "crash": "primary", "as": "old", "caption": "1. It crashes"},
               {"at": "2s", "pause": "node2"})"));
  ASSERT_EQ(scenario.steps.size(), 2u);
  EXPECT_EQ(scenario.steps[0].verb, Verb::kCrash);
  EXPECT_EQ(scenario.steps[0].at, Instant{} + seconds(5));
  EXPECT_EQ(scenario.steps[0].target, "primary");
  EXPECT_EQ(scenario.steps[0].bind, "old");
  EXPECT_EQ(scenario.steps[0].caption, "1. It crashes");
  EXPECT_EQ(scenario.steps[0].place.line, 1u);
  EXPECT_EQ(scenario.steps[1].verb, Verb::kPause);
}

TEST(ScenarioSteps, AWriteHasAKeyAValueAndPerhapsAnExpectedEnding) {
  const Step set = step_of(
      R"({"at": "1s", "set": "user:100", "value": {"name": "Bob", "tags": [1, 2.50, null]},
          "to": "node2", "expect": "ok", "retry": true, "timeout": "9s"})");
  EXPECT_EQ(set.verb, Verb::kSet);
  EXPECT_EQ(set.key, "user:100");
  EXPECT_EQ(set.value, R"({"name":"Bob","tags":[1,2.50,null]})");
  EXPECT_EQ(set.to, "node2");
  EXPECT_EQ(set.expect.endings, std::vector<Ending>{Ending::kOk});
  EXPECT_TRUE(set.retry);
  EXPECT_EQ(set.timeout, seconds(9));
  EXPECT_EQ(step_of(R"({"at": "1s", "set": "k", "value": "plain \"text\""})").value,
            "plain \"text\"");
  EXPECT_EQ(step_of(R"({"at": "1s", "set": "k", "value": "x"})").timeout, seconds(2));
  EXPECT_EQ(wrong_with(R"({"at": "1s", "set": "k"})"), "'set' needs the key 'value'");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "set": "k", "value": null})"),
            "null is no value: use 'delete', or the text \"null\"");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "set": "two words", "value": 1})"),
            "'two words' can't be a key: a key is one word");
}

TEST(ScenarioSteps, EndingsHaveFourForms) {
  const auto expect = [](const std::string& form) {
    return step_of(R"({"at": "1s", "get": "k", "expect": )" + form + "}").expect;
  };
  EXPECT_EQ(expect("\"unknown\"").endings, std::vector<Ending>{Ending::kUnknown});
  EXPECT_EQ(expect(R"(["ok", "refused"])").endings,
            (std::vector<Ending>{Ending::kOk, Ending::kRefused}));
  EXPECT_EQ(expect(R"({"refused": "NOT_PRIMARY"})").endings, std::vector<Ending>{Ending::kRefused});
  EXPECT_EQ(expect(R"({"refused": "NOT_PRIMARY"})").code, "NOT_PRIMARY");
  const ExpectedEnding found = expect(R"({"value": [1]})");
  EXPECT_EQ(found.endings, std::vector<Ending>{Ending::kOk});
  EXPECT_EQ(found.value, std::optional<std::optional<std::string>>("[1]"));
  const ExpectedEnding absent = expect(R"({"value": null})");
  ASSERT_TRUE(absent.value.has_value());
  EXPECT_FALSE(absent.value->has_value());
  EXPECT_EQ(wrong_with(R"({"at": "1s", "get": "k", "expect": {"refused": "NOTPRIMARY"}})"),
            "expected a refusal's code (NOT_PRIMARY, NO_PRIMARY, NO_QUORUM, OVERLOADED, "
            "SHUTTING_DOWN, CONNECTION_REFUSED), found the text 'NOTPRIMARY'; did you mean "
            "'NOT_PRIMARY'?");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "delete": "k", "expect": {"value": 1}})"),
            "only 'get' finds a value; expect \"ok\" here");
  EXPECT_EQ(
      wrong_with(R"({"at": "1s", "get": "k", "expect": 1})"),
      "expected an ending (\"ok\", \"refused\", \"unknown\"), a list of endings, {\"refused\": "
      "CODE}, or with 'get' {\"value\": VALUE}, found the number 1");
}

TEST(ScenarioSteps, FaultsOfProcessesReadTheirKeys) {
  EXPECT_TRUE(step_of(R"({"at": "1s", "crash": "primary", "amid_effects": true})").amid_effects);
  EXPECT_EQ(step_of(R"({"at": "1s", "pause": "primary", "for": "3s"})").span, seconds(3));
  EXPECT_EQ(step_of(R"({"at": "1s", "power_cut": "all"})").target, "all");
  EXPECT_EQ(step_of(R"({"at": "1s", "wipe": "every secondary"})").verb, Verb::kWipe);
  EXPECT_EQ(step_of(R"({"at": "1s", "transfer": "any"})").target, "any");
  EXPECT_EQ(step_of(R"({"at": "1s", "transfer": "node2"})").target, "node2");
}

TEST(ScenarioSteps, FaultsOfLinksReadTheirKeys) {
  EXPECT_TRUE(step_of(R"({"at": "1s", "isolate": "primary", "clients": true})").clients);
  const Step cut = step_of(
      R"({"at": "1s", "cut": {"from": "node1", "to": "not node3"}, "only": ["HEARTBEAT"]})");
  EXPECT_EQ(cut.from, "node1");
  EXPECT_EQ(cut.to, "not node3");
  EXPECT_EQ(cut.only, std::vector<std::string>{"HEARTBEAT"});
  const Step delay = step_of(R"({"at": "1s", "delay": "50ms", "from": "a secondary"})");
  EXPECT_EQ(delay.latency.quantile(0), milliseconds(50));
  EXPECT_EQ(delay.from, "a secondary");
  EXPECT_EQ(delay.to, "");
  const Step loss = step_of(R"({"at": "1s", "loss": 0.1, "to": "node1", "only": ["replies"]})");
  EXPECT_EQ(loss.chance, Chance{100'000});
  EXPECT_EQ(loss.only, std::vector<std::string>{"replies"});
  EXPECT_EQ(step_of(R"({"at": "1s", "corrupt": 1})").verb, Verb::kCorruptMessages);
  EXPECT_EQ(step_of(R"({"at": "1s", "heal": "node2"})").target, "node2");
  const Step heal = step_of(R"({"at": "1s", "heal": {"from": "node1", "to": "node2"}})");
  EXPECT_EQ(heal.target, "");
  EXPECT_EQ(heal.from, "node1");
  EXPECT_EQ(heal.to, "node2");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "heal": {}})"), "say whose messages: 'from', 'to', or both");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "heal": {"form": "node1"}})"),
            "there is no key 'form' in a link; did you mean 'from'?");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "cut": {}})"), "say whose messages: 'from', 'to', or both");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "cut": {"from": "node1", "to": "node1"}})"),
            "a node sends nothing to itself: 'from' and 'to' are both 'node1'");
}

TEST(ScenarioSteps, PartitionsHaveAShapeOrGroups) {
  EXPECT_EQ(step_of(R"({"at": "1s", "partition": "bridge"})").shape, "bridge");
  const Step groups = step_of(R"({"at": "1s", "partition": [["node1"], ["node2", "node3"]]})");
  EXPECT_EQ(groups.shape, "");
  EXPECT_EQ(groups.groups, (std::vector<std::vector<Selector>>{{"node1"}, {"node2", "node3"}}));
  EXPECT_EQ(wrong_with(R"({"at": "1s", "partition": [["node1", "node1"]]})"),
            "'node1' is in this group twice");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "partition": ["node1"]})"),
            "expected a list of nodes, found the text 'node1'");
  EXPECT_EQ(
      wrong_with(R"({"at": "1s", "partition": "halfs"})"),
      "expected a shape of partitions (halves, bridge, ring), found the text 'halfs'; did you "
      "mean 'halves'?");
}

TEST(ScenarioSteps, FaultsOfDisksAndClocksReadTheirKeys) {
  const Step slow = step_of(R"({"at": "1s", "slow_disk": "primary", "sync": "1s"})");
  EXPECT_EQ(slow.latency.quantile(0), seconds(1));
  EXPECT_TRUE(step_of(R"({"at": "1s", "disk_full": "node2"})").on);
  EXPECT_FALSE(step_of(R"({"at": "1s", "disk_full": "node2", "on": false})").on);
  const Step flip = step_of(R"({"at": "1s", "flip_bit": "node2", "offset": 100})");
  EXPECT_EQ(flip.file, "log");
  EXPECT_EQ(flip.offset, 100u);
  EXPECT_EQ(step_of(R"({"at": "1s", "flip_bit": "node2", "file": "snapshot", "offset": 0})").file,
            "snapshot");
  EXPECT_EQ(step_of(R"({"at": "1s", "read_error": "node2", "offset": 7})").file, "log");
  EXPECT_TRUE(step_of(R"({"at": "1s", "stall_disk": "node2"})").on);
  EXPECT_FALSE(step_of(R"({"at": "1s", "lying_sync": "node2", "on": false})").on);
  EXPECT_FALSE(step_of(R"({"at": "1s", "cut_clients": "node2", "on": false})").on);
  EXPECT_EQ(step_of(R"({"at": "1s", "drift": "node2", "ppm": -200})").drift_ppm, -200);
  EXPECT_EQ(step_of(R"({"at": "1s", "clock_step": "node2", "by": "1s"})").span, seconds(1));
  EXPECT_EQ(step_of(R"({"at": "1s", "freeze_clock": "node2", "for": "2s"})").span, seconds(2));
  EXPECT_EQ(wrong_with(R"({"at": "1s", "drift": "node2", "ppm": 600000})"),
            "expected a whole number from -500000 to 500000 (parts per million), found the number "
            "600000");
}

TEST(ScenarioSteps, AConditionIsAPrimaryOrAnEvent) {
  const Step primary = step_of(R"({"when": {"primary": "any", "term": 2}, "after": "1s",
                                   "crash": "primary"})");
  EXPECT_FALSE(primary.at.has_value());
  EXPECT_EQ(primary.when->primary, "all");
  EXPECT_EQ(primary.when->term, Term{2});
  EXPECT_EQ(primary.after, seconds(1));
  const Step event = step_of(R"({"when": {"event": "CampaignStarted", "node": "node2"},
                                 "crash": "node2"})");
  EXPECT_EQ(event.when->event, "CampaignStarted");
  EXPECT_EQ(event.when->node, "node2");
  EXPECT_EQ(wrong_with(R"({"when": {"term": 2}, "crash": "node2"})"),
            "'when' needs either 'primary' or 'event'");
  EXPECT_EQ(wrong_with(R"({"when": {"primary": "node1", "node": "node2"}, "crash": "node2"})"),
            "'node' goes with 'event': it says who reports it");
  EXPECT_EQ(wrong_with(R"({"when": {"event": "CampaignStart"}, "crash": "node2"})"),
            "expected an event, found the text 'CampaignStart'; did you mean 'CampaignStarted'?");
}

TEST(ScenarioSteps, AStepHasOneMoment) {
  EXPECT_EQ(wrong_with(R"({"crash": "node2"})"),
            "this step needs 'at' (a time) or 'when' (a condition)");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "when": {"primary": "any"}, "crash": "node2"})"),
            "a step has either 'at' or 'when', this one has both");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "after": "1s", "crash": "node2"})"),
            "'after' goes with 'when': add it to 'at' instead");
  EXPECT_EQ(wrong_with(R"({"at": "61s", "crash": "node2"})"),
            "this step comes at 61s, but the scenario ends at 1m (run_for)");
  EXPECT_EQ(wrong_with(R"({"at": "-1s", "crash": "node2"})").substr(0, 45),
            "'-1s' is no duration: it can't be negative. W");
  EXPECT_EQ(wrong_with(R"({"at": 5, "crash": "node2"})"),
            "expected a duration such as \"250ms\", found the number 5");
}

TEST(ScenarioSteps, AStepDoesOneThing) {
  EXPECT_EQ(wrong_with(R"({"at": "1s"})"),
            "this step does nothing: it needs a verb such as 'crash' or 'set'");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "node1", "pause": "node2"})"),
            "a step does one thing, but this one has 'crash' and 'pause': write two steps");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "chrash": "node1"})"),
            "there is no key 'chrash' in a step; did you mean 'crash'?");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "node1", "sync": "1ms"})"),
            "'sync' doesn't go with 'crash'; it goes with 'slow_disk'");
  EXPECT_EQ(wrong_with("5"), "expected a step: an object, found the number 5");
  EXPECT_EQ(complaint_about(R"("steps": {})"), "expected a list of steps, found an empty object");
}

TEST(ScenarioSteps, OnlyKnownNodesAreNamed) {
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "node9"})"),
            "there is no node 'node9'; this scenario has node1, node2, node3; did you mean "
            "'node1'?");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "not mars"})"),
            "there is no node 'mars'; this scenario has node1, node2, node3");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "not all"})"),
            "'not all' is no node: name the ones that you mean");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": 2})"),
            "expected a node such as \"node1\" or \"primary\", found the number 2");
  const std::string zones = R"("nodes": {"east": ["a", "b"], "west": ["c"]}, )";
  EXPECT_EQ(scenario_with(zones + steps(R"({"at": "1s", "isolate": "not east"})")).steps.size(),
            1u);
  EXPECT_EQ(complaint_about(zones + steps(R"({"at": "1s", "isolate": "north"})")),
            "there is no node 'north'; this scenario has a, b, c; the zones east, west");
}

TEST(ScenarioSteps, ANameIsBoundBeforeItIsUsed) {
  const std::string crash = R"({"at": "5s", "crash": "primary", "as": "old"})";
  EXPECT_EQ(scenario_with(steps(R"({"at": "9s", "restart": "old"}, )" + crash)).steps.size(), 2u);
  EXPECT_EQ(complaint_about(steps(crash + R"(, {"at": "4s", "restart": "old"})")),
            "'old' isn't bound yet: the step in line 1 binds it at 5s");
  EXPECT_EQ(complaint_about(steps(R"({"at": "5s", "restart": "old"}, )" + crash)),
            "'old' isn't bound yet: the step in line 1 binds it at 5s");
  EXPECT_EQ(complaint_about(steps(crash + R"(, {"at": "9s", "restart": "odl"})")),
            "there is no node 'odl'; this scenario has node1, node2, node3; bound by \"as\": old; "
            "did you mean 'old'?");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "old", "as": "old"})"),
            "'old' isn't bound yet: the step in line 1 binds it at 1s");
  // When a condition comes true isn't known, so any order is possible.
  const std::string later = R"({"when": {"primary": "not old"}, "restart": "old"})";
  EXPECT_EQ(scenario_with(steps(later + ", " + crash)).steps.size(), 2u);
}

TEST(ScenarioSteps, ABoundNameIsNew) {
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "primary", "as": "node2"})"),
            "there is a node or a zone named 'node2' already");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "crash": "primary", "as": "all"})"),
            "'all' can't be a name: it means something else here");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "transfer": "any", "as": "new"})"),
            "who will be the primary isn't known yet: name it with 'when' later");
  EXPECT_EQ(wrong_with(R"({"at": "1s", "get": "k", "as": "old"})").substr(0, 30),
            "'as' doesn't go with 'get'; it");
}

}  // namespace
}  // namespace kv::sim
