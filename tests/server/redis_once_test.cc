// What Redis clients are promised across kill -9, on real nodes: exactly once with KV.ONCE, keys
// that stay expired, reads of secondaries that are never behind, and WAIT that counts.
#include <atomic>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "server/live_cluster.h"
#include "server/resp_connection.h"

namespace kv {
namespace {

using Words = std::vector<std::string>;

RespConnection connect_to(const Member& member) {
  return {member.host, member.port};
}

/// A client that sends a command again, to whoever may be the primary, until its outcome is known.
/// For one thread.
class StubbornClient {
 public:
  explicit StubbornClient(const ClusterConfig& cluster) : cluster_(cluster) {}

  /// The first reply that is no refusal; the last refusal when the time is over.
  RespReply ask(const Words& words) {
    RespReply reply;
    eventually(
        [&] {
          reply = attempt(words);
          return !must_retry(reply);
        },
        seconds(30));
    return reply;
  }

  /// KV.ONCE with this client's name and the sequence number.
  RespReply once(const std::string& name, int sequence, const Words& command) {
    Words words{"KV.ONCE", name, std::to_string(sequence)};
    words.insert(words.end(), command.begin(), command.end());
    return ask(words);
  }

 private:
  static bool must_retry(const RespReply& reply) {
    return !reply.arrived() || reply.is_error("MOVED ") || reply.is_error("CLUSTERDOWN ") ||
           reply.is_error("TRYAGAIN ") || reply.is_error("UNCERTAIN ");
  }

  RespReply attempt(const Words& words) {
    if (!connection_) connection_.emplace(connect_to(cluster_.members[target_]));
    RespReply reply = connection_->ask(words, seconds(2));
    if (!must_retry(reply)) return reply;
    connection_.reset();
    target_ = (target_ + 1) % cluster_.members.size();
    for (std::size_t i = 0; i < cluster_.members.size(); ++i) {
      const bool named = reply.text.ends_with(" " + cluster_.members[i].address());
      if (reply.is_error("MOVED ") && named) target_ = i;
    }
    return reply;
  }

  const ClusterConfig& cluster_;
  std::size_t target_{0};
  std::optional<RespConnection> connection_{};
};

std::int64_t integer(const RespReply& reply) {
  std::int64_t number = -1;
  const char* const end = reply.text.data() + reply.text.size();
  EXPECT_EQ(std::from_chars(reply.text.data(), end, number).ec, std::errc()) << reply.readable();
  return number;
}

/// Kills the primary, and gives the next one when it serves.
std::string fail_over(LiveCluster& cluster) {
  const std::string old = cluster.primary();
  cluster.kill(old);
  return cluster.primary();
}

/// Clients that increment one counter, each command exactly once whatever happens.
class Counting {
 public:
  Counting(const ClusterConfig& cluster, int clients) {
    for (int client = 0; client < clients; ++client) {
      threads_.emplace_back([this, &cluster, client] { run(cluster, client); });
    }
  }
  ~Counting() { stop(); }

  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  int acknowledged() const { return acknowledged_; }

 private:
  void run(const ClusterConfig& cluster, int client) {
    StubbornClient connection(cluster);
    const std::string name = "client" + std::to_string(client);
    std::int64_t last = 0;
    for (int sequence = 1; !stopping_; ++sequence) {
      const RespReply shared = connection.once(name, 2 * sequence - 1, {"INCR", "shared"});
      const RespReply own = connection.once(name, 2 * sequence, {"INCR", name});
      EXPECT_EQ(own.readable(), ":" + std::to_string(sequence) + "\n");
      ASSERT_EQ(shared.mark, ':') << shared.readable();
      EXPECT_GT(integer(shared), last) << "increments of one client come in their order";
      last = integer(shared);
      ++acknowledged_;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<int> acknowledged_{0};
  std::vector<std::thread> threads_{};
};

TEST(KvOnce, ACounterIsExactAfterThePrimaryWasKilledManyTimes) {
  LiveCluster cluster;
  Counting counting(cluster.config(), 4);
  constexpr int kKills = 5;
  for (int round = 0; round < kKills; ++round) {
    const int before = counting.acknowledged();
    ASSERT_TRUE(eventually([&] { return counting.acknowledged() >= before + 100; }));
    const std::string victim = cluster.primary();
    cluster.kill(victim);
    const int at_kill = counting.acknowledged();
    ASSERT_TRUE(eventually([&] { return counting.acknowledged() >= at_kill + 20; }, seconds(30)))
        << "round " << round;
    cluster.start(victim);
    ASSERT_TRUE(eventually([&] { return cluster.status(victim).has_value(); }));
  }
  counting.stop();
  StubbornClient client(cluster.config());
  EXPECT_EQ(client.ask({"GET", "shared"}).text, std::to_string(counting.acknowledged()));
}

TEST(KvOnce, ARetryAfterAFailoverGivesTheFirstOutcome) {
  LiveCluster cluster;
  StubbornClient client(cluster.config());
  EXPECT_EQ(client.once("c", 1, {"INCR", "n"}).text, "1");
  EXPECT_EQ(client.ask({"INCR", "n"}).text, "2");
  EXPECT_EQ(client.once("c", 1, {"INCR", "n"}).text, "1");
  EXPECT_EQ(client.once("lock", 1, {"SET", "lock", "mine", "NX"}).text, "OK");
  EXPECT_EQ(client.once("bad", 1, {"INCR", "lock"}).mark, '-');
  fail_over(cluster);
  EXPECT_EQ(client.once("c", 1, {"INCR", "n"}).text, "1");
  EXPECT_EQ(client.ask({"GET", "n"}).text, "2") << "and nothing was done";
  EXPECT_EQ(client.once("lock", 1, {"SET", "lock", "mine", "NX"}).text, "OK")
      << "it was this client that took the lock";
  EXPECT_TRUE(client.once("lock", 2, {"SET", "lock", "mine", "NX"}).null);
  ASSERT_EQ(client.ask({"SET", "lock", "5"}).text, "OK");
  EXPECT_EQ(client.once("bad", 1, {"INCR", "lock"}).mark, '-') << "an error is an outcome too";
  EXPECT_EQ(client.once("c", 2, {"INCR", "n"}).text, "3");
  EXPECT_TRUE(client.once("c", 1, {"INCR", "n"}).is_error("STALESEQ "));
  EXPECT_TRUE(client.once("unknown", 7, {"INCR", "n"}).is_error("NOSESSION "));
}

TEST(KvOnce, SessionsSurviveARestartFromASnapshot) {
  LiveCluster cluster;
  StubbornClient client(cluster.config());
  ASSERT_EQ(client.once("c", 1, {"INCRBY", "n", "41"}).text, "41");
  ASSERT_EQ(client.once("later", 1, {"INCR", "n"}).text, "42");
  ASSERT_TRUE(eventually([&] { return cluster.in_step(); }));
  for (const std::string& node : cluster.names()) {
    const bool background = node == cluster.primary();
    RespConnection connection = connect_to(cluster.member(node));
    const RespReply reply = connection.ask({background ? "BGSAVE" : "SAVE"});
    EXPECT_EQ(reply.text, background ? "Background saving started" : "OK");
    EXPECT_TRUE(eventually([&] { return cluster.status(node)->snapshot_index > 0U; })) << node;
  }
  ASSERT_EQ(client.once("later", 2, {"INCR", "n"}).text, "43") << "behind the snapshots";
  cluster.kill_all();
  cluster.start_all();
  EXPECT_EQ(client.once("c", 1, {"INCRBY", "n", "41"}).text, "41");
  EXPECT_EQ(client.once("later", 2, {"INCR", "n"}).text, "43");
  EXPECT_EQ(client.ask({"GET", "n"}).text, "43");
  EXPECT_EQ(client.once("c", 2, {"INCR", "n"}).text, "44");
}

/// What a node would not decode must never come into the log: no node could be started again.
TEST(KvOnce, IsRefusedInATransactionAndTheClusterLivesOn) {
  LiveCluster cluster;
  RespConnection connection = connect_to(cluster.member(cluster.primary()));
  ASSERT_EQ(connection.ask({"MULTI"}).text, "OK");
  EXPECT_EQ(connection.ask({"KV.ONCE", "c", "1", "INCR", "n"}).mark, '-');
  EXPECT_TRUE(connection.ask({"EXEC"}).is_error("EXECABORT "));
  EXPECT_EQ(connection.ask({"KV.ONCE", "c", "1", "INCR", "n"}).text, "1");
  EXPECT_TRUE(eventually([&] { return cluster.in_step(); }));
  for (const std::string& node : cluster.names()) EXPECT_TRUE(cluster.running(node)) << node;
}

TEST(Expiry, AKeySeenGoneStaysGoneAfterAFailover) {
  LiveCluster cluster;
  StubbornClient client(cluster.config());
  constexpr int kFirstMs = 300;
  constexpr int kStepMs = 50;
  Words keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back("k" + std::to_string(i));
    const std::string life = std::to_string(kFirstMs + i * kStepMs);
    ASSERT_EQ(client.ask({"SET", keys.back(), "v", "PX", life}).text, "OK");
  }
  ASSERT_EQ(client.ask({"SET", "lasting", "v", "EX", "1000"}).text, "OK");
  // A failover while they expire, one after the other.
  std::size_t gone = 0;
  ASSERT_TRUE(eventually([&] {
    while (gone < keys.size() && client.ask({"GET", keys[gone]}).null) ++gone;
    return gone >= 5;
  }));
  EXPECT_EQ(client.ask({"TTL", keys[gone - 1]}).text, "-2");
  fail_over(cluster);
  for (std::size_t i = 0; i < gone; ++i) {
    EXPECT_TRUE(client.ask({"GET", keys[i]}).null) << keys[i];
    EXPECT_EQ(client.ask({"SET", keys[i], "w", "XX"}).null, true) << keys[i];
  }
  for (const std::string& key : keys) {
    EXPECT_TRUE(eventually([&] { return client.ask({"EXISTS", key}).text == "0"; })) << key;
  }
  const std::int64_t left = integer(client.ask({"TTL", "lasting"}));
  EXPECT_GT(left, 900);
  EXPECT_LE(left, 1000);
  EXPECT_TRUE(eventually([&] {
    return client.ask({"INFO", "keyspace"}).text.find("db0:keys=1,expires=1,") != std::string::npos;
  })) << "once those that are past were swept up";
}

TEST(ReadOnly, ASecondaryReadsWhatWasAcknowledgedBefore) {
  LiveCluster cluster;
  RespConnection primary = connect_to(cluster.member(cluster.primary()));
  std::vector<RespConnection> secondaries;
  for (const std::string& node : cluster.secondaries()) {
    secondaries.push_back(connect_to(cluster.member(node)));
    // Once it knows of the primary.
    EXPECT_TRUE(eventually([&] {
      return secondaries.back().ask({"GET", "k"}).is_error("MOVED ");
    })) << node;
    EXPECT_EQ(secondaries.back().ask({"READONLY"}).text, "OK") << node;
    EXPECT_TRUE(secondaries.back().ask({"SET", "k", "v"}).is_error("MOVED ")) << node;
  }
  for (int i = 0; i < 500; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_EQ(primary.ask({"SET", "k", value}).text, "OK");
    for (RespConnection& secondary : secondaries) {
      ASSERT_EQ(secondary.ask({"GET", "k"}).text, value);
    }
  }
  ASSERT_EQ(secondaries.front().ask({"READWRITE"}).text, "OK");
  EXPECT_TRUE(secondaries.front().ask({"GET", "k"}).is_error("MOVED "));
}

TEST(ReadOnly, ASecondaryThatLostItsDataSendsReadersToThePrimary) {
  LiveCluster cluster;
  const std::string node = cluster.secondaries().front();
  cluster.kill(node);
  std::filesystem::remove_all(cluster.data_dir(node));
  cluster.start(node);
  ASSERT_TRUE(eventually([&] { return cluster.status(node).has_value(); }));
  RespConnection wiped = connect_to(cluster.member(node));
  ASSERT_EQ(wiped.ask({"READONLY"}).text, "OK");
  EXPECT_TRUE(eventually([&] { return wiped.ask({"GET", "k"}).is_error("MOVED "); }));
}

TEST(Wait, CountsTheSecondariesThatHaveTheWrite) {
  LiveCluster cluster;
  RespConnection primary = connect_to(cluster.member(cluster.primary()));
  const std::string stopped = cluster.secondaries().front();
  ASSERT_EQ(primary.ask({"SET", "k", "1"}).text, "OK");
  EXPECT_EQ(primary.ask({"WAIT", "2", "0"}).readable(), ":2\n");
  cluster.signal(stopped, SIGSTOP);
  ASSERT_EQ(primary.ask({"SET", "k", "2"}).text, "OK");
  EXPECT_EQ(primary.ask({"WAIT", "2", "300"}).readable(), ":1\n");
  EXPECT_EQ(primary.ask({"WAIT", "1", "0"}).readable(), ":1\n");
  cluster.signal(stopped, SIGCONT);
  EXPECT_EQ(primary.ask({"WAIT", "2", "0"}).readable(), ":2\n");
}

}  // namespace
}  // namespace kv
