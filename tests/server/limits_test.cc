// What many or greedy clients and peers may take of a node: memory, turns of its loop, descriptors.
#include <chrono>
#include <csignal>
#include <map>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>
#include <malloc.h>

#include "child_process.h"
#include "client_listener.h"
#include "core/command.h"
#include "frame_stream.h"
#include "peer_listener.h"
#include "server/live_cluster.h"
#include "steady_now.h"

namespace kv {
namespace {

using asio::ip::tcp;

tcp::acceptor listen(asio::io_context& loop) {
  return tcp::acceptor(loop, {asio::ip::address_v4::loopback(), 0});
}

tcp::socket dial(asio::io_context& loop, const tcp::endpoint& to) {
  tcp::socket socket(loop);
  socket.connect(to);
  return socket;
}

bool run_until(asio::io_context& loop, const std::function<bool()>& condition) {
  loop.restart();
  return eventually([&] {
    loop.poll();
    loop.restart();
    return condition();
  });
}

/// A store behind the listener, which answers when the test says so.
class Store final : public ClientRequests {
 public:
  void submit(ClientRequest request) override { open.push_back(std::move(request)); }
  std::string status_line() override { return std::to_string(++status_lines) + "\n"; }
  NodeFacts facts() override { return {}; }
  std::uint64_t now_ms() const override { return 0; }
  std::optional<Refusal> refusal() const override { return std::nullopt; }
  std::size_t replicas_with(LogIndex) const override { return 0; }
  bool begin_snapshot() override { return true; }
  bool saving_snapshot() const override { return false; }
  std::uint64_t failed_snapshots() const override { return 0; }
  void hand_over(NodeId) override {}
  void shut_down() override {}
  bool stopping() const override { return false; }
  void client_done() override {}
  void watch_begins() override {}

  void answer_all(ClientListener& clients) {
    for (ClientRequest& request : std::exchange(open, {})) {
      ClientReply reply{request.id, Answer::ok()};
      if (const auto* read = std::get_if<ReadRequest>(&request.body)) {
        reply.body = Answer::of(
            std::string_view(values.at(std::string(decode_command(read->command)->key))));
      } else {
        const Command set = *decode_command(std::get<WriteRequest>(request.body).command);
        values[std::string(set.key)] = set.value;
      }
      clients.deliver(reply, steady_now());
    }
    clients.flush();
  }

  std::vector<ClientRequest> open{};
  std::map<std::string, std::string> values{};
  int status_lines{0};
};

class ClientLimits : public testing::Test {
 protected:
  ClientLimits() { clients.start(); }

  void send(const std::string& lines) { asio::write(client, asio::buffer(lines)); }

  /// The next line, with the store at work meanwhile.
  std::string receive() {
    while (true) {
      const std::size_t end = received.find('\n', searched);
      if (end != std::string::npos) {
        searched = 0;
        std::string line = received.substr(0, end);
        received.erase(0, end + 1);
        return line;
      }
      searched = received.size();
      std::error_code error = asio::error::would_block;
      const bool arrived = run_until(loop, [&] {
        store.answer_all(clients);
        const std::size_t size = client.read_some(asio::buffer(piece), error);
        received.append(piece.data(), size);
        return error != asio::error::would_block;
      });
      if (!arrived || error) return "nothing: " + error.message();
    }
  }

  /// Until the node takes no more.
  void run_dry() {
    do {
      store.answer_all(clients);
      loop.poll();
      loop.restart();
    } while (!store.open.empty());
  }

  void warm_up() {
    store.values["small"] = "v";
    for (int i = 0; i < 300; ++i) send("GET small\n");
    for (int i = 0; i < 300; ++i) ASSERT_EQ(receive(), R"({"status": "OK", "value": "v"})");
  }

  asio::io_context loop{1};
  NodeOptions options{[] {
    NodeOptions of_node1;
    of_node1.cluster = default_cluster();
    of_node1.self = 1;
    of_node1.max_connections = 100;
    return of_node1;
  }()};
  EventLog log{options.cluster, 1, "error"};
  Store store{};
  tcp::acceptor acceptor{listen(loop)};
  tcp::endpoint address{acceptor.local_endpoint()};
  ClientListener clients{std::move(acceptor), options, store, log};
  tcp::socket client{[this] {
    tcp::socket socket = dial(loop, address);
    socket.non_blocking(true);
    return socket;
  }()};
  std::vector<char> piece = std::vector<char>(1 << 20);
  std::string received{};
  std::size_t searched{0};
};

std::size_t memory_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST_F(ClientLimits, ManySmallGetsAreUnderWayAtOnce) {
  warm_up();
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += "GET small\n";
  send(lines);
  EXPECT_TRUE(run_until(loop, [&] { return store.open.size() >= 128; })) << store.open.size();
}

TEST_F(ClientLimits, LargeValuesBehindSmallOnesDoNotPileUp) {
  warm_up();
  constexpr int kValues = 256;
  std::string lines;
  for (int i = 0; i < kValues; ++i) {
    const std::string key = "k" + std::to_string(i);
    store.values[key] = std::string(512 << 10, static_cast<char>('a' + i % 26));
    lines += "GET " + key + "\n";
  }
  const std::size_t before = memory_in_use();
  send(lines + "SET k255 later\n");
  ASSERT_TRUE(run_until(loop, [&] { return store.open.size() >= 128; })) << store.open.size();
  run_dry();
  EXPECT_LT(memory_in_use() - before, std::size_t{40} << 20);
  for (int i = 0; i < kValues; ++i) {
    const std::string value(512 << 10, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(receive() == R"({"status": "OK", "value": ")" + value + "\"}") << i;
  }
  EXPECT_EQ(receive(), R"({"status": "OK", "message": "Key 'k255' set"})");
}

TEST_F(ClientLimits, AValueIsAlwaysAnsweredHoweverLargeItIs) {
  store.values["huge"] = std::string(20 << 20, 'h');
  send("GET huge\nGET huge\nPING\n");
  for (int i = 0; i < 2; ++i) EXPECT_GT(receive().size(), std::size_t{20} << 20);
  EXPECT_EQ(receive(), R"({"status": "OK", "message": "PONG"})");
}

TEST_F(ClientLimits, APipelineOfStatusCostsOneLookATurn) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "STATUS\n";
  send(lines);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(receive(), "");
  EXPECT_LT(store.status_lines, 50);
  const int looks = store.status_lines;
  send("STATUS\n");
  EXPECT_EQ(receive(), std::to_string(looks + 1)) << "no stale answer";
}

TEST_F(ClientLimits, AnHttpClientThatStaysIsSentAway) {
  send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(receive(), "HTTP/1.1 400 Bad Request\r");
  EXPECT_EQ(clients.connections(), 1u) << "an answer needs time to arrive";
  EXPECT_TRUE(run_until(loop, [&] { return clients.connections() == 0; }));
}

TEST_F(ClientLimits, AWatcherThatDoesNotReadTakesNoMemory) {
  send("TRACE\n");
  ASSERT_TRUE(run_until(loop, [&] { return clients.watched(); }));
  TraceBatch batch{{}, {0, {}, 1, NodeObserved{}}};
  for (int i = 0; i < 100; ++i) {
    batch.records.push_back({0, {}, 1, ViolationFound{"", std::string(1000, 'w')}});
  }
  std::size_t shown = 0;
  const auto show = [&] {
    clients.show(batch);
    shown += batch.records.size();
    loop.poll();
    loop.restart();
  };
  show();
  shown = 0;
  const std::size_t before = memory_in_use();
  for (int i = 0; i < 500; ++i) show();
  EXPECT_LT(memory_in_use() - before, std::size_t{4} << 20);

  std::size_t seen = 0;
  std::string line = receive();
  EXPECT_NE(line.find("\"program\""), std::string::npos) << line;
  for (; line.find("RecordsLost") == std::string::npos; line = receive()) {
    if (line.find("ViolationFound") != std::string::npos) ++seen;
    show();
  }
  EXPECT_GT(seen, 1000U);
  const std::size_t count_at = line.find("\"count\":") + 8;
  const std::size_t lost = std::stoul(line.substr(count_at));
  EXPECT_NE(receive().find("NodeObserved"), std::string::npos);
  EXPECT_GT(lost, 10'000U);
  EXPECT_LE(seen + lost, shown) << "what was shown since is still to come";
}

class Dialled final : public PeerEvents {
 public:
  void peer_said(const Message&) override {}
  void peer_dialled(NodeId peer) override { peers.push_back(peer); }
  std::vector<NodeId> peers{};
};

bool closed_by_the_node(tcp::socket& socket) {
  char byte = 0;
  std::error_code error;
  socket.non_blocking(true);
  socket.read_some(asio::buffer(&byte, 1), error);
  return error != asio::error::would_block;
}

TEST(PeerLimits, ConnectionsThatSayNothingDoNotKeepPeersOut) {
  asio::io_context loop(1);
  const ClusterConfig cluster = default_cluster();
  EventLog log(cluster, 1, "error");
  Dialled dialled;
  tcp::acceptor acceptor = listen(loop);
  const tcp::endpoint address = acceptor.local_endpoint();
  PeerListener peers(std::move(acceptor), cluster, 1, dialled, log);
  peers.start();
  std::vector<tcp::socket> silent;
  const auto crowd = [&](int size) {
    for (int i = 0; i < size; ++i) {
      silent.push_back(dial(loop, address));
      loop.poll();
      loop.restart();
    }
  };
  crowd(100);
  tcp::socket peer = dial(loop, address);
  const Frame hello = make_frame(encode_hello({cluster_fingerprint(cluster), "node2", "node1", 7}));
  asio::write(peer, asio::buffer(hello.header));
  asio::write(peer, asio::buffer(hello.payload));
  EXPECT_TRUE(run_until(loop, [&] { return !dialled.peers.empty(); }));
  EXPECT_EQ(dialled.peers, std::vector<NodeId>{2});
  crowd(100);
  EXPECT_FALSE(closed_by_the_node(peer));
  EXPECT_TRUE(closed_by_the_node(silent.front()));
  EXPECT_FALSE(closed_by_the_node(silent.back()));
}

TEST(NodeLimits, ClientsCannotTakeTheDescriptorsOfTheLog) {
  LiveCluster::Options options;
  options.nodes = 1;
  options.start = false;
  LiveCluster cluster(options);
  std::string line = "ulimit -n 160 && exec";
  for (const std::string& word : cluster.command("node1")) line += " '" + word + "'";
  const std::string log_path = cluster.folder() + "/node1.log";
  const Result<pid_t> node = spawn({"/bin/sh", "-c", line}, log_path);
  ASSERT_TRUE(node);
  const std::string primary = cluster.primary();

  std::vector<LineConnection> clients;
  for (int i = 0; i < 200; ++i) {
    auto connection =
        LineConnection::connect("127.0.0.1", cluster.member(primary).port, seconds(2));
    if (connection) clients.push_back(std::move(*connection));
  }
  // Four segments.
  const std::string value(8 << 20, 'x');
  for (int i = 0; i < 4; ++i) {
    const auto reply = clients.front().request("SET key " + value, seconds(10));
    ASSERT_TRUE(reply) << reply.error().message << "\n" << cluster.log_of("node1");
    EXPECT_NE(reply->find("OK"), std::string::npos);
  }
  EXPECT_NE(cluster.log_of("node1").find("--max-connections 20000"), std::string::npos);
  EXPECT_NE(cluster.log_of("node1").find(" 32 "), std::string::npos) << cluster.log_of("node1");
  ::kill(*node, SIGKILL);
  EXPECT_TRUE(eventually([&] { return ending_of(*node).has_value(); }));
}

TEST(NodeLimits, ASecondSignalEndsTheNodeAtOnce) {
  LiveCluster::Options options;
  options.timing = "wan";
  LiveCluster cluster(options);
  ASSERT_EQ(cluster.primary(), "node1");
  // Nobody takes over: the shutdown waits for that.
  for (const char* other : {"node2", "node3"}) cluster.signal(other, SIGSTOP);
  cluster.signal("node1", SIGTERM);
  ASSERT_TRUE(eventually(
      [&] { return cluster.log_of("node1").find("shutting down") != std::string::npos; }));
  cluster.signal("node1", SIGINT);
  EXPECT_EQ(cluster.exit_status("node1"), 1);
  EXPECT_NE(cluster.log_of("node1").find("second signal"), std::string::npos);
}

}  // namespace
}  // namespace kv
