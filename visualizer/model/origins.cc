// What each kind of record comes of. Nodes that are watched while they run don't tell of messages
// that arrive: there, what the sender did is found without them.
#include "model/origins.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "core/overloaded.h"

namespace kv::viz {
namespace {

using Found = std::optional<std::size_t>;

/// A batch may hold very many entries; this many of them are followed to their clients.
constexpr LogIndex kMostCalls = 3;
/// More are never appended at once, though a trace may say so.
constexpr LogIndex kMostInBatch = 10'000;

class Finder {
 public:
  Finder(Lookback& past, std::size_t position)
      : past_(past),
        history_(past.history()),
        recording_(past.recording()),
        record_(recording_[position]),
        position_(position),
        node_(record_.node) {}

  std::vector<Origin> find() && {
    std::visit(*this, record_.fact);
    return std::move(origins_);
  }
  void operator()(const Event& event) { std::visit(*this, event); }

  // --- elections ---

  void operator()(const RoleChanged& e) {
    if (e.to == Role::kLeader) {
      add_ballot(e.term, false);
    } else if (e.to == Role::kFollower) {
      give_up(e);
    } else {
      campaign(e.cause, e.term);
    }
  }
  void operator()(const CampaignStarted& e) { campaign(e.cause, e.term); }
  void operator()(const TermChanged& e) {
    if (add(arrival())) return;
    add(past_.last_anywhere<CampaignStarted>(
        position_, [&](const CampaignStarted& c) { return !c.pre && c.term == e.term; }));
  }
  void operator()(const VoteAnswered& e) {
    if (!add(arrival())) add(campaign_of(e.candidate, e.term, e.pre));
    if (e.granted) return;
    switch (e.reason) {
      case Reason::kAlreadyVoted:
        add_leaf(past_.last<VoteAnswered>(position_, node_, [&](const VoteAnswered& other) {
          return other.granted && !other.pre && other.term == e.term;
        }));
        add_leaf(campaign_of(node_, e.term, false));
        break;
      case Reason::kLeaderAlive:
        if (leads()) {
          add_leaf(history_.moment(position_).node(node_).role_position);
        } else {
          add_leaf(past_.last<ElectionTimerSet>(position_, node_));
        }
        break;
      case Reason::kLogNotUpToDate:
        add_leaf(past_.last<EntriesAppended>(position_, node_));
        break;
      case Reason::kWiped:
        add_leaf(past_.last<PeerWiped>(position_, node_));
        add_leaf(past_.last<SelfWiped>(position_, node_));
        break;
      default:
        break;
    }
  }
  void operator()(const VoteReceived& e) {
    if (add(arrival())) return;
    add(past_.last<VoteAnswered>(position_, e.voter, [&](const VoteAnswered& answer) {
      return answer.candidate == node_ && answer.pre == e.pre && answer.term == e.term &&
             answer.granted == e.granted;
    }));
  }
  void operator()(const LeaderRecognised& e) {
    if (!add(arrival())) add_leaf(election_of(e.leader, e.term));
  }
  void operator()(const ElectionTimerSet&) {
    if (!add(arrival())) add_leaf(past_.beside<NodeStarted>(position_));
  }
  void operator()(const TransferStarted&) {
    add(past_.last_anywhere<StepTaken>(position_ + 1,
                                       [](const StepTaken& e) { return e.verb == "transfer"; }));
  }
  void operator()(const TransferEnded& e) {
    add(past_.last<TransferStarted>(position_, node_,
                                    [&](const TransferStarted& t) { return t.to == e.to; }));
    if (e.done) add(arrival());
  }

  // --- logs ---

  void operator()(const EntriesAppended& e) {
    if (!leads()) {
      if (!add(arrival())) add(appended_by_others(e.last, e.term));
      return;
    }
    // The first entry of its term, which no client asked for.
    add_leaf(past_.beside<RoleChanged>(position_));
    for (LogIndex index = e.last; index >= e.first && e.last - index < kMostCalls; --index)
      add(past_.call_for(position_, index, e.term));
  }
  void operator()(const EntriesTruncated& e) {
    add(arrival());
    add(past_.last<EntriesAppended>(position_, node_, [&](const EntriesAppended& lost) {
      return lost.first <= e.from && e.from <= lost.last;
    }));
    const Moment moment = history_.moment(position_);
    add_leaf(election_of(moment.node(node_).leader, moment.node(node_).term));
  }
  void operator()(const EntriesPersisted& e) {
    add(past_.last<EntriesAppended>(position_, node_, [&](const EntriesAppended& appended) {
      return appended.first <= e.last && e.last <= appended.last;
    }));
  }
  void operator()(const CommitAdvanced& e) {
    if (leads()) return add_majority(e.commit);
    const Found message = arrival();
    add(message);
    const NodeId leader = history_.moment(position_).node(node_).leader;
    const Flight* flight = message ? flight_that_ended(*message) : nullptr;
    add(past_.commit_of(flight == nullptr ? position_ : flight->sent_position, leader, e.commit));
  }
  void operator()(const EntriesApplied& e) {
    add(past_.last<CommitAdvanced>(
        position_, node_, [&](const CommitAdvanced& commit) { return commit.commit >= e.last; }));
  }
  void operator()(const AppendRefused&) { add(arrival()); }
  void operator()(const SnapshotTaken& e) {
    add_leaf(past_.last<EntriesApplied>(position_, node_, [&](const EntriesApplied& applied) {
      return applied.last <= e.last_index;
    }));
  }
  void operator()(const LogCompacted&) { add_leaf(past_.last<SnapshotTaken>(position_, node_)); }
  void operator()(const SnapshotSendStarted& e) {
    add_leaf(past_.last<AppendRefused>(position_, e.to));
    add_leaf(past_.last<LogCompacted>(position_, node_));
    add(past_.last<NodeStopped>(position_, e.to));
  }
  void operator()(const SnapshotSendEnded& e) {
    add(past_.last<SnapshotSendStarted>(
        position_, node_, [&](const SnapshotSendStarted& start) { return start.to == e.to; }));
    add(e.done ? arrival() : past_.last<NodeStopped>(position_, e.to));
  }
  void operator()(const SnapshotInstalled&) {
    if (add(arrival())) return;
    add(past_.last_anywhere<SnapshotSendStarted>(
        position_, [&](const SnapshotSendStarted& start) { return start.to == node_; }));
  }
  void operator()(const ReadRoundConfirmed&) { add(arrival()); }
  void operator()(const PeerWiped& e) { add(past_.last<DiskWiped>(position_, e.peer)); }
  void operator()(const SelfWiped&) { add(past_.last<DiskWiped>(position_, node_)); }
  void operator()(const MessageIgnored&) { add(arrival()); }

  // --- messages ---

  void operator()(const MessageSent& e) {
    const Message& message = *e.content;
    std::visit(
        Overloaded{
            [&](const VoteRequest& m) { add(campaign_of(node_, message.term, m.pre)); },
            [&](const VoteReply& m) { add(answer_to(message.to, m)); },
            [&](const AppendRequest& m) { add_lead(message.term, m); },
            [&](const AppendReply&) {
              if (add(past_.beside<EntriesPersisted>(position_))) return;
              if (add(past_.beside<AppendRefused>(position_))) return;
              add_request_of(message.to);
            },
            [&](const SnapshotRequest&) {
              add(past_.last<SnapshotSendStarted>(
                  position_, node_,
                  [&](const SnapshotSendStarted& start) { return start.to == message.to; }));
            },
            [&](const SnapshotReply&) { add_request_of(message.to); },
            [&](const TimeoutNow&) { add(past_.last<TransferStarted>(position_, node_)); },
            [&](const ReadIndexRequest&) { add_leaf(election_of(message.to, message.term)); },
            [&](const ReadIndexReply&) { add_request_of(message.to); },
        },
        message.body);
  }
  void operator()(const MessageDelivered& e) { add_sending(e.message); }
  void operator()(const MessageDropped& e) {
    add_sending(e.message);
    if (e.reason == DropReason::kCut) add(cut_of(e.from, node_));
    if (e.reason == DropReason::kNodeDown) add(standstill_of(node_));
  }

  // --- processes, links, clients ---

  void operator()(const NodeStarted&) {
    add_step();
    add_leaf(past_.last<NodeStopped>(position_, node_));
  }
  void operator()(const NodeStopped&) {
    if (add_step()) return;
    add(past_.last<StepTaken>(position_, node_, [](const StepTaken& e) {
      return e.verb == "crash" || e.verb == "disk_full" || e.verb == "flip_bit" ||
             e.verb == "read_error";
    }));
  }
  void operator()(const NodePaused&) { add_step(); }
  void operator()(const NodeResumed&) {
    add_step();
    add(past_.last<NodePaused>(position_, node_));
  }
  void operator()(const DiskWiped&) { add_step(); }
  void operator()(const LinkChanged&) { add_step(); }
  void operator()(const ClientCalled& e) {
    const std::size_t first = past_.first_call(position_);
    if (first != position_) add(first);
    add_step(to_string(e.kind));
  }
  void operator()(const ClientAnswered& e) {
    const ClientOperation* operation = history_.chronicle().operation(e.operation);
    if (operation == nullptr || operation->call_position > position_) return;
    const std::size_t call = operation->call_position;
    add(call);
    if (e.ending == Ending::kOk) return add_success(call);
    if (e.detail.starts_with("CONNECTION_")) {
      add(past_.last<NodeStopped>(position_, node_));
      return;
    }
    const auto loss = loss_before(history_, record_.at);
    if (loss && loss->outage.to >= recording_[past_.first_call(call)].at) add(loss->position);
  }
  template <typename Other>
  void operator()(const Other&) {}

 private:
  /// False: there is none, or it is no longer in the recording.
  bool add(Found found, bool further = true) {
    if (!found || *found < recording_.first()) return false;
    origins_.push_back({*found, further});
    return true;
  }
  bool add_leaf(Found found) { return add(found, false); }

  // --- messages ---

  Found arrival() const { return past_.arrival(position_); }
  const Flight* flight_that_ended(std::size_t arrival) const {
    return history_.chronicle().flight(fact_of<MessageDelivered>(recording_[arrival])->message);
  }
  void add_sending(std::uint64_t message) {
    const Flight* flight = history_.chronicle().flight(message);
    if (flight != nullptr && flight->sent_position < position_) add(flight->sent_position);
  }
  /// What this is the reply to; it may have had to wait for the disk.
  void add_request_of(NodeId sender) {
    add(past_.last<MessageDelivered>(position_, node_,
                                     [&](const MessageDelivered& e) { return e.from == sender; }));
  }
  Found answer_to(NodeId candidate, const VoteReply& reply) {
    return past_.last<VoteAnswered>(position_, node_, [&](const VoteAnswered& answer) {
      return answer.candidate == candidate && answer.pre == reply.pre &&
             answer.granted == reply.granted;
    });
  }
  /// Of a message that only a leader sends.
  void add_lead(Term term, const AppendRequest& request) {
    if (!request.entries.empty()) {
      const LogIndex last = request.entries.back().index;
      if (add(past_.last<EntriesAppended>(position_, node_, [&](const EntriesAppended& e) {
            return e.first <= last && last <= e.last;
          }))) {
        return;
      }
    }
    add_leaf(election_of(node_, term));
  }

  // --- elections ---

  Found campaign_of(NodeId candidate, Term term, bool pre) {
    return past_.campaign_of(position_, candidate, term, pre);
  }
  Found election_of(NodeId leader, Term term) const {
    return past_.election_of(position_, leader, term);
  }
  void add_ballot(Term term, bool pre) {
    const Ballot ballot = ballot_before(history_, node_, term, pre, position_);
    for (const std::size_t vote : ballot.granted) add(vote);
    if (ballot.campaign != kNoPosition) add(ballot.campaign);
  }
  void campaign(Cause cause, Term term);
  void give_up(const RoleChanged& e);
  void add_silence();
  void add_fate(NodeId leader, std::size_t since);

  Found standstill_of(NodeId node) const { return past_.standstill_of(position_, node); }
  Found cut_of(NodeId from, NodeId to) { return past_.cut_of(position_, from, to); }

  // --- logs ---

  bool leads() const { return standing_after(history_, node_, position_) == Standing::kPrimary; }
  Found appended_by_others(LogIndex index, Term term) {
    return past_.last_anywhere<EntriesAppended>(position_, [&](const EntriesAppended& e) {
      return e.term == term && e.first <= index && index <= e.last;
    });
  }
  void add_majority(LogIndex commit);
  void add_success(std::size_t call);

  bool add_step(std::string_view verb = {}) { return add(past_.step_beside(position_, verb)); }

  Lookback& past_;
  const History& history_;
  const Recording& recording_;
  const Record& record_;
  std::size_t position_;
  NodeId node_;
  std::vector<Origin> origins_{};
};

void Finder::campaign(Cause cause, Term term) {
  switch (cause) {
    case Cause::kBootstrap:
      add(past_.last<NodeStarted>(position_, node_));
      return;
    case Cause::kWonPreVote:
      return add_ballot(term, true);
    case Cause::kTransfer:
      if (add(arrival())) return;
      add(past_.last_anywhere<TransferStarted>(
          position_, [&](const TransferStarted& e) { return e.to == node_; }));
      return;
    case Cause::kCampaignTimeout: {
      const Found failed = past_.last<CampaignStarted>(
          position_, node_, [](const CampaignStarted& e) { return !e.pre; });
      add(failed);
      if (!failed) return;
      const Term of = fact_of<CampaignStarted>(recording_[*failed])->term;
      for (const std::size_t vote : ballot_before(history_, node_, of, false, position_).refused)
        add(vote);
      return;
    }
    default:
      return add_silence();
  }
}

void Finder::give_up(const RoleChanged& e) {
  switch (e.cause) {
    case Cause::kLostQuorum:
      add(past_.beside<NodeResumed>(position_));
      for (NodeId peer = 1; peer <= history_.cluster().size(); ++peer) {
        if (peer != node_ && !add(standstill_of(peer)) && !add(cut_of(peer, node_)))
          add(cut_of(node_, peer));
      }
      return;
    case Cause::kGrantedVote:
      add(past_.beside<VoteAnswered>(position_));
      return;
    case Cause::kWiped:
      add(past_.beside<SelfWiped>(position_));
      return;
    case Cause::kRefused:
      for (const std::size_t vote :
           ballot_before(history_, node_, e.term, false, position_).refused) {
        add(vote);
      }
      return;
    default:
      if (add(arrival())) return;
      add(past_.last_anywhere<CampaignStarted>(
          position_, [&](const CampaignStarted& c) { return !c.pre && c.term == e.term; }));
  }
}

/// Why a node thought that there is no primary.
void Finder::add_silence() {
  const Silence silence = silence_before(history_, node_, position_);
  if (silence.position == kNoPosition) return;
  add_leaf(silence.position);
  const auto after_silence = [&](Found found) {
    return found && *found > silence.position ? found : std::nullopt;
  };
  add(after_silence(past_.last<NodeResumed>(position_, node_)));
  add(after_silence(past_.last<StepTaken>(position_, node_, [](const StepTaken& e) {
    return e.verb == "drift" || e.verb == "clock_step" || e.verb == "freeze_clock";
  })));
  NodeId leader = silence.leader;
  if (leader == kNoNode) {
    // It led itself, or has not heard of a primary since it followed one.
    const Found own = after_silence(past_.last<RoleChanged>(
        position_, node_, [](const RoleChanged& e) { return e.from == Role::kLeader; }));
    if (add(own)) return;
    const Found followed = past_.last<LeaderRecognised>(position_, node_);
    if (followed) leader = fact_of<LeaderRecognised>(recording_[*followed])->leader;
  }
  if (leader != kNoNode && leader <= history_.cluster().size()) add_fate(leader, silence.position);
}

/// Why nothing came from a leader any more.
void Finder::add_fate(NodeId leader, std::size_t since) {
  if (add(standstill_of(leader)) || add(cut_of(leader, node_))) return;
  const Found stopped = past_.last<NodeStopped>(position_, leader);
  if (stopped && *stopped > since) {
    add(stopped);
    return;
  }
  const Found changed = past_.last<RoleChanged>(
      position_, leader, [](const RoleChanged& e) { return e.from == Role::kLeader; });
  if (changed && *changed > since) {
    add(changed);
    return;
  }
  const Found lost = past_.last<MessageDropped>(
      position_, node_, [&](const MessageDropped& e) { return e.from == leader; });
  if (lost && *lost > since) add(lost);
}

/// Who had it on disk when a leader found that it is a majority: itself, and those who said so.
void Finder::add_majority(LogIndex commit) {
  const auto covers = [&](const EntriesAppended& e) {
    return e.first <= commit && commit <= e.last;
  };
  const Found appended = past_.last<EntriesAppended>(position_, node_, covers);
  if (!appended) {
    add(arrival());
    return;
  }
  std::set<NodeId> told;
  std::set<NodeId> persisted;
  std::vector<Origin> of_others;
  for (std::size_t at = *appended + 1; at < position_; ++at) {
    const Record& record = recording_[at];
    const auto* durable = fact_of<EntriesPersisted>(record);
    if (durable != nullptr && durable->last >= commit && persisted.insert(record.node).second) {
      if (record.node == node_) add(at);
      if (record.node != node_) of_others.push_back({at, true});
    }
    if (record.node != node_ || fact_of<MessageDelivered>(record) == nullptr) continue;
    const Flight* flight = flight_that_ended(at);
    if (flight == nullptr || flight->kind != MessageKind::kReplicateReply) continue;
    const auto* sent = fact_of<MessageSent>(recording_[flight->sent_position]);
    const auto& reply = std::get<AppendReply>(sent->content->body);
    if (reply.accepted && reply.durable >= commit && told.insert(flight->from).second) add(at);
  }
  if (told.empty()) origins_.insert(origins_.end(), of_others.begin(), of_others.end());
}

/// Why a client could be told that all is well.
void Finder::add_success(std::size_t call) {
  const ClientCalled& asked = *fact_of<ClientCalled>(recording_[call]);
  if (asked.kind == OperationKind::kGet) {
    const Found confirmed = past_.last<ReadRoundConfirmed>(position_, node_);
    if (confirmed && *confirmed > call) add(confirmed);
    return;
  }
  LogIndex index = 0;
  for (std::size_t at = call + 1; at < position_; ++at) {
    const Record& record = recording_[at];
    if (record.node != node_) continue;
    if (const auto* e = fact_of<EntriesAppended>(record); e != nullptr && index == 0) {
      const LogIndex behind = e->last >= e->first ? e->last - e->first + 1 : 0;
      for (LogIndex i = 0; i < std::min(behind, kMostInBatch) && index == 0; ++i) {
        const Entry* entry = recording_.entry(e->first + i, e->term);
        if (entry != nullptr && asks_for(asked, *entry)) index = e->first + i;
      }
    }
    const auto* applied = fact_of<EntriesApplied>(record);
    if (applied == nullptr || index == 0 || applied->last < index) continue;
    add(at);
    return;
  }
}

}  // namespace

std::vector<Origin> origins_of(Lookback& past, std::size_t position) {
  const History& history = past.history();
  if (tells_of_stranger(history.recording()[position], history.cluster())) return {};
  return Finder(past, position).find();
}

}  // namespace kv::viz
