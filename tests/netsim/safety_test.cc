// Wrong histories must be told, in words; right ones must not.
#include "netsim/safety.h"

#include <gtest/gtest.h>

#include "world.h"

namespace kv::sim {
namespace {

constexpr NodeId kNode1 = 1;
constexpr NodeId kNode2 = 2;
constexpr NodeId kNode3 = 3;

/// A world that a checker watches from its first record on.
class Watched : public World {
 public:
  explicit Watched(SafetyChecker& checker, const Scenario& scenario = quiet_scenario(),
                   std::uint64_t seed = 1)
      : World(scenario, seed) {
    watch([&checker](const Cluster& seen) { checker.observe(seen); });
    EXPECT_TRUE(scenario.primary.empty() || run_until_primary());
  }
  void says(NodeId node, Fact fact) {
    cluster.record(node, std::move(fact));
    look();
  }
  /// The node appends this as if a leader of `term` had sent it.
  void forge(NodeId node, Term term, std::vector<Entry> entries) {
    Message message;
    message.from = node == kNode1 ? kNode2 : kNode1;
    message.to = node;
    message.term = term;
    message.from_incarnation = cluster.node(message.from).config.incarnation;
    message.to_incarnation = cluster.node(node).config.incarnation;
    const LogIndex first = entries.front().index;
    const LogIndex last = entries.back().index;
    const Raft& raft = cluster.replica(node)->raft();
    AppendRequest append;
    append.previous_index = first - 1;
    append.previous_term = raft.log().term_at(first - 1).value();
    append.entries = std::move(entries);
    message.body = append;
    const Instant local = cluster.node(node).clock.local(cluster.now());
    cluster.node(node).replica->step(local, message);
    EXPECT_EQ(raft.log().last_index(), last);
    says(node, Event{EntriesAppended{first, last, term}});
  }
};

class Safety : public testing::Test {
 protected:
  std::string words(std::string_view checker) { return words_of(checker_.violations(), checker); }
  void expect_only(std::string_view checker) {
    EXPECT_FALSE(checker_.violations().empty());
    for (const Violation& violation : checker_.violations())
      EXPECT_EQ(violation.checker, checker) << violation.words;
  }
  void expect_silence() {
    EXPECT_TRUE(checker_.violations().empty()) << text_of(checker_.violations());
  }

  SafetyChecker checker_{quiet_scenario()};
};

MessageSent sent(NodeId from, NodeId to, Term term, MessageBody body) {
  return {1, std::make_shared<const Message>(Message{from, to, term, 0, 0, std::move(body)})};
}

TEST_F(Safety, IsSilentAboutCrashesFailoversAndSnapshots) {
  Scenario scenario = quiet_scenario();
  scenario.limits.snapshot_after_bytes = 500;
  scenario.limits.keep_log_bytes = 100;
  Watched world(checker_, scenario);
  for (int i = 0; i < 100; ++i) {
    const std::string value = std::to_string(i);
    const NodeId primary = world.cluster.primary();
    ASSERT_EQ(world.set(primary, "k" + std::to_string(i % 5), value).ending, Ending::kOk);
    checker_.acknowledged(world.cluster.now(), "k" + std::to_string(i % 5), value);
    if (i % 25 != 24) continue;
    world.cluster.crash(primary, StopCause::kPowerCut);
    world.look();
    ASSERT_TRUE(world.run_until_primary());
    world.cluster.start(primary);
    world.look();
  }
  world.run_for(seconds(2));
  checker_.finish(world.cluster);
  expect_silence();
  EXPECT_GE(checker_.committed(), 100u);
  EXPECT_FALSE(world.events<SnapshotTaken>().empty());
}

TEST_F(Safety, TellsOfTwoLeadersInATerm) {
  Watched world(checker_);
  world.says(kNode1, Event{RoleChanged{Role::kCandidate, Role::kLeader, 0, Cause::kWonElection}});
  expect_silence();
  world.says(kNode2, Event{RoleChanged{Role::kCandidate, Role::kLeader, 0, Cause::kWonElection}});
  EXPECT_EQ(words("election safety"),
            "node2 becomes leader of term 0, which node1 has led already.");
  expect_only("election safety");
  EXPECT_EQ(checker_.violations()[0].at, world.cluster.now());
}

TEST_F(Safety, LetsOneNodeLeadAndAnotherOneLater) {
  Watched world(checker_);
  world.says(kNode2, Event{RoleChanged{Role::kCandidate, Role::kLeader, 7, Cause::kWonElection}});
  world.says(kNode2, Event{RoleChanged{Role::kLeader, Role::kFollower, 7, Cause::kLostQuorum}});
  expect_silence();
}

TEST_F(Safety, TellsOfALeaderThatCutsItsOwnLog) {
  Watched world(checker_);
  world.says(kNode2, Event{EntriesTruncated{1, 1}});
  expect_silence();
  world.says(kNode1, Event{EntriesTruncated{1, 4}});
  EXPECT_EQ(words("leader append-only"), "node1 leads term 0 and cuts its own log at 1.");
  expect_only("leader append-only");
}

TEST_F(Safety, TellsOfDifferentEntriesOfOneIndexAndTerm) {
  Watched world(checker_);
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  world.run_for(milliseconds(100));
  expect_silence();
  const std::string other = set_request("k", "b").command;
  world.forge(kNode2, 5, {make_entry(3, 5, EntryType::kCommand, set_request("k", "a").command)});
  expect_silence();
  world.forge(kNode3, 5, {make_entry(3, 5, EntryType::kCommand, other)});
  const std::string found = words("log matching");
  EXPECT_NE(found.find("node3 and node2"), std::string::npos) << found;
  EXPECT_NE(found.find("index 3"), std::string::npos) << found;
  EXPECT_NE(found.find("term 5"), std::string::npos) << found;
  expect_only("log matching");
}

TEST_F(Safety, TellsOfEqualEntriesBehindDifferentOnes) {
  Watched world(checker_);
  const std::string command = set_request("k", "a").command;
  const Entry equal = make_entry(3, 5, EntryType::kCommand, command);
  world.forge(kNode2, 5, {make_entry(2, 3, EntryType::kCommand, command), equal});
  expect_silence();
  world.forge(kNode3, 5, {make_entry(2, 4, EntryType::kCommand, command), equal});
  EXPECT_EQ(words("log matching"),
            "node3 and node2 hold entries of index 3 and term 5, but of different terms before it: "
            "4 and 3.");
  expect_only("log matching");
}

TEST_F(Safety, TellsOfALogThatARestartedNodeShouldNotHave) {
  {
    Watched world(checker_);
    ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  }
  SafetyChecker of_other(quiet_scenario());
  Watched other(of_other);
  ASSERT_EQ(other.set(kNode1, "k", "b").ending, Ending::kOk);
  other.cluster.crash(kNode1, StopCause::kCrash);
  other.look();
  other.watch([this](const Cluster& cluster) { checker_.observe(cluster); });
  other.cluster.start(kNode1);
  other.look();
  EXPECT_NE(words("log matching").find("index 2"), std::string::npos)
      << text_of(checker_.violations());
}

TEST_F(Safety, TellsOfALeaderThatLacksWhatWasCommitted) {
  Watched world(checker_);
  world.cluster.network().isolate(kNode2, true);
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  world.says(kNode3, Event{RoleChanged{Role::kCandidate, Role::kLeader, 1, Cause::kWonElection}});
  expect_silence();
  world.says(kNode2, Event{RoleChanged{Role::kCandidate, Role::kLeader, 2, Cause::kWonElection}});
  EXPECT_EQ(words("leader completeness"),
            "node2 becomes leader of term 2 without the entry of term 0 (SET k a) at index 2, "
            "which node1 committed in term 0; its log ends at 1 in term 0.");
  expect_only("leader completeness");
}

TEST_F(Safety, ALeaderNeedNotHoldWhatItsOwnTermCommitted) {
  Watched world(checker_);
  world.cluster.network().isolate(kNode2, true);
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  world.says(kNode2, Event{RoleChanged{Role::kCandidate, Role::kLeader, 0, Cause::kWonElection}});
  expect_only("election safety");
}

TEST_F(Safety, TellsOfTwoEntriesCommittedAtAnIndex) {
  Watched world(checker_);
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  expect_silence();
  Watched other(checker_);
  ASSERT_EQ(other.set(kNode1, "k", "b").ending, Ending::kOk);
  EXPECT_EQ(words("state machine safety"),
            "node1 commits the entry of term 0 (SET k b) at index 2, where node1 committed the "
            "entry of term 0 (SET k a).");
}

TEST_F(Safety, TellsOfDifferentStatesAfterAsManyEntries) {
  const auto fill = [](World& world, const std::string& value) {
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(world.set(kNode1, "k" + std::to_string(i), value).ending, Ending::kOk);
    world.run_for(milliseconds(200));
  };
  Watched world(checker_);
  fill(world, "a");
  expect_silence();
  // Another history of the same length, of which only the applying is shown.
  World other;
  ASSERT_TRUE(other.run_until_primary());
  for (int i = 0; i < 15; ++i)
    ASSERT_EQ(other.set(kNode1, "k" + std::to_string(i), "b").ending, Ending::kOk);
  other.run_for(milliseconds(200));
  ASSERT_EQ(other.cluster.replica(kNode2)->applied(), 16u);
  other.cluster.record(kNode2, Event{EntriesApplied{16}});
  checker_.observe(other.cluster);
  EXPECT_EQ(words("state machine safety").substr(0, 59),
            "node2 and node1 applied everything through 16, but hold dif");
}

TEST_F(Safety, TellsOfACommitBehindASnapshotThatNobodyCommitted) {
  Scenario scenario = quiet_scenario();
  scenario.limits.snapshot_after_bytes = 500;
  scenario.limits.keep_log_bytes = 0;
  World world(scenario);
  ASSERT_TRUE(world.run_until_primary());
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(world.set(kNode1, "k", std::to_string(i)).ending, Ending::kOk);
  world.run_for(milliseconds(100));
  ASSERT_GT(world.cluster.replica(kNode1)->raft().log().base_index(), 0u);
  world.watch([this](const Cluster& cluster) { checker_.observe(cluster); });
  world.run_for(milliseconds(100));
  EXPECT_NE(words("state machine safety").find("though only 0 entries were committed anywhere"),
            std::string::npos)
      << text_of(checker_.violations());
}

TEST_F(Safety, TellsOfASecondVoteInATerm) {
  Watched world(checker_);
  world.says(kNode1, sent(kNode1, kNode2, 9, VoteReply{false, true}));
  world.says(kNode1, sent(kNode1, kNode2, 9, VoteReply{false, true}));  // doubled
  world.says(kNode1, sent(kNode1, kNode3, 9, VoteReply{false, false}));
  world.says(kNode1, sent(kNode1, kNode3, 9, VoteReply{true, true}));  // a pre-vote binds nobody
  world.says(kNode1, sent(kNode1, kNode3, 10, VoteReply{false, true}));
  expect_silence();
  world.says(kNode1, sent(kNode1, kNode3, 9, VoteReply{false, true}));
  EXPECT_EQ(words("vote safety"),
            "node1 votes for node3 in term 9, in which it has voted for node2.");
  expect_only("vote safety");
}

TEST_F(Safety, ACandidatesOwnVoteCounts) {
  Watched world(checker_);
  world.says(kNode3, sent(kNode3, kNode1, 9, VoteRequest{true, false, 1, 0}));
  world.says(kNode3, sent(kNode3, kNode2, 9, VoteReply{false, true}));
  expect_silence();
  world.says(kNode3, sent(kNode3, kNode1, 9, VoteRequest{false, false, 1, 0}));
  EXPECT_EQ(words("vote safety"),
            "node3 votes for node3 in term 9, in which it has voted for node2.");
}

TEST_F(Safety, AVoteBindsAcrossARestart) {
  Watched world(checker_);
  world.says(kNode2, sent(kNode2, kNode1, 9, VoteReply{false, true}));
  world.cluster.crash(kNode2, StopCause::kPowerCut);
  world.look();
  world.cluster.start(kNode2);
  world.look();
  expect_silence();
  world.says(kNode2, sent(kNode2, kNode3, 9, VoteReply{false, true}));
  EXPECT_EQ(words("vote safety"),
            "node2 votes for node3 in term 9, in which it has voted for node1.");
}

TEST_F(Safety, ANodeThatLostItsDiskVotesAsSomebodyElse) {
  Watched world(checker_);
  const auto vote = [&](Incarnation incarnation, NodeId candidate) {
    MessageSent fact = sent(kNode2, candidate, 9, VoteReply{false, true});
    Message message = *fact.content;
    message.from_incarnation = incarnation;
    fact.content = std::make_shared<const Message>(message);
    world.says(kNode2, fact);
  };
  vote(11, kNode1);
  vote(22, kNode3);
  expect_silence();
  vote(22, kNode1);
  EXPECT_EQ(words("vote safety"),
            "node2 votes for node1 in term 9, in which it has voted for node3.");
}

TEST_F(Safety, TellsOfATermThatWentBack) {
  Watched world(checker_);
  world.cluster.crash(kNode1, StopCause::kCrash);
  world.look();
  ASSERT_TRUE(world.run_until_primary());
  world.cluster.start(kNode1);
  ASSERT_TRUE(world.run_until([&] { return world.cluster.replica(kNode1)->raft().term() > 0; }));
  expect_silence();
  // As if node1 were still the same process, but had forgotten the term.
  World other;
  ASSERT_TRUE(other.run_until_primary());
  ASSERT_TRUE(other.run_until([&] { return other.cluster.touched() == kNode1; }));
  checker_.observe(other.cluster);
  EXPECT_EQ(words("invariants"), "node1: The term went back from 1 to 0.");
}

TEST_F(Safety, TellsOfAnAcknowledgedWriteThatNobodyCommitted) {
  Watched world(checker_);
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  checker_.acknowledged(world.cluster.now(), "k", "a");
  expect_silence();
  checker_.acknowledged(world.cluster.now(), "k", "b");
  EXPECT_EQ(words("durability"),
            "The set of k to b was answered OK, but no node has committed it.");
  expect_only("durability");
}

TEST_F(Safety, OfAWriteThatThePrimaryAloneAcknowledgedTheEndDecides) {
  Scenario scenario = quiet_scenario();
  scenario.ack = AckMode::kPrimary;
  checker_ = SafetyChecker(scenario);
  Watched world(checker_, scenario);
  checker_.acknowledged(world.cluster.now(), "k", "a");
  checker_.acknowledged(world.cluster.now(), "k", "lost");
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  world.run_for(milliseconds(100));
  expect_silence();
  checker_.finish(world.cluster);
  ASSERT_EQ(checker_.violations().size(), 1u) << text_of(checker_.violations());
  EXPECT_EQ(words("durability"),
            "The set of k to lost was answered OK and is lost: no node has committed it.");
}

TEST_F(Safety, TellsOfAFinalStateThatTheCommittedEntriesDoNotMake) {
  Watched world(checker_);
  ASSERT_EQ(world.set(kNode1, "k", "a").ending, Ending::kOk);
  World other;
  ASSERT_TRUE(other.run_until_primary());
  ASSERT_EQ(other.set(kNode1, "k", "b").ending, Ending::kOk);
  other.run_for(milliseconds(100));
  checker_.finish(other.cluster);
  EXPECT_NE(words("durability")
                .find("applied everything through 2, but its state is not what the "
                      "committed entries make."),
            std::string::npos)
      << text_of(checker_.violations());
  expect_only("durability");
}

TEST_F(Safety, StopsAfterTwentyViolations) {
  Watched world(checker_);
  for (int i = 0; i < 50; ++i)
    checker_.acknowledged(world.cluster.now(), "k", "lost" + std::to_string(i));
  EXPECT_EQ(checker_.violations().size(), 20u);
}

}  // namespace
}  // namespace kv::sim
