#include "model/moment.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rehearsed.h"
#include "tale.h"

namespace kv::viz {
namespace {

using Process = NodeMoment::Process;
using Nodes = std::vector<NodeId>;

// --- LogView ---

TEST(LogView, KnowsTheTermOfEachEntry) {
  LogView log;
  log.append(1, 3, 1);
  log.append(4, 4, 1);
  log.append(5, 9, 4);
  EXPECT_EQ(log.runs.size(), 2U);
  EXPECT_EQ(log.term_at(4), 1U);
  EXPECT_EQ(log.term_at(5), 4U);
  EXPECT_EQ(log.term_at(9), 4U);
  EXPECT_FALSE(log.term_at(0).has_value());
  EXPECT_FALSE(log.term_at(10).has_value());
  EXPECT_EQ(log.last_term(), 4U);
}

TEST(LogView, ReplacesWhatIsAppendedOver) {
  LogView log;
  log.append(1, 5, 1);
  log.persisted = 5;
  log.append(3, 3, 2);
  EXPECT_EQ(log.last, 3U);
  EXPECT_EQ(log.persisted, 2U);
  EXPECT_EQ(log.term_at(2), 1U);
  EXPECT_EQ(log.term_at(3), 2U);
  EXPECT_FALSE(log.term_at(4).has_value());
}

TEST(LogView, BehindASnapshotBeginsAnew) {
  LogView log;
  log.append(1, 5, 1);
  log.reset(20, 3);
  EXPECT_EQ(log.first, 21U);
  EXPECT_EQ(log.last_term(), 3U);
  EXPECT_FALSE(log.term_at(20).has_value());
  log.append(21, 22, 3);
  EXPECT_EQ(log.term_at(21), 3U);
}

TEST(LogView, ForgetsWhatIsCompacted) {
  LogView log;
  log.append(1, 3, 1);
  log.append(4, 6, 2);
  log.append(7, 9, 3);
  log.compact_before(5);
  EXPECT_FALSE(log.term_at(4).has_value());
  EXPECT_EQ(log.term_at(5), 2U);
  EXPECT_EQ(log.runs.size(), 2U);
}

TEST(LogView, DoesNotGuessTermsAcrossAGap) {
  LogView log;
  log.append(1, 3, 1);
  log.append(6, 7, 2);
  EXPECT_FALSE(log.term_at(2).has_value());
  EXPECT_FALSE(log.term_at(5).has_value());
  EXPECT_EQ(log.term_at(6), 2U);
}

// --- roles and service ---

TEST(Moment, KnowsNothingOfANodeThatNothingWasHeardOf) {
  EXPECT_EQ(Moment(3).node(2).standing(), Standing::kUnknown);
  EXPECT_EQ(Moment(3).primary(), kNoNode);
}

TEST(Moment, KnowsThePrimaryOnlyOnceItServes) {
  Tale tale;
  tale.all_start().elect(2, 1, {3});
  EXPECT_EQ(tale.now().leader(), 2U);
  EXPECT_EQ(tale.now().primary(), kNoNode);
  tale.commit(2);
  EXPECT_TRUE(tale.node(2).serving);
  EXPECT_EQ(tale.now().primary(), 2U);
}

TEST(Moment, DoesNotTakeAnEarlierTermsCommitForService) {
  Tale tale;
  tale.serving().tell(1, EntriesAppended{2, 4, 1});
  tale.tell(2, EntriesAppended{1, 4, 1});
  tale.elect(2, 2, {3});
  tale.tell(2, CommitAdvanced{4});
  EXPECT_FALSE(tale.node(2).serving);
  tale.tell(2, CommitAdvanced{5});
  EXPECT_TRUE(tale.node(2).serving);
}

TEST(Moment, HasNoPrimaryWithoutAMajorityInReach) {
  Tale tale;
  tale.serving().cut(1, 2);
  EXPECT_EQ(tale.now().primary(), 1U) << "node3 is a majority with it";
  tale.cut(3, 1);
  EXPECT_EQ(tale.now().primary(), kNoNode);
  EXPECT_EQ(tale.now().leader(), 1U);
  tale.tell(kNoNode, LinkChanged{3, 1, false});
  EXPECT_EQ(tale.now().primary(), 1U);
}

TEST(Moment, TakesTheLeaderOfTheLatestTerm) {
  Tale tale;
  tale.serving().elect(3, 2, {2});
  EXPECT_EQ(tale.now().leader(), 3U);
  tale.tell(3, NodeStopped{StopCause::kCrash, ""});
  EXPECT_EQ(tale.now().leader(), 1U);
}

TEST(Moment, KeepsTheRoleOfAPausedNode) {
  Tale tale;
  tale.serving().tell(1, NodePaused{});
  EXPECT_EQ(tale.node(1).standing(), Standing::kPaused);
  EXPECT_EQ(tale.now().leader(), kNoNode);
  tale.tell(1, NodeResumed{});
  EXPECT_EQ(tale.node(1).standing(), Standing::kPrimary);
  EXPECT_EQ(tale.now().primary(), 1U);
}

TEST(Moment, CountsTheVotesOfACampaign) {
  Tale tale(5);
  tale.all_start();
  tale.tell(4, RoleChanged{Role::kFollower, Role::kPreCandidate, 0, Cause::kElectionTimeout});
  tale.tell(4, CampaignStarted{true, 1, Cause::kElectionTimeout});
  EXPECT_EQ(tale.node(4).standing(), Standing::kAsking);
  tale.tell(4, VoteReceived{1, 1, true, true}).tell(4, VoteReceived{2, 1, true, false});
  tale.tell(4, VoteReceived{1, 1, true, true}).tell(4, VoteReceived{3, 7, true, true});
  EXPECT_EQ(tale.node(4).tally.granted, (Nodes{4, 1}));
  EXPECT_EQ(tale.node(4).tally.refused, (Nodes{2}));
  EXPECT_TRUE(tale.node(4).tally.pre);
  EXPECT_EQ(tale.node(4).voted_for, kNoNode) << "asking is no vote";
}

TEST(Moment, ShowsWhoElectedALeaderUntilItStepsDown) {
  Tale tale(5);
  tale.all_start().elect(2, 6, {3, 5});
  EXPECT_EQ(tale.node(2).tally.granted, (Nodes{2, 3, 5}));
  EXPECT_EQ(tale.node(2).voted_for, 2U);
  EXPECT_EQ(tale.node(5).voted_for, 2U);
  EXPECT_EQ(tale.node(5).voted_in, 6U);
  EXPECT_EQ(tale.node(5).term, 6U);
  tale.tell(2, RoleChanged{Role::kLeader, Role::kFollower, 7, Cause::kHigherTerm});
  EXPECT_TRUE(tale.node(2).tally.granted.empty());
  EXPECT_FALSE(tale.node(2).serving);
}

TEST(Moment, RunsTheTimerOfFollowersOnly) {
  Tale tale;
  tale.all_start().at(10).tell(2, ElectionTimerSet{milliseconds(250).ns});
  EXPECT_EQ(tale.node(2).timer_set, after_ms(10));
  EXPECT_EQ(tale.node(2).timer_due, after_ms(260));
  tale.elect(2, 1, {1});
  EXPECT_FALSE(tale.node(2).timer_set.has_value());
  tale.at(20).tell(2, ElectionTimerSet{milliseconds(300).ns});
  tale.tell(2, RoleChanged{Role::kLeader, Role::kFollower, 1, Cause::kLostQuorum});
  EXPECT_EQ(tale.node(2).timer_due, after_ms(320)) << "it was set before the role changed";
  tale.tell(2, NodeStopped{StopCause::kCrash, ""});
  EXPECT_FALSE(tale.node(2).timer_set.has_value());
}

TEST(Moment, ForgetsTheLeaderOfAnEarlierTerm) {
  Tale tale;
  tale.serving().tell(2, LeaderRecognised{1, 1});
  EXPECT_EQ(tale.node(2).leader, 1U);
  tale.tell(2, TermChanged{1, 2});
  EXPECT_EQ(tale.node(2).leader, kNoNode);
  EXPECT_EQ(tale.node(2).term, 2U);
}

// --- logs ---

TEST(Moment, LearnsTheTermsOfACatchingUpFollowerFromAnEqualLog) {
  Tale tale;
  tale.serving().tell(1, EntriesAppended{2, 5, 1});
  tale.tell(2, EntriesAppended{1, 5, 1});
  tale.elect(2, 3, {3});
  tale.tell(2, EntriesAppended{7, 8, 3});
  tale.tell(3, LeaderRecognised{2, 3}).tell(3, EntriesAppended{1, 8, 3});
  EXPECT_EQ(tale.node(3).log.last, 8U);
  EXPECT_EQ(tale.node(3).log.term_at(1), 1U);
  EXPECT_EQ(tale.node(3).log.term_at(5), 1U);
  EXPECT_EQ(tale.node(3).log.term_at(6), 3U);
}

TEST(Moment, ReplacesTheEntriesOfALostTerm) {
  Tale tale;
  tale.serving().tell(1, EntriesAppended{2, 4, 1}).tell(1, EntriesPersisted{4});
  tale.tell(2, EntriesAppended{1, 1, 1}).elect(2, 2, {3}).tell(2, EntriesAppended{3, 3, 2});
  tale.tell(1, EntriesTruncated{2, 4});
  EXPECT_EQ(tale.node(1).log.persisted, 1U);
  tale.tell(1, EntriesAppended{2, 3, 2});
  EXPECT_EQ(tale.node(1).log.last, 3U);
  EXPECT_EQ(tale.node(1).log.term_at(1), 1U);
  EXPECT_EQ(tale.node(1).log.term_at(2), 2U);
}

TEST(Moment, KeepsOfARestartedLogWhatIsOnDisk) {
  Tale tale;
  tale.serving().tell(1, EntriesAppended{2, 9, 1}).tell(1, CommitAdvanced{8});
  tale.tell(1, NodeStopped{StopCause::kPowerCut, ""});
  tale.tell(1, NodeStarted{101, 1, 6, 4});
  const NodeMoment& node = tale.node(1);
  EXPECT_EQ(node.standing(), Standing::kSecondary);
  EXPECT_EQ(node.log.last, 6U);
  EXPECT_EQ(node.log.persisted, 6U);
  EXPECT_EQ(node.log.commit, 4U);
  EXPECT_EQ(node.log.applied, 4U);
  EXPECT_EQ(node.log.term_at(6), 1U);
  EXPECT_FALSE(node.serving);
}

TEST(Moment, DoesNotKnowTheTermsOfAnOldTailThatIsBack) {
  Tale tale;
  tale.serving().tell(3, EntriesAppended{1, 8, 1}).tell(3, EntriesTruncated{3, 8});
  tale.tell(3, EntriesAppended{3, 3, 2}).tell(3, NodeStopped{StopCause::kCrash, ""});
  tale.tell(3, NodeStarted{103, 2, 8, 0});
  EXPECT_EQ(tale.node(3).log.last, 8U);
  EXPECT_FALSE(tale.node(3).log.term_at(8).has_value());
}

TEST(Moment, EmptiesTheLogOfAWipedNode) {
  Tale tale;
  tale.serving().tell(3, EntriesAppended{1, 5, 1}).tell(3, NodeStopped{StopCause::kCrash, ""});
  tale.tell(3, DiskWiped{}).tell(3, NodeStarted{999, 0, 0, 0});
  EXPECT_EQ(tale.node(3).log.last, 0U);
  EXPECT_FALSE(tale.node(3).wiped) << "nobody has noticed yet";
  tale.tell(1, PeerWiped{3, 103, 999});
  EXPECT_TRUE(tale.node(3).wiped);
}

TEST(Moment, ShowsWhoIsFedASnapshot) {
  Tale tale;
  tale.serving().tell(1, SnapshotSendStarted{3, 40});
  EXPECT_EQ(tale.node(1).snapshot_to, 3U);
  tale.tell(3, SnapshotInstalled{40, 1});
  EXPECT_EQ(tale.node(3).log.first, 41U);
  EXPECT_EQ(tale.node(3).log.applied, 40U);
  tale.tell(1, SnapshotSendEnded{3, true});
  EXPECT_EQ(tale.node(1).snapshot_to, kNoNode);
}

// --- watching what runs already ---

TEST(Moment, BelievesWhatIsObserved) {
  Tale tale;
  tale.tell(2, NodeObserved{Role::kLeader, 7, kNoNode, true, 5, 100, 120, 7, 120, 119, 118});
  const NodeMoment& node = tale.node(2);
  EXPECT_EQ(node.standing(), Standing::kPrimary);
  EXPECT_TRUE(node.serving);
  EXPECT_EQ(node.leader, 2U);
  EXPECT_EQ(node.log.first, 100U);
  EXPECT_EQ(node.log.term_at(120), 7U);
  EXPECT_FALSE(node.log.term_at(119).has_value());
  EXPECT_EQ(node.log.applied, 118U);
}

TEST(Moment, KeepsWhatItKnowsOfALogThatIsObservedAgain) {
  Tale tale;
  tale.serving().tell(1, EntriesAppended{2, 9, 1}).tell(1, RecordsLost{12});
  tale.tell(1, NodeObserved{Role::kLeader, 1, 1, true, 101, 1, 9, 1, 9, 9, 9});
  EXPECT_EQ(tale.node(1).log.term_at(3), 1U);
  EXPECT_EQ(tale.node(1).lost_records, 12U);
  EXPECT_EQ(tale.node(1).tally.granted, (Nodes{1, 2})) << "it has led all the time";
}

TEST(Moment, TakesANodeThatReportsForRunning) {
  Tale tale;
  tale.tell(2, CommitAdvanced{3});
  EXPECT_EQ(tale.node(2).process, Process::kRunning);
}

TEST(Moment, IgnoresNodesItDoesNotKnow) {
  Tale tale;
  tale.at(5).tell(9, NodePaused{}).cut(9, 1).tell(1, PeerWiped{9, 1, 2});
  EXPECT_EQ(tale.now().at, after_ms(5));
  EXPECT_EQ(tale.now().position, 3U);
}

TEST(Moment, CountsOperationsAndRemembersTheLastStep) {
  Tale tale;
  tale.tell(1, ClientAnswered{1, 1, Ending::kOk, "", {}});
  tale.tell(1, ClientAnswered{2, 1, Ending::kRefused, "NOT_PRIMARY", {}});
  tale.tell(1, ClientsServed{10, 2, 1, 5, 9});
  tale.tell(kNoNode, StepTaken{4, "", "crashes node1", "crash"});
  EXPECT_EQ(tale.now().operations_ok, 11U);
  EXPECT_EQ(tale.now().operations_refused, 3U);
  EXPECT_EQ(tale.now().operations_unknown, 1U);
  EXPECT_EQ(tale.now().last_step, 4U);
  EXPECT_EQ(tale.now().last_step_position, 3U);
}

// --- the records say all that the nodes know ---

/// What differs between a node's picture and the node; empty: nothing.
std::string difference(const NodeMoment& seen, const Replica& replica) {
  const Raft& raft = replica.raft();
  if (seen.role != raft.role()) return "role";
  if (seen.term != raft.term()) return "term";
  if (seen.leader != raft.leader() && !raft.self_wiped()) return "leader";
  if (seen.serving != raft.serving()) return "serving";
  if (seen.log.last != raft.log().last_index()) return "last index";
  if (seen.log.persisted != raft.persisted_index()) return "persisted";
  if (seen.log.commit != raft.commit()) return "commit";
  if (seen.log.applied != replica.applied()) return "applied";
  const NodeId vote = seen.voted_in == raft.term() ? seen.voted_for : kNoNode;
  if (raft.hard_state().voted_for != kNoNode && vote != raft.hard_state().voted_for) return "vote";
  return {};
}

/// The index whose term is not the one that the node's log has; 0: all are right.
LogIndex wrong_term(const LogView& seen, const Log& log) {
  const LogIndex first = std::max(seen.first, log.first_index());
  for (LogIndex index = first; index <= log.last_index(); ++index) {
    if (seen.term_at(index) != log.term_at(index)) return index;
  }
  return 0;
}

class MomentOfChaos : public testing::TestWithParam<std::uint64_t> {};

TEST_P(MomentOfChaos, IsWhatTheNodesAre) {
  std::size_t looks = 0;
  rehearsed(chaos(5), GetParam(), [&](const sim::Cluster& cluster, const History& history) {
    const NodeId id = cluster.touched();
    if (id == kNoNode || cluster.replica(id) == nullptr || testing::Test::HasFailure()) return;
    const NodeMoment& seen = history.latest().node(id);
    if (seen.process == Process::kUnknown) return;
    ++looks;
    const std::string where =
        "node " + std::to_string(id) + " after record " + std::to_string(history.recording().end());
    EXPECT_EQ(difference(seen, *cluster.replica(id)), "") << where;
    if (looks % 64 == 0) {
      EXPECT_EQ(wrong_term(seen.log, cluster.replica(id)->raft().log()), 0U) << where;
    }
  });
  EXPECT_GT(looks, 1'000U);
}
INSTANTIATE_TEST_SUITE_P(Seeds, MomentOfChaos, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace kv::viz
