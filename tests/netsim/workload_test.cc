// What clients do, and what they are told.
#include "netsim/workload.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "scenario_reading.h"
#include "world.h"

namespace kv::sim {
namespace {

Scenario scenario_of(const std::string& members) {
  return scenario_with(R"("primary": "node1", "timing": "lan", "network": {"latency": "500us"},)" +
                       members);
}

/// Who was asked for this operation, in order.
std::vector<NodeId> asked(const Played& played, std::uint64_t operation) {
  std::vector<NodeId> nodes;
  for (const Record& record : played.records) {
    const auto* called = std::get_if<ClientCalled>(&record.fact);
    if (called != nullptr && called->operation == operation) nodes.push_back(record.node);
  }
  return nodes;
}
std::vector<ClientAnswered> answers(const Played& played) {
  std::vector<ClientAnswered> found;
  for (const Record& record : played.records) {
    if (const auto* answered = std::get_if<ClientAnswered>(&record.fact))
      found.push_back(*answered);
  }
  return found;
}
using Nodes = std::vector<NodeId>;

TEST(Clients, WorkAtAboutTheirRate) {
  const Played played =
      play(scenario_of(R"("workload": {"clients": 4, "rate": 100, "keys": 5, "reads": 0.3,
                          "deletes": 0.1, "value_bytes": 40})"),
           1);
  const double count = static_cast<double>(played.history.size());
  EXPECT_GT(count, 5500);
  EXPECT_LE(count, 6100);
  double reads = 0;
  double deletes = 0;
  std::set<std::string> keys;
  std::set<std::string> values;
  std::set<std::uint32_t> clients;
  std::size_t writes = 0;
  for (const Operation& operation : played.history) {
    reads += operation.kind == OperationKind::kGet ? 1 : 0;
    deletes += operation.kind == OperationKind::kDelete ? 1 : 0;
    keys.insert(operation.key);
    clients.insert(operation.client);
    if (operation.kind != OperationKind::kSet) continue;
    ++writes;
    values.insert(operation.value);
    EXPECT_EQ(operation.value.size(), 40u);
  }
  EXPECT_NEAR(reads / count, 0.3, 0.03);
  EXPECT_NEAR(deletes / count, 0.1, 0.02);
  EXPECT_EQ(keys, (std::set<std::string>{"k0", "k1", "k2", "k3", "k4"}));
  EXPECT_EQ(values.size(), writes) << "no value is written twice";
  EXPECT_EQ(clients, (std::set<std::uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(played.result.operations, played.history.size());
  EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
}

TEST(Clients, DoOneOperationAfterTheOther) {
  const Played played = play(
      scenario_of(R"("workload": {"clients": 3, "rate": 3000, "start": "1s", "stop": "3s"})"), 1);
  std::map<std::uint32_t, Instant> free_since;
  ASSERT_GT(played.history.size(), 1000u);
  for (const Operation& operation : played.history) {
    EXPECT_GE(operation.called, free_since[operation.client]);
    EXPECT_GE(operation.returned, operation.called + milliseconds(1)) << "there and back";
    free_since[operation.client] = operation.returned;
    EXPECT_EQ(operation.ending, Ending::kOk);
  }
}

TEST(Clients, BeginAndStopInTime) {
  const Played played = play(
      scenario_of(R"("workload": {"clients": 2, "rate": 50, "start": "10s", "stop": "20s"})"), 1);
  ASSERT_FALSE(played.history.empty());
  EXPECT_GE(played.history.front().called, Instant{} + seconds(10));
  EXPECT_LT(played.history.front().called, Instant{} + seconds(11));
  EXPECT_LT(played.history.back().called, Instant{} + seconds(20));
  EXPECT_GT(played.history.back().called, Instant{} + seconds(19));
}

TEST(Clients, FollowARedirect) {
  const Played played =
      play(scenario_of(R"("steps": [{"at": "5s", "set": "k", "value": "v", "to": "node3",
                          "retry": true, "expect": "ok"}])"),
           1);
  EXPECT_EQ(asked(played, 1), (Nodes{3, 1}));
  EXPECT_TRUE(played.result.passed);
  EXPECT_LT(played.history.at(0).returned - played.history.at(0).called, milliseconds(10))
      << "it asks the primary at once";
}

TEST(Clients, WithoutRetryARefusalIsTheEnd) {
  const Played played =
      play(scenario_of(R"("steps": [{"at": "5s", "set": "k", "value": "v", "to": "node3"}])"), 1);
  EXPECT_EQ(asked(played, 1), Nodes{3});
  ASSERT_EQ(answers(played).size(), 1u);
  EXPECT_EQ(answers(played)[0].ending, Ending::kRefused);
  EXPECT_EQ(answers(played)[0].detail, "NOT_PRIMARY");
}

TEST(Clients, TryTheNextNodeWhenOneIsDown) {
  const Played played =
      play(scenario_of(R"("steps": [{"at": "5s", "crash": "node3"}, {"at": "6s", "get": "k",
                          "to": "node3", "retry": true, "expect": {"value": null}}])"),
           1);
  EXPECT_EQ(asked(played, 1), (Nodes{3, 1}));
  EXPECT_TRUE(played.result.passed);
}

TEST(Clients, KeepAskingThroughAnElection) {
  const Played played =
      play(scenario_of(R"("steps": [{"at": "5s", "crash": "node1"}, {"at": "5s", "set": "k",
                          "value": "v", "to": "node2", "retry": true, "timeout": "5s",
                          "expect": "ok"}])"),
           1);
  const Nodes nodes = asked(played, 1);
  EXPECT_GT(nodes.size(), 10u);
  EXPECT_EQ(nodes.back(), played.result.failovers.at(0).new_primary);
  EXPECT_TRUE(played.result.passed);
  EXPECT_GT(played.history.at(0).returned, Instant{} + milliseconds(5200));
}

TEST(Clients, GiveUpInTheEnd) {
  const Played played =
      play(scenario_of(R"("steps": [{"at": "5s", "crash": "all"}, {"at": "6s", "set": "k",
                          "value": "v", "to": "node2", "retry": true, "timeout": "1s",
                          "expect": "refused"}])"),
           1);
  EXPECT_TRUE(played.result.passed) << "what was refused everywhere took no effect";
  ASSERT_EQ(answers(played).size(), 1u);
  EXPECT_EQ(answers(played)[0].detail, "TIMEOUT");
  EXPECT_EQ(played.history.at(0).returned, Instant{} + seconds(7));
}

TEST(Clients, DoNotRepeatWhatMayHaveTakenEffect) {
  const Played played = play(scenario_of(R"("disk": {"sync": "10ms"}, "steps": [
        {"at": "5s", "set": "k", "value": "v", "to": "node1", "retry": true, "expect": "unknown"},
        {"at": "5002ms", "crash": "node1"}])"),
                             1);
  EXPECT_EQ(asked(played, 1), Nodes{1});
  ASSERT_EQ(answers(played).size(), 1u);
  EXPECT_EQ(answers(played)[0].detail, "CONNECTION_RESET");
  EXPECT_TRUE(played.result.passed);
}

TEST(Clients, WaitNoLongerThanTheirTimeout) {
  const Played played =
      play(scenario_of(R"("steps": [{"at": "5s", "isolate": "node1", "clients": true},
        {"at": "5s", "set": "k", "value": "v", "to": "node1", "timeout": "700ms",
         "expect": "unknown"}])"),
           1);
  ASSERT_EQ(answers(played).size(), 1u);
  EXPECT_EQ(answers(played)[0].detail, "TIMEOUT");
  EXPECT_EQ(played.history.at(0).returned - played.history.at(0).called, milliseconds(700));
  EXPECT_TRUE(played.result.passed);
}

TEST(Clients, EveryOperationEndsOnce) {
  const Played played = play(scenario_of(R"("disk": {"sync": "20ms"},
        "workload": {"clients": 5, "rate": 300, "stop": "50s", "timeout": "300ms"},
        "steps": [{"at": "5s", "crash": "primary", "as": "a"}, {"at": "8s", "restart": "a"},
                  {"at": "10s", "isolate": "primary", "clients": true, "as": "b"},
                  {"at": "14s", "heal": "b"},
                  {"at": "18s", "pause": "primary", "for": "5s"},
                  {"at": "30s", "power_cut": "all"}, {"at": "31s", "restart": "all"}])"),
                             1);
  std::map<std::uint64_t, int> ends;
  std::set<std::string> details;
  for (const ClientAnswered& answer : answers(played)) {
    ++ends[answer.operation];
    details.insert(answer.detail);
  }
  EXPECT_EQ(ends.size(), played.history.size());
  for (const auto& [operation, times] : ends) EXPECT_EQ(times, 1) << operation;
  for (const Operation& operation : played.history) {
    EXPECT_NE(operation.ending, Ending::kPending);
    EXPECT_LE(operation.returned - operation.called, milliseconds(300));
  }
  EXPECT_EQ(details, (std::set<std::string>{"", "CONNECTION_RESET", "TIMEOUT"}));
  const RunResult& result = played.result;
  EXPECT_GT(result.operations_unknown, 0u);
  EXPECT_GT(result.operations_refused, 0u);
  EXPECT_EQ(result.operations_ok + result.operations_refused + result.operations_unknown,
            result.operations);
  EXPECT_TRUE(result.passed) << text_of(result.violations);
}

TEST(Clients, AskForAnIncrementUntilItIsAnswered) {
  const Played played = play(scenario_of(R"("disk": {"sync": "20ms"},
        "workload": {"clients": 3, "rate": 100, "once": 1, "stop": "25s"},
        "steps": [{"at": "5s", "crash": "primary", "as": "a"}, {"at": "8s", "restart": "a"},
                  {"at": "10s", "isolate": "primary", "clients": true, "as": "b"},
                  {"at": "14s", "heal": "b"}])"),
                             1);
  std::map<std::uint32_t, std::uint64_t> count;
  std::size_t repeated = 0;
  for (const Operation& operation : played.history) {
    EXPECT_EQ(operation.kind, OperationKind::kIncrement);
    EXPECT_EQ(operation.key, "n" + std::to_string(operation.client));
    EXPECT_EQ(operation.value, std::to_string(++count[operation.client]));
    EXPECT_EQ(operation.ending, Ending::kOk);
    EXPECT_EQ(operation.found, operation.value);
  }
  std::map<std::uint64_t, int> asks;
  for (const Record& record : played.records) {
    const auto* called = std::get_if<ClientCalled>(&record.fact);
    if (called != nullptr && ++asks[called->operation] == 2) ++repeated;
  }
  EXPECT_EQ(count.size(), 3u);
  EXPECT_GT(repeated, 5u);
  EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
}

TEST(Clients, MayLoseTheirSessionsToALateClock) {
  const Played played = play(scenario_of(R"(
        "workload": {"clients": 2, "rate": 50, "once": 0.5, "expiring": 0.5, "stop": "25s"},
        "steps": [{"at": "5s", "clock_step": "all", "by": "120m"}])"),
                             1);
  const auto refused = [](const Operation& operation) {
    return operation.kind == OperationKind::kIncrement && operation.found != operation.value;
  };
  EXPECT_TRUE(std::any_of(played.history.begin(), played.history.end(), refused));
  EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
}

TEST(Clients, ReadFromAnyNode) {
  const Played played = play(
      scenario_of(R"("workload": {"clients": 3, "rate": 100, "reads": 0.5, "follower_reads": 1})"),
      1);
  std::map<NodeId, int> answered_by;
  for (const Record& record : played.records) {
    const auto* answer = std::get_if<ClientAnswered>(&record.fact);
    if (answer == nullptr) continue;
    const Operation& operation = played.history.at(answer->operation - 1);
    EXPECT_EQ(operation.anywhere, operation.kind == OperationKind::kGet);
    if (operation.anywhere && operation.ending == Ending::kOk) ++answered_by[record.node];
  }
  EXPECT_EQ(answered_by.size(), 3u);
  for (const auto& [node, answers] : answered_by) EXPECT_GT(answers, 300) << node;
  EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
}

TEST(Clients, FindKeysThatExpiredGone) {
  const Played played = play(scenario_of(R"("clocks": {"drift_ppm": 10000},
        "workload": {"clients": 3, "rate": 100, "keys": 20, "expiring": 0.5, "ttl": "500ms",
                     "follower_reads": 0.3},
        "steps": [{"at": "5s", "crash": "primary", "as": "a"}, {"at": "8s", "restart": "a"}])"),
                             1);
  std::set<std::string> set;
  std::size_t expiring = 0;
  std::size_t gone = 0;
  for (const Operation& operation : played.history) {
    if (operation.kind == OperationKind::kGet) {
      gone += operation.ending == Ending::kOk && !operation.found && set.contains(operation.key);
    } else if (operation.ending == Ending::kOk) {
      set.insert(operation.key);
    }
    if (operation.expires_after == Duration{}) continue;
    ++expiring;
    EXPECT_GE(operation.expires_after, milliseconds(50));
    EXPECT_LE(operation.expires_after, milliseconds(501));
  }
  EXPECT_GT(expiring, 300u);
  EXPECT_GT(gone, 100u);
  EXPECT_TRUE(played.result.passed) << text_of(played.result.violations);
}

}  // namespace
}  // namespace kv::sim
