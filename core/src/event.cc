#include "core/event.h"

#include <string>

#include "core/check.h"

namespace kv {

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::kBootstrap:
      return "first start as primary";
    case Cause::kElectionTimeout:
      return "no word from a primary for an election timeout";
    case Cause::kCampaignTimeout:
      return "the last campaign won no majority in time";
    case Cause::kTransfer:
      return "the primary hands over";
    case Cause::kWonPreVote:
      return "a majority would vote for it";
    case Cause::kWonElection:
      return "won the election";
    case Cause::kHigherTerm:
      return "heard of a later term";
    case Cause::kLeaderFound:
      return "heard from this term's primary";
    case Cause::kLostQuorum:
      return "no majority heard for an election timeout";
    case Cause::kRefused:
      return "other nodes have history already";
    case Cause::kGrantedVote:
      return "votes for another node";
    case Cause::kWiped:
      return "its data directory is not the one its peers know";
  }
  CHECK(false);
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kUnknownSender:
      return "sender is no member";
    case Reason::kNotForMe:
      return "meant for another node";
    case Reason::kWiped:
      return "data directory is not the one its peers know";
    case Reason::kStaleTerm:
      return "stale term";
    case Reason::kLeaderAlive:
      return "the primary is alive";
    case Reason::kAlreadyVoted:
      return "already voted in this term";
    case Reason::kLogNotUpToDate:
      return "its log is behind";
    case Reason::kNotExpected:
      return "nothing like it is expected";
  }
  CHECK(false);
}

namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string node(NodeId id) {
  return "node " + std::to_string(id);
}

std::string text(std::string_view view) {
  return std::string(view);
}

/// One line for each kind of event.
struct Describe {
  std::string operator()(const RoleChanged& e) const {
    return text(to_string(e.from)) + " -> " + text(to_string(e.to)) + " in term " + number(e.term) +
           ": " + text(to_string(e.cause));
  }
  std::string operator()(const TermChanged& e) const {
    return "moves from term " + number(e.from) + " to term " + number(e.term);
  }
  std::string operator()(const CampaignStarted& e) const {
    return text(e.pre ? "asks who would vote for it" : "campaigns") + " in term " + number(e.term) +
           ": " + text(to_string(e.cause));
  }
  std::string operator()(const VoteAnswered& e) const {
    return text(e.granted ? "grants " : "refuses ") + (e.pre ? "pre-vote" : "vote") + " to " +
           node(e.candidate) + " in term " + number(e.term) +
           (e.granted ? "" : ": " + text(to_string(e.reason)));
  }
  std::string operator()(const VoteReceived& e) const {
    return node(e.voter) + (e.granted ? " grants" : " refuses") + " its " +
           (e.pre ? "pre-vote" : "vote") + " in term " + number(e.term);
  }
  std::string operator()(const LeaderRecognised& e) const {
    return "follows " + node(e.leader) + " in term " + number(e.term);
  }
  std::string operator()(const ElectionTimerSet& e) const {
    return "campaigns in " + number(static_cast<std::uint64_t>(e.timeout_ns / 1'000'000)) +
           " ms unless it hears from a primary";
  }
  std::string operator()(const EntriesAppended& e) const {
    return "appends entries " + number(e.first) + ".." + number(e.last) + " of term " +
           number(e.term);
  }
  std::string operator()(const EntriesTruncated& e) const {
    return "cuts entries " + number(e.from) + ".." + number(e.old_last) +
           ", which differ from the primary's";
  }
  std::string operator()(const EntriesPersisted& e) const {
    return "persisted through " + number(e.last);
  }
  std::string operator()(const CommitAdvanced& e) const {
    return "commits through " + number(e.commit);
  }
  std::string operator()(const EntriesApplied& e) const {
    return "applied through " + number(e.last);
  }
  std::string operator()(const AppendRefused& e) const {
    return "refuses entries behind " + number(e.previous_index) + " from " + node(e.leader) +
           ": the log differs there";
  }
  std::string operator()(const SnapshotTaken& e) const {
    return "snapshot at " + number(e.last_index) + " is on disk";
  }
  std::string operator()(const LogCompacted& e) const {
    return "log now begins at " + number(e.first);
  }
  std::string operator()(const SnapshotSendStarted& e) const {
    return "sends a snapshot to " + node(e.to) + ", which is too far behind for the log";
  }
  std::string operator()(const SnapshotSendEnded& e) const {
    return text(e.done ? "has brought " : "gives up bringing ") + node(e.to) +
           " up to date with a snapshot";
  }
  std::string operator()(const SnapshotInstalled& e) const {
    return "installs the primary's snapshot at " + number(e.last_index) + " of term " +
           number(e.last_term);
  }
  std::string operator()(const ReadRoundConfirmed& e) const {
    return "a majority confirms read round " + number(e.round);
  }
  std::string operator()(const TransferStarted& e) const { return "hands over to " + node(e.to); }
  std::string operator()(const TransferEnded& e) const {
    return "hand-over to " + node(e.to) + (e.done ? " is done" : " is given up");
  }
  std::string operator()(const PeerWiped& e) const {
    return node(e.peer) + " came back with another data directory: it neither votes nor counts";
  }
  std::string operator()(const SelfWiped& e) const {
    return node(e.told_by) +
           " knows this node with another data directory: this one neither votes "
           "nor counts";
  }
  std::string operator()(const MessageIgnored& e) const {
    return "ignores " + text(e.type) + " from " + node(e.from) + ": " + text(to_string(e.reason));
  }
};

}  // namespace

std::string describe(const Event& event) {
  return std::visit(Describe{}, event);
}

}  // namespace kv
