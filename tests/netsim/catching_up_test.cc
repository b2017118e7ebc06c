// A secondary that is never fed again, and those that only look like it.
#include "netsim/catching_up.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "netsim/simulation.h"
#include "scenario_reading.h"

namespace kv::sim {
namespace {

/// What it says of a run in which node3 is so far away that nothing ever arrives there, and these
/// steps are taken; empty if it says nothing.
std::string said_of_far_node3(const std::string& steps) {
  const RunResult result = run(scenario_with(R"("nodes": {"here": ["node1", "node2"],
      "far": ["node3"]}, "primary": "node1", "timing": "lan",
      "network": {"latency": "1ms", "between_zones": "100s"},
      "workload": {"clients": 1, "rate": 5}, "steps": [)" +
                                             steps + "]"),
                               1);
  const auto found =
      std::find_if(result.violations.begin(), result.violations.end(),
                   [](const Violation& violation) { return violation.checker == "catching up"; });
  return found == result.violations.end() ? "" : found->words;
}

TEST(CatchingUp, IsAskedOfWhoRunsAndIsInReach) {
  const std::string words = said_of_far_node3("");
  EXPECT_EQ(words.substr(0, words.find(';')),
            "node3 runs, and the primary node1 reaches it, but for 7.5 s it has known of no commit "
            "behind 0");
}

TEST(CatchingUp, IsNotAskedOfWhoIsDownOrCutOff) {
  EXPECT_EQ(said_of_far_node3(R"({"at": "2s", "crash": "node3"})"), "");
  EXPECT_EQ(said_of_far_node3(R"({"at": "2s", "pause": "node3"})"), "");
  EXPECT_EQ(said_of_far_node3(R"({"at": "2s", "isolate": "node3"})"), "");
  EXPECT_EQ(said_of_far_node3(R"({"at": "2s", "cut": {"from": "node3", "to": "node1"}})"), "");
  EXPECT_EQ(said_of_far_node3(R"({"at": "2s", "stall_disk": "node3"})"), "");
}

TEST(CatchingUp, IsNotAskedWithoutAPrimary) {
  EXPECT_EQ(said_of_far_node3(R"({"at": "2s", "crash": "node1"})"), "");
}

TEST(CatchingUp, HasTimeAnewAfterEachFaultThatConcernsIt) {
  std::string steps;
  for (int second = 1; second < 60; second += 4) {
    steps += (steps.empty() ? "" : ",") + std::string(R"({"at": ")") + std::to_string(second) +
             R"(s", "clock_step": "node2", "by": "1ms"})";
  }
  EXPECT_EQ(said_of_far_node3(steps), "");
  // That clients ask, or that another node is away for a moment, says nothing of node3.
  EXPECT_NE(said_of_far_node3(R"({"at": "4s", "get": "k"}, {"at": "5s", "get": "k"},
      {"at": "8s", "isolate": "node2"}, {"at": "8001ms", "heal": "node2"})"),
            "");
}

TEST(CatchingUp, IsWhatAFollowerDoesThatWasAwayForLong) {
  const RunResult result = run(scenario_with(R"("primary": "node1", "timing": "lan",
      "limits": {"snapshot_after_bytes": "2KiB", "keep_log_bytes": "1KiB"},
      "workload": {"clients": 4, "rate": 100},
      "steps": [{"at": "2s", "crash": "node3"}, {"at": "30s", "restart": "node3"}])"),
                               1);
  EXPECT_TRUE(result.passed);
}

}  // namespace
}  // namespace kv::sim
