#include "netsim/cluster.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/command.h"
#include "netsim/event_queue.h"
#include "world.h"

namespace kv::sim {
namespace {

constexpr NodeId kNode1 = 1;
constexpr NodeId kNode2 = 2;
constexpr NodeId kNode3 = 3;

TEST(EventQueue, GivesTheEarliestFirstAndEqualOnesInTheirOrder) {
  EventQueue<int> queue;
  Rng rng(3);
  for (int i = 0; i < 1000; ++i)
    queue.schedule(Instant{static_cast<std::int64_t>(rng.below(20))}, i);
  EXPECT_EQ(queue.size(), 1000u);
  EventQueue<int> copy = queue;
  std::pair<Instant, int> last{Instant{-1}, -1};
  while (!queue.empty()) {
    const Instant announced = queue.next_at();
    const std::pair<Instant, int> next = queue.pop();
    EXPECT_EQ(next.first, announced);
    EXPECT_LT(last, next);
    EXPECT_EQ(copy.pop(), next);
    last = next;
  }
  EXPECT_EQ(last.first, Instant{19});
}

TEST(EventQueue, TakesEventsWhileItIsEmptied) {
  EventQueue<std::string> queue;
  queue.schedule(Instant{5}, "five");
  queue.schedule(Instant{3}, "three");
  EXPECT_EQ(queue.pop().second, "three");
  queue.schedule(Instant{4}, "four");
  queue.schedule(Instant{5}, "five again");
  EXPECT_EQ(queue.pop().second, "four");
  EXPECT_EQ(queue.pop().second, "five");
  EXPECT_EQ(queue.pop().second, "five again");
}

class Ready : public testing::Test {
 protected:
  explicit Ready(const Scenario& scenario = quiet_scenario()) : world_(scenario) {
    EXPECT_TRUE(world_.run_until_primary());
    world_.run_for(seconds(1));
  }
  void write(std::string_view key, std::string_view value) {
    const Answer answer = world_.set(world_.cluster.primary(), key, value);
    EXPECT_EQ(answer.ending, Ending::kOk) << answer.code;
  }
  void crash(NodeId id, StopCause cause = StopCause::kCrash) {
    world_.cluster.crash(id, cause);
    world_.look();
  }
  void start(NodeId id) {
    world_.cluster.start(id);
    world_.look();
  }
  NodeStarted last_start(NodeId id) { return world_.facts<NodeStarted>(id).back(); }

  World world_;
};
using ClusterTest = Ready;

TEST_F(ClusterTest, AnswersReadsAndWrites) {
  EXPECT_EQ(world_.cluster.primary(), kNode1);
  EXPECT_EQ(world_.get(kNode1, "k").found, std::nullopt);
  write("k", "v");
  const Answer read = world_.get(kNode1, "k");
  EXPECT_EQ(read.ending, Ending::kOk);
  EXPECT_EQ(read.found, "v");
  EXPECT_EQ(read.from, kNode1);
}

TEST_F(ClusterTest, ASecondaryNamesThePrimary) {
  const Answer answer = world_.get(kNode2, "k");
  EXPECT_EQ(answer.ending, Ending::kRefused);
  EXPECT_EQ(answer.code, "NOT_PRIMARY");
  EXPECT_EQ(answer.primary, kNode1);
}

TEST_F(ClusterTest, ACrashedNodeKeepsWhatItWroteAndItsIncarnation) {
  write("k", "v");
  world_.run_for(milliseconds(200));
  const NodeStarted before = last_start(kNode2);
  const LogIndex last = world_.cluster.replica(kNode2)->raft().log().last_index();
  crash(kNode2);
  EXPECT_EQ(world_.cluster.replica(kNode2), nullptr);
  EXPECT_FALSE(world_.cluster.node(kNode2).runs());
  start(kNode2);
  EXPECT_EQ(last_start(kNode2).incarnation, before.incarnation);
  EXPECT_EQ(last_start(kNode2).last_index, last);
  EXPECT_EQ(world_.cluster.replica(kNode2)->raft().log().last_index(), last);
}

TEST_F(ClusterTest, WhatWasAcknowledgedSurvivesAPowerCutOfAllNodes) {
  write("k", "v");
  for (NodeId id = 1; id <= 3; ++id) crash(id, StopCause::kPowerCut);
  EXPECT_EQ(world_.get(kNode1, "k").code, "CONNECTION_REFUSED");
  for (NodeId id = 1; id <= 3; ++id) start(id);
  ASSERT_TRUE(world_.run_until_primary());
  EXPECT_EQ(world_.get(world_.cluster.primary(), "k").found, "v");
  EXPECT_EQ(world_.facts<NodeStopped>(kNode3).at(0).cause, StopCause::kPowerCut);
}

TEST_F(ClusterTest, AWipedNodeBeginsEmptyAsSomebodyElse) {
  write("k", "v");
  world_.run_for(milliseconds(200));
  const NodeStarted before = last_start(kNode3);
  world_.cluster.wipe(kNode3);
  world_.look();
  EXPECT_EQ(world_.cluster.replica(kNode3), nullptr);
  EXPECT_EQ(world_.facts<DiskWiped>(kNode3).size(), 1u);
  start(kNode3);
  EXPECT_NE(last_start(kNode3).incarnation, before.incarnation);
  EXPECT_EQ(last_start(kNode3).last_index, 0u);
  world_.run_for(seconds(2));
  EXPECT_TRUE(world_.cluster.replica(kNode1)->raft().wiped(kNode3));
  EXPECT_EQ(world_.cluster.replica(kNode3)->store().get("k"), "v") << "it is still fed";
}

TEST_F(ClusterTest, ADamagedLogKeepsANodeFromStarting) {
  write("k", "v");
  world_.run_for(milliseconds(200));
  crash(kNode2);
  Disk& disk = world_.cluster.node(kNode2).disk;
  std::string log;
  for (const std::string& name : disk.names()) {
    if (Wal::is_segment_name(name)) log = name;
  }
  ASSERT_TRUE(disk.flip_bit(log, 100, 0));
  start(kNode2);
  const NodeStopped stopped = world_.facts<NodeStopped>(kNode2).back();
  EXPECT_EQ(stopped.cause, StopCause::kRefusedToStart);
  EXPECT_NE(stopped.detail.find(log), std::string::npos) << stopped.detail;
}

TEST_F(ClusterTest, ANodeWhoseDiskIsFullStops) {
  Disk& disk = world_.cluster.node(kNode1).disk;
  disk.set_capacity(disk.used_bytes());
  const std::string large(40'000, 'x');
  for (int i = 0; i < 4 && world_.cluster.replica(kNode1) != nullptr; ++i)
    world_.set(kNode1, "k", large);
  ASSERT_FALSE(world_.facts<NodeStopped>(kNode1).empty());
  EXPECT_EQ(world_.facts<NodeStopped>(kNode1)[0].cause, StopCause::kDiskFailure);
  EXPECT_TRUE(world_.run_until_primary());
}

TEST_F(ClusterTest, NothingCompletesOnAStalledDisk) {
  const auto saved = [&](NodeId id) { return world_.events<EntriesPersisted>(id).size(); };
  world_.cluster.stall_disk(kNode2, true);
  const std::size_t before = saved(kNode2);
  write("k", "v");
  world_.run_for(seconds(5));
  EXPECT_EQ(saved(kNode2), before);
  EXPECT_GT(saved(kNode3), before);
  world_.cluster.stall_disk(kNode2, false);
  world_.run_for(milliseconds(200));
  EXPECT_GT(saved(kNode2), before);
  EXPECT_EQ(world_.cluster.replica(kNode2)->store().get("k"), "v");
}

TEST_F(ClusterTest, AStartWaitsForAStalledDisk) {
  world_.cluster.stall_disk(kNode2, true);
  crash(kNode2);
  start(kNode2);
  world_.run_for(seconds(1));
  EXPECT_EQ(world_.cluster.replica(kNode2), nullptr);
  world_.cluster.stall_disk(kNode2, false);
  EXPECT_NE(world_.cluster.replica(kNode2), nullptr);

  world_.cluster.stall_disk(kNode2, true);
  crash(kNode2);
  start(kNode2);
  crash(kNode2);
  world_.cluster.stall_disk(kNode2, false);
  EXPECT_EQ(world_.cluster.replica(kNode2), nullptr) << "the process that waited was killed";
}

TEST_F(ClusterTest, APausedNodeHearsNothingUntilItIsResumed) {
  world_.cluster.pause(kNode2);
  world_.look();
  EXPECT_FALSE(world_.cluster.node(kNode2).runs());
  const std::size_t heard = world_.facts<MessageDelivered>(kNode2).size();
  write("k", "v");
  const RequestId asked = world_.send(kNode2, ReadRequest{encode_command(get_command("k"))});
  world_.run_for(milliseconds(200));
  EXPECT_EQ(world_.facts<MessageDelivered>(kNode2).size(), heard);
  EXPECT_FALSE(world_.answers.contains(asked));
  EXPECT_EQ(world_.cluster.replica(kNode2)->store().get("k"), std::nullopt);
  world_.cluster.resume(kNode2);
  world_.run_for(milliseconds(5));
  EXPECT_GT(world_.facts<MessageDelivered>(kNode2).size(), heard + 2);
  EXPECT_EQ(world_.answers[asked].code, "NOT_PRIMARY");
  EXPECT_EQ(world_.cluster.replica(kNode2)->store().get("k"), "v");
  EXPECT_EQ(world_.facts<NodePaused>().size(), 1u);
  EXPECT_EQ(world_.facts<NodeResumed>().size(), 1u);
}

TEST_F(ClusterTest, AResumedNodeStillHasItsTimers) {
  world_.cluster.pause(kNode2);
  world_.run_for(seconds(2));
  world_.cluster.resume(kNode2);
  world_.run_for(seconds(1));
  crash(kNode1);
  crash(kNode3);
  const std::size_t before = world_.events<CampaignStarted>(kNode2).size();
  world_.run_for(seconds(1));
  EXPECT_GT(world_.events<CampaignStarted>(kNode2).size(), before);
}

TEST_F(ClusterTest, WhatAPausedNodeDidNotHearIsLostWithIt) {
  world_.cluster.pause(kNode2);
  const RequestId asked = world_.send(kNode2, ReadRequest{encode_command(get_command("k"))});
  world_.run_for(milliseconds(100));
  crash(kNode2);
  world_.run_for(milliseconds(10));
  EXPECT_EQ(world_.answers[asked].code, "CONNECTION_REFUSED");
  const auto dropped = world_.facts<MessageDropped>(kNode2);
  EXPECT_TRUE(std::any_of(dropped.begin(), dropped.end(), [](const MessageDropped& drop) {
    return drop.reason == DropReason::kNodeDown;
  }));
}

TEST_F(ClusterTest, ARequestToANodeThatIsDownIsRefused) {
  crash(kNode3);
  const Answer answer = world_.set(kNode3, "k", "v");
  EXPECT_EQ(answer.ending, Ending::kRefused);
  EXPECT_EQ(answer.code, "CONNECTION_REFUSED");
}

TEST_F(ClusterTest, OfARequestThatACrashInterruptsNobodyKnows) {
  const RequestId asked = world_.send(kNode1, set_request("k", "v"));
  world_.run_for(microseconds(600));
  crash(kNode1);
  const Answer answer = world_.wait_for(asked);
  EXPECT_EQ(answer.ending, Ending::kUnknown);
  EXPECT_EQ(answer.code, "CONNECTION_RESET");
}

TEST_F(ClusterTest, ACutOffClientIsNeitherHeardNorAnswered) {
  world_.cluster.cut_off_clients(kNode1, true);
  EXPECT_FALSE(world_.cluster.clients_reach(kNode1));
  const RequestId unheard = world_.send(kNode1, set_request("a", "v"));
  world_.run_for(seconds(2));
  EXPECT_FALSE(world_.answers.contains(unheard));
  EXPECT_EQ(world_.cluster.replica(kNode1)->store().get("a"), std::nullopt);
  world_.cluster.cut_off_clients(kNode1, false);
  const RequestId unanswered = world_.send(kNode1, set_request("b", "v"));
  world_.run_for(microseconds(600));
  world_.cluster.cut_off_clients(kNode1, true);
  world_.run_for(seconds(2));
  EXPECT_FALSE(world_.answers.contains(unanswered));
  EXPECT_EQ(world_.cluster.replica(kNode1)->store().get("b"), "v");
}

TEST_F(ClusterTest, ACrashAmidEffectsComesWithTheNextInput) {
  world_.cluster.crash_amid_effects(kNode1);
  EXPECT_TRUE(world_.cluster.node(kNode1).runs());
  const RequestId asked = world_.send(kNode1, set_request("k", "v"));
  world_.run_for(milliseconds(60));
  EXPECT_FALSE(world_.cluster.node(kNode1).runs());
  EXPECT_EQ(world_.facts<NodeStopped>(kNode1).size(), 1u);
  EXPECT_NE(world_.wait_for(asked).ending, Ending::kOk);
  start(kNode1);
  EXPECT_TRUE(world_.run_until_primary());
}

TEST(Cluster, ACrashAmidDiskWorkLeavesSomeOfItDone) {
  int kept = 0;
  constexpr int kSeeds = 40;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    World world(quiet_scenario(1), seed);
    ASSERT_TRUE(world.run_until_primary());
    world.run_for(milliseconds(10));
    world.cluster.node(kNode1).sync = Latency::constant(seconds(1));
    world.send(kNode1, set_request("k", "v"));
    world.run_for(milliseconds(10));
    world.cluster.crash(kNode1, StopCause::kCrash);
    world.cluster.start(kNode1);
    ASSERT_TRUE(world.run_until_primary());
    kept += world.get(kNode1, "k").found == "v" ? 1 : 0;
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, kSeeds);
}

// --- clocks ---

std::size_t heartbeats_in(World& world, NodeId node, Duration span) {
  world.cluster.record_messages(true);
  const auto count = [&] {
    std::size_t found = 0;
    for (const MessageSent& sent : world.facts<MessageSent>(node))
      found += form_of(sent.content->body) == "HEARTBEAT" && sent.content->to == kNode3 ? 1U : 0U;
    return found;
  };
  const std::size_t before = count();
  world.run_for(span);
  return count() - before;
}

TEST_F(ClusterTest, AFastClockBeatsFaster) {
  EXPECT_NEAR(static_cast<double>(heartbeats_in(world_, kNode1, seconds(5))), 100, 1);
  world_.cluster.set_drift(kNode1, 500'000);
  EXPECT_NEAR(static_cast<double>(heartbeats_in(world_, kNode1, seconds(5))), 150, 2);
  world_.cluster.set_drift(kNode1, -500'000);
  EXPECT_NEAR(static_cast<double>(heartbeats_in(world_, kNode1, seconds(5))), 50, 2);
}

TEST_F(ClusterTest, AFrozenClockBeatsNotAtAll) {
  world_.cluster.freeze_clock(kNode1, milliseconds(250));
  EXPECT_LE(heartbeats_in(world_, kNode1, milliseconds(250)), 1u);
  EXPECT_GE(heartbeats_in(world_, kNode1, milliseconds(250)), 4u);
}

TEST_F(ClusterTest, AClockThatJumpsAheadEndsAnElectionTimeout) {
  const std::size_t before = world_.events<CampaignStarted>(kNode2).size();
  world_.cluster.step_clock(kNode2, seconds(1));
  world_.run_for(milliseconds(1));
  EXPECT_EQ(world_.events<CampaignStarted>(kNode2).size(), before + 1);
}

TEST(Cluster, EveryNodeDrawsItsDrift) {
  Scenario scenario = quiet_scenario();
  scenario.clocks.drift_ppm = 200'000;
  World world(scenario);
  world.run_for(seconds(10));
  const Instant right = Instant{} + NodeClock::kOrigin + seconds(10);
  std::vector<std::int64_t> shown;
  for (NodeId id = 1; id <= 3; ++id) {
    const Instant local = world.cluster.node(id).clock.local(world.cluster.now());
    EXPECT_NE(local, right);
    EXPECT_LE(std::abs((local - right).ns), seconds(2).ns);
    shown.push_back(local.ns);
  }
  EXPECT_NE(shown[0], shown[1]);
  EXPECT_NE(shown[1], shown[2]);
}

// --- records ---

/// A busy second: writes, a crash, a failover.
void disturb(World& world) {
  for (int i = 0; i < 20; ++i) {
    world.send(kNode1, set_request("k", std::to_string(i)));
    world.run_for(milliseconds(1));
  }
  world.cluster.crash(kNode1, StopCause::kPowerCut);
  world.run_for(milliseconds(700));
  world.cluster.start(kNode1);
  world.run_for(milliseconds(300));
}

TEST_F(ClusterTest, RecordsAreNumberedWithoutGaps) {
  World world;
  world.cluster.record_messages(true);
  ASSERT_TRUE(world.run_until_primary());
  disturb(world);
  ASSERT_GT(world.records.size(), 200u);
  Instant last{};
  for (std::size_t i = 0; i < world.records.size(); ++i) {
    ASSERT_EQ(world.records[i].sequence, i + 1);
    ASSERT_GE(world.records[i].at, last);
    last = world.records[i].at;
  }
}

TEST(Cluster, RecordingMessagesChangesNoHashAndNoNumber) {
  World with;
  World without;
  with.cluster.record_messages(true);
  for (World* world : {&with, &without}) {
    ASSERT_TRUE(world->run_until_primary());
    disturb(*world);
  }
  EXPECT_EQ(with.cluster.trace_hash(), without.cluster.trace_hash());
  EXPECT_GT(with.records.size(), without.records.size());
  EXPECT_EQ(with.records.back().sequence, without.records.back().sequence);
  // What casts a vote is always there.
  EXPECT_FALSE(without.facts<MessageSent>().empty());
  for (const MessageSent& sent : without.facts<MessageSent>())
    EXPECT_EQ(form_of(sent.content->body).substr(0, 8), "ELECTION");
}

TEST_F(ClusterTest, ACopyIsACheckpoint) {
  world_.send(kNode1, set_request("under way", "v"));
  world_.run_for(microseconds(700));
  Cluster checkpoint = world_.cluster;
  disturb(world_);
  const std::uint64_t hash = world_.cluster.trace_hash();
  for (int again = 0; again < 2; ++again) {
    World other;
    other.cluster = checkpoint;
    disturb(other);
    EXPECT_EQ(other.cluster.trace_hash(), hash);
    EXPECT_EQ(other.cluster.inputs(), world_.cluster.inputs());
  }
}

TEST(Cluster, TheSeedDecidesEverything) {
  const auto hash = [](std::uint64_t seed) {
    World world(quiet_scenario(), seed);
    EXPECT_TRUE(world.run_until_primary());
    disturb(world);
    return world.cluster.trace_hash();
  };
  EXPECT_EQ(hash(5), hash(5));
  EXPECT_NE(hash(5), hash(6));
}

TEST_F(ClusterTest, AlarmsComeWhenAskedFor) {
  Cluster cluster(quiet_scenario(), 1);
  cluster.set_alarm(Instant{} + milliseconds(3), {7, 42});
  while (true) {
    const Happening happening = cluster.advance();
    const auto* alarm = std::get_if<Alarm>(&happening);
    if (alarm == nullptr) continue;
    EXPECT_EQ(alarm->owner, 7u);
    EXPECT_EQ(alarm->data, 42u);
    break;
  }
  EXPECT_EQ(cluster.now(), Instant{} + milliseconds(3));
}

}  // namespace
}  // namespace kv::sim
