// The seed document's suite, against real processes.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

TEST(TestClusterConsistency, AllNodesAccessible) {
  LiveCluster cluster;
  for (const std::string& node : cluster.names()) {
    EXPECT_EQ(cluster.ask(node, "PING").json, R"({"status": "OK", "message": "PONG"})");
    EXPECT_EQ(cluster.status(node)->node_id, node);
  }
}

TEST(TestClusterConsistency, PrimarySecondaryConsistency) {
  LiveCluster cluster;
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(cluster.execute("SET k" + std::to_string(i % 20) + " " + std::to_string(i)).ok());
  ASSERT_TRUE(eventually([&] { return cluster.in_step(); }));
  for (const std::string& node : cluster.names()) {
    const auto status = cluster.status(node);
    EXPECT_EQ(status->keys, 20U) << node;
    EXPECT_EQ(status->applied, cluster.status("node1")->commit) << node;
  }
}

TEST(TestClusterConsistency, ConcurrentWrites) {
  LiveCluster cluster;
  constexpr int kClients = 16;
  constexpr int kWrites = 100;
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      ClusterClient connection(cluster.config());
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = "c" + std::to_string(client) + ":" + std::to_string(i);
        const auto reply = connection.execute("SET " + key + " " + key);
        if (reply && reply->ok()) ++acknowledged;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(acknowledged, kClients * kWrites);
  for (const std::string& node : cluster.names()) {
    EXPECT_TRUE(eventually([&] { return cluster.status(node)->keys == kClients * kWrites; }))
        << node;
  }
}

TEST(TestClusterConsistency, WriteThenReadConsistency) {
  LiveCluster cluster;
  ClusterClient client(cluster.config());
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.execute("SET counter " + std::to_string(i))->ok());
    ASSERT_EQ(client.execute("GET counter")->value, std::to_string(i));
  }
}

TEST(TestClusterConsistency, PipelinedCommandsAreAnsweredInOrder) {
  LiveCluster cluster;
  auto connection = LineConnection::connect("127.0.0.1", cluster.member("node1").port, seconds(2));
  ASSERT_TRUE(connection);
  std::string lines;
  for (int i = 0; i < 500; ++i) {
    lines += "SET n " + std::to_string(i) + "\nPING\nGET n\n";
  }
  ASSERT_TRUE(connection->send(lines, seconds(5)));
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(*connection->receive(seconds(5)), R"({"status": "OK", "message": "Key 'n' set"})");
    EXPECT_EQ(*connection->receive(seconds(5)), R"({"status": "OK", "message": "PONG"})");
    // A pipeline is executed in order: a GET sees the SET before it, and may see a later one.
    const std::string get = *connection->receive(seconds(5));
    ASSERT_EQ(get.find(R"({"status": "OK", "value": )"), 0U) << get;
    EXPECT_GE(std::stoi(get.substr(25)), i) << get;
  }
}

TEST(TestClusterConsistency, AckPrimaryReadsItsOwnWritesAndSaysSo) {
  LiveCluster::Options options;
  options.more_arguments = {"--ack", "primary"};
  LiveCluster cluster(options);
  cluster.kill("node2");
  cluster.kill("node3");
  EXPECT_TRUE(cluster.ask("node1", "SET k v").ok()) << "acknowledged without a majority";
  EXPECT_EQ(cluster.ask("node1", "GET k").value, "\"v\"");
  EXPECT_EQ(cluster.status("node1")->ack, "primary");
  EXPECT_NE(cluster.log_of("node1").find("CAN LOSE"), std::string::npos) << "the log warns";
}

TEST(TestClusterConsistency, AckAllWaitsForEveryNode) {
  LiveCluster::Options options;
  options.more_arguments = {"--ack", "all"};
  LiveCluster cluster(options);
  EXPECT_TRUE(cluster.execute("SET k v").ok());
  cluster.kill(cluster.secondaries().front());
  const Reply reply = cluster.execute("SET k w");
  EXPECT_EQ(reply.code, "UNKNOWN_OUTCOME");
  EXPECT_EQ(cluster.execute("GET k").value, "\"w\"") << "the majority has it";
}

}  // namespace
}  // namespace kv
