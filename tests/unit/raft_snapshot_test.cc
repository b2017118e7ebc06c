// Compaction, and snapshots for followers that the log no longer serves.
#include <gtest/gtest.h>

#include "support/lab.h"

namespace kv {
namespace {

Lab::Options options_of_a_small_log() {
  Lab::Options options;
  options.bootstrap = 1;
  options.limits.snapshot_after_bytes = 1000;
  options.limits.keep_log_bytes = 200;
  options.limits.max_inflight_bytes = 200;
  options.limits.snapshot_chunk_bytes = 64;
  options.limits.max_inflight_chunks = 3;
  return options;
}

Lab small_log_lab(const Lab::Options& options = options_of_a_small_log()) {
  Lab lab(options);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(milliseconds(100));
  return lab;
}

void write_keys(Lab& lab, int count, const std::set<NodeId>& cut = {}) {
  for (int i = 0; i < count; ++i) {
    const RequestId id = lab.next_request();
    lab.submit(lab.leader(),
               set_request(id, "key-" + std::to_string(i), "value " + std::to_string(id)));
    lab.settle(cut);
  }
}

bool same_state(Lab& lab) {
  const std::uint64_t hash = lab.replica(1).store().state_hash();
  for (NodeId id = 2; id <= lab.size(); ++id) {
    if (lab.replica(id).store().state_hash() != hash) return false;
  }
  return true;
}

/// Node 3 is down while the log grows past what is kept.
Lab lagging_lab(const Lab::Options& options = options_of_a_small_log()) {
  Lab lab = small_log_lab(options);
  lab.crash(3);
  write_keys(lab, 60, {3});
  EXPECT_GT(lab.replica(1).raft().log().base_index(), 10u);
  return lab;
}

TEST(Compaction, KeepsTheLogShortOnEveryNode) {
  Lab lab = small_log_lab();
  write_keys(lab, 200);
  lab.run_for(milliseconds(200));
  for (NodeId id = 1; id <= 3; ++id) EXPECT_LT(lab.replica(id).raft().log().bytes(), 3000u) << id;
  EXPECT_TRUE(same_state(lab));
  EXPECT_EQ(lab.count<SnapshotSendStarted>(kNoNode), 0u) << "nobody was late";
}

TEST(Compaction, KeepsEnoughForAFollowerThatIsALittleLate) {
  Lab lab = small_log_lab();
  write_keys(lab, 60);
  lab.run_for(milliseconds(100));
  lab.crash(3);
  write_keys(lab, 2, {3});
  lab.start(3);
  lab.run_for(milliseconds(500));
  EXPECT_EQ(lab.count<SnapshotSendStarted>(kNoNode), 0u);
  EXPECT_TRUE(same_state(lab));
}

TEST(Compaction, GoesOnWhileAFollowerStaysDown) {
  Lab lab = lagging_lab();
  for (int round = 0; round < 20; ++round) {
    write_keys(lab, 60, {3});
    lab.run_for(seconds(3), {3});
  }
  EXPECT_LT(lab.replica(1).raft().log().bytes(), 20000u);
  lab.start(3);
  lab.run_for(seconds(5));
  EXPECT_TRUE(same_state(lab));
}

TEST(Compaction, SurvivesARestart) {
  Lab lab = small_log_lab();
  write_keys(lab, 100);
  for (NodeId id = 1; id <= 3; ++id) lab.crash(id);
  for (NodeId id = 1; id <= 3; ++id) {
    lab.start(id);
    EXPECT_GT(lab.replica(id).raft().log().base_index(), 0u);
  }
  ASSERT_TRUE(lab.run_until_serving(seconds(5)));
  lab.run_for(milliseconds(500));
  EXPECT_TRUE(same_state(lab));
  EXPECT_EQ(lab.replica(1).store().get("key-99"), lab.replica(3).store().get("key-99"));
}

TEST(SnapshotTransfer, BringsALaggardUpToDate) {
  Lab lab = lagging_lab();
  lab.start(3);
  lab.run_for(seconds(1));
  EXPECT_EQ(lab.count<SnapshotInstalled>(3), 1u);
  EXPECT_TRUE(same_state(lab));
  write_keys(lab, 1);
  lab.run_for(milliseconds(100));
  EXPECT_TRUE(same_state(lab)) << "and it goes on with entries";
  EXPECT_EQ(lab.count<SnapshotSendEnded>(1, [](const SnapshotSendEnded& e) { return e.done; }), 1u);
  EXPECT_TRUE(lab.violations.empty());
}

/// Node 1 has sent some chunks, and node 3 has not got the others.
Lab half_fed_lab() {
  Lab lab = lagging_lab();
  lab.start(3);
  std::size_t chunks = 0;
  lab.loses = [&](const Message& message) {
    return std::holds_alternative<SnapshotRequest>(message.body) && ++chunks > 5;
  };
  lab.run_for(milliseconds(200));
  lab.loses = nullptr;
  EXPECT_TRUE(lab.replica(1).raft().sending_snapshot());
  return lab;
}

std::size_t given_up(const Lab& lab) {
  return lab.count<SnapshotSendEnded>(1, [](const SnapshotSendEnded& e) { return !e.done; });
}

TEST(SnapshotTransfer, IsGivenUpWhenTheFollowerIsGone) {
  Lab lab = half_fed_lab();
  EXPECT_EQ(given_up(lab), 0u);
  lab.crash(3);
  lab.run_for(seconds(1));
  EXPECT_FALSE(lab.replica(1).raft().sending_snapshot());
  EXPECT_EQ(given_up(lab), 1u);
}

TEST(SnapshotTransfer, IsGivenUpByALeaderThatLeadsNoMore) {
  Lab lab = half_fed_lab();
  lab.run_for(milliseconds(350), {1});
  EXPECT_NE(lab.replica(1).raft().role(), Role::kLeader);
  EXPECT_EQ(given_up(lab), 1u);
}

TEST(SnapshotTransfer, IsGivenUpWhenTheFollowerComesBackWithAnotherDataDirectory) {
  Lab lab = half_fed_lab();
  lab.crash(3);
  lab.wipe(3);
  lab.start(3);
  lab.run_for(milliseconds(100));
  EXPECT_EQ(lab.count<PeerWiped>(1), 1u);
  EXPECT_EQ(given_up(lab), 1u);
}

TEST(SnapshotTransfer, SendsNoMoreChunksThanAllowedBeforeAnAnswer) {
  Lab lab = lagging_lab();
  lab.start(3);
  std::size_t most = 0;
  lab.loses = [&](const Message&) {
    std::size_t chunks = 0;
    for (const Message& message : lab.network) {
      chunks += std::holds_alternative<SnapshotRequest>(message.body);
    }
    most = std::max(most, chunks);
    return false;
  };
  lab.run_for(seconds(1));
  EXPECT_TRUE(same_state(lab));
  EXPECT_LE(most, 3u);
}

TEST(SnapshotTransfer, ResendsOnlyFromTheChunkThatWasLost) {
  Lab lab = lagging_lab();
  lab.start(3);
  std::size_t chunks = 0;
  lab.loses = [&](const Message& message) {
    return std::holds_alternative<SnapshotRequest>(message.body) && ++chunks == 4;
  };
  lab.run_for(seconds(1));
  EXPECT_TRUE(same_state(lab));
  EXPECT_EQ(lab.count<SnapshotInstalled>(3), 1u);
  EXPECT_LE(chunks, 16u + 4u) << "16 shards, and a window's worth again";
}

TEST(SnapshotTransfer, ResendsALostChunkHoweverManyReadsAreConfirmedMeanwhile) {
  Lab lab = lagging_lab();
  lab.start(3);
  std::size_t chunks = 0;
  lab.loses = [&](const Message& message) {
    if (!std::holds_alternative<SnapshotRequest>(message.body)) return false;
    return ++chunks <= 3;
  };
  for (int i = 0; i < 200; ++i) {
    lab.submit(1, get_request(lab.next_request(), "key-1"));
    lab.run_for(milliseconds(10));
  }
  EXPECT_EQ(lab.count<SnapshotInstalled>(3), 1u);
  EXPECT_TRUE(same_state(lab));
}

TEST(SnapshotTransfer, BeginsAnewForAFollowerThatCrashedAmidIt) {
  Lab lab = lagging_lab();
  lab.start(3);
  std::size_t chunks = 0;
  lab.loses = [&](const Message& message) {
    return std::holds_alternative<SnapshotRequest>(message.body) && ++chunks > 5;
  };
  lab.run_for(milliseconds(300));
  ASSERT_EQ(lab.count<SnapshotInstalled>(3), 0u);
  lab.crash(3);
  lab.start(3);
  lab.loses = nullptr;
  lab.run_for(seconds(3));
  EXPECT_EQ(lab.count<SnapshotInstalled>(3), 1u);
  EXPECT_TRUE(same_state(lab));
}

TEST(SnapshotTransfer, BeginsAnewForAFollowerThatCrashedBeforeTheSnapshotWasDurable) {
  Lab lab = lagging_lab();
  lab.start(3);
  for (int i = 0; i < 500 && lab.count<SnapshotInstalled>(3) == 0; ++i) {
    for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
    for (NodeId id = 1; id <= 3; ++id) {
      if (lab.count<SnapshotInstalled>(3) == 0) lab.persist(id, 9);
    }
    lab.now = lab.now + milliseconds(1);
    for (NodeId id = 1; id <= 3; ++id) lab.tick(id);
  }
  ASSERT_EQ(lab.count<SnapshotInstalled>(3), 1u);
  lab.crash(3, 0);
  ASSERT_EQ(lab.node(3).disk.snapshot, nullptr);
  lab.start(3);
  lab.run_for(seconds(3));
  EXPECT_EQ(lab.count<SnapshotInstalled>(3), 2u);
  EXPECT_TRUE(same_state(lab));
  EXPECT_TRUE(lab.violations.empty());
}

TEST(SnapshotTransfer, IsNotSpoiledByADamagedChunk) {
  Lab::Options options = options_of_a_small_log();
  options.limits.snapshot_chunk_bytes = 1000;
  Lab lab = lagging_lab(options);
  lab.start(3);
  bool damaged = false;
  lab.loses = [&](const Message& message) {
    const auto* chunk = std::get_if<SnapshotRequest>(&message.body);
    if (chunk == nullptr || damaged || chunk->data.size() < 40) return false;
    damaged = true;
    Message bad = message;  // some whole records, then bytes that end within one
    std::get<SnapshotRequest>(bad.body).data = chunk->data.slice(0, chunk->data.size() - 1);
    lab.deliver(bad);
    return true;
  };
  lab.run_for(seconds(5));
  ASSERT_TRUE(damaged);
  EXPECT_EQ(lab.count<SnapshotInstalled>(3), 1u);
  EXPECT_TRUE(same_state(lab));
}

TEST(SnapshotTransfer, GoesOnUnderANewLeader) {
  Lab lab = lagging_lab();
  lab.start(3);
  std::size_t chunks = 0;
  lab.loses = [&](const Message& message) {
    return std::holds_alternative<SnapshotRequest>(message.body) && ++chunks > 5;
  };
  lab.run_for(milliseconds(300));
  lab.loses = nullptr;
  lab.crash(1);
  ASSERT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_EQ(lab.leader(), 2u) << "node 3 lacks committed entries";
  lab.run_for(seconds(3));
  EXPECT_EQ(lab.replica(3).store().state_hash(), lab.replica(2).store().state_hash());
  EXPECT_TRUE(lab.violations.empty());
}

TEST(Snapshot, MayBeDurableBeforeTheTermInWhichItsEntriesCame) {
  Lab::Options options = options_of_a_small_log();
  options.limits.keep_log_bytes = 1 << 20;
  Lab lab = small_log_lab(options);
  lab.crash(1);
  lab.start(1);
  ASSERT_TRUE(lab.run_until_serving(seconds(5), {3}));
  ASSERT_EQ(lab.replica(lab.leader()).raft().term(), 1u);
  for (int i = 0; i < 20; ++i) lab.write(lab.leader(), "k", std::string(60, 'v'), {3});
  // Node 3's log file is stuck on the way, its snapshot file is not.
  for (int i = 0; i < 200 && lab.node(3).disk.saving == nullptr; ++i) {
    for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
    lab.persist(1, 9);
    lab.persist(2, 9);
    lab.now = lab.now + milliseconds(20);
    for (NodeId id = 1; id <= 3; ++id) lab.tick(id);
  }
  ASSERT_NE(lab.node(3).disk.saving, nullptr);
  lab.save_snapshot(3);
  lab.crash(3, 0);
  ASSERT_EQ(lab.node(3).disk.hard_state.term, 0u);
  lab.start(3);
  lab.run_for(seconds(1));
  EXPECT_TRUE(lab.violations.empty()) << lab.violations.front();
  EXPECT_TRUE(same_state(lab));
}

TEST(SnapshotTransfer, NeverCostsAFollowerEntriesThatTheLeaderMayHaveCounted) {
  Lab::Options options;
  options.bootstrap = 1;
  Lab lab(options);
  ASSERT_TRUE(lab.run_until_serving(seconds(1)));
  // Node 2 holds entries, durably, of which it doesn't know yet that they are committed.
  for (int i = 0; i < 5; ++i) lab.submit(1, set_request(lab.next_request(), "key", "value"));
  const std::vector<Message> appends = lab.network;
  for (const Message& message : appends) {
    if (message.to == 2) lab.deliver(message);
  }
  lab.persist(2, 10);
  const Raft& follower = lab.replica(2).raft();
  const LogIndex last = follower.log().last_index();
  ASSERT_LT(follower.commit(), last - 2);
  // A snapshot for a part of them arrives: late, or from a leader that lost sight of this follower.
  SnapshotRequest request{last - 2, follower.term(), 16, 0, 16, {}};
  lab.deliver({1, 2, follower.term(), lab.node(1).config.incarnation, 0, request});
  EXPECT_EQ(follower.log().last_index(), last);
  EXPECT_EQ(follower.persisted_index(), last);
  EXPECT_EQ(follower.commit(), last - 2) << "a snapshot stands only for what is committed";
}

}  // namespace
}  // namespace kv
