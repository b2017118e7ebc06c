#include "supervisor.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include "core/duration_text.h"

namespace kv {
namespace {

using std::chrono::duration;

constexpr Duration kAskTimeout = seconds(1);
constexpr std::chrono::seconds kPollInterval{1};
constexpr std::chrono::milliseconds kPollIntervalWithoutPrimary{200};
/// A node that exits with an error sooner than this didn't come up at all.
constexpr std::chrono::seconds kStartUpTime{5};
constexpr std::chrono::seconds kStopGrace{5};
constexpr Duration kShortestStartDeadline = seconds(30);
constexpr std::size_t kShownLogLines = 12;

Duration until(std::chrono::steady_clock::time_point time) {
  return Duration{(time - std::chrono::steady_clock::now()).count()};
}

std::chrono::nanoseconds to_chrono(Duration span) {
  return std::chrono::nanoseconds(span.ns);
}

double seconds_since(std::chrono::steady_clock::time_point time) {
  return duration<double>(std::chrono::steady_clock::now() - time).count();
}

bool ends_us(int signal) {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP;
}

}  // namespace

Supervisor::Supervisor(const CtlOptions& options, const StartCommand& command)
    : options_(options), command_(command), terminal_(STDOUT_FILENO) {
  for (const Member& member : options.cluster.members) {
    Node node;
    node.member = member;
    node.data_dir = (std::filesystem::path(command.data_dir) / member.node_id).string();
    node.log_path = node.data_dir + "/kvnode.log";
    nodes_.push_back(std::move(node));
  }
}

Outcome Supervisor::prepare() {
  kvnode_ = command_.kvnode.empty() ? program_folder() + "/kvnode" : command_.kvnode;
  if (::access(kvnode_.c_str(), X_OK) != 0 || std::filesystem::is_directory(kvnode_)) {
    return Error{"there is no program " + kvnode_ +
                 ". Build it (./kv build), or name it with --kvnode."};
  }
  const Answers answers = status_of_all(options_.cluster, kAskTimeout);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) continue;
    return Error{fmt::format(
        "{} runs already on {}. 'kvctl status' shows the cluster, 'kvctl stop' stops it; "
        "a second one needs other ports (--cluster) and another --data-dir.",
        nodes_[i].member.node_id, nodes_[i].member.address())};
  }
  for (const Node& node : nodes_) {
    std::error_code problem;
    std::filesystem::create_directories(node.data_dir, problem);
    if (problem) {
      return Error{"can't make the folder " + node.data_dir + ": " + problem.message() +
                   ". Choose another one with --data-dir."};
    }
  }
  return success();
}

int Supervisor::run() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  fmt::print("Starting {}. Data and logs: {}/<node>/\n", options_.cluster.names(),
             command_.data_dir);
  const Duration patience = std::max(kShortestStartDeadline, command_.longest_election * 4);
  start_deadline_ = Clock::now() + to_chrono(patience);
  for (Node& node : nodes_) {
    if (!launch(node, &node == &nodes_.front())) return stop_all(1);
  }
  for (;;) {
    Clock::time_point next = next_poll_;
    for (const Node& node : nodes_) {
      if (node.state == State::kWaiting) next = std::min(next, node.restart_at);
    }
    if (ends_us(signals_.next(until(next)))) return stop_all(0);
    if (!reap()) return stop_all(1);
    if (!any_alive()) {
      say("No node is left. The data stays in " + command_.data_dir +
          "; 'kvctl start' goes on with it.");
      return any_failed_ ? 1 : 0;
    }
    restart_due();
    if (Clock::now() >= next_poll_) poll();
  }
}

bool Supervisor::launch(Node& node, bool as_first_primary) {
  std::vector<std::string> arguments{kvnode_,
                                     "--node-id",
                                     node.member.node_id,
                                     "--host",
                                     node.member.host,
                                     "--port",
                                     std::to_string(node.member.port),
                                     "--cluster",
                                     to_string(options_.cluster),
                                     "--data-dir",
                                     node.data_dir};
  if (as_first_primary) arguments.push_back("--primary");
  arguments.insert(arguments.end(), command_.node_arguments.begin(), command_.node_arguments.end());
  node.log_begin = size_of(node.log_path);
  node.started = Clock::now();
  const Result<pid_t> child = spawn(arguments, node.log_path);
  if (!child) {
    node.state = State::kDown;
    any_failed_ = true;
    fail(node.member.node_id + " can't be started: " + child.error().message);
    return false;
  }
  node.pid = *child;
  node.state = State::kRunning;
  return true;
}

/// False: a node failed before the cluster was up.
bool Supervisor::reap() {
  for (Node& node : nodes_) {
    if (node.state != State::kRunning) continue;
    if (const std::optional<ProcessEnding> ending = ending_of(node.pid)) {
      if (!node_ended(node, *ending)) return false;
    }
  }
  return true;
}

bool Supervisor::node_ended(Node& node, const ProcessEnding& ending) {
  const bool at_start = Clock::now() - node.started < kStartUpTime && ending.signal == 0;
  const bool was_primary = node.member.node_id == primary_ && !primary_lost_;
  node.ended = Clock::now();
  node.state = State::kDown;
  if (was_primary) primary_lost_ = node.ended;
  std::string report = fmt::format("{} (pid {}){}", node.member.node_id, node.pid,
                                   was_primary ? ", the primary," : "");
  if (ending.on_purpose()) {
    say(report + " was stopped; it stays down");
    return true;
  }
  report += " " + ending.text();
  if (!up_ || at_start) {
    any_failed_ = true;
    fail(fmt::format("{} {}. The end of {}:{}", report,
                     up_ ? "right after its start; it stays down" : "before the cluster was up",
                     node.log_path, last_lines(node.log_path, node.log_begin, kShownLogLines)));
    return up_;
  }
  if (!command_.restart_after) {
    any_failed_ = true;
    say(fmt::format("{}; it stays down (--restart-after never); log: {}", report, node.log_path));
    return true;
  }
  node.state = State::kWaiting;
  node.restart_at = node.ended + to_chrono(*command_.restart_after);
  say(fmt::format("{}; restarting it in {}; log: {}", report, to_text(*command_.restart_after),
                  node.log_path));
  return true;
}

void Supervisor::restart_due() {
  for (Node& node : nodes_) {
    if (node.state != State::kWaiting || Clock::now() < node.restart_at) continue;
    node.coming_back = launch(node, false);
  }
}

bool Supervisor::any_alive() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const Node& node) { return node.state != State::kDown; });
}

void Supervisor::poll() {
  const Answers answers = ask_own_nodes();
  note_primary(answers);
  note_returns(answers);
  announce_when_up(answers);
  const bool calm = up_ && !primary_lost_;
  next_poll_ = Clock::now() + (calm ? kPollInterval : kPollIntervalWithoutPrimary);
}

/// A stranger on the port of a node counts as no answer.
Answers Supervisor::ask_own_nodes() const {
  Answers answers = status_of_all(options_.cluster, kAskTimeout);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Node& node = nodes_[i];
    const bool alive = node.state == State::kRunning;
    if (!answers[i] || (alive && answers[i]->pid.value_or(static_cast<std::uint64_t>(node.pid)) ==
                                     static_cast<std::uint64_t>(node.pid))) {
      continue;
    }
    answers[i] = Error{"another process answers on " + node.member.address()};
  }
  return answers;
}

void Supervisor::note_primary(const Answers& answers) {
  const std::optional<std::size_t> serving = primary_among(answers);
  if (!serving) {
    if (primary_.empty() || primary_lost_) return;
    primary_lost_ = Clock::now();
    say(primary_ + " doesn't serve as primary any more; an election should follow");
    return;
  }
  const std::string& name = nodes_[*serving].member.node_id;
  if (up_ && (name != primary_ || primary_lost_)) {
    std::string text = terminal_.styled(Style::kGood, name + " is the primary now");
    if (answers[*serving]->election_term)
      text += fmt::format(" (term {})", *answers[*serving]->election_term);
    if (primary_lost_)
      text += fmt::format(", {:.1f} s after {} was lost", seconds_since(*primary_lost_), primary_);
    say(text);
  }
  primary_ = name;
  primary_lost_.reset();
}

void Supervisor::note_returns(const Answers& answers) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    Node& node = nodes_[i];
    if (!node.coming_back || !answers[i]) continue;
    node.coming_back = false;
    say(fmt::format("{} is back as {} (pid {})", node.member.node_id, answers[i]->role, node.pid));
  }
}

void Supervisor::announce_when_up(const Answers& answers) {
  if (up_) return;
  const bool serving = primary_among(answers).has_value();
  const bool all_answer = std::all_of(answers.begin(), answers.end(),
                                      [](const auto& answer) { return answer.has_value(); });
  const bool too_late = Clock::now() >= start_deadline_;
  if (!(serving && all_answer) && !too_late) return;
  up_ = true;
  fmt::print("\n{}\n", overview(answers));
  if (serving) {
    fmt::print("{}\n", suggestions(answers));
  } else {
    fail("no primary serves yet. Still waiting; the logs tell more. Ctrl-C stops all nodes.");
  }
}

std::string Supervisor::overview(const Answers& answers) const {
  TextTable table({{"NODE"}, {"ADDRESS"}, {"ROLE"}, {"PID", TextTable::Align::kRight}, {"LOG"}});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Node& node = nodes_[i];
    const bool primary = node.member.node_id == primary_;
    const Style style = primary ? Style::kGood : answers[i] ? Style::kPlain : Style::kBad;
    table.add_row({{node.member.node_id, style},
                   {node.member.address(), style},
                   {answers[i] ? answers[i]->role : "silent", style},
                   {std::to_string(node.pid)},
                   {node.log_path}});
  }
  return table.text(terminal_);
}

std::string Supervisor::suggestions(const Answers& answers) const {
  const Node& primary = nodes_[*primary_among(answers)];
  const std::string& kvctl = options_.program;
  const std::string kill = fmt::format("kill -9 {}", primary.pid);
  const auto command = [this](const std::string& text) {
    return "  " + terminal_.styled(Style::kStrong, text) + "\n";
  };
  const auto explained = [this, width = std::max(kvctl.size(), kill.size())](
                             const std::string& text, const std::string& note) {
    return "  " + terminal_.styled(Style::kStrong, text) + std::string(width - text.size(), ' ') +
           terminal_.styled(Style::kFaint, "   # " + note) + "\n";
  };
  std::string text = "Try, in another terminal:\n\n";
  if (options_.cluster != default_cluster()) {
    text += command("export KV_CLUSTER='" + to_string(options_.cluster) + "'");
  }
  text += command(kvctl + R"( set user:1 '{"name":"Alice","age":30}')");
  text += command(
      fmt::format("echo 'GET user:1' | nc -N {} {}", primary.member.host, primary.member.port));
  text += command(kvctl + " status --watch");
  text += explained(kvctl, "a prompt that follows the primary");
  text += explained(kill, "the primary dies: another node takes over " + command_.failover_time);
  return text + "\nCtrl-C stops all nodes.\n";
}

/// The primary last: stopping it first would only cause an election.
int Supervisor::stop_all(int exit_status) {
  std::vector<Node*> first;
  std::vector<Node*> last;
  std::string names;
  for (Node& node : nodes_) {
    if (node.state != State::kRunning) continue;
    (node.member.node_id == primary_ ? last : first).push_back(&node);
  }
  for (const auto* group : {&first, &last}) {
    for (const Node* node : *group) names += (names.empty() ? "" : ", ") + node->member.node_id;
  }
  if (!names.empty()) say("stopping " + names + " (Ctrl-C again kills)");
  for (const auto* group : {&first, &last}) {
    for (const Node* node : *group) ::kill(node->pid, killing_ ? SIGKILL : SIGTERM);
    wait_until_gone(*group);
  }
  say("all nodes are stopped; the data stays in " + command_.data_dir);
  return exit_status;
}

void Supervisor::wait_until_gone(const std::vector<Node*>& nodes) {
  const Clock::time_point deadline = Clock::now() + kStopGrace;
  std::vector<Node*> alive = nodes;
  bool killed = killing_;
  for (;;) {
    std::erase_if(alive, [](Node* node) {
      if (!ending_of(node->pid)) return false;
      node->state = State::kDown;
      return true;
    });
    if (alive.empty()) return;
    if (ends_us(signals_.next(killed ? seconds(1) : until(deadline)))) killing_ = true;
    const bool too_late = Clock::now() >= deadline;
    if (killed || !(killing_ || too_late)) continue;
    killed = true;
    for (const Node* node : alive) {
      ::kill(node->pid, SIGKILL);
      say(fmt::format("{} {}; killed", node->member.node_id,
                      killing_ ? "was still stopping" : "didn't stop within 5 s"));
    }
  }
}

void Supervisor::say(const std::string& text) const {
  const std::string time = fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr)));
  fmt::print("{}  {}\n", terminal_.styled(Style::kFaint, time), text);
}

}  // namespace kv
