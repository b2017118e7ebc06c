#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis_faces.h"
#include "redis_facts_by_hand.h"

namespace kv {
namespace {

constexpr NodeId kBravo = FactsByHand::kBravo;
constexpr NodeId kCharlie = FactsByHand::kCharlie;

/// Titles of the sections, and all lines "name:value" together, as clients put them into one map.
struct Info {
  std::vector<std::string> titles{};
  std::map<std::string, std::string> values{};
};

Info info(const FactsByHand& facts, Words words = {}) {
  words.insert(words.begin(), "info");
  std::string text = info_text(*facts, words);
  Info info;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    EXPECT_NE(end, std::string::npos) << "a line without its end: " << text;
    if (end == std::string::npos) break;
    const std::string line = text.substr(0, end);
    text.erase(0, end + 2);
    const std::size_t colon = line.find(':');
    if (line.starts_with("# ")) {
      info.titles.push_back(line.substr(2));
    } else if (!line.empty()) {
      EXPECT_NE(colon, std::string::npos) << line;
      EXPECT_TRUE(info.values.emplace(line.substr(0, colon), line.substr(colon + 1)).second)
          << line << " is there twice";
    }
  }
  return info;
}

const std::vector<std::string> kDefaultTitles = {
    "Server", "Clients", "Memory",     "Persistence", "Stats",    "Replication",
    "CPU",    "Modules", "Errorstats", "Cluster",     "Keyspace", "Raft"};

TEST(InfoText, HasTheDefaultSectionsInRedisOrder) {
  FactsByHand facts;
  facts.primary();
  EXPECT_EQ(info(facts).titles, kDefaultTitles);
  EXPECT_EQ(info(facts, {"default"}).titles, kDefaultTitles);
}

TEST(InfoText, HasOneMoreSectionWhenAllAreAskedFor) {
  FactsByHand facts;
  facts.primary();
  for (const std::string_view all : {"all", "Everything"}) {
    EXPECT_EQ(info(facts, {all}).titles.size(), kDefaultTitles.size() + 1);
  }
  EXPECT_EQ(info(facts, {"default", "commandstats"}).titles.size(), kDefaultTitles.size() + 1);
}

TEST(InfoText, GivesTheSectionsAskedFor) {
  FactsByHand facts;
  facts.primary();
  EXPECT_EQ(info_text(*facts, {"INFO", "Cluster"}), "# Cluster\r\ncluster_enabled:1\r\n");
  EXPECT_EQ(info(facts, {"keyspace", "SERVER"}).titles,
            (std::vector<std::string>{"Server", "Keyspace"}));
  EXPECT_EQ(info_text(*facts, {"info", "nonsense"}), "");
}

TEST(InfoText, PutsABlankLineBetweenSections) {
  FactsByHand facts;
  EXPECT_EQ(info_text(*facts, {"info", "cluster", "keyspace"}),
            "# Cluster\r\ncluster_enabled:1\r\n\r\n# Keyspace\r\n");
}

TEST(InfoText, NamesTheServer) {
  FactsByHand facts;
  facts.primary();
  auto server = info(facts, {"server"}).values;
  EXPECT_EQ(server["redis_version"], kRedisVersion);
  EXPECT_EQ(server["redis_mode"], "cluster");
  EXPECT_EQ(server["tcp_port"], "6379");
  EXPECT_EQ(server["run_id"].size(), 40U);
  EXPECT_EQ(server["server_time_usec"], "1700000000123000");
  EXPECT_EQ(server["uptime_in_seconds"], "90000");
  EXPECT_EQ(server["uptime_in_days"], "1");
  EXPECT_NE(server["os"], "");
  facts->mode = RedisMode::kStandalone;
  EXPECT_EQ(info(facts).values["redis_mode"], "standalone");
  EXPECT_EQ(info(facts).values["cluster_enabled"], "0");
}

TEST(InfoText, KeepsTheRunIdWhileTheProcessRuns) {
  FactsByHand facts;
  facts.primary();
  const std::string id = info(facts, {"server"}).values["run_id"];
  facts.secondary_of(kBravo)->now_ms += 5000;
  facts->uptime_seconds += 5;
  EXPECT_EQ(info(facts, {"server"}).values["run_id"], id);
  facts->pid += 1;
  EXPECT_NE(info(facts, {"server"}).values["run_id"], id);
}

TEST(InfoText, CountsClientsAndTheirCommands) {
  FactsByHand facts;
  facts.primary()->connections = 4;
  facts->max_connections = 100;
  facts->subscribers = 1;
  facts.counters().commands = 11;
  facts.counters().connections_taken = 5;
  facts.counters().errors = {{"ERR", 2}, {"MOVED", 3}};
  facts.counters().by_command = {{"get", {8, 1, 20}}};
  auto values = info(facts, {"all"}).values;
  EXPECT_EQ(values["connected_clients"], "4");
  EXPECT_EQ(values["maxclients"], "100");
  EXPECT_EQ(values["pubsub_clients"], "1");
  EXPECT_EQ(values["total_commands_processed"], "11");
  EXPECT_EQ(values["total_connections_received"], "5");
  EXPECT_EQ(values["total_error_replies"], "5");
  EXPECT_EQ(values["errorstat_MOVED"], "count=3");
  EXPECT_EQ(values["cmdstat_get"],
            "calls=8,usec=20,usec_per_call=2.50,rejected_calls=0,failed_calls=1");
}

TEST(InfoText, TellsOfMemory) {
  FactsByHand facts;
  facts.primary()->status.memory_bytes = 1'372'944;
  auto memory = info(facts, {"memory"}).values;
  EXPECT_EQ(memory["used_memory"], "1372944");
  EXPECT_EQ(memory["used_memory_human"], "1.31M");
  EXPECT_EQ(memory["maxmemory_policy"], "noeviction");
  EXPECT_NE(memory["used_memory_rss"], "0");
  facts->status.memory_bytes = 1023;
  EXPECT_EQ(info(facts, {"memory"}).values["used_memory_human"], "1023B");
}

TEST(InfoText, TellsOfSnapshots) {
  FactsByHand facts;
  facts.primary()->status.snapshot_index = 40;
  auto values = info(facts, {"persistence"}).values;
  EXPECT_EQ(values["loading"], "0");
  EXPECT_EQ(values["aof_enabled"], "1");
  EXPECT_EQ(values["rdb_bgsave_in_progress"], "0");
  EXPECT_EQ(values["rdb_changes_since_last_save"], "10");
  EXPECT_EQ(values["rdb_last_save_time"], "1699910000") << "when the node was started";
  facts->snapshot_unix_seconds = 1'699'999'999;
  facts->saving_snapshot = true;
  EXPECT_EQ(info(facts).values["rdb_last_save_time"], "1699999999");
  EXPECT_EQ(info(facts).values["rdb_bgsave_in_progress"], "1");
}

TEST(InfoText, OfThePrimaryListsTheSecondariesThatItReaches) {
  FactsByHand facts;
  facts.primary()->status.peers[0].receiving_snapshot = true;
  auto values = info(facts, {"replication"}).values;
  EXPECT_EQ(values["role"], "master");
  EXPECT_EQ(values["connected_slaves"], "2");
  EXPECT_EQ(values["slave0"], "ip=::1,port=6380,state=send_bulk,offset=50,lag=0");
  EXPECT_EQ(values["slave1"], "ip=c.example.org,port=6381,state=online,offset=48,lag=0");
  EXPECT_EQ(values["master_repl_offset"], "50");
  EXPECT_EQ(values["second_repl_offset"], "-1");
  EXPECT_EQ(values["master_replid"], shard_id(*facts->cluster));
  EXPECT_EQ(values.count("master_host"), 0U);
  auto later = info(facts.without(kBravo), {"replication"}).values;
  EXPECT_EQ(later["connected_slaves"], "1");
  EXPECT_EQ(later["slave0"], "ip=c.example.org,port=6381,state=online,offset=48,lag=0");
  EXPECT_EQ(later.count("slave1"), 0U);
}

TEST(InfoText, OfASecondaryNamesThePrimary) {
  FactsByHand facts;
  auto values = info(facts.secondary_of(kCharlie), {"replication"}).values;
  EXPECT_EQ(values["role"], "slave");
  EXPECT_EQ(values["master_host"], "c.example.org");
  EXPECT_EQ(values["master_port"], "6381");
  EXPECT_EQ(values["master_link_status"], "up");
  EXPECT_EQ(values["slave_read_only"], "1");
  EXPECT_EQ(values["slave_repl_offset"], "51");
  EXPECT_EQ(values.count("slave0"), 0U);
}

TEST(InfoText, WithoutAPrimaryTheLinkIsDown) {
  FactsByHand facts;
  auto values = info(facts.leaderless_after(kBravo), {"replication"}).values;
  EXPECT_EQ(values["role"], "slave");
  EXPECT_EQ(values["master_host"], "::1");
  EXPECT_EQ(values["master_link_status"], "down");
}

TEST(InfoText, OfALeaderThatDoesNotServeYetIsASlaves) {
  FactsByHand facts;
  facts.primary()->status.serving = false;
  EXPECT_EQ(info(facts, {"replication"}).values["role"], "slave");
}

TEST(InfoText, ShowsTheKeysOfTheOneDatabaseIfThereAreAny) {
  FactsByHand facts;
  EXPECT_EQ(info_text(*facts, {"info", "keyspace"}), "# Keyspace\r\n");
  facts->status.keys = 12;
  facts->expiring_keys = 3;
  EXPECT_EQ(info_text(*facts, {"info", "keyspace"}),
            "# Keyspace\r\ndb0:keys=12,expires=3,avg_ttl=0\r\n");
}

TEST(InfoText, TellsOfRaft) {
  FactsByHand facts;
  facts.primary().without(kBravo)->sessions = 6;
  auto raft = info(facts, {"raft"}).values;
  EXPECT_EQ(raft["raft_node_id"], "alpha");
  EXPECT_EQ(raft["raft_role"], "leader");
  EXPECT_EQ(raft["raft_term"], "7");
  EXPECT_EQ(raft["raft_serving"], "1");
  EXPECT_EQ(raft["raft_leader"], "alpha");
  EXPECT_EQ(raft["raft_members"], "alpha, bravo, charlie");
  EXPECT_EQ(raft["raft_ack"], "majority");
  EXPECT_EQ(raft["raft_timing"], "lan");
  EXPECT_EQ(raft["raft_sessions"], "6");
  EXPECT_EQ(raft["raft_peer_bravo"], "reachable=0,wiped=0,durable=50,next=51,receiving_snapshot=0");
  facts.leaderless_after(kBravo)->status.serving = false;
  auto later = info(facts, {"raft"}).values;
  EXPECT_EQ(later["raft_leader"], "");
  EXPECT_EQ(later.count("raft_peer_bravo"), 0U);
}

}  // namespace
}  // namespace kv
