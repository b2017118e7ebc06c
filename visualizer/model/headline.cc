#include "model/headline.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/lookback.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

/// Later than this since its origin, a recording's clock is a wall clock: nobody wants to read it.
constexpr Duration kLongestRun = seconds(86'400 * 365);

/// For a line that changes as time passes: "6.9 s", "350 ms".
std::string calm_span(Duration span) {
  if (span < seconds(1)) {
    const std::int64_t tens = std::max(span, Duration{}).ns / milliseconds(10).ns;
    return std::to_string(tens * 10) + " ms";
  }
  const std::int64_t tenths = span.ns / milliseconds(100).ns;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// What is shorter is no span to speak of.
constexpr Duration kNoTime = milliseconds(10);

class Teller {
 public:
  Teller(const History& history, const Moment& moment)
      : history_(history), cluster_(history.cluster()), moment_(moment) {}

  Headline tell() const {
    if (history_.recording().empty() || nothing_known())
      return {Tone::kQuiet, "nothing has happened yet", ""};
    if (const NodeId primary = moment_.primary(); primary != kNoNode) return of_primary(primary);
    const NodeId leader = moment_.leader();
    if (leader != kNoNode && !moment_.node(leader).serving && reaches_majority(leader))
      return of_elected(leader);
    return of_outage();
  }

 private:
  bool nothing_known() const {
    return std::all_of(moment_.nodes.begin(), moment_.nodes.end(), [](const NodeMoment& node) {
      return node.process == NodeMoment::Process::kUnknown;
    });
  }

  // --- clients are served ---

  Headline of_primary(NodeId id) const {
    const NodeMoment& node = moment_.node(id);
    Headline line{Tone::kGood, name(id) + " is primary · " + words_of_term(node.term), ""};
    if (node.transfer_to != kNoNode) {
      line.tone = Tone::kWarning;
      line.why =
          "it is handing over to " + name(node.transfer_to) + " and refuses writes meanwhile";
    } else if (const NodeId stale = other_leader(id); stale != kNoNode) {
      line.tone = Tone::kWarning;
      line.why = believes(stale) + ", but can commit nothing";
    } else {
      line.why = how_elected(id);
    }
    return line;
  }
  std::string how_elected(NodeId id) const {
    const NodeMoment& node = moment_.node(id);
    // Only the first primary of all leads in term 0.
    if (node.term == 0) return "it was started as primary";
    if (node.tally.term != node.term || node.tally.granted.empty()) return "";
    std::vector<NodeId> voters = node.tally.granted;
    std::sort(voters.begin(), voters.end());
    const std::string votes = "elected by " + list_of_names(cluster_, voters) + " (" +
                              of_all(voters.size()) + ") " + when(node.role_since);
    const auto loss = loss_before(history_, node.role_since);
    if (!loss || loss->outage.to < node.role_since) return votes;
    return votes + ", after " + what_happened(*loss);
  }

  // --- soon ---

  Headline of_elected(NodeId id) const {
    const NodeMoment& node = moment_.node(id);
    Headline line{Tone::kWarning, name(id) + " is elected, but does not serve yet", ""};
    if (node.term_start == 0) return line;
    std::size_t copies = 0;
    for (const NodeMoment& other : moment_.nodes) {
      const bool there = other.log.term_at(node.term_start) == node.term;
      copies += there && other.log.persisted >= node.term_start ? 1U : 0U;
    }
    line.why = "the first entry of " + words_of_term(node.term) + " must be on " +
               of_all(moment_.majority()) + " disks: it is on " + std::to_string(copies);
    return line;
  }

  // --- clients are not served ---

  Headline of_outage() const {
    // Before there ever was one, nothing has been lost.
    Headline line{Tone::kWarning, "no primary yet", ""};
    if (const Outage* outage = outage_before(history_, moment_.at)) {
      const Duration span = moment_.at - outage->from;
      line.tone = Tone::kBad;
      line.text = span < kNoTime ? "no primary any more" : "no primary for " + calm_span(span);
    }
    line.why = obstacle();
    if (line.why.empty()) line.why = campaign();
    if (line.why.empty()) line.why = stale_leader();
    if (line.why.empty()) line.why = unheard();
    if (line.why.empty()) line.why = waiting();
    return line;
  }
  /// Why nobody can be elected, whatever they do.
  std::string obstacle() const {
    std::vector<NodeId> voters;
    bool all_vote = true;
    for (NodeId id = 1; id <= moment_.size(); ++id) {
      const NodeMoment& node = moment_.node(id);
      if (node.process == NodeMoment::Process::kUnknown) return "";
      if (node.running() && !node.wiped) voters.push_back(id);
      if (node.running() && node.wiped) all_vote = false;
      if (node.running() && !node.wiped && reaches_majority(id)) return "";
    }
    const std::string needed =
        "it takes " + std::to_string(moment_.majority()) + " to elect a primary";
    if (voters.empty() && all_vote)
      return "none of the " + std::to_string(moment_.size()) + " nodes runs";
    if (voters.size() >= moment_.majority())
      return "the network is split: no node reaches " + of_all(moment_.majority()) + ", and " +
             needed;
    const std::string_view does = !all_vote ? "can vote" : voters.size() == 1 ? "runs" : "run";
    const std::string who = voters.empty() ? "" : " (" + list_of_names(cluster_, voters) + ")";
    return "only " + of_all(voters.size()) + " nodes " + std::string(does) + who + ", and " +
           needed;
  }
  std::string stale_leader() const {
    const NodeId leader = moment_.leader();
    if (leader == kNoNode) return "";
    return believes(leader) + ", but reaches only " + of_all(reached_from(leader)) + " nodes";
  }
  std::string unheard() const {
    std::vector<NodeId> unknown;
    for (NodeId id = 1; id <= moment_.size(); ++id) {
      if (moment_.node(id).process == NodeMoment::Process::kUnknown) unknown.push_back(id);
    }
    if (unknown.empty()) return "";
    return "nothing is known of " + list_of_names(cluster_, unknown) + " yet";
  }
  std::string campaign() const {
    std::vector<NodeId> candidates;
    std::vector<NodeId> asking;
    for (NodeId id = 1; id <= moment_.size(); ++id) {
      const Standing standing = moment_.node(id).standing();
      if (standing == Standing::kCandidate) candidates.push_back(id);
      if (standing == Standing::kAsking) asking.push_back(id);
    }
    if (candidates.size() > 1) {
      return list_of_names(cluster_, candidates) +
             " ask for votes at the same time: " + "if none gets a majority, they try again";
    }
    if (candidates.size() == 1) {
      const NodeMoment& node = moment_.node(candidates.front());
      if (node.term == 0)
        return name(candidates.front()) +
               " shall be the first primary and asks for votes: " + votes(node);
      return name(candidates.front()) + " asks for votes in " + words_of_term(node.term) + ": " +
             votes(node);
    }
    if (asking.empty()) return "";
    const NodeMoment& node = moment_.node(asking.front());
    if (asking.size() > 1) return list_of_names(cluster_, asking) + " ask for pre-votes";
    return name(asking.front()) + " asks for pre-votes: " + votes(node);
  }
  std::string votes(const NodeMoment& node) const {
    return count_of_votes(node.tally.granted.size(), moment_.size(), moment_.majority());
  }
  /// What happened, and who acts first.
  std::string waiting() const {
    NodeId first = kNoNode;
    for (NodeId id = 1; id <= moment_.size(); ++id) {
      const NodeMoment& node = moment_.node(id);
      if (node.standing() != Standing::kSecondary || !node.timer_set || node.wiped) continue;
      if (first == kNoNode || node.timer_due < moment_.node(first).timer_due) first = id;
    }
    std::string text;
    if (const auto loss = loss_before(history_, moment_.at))
      text = what_happened(*loss) + " " + when(loss->outage.from);
    if (first == kNoNode || moment_.node(first).timer_due < moment_.at) return text;
    const Duration left = moment_.node(first).timer_due - moment_.at;
    if (!text.empty()) text += "; ";
    if (left < kNoTime) return text + name(first) + " is about to ask for votes";
    return text + name(first) + " will be the first to ask for votes, in " + calm_span(left);
  }

  // --- words ---

  std::string name(NodeId id) const { return cluster_.name(id); }
  std::string of_all(std::size_t count) const {
    return std::to_string(count) + " of " + std::to_string(moment_.size());
  }
  std::string when(Instant at) const {
    if (history_.recording().begin_time() - Instant{} < kLongestRun)
      return "at " + sim::time_text(at);
    return calm_span(moment_.at - at) + " ago";
  }
  bool reaches_majority(NodeId id) const { return reached_from(id) >= moment_.majority(); }
  /// Nodes that have a vote, itself among them.
  std::size_t reached_from(NodeId id) const {
    std::size_t reached = 0;
    for (NodeId peer = 1; peer <= moment_.size(); ++peer)
      reached += moment_.connected(id, peer) && !moment_.node(peer).wiped ? 1U : 0U;
    return reached;
  }
  /// Another one that runs and leads, as it thinks.
  NodeId other_leader(NodeId id) const {
    for (NodeId other = 1; other <= moment_.size(); ++other) {
      if (other != id && moment_.node(other).standing() == Standing::kPrimary) return other;
    }
    return kNoNode;
  }
  std::string believes(NodeId id) const {
    return name(id) + " still takes itself for the primary of " +
           words_of_term(moment_.node(id).term);
  }
  std::string what_happened(const Loss& loss) const;

  const History& history_;
  const ClusterInfo& cluster_;
  const Moment& moment_;
};

/// "node1 crashed".
std::string Teller::what_happened(const Loss& loss) const {
  const Record& record = history_.recording()[loss.position];
  const std::string primary = name(loss.primary);
  const bool itself = record.node == loss.primary;
  const std::string lost = itself ? "" : ", and " + primary + " lost its majority";
  if (const auto* stopped = fact_of<NodeStopped>(record)) {
    switch (stopped->cause) {
      case StopCause::kCrash:
        return name(record.node) + " crashed" + lost;
      case StopCause::kPowerCut:
        return name(record.node) + " lost power" + lost;
      case StopCause::kDiskFailure:
        return name(record.node) + "'s disk failed" + lost;
      case StopCause::kRefusedToStart:
      case StopCause::kShutdown:
        return name(record.node) + " was shut down" + lost;
    }
  }
  if (fact_of<NodePaused>(record) != nullptr) return name(record.node) + " was paused" + lost;
  if (fact_of<LinkChanged>(record) != nullptr) return primary + " was cut off from the majority";
  const auto* change = fact_of<RoleChanged>(record);
  if (change == nullptr || !itself) return primary + " was lost";
  const Lookback past(history_, loss.position);
  if (past.beside<TransferEnded>(loss.position, [](const TransferEnded& e) { return e.done; }))
    return primary + " handed over";
  if (change->cause == Cause::kHigherTerm) return primary + " met a later term";
  if (change->cause == Cause::kLostQuorum) return primary + " no longer heard a majority";
  return primary + " stepped down";
}

}  // namespace

Headline headline(const History& history, const Moment& moment) {
  return Teller(history, moment).tell();
}

std::string count_of_votes(std::size_t granted, std::size_t nodes, std::size_t needed) {
  return std::to_string(granted) + " of " + std::to_string(nodes) + " votes, " +
         std::to_string(needed) + " needed";
}

}  // namespace kv::viz
