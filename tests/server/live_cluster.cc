#include "server/live_cluster.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child_process.h"
#include "support/free_port.h"

namespace kv {

bool eventually(const std::function<bool()>& condition, Duration timeout) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout.ns);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

LiveCluster::LiveCluster(Options options) : options_(std::move(options)) {
  std::string name = (std::filesystem::temp_directory_path() / "kv-test-XXXXXX").string();
  folder_ = ::mkdtemp(name.data());
  std::string list;
  for (std::size_t i = 1; i <= options_.nodes; ++i) {
    list += (i > 1 ? ",node" : "node") + std::to_string(i) +
            "=127.0.0.1:" + std::to_string(free_port());
  }
  config_ = *parse_cluster(list);
  if (options_.start) {
    start_all();
    primary();
    for (const std::string& node : names()) {
      EXPECT_TRUE(eventually([&] { return status(node).has_value(); })) << node << " answers";
    }
  }
}

LiveCluster::~LiveCluster() {
  for (const std::string& node : names()) {
    kill(node);
    // In a build with sanitizers: what they found in the node.
    for (const char* report : {"Sanitizer", "runtime error:", "CHECK("}) {
      EXPECT_EQ(log_of(node).find(report), std::string::npos) << node << " reports an error";
    }
    if (testing::Test::HasFailure()) std::cerr << "--- log of " << node << "\n" << log_of(node);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> LiveCluster::names() const {
  std::vector<std::string> names;
  for (const Member& member : config_.members) names.push_back(member.node_id);
  return names;
}

std::string LiveCluster::log_of(const std::string& node) const {
  std::ostringstream text;
  text << std::ifstream(folder_ + "/" + node + ".log").rdbuf();
  return text.str();
}

std::vector<std::string> LiveCluster::command(const std::string& node) const {
  std::vector<std::string> words{KVNODE_PATH,
                                 "--node-id",
                                 node,
                                 "--host",
                                 member(node).host,
                                 "--port",
                                 std::to_string(member(node).port),
                                 "--cluster",
                                 to_string(config_),
                                 "--data-dir",
                                 data_dir(node),
                                 "--timing",
                                 options_.timing};
  if (node == options_.bootstrap) words.push_back("--primary");
  words.insert(words.end(), options_.more_arguments.begin(), options_.more_arguments.end());
  return words;
}

void LiveCluster::start(const std::string& node) {
  const Result<pid_t> pid = spawn(command(node), folder_ + "/" + node + ".log");
  ASSERT_TRUE(pid) << pid.error().message;
  pids_[node] = *pid;
}

void LiveCluster::start_all() {
  for (const std::string& node : names()) start(node);
}

void LiveCluster::signal(const std::string& node, int number) {
  if (pids_.contains(node)) ::kill(pids_.at(node), number);
}

void LiveCluster::kill(const std::string& node) {
  if (!pids_.contains(node)) return;
  signal(node, SIGKILL);
  ::waitpid(pids_.at(node), nullptr, 0);
  pids_.erase(node);
}

void LiveCluster::kill_all() {
  for (const auto& [node, pid] : pids_) ::kill(pid, SIGKILL);
  for (const std::string& node : names()) kill(node);
}

int LiveCluster::stop(const std::string& node) {
  signal(node, SIGTERM);
  return exit_status(node);
}

bool LiveCluster::running(const std::string& node) {
  if (!pids_.contains(node)) return false;
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(pids_.at(node)), &info, WEXITED | WNOHANG | WNOWAIT);
  return info.si_pid == 0;
}

int LiveCluster::exit_status(const std::string& node) {
  if (!eventually([&] { return !running(node); }, seconds(10))) {
    kill(node);
    return -1;
  }
  int status = 0;
  ::waitpid(pids_.at(node), &status, 0);
  pids_.erase(node);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Result<NodeStatus> LiveCluster::status(const std::string& node) const {
  return status_of(member(node), seconds(1));
}

Reply LiveCluster::ask(const std::string& node, const std::string& line) const {
  const Result<Reply> reply = kv::ask(member(node), line, seconds(5));
  if (reply) return *reply;
  Reply failed;
  failed.message = reply.error().message;
  return failed;
}

Reply LiveCluster::execute(const std::string& line, Duration timeout) const {
  const Result<Reply> reply = ClusterClient(config_).execute(line, timeout);
  if (reply) return *reply;
  Reply failed;
  failed.message = reply.error().message;
  return failed;
}

std::string LiveCluster::primary(Duration timeout) const {
  std::string found;
  const bool serves = eventually(
      [&] {
        const auto answers = status_of_all(config_, seconds(1));
        const auto position = primary_among(answers);
        if (position) found = answers[*position]->node_id;
        return position.has_value();
      },
      timeout);
  EXPECT_TRUE(serves) << "no primary within " << timeout.ns / 1'000'000 << " ms";
  return found;
}

std::vector<std::string> LiveCluster::secondaries() const {
  const std::string leading = primary();
  std::vector<std::string> others;
  for (const std::string& node : names()) {
    if (node != leading) others.push_back(node);
  }
  return others;
}

bool LiveCluster::in_step() const {
  std::optional<std::uint64_t> applied;
  for (const auto& answer : status_of_all(config_, seconds(1))) {
    if (!answer) continue;
    if (answer->applied != answer->last_index) return false;
    if (applied && applied != answer->applied) return false;
    applied = answer->applied;
  }
  return applied.has_value();
}

}  // namespace kv
