// The seed document's suite, against real processes.
#include <gtest/gtest.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

class TestKVStoreReplication : public testing::Test {
 protected:
  /// A secondary answers no reads, so its copy is seen by making it the primary.
  void fail_over() {
    ASSERT_TRUE(eventually([&] { return cluster.in_step(); }));
    const std::string before = cluster.primary();
    cluster.kill(before);
    ASSERT_TRUE(eventually([&] { return cluster.primary() != before; }));
  }
  std::string value_of(const std::string& key) {
    const auto reply = client.execute("GET " + key);
    return reply ? reply->value.value_or("none") : reply.error().message;
  }

  LiveCluster cluster;
  ClusterClient client{cluster.config()};
};

TEST_F(TestKVStoreReplication, PrimaryNodeStartsAsPrimary) {
  const auto status = cluster.status("node1");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->role, "primary");
  EXPECT_EQ(status->election_term, 0U);
  EXPECT_EQ(status->json.find(
                R"({"status": "OK", "node_id": "node1", "role": "primary", "election_term": 0)"),
            0U)
      << status->json;
}

TEST_F(TestKVStoreReplication, SecondaryNodesStartAsSecondary) {
  EXPECT_EQ(cluster.status("node2")->role, "secondary");
  EXPECT_EQ(cluster.status("node3")->role, "secondary");
}

TEST_F(TestKVStoreReplication, WritesOnSecondaryFail) {
  ASSERT_TRUE(eventually([&] { return cluster.status("node2")->primary == "node1"; }));
  for (const char* line : {"SET k v", "DELETE k"}) {
    const Reply reply = cluster.ask("node2", line);
    EXPECT_EQ(reply.status, "ERROR");
    EXPECT_EQ(reply.code, "NOT_PRIMARY");
    ASSERT_TRUE(reply.primary);
    EXPECT_EQ(*reply.primary, cluster.member("node1"));
  }
}

TEST_F(TestKVStoreReplication, WritesOnPrimarySucceed) {
  EXPECT_EQ(cluster.ask("node1", "SET user:1 {\"name\":\"Alice\",\"age\":30}").json,
            R"({"status": "OK", "message": "Key 'user:1' set"})");
}

TEST_F(TestKVStoreReplication, DataReplicationToSecondaries) {
  ASSERT_TRUE(cluster.execute("SET k v").ok());
  for (const char* node : {"node2", "node3"}) {
    EXPECT_TRUE(eventually([&] { return cluster.status(node)->keys == 1U; })) << node;
  }
  fail_over();
  EXPECT_EQ(value_of("k"), "\"v\"");
}

TEST_F(TestKVStoreReplication, MultipleWritesReplicated) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cluster.execute("SET key" + std::to_string(i) + " " + std::to_string(i)).ok());
  }
  fail_over();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(value_of("key" + std::to_string(i)), std::to_string(i));
}

TEST_F(TestKVStoreReplication, DeleteOperationsReplicated) {
  ASSERT_TRUE(cluster.execute("SET gone 1").ok());
  ASSERT_TRUE(cluster.execute("SET kept 2").ok());
  EXPECT_EQ(cluster.execute("DELETE gone").json, R"({"status": "OK"})");
  EXPECT_EQ(cluster.execute("DELETE never-there").json, R"({"status": "OK"})");
  fail_over();
  EXPECT_EQ(cluster.execute("GET gone").code, "NOT_FOUND");
  EXPECT_EQ(value_of("kept"), "2");
}

TEST_F(TestKVStoreReplication, JsonValuesReplicated) {
  const std::string value =
      R"({"name": "Bob", "n": 12345678901234567890, "list": [1, {"x": null}]})";
  ASSERT_TRUE(cluster.execute("SET user:100 " + value).ok());
  fail_over();
  EXPECT_EQ(cluster.execute("GET user:100").json, R"({"status": "OK", "value": )" + value + "}");
}

TEST_F(TestKVStoreReplication, ReadsOnSecondaryFail) {
  ASSERT_TRUE(cluster.execute("SET k v").ok());
  ASSERT_TRUE(eventually([&] { return cluster.status("node3")->primary == "node1"; }));
  EXPECT_EQ(cluster.ask("node3", "GET k").code, "NOT_PRIMARY");
}

}  // namespace
}  // namespace kv
