#include "ctl_status.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace kv {
namespace {

constexpr Duration kTimeout = seconds(1);

std::string text_of(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "-";
}

/// The reason without the address, which has a column of its own.
std::string why_down(const Member& member, const Error& error) {
  const std::string address = member.address() + ": ";
  return error.message.rfind(address, 0) == 0 ? error.message.substr(address.size())
                                              : error.message;
}

std::string lag_of(const NodeStatus& status, const NodeStatus* primary) {
  if (primary == nullptr || primary == &status || !primary->commit || !status.commit) return "-";
  return std::to_string(*primary->commit - std::min(*primary->commit, *status.commit));
}

std::string notes_on(const Member& member, const NodeStatus& status, const NodeStatus* primary) {
  std::vector<std::string> notes;
  if (status.node_id != member.node_id) {
    notes.push_back("calls itself '" + status.node_id + "': check --cluster");
  }
  if (status.wiped)
    notes.push_back("its data directory was wiped: it doesn't vote, and copies the primary's data");
  if (status.role == "primary" && !status.serving) notes.push_back("elected, not serving yet");
  if (status.serves() && primary != &status)
    notes.push_back("outdated: another primary has a higher term");
  if (status.detail_role == "candidate" || status.detail_role == "pre-candidate") {
    notes.push_back("asks for votes");
  }
  if (status.ack == "primary")
    notes.push_back("ack primary: acknowledged writes can be lost in a failover");
  if (status.storage == "memory") notes.push_back("keeps its data in memory only");
  for (const NodeStatus::Peer& peer : status.peers) {
    if (&status == primary && !peer.reachable) notes.push_back("can't reach " + peer.node_id);
  }
  return fmt::format("{}", fmt::join(notes, "; "));
}

void add_row(TextTable& table, const Member& member, const Result<NodeStatus>& answer,
             const NodeStatus* primary) {
  if (!answer) {
    table.add_row({{member.node_id},
                   {member.address()},
                   {"down", Style::kBad},
                   {"-"},
                   {"-"},
                   {"-"},
                   {"-"},
                   {"-"},
                   {why_down(member, answer.error()), Style::kBad}});
    return;
  }
  const NodeStatus& status = *answer;
  const Style style = &status == primary ? Style::kGood : Style::kPlain;
  table.add_row({{member.node_id, style},
                 {member.address(), style},
                 {status.role, style},
                 {text_of(status.election_term)},
                 {text_of(status.commit)},
                 {text_of(status.applied)},
                 {lag_of(status, primary)},
                 {text_of(status.keys)},
                 {notes_on(member, status, primary)}});
}

std::string without_primary(const ClusterConfig& cluster, const Answers& answers) {
  std::vector<std::string> down;
  std::size_t able_to_vote = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) down.push_back(cluster.members[i].node_id);
    if (answers[i] && !answers[i]->wiped) ++able_to_vote;
  }
  const std::size_t quorum = answers.size() / 2 + 1;
  if (down.size() == answers.size()) {
    return "No node answers. Start the cluster with 'kvctl start', or name another one with "
           "--cluster.";
  }
  if (able_to_vote < quorum) {
    return fmt::format("No primary: {} of {} nodes can vote, an election needs {}. {}",
                       able_to_vote, answers.size(), quorum,
                       down.empty()
                           ? "Wiped nodes don't vote."
                           : fmt::format("Start {} again; why it went down stands in its log.",
                                         fmt::join(down, " or ")));
  }
  return "No primary yet: enough nodes answer, so an election should follow within seconds. If "
         "none does, "
         "check that the nodes reach each other on their peer ports (port + 10000).";
}

}  // namespace

std::string describe(const ClusterConfig& cluster, const Answers& answers,
                     const Terminal& terminal) {
  using Align = TextTable::Align;
  TextTable table({{"NODE"},
                   {"ADDRESS"},
                   {"ROLE"},
                   {"TERM", Align::kRight},
                   {"COMMIT", Align::kRight},
                   {"APPLIED", Align::kRight},
                   {"LAG", Align::kRight},
                   {"KEYS", Align::kRight},
                   {"NOTES"}});
  const std::optional<std::size_t> serving = primary_among(answers);
  const NodeStatus* const primary = serving ? &*answers[*serving] : nullptr;
  for (std::size_t i = 0; i < answers.size(); ++i)
    add_row(table, cluster.members[i], answers[i], primary);
  std::string text = table.text(terminal) + "\n";
  if (primary == nullptr)
    return text + terminal.styled(Style::kBad, without_primary(cluster, answers)) + "\n";
  const auto up = std::count_if(answers.begin(), answers.end(),
                                [](const auto& answer) { return answer.has_value(); });
  return text + fmt::format("{} is the primary; {} of {} nodes are up.\n",
                            terminal.styled(Style::kGood, cluster.members[*serving].node_id), up,
                            answers.size());
}

std::string describe_as_json(const ClusterConfig& cluster, const Answers& answers) {
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Member& member = cluster.members[i];
    nlohmann::ordered_json node{{"node_id", member.node_id}, {"address", member.address()}};
    node["reachable"] = answers[i].has_value();
    if (answers[i])
      node["status"] = nlohmann::ordered_json::parse(answers[i]->json, nullptr, false);
    if (!answers[i]) node["error"] = why_down(member, answers[i].error());
    nodes.push_back(std::move(node));
  }
  const std::optional<std::size_t> serving = primary_among(answers);
  nlohmann::ordered_json report;
  report["primary"] = nullptr;
  if (serving) report["primary"] = cluster.members[*serving].node_id;
  report["nodes"] = std::move(nodes);
  return report.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

int run(const CtlOptions& options, const StatusCommand& command) {
  const Terminal terminal(STDOUT_FILENO);
  for (;;) {
    const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    const Answers answers = status_of_all(options.cluster, kTimeout);
    const std::string text = options.json ? describe_as_json(options.cluster, answers) + "\n"
                                          : describe(options.cluster, answers, terminal);
    const bool redraw = command.watch && terminal.interactive() && !options.json;
    std::fputs(((redraw ? "\x1b[2J\x1b[H" : "") + text).c_str(), stdout);
    if (!command.watch) return primary_among(answers) ? 0 : 1;
    if (redraw) std::fputs(terminal.styled(Style::kFaint, "Ctrl-C ends.\n").c_str(), stdout);
    if (!redraw && !options.json) std::fputs("\n", stdout);
    if (std::fflush(stdout) != 0) return 1;
    std::this_thread::sleep_until(next);
  }
}

}  // namespace kv
