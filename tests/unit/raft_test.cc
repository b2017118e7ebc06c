// Elections: who leads, in which term, and who is kept from it. Logs: raft_replication_test.cc.
#include <gtest/gtest.h>

#include "support/lab.h"

namespace kv {
namespace {

Lab::Options bootstrap_by(NodeId id, std::uint32_t nodes = 3) {
  Lab::Options options;
  options.nodes = nodes;
  options.bootstrap = id;
  return options;
}

/// Node 1 leads in term 0 and every node has heard of it.
Lab served_lab(std::uint32_t nodes = 3) {
  Lab lab(bootstrap_by(1, nodes));
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(milliseconds(200));
  return lab;
}

const Refusal* refusal_of(const ClientReply& reply) {
  return std::get_if<Refusal>(&reply.body);
}

/// What is under way to `to`; all else is lost.
std::vector<Message> taken_for(Lab& lab, NodeId to) {
  std::vector<Message> messages = std::exchange(lab.network, {});
  std::erase_if(messages, [&](const Message& message) { return message.to != to; });
  return messages;
}

/// A message of node `from` as the others know it.
Message message_from(Lab& lab, NodeId from, NodeId to, Term term, MessageBody body) {
  return {
      from,           to, term, lab.node(from).config.incarnation, lab.node(to).config.incarnation,
      std::move(body)};
}

TEST(Bootstrap, ElectsThePrimaryOfTheFirstStartInTermZero) {
  Lab lab(bootstrap_by(2));
  lab.settle();
  EXPECT_EQ(lab.leader(), 2u);
  EXPECT_EQ(lab.replica(2).raft().term(), 0u);
  EXPECT_TRUE(lab.replica(2).raft().serving());
  EXPECT_EQ(lab.replica(1).raft().leader(), 2u);
  EXPECT_TRUE(lab.violations.empty());
}

TEST(Bootstrap, IsFollowedByTermOneInTheFirstFailover) {
  Lab lab = served_lab();
  lab.crash(1);
  ASSERT_TRUE(lab.run_until_serving(seconds(2)));
  EXPECT_EQ(lab.replica(lab.leader()).raft().term(), 1u);
  lab.start(1);
  lab.run_for(milliseconds(500));
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kFollower);
  EXPECT_EQ(lab.replica(1).raft().term(), 1u);
}

TEST(Bootstrap, IsIgnoredWhereThereIsHistory) {
  Lab lab = served_lab();
  for (NodeId id = 1; id <= 3; ++id) lab.crash(id);
  lab.events.clear();
  for (NodeId id = 1; id <= 3; ++id) lab.start(id);
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kFollower);
  ASSERT_TRUE(lab.run_until_serving(seconds(2)));
  EXPECT_EQ(lab.replica(lab.leader()).raft().term(), 1u);
}

TEST(Bootstrap, IsNotTriedAgainOnceTheVoteIsOnDisk) {
  Lab lab(bootstrap_by(1));
  lab.persist(1);
  lab.crash(1);
  lab.start(1);
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kFollower);
}

TEST(Bootstrap, AsksNobodyBeforeItsOwnVoteIsDurable) {
  Lab lab(bootstrap_by(1));
  EXPECT_TRUE(lab.network.empty());
  lab.persist(1);
  EXPECT_EQ(lab.network.size(), 2u);
}

TEST(Bootstrap, AloneSaysWhichNodesAreMissing) {
  Lab lab(bootstrap_by(1));
  lab.crash(2);
  lab.crash(3);
  lab.run_for(seconds(3));
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kCandidate);
  EXPECT_EQ(lab.replica(1).raft().term(), 0u);
  const ClientReply reply = lab.write(1, "k", "v");
  ASSERT_NE(refusal_of(reply), nullptr);
  EXPECT_EQ(refusal_of(reply)->code, RefusalCode::kNoQuorum);
  EXPECT_EQ(refusal_of(reply)->unreachable, (std::vector<NodeId>{2, 3}));
}

TEST(Bootstrap, LeadsWithin200MillisecondsOfTheSecondNodesStart) {
  Lab::Options options = bootstrap_by(1);
  options.timing = Timing{};  // the documented one: 5 to 8 seconds
  Lab lab(options);
  lab.crash(2);
  lab.crash(3);
  lab.run_for(seconds(60));
  lab.start(2);
  EXPECT_TRUE(lab.run_until_serving(milliseconds(200)));
  EXPECT_EQ(lab.leader(), 1u);
  EXPECT_EQ(lab.replica(1).raft().term(), 0u);
}

TEST(Bootstrap, WithTwoPrimariesElectsOneOfThem) {
  Lab lab(bootstrap_by(1));
  lab.crash(1);
  lab.crash(2);
  for (const NodeId id : {1u, 2u}) {
    lab.node(id).disk = {};
    lab.node(id).config.bootstrap_primary = true;
    lab.start(id);
  }
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(seconds(2));
  EXPECT_EQ(lab.replica(lab.leader()).raft().term(), 0u);
  EXPECT_TRUE(lab.violations.empty());
}

TEST(Bootstrap, OfTwoPrimariesAloneGoesOnToTermOne) {
  Lab lab(bootstrap_by(1));
  for (NodeId id = 1; id <= 3; ++id) lab.crash(id);
  for (const NodeId id : {1u, 2u}) {
    lab.node(id).config.bootstrap_primary = true;
    lab.start(id);
  }
  EXPECT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_EQ(lab.replica(lab.leader()).raft().term(), 1u);
  EXPECT_TRUE(lab.violations.empty());
}

TEST(Vote, IsGivenOnceATermAlsoAcrossACrash) {
  Lab lab(Lab::Options{});
  const VoteRequest request{false, false, 0, 0};
  lab.deliver(message_from(lab, 2, 1, 7, request));
  lab.persist(1, 9);
  ASSERT_EQ(taken_for(lab, 2).size(), 1u);
  lab.crash(1);
  lab.start(1);
  lab.deliver(message_from(lab, 3, 1, 7, request));
  lab.persist(1, 9);
  const std::vector<Message> answers = taken_for(lab, 3);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers.front().body, MessageBody(VoteReply{false, false}));
  lab.deliver(message_from(lab, 2, 1, 7, request));
  lab.persist(1, 9);
  const std::vector<Message> again = taken_for(lab, 2);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again.front().body, MessageBody(VoteReply{false, true}))
      << "the same candidate may ask twice";
}

TEST(Vote, IsNeverHeardOfWhenItsWriteIsLost) {
  Lab lab(Lab::Options{});
  lab.deliver(message_from(lab, 2, 1, 7, VoteRequest{false, false, 0, 0}));
  EXPECT_TRUE(lab.network.empty());
  lab.crash(1, 0);
  lab.start(1);
  lab.deliver(message_from(lab, 3, 1, 7, VoteRequest{false, false, 0, 0}));
  lab.persist(1, 9);
  EXPECT_EQ(taken_for(lab, 3).front().body, MessageBody(VoteReply{false, true}));
}

TEST(Vote, GoesOnlyToALogThatIsUpToDate) {
  Lab lab = served_lab();
  lab.write(1, "k", "v");
  lab.run_for(milliseconds(100));
  lab.crash(1);
  lab.now = lab.now + seconds(1);
  const LogIndex last = lab.replica(2).raft().log().last_index();
  const auto answer = [&](Term term, LogIndex last_index, Term last_term) {
    lab.deliver(message_from(lab, 3, 2, term, VoteRequest{false, false, last_index, last_term}));
    lab.persist(2, 9);
    return std::get<VoteReply>(taken_for(lab, 3).back().body).granted;
  };
  EXPECT_FALSE(answer(3, last - 1, 0));
  EXPECT_TRUE(answer(4, last, 0));
  EXPECT_TRUE(answer(5, 1, 1)) << "a later last term outweighs length";
}

TEST(PreVote, KeepsARejoiningNodeFromDisturbing) {
  Lab lab = served_lab();
  lab.run_for(seconds(10), {3});
  EXPECT_EQ(lab.replica(3).raft().role(), Role::kPreCandidate);
  EXPECT_EQ(lab.replica(3).raft().term(), 0u);
  lab.run_for(seconds(1));
  EXPECT_EQ(lab.leader(), 1u);
  EXPECT_EQ(lab.replica(1).raft().term(), 0u);
  EXPECT_EQ(lab.replica(3).raft().role(), Role::kFollower);
  EXPECT_EQ(lab.count<RoleChanged>(1, [](const RoleChanged& e) { return e.from == Role::kLeader; }),
            0u);
}

TEST(Stickiness, LetsNobodyDeposeALeaderThatIsHeard) {
  Lab lab = served_lab();
  for (const NodeId voter : {1u, 2u}) {
    lab.deliver(message_from(lab, 3, voter, 9, VoteRequest{false, false, 99, 9}));
    lab.deliver(message_from(lab, 3, voter, 9, VoteRequest{true, false, 99, 9}));
    EXPECT_EQ(lab.replica(voter).raft().term(), 0u);
  }
  EXPECT_EQ(lab.leader(), 1u);
}

TEST(Stickiness, EndsAnElectionTimeoutAfterTheLastWord) {
  Lab lab = served_lab();
  lab.settle();
  lab.now = lab.now + milliseconds(400);
  lab.deliver(message_from(lab, 3, 2, 1, VoteRequest{false, false, 99, 0}));
  EXPECT_EQ(lab.replica(2).raft().term(), 1u);
}

TEST(CheckQuorum, DeposesALeaderThatHearsNoMajority) {
  Lab lab = served_lab();
  lab.run_for(milliseconds(240), {1});  // the last answer may be a heartbeat interval old
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kLeader);
  lab.run_for(milliseconds(80), {1});
  EXPECT_NE(lab.replica(1).raft().role(), Role::kLeader);
  EXPECT_EQ(
      lab.count<RoleChanged>(1, [](const RoleChanged& e) { return e.cause == Cause::kLostQuorum; }),
      1u);
}

TEST(CheckQuorum, IsContentWithOneFollowerOfTwo) {
  Lab lab = served_lab();
  lab.run_for(seconds(5), {3});
  EXPECT_EQ(lab.leader(), 1u);
}

TEST(Failover, HappensWithOneWayLinksToo) {
  Lab lab = served_lab();
  lab.loses = [](const Message& message) {
    return message.to == 1;
  };  // node 1 speaks but hears nobody
  lab.run_for(seconds(3));
  EXPECT_NE(lab.leader(), 1u);
  EXPECT_TRUE(lab.run_until_serving(seconds(5), {1}));
  EXPECT_TRUE(lab.violations.empty());
}

TEST(Failover, TakesAnElectionTimeoutAndABitWithTheDocumentedTiming) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Lab::Options options = bootstrap_by(1);
    options.timing = Timing{};
    options.seed = seed;
    Lab lab(options);
    ASSERT_TRUE(lab.run_until_serving(seconds(1)));
    lab.run_for(seconds(20));
    lab.crash(1);
    const Instant crashed = lab.now;
    ASSERT_TRUE(lab.run_until_serving(seconds(12)));
    EXPECT_GE(lab.now - crashed, seconds(3));  // up to a heartbeat interval had passed already
    EXPECT_LE(lab.now - crashed, seconds(9)) << "seed " << seed;
  }
}

TEST(Cluster, OfOneNodeLeadsAtOnceAndServes) {
  Lab::Options options;
  options.nodes = 1;
  Lab lab(options);
  ASSERT_TRUE(lab.run_until_serving(milliseconds(50)));
  EXPECT_TRUE(std::holds_alternative<Answer>(lab.write(1, "k", "v").body));
  EXPECT_EQ(std::get<Answer>(lab.read(1, "k").body).text, "v");
  lab.crash(1);
  lab.start(1);
  ASSERT_TRUE(lab.run_until_serving(milliseconds(50)));
  EXPECT_EQ(std::get<Answer>(lab.read(1, "k").body).text, "v");
  EXPECT_TRUE(lab.network.empty());
}

TEST(Cluster, OfFiveSurvivesTwoButNotThree) {
  Lab lab = served_lab(5);
  lab.crash(1);
  lab.crash(4);
  ASSERT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_TRUE(std::holds_alternative<Answer>(lab.write(lab.leader(), "k", "v").body));
  lab.crash(lab.leader());
  EXPECT_FALSE(lab.run_until_serving(seconds(5)));
  lab.start(1);
  EXPECT_TRUE(lab.run_until_serving(seconds(5)));
  EXPECT_EQ(std::get<Answer>(lab.read(lab.leader(), "k").body).text, "v");
}

TEST(Transfer, HandsOverWithoutWaitingForAnElectionTimeout) {
  Lab lab = served_lab();
  const Instant before = lab.now;
  const RequestId id = lab.next_request();
  lab.submit(1, {id, TransferRequest{3}});
  lab.settle();
  EXPECT_EQ(lab.now, before);
  EXPECT_EQ(lab.leader(), 3u);
  EXPECT_EQ(lab.replica(1).raft().role(), Role::kFollower);
  EXPECT_TRUE(std::holds_alternative<TransferDone>(lab.reply_to(id)->body));
  EXPECT_TRUE(std::holds_alternative<Answer>(lab.write(3, "k", "v").body));
}

TEST(Transfer, WaitsUntilTheTargetHasEverythingOnItsDisk) {
  Lab lab = served_lab();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  lab.submit(1, {lab.next_request(), TransferRequest{2}});
  lab.persist(1, 9);
  for (const Message& message : std::exchange(lab.network, {})) {
    EXPECT_FALSE(std::holds_alternative<TimeoutNow>(message.body));
    lab.deliver(message);
  }
  lab.settle();
  EXPECT_EQ(lab.leader(), 2u);
  EXPECT_TRUE(lab.replica(2).store().get("k"));
}

TEST(Transfer, RefusesWritesMeanwhileAndIsGivenUpAfterASecond) {
  Lab lab = served_lab();
  const RequestId id = lab.next_request();
  lab.loses = [](const Message& message) {
    return std::holds_alternative<TimeoutNow>(message.body);
  };
  lab.submit(1, {id, TransferRequest{2}});
  const ClientReply meanwhile = lab.write(1, "k", "v");
  ASSERT_NE(refusal_of(meanwhile), nullptr);
  EXPECT_EQ(refusal_of(meanwhile)->code, RefusalCode::kNoPrimary);
  lab.run_for(milliseconds(900));
  EXPECT_FALSE(lab.reply_to(id));
  lab.run_for(milliseconds(200));
  ASSERT_TRUE(lab.reply_to(id));
  EXPECT_NE(refusal_of(*lab.reply_to(id)), nullptr);
  EXPECT_EQ(lab.leader(), 1u);
  EXPECT_TRUE(std::holds_alternative<Answer>(lab.write(1, "k", "v").body));
}

TEST(Transfer, PicksAFollowerThatIsThere) {
  Lab lab = served_lab();
  lab.run_for(seconds(1), {2});
  const RequestId id = lab.next_request();
  lab.submit(1, {id, TransferRequest{}});
  lab.settle({2});
  EXPECT_EQ(lab.leader(), 3u);
}

TEST(Transfer, ToNobodyIsRefusedAtOnce) {
  Lab lab = served_lab();
  lab.run_for(milliseconds(250), {2, 3});
  lab.now = lab.now + milliseconds(60);  // nobody was heard for an election timeout
  const RequestId id = lab.next_request();
  lab.submit(1, {id, TransferRequest{}});
  ASSERT_TRUE(lab.reply_to(id));
  EXPECT_NE(refusal_of(*lab.reply_to(id)), nullptr);
}

TEST(Admission, IgnoresStrangersAndMessagesForOthers) {
  Lab lab = served_lab();
  const auto ignored = [&](Reason reason) {
    return lab.count<MessageIgnored>(1,
                                     [&](const MessageIgnored& e) { return e.reason == reason; });
  };
  lab.deliver({9, 1, 50, 1, 0, AppendRequest{}});
  lab.deliver({1, 1, 50, 1, 0, AppendRequest{}});
  EXPECT_EQ(ignored(Reason::kUnknownSender), 2u);
  Message misled = message_from(lab, 2, 1, 50, AppendRequest{});
  Replica replica = lab.replica(1);
  misled.to = 3;
  replica.step(lab.now, misled);
  EXPECT_EQ(replica.raft().term(), 0u);
  EXPECT_EQ(lab.replica(1).raft().term(), 0u);
}

TEST(Election, IsWonThoughADiskTakesLongerThanAnElectionTimeout) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Lab::Options options;
    options.seed = seed;
    options.disk_delay = milliseconds(700);
    Lab lab(options);
    EXPECT_TRUE(lab.run_until_serving(seconds(30))) << "seed " << seed;
    EXPECT_TRUE(lab.violations.empty());
  }
}

}  // namespace
}  // namespace kv
