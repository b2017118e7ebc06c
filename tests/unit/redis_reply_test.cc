#include "redis_reply.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace kv {
namespace {

using namespace std::literals;

/// What `write` appends in each protocol.
template <typename Write>
std::string in_protocol(int protocol, Write write) {
  std::string out = "before ";
  RedisReply reply(out, protocol);
  write(reply);
  EXPECT_TRUE(out.starts_with("before "));
  return out.substr(7);
}

template <typename Write>
std::string both(Write write) {
  const std::string two = in_protocol(2, write);
  const std::string three = in_protocol(3, write);
  EXPECT_EQ(two, three);
  return two;
}

std::string answered(int protocol, const Answer& answer) {
  return in_protocol(protocol, [&](RedisReply& reply) { reply.answer(answer); });
}

ClusterConfig cluster() {
  return {{{"node1", "127.0.0.1", 6379}, {"node2", "127.0.0.1", 6380}, {"node3", "::1", 6381}}};
}

std::string refused(RefusalCode code, RedisMode mode, NodeId primary = kNoNode,
                    std::string_view key = "") {
  return refusal_text(Refusal{code, primary, {}}, cluster(), mode, key);
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

TEST(RedisReply, WritesLinesAndNumbers) {
  EXPECT_EQ(both([](RedisReply& reply) { reply.ok(); }), "+OK\r\n");
  EXPECT_EQ(both([](RedisReply& reply) { reply.word("PONG"); }), "+PONG\r\n");
  EXPECT_EQ(both([](RedisReply& reply) { reply.error("ERR no"); }), "-ERR no\r\n");
  EXPECT_EQ(both([](RedisReply& reply) { reply.integer(0).integer(9).integer(10).integer(-1); }),
            ":0\r\n:9\r\n:10\r\n:-1\r\n");
  EXPECT_EQ(both([](RedisReply& reply) {
              reply.integer(std::numeric_limits<std::int64_t>::min())
                  .integer(std::numeric_limits<std::int64_t>::max());
            }),
            ":-9223372036854775808\r\n:9223372036854775807\r\n");
}

TEST(RedisReply, LetsNoLineEndIntoALine) {
  EXPECT_EQ(both([](RedisReply& reply) { reply.error("ERR a\r\nb\n-ERR c"); }),
            "-ERR a  b -ERR c\r\n");
  EXPECT_EQ(both([](RedisReply& reply) { reply.word("a\r\n+OK"); }), "+a  +OK\r\n");
}

TEST(RedisReply, WritesTextsOfAnyBytes) {
  EXPECT_EQ(both([](RedisReply& reply) { reply.text("a\r\n\0\xff"s); }), "$5\r\na\r\n\0\xff\r\n"s);
  EXPECT_EQ(both([](RedisReply& reply) { reply.text(""); }), "$0\r\n\r\n");
  EXPECT_EQ(both([](RedisReply& reply) { reply.text(std::string(1234, 'x')); }),
            "$1234\r\n" + std::string(1234, 'x') + "\r\n");
}

TEST(RedisReply, KnowsWhatTheProtocolsSayDifferently) {
  struct Case {
    void (*write)(RedisReply&);
    std::string two;
    std::string three;
  };
  const Case cases[] = {
      {[](RedisReply& reply) { reply.nil(); }, "$-1\r\n", "_\r\n"},
      {[](RedisReply& reply) { reply.nil_list(); }, "*-1\r\n", "_\r\n"},
      {[](RedisReply& reply) { reply.boolean(true).boolean(false); }, ":1\r\n:0\r\n",
       "#t\r\n#f\r\n"},
      {[](RedisReply& reply) { reply.verbatim("text"); }, "$4\r\ntext\r\n", "=8\r\ntxt:text\r\n"},
      {[](RedisReply& reply) { reply.map(12); }, "*24\r\n", "%12\r\n"},
      {[](RedisReply& reply) { reply.set(3); }, "*3\r\n", "~3\r\n"},
      {[](RedisReply& reply) { reply.push(3); }, "*3\r\n", ">3\r\n"},
      {[](RedisReply& reply) { reply.list(3); }, "*3\r\n", "*3\r\n"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(in_protocol(2, one.write), one.two);
    EXPECT_EQ(in_protocol(3, one.write), one.three);
  }
}

TEST(RedisReply, WritesRealNumbersAsShortAsTheyAreTheSame) {
  const double infinite = std::numeric_limits<double>::infinity();
  for (const auto& [number, text] : {std::pair{0.1, "0.1"},
                                     {3.0, "3"},
                                     {-2.5, "-2.5"},
                                     {1e300, "1e+300"},
                                     {infinite, "inf"},
                                     {-infinite, "-inf"},
                                     {std::numeric_limits<double>::quiet_NaN(), "nan"}}) {
    const auto write = [value = number](RedisReply& reply) { reply.real(value); };
    EXPECT_EQ(in_protocol(3, write), ","s + text + "\r\n");
    EXPECT_EQ(in_protocol(2, write),
              "$" + std::to_string(std::string(text).size()) + "\r\n" + text + "\r\n");
  }
}

TEST(RedisReply, PrintsEveryAnswer) {
  EXPECT_EQ(answered(2, Answer::nil()), "$-1\r\n");
  EXPECT_EQ(answered(3, Answer::nil()), "_\r\n");
  EXPECT_EQ(answered(2, Answer::nil_list()), "*-1\r\n");
  EXPECT_EQ(answered(3, Answer::nil_list()), "_\r\n");
  EXPECT_EQ(answered(2, Answer::ok()), "+OK\r\n");
  EXPECT_EQ(answered(2, Answer::of(42)), ":42\r\n");
  EXPECT_EQ(answered(2, Answer::of("text"sv)), "$4\r\ntext\r\n");
  EXPECT_EQ(answered(2, Answer::word("string")), "+string\r\n");
  EXPECT_EQ(answered(2, Answer::error("ERR no")), "-ERR no\r\n");
  EXPECT_EQ(answered(2, Answer::list({})), "*0\r\n");
  const Answer nested = Answer::list(
      {Answer::of("0"sv), Answer::list({Answer::of("k"sv), Answer::nil()}), Answer::ok()});
  EXPECT_EQ(answered(2, nested), "*3\r\n$1\r\n0\r\n*2\r\n$1\r\nk\r\n$-1\r\n+OK\r\n");
  EXPECT_EQ(answered(3, nested), "*3\r\n$1\r\n0\r\n*2\r\n$1\r\nk\r\n_\r\n+OK\r\n");
}

TEST(RefusalText, SendsClusterClientsToThePrimary) {
  EXPECT_EQ(refused(RefusalCode::kNotPrimary, RedisMode::kCluster, 2, "foo"),
            "MOVED 12182 127.0.0.1:6380");
  EXPECT_EQ(refused(RefusalCode::kNotPrimary, RedisMode::kCluster, 3, "{foo}.bar"),
            "MOVED 12182 ::1:6381");
  EXPECT_EQ(refused(RefusalCode::kNotPrimary, RedisMode::kCluster, 2), "MOVED 0 127.0.0.1:6380");
}

TEST(RefusalText, TellsOtherClientsWhereThePrimaryIs) {
  EXPECT_EQ(refused(RefusalCode::kNotPrimary, RedisMode::kStandalone, 3, "foo"),
            "READONLY You can't write against a read only replica. The primary is node3 at "
            "[::1]:6381");
}

TEST(RefusalText, HasTheFirstWordThatClientsActOn) {
  struct Case {
    RefusalCode code;
    const char* cluster;
    const char* standalone;
  };
  for (const Case& one : {Case{RefusalCode::kNotPrimary, "CLUSTERDOWN", "MASTERDOWN"},
                          {RefusalCode::kNoPrimary, "CLUSTERDOWN", "MASTERDOWN"},
                          {RefusalCode::kNoQuorum, "CLUSTERDOWN", "MASTERDOWN"},
                          {RefusalCode::kShuttingDown, "CLUSTERDOWN", "MASTERDOWN"},
                          {RefusalCode::kOverloaded, "TRYAGAIN", "TRYAGAIN"},
                          {RefusalCode::kUnknownOutcome, "UNCERTAIN", "UNCERTAIN"}}) {
    const std::string in_cluster = refused(one.code, RedisMode::kCluster);
    const std::string standalone = refused(one.code, RedisMode::kStandalone);
    EXPECT_EQ(first_word(in_cluster), one.cluster);
    EXPECT_EQ(first_word(standalone), one.standalone);
    EXPECT_GT(in_cluster.size(), 40U) << in_cluster;
    EXPECT_EQ(in_cluster.substr(in_cluster.find(' ')), standalone.substr(standalone.find(' ')));
  }
}

TEST(RefusalText, OfAReadSpeaksOfNoWrite) {
  const Refusal refusal{RefusalCode::kNotPrimary, 2, {}};
  EXPECT_EQ(refusal_text(refusal, cluster(), RedisMode::kCluster, "foo", true),
            "MOVED 12182 127.0.0.1:6380");
  EXPECT_EQ(refusal_text(refusal, cluster(), RedisMode::kStandalone, "foo", true),
            "MASTERDOWN This node is a secondary; the primary is node2 at 127.0.0.1:6380");
}

TEST(RefusalText, NamesTheMissingNodes) {
  const Refusal refusal{RefusalCode::kNoQuorum, kNoNode, {2, 3}};
  EXPECT_EQ(refusal_text(refusal, cluster(), RedisMode::kCluster, "foo"),
            "CLUSTERDOWN Too few nodes can be reached: 2 of 3 nodes are needed; no word from "
            "node2, node3");
}

TEST(KeySlot, IsRedisClusters) {
  EXPECT_EQ(key_slot("123456789"), 12739);
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("bar"), 5061);
  EXPECT_EQ(key_slot(""), 0);
  EXPECT_EQ(key_slot("\xff\0\x80"s), 7915);
}

TEST(KeySlot, GoesByWhatIsInTheFirstBraces) {
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{}{bar}"), 8363);
  EXPECT_EQ(key_slot("foo{bar"), 15278);
  EXPECT_EQ(key_slot("}{bar}"), key_slot("bar"));
}

}  // namespace
}  // namespace kv
