// Members whose data directory was lost come back under their old name with another incarnation.
#include <gtest/gtest.h>

#include "support/lab.h"

namespace kv {
namespace {

/// Three nodes, node 1 leads in term 0 and has committed something everywhere.
Lab served_lab() {
  Lab::Options options;
  options.bootstrap = 1;
  Lab lab(options);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.write(1, "before", "kept");
  lab.run_for(milliseconds(200));
  return lab;
}

void lose_directory(Lab& lab, NodeId id) {
  lab.crash(id);
  lab.wipe(id);
  lab.start(id);
}

const PeerStatus& peer(const Status& status, NodeId id) {
  for (const PeerStatus& peer : status.peers) {
    if (peer.id == id) return peer;
  }
  throw id;
}

TEST(WipedMember, IsFedAndSeenAsWipedOnBothSides) {
  Lab lab = served_lab();
  lose_directory(lab, 3);
  lab.run_for(seconds(1));
  EXPECT_TRUE(lab.replica(3).store().get("before"));
  const Status at_leader = lab.replica(1).status(lab.now);
  EXPECT_TRUE(peer(at_leader, 3).wiped);
  EXPECT_FALSE(peer(at_leader, 2).wiped);
  EXPECT_TRUE(lab.replica(3).status(lab.now).wiped);
  EXPECT_FALSE(at_leader.wiped);
  EXPECT_EQ(lab.count<PeerWiped>(1), 1u);
  EXPECT_EQ(lab.count<SelfWiped>(3), 1u);
  EXPECT_TRUE(lab.violations.empty());
}

TEST(WipedMember, CountsTowardsNoCommit) {
  Lab lab = served_lab();
  lose_directory(lab, 3);
  lab.run_for(milliseconds(200));
  const LogIndex commit = lab.replica(1).raft().commit();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  lab.run_for(milliseconds(100), {2});
  EXPECT_GT(lab.replica(3).raft().persisted_index(), commit);
  EXPECT_EQ(lab.replica(1).raft().commit(), commit);
}

TEST(WipedMember, KeepsNoLeaderInOfficeAndConfirmsNoRead) {
  Lab lab = served_lab();
  lose_directory(lab, 3);
  lab.run_for(milliseconds(200));
  const ClientReply read = lab.read(1, "before", {2});
  EXPECT_FALSE(std::holds_alternative<Answer>(read.body));
  lab.run_for(seconds(1), {2});
  EXPECT_EQ(lab.leader(), kNoNode);
}

TEST(WipedMember, NeitherVotesNorIsVotedFor) {
  Lab lab = served_lab();
  lose_directory(lab, 3);
  lab.crash(1);
  EXPECT_FALSE(lab.run_until_serving(seconds(5)));
  EXPECT_EQ(lab.replica(2).raft().role(), Role::kPreCandidate);
  EXPECT_EQ(lab.replica(3).raft().role(), Role::kFollower);
  lab.start(1);
  EXPECT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_NE(lab.leader(), 3u);
}

TEST(WipedMember, CannotElectANodeThatLacksACommittedEntry) {
  Lab lab = served_lab();
  ASSERT_TRUE(std::holds_alternative<Answer>(lab.write(1, "acknowledged", "v", {2}).body));
  lab.crash(1);
  lose_directory(lab, 3);
  lab.run_for(seconds(3));  // node 2 and an empty node 3 are a majority in number only
  EXPECT_EQ(lab.leader(), kNoNode);
  lab.start(1);
  ASSERT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_TRUE(lab.replica(lab.leader()).store().get("acknowledged"));
  EXPECT_TRUE(lab.violations.empty()) << lab.violations.front();
}

TEST(WipedMember, HealsWhenItsOldDirectoryIsRestored) {
  Lab lab = served_lab();
  lab.crash(3);
  const Lab::Disk kept = lab.node(3).disk;
  const Incarnation known = lab.node(3).config.incarnation;
  lab.wipe(3);
  lab.start(3);
  lab.run_for(seconds(1));
  ASSERT_TRUE(peer(lab.replica(1).status(lab.now), 3).wiped);
  lab.crash(3);
  lab.node(3).disk = kept;
  lab.node(3).config.incarnation = known;
  lab.start(3);
  lab.run_for(seconds(1));
  EXPECT_FALSE(peer(lab.replica(1).status(lab.now), 3).wiped);
  EXPECT_FALSE(lab.replica(3).status(lab.now).wiped);
  EXPECT_TRUE(std::holds_alternative<Answer>(lab.write(1, "k", "v", {2}).body));
}

TEST(WipedMember, IsRememberedAcrossARestartOfItsPeers) {
  Lab lab = served_lab();
  lose_directory(lab, 3);
  lab.crash(1);
  lab.crash(2);
  lab.start(1);
  lab.start(2);
  ASSERT_TRUE(lab.run_until_serving(seconds(5)));
  lab.run_for(milliseconds(200));
  EXPECT_TRUE(peer(lab.replica(lab.leader()).status(lab.now), 3).wiped);
}

TEST(WipedMember, ThatIsThePrimaryOfTheFirstStartIsRefused) {
  Lab lab = served_lab();
  lose_directory(lab, 1);
  lab.run_for(milliseconds(200));
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kFollower);
  EXPECT_TRUE(lab.replica(1).raft().self_wiped());
  ASSERT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_NE(lab.leader(), 1u);
  EXPECT_EQ(lab.replica(lab.leader()).raft().term(), 1u);
  EXPECT_TRUE(lab.replica(lab.leader()).store().get("before"));
}

TEST(WipedMember, DoesNotWinWithAVoteForTheOneBefore) {
  Lab::Options options;
  options.bootstrap = 1;
  Lab lab(options);
  lab.persist(1, 9);
  for (const Message& message : std::exchange(lab.network, {})) {
    if (message.to == 2) lab.deliver(message);
  }
  lab.persist(2, 9);
  const std::vector<Message> votes = std::exchange(lab.network, {});
  ASSERT_EQ(votes.size(), 1u);
  lose_directory(lab, 1);
  lab.persist(1, 9);
  lab.deliver(votes.front());
  EXPECT_TRUE(lab.replica(1).raft().self_wiped());
  EXPECT_FALSE(lab.replica(1).raft().is_leader());
}

TEST(WipedMember, IsFedAlsoWhenItIsWipedOnceMore) {
  Lab lab = served_lab();
  lose_directory(lab, 3);
  lab.run_for(milliseconds(500));
  ASSERT_TRUE(lab.replica(3).store().get("before"));
  lose_directory(lab, 3);
  lab.run_for(seconds(5));
  EXPECT_TRUE(lab.replica(3).store().get("before"));
}

}  // namespace
}  // namespace kv
