// Reads that a leader answers because followers promised to elect nobody else (dissertation
// §6.4.1). Under faults and clocks that are off: scenarios/29-lease-reads.json.
#include <gtest/gtest.h>

#include "support/lab.h"

namespace kv {
namespace {

constexpr Duration kTimeout = milliseconds(300);
const Duration kLease =
    lease_length({milliseconds(50), kTimeout, kTimeout * 2}, kDefaultLeaseDriftPpm);

Lab lab_that_reads_by(ReadMode reads, std::uint32_t nodes = 3, Duration disk_delay = {}) {
  Lab::Options options;
  options.nodes = nodes;
  options.reads = reads;
  options.bootstrap = 1;
  options.disk_delay = disk_delay;
  return Lab(options);
}

/// Node 1 leads, "k" is "old" everywhere, and the leader has begun a round just now, which all have
/// answered.
Lab lab_with_lease(std::uint32_t nodes = 3) {
  Lab lab = lab_that_reads_by(ReadMode::kLease, nodes);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.write(1, "k", "old");
  lab.run_for(milliseconds(200));
  lab.now = lab.now + milliseconds(50);
  lab.tick(1);
  lab.settle();
  return lab;
}

RequestId ask(Lab& lab, NodeId id, bool anywhere = false) {
  const RequestId request = lab.next_request();
  lab.submit(id, get_request(request, "k", anywhere));
  return request;
}

std::string answer_to(const Lab& lab, RequestId request) {
  const std::optional<ClientReply> reply = lab.reply_to(request);
  if (!reply) return "(none)";
  const auto* answer = std::get_if<Answer>(&reply->body);
  return answer == nullptr ? "(refused)" : answer->text;
}

template <typename Body>
bool is(const Message& message) {
  return std::holds_alternative<Body>(message.body);
}

/// Node 3 asks node 2 for its vote in this term, with a log as good as any.
void ask_for_vote(Lab& lab, Term term, bool pre = false) {
  const Log& log = lab.replica(1).raft().log();
  lab.deliver({3, 2, term, lab.node(3).config.incarnation, lab.node(2).config.incarnation,
               VoteRequest{pre, false, log.last_index(), log.last_term()}});
}

std::size_t votes_of_node_2(const Lab& lab) {
  return lab.count<VoteAnswered>(
      2, [](const VoteAnswered& event) { return event.granted && event.term > 0; });
}

TEST(LeaseRead, NeedsNoMessage) {
  Lab lab = lab_with_lease();
  ASSERT_TRUE(lab.network.empty());
  const RequestId request = ask(lab, 1);
  EXPECT_EQ(answer_to(lab, request), "old");
  EXPECT_TRUE(lab.network.empty());
  Lab other = lab_that_reads_by(ReadMode::kReadIndex);
  ASSERT_TRUE(other.run_until_serving(seconds(1)));
  const RequestId asked = ask(other, 1);
  EXPECT_EQ(answer_to(other, asked), "(none)");
  EXPECT_EQ(other.network.size(), 2u) << "a round of heartbeats, and their answers come on top";
}

TEST(LeaseRead, EndsWithTheLeaseToTheNanosecond) {
  Lab lab = lab_with_lease();
  const Instant begun = lab.now;
  lab.now = begun + kLease - nanoseconds(1);
  EXPECT_EQ(answer_to(lab, ask(lab, 1)), "old");
  lab.now = begun + kLease;
  const RequestId late = ask(lab, 1);
  EXPECT_EQ(answer_to(lab, late), "(none)");
  lab.settle();
  EXPECT_EQ(answer_to(lab, late), "old") << "a round confirms it";
  EXPECT_EQ(answer_to(lab, ask(lab, 1)), "old") << "and gives a new lease";
}

TEST(LeaseRead, CountsFromTheMomentAtWhichTheRoundBegan) {
  Lab lab = lab_with_lease();
  lab.run_for(milliseconds(45));
  lab.now = lab.now + milliseconds(5);
  lab.tick(1);
  const Instant begun = lab.now;
  std::vector<Message> asked = std::exchange(lab.network, {});
  ASSERT_EQ(asked.size(), 2u);
  lab.now = begun + milliseconds(200);  // they travel for long, and are answered at once
  for (const Message& message : asked) lab.deliver(message);
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  lab.now = begun + kLease;
  EXPECT_EQ(answer_to(lab, ask(lab, 1)), "(none)");
}

TEST(LeaseRead, NeedsAnAnswerOfAQuorum) {
  Lab lab = lab_with_lease(5);
  const Instant begun = lab.now;
  lab.loses = [](const Message& message) { return is<AppendReply>(message) && message.from > 2; };
  lab.run_for(milliseconds(250));
  lab.now = begun + kLease;
  EXPECT_EQ(answer_to(lab, ask(lab, 1)), "(none)") << "two of five";
  lab.loses = nullptr;
  lab.run_for(milliseconds(200));
  EXPECT_EQ(answer_to(lab, ask(lab, 1)), "old");
}

TEST(LeaseRead, WaitsForACommitInTheTerm) {
  Lab lab = lab_that_reads_by(ReadMode::kLease, 3, milliseconds(40));
  ASSERT_TRUE(lab.run_until_serving(seconds(1)));
  lab.write(1, "k", "old");
  lab.run_for(milliseconds(200));
  lab.crash(1);
  while (lab.leader() == kNoNode) lab.run_for(milliseconds(1));
  const NodeId leader = lab.leader();
  ASSERT_EQ(lab.count<ReadRoundConfirmed>(leader), 1u) << "that takes no disk";
  ASSERT_FALSE(lab.replica(leader).raft().serving());
  const RequestId request = ask(lab, leader);
  EXPECT_EQ(answer_to(lab, request), "(none)");
  lab.run_for(milliseconds(100));
  EXPECT_EQ(answer_to(lab, request), "old");
}

TEST(LeaseRead, WaitsUntilWhatWasCommittedIsApplied) {
  Lab::Options options;
  options.reads = ReadMode::kLease;
  options.bootstrap = 1;
  options.limits.max_apply_entries = 1;
  Lab lab(options);
  ASSERT_TRUE(lab.run_until_serving(seconds(1)));
  lab.write(1, "k", "old");
  lab.run_for(milliseconds(200));
  const LogIndex before = lab.replica(1).raft().commit();
  for (int i = 0; i < 9; ++i) lab.submit(1, set_request(lab.next_request(), "other", "value"));
  lab.submit(1, set_request(lab.next_request(), "k", "new"));
  lab.persist(1, 10);
  for (const Message& message : std::exchange(lab.network, {})) {
    if (message.to == 2) lab.deliver(message);
  }
  lab.persist(2, 10);
  ASSERT_FALSE(lab.network.empty());
  lab.deliver(lab.network.back());
  ASSERT_EQ(lab.replica(1).raft().commit(), before + 10) << "in one step";
  ASSERT_LT(lab.replica(1).applied(), before + 10);
  const RequestId request = ask(lab, 1);
  EXPECT_EQ(answer_to(lab, request), "(none)");
  lab.network.clear();  // no round confirms it
  for (int i = 0; i < 10; ++i) lab.tick(1);
  EXPECT_EQ(answer_to(lab, request), "new");
}

TEST(LeaseRead, NeedsARoundForTheRestOfATermWithAHandOver) {
  Lab lab = lab_with_lease();
  const Term term = lab.replica(1).raft().term();
  lab.loses = [](const Message& message) { return is<TimeoutNow>(message); };
  lab.submit(1, {lab.next_request(), TransferRequest{2}});
  lab.run_for(milliseconds(1500));
  ASSERT_TRUE(lab.replica(1).raft().serving());
  ASSERT_FALSE(lab.replica(1).raft().transferring());
  ASSERT_EQ(lab.replica(1).raft().term(), term);
  const RequestId request = ask(lab, 1);
  EXPECT_EQ(answer_to(lab, request), "(none)") << "its word may still be on the way";
  lab.settle();
  EXPECT_EQ(answer_to(lab, request), "old");
}

TEST(LeaseRead, IsThereAgainAfterAHandOver) {
  Lab lab = lab_with_lease();
  lab.submit(1, {lab.next_request(), TransferRequest{2}});
  lab.run_for(milliseconds(200));
  ASSERT_EQ(lab.leader(), 2u) << "no promise holds against it";
  lab.submit(2, {lab.next_request(), TransferRequest{1}});
  lab.run_for(milliseconds(200));
  ASSERT_EQ(lab.leader(), 1u);
  EXPECT_EQ(answer_to(lab, ask(lab, 1)), "old");
}

TEST(LeaseRead, OfAFollowerNeedsNoRoundOfTheLeader) {
  Lab lab = lab_with_lease(5);
  const RequestId request = ask(lab, 2, true);
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  ASSERT_EQ(lab.network.size(), 1u);
  EXPECT_TRUE(is<ReadIndexReply>(lab.network[0]));
  lab.settle();
  EXPECT_EQ(answer_to(lab, request), "old");
}

TEST(VotePromise, HoldsForATimeoutAfterARestart) {
  for (const ReadMode reads : {ReadMode::kReadIndex, ReadMode::kLease}) {
    Lab lab = lab_that_reads_by(reads);
    ASSERT_TRUE(lab.run_until_serving(seconds(1)));
    lab.run_for(milliseconds(200));
    lab.crash(2);
    lab.start(2);
    const Instant started = lab.now;
    if (reads == ReadMode::kReadIndex) {
      ask_for_vote(lab, 1);
      EXPECT_EQ(votes_of_node_2(lab), 1u) << "without leases nobody relies on it";
      continue;
    }
    for (const Duration passed : {Duration{}, kTimeout - nanoseconds(1)}) {
      lab.now = started + passed;
      ask_for_vote(lab, 1, true);
      ask_for_vote(lab, 1);
      EXPECT_EQ(votes_of_node_2(lab), 0u);
    }
    lab.now = started + kTimeout;
    ask_for_vote(lab, 1);
    EXPECT_EQ(votes_of_node_2(lab), 1u);
  }
}

TEST(VotePromise, OutlivesALaterTerm) {
  Lab lab = lab_with_lease();
  const Instant heard = lab.now;
  lab.deliver({3, 2, 7, lab.node(3).config.incarnation, lab.node(2).config.incarnation,
               VoteReply{false, false}});
  ASSERT_EQ(lab.replica(2).raft().term(), 7u);
  ASSERT_EQ(lab.replica(2).raft().leader(), kNoNode);
  lab.now = heard + kTimeout - nanoseconds(1);
  ask_for_vote(lab, 7);
  EXPECT_EQ(votes_of_node_2(lab), 0u) << "the leader of term 0 may still count on it";
  lab.now = heard + kTimeout;
  ask_for_vote(lab, 7);
  EXPECT_EQ(votes_of_node_2(lab), 1u);
}

TEST(VotePromise, DoesNotDelayTheStartOfANewCluster) {
  Lab lab = lab_that_reads_by(ReadMode::kLease);
  lab.settle();
  EXPECT_EQ(lab.leader(), 1u);
  EXPECT_TRUE(lab.replica(1).raft().serving());
}

}  // namespace
}  // namespace kv
