// What steps do, when, and to whom.
#include "netsim/steps.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "netsim/faults.h"
#include "scenario_reading.h"
#include "world.h"

namespace kv::sim {
namespace {

/// A minute of a cluster in LAN timing whose primary is node1.
Scenario scenario_of(const std::string& steps, const std::string& members = "") {
  return scenario_with(R"("primary": "node1", "timing": "lan", "network": {"latency": "500us"},)" +
                       (members.empty() ? "" : members + ",") + R"("steps": [)" + steps + "]");
}
Played play_steps(const std::string& steps, const std::string& members = "") {
  return play(scenario_of(steps, members), 1);
}
struct Taken {
  Instant at{};
  NodeId node{kNoNode};
  StepTaken fact{};
};
std::vector<Taken> taken(const Played& played) {
  std::vector<Taken> found;
  for (const Record& record : played.records) {
    if (const auto* step = std::get_if<StepTaken>(&record.fact))
      found.push_back({record.at, record.node, *step});
  }
  return found;
}
std::vector<std::string> words(const std::string& steps, const std::string& members = "") {
  std::vector<std::string> found;
  for (const Taken& step : taken(play_steps(steps, members))) found.push_back(step.fact.words);
  return found;
}
using Words = std::vector<std::string>;

template <typename Kind>
std::vector<Record> records_of(const Played& played) {
  std::vector<Record> found;
  for (const Record& record : played.records) {
    if (std::holds_alternative<Kind>(record.fact)) found.push_back(record);
  }
  return found;
}

TEST(Steps, AreDoneAtTheirTimeAndRecorded) {
  const Played played = play_steps(R"({"at": "5s", "crash": "node2", "caption": "It crashes"},
                                      {"at": "4s", "pause": "node3"})");
  const std::vector<Taken> steps = taken(played);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].at, Instant{} + seconds(4));
  EXPECT_EQ(steps[0].fact.step, 1u);
  EXPECT_EQ(steps[0].fact.words, "pauses node3");
  EXPECT_EQ(steps[1].at, Instant{} + seconds(5));
  EXPECT_EQ(steps[1].node, 2u);
  EXPECT_EQ(steps[1].fact.words, "crashes node2");
  EXPECT_EQ(steps[1].fact.caption, "It crashes");
  const auto stopped = records_of<NodeStopped>(played);
  ASSERT_EQ(stopped.size(), 1u);
  EXPECT_EQ(stopped[0].at, Instant{} + seconds(5));
  EXPECT_TRUE(played.result.passed);
}

TEST(Steps, SelectorsStandForWhoTheyAreAtThatTime) {
  EXPECT_EQ(words(R"({"at": "2s", "pause": "primary", "for": "1s"})"),
            Words{"pauses node1 for 1 s"});
  EXPECT_EQ(words(R"({"at": "2s", "pause": "a secondary", "for": "1s"})"),
            Words{"pauses node2 for 1 s"});
  EXPECT_EQ(words(R"({"at": "2s", "pause": "every secondary", "for": "1s"})"),
            Words{"pauses node2, node3 for 1 s"});
  EXPECT_EQ(words(R"({"at": "2s", "pause": "not primary", "for": "1s"})"),
            Words{"pauses node2, node3 for 1 s"});
  EXPECT_EQ(words(R"({"at": "2s", "pause": "all", "for": "1s"})"),
            Words{"pauses node1, node2, node3 for 1 s"});
  EXPECT_EQ(words(R"({"at": "2s", "crash": "node2"}, {"at": "3s", "pause": "a secondary"})"),
            (Words{"crashes node2", "pauses node3"}));
  EXPECT_EQ(words(R"({"at": "2s", "crash": "east"})",
                  R"("nodes": {"east": ["a", "node1"], "west": ["b"]})"),
            Words{"crashes a, node1"});
}

TEST(Steps, ANameStaysWithItsNode) {
  EXPECT_EQ(words(R"({"at": "2s", "crash": "primary", "as": "old"},
                     {"at": "4s", "pause": "primary", "as": "new", "for": "1s"},
                     {"at": "6s", "restart": "old"})"),
            (Words{"crashes node1", "pauses node2 for 1 s", "restarts node1"}));
}

TEST(Steps, AStepThatCannotBeDoneFailsTheRun) {
  const Played played = play_steps(R"({"at": "2s", "crash": "primary"},
                                      {"at": "2100ms", "crash": "primary"},
                                      {"at": "2100ms", "transfer": "node2"},
                                      {"at": "2100ms", "get": "k"})");
  ASSERT_EQ(played.result.steps.size(), 4u);
  EXPECT_FALSE(played.result.steps[0].failed);
  EXPECT_EQ(played.result.steps[1].words, "there is no 'primary' now");
  EXPECT_EQ(played.result.steps[2].words, "there is no primary to hand over");
  EXPECT_EQ(played.result.steps[3].words, "there is no primary to ask");
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_TRUE(played.result.steps[i].failed);
    EXPECT_TRUE(played.result.steps[i].ended);
  }
  EXPECT_FALSE(played.result.passed);
}

TEST(Steps, AnOperationMustEndAsExpected) {
  const Played played = play_steps(R"(
    {"at": "2s", "set": "k", "value": "v", "expect": "ok"},
    {"at": "3s", "get": "k", "expect": {"value": "v"}},
    {"at": "3s", "get": "k", "expect": {"value": "w"}},
    {"at": "3s", "get": "k", "to": "node2", "expect": {"refused": "NOT_PRIMARY"}},
    {"at": "3s", "get": "k", "to": "node2", "expect": {"refused": "NO_QUORUM"}},
    {"at": "3s", "set": "k", "value": "x", "to": "node2", "expect": "ok"},
    {"at": "4s", "delete": "k", "expect": "ok"},
    {"at": "5s", "get": "k", "expect": {"value": null}},
    {"at": "5s", "get": "k", "to": "node3"})");
  std::string failed;
  for (const StepOutcome& step : played.result.steps) {
    EXPECT_TRUE(step.ended);
    if (step.failed) failed += std::to_string(step.step) + " ";
  }
  EXPECT_EQ(failed, "2 4 5 ");
  EXPECT_EQ(played.result.steps[0].words, "client asks node1: set k = v → ok");
  EXPECT_EQ(played.result.steps[1].words, "client asks node1: get k → ok: v");
  EXPECT_EQ(played.result.steps[3].words, "client asks node2: get k → refused (NOT_PRIMARY)");
  EXPECT_FALSE(played.result.passed);
}

TEST(Steps, WaitForTheirCondition) {
  const std::vector<Taken> steps = taken(play_steps(
      R"({"at": "5s", "crash": "node1"},
         {"when": {"primary": "not node1"}, "after": "2s", "restart": "node1"},
         {"when": {"event": "CampaignStarted", "node": "not node1"}, "slow_disk": "all",
          "sync": "1ms"},
         {"when": {"primary": "any", "term": 5}, "crash": "node3"})"));
  ASSERT_EQ(steps.size(), 3u) << "no term is 5";
  EXPECT_EQ(steps[0].fact.words, "crashes node1");
  EXPECT_EQ(steps[1].fact.words, "a sync takes 1 ms on node1, node2, node3");
  EXPECT_EQ(steps[2].fact.words, "restarts node1");
  EXPECT_GT(steps[1].at, Instant{} + seconds(5));
  EXPECT_GT(steps[2].at, steps[1].at + seconds(2));
  EXPECT_LT(steps[2].at, Instant{} + seconds(8));
}

TEST(Steps, AConditionComesTrueOnce) {
  const std::vector<Taken> steps = taken(play_steps(
      R"({"when": {"event": "CommitAdvanced", "node": "node1"}, "slow_disk": "node2",
          "sync": "1ms"},
         {"at": "2s", "set": "k", "value": 1}, {"at": "3s", "set": "k", "value": 2})"));
  EXPECT_EQ(steps.size(), 3u);
  EXPECT_LT(steps[0].at, Instant{} + seconds(2));
}

TEST(Steps, APauseMayEndByItself) {
  const Played played = play_steps(R"({"at": "5s", "pause": "every secondary", "for": "100ms"},
                                      {"at": "8s", "pause": "node3"})");
  const auto paused = records_of<NodePaused>(played);
  const auto resumed = records_of<NodeResumed>(played);
  ASSERT_EQ(paused.size(), 3u);
  ASSERT_EQ(resumed.size(), 2u);
  for (const Record& record : resumed) EXPECT_EQ(record.at, Instant{} + milliseconds(5100));
  EXPECT_NE(resumed[0].node, resumed[1].node);
}

TEST(Steps, ATransferHandsOverToTheOneThatIsNamed) {
  const Played played = play_steps(R"({"at": "5s", "transfer": "node3"})");
  EXPECT_EQ(taken(played)[0].fact.words, "node1 is asked to hand over to node3");
  ASSERT_EQ(played.result.failovers.size(), 1u);
  EXPECT_EQ(played.result.failovers[0].new_primary, 3u);
  EXPECT_LT(played.result.unavailable, milliseconds(100));
}

TEST(Steps, ChangedLinksAreRecorded) {
  const Played played = play_steps(R"({"at": "2s", "isolate": "node3", "clients": true},
                                      {"at": "3s", "cut": {"from": "node2", "to": "node1"}},
                                      {"at": "4s", "heal": "all"}, {"at": "5s", "heal": "all"})");
  const auto changes = [&](std::int64_t second) {
    std::string text;
    for (const Record& record : records_of<LinkChanged>(played)) {
      const auto& link = std::get<LinkChanged>(record.fact);
      if (record.at != Instant{} + seconds(second)) continue;
      EXPECT_EQ(record.node, kNoNode);
      text += (link.cut ? "-" : "+") + std::to_string(link.from) + std::to_string(link.to) + " ";
    }
    return text;
  };
  EXPECT_EQ(changes(2), "-13 -23 -31 -32 -03 ");
  EXPECT_EQ(changes(3), "-21 ");
  EXPECT_EQ(changes(4), "+13 +21 +23 +31 +32 +03 ");
  EXPECT_EQ(changes(5), "");
}

TEST(Steps, OneWayIsHealedAlone) {
  const Played played = play_steps(R"({"at": "2s", "cut": {"from": "node1"}},
                    {"at": "3s", "heal": {"from": "node1", "to": "node3"}},
                    {"at": "4s", "isolate": "node3"},
                    {"at": "5s", "heal": {"from": "node1"}})");
  std::string text;
  for (const Record& record : records_of<LinkChanged>(played)) {
    const auto& link = std::get<LinkChanged>(record.fact);
    text += std::to_string(record.at.ns / seconds(1).ns) + (link.cut ? " -" : " +") +
            std::to_string(link.from) + std::to_string(link.to) + "; ";
  }
  // The way to an isolated node stays closed: only its own return opens it.
  EXPECT_EQ(text, "2 -12; 2 -13; 3 +13; 4 -13; 4 -23; 4 -31; 4 -32; 5 +12; ");
  EXPECT_EQ(played.result.steps[1].words, "heals the way from node1 to node3");
  EXPECT_EQ(played.result.steps[3].words, "heals the way from node1");
}

TEST(Steps, FaultsSayWhatTheyDo) {
  EXPECT_EQ(words(R"({"at": "2s", "partition": "halves"}, {"at": "3s", "heal": "all"},
                     {"at": "4s", "partition": [["node1"], ["node2", "node3"]]},
                     {"at": "5s", "heal": "node1"})"),
            (Words{"partitions the network: node1, node2 | node3", "heals all links",
                   "partitions the network: node1 | node2, node3", "heals the links of node1"}));
  EXPECT_EQ(words(R"({"at": "2s", "loss": 0.05}, {"at": "3s", "delay": "5ms", "from": "node1"},
                     {"at": "4s", "duplicate": 0.125, "to": "node2"},
                     {"at": "5s", "reorder": 0.5, "from": "node1", "to": "node2"},
                     {"at": "6s", "corrupt": 0.01}, {"at": "7s", "cut": {"from": "node3"}})"),
            (Words{"loses 5 % of the messages everywhere", "delays messages by 5 ms from node1",
                   "doubles 12.5 % of the messages to node2",
                   "reorders 50 % of the messages from node1 to node2",
                   "damages 1 % of the messages everywhere", "cuts the way from node3"}));
  EXPECT_EQ(words(R"({"at": "2s", "drift": "node2", "ppm": -300},
                     {"at": "3s", "clock_step": "node2", "by": "1s"},
                     {"at": "4s", "freeze_clock": "node2", "for": "2s"},
                     {"at": "5s", "disk_full": "node3"}, {"at": "6s", "disk_full": "node3",
                     "on": false}, {"at": "7s", "power_cut": "node3"},
                     {"at": "8s", "wipe": "node3"},
                     {"at": "9s", "crash": "node2", "amid_effects": true})"),
            (Words{"the clock of node2 drifts by -300 ppm", "the clock of node2 jumps ahead by 1 s",
                   "the clock of node2 stands still for 2 s", "fills the disk of node3",
                   "frees the disk of node3", "cuts the power of node3", "wipes the disk of node3",
                   "will crash node2 amid the effects of its next input"}));
}

TEST(Steps, FaultsOfDisksSayWhatTheyDo) {
  EXPECT_EQ(words(R"({"at": "2s", "stall_disk": "node2"},
                     {"at": "3s", "stall_disk": "node2", "on": false},
                     {"at": "4s", "lying_sync": "node2"},
                     {"at": "5s", "lying_sync": "node2", "on": false},
                     {"at": "6s", "cut_clients": "node2"},
                     {"at": "7s", "cut_clients": "node2", "on": false},
                     {"at": "8s", "read_error": "node2", "offset": 9})"),
            (Words{"stalls the disk of node2", "lets the disk of node2 work again",
                   "lets the disk of node2 lie about syncs", "lets the disk of node2 sync honestly",
                   "cuts the clients off from node2", "lets the clients reach node2",
                   "makes unreadable the sector with byte 9 of the newest log file of node2"}));
}

TEST(Steps, ClientsAreCutOffFromOneNodeAlone) {
  const Played played = play_steps(R"({"at": "2s", "cut_clients": "node1"},
    {"at": "3s", "get": "k", "to": "node1", "timeout": "1s", "expect": "unknown"},
    {"at": "5s", "cut_clients": "node1", "on": false},
    {"at": "6s", "get": "k", "to": "node1", "expect": {"value": null}})");
  EXPECT_TRUE(played.result.passed);
  EXPECT_EQ(played.result.elections, 1u) << "the nodes hear each other";
}

TEST(Steps, AnUnreadableSectorKeepsANodeDown) {
  const Played played = play_steps(R"({"at": "3s", "read_error": "node3", "offset": 100},
    {"at": "5s", "restart": "node3"})");
  const auto stopped = records_of<NodeStopped>(played);
  ASSERT_EQ(stopped.size(), 2u);
  const auto& refused = std::get<NodeStopped>(stopped[1].fact);
  EXPECT_EQ(refused.cause, StopCause::kRefusedToStart);
  EXPECT_EQ(refused.detail.rfind("cannot read log-0000000000000001.wal at offset 0: ", 0), 0u);
}

TEST(Steps, AFlippedBitKeepsANodeDown) {
  const Played played = play_steps(R"({"at": "2s", "set": "k", "value": "v", "expect": "ok"},
    {"at": "3s", "crash": "node3"},
    {"at": "4s", "flip_bit": "node3", "file": "log", "offset": 100},
    {"at": "5s", "restart": "node3"})");
  const auto stopped = records_of<NodeStopped>(played);
  ASSERT_EQ(stopped.size(), 2u);
  EXPECT_EQ(std::get<NodeStopped>(stopped[1].fact).cause, StopCause::kRefusedToStart);
}

TEST(Cast, KnowsWhoIsMeant) {
  Scenario scenario = quiet_scenario();
  scenario.nodes[2].zone = "west";
  World world(scenario);
  Cast cast(scenario);
  using Ids = std::vector<NodeId>;
  EXPECT_EQ(cast.resolve(world.cluster, "primary"), Ids{});
  EXPECT_EQ(cast.resolve(world.cluster, "not primary"), (Ids{1, 2, 3}));
  ASSERT_TRUE(world.run_until_primary());
  EXPECT_EQ(cast.resolve(world.cluster, "primary"), Ids{1});
  EXPECT_EQ(cast.resolve(world.cluster, "west"), Ids{3});
  EXPECT_EQ(cast.resolve(world.cluster, "not west"), (Ids{1, 2}));
  EXPECT_EQ(cast.resolve(world.cluster, "old"), Ids{});
  EXPECT_EQ(cast.resolve(world.cluster, "not old"), Ids{}) << "nobody is called so yet";
  cast.bind("old", 2);
  EXPECT_EQ(cast.resolve(world.cluster, "old"), Ids{2});
  EXPECT_EQ(cast.resolve(world.cluster, "not old"), (Ids{1, 3}));
  world.cluster.crash(2, StopCause::kCrash);
  EXPECT_EQ(cast.resolve(world.cluster, "every secondary"), Ids{3});
  EXPECT_EQ(cast.names({1, 3}), "node1, node3");
}

}  // namespace
}  // namespace kv::sim
