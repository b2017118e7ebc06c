#include "node_options.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace kv {
namespace {

using Arguments = std::vector<std::string>;

NodeOptions accepted(const Arguments& arguments) {
  auto parsed = parse_node_options(arguments);
  if (const auto* usage = std::get_if<UsageExit>(&parsed)) {
    ADD_FAILURE() << usage->text;
    return {default_cluster(), 1};
  }
  return std::get<NodeOptions>(parsed);
}

/// The message of a usage error; it must exit with status 2.
std::string refusal(const Arguments& arguments) {
  const auto parsed = parse_node_options(arguments);
  const auto* usage = std::get_if<UsageExit>(&parsed);
  if (usage == nullptr) return "(accepted)";
  EXPECT_EQ(usage->status, 2);
  return usage->text;
}

void expect_refusal(const Arguments& arguments, std::initializer_list<std::string_view> words) {
  const std::string message = refusal(arguments);
  for (const std::string_view word : words) {
    EXPECT_NE(message.find(word), std::string::npos) << "no '" << word << "' in: " << message;
  }
}

class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() /
              ("kvnode-options-" + std::to_string(::getpid()) + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(NodeOptions, FollowTheDocumentedCommandLine) {
  const NodeOptions options = accepted({"--node-id", "node2", "--port", "6380"});
  EXPECT_EQ(options.cluster, default_cluster());
  EXPECT_EQ(options.self, 2U);
  EXPECT_EQ(options.me().port, 6380);
  EXPECT_EQ(options.data_dir, "./data/node2");
  EXPECT_FALSE(options.primary);
  EXPECT_EQ(options.timing_name, "documented");
  EXPECT_EQ(options.timing.heartbeat_interval, seconds(2));
  EXPECT_EQ(options.timing.election_timeout_min, seconds(5));
  EXPECT_EQ(options.timing.election_timeout_max, seconds(8));
  EXPECT_EQ(options.ack, AckMode::kMajority);
  EXPECT_EQ(options.max_connections, 20'000U);
  EXPECT_TRUE(accepted({"--node-id", "node1", "--port", "6379", "--primary"}).primary);
}

TEST(NodeOptions, TakeEverythingFromTheCommandLine) {
  const NodeOptions options =
      accepted({"--node-id", "b", "--host", "10.0.0.2", "--port", "7002", "--cluster",
                "a=10.0.0.1:7001,b=10.0.0.2:7002", "--data-dir", "/srv/b", "--timing", "lan",
                "--ack", "all", "--max-connections", "5", "--log-level", "debug"});
  EXPECT_EQ(options.cluster.members.size(), 2U);
  EXPECT_EQ(options.me().host, "10.0.0.2");
  EXPECT_EQ(options.data_dir, "/srv/b");
  EXPECT_EQ(options.timing.heartbeat_interval, milliseconds(50));
  EXPECT_EQ(options.timing_name, "lan");
  EXPECT_EQ(options.ack, AckMode::kAll);
  EXPECT_EQ(options.max_connections, 5U);
  EXPECT_EQ(options.log_level, "debug");
}

TEST(NodeOptions, ReadByLeaseOnlyWhenAsked) {
  const NodeOptions plain = accepted({"--node-id", "node1"});
  EXPECT_EQ(plain.reads, ReadMode::kReadIndex);
  EXPECT_EQ(plain.cluster.vote_promise, Duration{});
  const NodeOptions lease = accepted({"--node-id", "node1", "--reads", "lease"});
  EXPECT_EQ(lease.reads, ReadMode::kLease);
  EXPECT_EQ(lease.lease_drift_ppm, 10'000U);
  EXPECT_EQ(lease.cluster.vote_promise, seconds(5));
  const NodeOptions most = accepted(
      {"--node-id", "node1", "--timing", "lan", "--reads", "lease", "--lease-drift-ppm", "200000"});
  EXPECT_EQ(most.lease_drift_ppm, 200'000U);
  EXPECT_EQ(most.cluster.vote_promise, milliseconds(300));
}

TEST(NodeOptions, LetSingleTimesOverrideTheTiming) {
  const NodeOptions options =
      accepted({"--node-id", "node1", "--timing", "lan", "--heartbeat-interval", "20ms",
                "--election-timeout", "200ms..400ms"});
  EXPECT_EQ(options.timing.heartbeat_interval, milliseconds(20));
  EXPECT_EQ(options.timing.election_timeout_min, milliseconds(200));
  EXPECT_EQ(options.timing.election_timeout_max, milliseconds(400));
  EXPECT_EQ(options.timing_name, "custom");
}

TEST(NodeOptions, ReadAConfigFileThatTheCommandLineOverrides) {
  const ConfigFile file(
      "# this node\nnode-id = \"a\"\ncluster = \"a=127.0.0.1:7001,b=127.0.0.1:7002\"\ntiming = "
      "\"wan\"\n"
      "primary = true\nack = \"all\"\nelection-timeout = \"4s..6s\"\n");
  const NodeOptions options = accepted({"--config", file.path(), "--ack", "primary"});
  EXPECT_EQ(options.me().node_id, "a");
  EXPECT_EQ(options.cluster.members.size(), 2U);
  EXPECT_EQ(options.timing.heartbeat_interval, milliseconds(500));
  EXPECT_EQ(options.timing.election_timeout_max, seconds(6));
  EXPECT_TRUE(options.primary);
  EXPECT_EQ(options.ack, AckMode::kPrimary);
}

TEST(NodeOptions, RefuseAConfigFileThatIsMissingOrHasUnknownNames) {
  expect_refusal({"--node-id", "node1", "--config", "/nowhere/kvnode.toml"},
                 {"/nowhere/kvnode.toml"});
  const ConfigFile file("node-id = \"node1\"\nelection-timeuot = \"5s..8s\"\n");
  expect_refusal({"--config", file.path()}, {"election-timeuot"});
}

TEST(NodeOptions, NameTheKnownNodesWhenTheNodeIsUnknown) {
  expect_refusal({"--node-id", "node4"}, {"--node-id node4", "node1, node2, node3", "--cluster"});
  expect_refusal({"--node-id", "c", "--cluster", "a=h:1,b=h:2"}, {"--node-id c", "a, b"});
  expect_refusal({}, {"--node-id is missing"});
}

TEST(NodeOptions, RefuseAnAddressThatContradictsTheCluster) {
  expect_refusal({"--node-id", "node1", "--port", "7000"},
                 {"--port 7000", "node1 is 127.0.0.1:6379"});
  expect_refusal({"--node-id", "node1", "--host", "10.1.1.1"},
                 {"--host 10.1.1.1", "node1 is 127.0.0.1:6379"});
  expect_refusal({"--node-id", "a", "--port", "2", "--cluster", "a=h:1,b=h:2"},
                 {"--port 2", "--cluster", "a is h:1"});
}

TEST(NodeOptions, RefuseTimesThatContradictEachOther) {
  expect_refusal({"--node-id", "node1", "--heartbeat-interval", "5s"}, {"heartbeat", "election"});
  expect_refusal({"--node-id", "node1", "--election-timeout", "8s..5s"},
                 {"--election-timeout 8s..5s"});
  expect_refusal({"--node-id", "node1", "--timing", "wan", "--election-timeout", "100ms..200ms"},
                 {"heartbeat", "election"});
}

TEST(NodeOptions, RefuseMalformedValuesAndNameTheOption) {
  const std::string node = "--node-id=node1";
  expect_refusal({node, "--heartbeat-interval", "2"}, {"--heartbeat-interval 2"});
  expect_refusal({node, "--election-timeout", "5s"}, {"--election-timeout 5s"});
  expect_refusal({node, "--timing", "fast"}, {"--timing fast", "documented, lan or wan"});
  expect_refusal({node, "--ack", "none"}, {"--ack none", "majority, primary or all"});
  expect_refusal({node, "--reads", "fast"}, {"--reads fast", "read-index or lease"});
  expect_refusal({node, "--reads", "lease", "--lease-drift-ppm", "200001"},
                 {"--lease-drift-ppm 200001", "200000"});
  expect_refusal({node, "--lease-drift-ppm", "500"}, {"--lease-drift-ppm 500", "--reads lease"});
  expect_refusal({node, "--reads", "lease", "--ack", "primary"},
                 {"--reads lease", "--ack primary"});
  expect_refusal({node, "--lease-drift-ppm", "-1"}, {"--lease-drift-ppm"});
  expect_refusal({node, "--log-level", "loud"}, {"--log-level loud"});
  expect_refusal({node, "--max-connections", "0"}, {"--max-connections 0"});
  expect_refusal({node, "--port", "70000"}, {"--port"});
  expect_refusal({node, "--port", "x"}, {"--port"});
  expect_refusal({node, "--cluster", "node1"}, {"--cluster node1"});
  expect_refusal({node, "--frobnicate"}, {"--frobnicate"});
  expect_refusal({node, "surplus"}, {"surplus"});
}

TEST(NodeOptions, LeaveDescriptorsForTheLogAndThePeers) {
  EXPECT_EQ(affordable_connections(10'000, 20'000), 10'000u);
  EXPECT_EQ(affordable_connections(10'000, 10'128), 10'000u);
  EXPECT_EQ(affordable_connections(10'000, 10'127), 9'999u);
  EXPECT_EQ(affordable_connections(10'000, 1'024), 896u);
  EXPECT_EQ(affordable_connections(10'000, 129), 1u);
  EXPECT_EQ(affordable_connections(10'000, 20), 1u);
  EXPECT_EQ(affordable_connections(5, ~std::uint64_t{0}), 5u);
}

TEST(NodeOptions, PrintHelpWithExamplesAndTheVersion) {
  const auto help = parse_node_options({"--help"});
  ASSERT_TRUE(std::holds_alternative<UsageExit>(help));
  EXPECT_EQ(std::get<UsageExit>(help).status, 0);
  EXPECT_NE(std::get<UsageExit>(help).text.find("Examples:"), std::string::npos);
  const auto version = parse_node_options({"--version"});
  ASSERT_TRUE(std::holds_alternative<UsageExit>(version));
  EXPECT_EQ(std::get<UsageExit>(version).status, 0);
  EXPECT_TRUE(std::get<UsageExit>(version).text.starts_with("kvnode "));
}

}  // namespace
}  // namespace kv
