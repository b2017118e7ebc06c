// What no client, peer, disk or person should send: a clear error, nothing lost, nobody crashes.
#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

std::string send_bytes(std::uint16_t port, const std::string& bytes) {
  auto connection = LineConnection::connect("127.0.0.1", port, seconds(2));
  if (!connection || !connection->send(bytes, seconds(5))) return {};
  return connection->receive(seconds(2)).has_value() ? "answered" : "closed";
}

class BadInput : public testing::Test {
 protected:
  std::string ask(const std::string& line) {
    auto connection =
        LineConnection::connect("127.0.0.1", cluster.member("node1").port, seconds(2));
    const auto reply = connection->request(line, seconds(5));
    return reply ? *reply : reply.error().message;
  }
  std::string code(const std::string& line) { return cluster.ask("node1", line).code; }
  void expect_healthy() {
    for (const std::string& node : cluster.names()) EXPECT_TRUE(cluster.running(node)) << node;
    EXPECT_TRUE(cluster.execute("SET healthy yes").ok());
    EXPECT_EQ(cluster.execute("GET healthy").value, "\"yes\"");
  }

  LiveCluster cluster;
};

TEST_F(BadInput, MalformedCommandsAreNamed) {
  for (const char* line : {"SET", "SET key", "GET", "GET a b", "DELETE", "FLY", "PING x y z",
                           "{\"type\": \"ELECTION\"}", "\x01\x02\x03", "SET\tkey"}) {
    EXPECT_EQ(code(line), "BAD_REQUEST") << line;
  }
  EXPECT_NE(ask("SET key").find("SET <key> <value>"), std::string::npos) << ask("SET key");
  EXPECT_NE(
      ask("{\"type\": \"HEARTBEAT\", \"from_node\": \"node1\"}").find("nodes talk to each other"),
      std::string::npos);
  expect_healthy();
}

TEST_F(BadInput, HttpRequestsGet400) {
  EXPECT_EQ(ask("GET / HTTP/1.1\r").find("HTTP/1.1 400"), 0U);
  EXPECT_EQ(ask("POST /x HTTP/1.1\r").find("HTTP/1.1 400"), 0U);
  expect_healthy();
}

TEST_F(BadInput, BytesThatAreNoTextComeBackEncoded) {
  EXPECT_TRUE(cluster.ask("node1", "SET bin \xff\xfe\x80").ok());
  EXPECT_EQ(ask("GET bin"), R"({"status": "OK", "value_base64": "//6A"})");
  EXPECT_TRUE(cluster.ask("node1", "SET \xff k").ok());
  expect_healthy();
}

TEST_F(BadInput, AnEndlessLineIsRefusedAndNotStored) {
  EXPECT_EQ(code("SET big " + std::string(64 << 20, 'x')), "TOO_LARGE");
  EXPECT_EQ(code("GET big"), "NOT_FOUND");
  EXPECT_EQ(code("GET " + std::string(1 << 20, 'k')), "TOO_LARGE");
  expect_healthy();
}

TEST_F(BadInput, RandomBytesOnBothPortsHarmNobody) {
  std::mt19937 random{7};
  for (int round = 0; round < 30; ++round) {
    std::string bytes(random() % 5000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    send_bytes(cluster.member("node1").port, bytes + "\n");
    send_bytes(cluster.member("node1").peer_port(), bytes);
  }
  expect_healthy();
}

TEST_F(BadInput, AnOversizedPeerFrameIsRefusedWithoutBeingAwaited) {
  const std::string four_gigabytes("\xff\xff\xff\xff\0\0\0\0\0\0\0\0", 12);
  EXPECT_EQ(send_bytes(cluster.member("node1").peer_port(), four_gigabytes), "closed");
  expect_healthy();
}

TEST_F(BadInput, ManyConnectionsThatSayNothing) {
  std::vector<LineConnection> idle;
  for (int i = 0; i < 500; ++i) {
    auto connection =
        LineConnection::connect("127.0.0.1", cluster.member("node1").port, seconds(2));
    ASSERT_TRUE(connection) << connection.error().message;
    idle.push_back(std::move(*connection));
  }
  expect_healthy();
}

class BadStart : public testing::Test {
 protected:
  static LiveCluster::Options not_started() {
    LiveCluster::Options options;
    options.start = false;
    return options;
  }
  /// What node1 says when it ends with `status`.
  std::string ends_with(int status) {
    EXPECT_EQ(cluster.exit_status("node1"), status) << cluster.log_of("node1");
    return cluster.log_of("node1");
  }

  LiveCluster cluster{not_started()};
};

TEST_F(BadStart, APortInUseIsNamedWithAWayOut) {
  cluster.start("node1");
  ASSERT_TRUE(eventually([&] { return cluster.status("node1").has_value(); }));
  LiveCluster::Options options;
  options.start = false;
  LiveCluster other(options);
  std::vector<std::string> command = cluster.command("node1");
  std::string line;
  for (const std::string& word : command)
    line += (word == cluster.data_dir("node1") ? other.data_dir("node1") : word) + " ";
  std::FILE* pipe = ::popen((line + "2>&1").c_str(), "r");
  std::string output(4096, '\0');
  output.resize(std::fread(output.data(), 1, output.size(), pipe));
  EXPECT_NE(::pclose(pipe), 0);
  EXPECT_NE(output.find("port " + std::to_string(cluster.member("node1").port)), std::string::npos)
      << output;
  EXPECT_NE(output.find("in use"), std::string::npos) << output;
  EXPECT_NE(output.find("--port"), std::string::npos) << output;
}

TEST_F(BadStart, ADataDirectoryServesOneProcess) {
  cluster.start("node1");
  ASSERT_TRUE(eventually([&] { return cluster.status("node1").has_value(); }));
  LiveCluster::Options options;
  options.start = false;
  options.folder = cluster.folder();
  LiveCluster other(options);
  other.start("node1");
  EXPECT_EQ(other.exit_status("node1"), 1);
  EXPECT_NE(other.log_of("node1").find(cluster.data_dir("node1")), std::string::npos)
      << other.log_of("node1");
  EXPECT_TRUE(cluster.status("node1").has_value());
}

TEST_F(BadStart, AnotherNodesDataIsRefused) {
  cluster.start("node2");
  ASSERT_TRUE(eventually([&] { return cluster.status("node2").has_value(); }));
  cluster.kill("node2");
  std::filesystem::rename(cluster.data_dir("node2"), cluster.data_dir("node1"));
  cluster.start("node1");
  EXPECT_NE(ends_with(1).find("node2"), std::string::npos);
}

TEST_F(BadStart, AnyDamagedByteOfALogIsFoundOrHarmless) {
  cluster.start("node1");
  cluster.start("node2");
  cluster.primary();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(cluster.execute("SET k" + std::to_string(i) + " v").ok());
  cluster.kill_all();
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(cluster.data_dir("node1"))) {
    if (!file.is_regular_file() || file.path().extension() != ".wal") continue;
    std::filesystem::resize_file(file.path(), file.file_size() / 2);
  }
  cluster.start("node1");
  EXPECT_NE(ends_with(1).find(".wal"), std::string::npos);
}

TEST_F(BadStart, ContradictoryOptionsAreUsageErrors) {
  const auto fails = [&](std::vector<std::string> arguments, const std::string& word) {
    LiveCluster::Options options;
    options.start = false;
    options.more_arguments = std::move(arguments);
    LiveCluster one(options);
    one.start("node1");
    EXPECT_EQ(one.exit_status("node1"), 2) << one.log_of("node1");
    EXPECT_NE(one.log_of("node1").find(word), std::string::npos) << one.log_of("node1");
  };
  fails({"--election-timeout", "8s..5s"}, "8s..5s");
  fails({"--heartbeat-interval", "9s"}, "heartbeat");
  fails({"--heartbeat-interval", "soon"}, "soon");
  fails({"--ack", "none"}, "none");
  fails({"--fly"}, "--fly");
}

TEST_F(BadStart, AFullDiskStopsTheNodeWithAClearMessage) {
  if (::geteuid() != 0 || std::system("mountpoint -q /proc") != 0)
    GTEST_SKIP() << "mounting a small disk needs root";
  const std::string folder = cluster.data_dir("node1");
  std::filesystem::create_directories(folder);
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=24m") != 0) {
    GTEST_SKIP() << "this machine lets nobody mount a small disk";
  }
  cluster.start_all();
  cluster.primary();
  ClusterClient client(cluster.config());
  const std::string value(1 << 20, 'x');
  long acknowledged = 0;
  for (int i = 0; i < 60 && cluster.running("node1"); ++i) {
    const auto reply = client.execute("SET key" + std::to_string(i % 30) + " " + value);
    if (reply && reply->ok()) ++acknowledged;
  }
  EXPECT_TRUE(eventually([&] { return !cluster.running("node1"); })) << "its disk holds 24 MiB";
  EXPECT_EQ(cluster.exit_status("node1"), 1);
  EXPECT_NE(cluster.log_of("node1").find("No space left"), std::string::npos)
      << cluster.log_of("node1");
  EXPECT_GE(acknowledged, 5);
  EXPECT_TRUE(cluster.execute("SET after yes").ok()) << "the others go on";
  ::umount(folder.c_str());
}

}  // namespace
}  // namespace kv
