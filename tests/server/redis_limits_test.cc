// What hostile or greedy Redis clients may do to a node: a clear error, a close, bounded memory.
#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryTells = false;  // sanitizers keep what was freed
#else
constexpr bool kMemoryTells = true;
#endif

constexpr int kSilenceMs = 10'000;
/// A node that takes nothing for so long takes no more.
constexpr int kBlockedMs = 300;
constexpr std::string_view kPong = "+PONG\r\n";

std::string command(const std::vector<std::string>& words) {
  std::string frame = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    frame += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return frame;
}

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

/// A socket that sends and reads just what it is told to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }

  /// As much as the node takes while nobody reads its answers; how many bytes.
  std::size_t send_blindly(std::string_view bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size() && ready(POLLOUT, kBlockedMs)) {
      const ssize_t size =
          ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0) break;
      sent += static_cast<std::size_t>(size);
    }
    return sent;
  }

  /// Sends all of it and takes in what comes meanwhile; false when the node closed before.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd poll{socket_, POLLOUT | POLLIN, 0};
      if (::poll(&poll, 1, kSilenceMs) <= 0) return false;
      if ((poll.revents & (POLLIN | POLLHUP)) != 0 && !take_in()) return false;
      if ((poll.revents & POLLOUT) == 0) continue;
      const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  /// Waits for that many bytes; fewer when the node closes or is silent.
  std::string receive(std::size_t size) {
    while (arrived_.size() < size && ready(POLLIN, kSilenceMs) && take_in()) continue;
    std::string bytes = arrived_.substr(0, size);
    arrived_.erase(0, bytes.size());
    return bytes;
  }

  /// All until the node closes; "…" at its end when it doesn't.
  std::string rest() {
    while (ready(POLLIN, kSilenceMs)) {
      if (!take_in()) return std::exchange(arrived_, {});
    }
    return std::exchange(arrived_, {}) + "…";
  }

  /// The answers to that, after which nothing more is asked.
  std::string answers_to(std::string_view bytes) {
    if (send(bytes)) ::shutdown(socket_, SHUT_WR);
    return rest();
  }

 private:
  bool ready(short event, int wait_ms) const {
    pollfd poll{socket_, event, 0};
    return ::poll(&poll, 1, wait_ms) > 0;
  }

  bool take_in() {
    std::array<char, 64 << 10> piece{};
    const ssize_t size = ::recv(socket_, piece.data(), piece.size(), 0);
    if (size <= 0) return false;
    arrived_.append(piece.data(), static_cast<std::size_t>(size));
    return true;
  }

  int socket_;
  bool connected_{false};
  std::string arrived_{};
};

class RedisLimits : public testing::Test {
 protected:
  static LiveCluster::Options one_node() {
    LiveCluster::Options options;
    options.nodes = 1;
    return options;
  }

  std::uint16_t port() const { return cluster.member("node1").port; }
  std::string answers_to(std::string_view bytes) { return RawClient(port()).answers_to(bytes); }

  std::string process_file(const std::string& name) {
    if (pid.empty()) pid = std::to_string(*cluster.status("node1")->pid);
    return "/proc/" + pid + "/" + name;
  }
  /// "VmRSS" or "VmHWM", its peak.
  std::size_t memory(const std::string& what) {
    std::ifstream status(process_file("status"));
    for (std::string word; status >> word;) {
      std::size_t kilobytes = 0;
      if (word == what + ":" && status >> kilobytes) return kilobytes << 10;
    }
    ADD_FAILURE() << what << " is not in " << process_file("status");
    return 0;
  }
  void forget_peak() {
    std::ofstream(process_file("clear_refs")) << "5";
    before = memory("VmRSS");
  }
  void expect_peak_below(std::size_t bytes) {
    if (kMemoryTells) {
      EXPECT_LT(memory("VmHWM"), before + bytes);
    }
  }
  void expect_healthy() {
    EXPECT_TRUE(cluster.running("node1"));
    EXPECT_EQ(answers_to(command({"SET", "healthy", "yes"}) + command({"GET", "healthy"})),
              "+OK\r\n" + bulk("yes"));
  }

  LiveCluster cluster{one_node()};
  std::string pid{};
  std::size_t before{0};
};

TEST_F(RedisLimits, MalformedFramesGetRedissWordsAndAClose) {
  const std::vector<std::pair<std::string, std::string>> frames{
      {"*abc\r\n", "invalid multibulk length"},
      {"*1048577\r\n", "invalid multibulk length"},
      {"*+1\r\n", "invalid multibulk length"},
      {"*" + std::string(70'000, '1'), "too big mbulk count string"},
      {"*1\r\nfoo\r\n", "expected '$', got 'f'"},
      {"*1\r\n:5\r\n", "expected '$', got ':'"},
      {"*1\r\n$-1\r\n", "invalid bulk length"},
      {"*1\r\n$abc\r\n", "invalid bulk length"},
      {"*1\r\n$9000000\r\n", "invalid bulk length"},
      {"*2\r\n$3\r\nGET\r\n$" + std::string(70'000, '1'), "too big bulk count string"},
      {"SET \"a b\r\n", "unbalanced quotes in request"},
      {"PING " + std::string(70'000, 'x') + "\r\n", "too big inline request"},
  };
  for (const auto& [frame, words] : frames) {
    const std::string expected = std::string(kPong) + "-ERR Protocol error: " + words + "\r\n";
    EXPECT_EQ(answers_to(command({"PING"}) + frame + command({"PING"})), expected)
        << frame.substr(0, 20);
  }
  expect_healthy();
}

TEST_F(RedisLimits, GarbageEndsInACloseAndTakesNoMemory) {
  std::mt19937 random{7};
  std::string garbage(4 << 20, '\0');
  for (char& byte : garbage) byte = static_cast<char>(random());
  forget_peak();
  for (int i = 0; i < 10; ++i) {
    RawClient client(port());
    bool open = true;
    for (int piece = 0; piece < 16 && open; ++piece) open = client.send(garbage);
    EXPECT_FALSE(open) << "64 MiB were taken";
  }
  expect_peak_below(32 << 20);
  expect_healthy();
}

TEST_F(RedisLimits, ALineWithoutAnEndTakesNoMemory) {
  forget_peak();
  RawClient client(port());
  const std::string piece(4 << 20, 'x');
  for (int i = 0; i < 32; ++i) ASSERT_TRUE(client.send(piece));
  expect_peak_below(40 << 20);
  expect_healthy();
}

TEST_F(RedisLimits, AClientThatDoesNotReadIsNotReadFrom) {
  const std::string value(1 << 20, 'v');
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(answers_to(command({"SET", "v" + std::to_string(i), value})), "+OK\r\n");
  }
  std::vector<std::string> many{"MGET"};
  for (int i = 0; i < 8; ++i) many.push_back("v" + std::to_string(i));
  const std::string transaction =
      command({"MULTI"}) + times(8, command({"GET", "v1"})) + command({"EXEC"});
  for (const std::string& greed : {times(600'000, command({"GET", "v1"})),
                                   times(150'000, command(many)), times(60'000, transaction)}) {
    forget_peak();
    RawClient client(port());
    EXPECT_LT(client.send_blindly(greed), greed.size());
    expect_peak_below(64 << 20);
  }
  expect_healthy();
}

TEST_F(RedisLimits, AnswersBehindAWaitTakeNoMemory) {
  const std::string echo = command({"ECHO", std::string(1 << 20, 'e')});
  forget_peak();
  RawClient client(port());
  ASSERT_TRUE(client.send(command({"WAIT", "9", "0"})));
  client.send_blindly(times(100, echo));
  expect_peak_below(32 << 20);
  expect_healthy();
}

TEST_F(RedisLimits, NamesAreBounded) {
  const std::string name(1 << 20, 'n');
  forget_peak();
  RawClient client(port());
  std::string words;
  for (int i = 0; i < 100; ++i) {
    const std::string own = std::to_string(i) + name;
    words += command({"WATCH", own}) + command({"CLIENT", "SETINFO", "lib-name", own}) +
             command({"CLIENT", "SETNAME", own}) + command({"PSUBSCRIBE", own});
  }
  ASSERT_TRUE(client.send(words + command({"PING"})));
  expect_peak_below(48 << 20);
  expect_healthy();
}

TEST_F(RedisLimits, AClientThatGoesWhileItWaitsIsForgotten) {
  for (int i = 0; i < 50; ++i) {
    RawClient client(port());
    ASSERT_TRUE(client.send(command({"WAIT", "9", "0"})));
  }
  EXPECT_TRUE(eventually([&] { return *cluster.status("node1")->connections <= 1; }));
  expect_healthy();
}

TEST_F(RedisLimits, ADisconnectInTheMiddleOfAPipelineLosesNothingAcknowledged) {
  constexpr int kClients = 10;
  constexpr int kWrites = 5000;
  constexpr int kRead = 500;
  for (int client = 0; client < kClients; ++client) {
    std::string writes;
    for (int i = 0; i < kWrites; ++i) {
      writes += command({"SETRANGE", "p" + std::to_string(client), std::to_string(i), "x"});
    }
    RawClient raw(port());
    raw.send_blindly(writes);
    int lines = 0;
    while (lines < kRead) {
      const std::string byte = raw.receive(1);
      ASSERT_FALSE(byte.empty());
      if (byte == "\n") ++lines;
    }
  }
  for (int client = 0; client < kClients; ++client) {
    // Each write lengthens the value by one byte, unless one before it was left out.
    const std::string value =
        answers_to(command({"GETRANGE", "p" + std::to_string(client), "0", "-1"}));
    EXPECT_EQ(value.find('\0'), std::string::npos);
    EXPECT_GE(std::count(value.begin(), value.end(), 'x'), kRead);
  }
  expect_healthy();
}

TEST_F(RedisLimits, IdleConnectionsAreCheap) {
  constexpr std::size_t kConnections = 2000;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < kConnections + 100) GTEST_SKIP() << "needs 2100 descriptors (ulimit -n)";
  forget_peak();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (std::size_t i = 0; i < kConnections; ++i) {
    idle.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(idle.back()->connected());
    ASSERT_TRUE(idle.back()->send(command({"PING"})));
    ASSERT_EQ(idle.back()->receive(kPong.size()), kPong);
  }
  if (kMemoryTells) {
    EXPECT_LT((memory("VmRSS") - before) / kConnections, std::size_t{16} << 10);
  }
  expect_healthy();
}

TEST_F(RedisLimits, HoweverTheBytesAreCutTheAnswersAreTheSame) {
  const std::string bytes =
      command({"SET", "a", "1\r\n*2"}) + "PING\n" + command({"GET", "a"}) + "\r\n\n" +
      "set b \"two words\"\r\nget b\r\n" + "SET c three\nGET c\n" + "*0\r\n*-1\r\n" +
      command({"MULTI"}) + command({"INCR", "n"}) + "get b\r\n" + command({"EXEC"}) +
      command({"SET", "big", std::string(100'000, 'b')}) + command({"STRLEN", "big"}) +
      command({"NOSUCH", "x"}) + command({"DEL", "n"}) + "*1\r\nbad";
  const std::string expected = answers_to(bytes);
  EXPECT_NE(expected.find("expected '$', got 'b'"), std::string::npos) << expected;
  std::mt19937 random{7};
  for (int round = 0; round < 30; ++round) {
    RawClient client(port());
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t most = random() % 2 == 0 ? 4 : 20'000;
      const std::string piece = bytes.substr(at, 1 + random() % most);
      ASSERT_TRUE(client.send(piece));
      at += piece.size();
    }
    ASSERT_EQ(client.answers_to(""), expected) << round;
  }
}

TEST_F(RedisLimits, ASilentWatchCounts) {
  RawClient client(port());
  ASSERT_TRUE(client.send(command({"SET", "w", "1"}) + command({"CLIENT", "REPLY", "SKIP"}) +
                          command({"WATCH", "w"}) + command({"PING"})));
  EXPECT_EQ(client.receive(12), "+OK\r\n+PONG\r\n");
  EXPECT_EQ(answers_to(command({"SET", "w", "2"})), "+OK\r\n");
  EXPECT_EQ(client.answers_to(command({"MULTI"}) + command({"SET", "w", "3"}) + command({"EXEC"})),
            "+OK\r\n+QUEUED\r\n*-1\r\n");
}

TEST_F(RedisLimits, LfIsJsonAndCrlfIsRedis) {
  const std::string json = "{\"status\": \"OK\", \"message\": \"PONG\"}\n";
  EXPECT_EQ(answers_to("PING\n" + command({"PING"}) + "PING\r\nPING\n"),
            json + std::string(kPong) + std::string(kPong) + json);
  for (const char* request : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
                              "POST / HTTP/1.1\r\n\r\nSET a b\r\n", "Host: x\r\n", "Host: x\n"}) {
    const std::string answer = answers_to(request + command({"SET", "web", "1"}));
    EXPECT_EQ(answer.find("HTTP/1.1 400"), 0U) << request << answer;
    EXPECT_EQ(answer.find("OK"), std::string::npos) << answer;
  }
  EXPECT_EQ(answers_to(command({"EXISTS", "web"})), ":0\r\n");
}

TEST(RedisDialect, OneOfThemCanBeForced) {
  for (const std::string dialect : {"json", "redis"}) {
    LiveCluster::Options options;
    options.nodes = 1;
    options.start = false;
    options.more_arguments = {"--dialect", dialect};
    LiveCluster cluster(options);
    cluster.start("node1");
    const auto answers_to = [&](const std::string& bytes) {
      return RawClient(cluster.member("node1").port).answers_to(bytes);
    };
    ASSERT_TRUE(eventually([&] { return answers_to(command({"PING"})) == kPong; })) << dialect;
    const std::string pong = answers_to("PING\n");
    EXPECT_EQ(pong == kPong, dialect == "redis") << pong;
    EXPECT_EQ(answers_to("PING\r\n"), pong);
  }
}

TEST(RedisCluster, AnEntryThatNoPeerCouldTakeIsRefused) {
  LiveCluster cluster;
  std::vector<std::string> words{"MSET"};
  const std::string value(320, 'v');
  for (int i = 0; i < 150'000; ++i) {
    words.push_back("key" + std::to_string(i));
    words.push_back(value);
  }
  const std::string answers = RawClient(cluster.member(cluster.primary()).port)
                                  .answers_to(command(words) + command({"SET", "after", "yes"}));
  EXPECT_EQ(answers.find("-ERR "), 0U) << answers;
  EXPECT_EQ(answers.substr(std::min(answers.size(), answers.find("\r\n"))), "\r\n+OK\r\n");
}

TEST(RedisCluster, LargeValuesReadFromASecondaryDoNotMove) {
  LiveCluster cluster;
  const std::string value(4 << 20, 'v');
  ASSERT_TRUE(cluster.execute("SET large " + value).ok());
  ASSERT_TRUE(eventually([&] { return cluster.in_step(); }));
  constexpr int kReads = 16;
  const std::string answers =
      RawClient(cluster.member(cluster.secondaries().front()).port)
          .answers_to(command({"READONLY"}) + times(kReads, command({"GET", "large"})));
  EXPECT_TRUE(answers == "+OK\r\n" + times(kReads, bulk(value))) << answers.substr(0, 100);
}

}  // namespace
}  // namespace kv
