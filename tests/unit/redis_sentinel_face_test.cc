#include <string>

#include <gtest/gtest.h>

#include "redis_faces.h"
#include "redis_facts_by_hand.h"

namespace kv {
namespace {

constexpr NodeId kAlpha = FactsByHand::kAlpha;
constexpr NodeId kBravo = FactsByHand::kBravo;
constexpr NodeId kCharlie = FactsByHand::kCharlie;

std::string sentinel(const FactsByHand& facts, Words words, int protocol = 2) {
  words.insert(words.begin(), "sentinel");
  return ask(sentinel_reply, facts, words, protocol);
}

std::string id_field(const FactsByHand& facts, NodeId node) {
  return " $5 runid $40 " + facts.id(node);
}

constexpr std::string_view kLinkFields =
    " $21 link-pending-commands $1 0 $13 link-refcount $1 1 $14 last-ping-sent $1 0"
    " $18 last-ok-ping-reply $1 0 $15 last-ping-reply $1 0"
    " $23 down-after-milliseconds $3 300";

std::string master_fields(const FactsByHand& facts) {
  return "$4 name $8 mymaster $2 ip $9 127.0.0.1 $4 port $4 6379" + id_field(facts, kAlpha) +
         " $5 flags $6 master" + std::string(kLinkFields) +
         " $12 info-refresh $1 0 $13 role-reported $6 master $18 role-reported-time $1 0"
         " $12 config-epoch $1 7 $10 num-slaves $1 2 $19 num-other-sentinels $1 2"
         " $6 quorum $1 2 $16 failover-timeout $3 600 $14 parallel-syncs $1 2 ";
}

// --- the master ---

TEST(SentinelMaster, HasTheFieldsOfRedis) {
  FactsByHand facts;
  facts.primary();
  EXPECT_EQ(sentinel(facts, {"master", "mymaster"}), "*40 " + master_fields(facts));
  EXPECT_EQ(sentinel(facts, {"MASTER", "mymaster"}, 3), "%20 " + master_fields(facts));
  EXPECT_EQ(sentinel(facts, {"masters"}), "*1 *40 " + master_fields(facts));
  EXPECT_EQ(sentinel(facts, {"masters"}, 3), "*1 %20 " + master_fields(facts));
}

TEST(SentinelMaster, IsWhomASecondaryFollows) {
  FactsByHand facts;
  facts.secondary_of(kCharlie);
  const auto master = fields(sentinel(facts, {"master", "mymaster"}));
  EXPECT_EQ(master.at("ip"), "c.example.org");
  EXPECT_EQ(master.at("port"), "6381");
  EXPECT_EQ(master.at("flags"), "master");
}

TEST(SentinelMaster, IsTheLastOneAndDownWhileThereIsNone) {
  FactsByHand facts;
  const auto master = fields(sentinel(facts.leaderless_after(kBravo), {"master", "mymaster"}));
  EXPECT_EQ(master.at("ip"), "::1");
  EXPECT_EQ(master.at("flags"), "s_down,o_down,master,disconnected");
}

TEST(SentinelMasterAddress, IsThePrimarysOrNil) {
  FactsByHand facts;
  const Words words = {"get-master-addr-by-name", "mymaster"};
  EXPECT_EQ(sentinel(facts.secondary_of(kBravo), words), "*2 $3 ::1 $4 6380 ");
  EXPECT_EQ(sentinel(facts.leaderless_after(kBravo), words), "*-1 ");
  EXPECT_EQ(sentinel(facts, words, 3), "_ ");
}

TEST(SentinelMasterName, IsOneAndNoOther) {
  FactsByHand facts;
  facts.primary();
  EXPECT_EQ(sentinel(facts, {"get-master-addr-by-name", "other"}), "*-1 ");
  for (const std::string_view subcommand :
       {"master", "replicas", "slaves", "sentinels", "ckquorum"}) {
    EXPECT_EQ(sentinel(facts, {subcommand, "other"}), "-ERR No such master with that name ")
        << subcommand;
  }
}

// --- the others ---

TEST(SentinelReplicas, HaveTheFieldsOfRedis) {
  FactsByHand facts;
  facts.primary();
  const std::string bravo =
      "$4 name $10 [::1]:6380 $2 ip $3 ::1 $4 port $4 6380" + id_field(facts, kBravo) +
      " $5 flags $5 slave" + std::string(kLinkFields) +
      " $12 info-refresh $1 0 $13 role-reported $5 slave $18 role-reported-time $1 0"
      " $21 master-link-down-time $1 0 $18 master-link-status $2 ok"
      " $11 master-host $9 127.0.0.1 $11 master-port $4 6379 $14 slave-priority $3 100"
      " $17 slave-repl-offset $2 50 $17 replica-announced $1 1 ";
  const std::string resp2 = sentinel(facts, {"replicas", "mymaster"});
  EXPECT_TRUE(resp2.starts_with("*2 *42 " + bravo + "*42 $4 name $18 c.example.org:6381 "))
      << resp2;
  EXPECT_TRUE(sentinel(facts, {"slaves", "mymaster"}, 3).starts_with("*2 %21 " + bravo + "%21 "));
}

TEST(SentinelReplicas, ThatAreGoneAreFlagged) {
  FactsByHand facts;
  const std::string reply =
      sentinel(facts.primary().without(kCharlie), {"replicas", "mymaster"}, 3);
  const std::size_t charlie = reply.find("c.example.org");
  EXPECT_EQ(reply.substr(0, charlie).find("s_down"), std::string::npos) << reply;
  EXPECT_NE(reply.find("s_down,slave,disconnected", charlie), std::string::npos) << reply;
  EXPECT_NE(reply.find("master-link-status $3 err", charlie), std::string::npos) << reply;
}

TEST(SentinelSentinels, AreTheOtherMembers) {
  FactsByHand facts;
  facts.secondary_of(kBravo);
  const std::string bravo =
      "$4 name $40 " + facts.id(kBravo) + " $2 ip $3 ::1 $4 port $4 6380" +
      id_field(facts, kBravo) + " $5 flags $8 sentinel" + std::string(kLinkFields) +
      " $18 last-hello-message $1 0 $12 voted-leader $1 ? $18 voted-leader-epoch $1 7 ";
  const std::string reply = sentinel(facts, {"sentinels", "mymaster"});
  EXPECT_TRUE(reply.starts_with("*2 *28 " + bravo + "*28 $4 name $40 " + facts.id(kCharlie)))
      << reply;
  EXPECT_TRUE(sentinel(facts, {"sentinels", "mymaster"}, 3).starts_with("*2 %14 " + bravo));
}

TEST(SentinelSentinels, ThatAreGoneAreFlagged) {
  FactsByHand facts;
  const std::string reply = sentinel(facts.leaderless_after(kBravo), {"sentinels", "mymaster"});
  const std::size_t charlie = reply.find("c.example.org");
  EXPECT_NE(reply.substr(0, charlie).find("s_down,sentinel,disconnected"), std::string::npos);
  EXPECT_EQ(reply.find("s_down", charlie), std::string::npos) << reply;
}

// --- the rest ---

TEST(SentinelQuorum, CountsWhoIsThere) {
  FactsByHand facts;
  const Words words = {"ckquorum", "mymaster"};
  EXPECT_EQ(sentinel(facts.primary().without(kBravo), words),
            "+OK 2 usable Sentinels. Quorum and failover authorization can be reached ");
  EXPECT_TRUE(sentinel(facts.without(kCharlie), words)
                  .starts_with("-NOQUORUM 1 usable Sentinels. Not enough available Sentinels "));
}

TEST(SentinelIsMasterDown, TellsWhetherThatPrimaryIsMissed) {
  FactsByHand facts;
  const Words words = {"is-master-down-by-addr", "::1", "6380", "0", "*"};
  EXPECT_EQ(sentinel(facts.secondary_of(kBravo), words), "*3 :0 $1 * :0 ");
  EXPECT_EQ(sentinel(facts.leaderless_after(kBravo), words), "*3 :1 $1 * :0 ");
  EXPECT_EQ(sentinel(facts, {"is-master-down-by-addr", "::1", "6381", "0", "*"}), "*3 :0 $1 * :0 ");
  EXPECT_EQ(sentinel(facts, {"is-master-down-by-addr", "::1", "x", "0", "*"}),
            "-ERR value is not an integer or out of range ");
}

TEST(SentinelCommand, GivesItsId) {
  FactsByHand facts;
  EXPECT_EQ(sentinel(facts, {"myid"}), "$40 " + facts.id(kAlpha) + " ");
}

TEST(SentinelCommand, RefusesWhatWouldChangeTheCluster) {
  FactsByHand facts;
  facts.primary();
  for (const Words& words :
       {Words{"failover", "mymaster"}, Words{"monitor", "a", "::1", "1", "2"},
        Words{"remove", "other"}, Words{"reset", "*"}, Words{"set", "mymaster", "quorum", "1"}}) {
    EXPECT_TRUE(sentinel(facts, words).starts_with("-ERR The cluster watches itself")) << words[0];
  }
}

TEST(SentinelCommand, RefusesUnknownOnesAndWrongNumbersOfWords) {
  FactsByHand facts;
  EXPECT_EQ(sentinel(facts, {"foo"}), "-ERR unknown subcommand 'foo'. Try SENTINEL HELP. ");
  EXPECT_EQ(sentinel(facts, {"master"}),
            "-ERR wrong number of arguments for 'sentinel|master' command ");
}

TEST(SentinelCommand, AnswersInStandaloneModeToo) {
  FactsByHand facts;
  facts.primary()->mode = RedisMode::kStandalone;
  EXPECT_EQ(sentinel(facts, {"get-master-addr-by-name", "mymaster"}), "*2 $9 127.0.0.1 $4 6379 ");
}

}  // namespace
}  // namespace kv
