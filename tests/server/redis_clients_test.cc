// The Redis clients that people use, unmodified and connected as their manuals say, before and
// after kill -9 of the primary. The scripts are in tests/clients.
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

using Words = std::vector<std::string>;

constexpr std::chrono::seconds kLimit{60};
constexpr int kWrites = 100;

/// A client in a process of its own: reads what it prints, and can tell it something.
class ClientProgram {
 public:
  explicit ClientProgram(const Words& words) {
    std::array<int, 2> ends{};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
    socket_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      ::posix_spawn_file_actions_adddup2(&actions, ends[1], standard);
    }
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int failure =
        ::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    EXPECT_EQ(failure, 0) << "cannot run " << words.front();
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  ~ClientProgram() {
    finish();
    ::close(socket_);
  }
  ClientProgram(const ClientProgram&) = delete;
  ClientProgram& operator=(const ClientProgram&) = delete;

  /// All that it has printed so far.
  const std::string& output() const { return output_; }

  /// Waits until it prints this line; false when it ends without.
  bool says(const std::string& line) {
    while (("\n" + output_).find("\n" + line + "\n") == std::string::npos) {
      if (!read_more()) return false;
    }
    return true;
  }

  void tell(const std::string& text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }

  /// Waits for its end; the exit status, -1 if it had to be killed.
  int finish() {
    if (pid_ <= 0) return -1;
    ::shutdown(socket_, SHUT_WR);
    while (read_more()) continue;
    if (std::chrono::steady_clock::now() >= end_) ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  bool read_more() {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end_ - std::chrono::steady_clock::now());
    pollfd readable{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0)
      return false;
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(socket_, buffer.data(), buffer.size());
    if (size <= 0) return false;
    output_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  // The scripts give up themselves after the same time, and say where.
  std::chrono::steady_clock::time_point end_{std::chrono::steady_clock::now() + kLimit * 3 / 2};
  pid_t pid_{0};
  int socket_{-1};
  std::string output_{};
};

std::string address_of(const LiveCluster& cluster, const std::string& node) {
  return cluster.member(node).host + ":" + std::to_string(cluster.member(node).port);
}

/// A program on hiredis, which leaves the search for the primary to its user.
class HiredisProgram {
 public:
  explicit HiredisProgram(Words addresses)
      : addresses_(std::move(addresses)), address_(addresses_.front()) {}

  /// The reply, from wherever the primary is by now.
  std::string command(const Words& words) {
    std::optional<std::string> answer;
    eventually([&] { return (answer = attempt(words)).has_value(); }, seconds(30));
    return answer.value_or("no answer; last error: " + last_error_);
  }

  /// Replies to commands that are sent in one go; redirections are not followed.
  Words pipeline(const std::vector<Words>& commands) {
    for (const Words& words : commands) append(words);
    Words answers;
    while (answers.size() < commands.size()) {
      const Answer answer = next();
      if (!answer) break;
      answers.push_back(text_of(*answer));
    }
    return answers;
  }

 private:
  struct Release {
    void operator()(redisContext* context) const { redisFree(context); }
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Answer = std::unique_ptr<redisReply, Release>;

  static std::string text_of(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
    if (reply.type == REDIS_REPLY_NIL) return "nil";
    if (reply.type != REDIS_REPLY_ARRAY) return {reply.str, reply.len};
    std::string text;
    for (std::size_t i = 0; i < reply.elements; ++i) {
      text += (i > 0 ? "," : "") + text_of(*reply.element[i]);
    }
    return text;
  }

  void append(const Words& words) {
    std::vector<const char*> pointers;
    std::vector<std::size_t> lengths;
    for (const std::string& word : words) {
      pointers.push_back(word.data());
      lengths.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), pointers.data(),
                           lengths.data());
  }

  /// Nothing when the connection is broken.
  Answer next() {
    void* reply = nullptr;
    redisGetReply(context_.get(), &reply);
    return Answer(static_cast<redisReply*>(reply));
  }

  void connect() {
    const std::size_t colon = address_.find(':');
    context_.reset(redisConnectWithTimeout(address_.substr(0, colon).c_str(),
                                           std::stoi(address_.substr(colon + 1)), {1, 0}));
    redisSetTimeout(context_.get(), {5, 0});
  }

  void go_to(const std::string& address) {
    context_.reset();
    address_ = address;
  }

  std::optional<std::string> attempt(const Words& words) {
    if (!context_) connect();
    if (context_->err == 0) append(words);
    const Answer answer = context_->err == 0 ? next() : nullptr;
    if (!answer) {
      last_error_ = context_->errstr;
      go_to(addresses_[++attempts_ % addresses_.size()]);
      return std::nullopt;
    }
    const std::string text = text_of(*answer);
    if (answer->type != REDIS_REPLY_ERROR) return text;
    last_error_ = text;
    if (text.starts_with("MOVED ")) {
      go_to(text.substr(text.rfind(' ') + 1));
      return std::nullopt;
    }
    if (text.starts_with("CLUSTERDOWN ") || text.starts_with("TRYAGAIN ")) return std::nullopt;
    return text;
  }

  Words addresses_;
  std::string address_;
  std::size_t attempts_{0};
  std::unique_ptr<redisContext, Release> context_{};
  std::string last_error_{};
};

/// Three nodes that have met and name the primary: clients take the list of nodes from the first
/// one that they ask.
class AcquaintedCluster : public LiveCluster {
 public:
  AcquaintedCluster() {
    for (const std::string& node : names()) {
      EXPECT_TRUE(eventually([&] { return knows_all(node); })) << node;
    }
  }

 private:
  bool knows_all(const std::string& node) const {
    const std::string slots =
        HiredisProgram({address_of(*this, node)}).command({"CLUSTER", "SLOTS"});
    for (const Member& member : config().members) {
      const std::size_t place = slots.find(member.host + "," + std::to_string(member.port) + ",");
      const bool first = place == std::string("0,16383,").size();
      if (place == std::string::npos || first != (member.node_id == primary())) return false;
    }
    return true;
  }
};

/// The primary's address first.
Words addresses_of(const LiveCluster& cluster) {
  Words addresses{address_of(cluster, cluster.primary())};
  for (const std::string& node : cluster.secondaries()) {
    addresses.push_back(address_of(cluster, node));
  }
  return addresses;
}

Words with_addresses(Words words, const LiveCluster& cluster) {
  for (const std::string& address : addresses_of(cluster)) words.push_back(address);
  return words;
}

/// What redis-cli prints, errors included.
std::string cli(const LiveCluster& cluster, const std::string& node, const Words& arguments,
                const std::string& input = "") {
  Words words{"redis-cli", "-p", std::to_string(cluster.member(node).port)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  ClientProgram program(words);
  program.tell(input);
  program.finish();
  return program.output();
}

/// A client that knows only one node works there, and again when the node is back.
void works_on_one_node(const Words& words) {
  AcquaintedCluster cluster;
  const std::string primary = cluster.primary();
  ClientProgram client(with_addresses(words, cluster));
  ASSERT_TRUE(client.says("ready")) << client.output();
  cluster.kill(primary);
  cluster.start(primary);
  client.tell("restarted\n");
  EXPECT_EQ(client.finish(), 0) << client.output();
}

/// A client that looks for the primary finds the next one by itself and has lost nothing. `depose`
/// ends the reign of the first one.
void finds_the_next_primary(const Words& words,
                            const std::function<void(LiveCluster&, const std::string&)>& depose) {
  AcquaintedCluster cluster;
  const std::string primary = cluster.primary();
  ClientProgram client(with_addresses(words, cluster));
  ASSERT_TRUE(client.says("ready")) << client.output();
  depose(cluster, primary);
  client.tell("deposed\n");
  EXPECT_EQ(client.finish(), 0) << client.output();
}

void goes_on_after_kill_9(const Words& words) {
  finds_the_next_primary(words, &LiveCluster::kill);
}

/// The old primary goes on as a secondary: a client must not stay with it.
void goes_on_after_a_handover(const Words& words) {
  finds_the_next_primary(words, [](LiveCluster& cluster, const std::string& primary) {
    EXPECT_EQ(cli(cluster, primary, {"FAILOVER"}), "OK\n");
  });
}

Words python_script(const std::string& face) {
  return {"/usr/bin/python3", std::string(KV_CLIENT_SCRIPTS) + "/redis_py.py", face};
}

Words node_script(const std::string& name, const std::string& face) {
  return {"env", std::string("KV_NODE_MODULES=") + KV_NODE_MODULES, "node",
          std::string(KV_CLIENT_SCRIPTS) + "/" + name, face};
}

TEST(RedisClients, RedisPyWorksOnOneNode) {
  works_on_one_node(python_script("plain"));
}

TEST(RedisClients, RedisPyClusterGoesOnAfterKill9) {
  goes_on_after_kill_9(python_script("cluster"));
}

TEST(RedisClients, RedisPySentinelGoesOnAfterKill9) {
  goes_on_after_kill_9(python_script("sentinel"));
}

TEST(RedisClients, RedisPySentinelGoesOnAfterAHandover) {
  goes_on_after_a_handover(python_script("sentinel"));
}

/// The packages from npm: ./kv test fetches them, if it can reach a registry.
class NodeClients : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(KV_NODE_MODULES) + "/redis")) {
      GTEST_SKIP() << "ioredis and node-redis are not installed in " << KV_NODE_MODULES
                   << "; ./kv test does that";
    }
  }
};

TEST_F(NodeClients, IoredisWorksOnOneNode) {
  works_on_one_node(node_script("ioredis.mjs", "plain"));
}

TEST_F(NodeClients, IoredisClusterGoesOnAfterKill9) {
  goes_on_after_kill_9(node_script("ioredis.mjs", "cluster"));
}

TEST_F(NodeClients, IoredisSentinelGoesOnAfterKill9) {
  goes_on_after_kill_9(node_script("ioredis.mjs", "sentinel"));
}

TEST_F(NodeClients, IoredisSentinelGoesOnAfterAHandover) {
  goes_on_after_a_handover(node_script("ioredis.mjs", "sentinel"));
}

TEST_F(NodeClients, NodeRedisWorksOnOneNode) {
  works_on_one_node(node_script("node_redis.mjs", "plain"));
}

TEST_F(NodeClients, NodeRedisClusterGoesOnAfterKill9) {
  goes_on_after_kill_9(node_script("node_redis.mjs", "cluster"));
}

TEST_F(NodeClients, NodeRedisSentinelGoesOnAfterKill9) {
  goes_on_after_kill_9(node_script("node_redis.mjs", "sentinel"));
}

TEST_F(NodeClients, NodeRedisSentinelGoesOnAfterAHandover) {
  goes_on_after_a_handover(node_script("node_redis.mjs", "sentinel"));
}

TEST(RedisClients, RedisCliSpeaksBothProtocols) {
  AcquaintedCluster cluster;
  const std::string node = cluster.primary();
  EXPECT_EQ(cli(cluster, node, {"SET", "a", "1", "EX", "100"}), "OK\n");
  EXPECT_EQ(cli(cluster, node, {"-3", "INCRBY", "a", "41"}), "42\n");
  EXPECT_EQ(cli(cluster, node, {"-3", "GET", "nothing"}), "\n");
  EXPECT_EQ(cli(cluster, node, {"MSET", "b", "two words", "c", "3"}), "OK\n");
  EXPECT_EQ(cli(cluster, node, {"--no-raw", "MGET", "b", "nothing"}),
            "1) \"two words\"\n2) (nil)\n");
  EXPECT_NE(cli(cluster, node, {"-3", "HELLO"}).find("proto 3\n"), std::string::npos);
  EXPECT_EQ(cli(cluster, node, {"INCR", "b"}), "ERR value is not an integer or out of range\n\n");
  EXPECT_EQ(cli(cluster, node, {"--scan", "--pattern", "?"}).size(), 6U);
  EXPECT_EQ(cli(cluster, node, {}, "MULTI\nSET t 1\nINCR t\nEXEC\n"),
            "OK\nQUEUED\nQUEUED\nOK\n2\n");
  EXPECT_NE(cli(cluster, node, {"--pipe"}, "*3\r\n$3\r\nSET\r\n$1\r\np\r\n$1\r\nq\r\n")
                .find("errors: 0, replies: 1\n"),
            std::string::npos);
  EXPECT_EQ(cli(cluster, node, {"GET", "p"}), "q\n");
}

TEST(RedisClients, RedisCliFollowsRedirectionsAlsoAfterKill9) {
  AcquaintedCluster cluster;
  const Words followers = cluster.secondaries();
  const std::string primary = cluster.primary();
  EXPECT_EQ(cli(cluster, followers[0], {"SET", "a", "1"}),
            "MOVED 15495 " + address_of(cluster, primary) + "\n\n");
  EXPECT_EQ(cli(cluster, followers[0], {"-c", "SET", "a", "1"}), "OK\n");
  EXPECT_EQ(cli(cluster, followers[1], {"-3", "-c", "GET", "a"}), "1\n");
  cluster.kill(primary);
  for (int i = 0; i < 10; ++i) {
    const std::string key = "after:" + std::to_string(i);
    const std::string& survivor = followers[static_cast<std::size_t>(i) % 2];
    EXPECT_TRUE(eventually([&] {
      return cli(cluster, survivor, {"-c", "SET", key, "v"}) == "OK\n";
    }));
    EXPECT_EQ(cli(cluster, survivor, {"-c", "GET", key}), "v\n");
  }
  EXPECT_EQ(cli(cluster, followers[0], {"-c", "GET", "a"}), "1\n");
}

TEST(RedisClients, RedisBenchmarkRunsToItsEnd) {
  AcquaintedCluster cluster;
  const std::string port = std::to_string(cluster.member(cluster.primary()).port);
  for (const char* pipelined : {"1", "32"}) {
    ClientProgram benchmark({"redis-benchmark", "-p", port, "-t", "ping,set,get,incr,mset", "-n",
                             "1000", "-c", "20", "-q", "-P", pipelined});
    EXPECT_EQ(benchmark.finish(), 0) << benchmark.output();
    const std::string& output = benchmark.output();
    for (const char* test : {"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"}) {
      EXPECT_NE(output.find(std::string(test) + ": "), std::string::npos) << output;
    }
    EXPECT_EQ(output.find("WARNING"), std::string::npos) << output;
    EXPECT_EQ(output.find("rror"), std::string::npos) << output;
  }
}

TEST(RedisClients, AProgramOnHiredisWorksOnThePrimary) {
  AcquaintedCluster cluster;
  HiredisProgram program(addresses_of(cluster));
  const std::string binary("\0\r\n$5\r\n\xff", 8);
  EXPECT_EQ(program.command({"SET", "blob", binary}), "OK");
  EXPECT_EQ(program.command({"GET", "blob"}), binary);
  EXPECT_EQ(program.command({"STRLEN", "blob"}), "8");
  EXPECT_EQ(program.command({"GETDEL", "blob"}), binary);
  EXPECT_EQ(program.command({"GET", "blob"}), "nil");
  EXPECT_EQ(program.command({"SETEX", "brief", "100", "v"}), "OK");
  EXPECT_EQ(program.command({"PERSIST", "brief"}), "1");
  EXPECT_EQ(program.command({"TTL", "brief"}), "-1");
  EXPECT_EQ(program.command({"INCR", "brief"}), "ERR value is not an integer or out of range");
  EXPECT_EQ(program.command({"MSET", "a", "1", "b", "2"}), "OK");
  EXPECT_EQ(program.command({"MGET", "a", "nothing", "b"}), "1,nil,2");
  EXPECT_EQ(program.pipeline({{"MULTI"}, {"INCR", "a"}, {"APPEND", "b", "x"}, {"EXEC"}}),
            (Words{"OK", "QUEUED", "QUEUED", "2,2"}));
  const Words counted = program.pipeline(std::vector<Words>(1000, {"INCR", "n"}));
  ASSERT_EQ(counted.size(), 1000U);
  EXPECT_EQ(counted.back(), "1000");
}

TEST(RedisClients, AProgramOnHiredisFollowsMovedAlsoAfterKill9) {
  AcquaintedCluster cluster;
  Words addresses = addresses_of(cluster);
  std::swap(addresses.front(), addresses.back());
  HiredisProgram program(addresses);
  const auto write = [&](int first) {
    for (int i = first; i < first + kWrites; ++i) {
      const std::string number = std::to_string(i);
      ASSERT_EQ(program.command({"SET", "count:" + number, number}), "OK");
    }
  };
  write(0);
  cluster.kill(cluster.primary());
  write(kWrites);
  for (int i = 0; i < 2 * kWrites; ++i) {
    EXPECT_EQ(program.command({"GET", "count:" + std::to_string(i)}), std::to_string(i));
  }
}

}  // namespace
}  // namespace kv
