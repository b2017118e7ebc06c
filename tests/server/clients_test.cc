// The seed document's clients, letter by letter.
#include <array>
#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include "server/live_cluster.h"

namespace kv {
namespace {

struct Output {
  std::string text{};
  int status{-1};
};

Output run(const std::string& command) {
  Output output;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.text.append(buffer.data(), size);
  }
  output.status = ::pclose(pipe);
  return output;
}

constexpr const char* kPythonClient = R"(
import socket
import json

class KVClient:
    def __init__(self, host='127.0.0.1', port=6379):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.connect((host, port))

    def execute(self, command):
        self.sock.send(command.encode() + b'\n')
        response = self.sock.recv(4096)
        return json.loads(response.decode())

    def set(self, key, value):
        return self.execute(f'SET {key} {json.dumps(value)}')

    def get(self, key):
        return self.execute(f'GET {key}')

    def delete(self, key):
        return self.execute(f'DELETE {key}')

import sys
client = KVClient(port=int(sys.argv[1]))
client.set('user:1', {'name': 'Alice'})
print(client.get('user:1'))
client.delete('user:1')
print(client.get('user:1')['code'])
for value in ['text', 'with "quotes"', 5, 2.5, None, True, [1, {'x': 'ü'}], 'x' * 4000]:
    assert client.set('v', value)['status'] == 'OK'
    assert client.get('v')['value'] == value, value
print(client.execute('PING'), client.execute('STATUS')['role'])
)";

TEST(Clients, ThePythonClientOfTheDocument) {
  LiveCluster cluster;
  const std::string script =
      testing::TempDir() + "kv_client_" + std::to_string(cluster.member("node1").port) + ".py";
  std::ofstream(script) << kPythonClient;
  const Output output =
      run("python3 " + script + " " + std::to_string(cluster.member("node1").port));
  EXPECT_EQ(output.text,
            "{'status': 'OK', 'value': {'name': 'Alice'}}\nNOT_FOUND\n"
            "{'status': 'OK', 'message': 'PONG'} primary\n");
  EXPECT_EQ(output.status, 0);
  std::remove(script.c_str());
}

TEST(Clients, TheNetcatExamplesOfTheDocument) {
  LiveCluster cluster;
  const std::string nc = "nc 127.0.0.1 " + std::to_string(cluster.member("node1").port);
  EXPECT_EQ(run("(echo 'SET mykey myvalue'; sleep 1) | timeout 3 " + nc).text,
            "{\"status\": \"OK\", \"message\": \"Key 'mykey' set\"}\n");
  EXPECT_EQ(run("(echo 'GET mykey'; sleep 1) | timeout 3 " + nc).text,
            "{\"status\": \"OK\", \"value\": \"myvalue\"}\n");
  EXPECT_EQ(
      run("(echo 'STATUS'; sleep 1) | timeout 3 " + nc)
          .text.find(
              R"({"status": "OK", "node_id": "node1", "role": "primary", "election_term": 0)"),
      0U);
}

TEST(Clients, AHalfClosedConnectionStillGetsItsReplies) {
  LiveCluster cluster;
  const std::string nc = "nc -N 127.0.0.1 " + std::to_string(cluster.member("node1").port);
  EXPECT_EQ(
      run("printf 'SET a 1\\nGET a\\nPING\\n' | timeout 3 " + nc).text,
      "{\"status\": \"OK\", \"message\": \"Key 'a' set\"}\n{\"status\": \"OK\", \"value\": 1}\n"
      "{\"status\": \"OK\", \"message\": \"PONG\"}\n");
  // Half a line may be half a value.
  EXPECT_NE(run("printf 'SET a 12' | timeout 3 " + nc).text.find("BAD_REQUEST"), std::string::npos);
  EXPECT_EQ(cluster.execute("GET a").value, "1");
}

TEST(Clients, ShutdownHandsOver) {
  LiveCluster cluster;
  ASSERT_TRUE(cluster.execute("SET k v").ok());
  EXPECT_EQ(cluster.ask("node1", "SHUTDOWN").json,
            R"({"status": "OK", "message": "Shutting down"})");
  EXPECT_EQ(cluster.exit_status("node1"), 0);
  EXPECT_EQ(cluster.execute("GET k").value, "\"v\"");
}

}  // namespace
}  // namespace kv
