#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fake_node.h"

namespace kv {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Outputs {
  int exit_status{-1};
  std::string out{};
  std::string err{};
};

/// Runs kvctl against nodes that the test scripts, in a directory of its own.
class Ctl : public testing::Test {
 protected:
  Ctl() {
    std::string folder = (std::filesystem::temp_directory_path() / "ctl_test_XXXXXX").string();
    CHECK(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
  }
  ~Ctl() override { std::filesystem::remove_all(folder_); }

  void use(const std::vector<Member>& members) { cluster_ = to_string(cluster_of(members)); }

  Outputs kvctl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), KVCTL_PATH);
    std::vector<std::string> environment{"PATH=/usr/bin:/bin", "HOME=" + folder_, "TERM=xterm"};
    if (!cluster_.empty()) environment.push_back("KV_CLUSTER=" + cluster_);
    std::ofstream(folder_ + "/in", std::ios::binary) << input;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, (folder_ + "/in").c_str(), O_RDONLY, 0);
    constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, 1, (folder_ + "/out").c_str(), kCreate, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, (folder_ + "/err").c_str(), kCreate, 0600);
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> result;
      result.reserve(texts.size() + 1);
      for (std::string& text : texts) result.push_back(text.data());
      result.push_back(nullptr);
      return result;
    };
    pid_t child = 0;
    CHECK(::posix_spawn(&child, KVCTL_PATH, &actions, nullptr, pointers(arguments).data(),
                        pointers(environment).data()) == 0);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder_ + "/out"),
            read_file(folder_ + "/err")};
  }

  std::string script(const std::string& body) {
    const std::string path = folder_ + "/fake_kvnode";
    std::ofstream(path) << "#!/bin/sh\n" << body;
    CHECK(::chmod(path.c_str(), 0700) == 0);
    return path;
  }

  std::string folder_{};
  std::string cluster_{};
};

Answer ok(const std::string&) {
  return line(R"({"status": "OK"})");
}

FakeNode::Brain always(const std::string& reply) {
  return [reply](const std::string&) { return line(reply); };
}

std::string status_reply(const std::string& name, const std::string& role, int term, int commit,
                         const std::string& more = "") {
  return R"({"status": "OK", "node_id": ")" + name + R"(", "role": ")" + role +
         R"(", "election_term": )" + std::to_string(term) + R"(, "commit": )" +
         std::to_string(commit) + R"(, "applied": )" + std::to_string(commit) + R"(, "keys": 3)" +
         more + "}";
}

TEST_F(Ctl, GetPrintsTheBareValue) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"("two words")", "two words"},
      {R"({"b": 1, "a": [2]})", R"({"b": 1, "a": [2]})"},
      {R"("a\n\"b\" \u00e9")", "a\n\"b\" \xC3\xA9"},
      {"12345678901234567890123", "12345678901234567890123"},
      {R"("")", ""},
      {"null", "null"}};
  for (const auto& [json, shown] : cases) {
    FakeNode node(always(R"({"status": "OK", "value": )" + json + "}"));
    use({node.member("a")});
    const Outputs outputs = kvctl({"get", "k"});
    EXPECT_EQ(outputs.out, shown + "\n");
    EXPECT_EQ(outputs.err, "");
    EXPECT_EQ(outputs.exit_status, 0);
    EXPECT_EQ(kvctl({"get", "--json", "k"}).out, R"({"status": "OK", "value": )" + json + "}\n");
  }
}

TEST_F(Ctl, GetPrintsTheBytesOfAValueThatIsNoText) {
  const std::vector<std::pair<std::string, std::string>> cases{{"", ""},
                                                               {"/w==", "\xFF"},
                                                               {"AP8=", std::string("\0\xFF", 2)},
                                                               {"AQL+", "\x01\x02\xFE"},
                                                               {"gICAgA==", "\x80\x80\x80\x80"}};
  for (const auto& [base64, bytes] : cases) {
    FakeNode node(always(R"({"status": "OK", "value_base64": ")" + base64 + "\"}"));
    use({node.member("a")});
    EXPECT_EQ(kvctl({"get", "k"}).out, bytes + "\n") << base64;
    EXPECT_EQ(kvctl({}, "GET k\n").out, bytes + "\n") << base64;
  }
}

TEST_F(Ctl, GetOfAMissingKeyFails) {
  FakeNode node(always(R"({"status": "ERROR", "code": "NOT_FOUND", "message": "no"})"));
  use({node.member("a")});
  const Outputs outputs = kvctl({"get", "user:9"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_EQ(outputs.out, "");
  EXPECT_TRUE(contains(outputs.err, "no key 'user:9'")) << outputs.err;
  EXPECT_TRUE(contains(kvctl({"get", "--json", "user:9"}).out, "NOT_FOUND"));
  EXPECT_EQ(kvctl({"get", "--json", "user:9"}).exit_status, 1);
}

TEST_F(Ctl, SetSendsItsWordsAsOneValueToThePrimary) {
  FakeNode primary(always(R"({"status": "OK", "message": "Key 'k' set"})"));
  FakeNode secondary(always(not_primary(primary.member("b"))));
  use({secondary.member("a"), primary.member("b")});
  EXPECT_EQ(kvctl({"set", "k", "hello", "big world"}).out, "Key 'k' set\n");
  EXPECT_EQ(kvctl({"set", "k", R"({"name":"Alice","age":30})"}).exit_status, 0);
  EXPECT_EQ(kvctl({"set", "k", "--", "-5"}).exit_status, 0);
  EXPECT_EQ(kvctl({"delete", "k"}).exit_status, 0);
  const std::vector<std::string> expected{
      "SET k hello big world", R"(SET k {"name":"Alice","age":30})", "SET k -5", "DELETE k"};
  EXPECT_EQ(primary.lines(), expected);
}

TEST_F(Ctl, SaysSoWhenTheOutcomeOfAWriteIsUnknown) {
  FakeNode node([](const std::string&) { return Answer{"", true}; });
  use({node.member("a")});
  const Outputs outputs = kvctl({"set", "k", "v"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_TRUE(contains(outputs.err, "UNKNOWN_OUTCOME: ")) << outputs.err;
  EXPECT_TRUE(contains(outputs.err, "GET the key to find out")) << outputs.err;
  EXPECT_EQ(node.count("SET k v"), 1u);
}

TEST_F(Ctl, GivesUpInTimeAndPointsToStatus) {
  const DeadPort dead;
  use({dead.member("a")});
  const Outputs outputs = kvctl({"get", "k", "--timeout", "200ms"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_TRUE(contains(outputs.err, "within 200ms")) << outputs.err;
  EXPECT_TRUE(contains(outputs.err, "kvctl status")) << outputs.err;
}

TEST_F(Ctl, StatusShowsEveryNodeAndHowFarItIsBehind) {
  FakeNode b(always(status_reply("b", "primary", 3, 120,
                                 R"(, "peers": [{"node_id": "c", "reachable": false}])")));
  FakeNode c(always(status_reply("c", "secondary", 3, 100, R"(, "wiped": true)")));
  const DeadPort dead;
  use({dead.member("a"), b.member("b"), c.member("c")});
  const Outputs outputs = kvctl({"status"});
  EXPECT_EQ(outputs.exit_status, 0);
  std::istringstream text(outputs.out);
  std::vector<std::vector<std::string>> rows;
  for (std::string row; std::getline(text, row);) {
    std::istringstream words(row);
    rows.push_back({std::istream_iterator<std::string>(words), {}});
  }
  ASSERT_GE(rows.size(), 6u);
  using Row = std::vector<std::string>;
  const auto without_notes = [](const Row& row) { return Row(row.begin(), row.begin() + 8); };
  EXPECT_EQ(without_notes(rows[0]),
            (Row{"NODE", "ADDRESS", "ROLE", "TERM", "COMMIT", "APPLIED", "LAG", "KEYS"}));
  EXPECT_EQ(without_notes(rows[1]),
            (Row{"a", dead.member("a").address(), "down", "-", "-", "-", "-", "-"}));
  EXPECT_EQ(without_notes(rows[2]),
            (Row{"b", b.member("b").address(), "primary", "3", "120", "120", "-", "3"}));
  EXPECT_EQ(without_notes(rows[3]),
            (Row{"c", c.member("c").address(), "secondary", "3", "100", "100", "20", "3"}));
  EXPECT_TRUE(contains(outputs.out, "connection refused"));
  EXPECT_TRUE(contains(outputs.out, "can't reach c"));
  EXPECT_TRUE(contains(outputs.out, "wiped"));
  EXPECT_TRUE(contains(outputs.out, "b is the primary; 2 of 3 nodes are up."));
  EXPECT_FALSE(contains(outputs.out, "\x1b")) << "no colour in a file";
}

TEST_F(Ctl, StatusAsJsonHoldsWhatTheNodesSaid) {
  FakeNode a(always(status_reply("a", "primary", 1, 5)));
  const DeadPort dead;
  use({a.member("a"), dead.member("b")});
  const auto report = nlohmann::json::parse(kvctl({"status", "--json"}).out, nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["primary"], "a");
  EXPECT_EQ(report["nodes"][0]["status"]["commit"], 5);
  EXPECT_EQ(report["nodes"][0]["reachable"], true);
  EXPECT_EQ(report["nodes"][1]["reachable"], false);
  EXPECT_EQ(report["nodes"][1]["error"], "connection refused");
}

TEST_F(Ctl, StatusFailsWithoutAServingPrimaryAndSaysWhatToDo) {
  FakeNode a(always(status_reply("a", "primary", 1, 5, R"(, "serving": false)")));
  const DeadPort dead_b;
  const DeadPort dead_c;
  use({a.member("a"), dead_b.member("b"), dead_c.member("c")});
  const Outputs outputs = kvctl({"status"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_TRUE(
      contains(outputs.out, "1 of 3 nodes can vote, an election needs 2. Start b or c again"))
      << outputs.out;

  FakeNode b(always(status_reply("b", "secondary", 1, 5)));
  use({a.member("a"), b.member("b"), dead_c.member("c")});
  EXPECT_TRUE(contains(kvctl({"status"}).out, "an election should follow"));

  use({dead_b.member("b"), dead_c.member("c")});
  EXPECT_TRUE(contains(kvctl({"status"}).out, "kvctl start"));
  EXPECT_EQ(kvctl({"status", "--json"}).exit_status, 1);
}

TEST_F(Ctl, StatusNotesANodeWithAnotherName) {
  FakeNode a(always(status_reply("stranger", "primary", 1, 5)));
  use({a.member("a")});
  EXPECT_TRUE(contains(kvctl({"status"}).out, "calls itself 'stranger'"));
}

TEST_F(Ctl, PingAsksOneNodeOrAll) {
  FakeNode a(always(R"({"status": "OK", "message": "PONG"})"));
  const DeadPort dead;
  use({a.member("a"), dead.member("b")});
  EXPECT_EQ(kvctl({"ping", "a"}).out.rfind("a: PONG in ", 0), 0u);
  EXPECT_EQ(kvctl({"ping", "a", "--json"}).out, "{\"status\": \"OK\", \"message\": \"PONG\"}\n");
  const Outputs outputs = kvctl({"ping"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_TRUE(contains(outputs.out, "a: PONG"));
  EXPECT_TRUE(contains(outputs.err, "b doesn't answer")) << outputs.err;
}

TEST_F(Ctl, StopShutsDownThePrimaryLast) {
  std::mutex mutex;
  std::string order;
  const auto brain = [&](const std::string& name, const std::string& role) {
    return [&, name, role](const std::string& text) {
      if (text != "SHUTDOWN") return line(status_reply(name, role, 1, 5));
      const std::lock_guard lock(mutex);
      order += name;
      Answer answer = line(R"({"status": "OK"})");
      answer.shut_down = true;
      return answer;
    };
  };
  FakeNode a(brain("a", "primary"));
  FakeNode b(brain("b", "secondary"));
  FakeNode c(brain("c", "secondary"));
  use({a.member("a"), b.member("b"), c.member("c")});
  const Outputs outputs = kvctl({"stop"});
  EXPECT_EQ(outputs.exit_status, 0) << outputs.err;
  {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(order, "bca");
  }
  EXPECT_EQ(outputs.out,
            "b is shut down.\nc is shut down.\na is shut down.\nThe cluster is stopped.\n");
  EXPECT_TRUE(contains(kvctl({"stop"}).out, "Nothing to stop"));
}

TEST_F(Ctl, ShutdownFailsWhenTheNodeStays) {
  FakeNode deaf(ok);
  FakeNode strict(
      always(R"({"status": "ERROR", "code": "NO_PERMISSION", "message": "not from here"})"));
  const DeadPort dead;
  use({deaf.member("a"), strict.member("b"), dead.member("c")});
  EXPECT_TRUE(
      contains(kvctl({"shutdown", "a", "--timeout", "200ms"}).err, "still runs after 200ms"));
  EXPECT_TRUE(contains(kvctl({"shutdown", "b"}).err, "NO_PERMISSION: not from here"));
  EXPECT_TRUE(contains(kvctl({"shutdown", "c"}).err, "c doesn't run"));
  EXPECT_EQ(kvctl({"shutdown", "c"}).exit_status, 1);
}

TEST_F(Ctl, ReadsCommandsFromAPipe) {
  FakeNode node([](const std::string& text) {
    if (text == "GET a") return line(R"({"status": "OK", "value": "x"})");
    if (text == "GET b") return line(error_reply("NOT_FOUND"));
    if (text == "WHAT") return line(error_reply("BAD_REQUEST"));
    return line(R"({"status": "OK"})");
  });
  use({node.member("a")});
  const Outputs good = kvctl({}, "SET a x y\r\n\n  GET a  \nGET b\nhelp\nquit\nGET never");
  EXPECT_EQ(good.exit_status, 0) << good.err;
  EXPECT_EQ(good.out.rfind("OK\nx\n(no such key)\nSET key value", 0), 0u) << good.out;
  EXPECT_FALSE(contains(good.out, ">")) << "no prompt";
  EXPECT_EQ(node.lines(), (std::vector<std::string>{"SET a x y", "GET a", "GET b"}));
  const Outputs bad = kvctl({}, "WHAT\nGET a");
  EXPECT_EQ(bad.exit_status, 1);
  EXPECT_EQ(bad.out, "x\n") << "goes on after an error";
  EXPECT_TRUE(contains(bad.err, "BAD_REQUEST"));
}

TEST_F(Ctl, RefusesWhatMakesNoSenseWithStatus2) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"frob"}, "frob"},
      {{"get"}, "KEY"},
      {{"get", "a", "b"}, "b"},
      {{"get", "two words"}, "'two words'"},
      {{"get", ""}, "''"},
      {{"set", "k"}, "VALUE"},
      {{"ping", "node9"}, "'node9'"},
      {{"shutdown"}, "NODE"},
      {{"shutdown", "node9"}, "node1, node2, node3"},
      {{"status", "--cluster", "junk"}, "'junk'"},
      {{"status", "--colour"}, "--colour"},
      {{"get", "k", "--timeout", "soon"}, "'soon'"},
      {{"get", "k", "--timeout", "9000000000s"}, "longer than a day"},
      {{"start", "--timing", "fast"}, "fast"},
      {{"start", "--ack", "some"}, "some"},
      {{"start", "--heartbeat-interval", "2"}, "'2'"},
      {{"start", "--election-timeout", "5s"}, "'5s'"},
      {{"start", "--restart-after", "later"}, "'later'"}};
  for (const auto& [arguments, said] : cases) {
    const Outputs outputs = kvctl(arguments);
    EXPECT_EQ(outputs.exit_status, 2) << arguments.back();
    EXPECT_TRUE(contains(outputs.err, said)) << outputs.err;
    EXPECT_EQ(outputs.out, "");
  }
  cluster_ = "x=1";
  EXPECT_EQ(kvctl({"status"}).exit_status, 2);
  EXPECT_TRUE(contains(kvctl({"status"}).err, "KV_CLUSTER"));
}

TEST_F(Ctl, HelpAndVersionSucceed) {
  for (const char* command :
       {"start", "status", "stop", "get", "set", "delete", "ping", "shutdown"}) {
    const Outputs outputs = kvctl({command, "--help"});
    EXPECT_EQ(outputs.exit_status, 0) << command;
    EXPECT_TRUE(contains(outputs.out, "Example")) << command;
  }
  EXPECT_EQ(kvctl({"--help"}).exit_status, 0);
  EXPECT_EQ(kvctl({"--version"}).out.rfind("kvctl ", 0), 0u);
}

TEST_F(Ctl, StartShowsTheLogOfANodeThatFailsAndStopsTheOthers) {
  const DeadPort a;
  const DeadPort b;
  use({a.member("a"), b.member("b")});
  const std::string node = script("cd " + folder_ + R"(
case "$2" in
a) echo $$ > pid_a; exec sleep 1000;;
b) until [ -s pid_a ]; do sleep 0.01; done; echo 'the port is taken' >&2; exit 1;;
esac
)");
  const Outputs outputs = kvctl({"start", "--kvnode", node, "--data-dir", folder_ + "/data"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_TRUE(contains(outputs.err, "exited with status 1")) << outputs.err;
  EXPECT_TRUE(contains(outputs.err, "    the port is taken\n")) << outputs.err;
  EXPECT_TRUE(contains(outputs.err, folder_ + "/data/b/kvnode.log"));
  EXPECT_NE(::kill(std::stoi(read_file(folder_ + "/pid_a")), 0), 0) << "a must be gone";
}

TEST_F(Ctl, StartHandsItsOptionsToEveryNodeAndEndsWhenAllWereStopped) {
  const DeadPort a;
  const DeadPort b;
  use({a.member("a"), b.member("b")});
  const std::string node = script("echo \"$@\"\nexit 0\n");
  const std::string data = folder_ + "/data";
  const Outputs outputs =
      kvctl({"start", "--kvnode", node, "--data-dir", data, "--timing", "lan", "--ack", "all",
             "--heartbeat-interval", "50ms", "--election-timeout", "300ms..600ms"});
  EXPECT_EQ(outputs.exit_status, 0) << outputs.err;
  const auto expected = [&](const Member& member, const std::string& primary) {
    return "--node-id " + member.node_id + " --host 127.0.0.1 --port " +
           std::to_string(member.port) + " --cluster " + cluster_ + " --data-dir " + data + "/" +
           member.node_id + primary +
           " --timing lan --ack all --heartbeat-interval 50ms --election-timeout 300ms..600ms\n";
  };
  EXPECT_EQ(read_file(data + "/a/kvnode.log"), expected(a.member("a"), " --primary"));
  EXPECT_EQ(read_file(data + "/b/kvnode.log"), expected(b.member("b"), ""));
  EXPECT_TRUE(contains(outputs.out, "was stopped; it stays down"));
}

TEST_F(Ctl, StartLeavesARunningClusterAlone) {
  FakeNode running(always(status_reply("a", "primary", 1, 5)));
  use({running.member("a")});
  const Outputs outputs =
      kvctl({"start", "--kvnode", "/bin/true", "--data-dir", folder_ + "/data"});
  EXPECT_EQ(outputs.exit_status, 1);
  EXPECT_TRUE(contains(outputs.err, "runs already on " + running.member("a").address()))
      << outputs.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/data"));
}

TEST_F(Ctl, StartNamesWhatItCannotUse) {
  const DeadPort dead;
  use({dead.member("a")});
  EXPECT_TRUE(contains(kvctl({"start", "--kvnode", "/no/such/program"}).err, "/no/such/program"));
  EXPECT_TRUE(contains(kvctl({"start", "--kvnode", "/tmp"}).err, "no program /tmp"));
  const Outputs outputs = kvctl({"start", "--kvnode", "/bin/true", "--data-dir", "/dev/null/data"});
  EXPECT_TRUE(contains(outputs.err, "/dev/null/data/a")) << outputs.err;
  EXPECT_EQ(outputs.exit_status, 1);
}

}  // namespace
}  // namespace kv
