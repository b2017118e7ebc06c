// What clients are told, and when.
#include "core/replica.h"

#include <gtest/gtest.h>

#include "core/command.h"
#include "support/lab.h"

namespace kv {
namespace {

Lab served_lab(AckMode ack = AckMode::kMajority, const Limits& limits = {}) {
  Lab::Options options;
  options.bootstrap = 1;
  options.ack = ack;
  options.limits = limits;
  Lab lab(options);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(milliseconds(200));
  return lab;
}

const Refusal* refusal_of(const std::optional<ClientReply>& reply) {
  return reply ? std::get_if<Refusal>(&reply->body) : nullptr;
}

bool done(const std::optional<ClientReply>& reply) {
  return reply && std::holds_alternative<Answer>(reply->body);
}

void deliver_all(Lab& lab) {
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
}

RequestId submit_set(Lab& lab, NodeId id, std::string_view key, std::string_view value) {
  const RequestId request = lab.next_request();
  lab.submit(id, set_request(request, key, value));
  return request;
}

RequestId submit_get(Lab& lab, NodeId id, std::string_view key) {
  const RequestId request = lab.next_request();
  lab.submit(id, get_request(request, key));
  return request;
}

TEST(Write, IsAnsweredOnceAMajorityHasItOnDisk) {
  Lab lab = served_lab();
  const RequestId id = submit_set(lab, 1, "k", "v");
  lab.persist(1, 9);
  deliver_all(lab);
  EXPECT_FALSE(lab.reply_to(id));
  lab.persist(2, 9);
  deliver_all(lab);
  EXPECT_TRUE(done(lab.reply_to(id)));
  EXPECT_TRUE(lab.replica(1).store().get("k"));
}

TEST(Write, GivesWhatTheCommandGave) {
  Lab lab = served_lab();
  EXPECT_EQ(std::get<Answer>(lab.write(1, "k", "a").body), Answer::ok());
  Command add;
  add.operation = Operation::kAdd;
  add.key = "n";
  add.number = 5;
  for (const std::int64_t expected : {5, 10}) {
    const RequestId id = lab.next_request();
    lab.submit(1, {id, WriteRequest{encode_command(add)}});
    lab.settle();
    EXPECT_EQ(std::get<Answer>(lab.reply_to(id)->body), Answer::of(expected));
    EXPECT_GT(lab.reply_to(id)->index, 0U);
  }
}

TEST(Write, SubmittedTogetherIsWrittenAndSentTogether) {
  Lab lab = served_lab();
  lab.network.clear();
  Replica replica = lab.replica(1);
  for (RequestId id = 900; id < 950; ++id)
    replica.submit(lab.now, set_request(id, "k" + std::to_string(id), "v"));
  const Effects effects = replica.take_effects(lab.now);
  ASSERT_EQ(effects.writes.size(), 1u);
  EXPECT_EQ(effects.writes.front().append.size(), 50u);
  EXPECT_EQ(effects.messages.size(), 2u);
}

TEST(Write, HasAnUnknownOutcomeAfter900Milliseconds) {
  Lab lab = served_lab();
  const RequestId id = submit_set(lab, 1, "k", "v");
  lab.run_for(milliseconds(890), {1});
  EXPECT_FALSE(lab.reply_to(id));
  lab.run_for(milliseconds(20), {1});
  ASSERT_NE(refusal_of(lab.reply_to(id)), nullptr);
  EXPECT_EQ(refusal_of(lab.reply_to(id))->code, RefusalCode::kUnknownOutcome);
}

TEST(Write, IsRefusedForGoodWhenAnotherEntryTookItsPlace) {
  Lab lab = served_lab();
  lab.submit(1, {lab.next_request(), TransferRequest{2}});
  lab.settle({3});
  ASSERT_EQ(lab.leader(), 2u);
  // Node 2 takes a write that nobody hears of; node 3 leads the next term and commits another entry
  // there.
  const RequestId id = submit_set(lab, 2, "k", "lost");
  lab.persist(2, 9);
  lab.network.clear();
  lab.crash(1);
  lab.start(1);
  for (int i = 0; i < 50 && lab.leader() == 2; ++i) lab.run_for(milliseconds(10), {2});
  ASSERT_TRUE(lab.run_until_serving(milliseconds(700), {2}));
  const NodeId leader = lab.leader();
  ASSERT_NE(leader, 2u);
  ASSERT_FALSE(lab.reply_to(id)) << "too late to tell";
  lab.run_for(milliseconds(100));
  const std::optional<ClientReply> reply = lab.reply_to(id);
  ASSERT_NE(refusal_of(reply), nullptr);
  EXPECT_EQ(refusal_of(reply)->code, RefusalCode::kNotPrimary);
  EXPECT_EQ(refusal_of(reply)->primary, leader);
  EXPECT_FALSE(lab.replica(leader).store().get("k"));
}

TEST(Write, IsRefusedWhileTooMuchIsUncommitted) {
  Limits limits;
  limits.max_uncommitted_bytes = 1000;
  Lab lab = served_lab(AckMode::kMajority, limits);
  const RequestId first = submit_set(lab, 1, "k", std::string(1000, 'v'));
  const RequestId second = submit_set(lab, 1, "k", "v");
  ASSERT_NE(refusal_of(lab.reply_to(second)), nullptr);
  EXPECT_EQ(refusal_of(lab.reply_to(second))->code, RefusalCode::kOverloaded);
  lab.settle();
  EXPECT_TRUE(done(lab.reply_to(first)));
  EXPECT_TRUE(done(lab.write(1, "k", "w")));
}

TEST(Request, ToASecondaryIsToldWhoThePrimaryIs) {
  Lab lab = served_lab();
  for (const ClientReply& reply : {lab.write(2, "k", "v"), lab.read(3, "k")}) {
    const auto* refusal = std::get_if<Refusal>(&reply.body);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->code, RefusalCode::kNotPrimary);
    EXPECT_EQ(refusal->primary, 1u);
  }
}

TEST(Request, DuringAnElectionIsRefusedAtOnce) {
  Lab lab{Lab::Options{}};
  const RequestId id = submit_get(lab, 2, "k");
  ASSERT_NE(refusal_of(lab.reply_to(id)), nullptr);
  EXPECT_EQ(refusal_of(lab.reply_to(id))->code, RefusalCode::kNoPrimary);
}

TEST(Request, ToADeposedPrimaryNamesWhomItMisses) {
  Lab lab = served_lab();
  lab.run_for(seconds(2), {1});
  const ClientReply reply = lab.read(1, "k", {1});
  const auto* refusal = std::get_if<Refusal>(&reply.body);
  ASSERT_NE(refusal, nullptr);
  EXPECT_EQ(refusal->code, RefusalCode::kNoQuorum);
  EXPECT_EQ(refusal->unreachable, (std::vector<NodeId>{2, 3}));
}

TEST(Request, IsAnsweredExactlyOnce) {
  Lab lab = served_lab();
  std::set<RequestId> asked;
  for (int i = 0; i < 40; ++i) {
    asked.insert(submit_set(lab, 1 + static_cast<NodeId>(i % 3), "k", "v"));
    asked.insert(submit_get(lab, 1, "k"));
    if (i == 20) lab.submit(1, {lab.next_request(), TransferRequest{}});
    lab.run_for(milliseconds(7), i % 5 == 0 ? std::set<NodeId>{1} : std::set<NodeId>{});
  }
  lab.run_for(seconds(2));
  std::map<RequestId, int> answers;
  for (const ClientReply& reply : lab.replies) ++answers[reply.id];
  for (const RequestId id : asked) EXPECT_EQ(answers[id], 1) << "request " << id;
}

TEST(Read, WaitsForAMajorityToConfirmTheLeader) {
  Lab lab = served_lab();
  lab.write(1, "k", "v");
  const RequestId id = submit_get(lab, 1, "k");
  EXPECT_FALSE(lab.reply_to(id));
  deliver_all(lab);
  deliver_all(lab);
  ASSERT_TRUE(lab.reply_to(id));
  EXPECT_EQ(std::get<Answer>(lab.reply_to(id)->body).text, "v");
}

TEST(Read, IsNotServedByALeaderThatWasReplaced) {
  Lab lab = served_lab();
  lab.write(1, "k", "old");
  lab.loses = [](const Message& message) { return message.from == 1 || message.to == 1; };
  // Node 1's clock stands still, so it doesn't know that its time is over.
  for (int i = 0; i < 200 && !(lab.leader() > 1 && lab.replica(lab.leader()).raft().serving());
       ++i) {
    lab.now = lab.now + milliseconds(10);
    for (const NodeId id : {2u, 3u}) lab.tick(id);
    lab.settle();
  }
  ASSERT_GT(lab.leader(), 1u);
  ASSERT_TRUE(lab.replica(1).raft().is_leader());
  submit_set(lab, lab.leader(), "k", "new");
  lab.settle();
  const RequestId id = submit_get(lab, 1, "k");
  lab.settle();
  EXPECT_FALSE(lab.reply_to(id));
  lab.loses = nullptr;
  lab.run_for(seconds(1));
  EXPECT_NE(refusal_of(lab.reply_to(id)), nullptr);
}

TEST(Read, SharesOneRoundWithAllThatWait) {
  Lab lab = served_lab();
  lab.write(1, "k", "v");
  lab.run_for(milliseconds(30));
  lab.network.clear();
  std::vector<RequestId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(submit_get(lab, 1, "k"));
  EXPECT_EQ(lab.network.size(), 2u) << "the first one's round; the others gather for the next";
  std::size_t messages = 0;
  lab.loses = [&](const Message&) { return ++messages > 1000; };
  lab.settle();
  for (const RequestId id : ids) EXPECT_TRUE(lab.reply_to(id));
  EXPECT_LE(messages, 8u);
}

TEST(Read, OfANewLeaderWaitsForItsFirstCommit) {
  Lab lab = served_lab();
  lab.write(1, "k", "v");
  lab.submit(1, {lab.next_request(), TransferRequest{2}});
  // Heartbeats come through and confirm the round; the entry of the new term does not.
  lab.loses = [](const Message& message) {
    const auto* request = std::get_if<AppendRequest>(&message.body);
    return request != nullptr && !request->entries.empty();
  };
  lab.settle();
  ASSERT_EQ(lab.leader(), 2u);
  ASSERT_FALSE(lab.replica(2).raft().serving());
  const RequestId id = submit_get(lab, 2, "k");
  lab.settle();
  EXPECT_FALSE(lab.reply_to(id));
  lab.loses = nullptr;
  lab.run_for(milliseconds(200));
  ASSERT_TRUE(lab.reply_to(id));
  EXPECT_EQ(std::get<Answer>(lab.reply_to(id)->body).text, "v");
}

TEST(Read, SeesEveryWriteThatWasAnsweredBefore) {
  Lab lab = served_lab();
  for (int i = 0; i < 20; ++i) {
    lab.write(1, "k", std::to_string(i));
    EXPECT_EQ(std::get<Answer>(lab.read(1, "k").body).text, std::to_string(i));
  }
}

TEST(AckPrimary, AnswersOnceItsOwnDiskHasTheWrite) {
  Lab lab = served_lab(AckMode::kPrimary);
  const RequestId id = submit_set(lab, 1, "k", "v");
  EXPECT_FALSE(lab.reply_to(id));
  lab.persist(1, 9);
  EXPECT_TRUE(done(lab.reply_to(id)));
  EXPECT_FALSE(lab.replica(1).store().get("k")) << "it is not committed yet";
}

TEST(AckPrimary, ReadsItsOwnUncommittedWrites) {
  Lab lab = served_lab(AckMode::kPrimary);
  lab.write(1, "k", "old");
  submit_set(lab, 1, "k", "new");
  const auto value = [&](std::string_view key) {
    return std::get<Answer>(lab.reply_to(submit_get(lab, 1, key))->body);
  };
  EXPECT_EQ(value("k"), Answer::of(std::string_view("new")));
  EXPECT_EQ(value("other"), Answer::nil());
  const RequestId deletion = lab.next_request();
  lab.submit(1, {deletion, WriteRequest{encode_command(delete_command("k"))}});
  EXPECT_EQ(value("k"), Answer::nil());
  lab.settle();
  EXPECT_EQ(std::get<Answer>(lab.reply_to(deletion)->body), Answer::of(std::int64_t{1}));
  EXPECT_EQ(value("k"), Answer::nil());
}

TEST(AckPrimary, CanLoseAnAnsweredWriteInAFailover) {
  Lab lab = served_lab(AckMode::kPrimary);
  const RequestId id = submit_set(lab, 1, "k", "v");
  lab.persist(1, 9);
  ASSERT_TRUE(done(lab.reply_to(id)));
  lab.network.clear();
  lab.crash(1);
  ASSERT_TRUE(lab.run_until_serving(seconds(2)));
  lab.start(1);
  lab.run_for(seconds(1));
  for (NodeId node = 1; node <= 3; ++node) EXPECT_FALSE(lab.replica(node).store().get("k")) << node;
  EXPECT_TRUE(lab.violations.empty());
}

TEST(AckPrimary, DoesNotConfirmAWriteThatASnapshotPassedOver) {
  Lab::Options options;
  options.bootstrap = 1;
  options.ack = AckMode::kPrimary;
  options.limits.snapshot_after_bytes = 500;
  options.limits.keep_log_bytes = 100;
  Lab lab(options);
  ASSERT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(milliseconds(100));
  const RequestId id = submit_set(lab, 1, "lost", "v");  // never on its disk
  lab.network.clear();
  // The others go on without it and drop from the log what took the write's place.
  for (int i = 0; i < 80 && lab.leader() == 1; ++i) {
    lab.now = lab.now + milliseconds(10);
    for (const NodeId node : {2u, 3u}) lab.tick(node);
    for (int turn = 0; turn < 8; ++turn) {
      lab.persist(2, 9);
      lab.persist(3, 9);
      for (const Message& message : std::exchange(lab.network, {})) {
        if (message.to != 1 && message.from != 1) lab.deliver(message);
      }
    }
  }
  const NodeId leader = lab.leader();
  ASSERT_NE(leader, 1u);
  for (int i = 0; i < 30; ++i) {
    submit_set(lab, leader, "kept", std::string(50, 'v'));
    for (int turn = 0; turn < 4; ++turn) {
      for (const NodeId node : {2u, 3u}) {
        lab.persist(node, 9);
        lab.save_snapshot(node);
      }
      for (const Message& message : std::exchange(lab.network, {})) {
        if (message.to != 1 && message.from != 1) lab.deliver(message);
      }
    }
  }
  ASSERT_GT(lab.replica(leader).raft().log().base_index(),
            lab.replica(1).raft().log().last_index());
  ASSERT_FALSE(lab.reply_to(id));
  // Node 1's disk is still stuck when it learns of all that.
  for (int turn = 0; turn < 100 && lab.count<SnapshotInstalled>(1) == 0; ++turn) {
    lab.now = lab.now + milliseconds(1);
    for (const NodeId node : {2u, 3u}) lab.tick(node);
    for (const NodeId node : {2u, 3u}) lab.persist(node, 9);
    if (turn == 40) lab.persist(1, 9);
    for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  }
  lab.run_for(seconds(2));
  ASSERT_TRUE(lab.reply_to(id));
  EXPECT_FALSE(lab.replica(leader).store().get("lost"));
  EXPECT_FALSE(done(lab.reply_to(id)));
}

TEST(AckAll, WaitsForEveryDisk) {
  Lab lab = served_lab(AckMode::kAll);
  const RequestId id = submit_set(lab, 1, "k", "v");
  lab.persist(1, 9);
  deliver_all(lab);
  lab.persist(2, 9);
  deliver_all(lab);
  EXPECT_TRUE(lab.replica(1).store().get("k")) << "committed";
  EXPECT_FALSE(lab.reply_to(id));
  lab.persist(3, 9);
  deliver_all(lab);
  EXPECT_TRUE(done(lab.reply_to(id)));
}

TEST(AckAll, HasAnUnknownOutcomeWhenAMemberIsDown) {
  Lab lab = served_lab(AckMode::kAll);
  lab.crash(3);
  const ClientReply reply = lab.write(1, "k", "v");
  ASSERT_NE(std::get_if<Refusal>(&reply.body), nullptr);
  EXPECT_EQ(std::get<Refusal>(reply.body).code, RefusalCode::kUnknownOutcome);
}

TEST(AckAll, ReadsAreServedByAMajority) {
  Lab lab = served_lab(AckMode::kAll);
  lab.write(1, "k", "v");
  lab.crash(3);
  EXPECT_EQ(std::get<Answer>(lab.read(1, "k").body).text, "v");
}

TEST(Replica, IsAValueWhoseCopyIsACheckpoint) {
  Lab lab = served_lab();
  const Replica checkpoint = lab.replica(1);
  lab.write(1, "k", "v");
  EXPECT_FALSE(checkpoint.store().get("k"));
  EXPECT_TRUE(lab.replica(1).store().get("k"));
  Replica copy = checkpoint;
  copy.submit(lab.now, set_request(77, "k", "v"));
  EXPECT_EQ(copy.take_effects(lab.now).writes.size(), 1u);
}

TEST(Replica, IsQuietBetweenItsDeadlines) {
  Lab lab = served_lab();
  for (NodeId id = 1; id <= 3; ++id) {
    Replica replica = lab.replica(id);
    const Instant due = *replica.next_deadline();
    ASSERT_GT(due, lab.now);
    replica.tick(due - nanoseconds(1));
    const Effects effects = replica.take_effects(due - nanoseconds(1));
    EXPECT_TRUE(effects.messages.empty() && effects.writes.empty() && effects.events.empty()) << id;
    EXPECT_EQ(replica.next_deadline(), due);
    replica.tick(due);
    static_cast<void>(replica.take_effects(due));
    EXPECT_GT(*replica.next_deadline(), due) << "a deadline that stays due would spin its driver";
  }
}

TEST(Reads, OfLargeValuesAreSpreadOverTurns) {
  Lab::Options options;
  options.bootstrap = 1;
  Lab lab(options);
  ASSERT_TRUE(lab.run_until_serving(seconds(1)));
  lab.write(1, "large", std::string(1 << 20, 'x'));
  std::vector<RequestId> reads;
  for (int i = 0; i < 20; ++i) {
    reads.push_back(lab.next_request());
    lab.submit(1, get_request(reads.back(), "large"));
  }
  lab.settle();
  EXPECT_TRUE(lab.reply_to(reads.front()));
  EXPECT_FALSE(lab.reply_to(reads.back())) << "20 MiB in one turn would stop the node";
  EXPECT_LE(*lab.replica(1).next_deadline(), lab.now) << "and the rest follows at once";
  lab.run_for(milliseconds(1));
  EXPECT_TRUE(lab.reply_to(reads.back()));
}

TEST(SnapshotOnDemand, IsNotBegunWhileOneIsWrittenNorWithNothingNew) {
  Lab lab = served_lab();
  lab.write(1, "k", "v");
  Replica& replica = lab.replica(1);
  EXPECT_TRUE(replica.begin_snapshot());
  EXPECT_TRUE(replica.saving_snapshot());
  EXPECT_FALSE(replica.begin_snapshot());
  lab.tick(1);
  lab.save_snapshot(1);
  EXPECT_FALSE(replica.saving_snapshot());
  EXPECT_TRUE(replica.begin_snapshot()) << "what was asked for is there";
  EXPECT_FALSE(replica.saving_snapshot());
}

}  // namespace
}  // namespace kv
