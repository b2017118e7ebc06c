// The seed document's suites, in virtual time and in the documented timing. tests/server has the
// same cases with real processes.
#include <algorithm>

#include <gtest/gtest.h>

#include "scenario_reading.h"
#include "world.h"

namespace kv::sim {
namespace {

/// Three nodes as the document has them: a heartbeat every 2 s, an election after 5 to 8 s.
Scenario documented(const std::string& steps, const std::string& expect,
                    const std::string& members = "") {
  return scenario_with(R"("nodes": 3, "primary": "node1", "timing": "documented",
    "network": {"latency": {"p50": "300us", "p99": "2ms"}},
    "disk": {"sync": {"p50": "500us", "p99": "4ms"}},)" +
                       members + R"("steps": [)" + steps + R"(], "expect": [)" + expect + "]");
}

std::string complaints(const RunResult& result) {
  std::string text = text_of(result.violations);
  for (const Judgement& judgement : result.judgements) {
    if (judgement.verdict != Verdict::kMet)
      text += "not met: " + describe(judgement.expectation) + ": " + judgement.words + "\n";
  }
  for (const StepOutcome& step : result.steps) {
    if (step.failed) text += "step " + std::to_string(step.step) + ": " + step.words + "\n";
  }
  return text;
}
/// With each of some seeds, everything must be as expected.
void expect_passes(const Scenario& scenario) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult result = run(scenario, seed);
    EXPECT_TRUE(result.passed) << "seed " << seed << "\n" << complaints(result);
  }
}
std::string set_step(const std::string& at, const std::string& key, const std::string& value) {
  return R"({"at": ")" + at + R"(", "set": ")" + key + R"(", "value": )" + value +
         R"(, "expect": "ok"})";
}
std::string value_on_all(const std::string& at, const std::string& key, const std::string& value) {
  return R"({"at": ")" + at + R"(", "value": {"key": ")" + key + R"(", "is": )" + value + "}}";
}

TEST(TestKVStoreReplication, PrimaryNodeStartsAsPrimary) {
  expect_passes(documented("", R"({"by": "1s", "primary": "node1"}, {"at": "1s", "term": 0},
    {"at": "1s", "role": {"node1": "primary"}}, {"at": "end", "primary": "node1"})"));
}

TEST(TestKVStoreReplication, SecondaryNodesStartAsSecondary) {
  expect_passes(documented("", R"({"at": "always", "role": {"node2": "secondary"}},
    {"at": "always", "role": {"node3": "secondary"}})"));
}

TEST(TestKVStoreReplication, WritesOnSecondaryFail) {
  const Scenario scenario = documented(
      R"({"at": "3s", "set": "k", "value": "v", "to": "node2",
          "expect": {"refused": "NOT_PRIMARY"}},
         {"at": "3s", "delete": "k", "to": "node3", "expect": {"refused": "NOT_PRIMARY"}})",
      R"({"at": "end", "value": {"key": "k", "is": null}})");
  expect_passes(scenario);
  World world(scenario);
  world.run_for(seconds(3));
  const Answer answer = world.set(2, "k", "v");
  EXPECT_EQ(answer.code, "NOT_PRIMARY");
  EXPECT_EQ(answer.primary, 1u) << "it names the primary";
}

TEST(TestKVStoreReplication, WritesOnPrimarySucceed) {
  expect_passes(documented(set_step("1s", "user:1", R"({"name": "Alice", "age": 30})"),
                           R"({"by": "1100ms", "value":
    {"key": "user:1", "is": {"name": "Alice", "age": 30}, "on": "primary"}})"));
}

TEST(TestKVStoreReplication, DataReplicationToSecondaries) {
  expect_passes(documented(set_step("1s", "k", R"("v")"),
                           R"({"by": "4s", "value": {"key": "k", "is": "v", "on": "node2"}},
         {"by": "4s", "value": {"key": "k", "is": "v", "on": "node3"}}, {"logs_equal": true})"));
}

TEST(TestKVStoreReplication, MultipleWritesReplicated) {
  std::string steps;
  std::string expect = R"({"logs_equal": true})";
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key" + std::to_string(i);
    steps +=
        (i == 0 ? "" : ", ") + set_step(std::to_string(1000 + i) + "ms", key, "\"" + key + "\"");
    expect += ", " + value_on_all("5s", key, "\"" + key + "\"");
  }
  expect_passes(documented(steps, expect));
}

TEST(TestKVStoreReplication, DeleteOperationsReplicated) {
  expect_passes(documented(set_step("1s", "gone", "1") + ", " + set_step("1s", "kept", "2") +
                               R"(, {"at": "4s", "delete": "gone", "expect": "ok"},
      {"at": "4s", "delete": "never-there", "expect": "ok"},
      {"at": "9s", "get": "gone", "expect": {"value": null}})",
                           value_on_all("3900ms", "gone", "1") + ", " +
                               value_on_all("8s", "gone", "null") + ", " +
                               value_on_all("8s", "kept", "2")));
}

TEST(TestKVStoreReplication, JsonValuesReplicated) {
  const std::string value =
      R"({"name": "Bob", "n": 12345678901234567890, "list": [1, {"x": null}]})";
  expect_passes(documented(set_step("1s", "user:100", value) +
                               R"(, {"at": "6s", "get": "user:100", "expect": {"value": )" + value +
                               "}}",
                           value_on_all("5s", "user:100", value)));
}

TEST(TestKVStoreReplication, ReadsOnSecondaryFail) {
  expect_passes(documented(set_step("1s", "k", R"("v")") +
                               R"(, {"at": "4s", "get": "k", "to": "node2",
      "expect": {"refused": "NOT_PRIMARY"}}, {"at": "4s", "get": "k", "to": "node3",
      "expect": {"refused": "NOT_PRIMARY"}})",
                           value_on_all("4s", "k", R"("v")")));
}

TEST(TestLeaderElection, ElectionInitialization) {
  const Scenario scenario =
      documented("", R"({"at": "always", "term": 0}, {"elections_at_most": 1})");
  expect_passes(scenario);
  World world(scenario);
  world.run_for(seconds(3));
  for (NodeId id = 1; id <= 3; ++id) EXPECT_EQ(world.cluster.replica(id)->raft().leader(), 1u);
}

TEST(TestLeaderElection, SecondaryDetectsPrimaryFailure) {
  const Scenario scenario = documented(
      R"({"at": "10s", "crash": "node1", "as": "old"}, {"at": "40s", "restart": "old"},
         {"at": "30s", "set": "k", "value": "v", "expect": "ok"})",
      R"({"at": "12s", "primary": "none"}, {"by": "20s", "primary": "not old"},
         {"by": "45s", "role": {"old": "secondary"}}, {"failover_at_most": "9s"},
         {"at": "end", "value": {"key": "k", "is": "v"}})");
  expect_passes(scenario);
  std::vector<Duration> detected;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult result = run(scenario, seed);
    ASSERT_EQ(result.failovers.size(), 1u) << "seed " << seed;
    ASSERT_TRUE(result.failovers[0].detected);
    detected.push_back(*result.failovers[0].detected - result.failovers[0].lost);
  }
  std::sort(detected.begin(), detected.end());
  // The last heartbeat came up to 2 s before the crash.
  EXPECT_GE(detected.front(), seconds(3));
  EXPECT_LE(detected.back(), seconds(8));
  EXPECT_GT(detected.back() - detected.front(), seconds(1)) << "it is drawn between 5 and 8 s";
}

TEST(TestLeaderElection, ElectionRequestHandling) {
  const Scenario scenario = documented(
      R"({"at": "10s", "crash": "node1"})",
      R"({"at": "9s", "term": 0}, {"at": "end", "term": {"at_least": 1}}, {"primary": "any"},
         {"elections_at_least": 2}, {"always": "one vote a term"},
         {"always": "one primary a term"})");
  expect_passes(scenario);
  const Played played = play(scenario, 1);
  const Failover& failover = played.result.failovers.at(0);
  const NodeId other = failover.new_primary == 2 ? 3 : 2;
  bool granted = false;
  for (const Record& record : played.records) {
    const auto* event = std::get_if<Event>(&record.fact);
    const auto* answer = event != nullptr ? std::get_if<VoteAnswered>(event) : nullptr;
    if (answer == nullptr || answer->pre || record.node != other) continue;
    if (answer->term != failover.term || answer->candidate != failover.new_primary) continue;
    granted = granted || answer->granted;
  }
  EXPECT_TRUE(granted) << "the other secondary voted for the new primary, in its term";
}

TEST(TestClusterConsistency, AllNodesAccessible) {
  World world(documented("", ""));
  world.run_for(seconds(3));
  for (NodeId id = 1; id <= 3; ++id) {
    const Answer answer = world.get(id, "k");
    EXPECT_EQ(answer.from, id);
    EXPECT_EQ(answer.ending, id == 1 ? Ending::kOk : Ending::kRefused);
    EXPECT_EQ(world.cluster.status(id).self, id);
  }
}

TEST(TestClusterConsistency, PrimarySecondaryConsistency) {
  expect_passes(documented(
      "", R"({"at": "end", "logs_equal": true}, {"availability_at_least": 1.0})",
      R"("workload": {"clients": 1, "rate": 50, "keys": 20, "reads": 0, "stop": "55s"},)"));
}

TEST(TestClusterConsistency, ConcurrentWrites) {
  const Scenario scenario = documented(
      "", R"({"at": "end", "logs_equal": true}, {"availability_at_least": 1.0})",
      R"("workload": {"clients": 16, "rate": 400, "keys": 20, "reads": 0.2, "stop": "20s"},)");
  expect_passes(scenario);
  const RunResult result = run(scenario, 1);
  EXPECT_GT(result.operations_ok, 5000u);
  EXPECT_TRUE(result.undecided.empty());
}

TEST(TestClusterConsistency, WriteThenReadConsistency) {
  World world(documented("", ""));
  ASSERT_TRUE(world.run_until_primary());
  for (int i = 0; i < 200; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_EQ(world.set(1, "counter", value).ending, Ending::kOk);
    ASSERT_EQ(world.get(1, "counter").found, value);
  }
}

TEST(TestClusterConsistency, WriteThenReadConsistencyAcrossAFailover) {
  expect_passes(
      documented(set_step("9999ms", "k", R"("v")") + R"(, {"at": "10100ms", "crash": "primary"},
        {"at": "10200ms", "get": "k", "to": "node2", "retry": true, "timeout": "15s",
         "expect": {"value": "v"}})",
                 R"({"always": "no acknowledged write is lost"}, {"always": "linearizable"})"));
}

}  // namespace
}  // namespace kv::sim
