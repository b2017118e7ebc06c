// One sentence for each kind of record, for people who don't know Raft.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/check.h"
#include "core/overloaded.h"
#include "model/causes.h"
#include "model/entry_life.h"
#include "model/lookback.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

constexpr std::size_t kLongestText = 40;
constexpr std::size_t kLongestSentence = 400;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string shown(std::string_view bytes) {
  return bytes.empty() ? "\"\"" : sim::one_line(bytes, kLongestText);
}
/// Entries up to this one.
std::string through(LogIndex last) {
  return "through entry " + number(last);
}

/// What a message says to its receiver, behind its form.
std::string saying(const Message& message) {
  const std::string term = words_of_term(message.term);
  return std::visit(
      Overloaded{
          [&](const VoteRequest& e) {
            return e.pre ? "would you vote for me in " + term + "?" : "vote for me in " + term;
          },
          [&](const VoteReply& e) -> std::string {
            if (!e.granted) return e.pre ? "I would not vote for you" : "I don't vote for you";
            return (e.pre ? "I would vote for you in " : "I vote for you in ") + term;
          },
          [&](const AppendRequest& e) {
            if (e.entries.empty()) return term;
            return words_of_entries(e.entries.front().index, e.entries.back().index) + " of " +
                   words_of_term(e.entries.back().term);
          },
          [&](const AppendReply& e) -> std::string {
            if (e.accepted) return "my log is on disk " + through(e.durable);
            if (e.refused_index == 0) return "I am in " + term;
            return "my log differs at entry " + number(e.refused_index);
          },
          [&](const SnapshotRequest& e) {
            return "pieces " + number(e.first_shard + std::uint64_t{1}) + " to " +
                   number(e.end_shard) + " of " + number(e.shard_count) + " of the snapshot " +
                   through(e.last_index);
          },
          [&](const SnapshotReply& e) {
            return "I have the first " + number(e.next_shard) + " pieces of the snapshot";
          },
          [&](const TimeoutNow&) -> std::string { return "stand for election now"; },
          [&](const ReadIndexRequest&) -> std::string {
            return "how far must my log be, to answer reads now?";
          },
          [&](const ReadIndexReply& e) { return "read once you have applied " + through(e.index); },
      },
      message.body);
}

/// The seed's word for what core calls by its type; of an AppendRequest one can't know which.
std::string form_by_type(std::string_view type) {
  const auto is = [&](const MessageBody& body) { return name_of(body) == type; };
  for (const MessageBody& body :
       {MessageBody(VoteRequest{}), MessageBody(VoteReply{}), MessageBody(AppendReply{}),
        MessageBody(SnapshotRequest{}), MessageBody(SnapshotReply{}), MessageBody(TimeoutNow{}),
        MessageBody(ReadIndexRequest{}), MessageBody(ReadIndexReply{})}) {
    if (is(body)) return std::string(form_of(body));
  }
  return is(AppendRequest{}) ? "REPLICATE" : std::string(type);
}

std::string why_ignored(Reason reason) {
  switch (reason) {
    case Reason::kStaleTerm:
      return "it is of an earlier term";
    case Reason::kNotExpected:
      return "it waits for nothing like it, or no longer";
    case Reason::kWiped:
      return "its sender has lost its disk";
    default:
      return std::string(to_string(reason));
  }
}

/// Tells one record.
class Teller {
 public:
  Teller(const History& history, std::size_t position)
      : history_(history),
        cluster_(history.cluster()),
        record_(history.recording()[position]),
        position_(position),
        who_(name(record_.node)) {}

  std::string tell() const {
    return sim::one_line(std::visit(*this, record_.fact), kLongestSentence);
  }
  std::string operator()(const Event& event) const { return std::visit(*this, event); }

  // --- elections ---

  std::string operator()(const RoleChanged& e) const {
    if (e.to == Role::kLeader) return who_ + " becomes the primary of " + term(e.term) + elected(e);
    if (e.to == Role::kFollower) {
      return who_ + (e.from == Role::kLeader ? " steps down: " : " gives up its campaign: ") +
             why_follower(e);
    }
    return who_ + " becomes a candidate" + (e.to == Role::kCandidate ? " in " + term(e.term) : "") +
           ": " + why_campaign(e.cause, e.term);
  }
  std::string operator()(const CampaignStarted& e) const {
    if (e.pre) {
      return who_ + " asks who would vote for it in " + term(e.term) + ": " +
             why_campaign(e.cause, e.term);
    }
    return who_ + " stands for election in " + term(e.term) + ": " + why_campaign(e.cause, e.term);
  }
  std::string operator()(const TermChanged& e) const {
    return who_ + " moves from " + term(e.from) + " to " + term(e.term);
  }
  std::string operator()(const VoteAnswered& e) const {
    const std::string candidate = name(e.candidate);
    if (e.granted)
      return who_ + (e.pre ? " would vote for " : " votes for ") + candidate + " in " +
             term(e.term);
    if (e.pre)
      return who_ + " would not vote for " + candidate + " in " + term(e.term) + ": " +
             why_refused(e);
    return who_ + " refuses " + candidate + " its vote in " + term(e.term) + ": " + why_refused(e);
  }
  std::string operator()(const VoteReceived& e) const {
    if (e.pre) {
      return who_ + " hears that " + name(e.voter) + (e.granted ? " would" : " would not") +
             " vote for it in " + term(e.term) + tally(e);
    }
    return e.granted
               ? who_ + " gets the vote of " + name(e.voter) + " in " + term(e.term) + tally(e)
               : who_ + " does not get the vote of " + name(e.voter) + " in " + term(e.term);
  }
  std::string operator()(const LeaderRecognised& e) const {
    return who_ + " follows " + name(e.leader) + ", the primary of " + term(e.term);
  }
  std::string operator()(const ElectionTimerSet& e) const {
    const NodeId leader = history_.moment(position_ + 1).node(record_.node).leader;
    const std::string span = span_text(Duration{e.timeout_ns});
    if (leader == kNoNode || leader == record_.node)
      return who_ + " waits " + span + " for a primary before it asks for votes";
    return who_ + " hears from " + name(leader) + " and gives it " + span + " until the next word";
  }
  std::string operator()(const TransferStarted& e) const {
    return who_ + " begins to hand over to " + name(e.to);
  }
  std::string operator()(const TransferEnded& e) const {
    return who_ + (e.done ? " has handed over to " : " gives up handing over to ") + name(e.to);
  }

  // --- logs ---

  std::string operator()(const EntriesAppended& e) const {
    const std::string command = e.first == e.last ? command_words(recording(), e.last, e.term) : "";
    return who_ + " appends " + words_of_entries(e.first, e.last) + " of " + term(e.term) +
           (command.empty() ? "" : ": " + command);
  }
  std::string operator()(const EntriesTruncated& e) const {
    return who_ + " throws away " + words_of_entries(e.from, e.old_last) +
           " of its log: the primary's log differs there";
  }
  std::string operator()(const EntriesPersisted& e) const {
    return who_ + " has its log on disk " + through(e.last);
  }
  std::string operator()(const CommitAdvanced& e) const {
    if (leads()) return who_ + " commits " + through(e.commit) + ": a majority has it on disk";
    return who_ + " learns that its log is committed " + through(e.commit);
  }
  std::string operator()(const EntriesApplied& e) const {
    return who_ + " has applied its log to its store " + through(e.last);
  }
  std::string operator()(const AppendRefused& e) const {
    return who_ + " refuses what " + name(e.leader) + " sends: its log differs at entry " +
           number(e.previous_index);
  }
  std::string operator()(const SnapshotTaken& e) const {
    return who_ + " has a snapshot " + through(e.last_index) + " on disk";
  }
  std::string operator()(const LogCompacted& e) const {
    return who_ + " drops the entries before " + number(e.first) +
           " of its log: its snapshot holds them";
  }
  std::string operator()(const SnapshotSendStarted& e) const {
    return who_ + " sends " + name(e.to) + " a snapshot: it is too far behind for the log";
  }
  std::string operator()(const SnapshotSendEnded& e) const {
    return e.done ? who_ + " has brought " + name(e.to) + " up to date with a snapshot"
                  : who_ + " gives up sending " + name(e.to) + " the snapshot";
  }
  std::string operator()(const SnapshotInstalled& e) const {
    return who_ + " takes over the primary's snapshot " + through(e.last_index);
  }
  std::string operator()(const ReadRoundConfirmed&) const {
    return who_ + " is told by a majority that it still is the primary: it may answer reads";
  }

  // --- what makes no sense to a node ---

  std::string operator()(const PeerWiped& e) const {
    return who_ + " notices that " + name(e.peer) +
           " came back with another disk: it neither votes nor counts";
  }
  std::string operator()(const SelfWiped& e) const {
    return who_ + " learns from " + name(e.told_by) +
           " that its disk is not the one it had: it neither votes nor counts";
  }
  std::string operator()(const MessageIgnored& e) const {
    return who_ + " ignores the " + form_by_type(e.type) + " of " + name(e.from) + ": " +
           why_ignored(e.reason);
  }

  // --- messages ---

  std::string operator()(const MessageSent& e) const {
    const Message& message = *e.content;
    return who_ + " → " + name(message.to) + ": " + std::string(form_of(message.body)) + ", " +
           saying(message);
  }
  std::string operator()(const MessageDelivered& e) const {
    return who_ + " gets " + message_words(e.message, e.from);
  }
  std::string operator()(const MessageDropped& e) const {
    return who_ + " never gets " + message_words(e.message, e.from) + ": " +
           (e.reason == DropReason::kNodeDown ? who_ + " is down"
                                              : std::string(to_string(e.reason)));
  }

  // --- processes and links ---

  std::string operator()(const NodeStarted& e) const {
    if (e.last_index == 0) return who_ + " starts with nothing on its disk";
    return who_ + " starts in " + term(e.term) + " with a log " + through(e.last_index) +
           (e.snapshot_index == 0 ? "" : " and a snapshot " + through(e.snapshot_index));
  }
  std::string operator()(const NodeStopped& e) const { return who_ + " " + describe(Fact(e)); }
  std::string operator()(const NodeObserved& e) const {
    const bool leads = e.role == Role::kLeader;
    return who_ + " is seen as " + std::string(to_string(standing_of(e.role))) + " in " +
           term(e.term) + (leads || e.leader == kNoNode ? "" : ", following " + name(e.leader)) +
           ", with a log " + through(e.last_index) + ", committed " + through(e.commit);
  }
  std::string operator()(const RecordsLost& e) const {
    return sim::grouped(e.count) + " records of " + who_ +
           " were lost: they came too fast to be watched";
  }
  std::string operator()(const ClientsServed& e) const {
    const std::string counts =
        number(e.ok) + " ok, " + number(e.refused) + " refused, " + number(e.unknown) + " unknown";
    return who_ + " has answered its clients: " + counts +
           (e.median_ns == 0 ? ""
                             : ", half of them within " + span_text(Duration{e.median_ns}) +
                                   ", all within " + span_text(Duration{e.slowest_ns}));
  }
  std::string operator()(const NodePaused&) const {
    return who_ + " is paused: it does nothing, and nobody is told";
  }
  std::string operator()(const NodeResumed&) const { return who_ + " goes on after its pause"; }
  std::string operator()(const DiskWiped&) const { return who_ + " loses everything on its disk"; }
  std::string operator()(const LinkChanged& e) const {
    return "messages from " + name(e.from) + " to " + name(e.to) +
           (e.cut ? " no longer get through" : " get through again");
  }

  // --- clients and the scenario ---

  std::string operator()(const ClientCalled& e) const {
    return "client " + number(e.client) + " asks " + who_ + ": " + call_words(e);
  }
  std::string operator()(const ClientAnswered& e) const;
  std::string operator()(const StepTaken& e) const {
    return "scenario: " + e.words + (e.caption.empty() ? "" : " · " + e.caption);
  }
  std::string operator()(const ExpectationDecided& e) const {
    const std::string which = "expectation " + number(e.expectation + std::uint64_t{1});
    return which + " of the scenario is " + (e.met ? "met" : "not met") +
           (e.words.empty() ? "" : ": " + e.words);
  }
  std::string operator()(const ViolationFound& e) const {
    return "a promise is broken (" + e.checker + "): " + e.words;
  }

 private:
  const Recording& recording() const { return history_.recording(); }
  bool leads() const {
    return standing_after(history_, record_.node, position_) == Standing::kPrimary;
  }
  std::string name(NodeId id) const { return cluster_.name(id); }
  static std::string term(Term term) { return words_of_term(term); }
  static std::string span_text(Duration span) { return sim::span_text(span); }

  static Standing standing_of(Role role) {
    NodeMoment node;
    node.process = NodeMoment::Process::kRunning;
    node.role = role;
    return node.standing();
  }

  std::string elected(const RoleChanged& e) const {
    const Ballot ballot = ballot_before(history_, record_.node, e.term, false, position_);
    if (ballot.campaign == kNoPosition) return "";
    const std::vector<NodeId> voters = voters_of(history_, ballot, record_.node);
    return ": elected by " + list_of_names(cluster_, voters) + " (" + number(voters.size()) +
           " of " + number(cluster_.size()) + ")";
  }
  std::string why_campaign(Cause cause, Term term) const;
  std::string why_refused(const VoteAnswered& e) const;
  std::string why_follower(const RoleChanged& e) const;
  std::string tally(const VoteReceived& e) const {
    if (!e.granted) return "";
    const std::size_t votes =
        history_.moment(position_ + 1).node(record_.node).tally.granted.size();
    return ": " + number(votes) + " of " + number(cluster_.size());
  }
  Duration waited(std::size_t call) const {
    Lookback past(history_, position_);
    return record_.at - recording()[past.first_call(call)].at;
  }
  std::string message_words(std::uint64_t message, NodeId from) const {
    const Flight* flight = history_.chronicle().flight(message);
    if (flight == nullptr) return "a message of " + name(from);
    return "the " + std::string(to_string(flight->kind)) + " that " + name(from) + " sent " +
           span_text(record_.at - flight->sent) + " ago";
  }
  static std::string call_words(const ClientCalled& e) {
    return std::string(to_string(e.kind)) + " " + shown(e.key) +
           (e.kind == OperationKind::kSet ? " = " + shown(e.value) : "");
  }

  const History& history_;
  const ClusterInfo& cluster_;
  const Record& record_;
  std::size_t position_;
  std::string who_;
};

std::string Teller::why_campaign(Cause cause, Term term) const {
  if (cause == Cause::kElectionTimeout) {
    const Silence silence = silence_before(history_, record_.node, position_);
    if (silence.position == kNoPosition) return "it has heard no primary";
    const std::string span = span_text(record_.at - recording()[silence.position].at);
    return silence.leader == kNoNode
               ? "it has heard no primary for " + span
               : "it has heard nothing from " + name(silence.leader) + " for " + span;
  }
  if (cause == Cause::kWonPreVote) {
    const Ballot ballot = ballot_before(history_, record_.node, term, true, position_);
    std::vector<NodeId> others = voters_of(history_, ballot, record_.node);
    std::erase(others, record_.node);
    if (!others.empty()) return list_of_names(cluster_, others) + " would vote for it";
  }
  switch (cause) {
    case Cause::kBootstrap:
      return "it was started as the first primary";
    case Cause::kTransfer:
      return "the primary hands over to it";
    case Cause::kCampaignTimeout:
      return "its last campaign got no majority in time";
    default:
      return std::string(to_string(cause));
  }
}

std::string Teller::why_refused(const VoteAnswered& e) const {
  switch (e.reason) {
    case Reason::kLogNotUpToDate:
      return name(e.candidate) + "'s log is behind its own";
    case Reason::kLeaderAlive:
      return leads() ? "it is the primary itself" : "it hears from a primary";
    case Reason::kAlreadyVoted:
      return "it has voted in this term already";
    case Reason::kStaleTerm:
      return "it is in a later term";
    case Reason::kWiped: {
      const bool own = history_.moment(position_).node(record_.node).wiped;
      return (own ? "it" : name(e.candidate)) + " has lost its disk";
    }
    default:
      return std::string(to_string(e.reason));
  }
}

std::string Teller::why_follower(const RoleChanged& e) const {
  switch (e.cause) {
    case Cause::kHigherTerm:
      return "it hears of " + words_of_term(e.term);
    case Cause::kLostQuorum:
      return "it has heard no majority of the nodes for too long";
    case Cause::kGrantedVote:
      return "it votes for another node";
    case Cause::kLeaderFound:
      return words_of_term(e.term) + " has a primary already";
    default:
      return std::string(to_string(e.cause));
  }
}

std::string Teller::operator()(const ClientAnswered& e) const {
  const ClientOperation* operation = history_.chronicle().operation(e.operation);
  if (operation != nullptr && operation->call_position > position_) operation = nullptr;
  const ClientCalled* call =
      operation == nullptr ? nullptr : fact_of<ClientCalled>(recording()[operation->call_position]);
  const std::string what = call == nullptr ? "its request" : call_words(*call);
  const auto ended = [&]() -> std::string {
    switch (e.ending) {
      case Ending::kOk:
        if (e.found) return "found " + shown(*e.found);
        return call != nullptr && call->kind == OperationKind::kGet ? "found nothing" : "ok";
      case Ending::kRefused:
        return "refused";
      case Ending::kUnknown:
        return "nobody knows whether it was done";
      case Ending::kPending:
        return "pending";
    }
    CHECK(false);
  };
  return "client " + number(e.client) + " hears from " + who_ + ": " + what + " → " + ended() +
         (e.detail.empty() ? "" : " (" + e.detail + ")") +
         (operation == nullptr ? "" : ", after " + span_text(waited(operation->call_position)));
}

}  // namespace

std::string sentence(const History& history, std::size_t position) {
  const Record& record = history.recording()[position];
  // Of what such a node is, no moment tells.
  if (tells_of_stranger(record, history.cluster()))
    return sim::one_line(history.cluster().name(record.node) + ": " + describe(record.fact),
                         kLongestSentence);
  return Teller(history, position).tell();
}

}  // namespace kv::viz
