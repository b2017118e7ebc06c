#include <string>

#include <gtest/gtest.h>

#include "redis_faces.h"
#include "redis_facts_by_hand.h"

namespace kv {
namespace {

constexpr NodeId kAlpha = FactsByHand::kAlpha;
constexpr NodeId kBravo = FactsByHand::kBravo;
constexpr NodeId kCharlie = FactsByHand::kCharlie;

std::string cluster(const FactsByHand& facts, Words words, int protocol = 2) {
  words.insert(words.begin(), "CLUSTER");
  return ask(cluster_reply, facts, words, protocol);
}

/// As SLOTS shows a node; `none`: the empty metadata.
std::string slots_node(const FactsByHand& facts, NodeId node, const std::string& none = "*0 ") {
  const Member& member = *facts->cluster->find(node);
  return "*4 $" + std::to_string(member.host.size()) + " " + member.host + " :" +
         std::to_string(member.port) + " $40 " + facts.id(node) + " " + none;
}

// --- SLOTS ---

TEST(ClusterSlots, PutsThePrimaryFirstAndTheSecondariesBehind) {
  FactsByHand facts;
  facts.primary();
  EXPECT_EQ(cluster(facts, {"SLOTS"}), "*1 *5 :0 :16383 " + slots_node(facts, kAlpha) +
                                           slots_node(facts, kBravo) + slots_node(facts, kCharlie));
  facts.secondary_of(kCharlie)->status.serving = false;
  EXPECT_EQ(cluster(facts, {"slots"}, 3), "*1 *5 :0 :16383 " + slots_node(facts, kCharlie, "%0 ") +
                                              slots_node(facts, kAlpha, "%0 ") +
                                              slots_node(facts, kBravo, "%0 "));
}

TEST(ClusterSlots, LeavesOutASecondaryThatSeemsDown) {
  FactsByHand facts;
  facts.primary().without(kBravo);
  EXPECT_EQ(cluster(facts, {"slots"}),
            "*1 *4 :0 :16383 " + slots_node(facts, kAlpha) + slots_node(facts, kCharlie));
}

TEST(ClusterSlots, AfterAFailoverASecondaryLeavesOutTheDeadOne) {
  FactsByHand facts;
  facts.secondary_of(kCharlie).without(kBravo);
  EXPECT_EQ(cluster(facts, {"slots"}),
            "*1 *4 :0 :16383 " + slots_node(facts, kCharlie) + slots_node(facts, kAlpha));
}

TEST(ClusterSlots, GoOnNamingTheLastPrimaryWhileThereIsNone) {
  FactsByHand facts;
  facts.leaderless_after(kBravo);
  EXPECT_EQ(cluster(facts, {"slots"}), "*1 *5 :0 :16383 " + slots_node(facts, kBravo) +
                                           slots_node(facts, kAlpha) + slots_node(facts, kCharlie));
}

TEST(ClusterSlots, AreNeverEmpty) {
  FactsByHand facts;
  facts.leaderless_after(kNoNode).without(kBravo).without(kCharlie);
  EXPECT_EQ(cluster(facts, {"slots"}), "*1 *3 :0 :16383 " + slots_node(facts, kAlpha));
}

// --- SHARDS ---

TEST(ClusterShards, AreOneWithAllNodes) {
  FactsByHand facts;
  facts.primary().without(kBravo)->status.peers[1].receiving_snapshot = true;
  EXPECT_EQ(cluster(facts, {"shards"}, 3),
            "*1 %2 $5 slots *2 :0 :16383 $5 nodes *3 "
            "%7 $2 id $40 " +
                facts.id(kAlpha) +
                " $4 port :6379 $2 ip $9 127.0.0.1 $8 endpoint $9 127.0.0.1 "
                "$4 role $6 master $18 replication-offset :50 $6 health $6 online "
                "%7 $2 id $40 " +
                facts.id(kBravo) +
                " $4 port :6380 $2 ip $3 ::1 $8 endpoint $3 ::1 "
                "$4 role $7 replica $18 replication-offset :50 $6 health $4 fail "
                "%8 $2 id $40 " +
                facts.id(kCharlie) +
                " $4 port :6381 $2 ip $13 c.example.org $8 endpoint $13 c.example.org "
                "$8 hostname $13 c.example.org "
                "$4 role $7 replica $18 replication-offset :48 $6 health $7 loading ");
}

TEST(ClusterShards, AreFlatListsInResp2) {
  FactsByHand facts;
  facts.secondary_of(kBravo);
  const std::string reply = cluster(facts, {"shards"});
  EXPECT_TRUE(reply.starts_with("*1 *4 $5 slots *2 :0 :16383 $5 nodes *3 *14 $2 id $40 " +
                                facts.id(kBravo)))
      << reply;
}

TEST(ClusterShards, TellThatThisNodeIsBeingFilledAnew) {
  FactsByHand facts;
  facts.secondary_of(kBravo)->status.wiped = true;
  const std::string reply = cluster(facts, {"shards"});
  EXPECT_NE(reply.find("replication-offset :51 $6 health $7 loading"), std::string::npos) << reply;
}

// --- NODES ---

TEST(ClusterNodes, AreLinesAsInRedis) {
  FactsByHand facts;
  facts.primary().without(kCharlie);
  const std::string text =
      facts.id(kAlpha) + " 127.0.0.1:6379@16379 myself,master - 0 0 7 connected 0-16383\n" +
      facts.id(kBravo) + " ::1:6380@16380 slave " + facts.id(kAlpha) +
      " 0 1700000000123 7 connected\n" + facts.id(kCharlie) +
      " c.example.org:6381@16381 slave,fail " + facts.id(kAlpha) + " 0 0 7 disconnected\n";
  const std::string size = std::to_string(text.size());
  EXPECT_EQ(cluster(facts, {"nodes"}), "$" + size + " " + text + " ");
  EXPECT_EQ(cluster(facts, {"nodes"}, 3),
            "=" + std::to_string(text.size() + 4) + " txt:" + text + " ");
}

TEST(ClusterNodes, SuspectTheLastPrimaryWhileThereIsNone) {
  FactsByHand facts;
  facts.leaderless_after(kBravo);
  const std::string reply = cluster(facts, {"nodes"});
  EXPECT_NE(reply.find("::1:6380@16380 master,fail? - 0 0 7 disconnected 0-16383\n"),
            std::string::npos)
      << reply;
  EXPECT_NE(reply.find(":6379@16379 myself,slave " + facts.id(kBravo) + " 0 0 7 connected\n"),
            std::string::npos)
      << reply;
}

TEST(ClusterReplicas, AreTheLinesOfThePrimarysSecondaries) {
  FactsByHand facts;
  facts.secondary_of(kBravo);
  const std::string line = facts.id(kAlpha) + " 127.0.0.1:6379@16379 myself,slave " +
                           facts.id(kBravo) + " 0 0 7 connected";
  const std::string reply = cluster(facts, {"replicas", facts.id(kBravo)});
  EXPECT_TRUE(reply.starts_with("*2 $" + std::to_string(line.size()) + " " + line + " $")) << reply;
  EXPECT_EQ(cluster(facts, {"slaves", facts.id(kBravo)}), reply);
}

TEST(ClusterReplicas, RefuseASecondaryAndAnUnknownNode) {
  FactsByHand facts;
  facts.secondary_of(kBravo);
  EXPECT_EQ(cluster(facts, {"replicas", facts.id(kAlpha)}),
            "-ERR The specified node is not a master ");
  EXPECT_EQ(cluster(facts, {"replicas", "x"}), "-ERR Unknown node x ");
}

// --- INFO ---

TEST(ClusterInfo, IsOkWithAPrimaryAndFailsWithoutOne) {
  FactsByHand facts;
  const std::string ok = cluster(facts.secondary_of(kBravo), {"info"});
  EXPECT_NE(ok.find("cluster_state:ok cluster_slots_assigned:16384 cluster_slots_ok:16384 "
                    "cluster_slots_pfail:0 cluster_slots_fail:0 cluster_known_nodes:3 "
                    "cluster_size:1 cluster_current_epoch:7 cluster_my_epoch:7 "),
            std::string::npos)
      << ok;
  const std::string fail = cluster(facts.leaderless_after(kBravo), {"info"}, 3);
  EXPECT_NE(fail.find("txt:cluster_state:fail cluster_slots_assigned:16384 cluster_slots_ok:0 "
                      "cluster_slots_pfail:16384 "),
            std::string::npos)
      << fail;
}

// --- the rest ---

TEST(ClusterIds, OfTheNodeAndOfTheShard) {
  FactsByHand facts;
  EXPECT_EQ(cluster(facts, {"myid"}), "$40 " + facts.id(kAlpha) + " ");
  EXPECT_EQ(cluster(facts, {"myshardid"}), "$40 " + shard_id(*facts->cluster) + " ");
}

TEST(ClusterKeySlot, IsRedisOwn) {
  FactsByHand facts;
  EXPECT_EQ(cluster(facts, {"keyslot", "a"}), ":15495 ");
  EXPECT_EQ(cluster(facts, {"keyslot", "{a}b"}), ":15495 ");
}

TEST(ClusterLinks, GoToAndFromThePeersThatAreThere) {
  FactsByHand facts;
  facts.primary().without(kBravo);
  const std::string reply = cluster(facts, {"links"}, 3);
  EXPECT_TRUE(reply.starts_with("*2 %6 $9 direction $2 to $4 node $40 " + facts.id(kCharlie) +
                                " $11 create-time :1699910000123 $6 events $1 r "
                                "$21 send-buffer-allocated :0 $16 send-buffer-used :0 "
                                "%6 $9 direction $4 from $4 node $40 " +
                                facts.id(kCharlie)))
      << reply;
}

TEST(ClusterKeysInSlot, ChecksItsArguments) {
  FactsByHand facts;
  EXPECT_EQ(cluster(facts, {"countkeysinslot", "16384"}), "-ERR Invalid slot ");
  EXPECT_EQ(cluster(facts, {"countkeysinslot", "-1"}), "-ERR Invalid slot ");
  EXPECT_EQ(cluster(facts, {"countkeysinslot", "x"}),
            "-ERR value is not an integer or out of range ");
  EXPECT_EQ(cluster(facts, {"getkeysinslot", "1", "-1"}), "-ERR Invalid slot or number of keys ");
  EXPECT_EQ(cluster(facts, {"getkeysinslot", "16384", "1"}),
            "-ERR Invalid slot or number of keys ");
}

TEST(ClusterKeysInSlot, AreKnownOnlyWhenThereAreNone) {
  FactsByHand facts;
  EXPECT_EQ(cluster(facts, {"countkeysinslot", "16383"}), ":0 ");
  EXPECT_EQ(cluster(facts, {"getkeysinslot", "0", "10"}), "*0 ");
  facts->status.keys = 1;
  EXPECT_TRUE(cluster(facts, {"countkeysinslot", "0"}).starts_with("-ERR Keys are not counted"));
  EXPECT_TRUE(cluster(facts, {"getkeysinslot", "0", "1"}).starts_with("-ERR Keys are not kept"));
}

TEST(ClusterFailureReports, AreNone) {
  FactsByHand facts;
  EXPECT_EQ(cluster(facts, {"count-failure-reports", facts.id(kBravo)}), ":0 ");
  EXPECT_EQ(cluster(facts, {"count-failure-reports", "x"}), "-ERR Unknown node x ");
}

TEST(ClusterCommand, RefusesWhatWouldChangeTheCluster) {
  FactsByHand facts;
  facts.primary();
  for (const Words& words : {Words{"meet", "::1", "1"}, Words{"forget", "x"}, Words{"failover"},
                             Words{"reset", "hard"}, Words{"addslots", "1"}}) {
    EXPECT_TRUE(cluster(facts, words).starts_with("-ERR The cluster manages itself")) << words[0];
  }
}

TEST(ClusterCommand, RefusesUnknownOnesAndWrongNumbersOfWords) {
  FactsByHand facts;
  EXPECT_EQ(cluster(facts, {"Foo"}), "-ERR unknown subcommand 'Foo'. Try CLUSTER HELP. ");
  EXPECT_EQ(cluster(facts, {"KEYSLOT"}),
            "-ERR wrong number of arguments for 'cluster|keyslot' command ");
  EXPECT_EQ(cluster(facts, {"slots", "x"}),
            "-ERR wrong number of arguments for 'cluster|slots' command ");
}

TEST(ClusterCommand, HelpShowsWhatThereIs) {
  FactsByHand facts;
  const std::string help = cluster(facts, {"help"});
  EXPECT_TRUE(
      help.starts_with("*27 +CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are: "))
      << help;
  EXPECT_NE(help.find("+KEYSLOT <key> +    Return the hash slot for <key>. "), std::string::npos);
  EXPECT_EQ(help.find("MEET"), std::string::npos);
}

TEST(ClusterCommand, IsDisabledInStandaloneMode) {
  FactsByHand facts;
  facts.primary()->mode = RedisMode::kStandalone;
  for (const std::string_view subcommand : {"info", "slots", "nodes", "shards", "help"}) {
    EXPECT_EQ(cluster(facts, {subcommand}), "-ERR This instance has cluster support disabled ");
  }
  EXPECT_EQ(cluster(facts, {"foo"}), "-ERR unknown subcommand 'foo'. Try CLUSTER HELP. ");
}

}  // namespace
}  // namespace kv
