#include "server/client.h"

#include <atomic>
#include <chrono>
#include <functional>

#include <gtest/gtest.h>

#include "fake_node.h"

namespace kv {
namespace {

constexpr Duration kPlenty = seconds(20);

Answer ok(const std::string&) {
  return line(R"({"status": "OK"})");
}

FakeNode::Brain always(const std::string& reply) {
  return [reply](const std::string&) { return line(reply); };
}

/// Answers the first `times` lines in one way, all others in another.
FakeNode::Brain first_then(int times, const Answer& first, const Answer& then) {
  return [times, first, then](const std::string&) mutable { return times-- > 0 ? first : then; };
}

LineConnection connection_to(const FakeNode& node) {
  auto connection = LineConnection::connect("127.0.0.1", node.port(), kPlenty);
  CHECK(connection.has_value());
  return std::move(*connection);
}

double seconds_for(const std::function<void()>& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(LineConnection, GetsTheAnswerToItsLine) {
  FakeNode node([](const std::string& text) { return line("<" + text + ">"); });
  LineConnection connection = connection_to(node);
  EXPECT_EQ(*connection.request("PING", kPlenty), "<PING>");
  EXPECT_EQ(*connection.request("", kPlenty), "<>");
}

TEST(LineConnection, TakesAReplyOfManyMegabytes) {
  const std::string big(20 << 20, 'x');
  FakeNode node(always(big));
  LineConnection connection = connection_to(node);
  EXPECT_EQ(*connection.request("GET big", kPlenty), big);
  EXPECT_EQ(connection.request("GET big", kPlenty)->size(), big.size());
}

TEST(LineConnection, KeepsPipelinedRepliesApartAndInOrder) {
  FakeNode node([](const std::string& text) { return Answer{text == "c" ? "a\nb\nc\n" : ""}; });
  LineConnection connection = connection_to(node);
  ASSERT_TRUE(connection.send("a\nb\nc\n", kPlenty));
  EXPECT_EQ(*connection.receive(kPlenty), "a");
  EXPECT_FALSE(connection.idle());
  EXPECT_EQ(*connection.receive(kPlenty), "b");
  EXPECT_EQ(*connection.receive(kPlenty), "c");
  EXPECT_TRUE(connection.idle());
}

TEST(LineConnection, DoesNotBlockWhenBothEndsHaveMuchToSend) {
  const std::string reply(100'000, 'r');
  FakeNode node(always(reply));
  LineConnection connection = connection_to(node);
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += std::string(50'000, 'q') + "\n";
  ASSERT_TRUE(connection.send(lines, kPlenty));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(connection.receive(kPlenty)->size(), reply.size());
}

TEST(LineConnection, SaysWhereNobodyListens) {
  const DeadPort dead;
  const Member member = dead.member("a");
  const auto connection = LineConnection::connect(member.host, member.port, kPlenty);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().message, member.address() + ": connection refused");
}

TEST(LineConnection, SaysWhichHostCannotBeFound) {
  const auto connection = LineConnection::connect("no..such..host", 6379, kPlenty);
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().message.rfind("no..such..host:6379: ", 0), 0u);
}

TEST(LineConnection, GivesUpOnASilentNode) {
  FakeNode node([](const std::string&) { return Answer{}; });
  const auto answer = connection_to(node).request("PING", milliseconds(30));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("no answer within 30ms"), std::string::npos);
}

TEST(LineConnection, ReportsAConnectionThatIsClosedInMidReply) {
  FakeNode node([](const std::string&) { return Answer{"half a li", true}; });
  const auto answer = connection_to(node).request("PING", kPlenty);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("closed"), std::string::npos);
}

TEST(ClusterClient, FollowsTheHintToThePrimary) {
  FakeNode primary(ok);
  FakeNode secondary(always(not_primary(primary.member("b"))));
  ClusterClient client(cluster_of({secondary.member("a"), primary.member("b")}));
  const Result<Reply> reply = client.execute("SET k v");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ok());
  EXPECT_EQ(reply->node_id, "b");
  EXPECT_EQ(client.target().node_id, "b");
  ASSERT_TRUE(client.execute("SET k w"));
  EXPECT_EQ(secondary.lines().size(), 1u) << "the primary is remembered";
}

TEST(ClusterClient, TrustsItsOwnListMoreThanTheAddressInTheHint) {
  const DeadPort inner_address;
  FakeNode primary(ok);
  FakeNode secondary(always(not_primary(inner_address.member("b"))));
  ClusterClient client(cluster_of({secondary.member("a"), primary.member("b")}));
  EXPECT_EQ(client.execute("SET k v")->node_id, "b");
}

TEST(ClusterClient, FollowsAHintOutOfItsList) {
  FakeNode primary(ok);
  FakeNode secondary(always(not_primary(primary.member("z"))));
  ClusterClient client(cluster_of({secondary.member("a")}));
  EXPECT_EQ(client.execute("SET k v")->node_id, "z");
}

TEST(ClusterClient, PassesOverNodesThatAreDown) {
  const DeadPort dead;
  FakeNode primary(ok);
  ClusterClient client(cluster_of({dead.member("a"), primary.member("b")}));
  EXPECT_EQ(client.execute("SET k v")->node_id, "b");
}

TEST(ClusterClient, TriesAgainAfterEveryDefiniteRefusal) {
  for (const char* code : {"NO_PRIMARY", "NO_QUORUM", "SHUTTING_DOWN", "OVERLOADED"}) {
    FakeNode node(first_then(3, line(error_reply(code)), line(R"({"status": "OK"})")));
    ClusterClient client(cluster_of({node.member("a")}));
    const Result<Reply> reply = client.execute("SET k v", kPlenty);
    EXPECT_TRUE(reply && reply->ok()) << code;
    EXPECT_EQ(node.count("SET k v"), 4u) << code;
  }
}

TEST(ClusterClient, GivesTheLastRefusalWhenTheTimeIsOver) {
  FakeNode node(always(error_reply("NO_PRIMARY")));
  const DeadPort dead;
  ClusterClient client(cluster_of({node.member("a"), dead.member("b")}));
  const Result<Reply> reply = client.execute("SET k v", milliseconds(200));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, "NO_PRIMARY");
  EXPECT_FALSE(reply->ok());
  EXPECT_FALSE(reply->outcome_unknown());
}

TEST(ClusterClient, FailsWithinItsTimeWhenNoNodeIsThere) {
  const DeadPort dead;
  ClusterClient client(cluster_of({dead.member("a")}));
  const Result<Reply> reply = client.execute("SET k v", milliseconds(200));
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().message.find("within 200ms"), std::string::npos);
  EXPECT_NE(reply.error().message.find("connection refused"), std::string::npos);
}

TEST(ClusterClient, NeverRepeatsAWriteWhoseConnectionBroke) {
  FakeNode broken([](const std::string&) { return Answer{"", true}; });
  FakeNode healthy(ok);
  for (const char* write : {"SET k v", "set k v", "DELETE k", "SHUTDOWN", "APPEND k v"}) {
    ClusterClient client(cluster_of({broken.member("a"), healthy.member("b")}));
    const Result<Reply> reply = client.execute(write);
    ASSERT_TRUE(reply) << write;
    EXPECT_TRUE(reply->outcome_unknown()) << write;
    EXPECT_FALSE(reply->ok());
    EXPECT_EQ(reply->node_id, "");
    EXPECT_NE(reply->message.find("GET"), std::string::npos) << "how to find out";
    EXPECT_NE(reply->json.find("UNKNOWN_OUTCOME"), std::string::npos);
  }
  EXPECT_EQ(healthy.lines().size(), 0u);
}

TEST(ClusterClient, DoesNotWaitForeverForTheAnswerToAWrite) {
  FakeNode silent([](const std::string&) { return Answer{}; });
  ClusterClient client(cluster_of({silent.member("a")}));
  EXPECT_TRUE(client.execute("SET k v", milliseconds(100))->outcome_unknown());
  EXPECT_EQ(silent.lines().size(), 1u);
}

TEST(ClusterClient, HandsOnTheUnknownOutcomeOfAWrite) {
  FakeNode node(always(error_reply("UNKNOWN_OUTCOME")));
  ClusterClient client(cluster_of({node.member("a")}));
  const Result<Reply> reply = client.execute("SET k v");
  EXPECT_TRUE(reply->outcome_unknown());
  EXPECT_EQ(reply->message, "because of UNKNOWN_OUTCOME");
  EXPECT_EQ(node.lines().size(), 1u);
}

TEST(ClusterClient, RepeatsAReadWhateverHappens) {
  FakeNode broken([](const std::string&) { return Answer{"", true}; });
  FakeNode node(
      first_then(1, line(error_reply("UNKNOWN_OUTCOME")), line(R"({"status": "OK", "value": 1})")));
  for (const char* read : {"GET k", "get k", " GET k"}) {
    ClusterClient client(cluster_of({broken.member("a"), node.member("b")}));
    const Result<Reply> reply = client.execute(read);
    EXPECT_EQ(*reply->value, "1") << read;
  }
}

TEST(ClusterClient, AClosedConnectionDoesNotCostTheNextWriteItsOutcome) {
  FakeNode node([](const std::string&) { return Answer{"{\"status\": \"OK\"}\n", true}; });
  ClusterClient client(cluster_of({node.member("a")}));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.execute("SET k v")->ok()) << i;
    // The node closes right after its answer; a ping of another client comes after that.
    auto other = connection_to(node);
    ASSERT_TRUE(other.request("PING", kPlenty));
  }
}

TEST(ClusterClient, TwoNodesThatPointAtEachOtherAreNotAskedInATightLoop) {
  const DeadPort placeholder;
  std::atomic<std::uint16_t> port_of_b{placeholder.member("b").port};
  FakeNode a([&](const std::string&) { return line(not_primary({"b", "127.0.0.1", port_of_b})); });
  FakeNode b([&](const std::string&) { return line(not_primary(a.member("a"))); });
  port_of_b = b.port();
  ClusterClient client(cluster_of({a.member("a"), b.member("b")}));
  EXPECT_EQ(client.execute("SET k v", milliseconds(500))->code, "NOT_PRIMARY");
  EXPECT_LE(a.lines().size() + b.lines().size(), 24u);
}

TEST(ClusterClient, ReturnsAtOnceWhatAnotherTryWouldNotChange) {
  for (const char* code : {"NOT_FOUND", "BAD_REQUEST", "TOO_LARGE", "DISK_FULL", "NO_PERMISSION"}) {
    FakeNode node(always(error_reply(code)));
    ClusterClient client(cluster_of({node.member("a")}));
    EXPECT_EQ(client.execute("GET k")->code, code);
    EXPECT_EQ(node.lines().size(), 1u);
  }
}

TEST(ClusterClient, RefusesWhatIsNotOneLine) {
  FakeNode node(ok);
  ClusterClient client(cluster_of({node.member("a")}));
  EXPECT_FALSE(client.execute("SET k a\nSET k b"));
  EXPECT_FALSE(client.execute("SET k v\r")) << "a node would answer in another dialect";
  EXPECT_EQ(node.lines().size(), 0u);
}

TEST(ClusterClient, GivesTheValueByteForByte) {
  for (const char* value :
       {R"({"b":1,"a":[{"x":"}"}, "]"]})", "123456789012345678901234567890", R"("a \" b, } c")",
        "null", "[]", R"("")", "\"\xC3\xA9\"", "-1.50e+10"}) {
    FakeNode node(always(std::string(R"({"status": "OK", "x": {"value": 7}, "value": )") + value +
                         R"( , "y": 1})"));
    ClusterClient client(cluster_of({node.member("a")}));
    EXPECT_EQ(*client.execute("GET k")->value, value);
  }
  FakeNode node(ok);
  EXPECT_FALSE(ClusterClient(cluster_of({node.member("a")})).execute("GET k")->value);
}

TEST(ClusterClient, DoesNotTakeAStrangersWordsForAReply) {
  for (const char* words : {"HTTP/1.1 400 Bad Request", "+OK", "", "[]", "{}", "{\"status\": 1}",
                            "{\"status\": \"OK\"", "{\"status\": \"OK\", \"value\": \"\xFF\"}"}) {
    FakeNode stranger(always(words));
    const Result<Reply> answer = ask(stranger.member("a"), "GET k", kPlenty);
    ASSERT_FALSE(answer) << words;
    EXPECT_NE(answer.error().message.find("no reply of a kvnode"), std::string::npos);
    ClusterClient client(cluster_of({stranger.member("a")}));
    EXPECT_FALSE(client.execute("GET k", milliseconds(60))) << words;
    EXPECT_TRUE(client.execute("SET k v", kPlenty)->outcome_unknown()) << words;
  }
}

TEST(Ask, SpeaksToOneNodeAndNeverTwice) {
  FakeNode other(ok);
  FakeNode node(always(not_primary(other.member("b"))));
  const Result<Reply> reply = ask(node.member("a"), "GET k", kPlenty);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, "NOT_PRIMARY");
  EXPECT_EQ(reply->node_id, "a");
  EXPECT_EQ(*reply->primary, other.member("b"));
  EXPECT_EQ(node.lines().size(), 1u);
  EXPECT_EQ(other.lines().size(), 0u);
}

TEST(StatusOf, ReadsAllThatANodeSays) {
  FakeNode node(
      always(R"({"status": "OK", "node_id": "node1", "role": "primary", "election_term": 4, )"
             R"("serving": true, "detail_role": "leader", "primary": "node1", "commit": 12, )"
             R"("applied": 11, "last_index": 13, "first_index": 2, "persisted": 10, )"
             R"("snapshot_index": 1, "keys": 3, "memory_bytes": 12345, "ack": "majority", )"
             R"("timing": "documented", "storage": "disk", "wiped": true, "uptime_seconds": 9, )"
             R"("pid": 123, "version": "0.1.0", "connections": 5, "peers": [)"
             R"({"node_id": "node2", "reachable": true, "wiped": true, "durable": 8}, )"
             R"({"node_id": "node3"}, 7]})"));
  const Result<NodeStatus> status = status_of(node.member("node1"), kPlenty);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->serves());
  EXPECT_EQ(status->election_term, 4u);
  EXPECT_EQ(status->commit, 12u);
  EXPECT_EQ(status->applied, 11u);
  EXPECT_EQ(status->last_index, 13u);
  EXPECT_EQ(status->persisted, 10u);
  EXPECT_EQ(status->keys, 3u);
  EXPECT_EQ(status->pid, 123u);
  EXPECT_EQ(status->primary, "node1");
  EXPECT_TRUE(status->wiped);
  ASSERT_EQ(status->peers.size(), 2u);
  EXPECT_TRUE(status->peers[0].reachable);
  EXPECT_EQ(status->peers[0].durable, 8u);
  EXPECT_FALSE(status->peers[1].durable);
}

TEST(StatusOf, IsContentWithTheDocumentedFourFields) {
  FakeNode node(
      always(R"({"status": "OK", "node_id": "node1", "role": "primary", "election_term": 0})"));
  const Result<NodeStatus> status = status_of(node.member("node1"), kPlenty);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->serves()) << "a primary that doesn't say otherwise serves";
  EXPECT_FALSE(status->commit);
}

TEST(StatusOf, TakesFieldsOfAnotherTypeForAbsent) {
  FakeNode node(
      always(R"({"status": "OK", "role": "secondary", "node_id": 7, "commit": "12", "keys": -1, )"
             R"("primary": null, "peers": {}})"));
  const Result<NodeStatus> status = status_of(node.member("a"), kPlenty);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->node_id, "");
  EXPECT_FALSE(status->commit);
  EXPECT_FALSE(status->keys);
  EXPECT_EQ(status->primary, "");
}

TEST(StatusOf, RefusesStrangersAndNamesThem) {
  FakeNode stranger(always("-ERR unknown command\x01"));
  const Result<NodeStatus> status = status_of(stranger.member("a"), kPlenty);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            stranger.member("a").address() +
                ": answers '-ERR unknown command?', which is no reply of a kvnode");
}

TEST(StatusOfAll, AsksAllNodesAtTheSameTime) {
  const FakeNode::Brain silence = [](const std::string&) { return Answer{}; };
  FakeNode a(silence);
  FakeNode b(silence);
  FakeNode c(silence);
  FakeNode d(silence);
  const ClusterConfig cluster =
      cluster_of({a.member("a"), b.member("b"), c.member("c"), d.member("d")});
  const double took = seconds_for([&] {
    for (const auto& answer : status_of_all(cluster, seconds(1))) EXPECT_FALSE(answer);
  });
  EXPECT_LT(took, 3.5) << "one after the other takes 4 s";
}

TEST(PrimaryAmong, BelievesTheHighestTermAndOnlyWhoServes) {
  const auto primary = [](std::uint64_t term, bool serving) {
    NodeStatus status;
    status.role = "primary";
    status.serving = serving;
    status.election_term = term;
    return Result<NodeStatus>(status);
  };
  NodeStatus secondary;
  secondary.role = "secondary";
  secondary.serving = true;
  EXPECT_EQ(primary_among({primary(1, true), primary(2, true), Error{"down"}}), 1u);
  EXPECT_EQ(primary_among({primary(2, true), primary(1, true)}), 0u);
  EXPECT_EQ(primary_among({primary(3, false), primary(1, true)}), 1u);
  EXPECT_EQ(primary_among({secondary, primary(1, false), Error{"down"}}), std::nullopt);
}

}  // namespace
}  // namespace kv
