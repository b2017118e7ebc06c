#include "soak/soak_nodes.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include <sys/wait.h>

#include "child_process.h"
#include "core/check.h"
#include "server/client.h"
#include "steady_now.h"
#include "support/free_port.h"

namespace kv::soak {
namespace {

constexpr Duration kTerminationTime = seconds(10);
/// Until a node handles signals; it may have been stopped meanwhile.
constexpr Duration kStartTime = seconds(5);

ClusterConfig cluster_for(std::size_t nodes, bool own_hosts) {
  std::string list;
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::string host = own_hosts ? SoakNetwork::host(i) : "127.0.0.1";
    const std::uint16_t port = own_hosts ? 6379 : free_port();
    list += (i > 0 ? ",node" : "node") + std::to_string(i + 1) + "=" + address_text(host, port);
  }
  Result<ClusterConfig> cluster = parse_cluster(list);
  CHECK(cluster);
  return *std::move(cluster);
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

SoakNodes::SoakNodes(Options options, const SoakNetwork* network)
    : options_(std::move(options)),
      network_(network),
      cluster_(cluster_for(options_.nodes, network != nullptr)),
      states_(options_.nodes, State::kDown),
      pids_(options_.nodes, -1),
      started_at_(options_.nodes),
      whole_(options_.nodes, true) {}

SoakNodes::~SoakNodes() {
  for (std::size_t node = 0; node < size(); ++node) kill(node);
}

std::string SoakNodes::data_dir(std::size_t node) const {
  return options_.folder + "/" + cluster_.members[node].node_id;
}

std::string SoakNodes::log_path(std::size_t node) const {
  return data_dir(node) + ".log";
}

std::vector<std::string> SoakNodes::command(std::size_t node) const {
  const Member& me = cluster_.members[node];
  std::vector<std::string> words{
      options_.program, "--node-id",    me.node_id,    "--cluster", to_string(cluster_),
      "--data-dir",     data_dir(node), "--timing",    "lan",       "--ack",
      options_.ack,     "--reads",      options_.reads};
  if (node == 0) words.push_back("--primary");
  return words;
}

Outcome SoakNodes::start(std::size_t node) {
  const auto spawn_it = [&]() -> Outcome {
    const Result<pid_t> child = spawn(command(node), log_path(node));
    if (!child) return child.error();
    pids_[node] = *child;
    states_[node] = State::kRunning;
    started_at_[node] = steady_now();
    return success();
  };
  return network_ == nullptr ? spawn_it() : network_->inside(node, spawn_it);
}

void SoakNodes::kill(std::size_t node) {
  if (states_[node] == State::kDown) return;
  ::kill(pids_[node], SIGKILL);
  int status = 0;
  ::waitpid(pids_[node], &status, 0);
  states_[node] = State::kDown;
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!killed) ended_by_itself_ = cluster_.members[node].node_id;
}

Outcome SoakNodes::terminate(std::size_t node) {
  CHECK(states_[node] == State::kRunning);
  const bool just_started = steady_now() - started_at_[node] < kStartTime;
  ::kill(pids_[node], SIGTERM);
  const std::string& name = cluster_.members[node].node_id;
  const Instant give_up = steady_now() + kTerminationTime;
  while (steady_now() < give_up) {
    if (const auto ending = ending_of(pids_[node])) {
      states_[node] = State::kDown;
      const bool before_it_could = just_started && ending->signal == SIGTERM;
      if (ending->on_purpose() || before_it_could) return success();
      return Error{name + " " + ending->text() + " after SIGTERM"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  kill(node);
  return Error{name + " still ran 10 s after SIGTERM"};
}

void SoakNodes::pause(std::size_t node) {
  CHECK(states_[node] == State::kRunning);
  ::kill(pids_[node], SIGSTOP);
  states_[node] = State::kPaused;
}

void SoakNodes::resume(std::size_t node) {
  if (states_[node] != State::kPaused) return;
  ::kill(pids_[node], SIGCONT);
  states_[node] = State::kRunning;
}

Outcome SoakNodes::revive_all() {
  for (std::size_t node = 0; node < size(); ++node) {
    resume(node);
    if (states_[node] != State::kDown) continue;
    if (const Outcome started = start(node); !started) return started;
  }
  return success();
}

void SoakNodes::lose_data(std::size_t node) {
  CHECK(states_[node] == State::kDown);
  whole_[node] = false;
  std::error_code ignored;
  std::filesystem::remove_all(data_dir(node), ignored);
}

std::optional<std::size_t> SoakNodes::primary() const {
  return primary_among(status_of_all(cluster_, milliseconds(200)));
}

bool SoakNodes::in_step() const {
  const auto answers = status_of_all(cluster_, seconds(1));
  return std::all_of(answers.begin(), answers.end(), [&](const auto& answer) {
    return answer && answers.front() && answer->keys == answers.front()->keys;
  });
}

std::optional<std::string> SoakNodes::misbehaviour() {
  for (std::size_t node = 0; node < size(); ++node) {
    const std::string& name = cluster_.members[node].node_id;
    if (states_[node] != State::kDown && ending_of(pids_[node])) {
      states_[node] = State::kDown;
      ended_by_itself_ = name;
    }
    if (ended_by_itself_ == name) return name + " ended by itself; see its log";
    const std::string log = contents(log_path(node));
    for (const char* report : {"Sanitizer", "runtime error:", "CHECK("}) {
      if (log.find(report) != std::string::npos)
        return name + " reports an error in its log: " + report;
    }
  }
  return std::nullopt;
}

}  // namespace kv::soak
