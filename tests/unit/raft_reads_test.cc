// Reads that a follower answers after asking its leader how far it must be (dissertation §6.4).
// Any order of everything: raft_walk_test.cc.
#include <optional>

#include <gtest/gtest.h>

#include "support/lab.h"

namespace kv {
namespace {

/// Node 1 leads in term 0, every node has heard of it, and "k" is "old" everywhere.
Lab served_lab(std::uint32_t nodes = 3, std::uint64_t seed = 1) {
  Lab::Options options;
  options.nodes = nodes;
  options.seed = seed;
  options.bootstrap = 1;
  Lab lab(options);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.write(1, "k", "old");
  lab.run_for(milliseconds(200));
  return lab;
}

RequestId ask(Lab& lab, NodeId id) {
  const RequestId request = lab.next_request();
  lab.submit(id, get_request(request, "k", true));
  return request;
}

std::string answer_to(const Lab& lab, RequestId request) {
  const std::optional<ClientReply> reply = lab.reply_to(request);
  if (!reply) return "(none)";
  const auto* answer = std::get_if<Answer>(&reply->body);
  return answer == nullptr ? "(refused)" : answer->text;
}

/// The primary that a refusal names.
std::optional<NodeId> sent_to(const Lab& lab, RequestId request) {
  const std::optional<ClientReply> reply = lab.reply_to(request);
  const auto* refusal = reply ? std::get_if<Refusal>(&reply->body) : nullptr;
  if (refusal == nullptr || refusal->code != RefusalCode::kNotPrimary) return std::nullopt;
  return refusal->primary;
}

/// Removes the messages of this kind from the network.
template <typename Body>
std::vector<Message> take(Lab& lab) {
  std::vector<Message> taken;
  for (const Message& message : lab.network) {
    if (std::holds_alternative<Body>(message.body)) taken.push_back(message);
  }
  std::erase_if(lab.network,
                [](const Message& message) { return std::holds_alternative<Body>(message.body); });
  return taken;
}

template <typename Body>
bool is(const Message& message) {
  return std::holds_alternative<Body>(message.body);
}

TEST(FollowerRead, IsAnsweredByTheFollowerItself) {
  for (const std::uint32_t nodes : {3u, 5u}) {
    Lab lab = served_lab(nodes);
    const RequestId request = ask(lab, 2);
    EXPECT_EQ(answer_to(lab, request), "(none)") << "before anybody was asked";
    lab.settle();
    EXPECT_EQ(answer_to(lab, request), "old");
    EXPECT_TRUE(lab.violations.empty());
  }
}

TEST(FollowerRead, IsAnsweredByTheLeaderToo) {
  Lab lab = served_lab();
  const RequestId request = ask(lab, 1);
  lab.settle();
  EXPECT_EQ(answer_to(lab, request), "old");
}

TEST(FollowerRead, SeesWhatWasCommittedBeforeItCame) {
  for (const std::uint32_t nodes : {3u, 5u}) {
    Lab lab = served_lab(nodes);
    lab.write(1, "k", "new", {2});
    const RequestId request = ask(lab, 2);
    lab.settle();
    EXPECT_NE(answer_to(lab, request), "old");
    lab.run_for(milliseconds(500));
    EXPECT_EQ(answer_to(lab, request), "new");
  }
}

TEST(FollowerRead, NeedsNoNoticeOfTheCommit) {
  Lab lab = served_lab();
  lab.write(1, "k", "new");  // the followers have it on disk, and hear in 20 ms that it counts
  EXPECT_LT(lab.replica(2).raft().commit(), lab.replica(1).raft().commit());
  const RequestId request = ask(lab, 2);
  lab.settle();
  EXPECT_EQ(answer_to(lab, request), "new");
}

TEST(FollowerRead, SharesOneQuestionWithAllThatCameBeforeItLeft) {
  Lab lab = served_lab();
  std::vector<RequestId> requests;
  for (int i = 0; i < 10; ++i) requests.push_back(ask(lab, 2));
  EXPECT_EQ(take<ReadIndexRequest>(lab).size(), 1u) << "the later reads wait for the next one";
  lab.run_for(milliseconds(100));
  for (const RequestId request : requests) EXPECT_EQ(answer_to(lab, request), "old");
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 10; ++i) ask(lab, 3);
  lab.loses = [&](const Message& message) {
    if (const auto* asked = std::get_if<ReadIndexRequest>(&message.body))
      numbers.push_back(asked->number);
    return false;
  };
  lab.settle();
  ASSERT_EQ(numbers.size(), 2u) << "the first read's, and one for the nine others";
  EXPECT_EQ(numbers[1], numbers[0] + 1);
}

TEST(FollowerRead, IsNotAnsweredByAWordThatIsOlder) {
  Lab lab = served_lab();
  ask(lab, 2);
  const Message first = take<ReadIndexRequest>(lab).at(0);
  lab.deliver(first);
  const Message reply = take<ReadIndexReply>(lab).at(0);
  lab.write(1, "k", "new", {2});
  const RequestId late = ask(lab, 2);
  lab.deliver(reply);
  EXPECT_EQ(answer_to(lab, late), "(none)") << "the reply is older than the read";
  lab.run_for(milliseconds(500));
  EXPECT_EQ(answer_to(lab, late), "new");
}

TEST(FollowerRead, AsksAgainWhenTheQuestionOrTheReplyIsLost) {
  for (const bool reply : {false, true}) {
    Lab lab = served_lab();
    std::size_t lost = 0;
    lab.loses = [&](const Message& message) {
      const bool hit = reply ? is<ReadIndexReply>(message) : is<ReadIndexRequest>(message);
      return hit && ++lost <= 2;
    };
    const RequestId request = ask(lab, 2);
    lab.settle();
    EXPECT_EQ(answer_to(lab, request), "(none)");
    EXPECT_LE(*lab.replica(2).next_deadline(), lab.now + milliseconds(50));
    lab.run_for(milliseconds(400));
    EXPECT_EQ(answer_to(lab, request), "old");
    EXPECT_EQ(lost, 3u);
  }
}

TEST(FollowerRead, RepeatsTheSameQuestionWhileOthersWait) {
  Lab lab = served_lab();
  std::set<std::uint64_t> numbers;
  lab.loses = [&](const Message& message) {
    if (const auto* asked = std::get_if<ReadIndexRequest>(&message.body))
      numbers.insert(asked->number);
    return is<ReadIndexReply>(message);
  };
  const RequestId first = ask(lab, 2);
  lab.settle();
  const RequestId second = ask(lab, 2);
  lab.run_for(milliseconds(300));
  EXPECT_EQ(numbers.size(), 1u) << "a slow round would never end if each repetition began another";
  lab.loses = nullptr;
  lab.run_for(milliseconds(500));
  EXPECT_EQ(answer_to(lab, first), "old");
  EXPECT_EQ(answer_to(lab, second), "old");
}

TEST(FollowerRead, AsksLessAndLessOftenWhileNobodyAnswers) {
  Lab lab = served_lab();
  std::size_t asked = 0;
  lab.loses = [&](const Message& message) { return is<ReadIndexRequest>(message) && ++asked > 0; };
  ask(lab, 2);
  lab.run_for(milliseconds(850));
  EXPECT_GT(asked, 3u);
  EXPECT_LT(asked, 7u);
}

TEST(FollowerRead, TakesEachReplyOnce) {
  Lab lab = served_lab();
  const RequestId request = ask(lab, 2);
  const Message question = take<ReadIndexRequest>(lab).at(0);
  lab.deliver(question);
  lab.deliver(question);
  const std::vector<Message> replies = take<ReadIndexReply>(lab);
  ASSERT_FALSE(replies.empty());
  for (int i = 0; i < 3; ++i) lab.deliver(replies.front());
  EXPECT_EQ(answer_to(lab, request), "old");
  EXPECT_EQ(lab.count<MessageIgnored>(2,
                                      [](const MessageIgnored& e) {
                                        return e.type == "ReadIndexReply" &&
                                               e.reason == Reason::kNotExpected;
                                      }),
            2u);
}

TEST(FollowerRead, IsNotAnsweredByAReplyToAnEarlierStart) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Lab lab = served_lab(3, seed);
    ask(lab, 2);
    lab.deliver(take<ReadIndexRequest>(lab).at(0));
    const Message old = take<ReadIndexReply>(lab).at(0);
    const LogIndex then = lab.replica(2).raft().commit();
    lab.crash(2);
    lab.write(1, "k", "new", {2});
    lab.start(2);
    lab.network.clear();
    // The leader is known again, and what was committed then, but nothing of what came since.
    lab.deliver({1, 2, 0, lab.node(1).config.incarnation, lab.node(2).config.incarnation,
                 AppendRequest{then, 0, then, 0, {}, {}}});
    ASSERT_EQ(lab.replica(2).store().get("k"), "old");
    const RequestId request = ask(lab, 2);
    const std::vector<Message> asked = take<ReadIndexRequest>(lab);
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_NE(std::get<ReadIndexRequest>(asked[0].body).number,
              std::get<ReadIndexReply>(old.body).number);
    lab.deliver(old);
    EXPECT_EQ(answer_to(lab, request), "(none)");
    lab.run_for(milliseconds(500));
    EXPECT_EQ(answer_to(lab, request), "new");
  }
}

TEST(FollowerRead, IsNotGrantedByALeaderThatTheMajorityHasLeft) {
  Lab lab = served_lab(5);
  lab.loses = [](const Message& message) { return (message.from <= 2) != (message.to <= 2); };
  lab.deliver(
      {1, 3, 0, lab.node(1).config.incarnation, lab.node(3).config.incarnation, TimeoutNow{}});
  lab.settle();
  ASSERT_TRUE(lab.replica(3).raft().serving());
  ASSERT_TRUE(lab.replica(1).raft().is_leader()) << "it hasn't noticed";
  lab.submit(3, set_request(lab.next_request(), "k", "new"));
  lab.settle();
  const RequestId request = ask(lab, 2);
  lab.run_for(milliseconds(200));
  EXPECT_EQ(answer_to(lab, request), "(none)");
  lab.loses = nullptr;
  lab.run_for(milliseconds(500));
  EXPECT_EQ(answer_to(lab, request), "new");
  EXPECT_TRUE(lab.violations.empty());
}

TEST(FollowerRead, OfFiveNodesNeedsARoundOfTheLeader) {
  Lab lab = served_lab(5);
  const RequestId request = ask(lab, 2);
  lab.deliver(take<ReadIndexRequest>(lab).at(0));
  EXPECT_TRUE(take<ReadIndexReply>(lab).empty()) << "the leader and the asker are no majority";
  for (const Message& message : std::exchange(lab.network, {})) {
    if (message.to == 2 || message.to == 3) lab.deliver(message);
  }
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  EXPECT_EQ(take<ReadIndexReply>(lab).size(), 1u);
  EXPECT_EQ(answer_to(lab, request), "(none)");
}

TEST(FollowerRead, WaitsForALeaderThatServes) {
  Lab lab = served_lab();
  lab.crash(1);
  lab.loses = [](const Message& message) { return is<AppendReply>(message); };
  while (lab.leader() == kNoNode) lab.run_for(milliseconds(10));
  lab.settle();
  const NodeId follower = lab.leader() == 2 ? 3 : 2;
  ASSERT_FALSE(lab.replica(lab.leader()).raft().serving());
  const RequestId request = ask(lab, follower);
  lab.run_for(milliseconds(60));
  EXPECT_EQ(answer_to(lab, request), "(none)");
  lab.loses = nullptr;
  lab.run_for(milliseconds(500));
  EXPECT_EQ(answer_to(lab, request), "old");
}

TEST(FollowerRead, AsksANewLeaderAnew) {
  for (const NodeId successor : {2u, 3u}) {
    Lab lab = served_lab();
    lab.loses = [](const Message& message) {
      return is<ReadIndexRequest>(message) && message.to == 1;
    };
    const RequestId request = ask(lab, 2);
    lab.settle();
    lab.submit(1, {lab.next_request(), TransferRequest{successor}});
    lab.run_for(milliseconds(200));
    ASSERT_EQ(lab.leader(), successor);
    EXPECT_EQ(answer_to(lab, request), "old") << "node 2 asks node " << successor;
  }
}

TEST(FollowerRead, OutlivesAReplyOfADeposedLeader) {
  Lab lab = served_lab();
  const RequestId request = ask(lab, 3);
  lab.deliver(take<ReadIndexRequest>(lab).at(0));
  const Message old = take<ReadIndexReply>(lab).at(0);
  lab.submit(1, {lab.next_request(), TransferRequest{2}});
  lab.loses = [](const Message& message) { return is<ReadIndexRequest>(message); };
  lab.run_for(milliseconds(200));
  ASSERT_EQ(lab.leader(), 2u);
  lab.write(2, "k", "new");
  lab.deliver(old);
  EXPECT_EQ(answer_to(lab, request), "(none)") << "it is of an earlier term";
  lab.loses = nullptr;
  lab.run_for(milliseconds(500));
  EXPECT_EQ(answer_to(lab, request), "new");
}

TEST(FollowerRead, OfANodeThatLostItsDiskGoesToTheLeaderAtOnce) {
  Lab lab = served_lab();
  lab.crash(3);
  lab.wipe(3);
  lab.start(3);
  lab.run_for(milliseconds(300));
  const RequestId request = ask(lab, 3);
  lab.settle();
  EXPECT_EQ(sent_to(lab, request), 1u);
}

TEST(FollowerRead, ThatNoLeaderConfirmsInTimeIsSentToIt) {
  Lab lab = served_lab();
  lab.loses = [](const Message& message) { return is<ReadIndexRequest>(message); };
  const RequestId request = ask(lab, 2);
  lab.run_for(lab.node(2).config.request_timeout + milliseconds(50));
  EXPECT_EQ(sent_to(lab, request), 1u);
}

TEST(FollowerRead, IsRefusedWithoutALeader) {
  Lab lab = served_lab();
  lab.crash(1);
  lab.crash(3);
  lab.run_for(seconds(2));
  const RequestId request = ask(lab, 2);
  EXPECT_TRUE(take<ReadIndexRequest>(lab).empty());
  lab.run_for(seconds(2));
  EXPECT_EQ(answer_to(lab, request), "(refused)");
}

}  // namespace
}  // namespace kv
