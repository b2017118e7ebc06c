#include "redis_faces.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "redis_facts_by_hand.h"

namespace kv {
namespace {

constexpr NodeId kAlpha = FactsByHand::kAlpha;
constexpr NodeId kBravo = FactsByHand::kBravo;
constexpr NodeId kCharlie = FactsByHand::kCharlie;

std::string role(const FactsByHand& facts) {
  return on_one_line([&](RedisReply& reply) { role_reply(reply, *facts); });
}

std::string hello(const FactsByHand& facts, int protocol) {
  return on_one_line([&](RedisReply& reply) { hello_reply(reply, *facts, 42); }, protocol);
}

std::string config(const FactsByHand& facts, const Words& words, int protocol = 2) {
  return ask(config_get_reply, facts, words, protocol);
}

// --- ids ---

TEST(NodeIds, AreFortyHexDigitsAndDiffer) {
  FactsByHand facts;
  std::set<std::string> ids;
  for (const NodeId node : {kAlpha, kBravo, kCharlie}) {
    const std::string id = facts.id(node);
    EXPECT_EQ(id.size(), 40U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    ids.insert(id);
  }
  ids.insert(shard_id(*facts->cluster));
  EXPECT_EQ(ids.size(), 4U);
}

TEST(NodeIds, ComeFromTheNameAloneSoThatAnAddressMayChange) {
  EXPECT_EQ(cluster_node_id({"node1", "10.0.0.1", 1}), cluster_node_id({"node1", "10.0.0.2", 2}));
  EXPECT_EQ(cluster_node_id({"node1", "", 0}), "9a98e747c3fa448bb025ba5a0b895d98d3ec0f76");
}

// --- who is the master ---

TEST(MasterShown, IsThePrimaryAndThenWhoeverWasItLast) {
  EXPECT_EQ(master_id(*FactsByHand().primary()), kAlpha);
  EXPECT_EQ(master_id(*FactsByHand().secondary_of(kCharlie)), kCharlie);
  EXPECT_EQ(master_id(*FactsByHand().leaderless_after(kBravo)), kBravo);
}

TEST(MasterShown, IsThisNodeIfItNeverHeardOfAPrimary) {
  EXPECT_EQ(master_id(*FactsByHand().leaderless_after(kNoNode)), kAlpha);
}

TEST(MasterShown, IsNoLeaderThatDoesNotServeYet) {
  FactsByHand facts;
  facts.leaderless_after(kBravo);
  facts->status.role = Role::kLeader;
  facts->status.leader = kAlpha;
  EXPECT_EQ((*facts).primary(), nullptr);
  EXPECT_EQ(master_id(*facts), kBravo);
}

TEST(SeemsDown, GoesByThePrimarysEars) {
  FactsByHand facts;
  facts.primary().without(kBravo);
  facts->unlinked.push_back(kCharlie);
  EXPECT_TRUE(seems_down(*facts, kBravo));
  EXPECT_FALSE(seems_down(*facts, kCharlie));
  EXPECT_FALSE(seems_down(*facts, kAlpha));
}

TEST(SeemsDown, GoesByASecondarysConnectionsButForThePrimary) {
  FactsByHand facts;
  facts.secondary_of(kBravo);
  for (PeerStatus& peer : facts->status.peers) peer.reachable = false;
  EXPECT_FALSE(seems_down(*facts, kCharlie)) << "secondaries don't hear each other";
  facts->unlinked = {kBravo, kCharlie};
  EXPECT_TRUE(seems_down(*facts, kCharlie));
  EXPECT_FALSE(seems_down(*facts, kBravo));
}

TEST(SeemsDown, IncludesAPrimaryThatFellSilent) {
  FactsByHand facts;
  facts.leaderless_after(kBravo);
  EXPECT_TRUE(seems_down(*facts, kBravo));
  EXPECT_FALSE(seems_down(*facts, kCharlie));
}

// --- ROLE ---

TEST(RoleReply, OfThePrimaryListsTheSecondariesThatItReaches) {
  FactsByHand facts;
  EXPECT_EQ(role(facts.primary()),
            "*3 $6 master :50 *2 *3 $3 ::1 $4 6380 $2 50 *3 $13 c.example.org $4 6381 $2 48 ");
  EXPECT_EQ(role(facts.without(kBravo)), "*3 $6 master :50 *1 *3 $13 c.example.org $4 6381 $2 48 ");
}

TEST(RoleReply, LeavesOutASecondaryThatIsBeingFilled) {
  FactsByHand facts;
  facts.primary()->status.peers[1].receiving_snapshot = true;
  EXPECT_EQ(role(facts), "*3 $6 master :50 *1 *3 $3 ::1 $4 6380 $2 50 ");
}

TEST(RoleReply, OfASecondaryNamesThePrimary) {
  FactsByHand facts;
  EXPECT_EQ(role(facts.secondary_of(kCharlie)),
            "*5 $5 slave $13 c.example.org :6381 $9 connected :51 ");
}

TEST(RoleReply, WithoutAPrimaryNamesTheLastOneAsNotConnected) {
  FactsByHand facts;
  EXPECT_EQ(role(facts.leaderless_after(kBravo)), "*5 $5 slave $3 ::1 :6380 $7 connect :51 ");
}

TEST(RoleReply, OfALeaderThatDoesNotServeYetIsASlaves) {
  FactsByHand facts;
  facts.primary()->status.serving = false;
  EXPECT_EQ(role(facts), "*5 $5 slave $9 127.0.0.1 :6379 $7 connect :51 ");
}

// --- HELLO ---

TEST(HelloReply, IsAMapInResp3AndAFlatListInResp2) {
  FactsByHand facts;
  facts.primary();
  const std::string tail = "$2 id :42 $4 mode $7 cluster $4 role $6 master $7 modules *0 ";
  EXPECT_EQ(hello(facts, 3), "%7 $6 server $5 redis $7 version $5 7.2.0 $5 proto :3 " + tail);
  EXPECT_EQ(hello(facts, 2), "*14 $6 server $5 redis $7 version $5 7.2.0 $5 proto :2 " + tail);
}

TEST(HelloReply, TellsAReplicaAndTheStandaloneMode) {
  FactsByHand facts;
  facts.secondary_of(kBravo)->mode = RedisMode::kStandalone;
  const auto reply = fields(hello(facts, 3));
  EXPECT_EQ(reply.at("mode"), "standalone");
  EXPECT_EQ(reply.at("role"), "replica");
}

// --- CONFIG ---

TEST(ConfigReply, GivesOneParameterAsAPair) {
  FactsByHand facts;
  EXPECT_EQ(config(facts, {"CONFIG", "GET", "save"}), "*2 $4 save $0  ");
  EXPECT_EQ(config(facts, {"config", "get", "appendonly"}, 3), "%1 $10 appendonly $3 yes ");
  EXPECT_EQ(config(facts, {"config", "get", "databases"}), "*2 $9 databases $1 1 ");
}

TEST(ConfigReply, KeepsTheNameAsItWasWritten) {
  FactsByHand facts;
  EXPECT_EQ(config(facts, {"config", "get", "SAVE"}), "*2 $4 SAVE $0  ");
}

TEST(ConfigReply, TakesPatternsAndGivesNothingTwice) {
  FactsByHand facts;
  EXPECT_EQ(config(facts, {"config", "get", "MAXMEM*", "maxmemory"}),
            "*4 $9 maxmemory $1 0 $16 maxmemory-policy $10 noeviction ");
  EXPECT_EQ(config(facts, {"config", "get", "nonsense"}), "*0 ");
  EXPECT_EQ(config(facts, {"config", "get", "nonsense*"}, 3), "%0 ");
}

TEST(ConfigReply, TellsWhatTheNodeRunsWith) {
  FactsByHand facts;
  facts.secondary_of(kCharlie);
  facts->max_connections = 123;
  facts->data_dir = "/data/alpha";
  facts->slow_microseconds = 500;
  const auto all = fields(config(facts, {"config", "get", "*"}));
  EXPECT_EQ(all.at("maxclients"), "123");
  EXPECT_EQ(all.at("dir"), "/data/alpha");
  EXPECT_EQ(all.at("port"), "6379");
  EXPECT_EQ(all.at("bind"), "127.0.0.1");
  EXPECT_EQ(all.at("cluster-enabled"), "yes");
  EXPECT_EQ(all.at("replicaof"), "c.example.org 6381");
  EXPECT_EQ(all.at("slowlog-log-slower-than"), "500");
  facts.primary()->mode = RedisMode::kStandalone;
  const auto later = fields(config(facts, {"config", "get", "*"}));
  EXPECT_EQ(later.at("replicaof"), "");
  EXPECT_EQ(later.at("cluster-enabled"), "no");
}

TEST(ConfigReply, RefusesWhatCannotBeSet) {
  FactsByHand facts;
  EXPECT_EQ(config(facts, {"config", "set", "databases", "2"}),
            "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
            "immutable config ");
  EXPECT_EQ(config(facts, {"config", "set", "foo", "2"}),
            "-ERR Unknown option or number of arguments for CONFIG SET - 'foo' ");
  EXPECT_EQ(config(facts, {"config", "rewrite"}),
            "-ERR The server is running without a config file ");
}

TEST(ConfigReply, RefusesAsRedisDoes) {
  FactsByHand facts;
  EXPECT_EQ(config(facts, {"config", "get"}),
            "-ERR wrong number of arguments for 'config|get' command ");
  EXPECT_EQ(config(facts, {"config", "foo"}), "-ERR unknown subcommand 'foo'. Try CONFIG HELP. ");
}

}  // namespace
}  // namespace kv
