// kill -9 in every way, on real processes with real files.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

/// Clients that write numbered values to keys of their own and remember what was acknowledged, and
/// what might have been done.
class Load {
 public:
  Load(const ClusterConfig& cluster, int clients) {
    for (int client = 0; client < clients; ++client) {
      threads_.emplace_back([this, &cluster, client] { run(cluster, client); });
    }
  }
  ~Load() { stop(); }

  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::size_t acknowledged() const { return acknowledged_; }

  /// What is wrong with what `client` reads back; empty if all is well.
  std::string lost(ClusterClient& client) const {
    for (const auto& [key, history] : keys_) {
      const auto reply = client.execute("GET " + key);
      if (!reply) return reply.error().message;
      const long value = reply->value ? std::stol(*reply->value) : -1;
      // One client writes a key, one write at a time: the value is its last acknowledged write or a
      // later one whose outcome it never learned.
      if (value < history.acknowledged || value > history.tried) {
        return key + " reads " + std::to_string(value) + " after " +
               std::to_string(history.acknowledged) + " was acknowledged and " +
               std::to_string(history.tried) + " tried";
      }
    }
    return {};
  }

 private:
  struct History {
    long acknowledged{-1};
    long tried{-1};
  };

  void run(const ClusterConfig& cluster, int client) {
    ClusterClient connection(cluster);
    for (long i = 0; !stopping_; ++i) {
      const std::string key = "client" + std::to_string(client) + ":" + std::to_string(i % 10);
      note(key, i, false);
      const auto reply = connection.execute("SET " + key + " " + std::to_string(i), seconds(5));
      if (reply && reply->ok()) note(key, i, true);
    }
  }

  void note(const std::string& key, long value, bool acknowledged) {
    const std::lock_guard lock(mutex_);
    History& history = keys_[key];
    (acknowledged ? history.acknowledged : history.tried) = value;
    if (acknowledged) ++acknowledged_;
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> acknowledged_{0};
  std::mutex mutex_;
  std::map<std::string, History> keys_;
  std::vector<std::thread> threads_;
};

int rounds() {
  const char* text = std::getenv("KV_SOAK_ROUNDS");
  return text != nullptr ? std::atoi(text) : 8;
}

TEST(Crash, KillingRandomNodesUnderLoadLosesNoAcknowledgedWrite) {
  LiveCluster cluster;
  Load load(cluster.config(), 8);
  std::mt19937 random{std::random_device{}()};
  for (int round = 0; round < rounds(); ++round) {
    // Each round waits for progress, so that it breaks a cluster at work and not one that is still
    // mending.
    const std::size_t before = load.acknowledged();
    ASSERT_TRUE(eventually([&] { return load.acknowledged() >= before + 200; }))
        << "round " << round;
    const std::string victim =
        random() % 2 == 0 ? cluster.primary() : cluster.names()[random() % 3];
    cluster.kill(victim);
    if (random() % 2 == 0) {
      const std::size_t at_kill = load.acknowledged();
      ASSERT_TRUE(eventually([&] { return load.acknowledged() >= at_kill + 100; }))
          << "round " << round;
    }
    cluster.start(victim);
    ASSERT_TRUE(eventually([&] { return cluster.status(victim).has_value(); }))
        << "round " << round;
  }
  load.stop();
  ClusterClient client(cluster.config());
  EXPECT_EQ(load.lost(client), "");
  RecordProperty("acknowledged_writes", static_cast<int>(load.acknowledged()));
  EXPECT_TRUE(eventually([&] { return cluster.in_step(); }));
}

TEST(Crash, KillingAllNodesAtOnceLosesNoAcknowledgedWrite) {
  LiveCluster cluster;
  for (int round = 0; round < 3; ++round) {
    Load load(cluster.config(), 8);
    ASSERT_TRUE(eventually([&] { return load.acknowledged() >= 500; }));
    cluster.kill_all();
    cluster.start_all();
    ASSERT_TRUE(eventually([&] { return load.acknowledged() >= 1000; }));
    load.stop();
    ClusterClient client(cluster.config());
    ASSERT_EQ(load.lost(client), "") << "round " << round;
  }
}

TEST(Crash, ACleanStopOfAllNodesLosesNothing) {
  LiveCluster cluster;
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(cluster.execute("SET k" + std::to_string(i) + " " + std::to_string(i)).ok());
  for (const std::string& node : cluster.names()) EXPECT_EQ(cluster.stop(node), 0) << node;
  cluster.start_all();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(cluster.execute("GET k" + std::to_string(i)).value, std::to_string(i));
}

TEST(Crash, ALaggingSecondaryIsBroughtUpToDateByASnapshot) {
  LiveCluster cluster;
  cluster.kill("node3");
  // More than the log keeps in memory: 48 MiB, over 48 keys.
  const std::string value(256 * 1024, 'x');
  ClusterClient client(cluster.config());
  for (int i = 0; i < 192; ++i) {
    const auto reply = client.execute("SET key" + std::to_string(i % 48) + " " + value);
    ASSERT_TRUE(reply && reply->ok());
  }
  ASSERT_TRUE(eventually([&] { return cluster.status("node1")->snapshot_index > 0U; }));
  ASSERT_TRUE(eventually([&] { return cluster.status("node1")->first_index > 1U; }));
  cluster.start("node3");
  EXPECT_TRUE(eventually([&] {
    const auto status = cluster.status("node3");
    return status && status->keys == 48U && status->snapshot_index > 0U;
  })) << "caught up";
  // It is as good as the others: with one of them gone, the two hold every write.
  cluster.kill("node2");
  ASSERT_TRUE(client.execute("SET after 1")->ok());
  cluster.kill("node3");
  cluster.start("node3");
  ASSERT_TRUE(client.execute("SET again 2")->ok()) << "restarts from its installed snapshot";
  EXPECT_EQ(client.execute("GET key7")->value, "\"" + value + "\"");
}

TEST(Crash, AtRestALogOfABurstGivesWayToASnapshot) {
  LiveCluster cluster;
  const std::string value(64 * 1024, 'x');
  ClusterClient client(cluster.config());
  for (int i = 0; i < 96; ++i) ASSERT_TRUE(client.execute("SET key " + value)->ok());
  // 6 MiB of log over one key of 64 KiB: at rest no more than 3 MiB of it stay.
  for (const std::string& node : cluster.names()) {
    EXPECT_TRUE(eventually([&] {
      const auto status = cluster.status(node);
      return status && status->snapshot_index > 0U && status->last_index >= 96U &&
             *status->last_index - *status->first_index < 52U;
    })) << node;
  }
  cluster.kill("node2");
  cluster.start("node2");
  EXPECT_EQ(cluster.execute("GET key").value, "\"" + value + "\"");
}

/// Segment files of a node's log, newest last.
std::vector<std::filesystem::path> segments(const LiveCluster& cluster, const std::string& node) {
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::recursive_directory_iterator(cluster.data_dir(node))) {
    if (file.path().filename().string().starts_with("log-")) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Crash, ATornLogTailIsCutAndFetchedAgain) {
  LiveCluster cluster;
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(cluster.execute("SET k" + std::to_string(i) + " 1").ok());
  ASSERT_TRUE(eventually([&] { return cluster.in_step(); }));
  cluster.kill("node3");
  // The start of a frame, as a crash in the middle of a write leaves it, behind all that was
  // synced.
  const std::filesystem::path last = segments(cluster, "node3").back();
  std::fstream file(last, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(std::filesystem::file_size(last), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const std::size_t end = (bytes.find_last_not_of('\0') / 8 + 1) * 8;
  file.seekp(static_cast<std::streamoff>(end));
  file << std::string(100, '\x5a');
  file.close();
  cluster.start("node3");
  EXPECT_TRUE(eventually([&] {
    const auto status = cluster.status("node3");
    return status && status->keys == 50U;
  }));
}

TEST(Crash, DamageToWhatWasSyncedStopsTheStartAndNamesThePlace) {
  LiveCluster cluster;
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(cluster.execute("SET k" + std::to_string(i) + " 1").ok());
  cluster.kill("node3");
  const std::filesystem::path last = segments(cluster, "node3").back();
  std::fstream file(last, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(1000);
  const char byte = static_cast<char>(file.get());
  file.seekp(1000);
  file.put(static_cast<char>(byte ^ 1));
  file.close();
  cluster.start("node3");
  EXPECT_EQ(cluster.exit_status("node3"), 1);
  const std::string log = cluster.log_of("node3");
  EXPECT_NE(log.find(last.filename().string()), std::string::npos) << log;
  EXPECT_NE(log.find("offset"), std::string::npos) << log;
}

TEST(Crash, AWipedNodeNeitherVotesNorCountsAndSaysWhy) {
  LiveCluster cluster;
  ASSERT_TRUE(cluster.execute("SET k v").ok());
  ASSERT_TRUE(eventually([&] { return cluster.in_step(); }));
  cluster.kill("node3");
  std::filesystem::remove_all(cluster.data_dir("node3"));
  cluster.start("node3");
  ASSERT_TRUE(eventually([&] {
    const auto status = cluster.status("node3");
    return status && status->wiped && status->keys == 1U;
  })) << "it is fed, and knows";
  cluster.kill("node2");
  const Reply reply = cluster.ask("node1", "SET k w");
  EXPECT_NE(reply.status, "OK") << "an acknowledgement of an amnesiac is none";
}

}  // namespace
}  // namespace kv
