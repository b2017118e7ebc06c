#include "core/event.h"

#include <string>

#include "core/check.h"
#include "core/overloaded.h"

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

}  // namespace

std::string describe(const Event& event) {
  const auto text = [](std::string_view view) { return std::string(view); };
  return std::visit(
      Overloaded{[&](const RoleChanged& e) {
                   return text(to_string(e.from)) + " -> " + text(to_string(e.to)) + " in term " +
                          number(e.term) + ": " + text(to_string(e.cause));
                 },
                 [&](const CampaignStarted& e) {
                   return text(e.pre ? "asks who would vote for it" : "campaigns") + " in term " +
                          number(e.term) + ": " + text(to_string(e.cause));
                 },
                 [&](const VoteAnswered& e) {
                   return text(e.granted ? "grants " : "refuses ") + (e.pre ? "pre-vote" : "vote") +
                          " to " + node(e.candidate) + " in term " + number(e.term) +
                          (e.granted ? "" : ": " + text(to_string(e.reason)));
                 },
                 [&](const VoteReceived& e) {
                   return node(e.voter) + (e.granted ? " grants" : " refuses") + " its " +
                          (e.pre ? "pre-vote" : "vote") + " in term " + number(e.term);
                 },
                 [&](const LeaderRecognised& e) {
                   return "follows " + node(e.leader) + " in term " + number(e.term);
                 },
                 [&](const EntriesAppended& e) {
                   return "appends entries " + number(e.first) + ".." + number(e.last) +
                          " of term " + number(e.term);
                 },
                 [&](const EntriesTruncated& e) {
                   return "cuts entries " + number(e.from) + ".." + number(e.old_last) +
                          ", which differ from the primary's";
                 },
                 [&](const EntriesPersisted& e) { return "persisted through " + number(e.last); },
                 [&](const CommitAdvanced& e) { return "commits through " + number(e.commit); },
                 [&](const EntriesApplied& e) { return "applied through " + number(e.last); },
                 [&](const AppendRefused& e) {
                   return "refuses entries behind " + number(e.previous_index) + " from " +
                          node(e.leader) + ": the log differs there";
                 },
                 [&](const SnapshotTaken& e) {
                   return "snapshot at " + number(e.last_index) + " is on disk";
                 },
                 [&](const LogCompacted& e) { return "log now begins at " + number(e.first); },
                 [&](const SnapshotSendStarted& e) {
                   return "sends a snapshot to " + node(e.to) +
                          ", which is too far behind for the log";
                 },
                 [&](const SnapshotInstalled& e) {
                   return "installs the primary's snapshot at " + number(e.last_index) +
                          " of term " + number(e.last_term);
                 },
                 [&](const TransferStarted& e) { return "hands over to " + node(e.to); },
                 [&](const TransferEnded& e) {
                   return "hand-over to " + node(e.to) + (e.done ? " is done" : " is given up");
                 },
                 [&](const PeerWiped& e) {
                   return node(e.peer) +
                          " came back with another data directory: it neither votes nor counts";
                 },
                 [&](const SelfWiped& e) {
                   return node(e.told_by) +
                          " knows this node with another data directory: this one neither votes "
                          "nor counts";
                 },
                 [&](const MessageIgnored& e) {
                   return "ignores " + text(e.type) + " from " + node(e.from) + ": " +
                          text(to_string(e.reason));
                 }},
      event);
}

}  // namespace kv
