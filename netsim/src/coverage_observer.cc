#include <algorithm>
#include <utility>

#include "core/overloaded.h"
#include "netsim/chaos.h"
#include "netsim/coverage.h"

namespace kv::sim {
namespace {

// Places in kStruckRoles and kStrikePhases.
constexpr std::size_t kPrimaryStruck = 0;
constexpr std::size_t kSecondaryStruck = 1;
constexpr std::size_t kCandidateStruck = 2;
constexpr std::size_t kDownStruck = 3;
constexpr std::size_t kSeveralStruck = 4;
constexpr std::size_t kIdle = 0;
constexpr std::size_t kElection = 1;
constexpr std::size_t kReplication = 2;
constexpr std::size_t kSnapshot = 3;
constexpr std::size_t kTransfer = 4;

std::size_t struck_role_of(const Cluster& cluster, NodeId id) {
  if (!cluster.node(id).runs()) return kDownStruck;
  switch (cluster.replica(id)->raft().role()) {
    case Role::kLeader:
      return kPrimaryStruck;
    case Role::kFollower:
      return kSecondaryStruck;
    default:
      return kCandidateStruck;
  }
}

/// Null if it doesn't lead.
const Leader* leader_state(const Replica* replica) {
  return replica == nullptr ? nullptr : std::get_if<Leader>(&replica->raft().role_state());
}

}  // namespace

CoverageObserver::CoverageObserver(const Scenario& scenario)
    : heartbeat_(scenario.timing.heartbeat_interval),
      limits_(scenario.limits),
      nodes_(scenario.nodes.size()) {
  for (Seen& node : nodes_) node.newest.resize(nodes_.size());
  for (const Verb verb : Chaos::classes()) faults_.push_back(verb_name(verb));
}

std::size_t CoverageObserver::phase_of(const Cluster& cluster) const {
  bool saving = false;
  const NodeId primary = cluster.primary();
  for (NodeId id = 1; id <= cluster.size(); ++id)
    saving = saving || cluster.node(id).snapshot_work.has_value();
  if (primary == kNoNode) return saving ? kSnapshot : kElection;
  const Raft& raft = cluster.replica(primary)->raft();
  if (raft.transferring()) return kTransfer;
  if (saving || raft.sending_snapshot()) return kSnapshot;
  return raft.log().last_index() > raft.commit() ? kReplication : kIdle;
}

void CoverageObserver::before_strike(const Cluster& cluster) {
  phase_ = phase_of(cluster);
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    nodes_[id - 1].struck_role = struck_role_of(cluster, id);
    nodes_[id - 1].saving = cluster.node(id).snapshot_work.has_value();
  }
}

void CoverageObserver::observe(const Cluster& cluster) {
  for (const Record& record : cluster.records()) on(cluster, record);
  if (cluster.touched() != kNoNode) look_at_leader(cluster, cluster.touched());
  for (Seen& node : nodes_) node.saving = false;
}

void CoverageObserver::on(const Cluster& cluster, const Record& record) {
  const NodeId id = record.node;
  std::visit(Overloaded{[&](const Event& event) { on_event(cluster, id, event); },
                        [&](const MessageDelivered& delivery) { on_delivery(id, delivery); },
                        [&](const MessageSent& sent) {
                          // Only those that cast a vote are recorded: it is durable now.
                          const auto* reply = std::get_if<VoteReply>(&sent.content->body);
                          if (reply != nullptr && reply->granted && !reply->pre)
                            nodes_[id - 1].vote_not_durable = false;
                        },
                        [&](const NodeStopped& stop) { on_stop(cluster, id, stop.cause); },
                        [&](const NodeStarted& start) { on_start(cluster, id, start); },
                        [&](const NodeResumed&) {
                          if (newer_leader(id)) hit(Mark::kWakesDeposed);
                        },
                        [&](const LinkChanged& link) {
                          if (link.from != kNoNode) cut_ways_ += link.cut ? 1 : -1ULL;
                        },
                        [&](const ClientCalled&) {
                          if (newer_leader(id)) hit(Mark::kDeposedIsAsked);
                        },
                        [&](const StepTaken& step) { on_step(id, step); }, [](const auto&) {}},
             record.fact);
}

void CoverageObserver::on_event(const Cluster& cluster, NodeId id, const Event& event) {
  Seen& node = nodes_[id - 1];
  std::visit(
      Overloaded{
          [&](const RoleChanged& change) { on_role(cluster, id, change); },
          [&](const CampaignStarted& campaign) { on_campaign(id, campaign); },
          [&](const VoteAnswered& vote) { on_vote(id, vote); },
          [&](const EntriesTruncated& cut) {
            hit(cut.from == cut.old_last ? Mark::kTruncatesOne : Mark::kTruncatesSeveral);
          },
          [&](const CommitAdvanced&) {
            if (std::exchange(node.inherited, false)) hit(Mark::kOldTermCommitted);
          },
          [&](const AppendRefused&) { hit(Mark::kAppendRefused); },
          [&](const PeerWiped&) { hit(Mark::kPeerWiped); },
          [&](const SelfWiped&) { hit(Mark::kSelfWiped); },
          [&](const LogCompacted& log) { on_compaction(cluster, id, log.first); },
          [&](const SnapshotSendStarted& send) { nodes_[send.to - 1].sent_snapshot_by = id; },
          [&](const SnapshotSendEnded& send) {
            nodes_[send.to - 1].sent_snapshot_by = kNoNode;
            if (!send.done) hit(Mark::kSendBrokenOff);
          },
          [&](const SnapshotInstalled&) {
            hit(Mark::kSnapshotInstalled);
            if (cut_ways_ > 0) hit(Mark::kInstalledWhileCut);
          },
          [&](const TransferEnded& end) {
            hit(end.done ? Mark::kTransferDone : Mark::kTransferFailed);
          },
          [&](const ReadRoundConfirmed& read) {
            if (read.round == node.round && cluster.now() - node.round_began > heartbeat_)
              hit(Mark::kReadAskedAgain);
          },
          [](const auto&) {}},
      event);
}

bool CoverageObserver::newer_leader(NodeId id) const {
  const Seen& self = nodes_[id - 1];
  return self.runs && self.role == Role::kLeader &&
         std::any_of(nodes_.begin(), nodes_.end(), [&](const Seen& other) {
           return other.runs && other.role == Role::kLeader && other.term > self.term;
         });
}

void CoverageObserver::on_role(const Cluster& cluster, NodeId id, const RoleChanged& change) {
  Seen& node = nodes_[id - 1];
  node.role = change.to;
  node.term = change.term;
  node.inherited = false;
  if (change.from == Role::kLeader) {
    if (change.cause == Cause::kLostQuorum) hit(Mark::kLostQuorum);
    if (change.cause == Cause::kHigherTerm) hit(Mark::kDeposed);
    if (node.clock_struck) hit(Mark::kClockDeposed);
  }
  if (change.from == Role::kCandidate && change.cause == Cause::kLeaderFound)
    hit(Mark::kCandidateFindsLeader);
  if (change.to != Role::kLeader) return;
  led_term_ = std::max(led_term_, change.term);
  for (NodeId other = 1; other <= nodes_.size(); ++other) {
    const Seen& older = nodes_[other - 1];
    if (other != id && older.runs && older.role == Role::kLeader) hit(Mark::kTwoLeaders);
  }
  const Replica* replica = cluster.replica(id);
  if (replica == nullptr) return;
  const Raft& raft = replica->raft();
  node.inherited = raft.log().term_at(raft.commit() + 1).value_or(change.term) < change.term;
}

void CoverageObserver::on_campaign(NodeId id, const CampaignStarted& campaign) {
  if (campaign.pre) return;
  nodes_[id - 1].vote_not_durable = true;
  if (campaign.term > campaign_term_) {
    if (rivals_ && led_term_ < campaign_term_) hit(Mark::kSplitVote);
    campaign_term_ = campaign.term;
    candidate_ = id;
    rivals_ = false;
  } else if (campaign.term == campaign_term_ && id != candidate_) {
    rivals_ = true;
  }
}

void CoverageObserver::on_vote(NodeId id, const VoteAnswered& vote) {
  if (vote.granted) {
    if (!vote.pre) nodes_[id - 1].vote_not_durable = true;
    return;
  }
  if (vote.reason == Reason::kLeaderAlive) hit(Mark::kRefusedWhileLeaderAlive);
  if (vote.reason == Reason::kLogNotUpToDate) hit(Mark::kRefusedForShorterLog);
  if (vote.reason == Reason::kAlreadyVoted) hit(Mark::kRefusedAsVoted);
}

void CoverageObserver::on_compaction(const Cluster& cluster, NodeId id, LogIndex first) {
  const Leader* const leader = leader_state(cluster.replica(id));
  if (leader == nullptr) return;
  const bool lags = std::any_of(leader->progress.begin(), leader->progress.end(),
                                [&](const auto& peer) { return peer.second.match + 1 < first; });
  if (lags) hit(Mark::kCompactsWhileLagging);
}

void CoverageObserver::on_stop(const Cluster& cluster, NodeId id, StopCause cause) {
  Seen& node = nodes_[id - 1];
  if (!node.runs || !cluster.node(id).died) return;
  const Raft& died = cluster.node(id).died->raft();
  if (node.vote_not_durable) hit(Mark::kDiesBeforeVoteDurable);
  if (died.log().last_index() > died.persisted_index()) hit(Mark::kDiesBeforeDurable);
  if (node.saving) hit(Mark::kDiesSaving);
  if (node.sent_snapshot_by != kNoNode) hit(Mark::kReceiverDies);
  if (const auto* leader = std::get_if<Leader>(&died.role_state())) {
    if (leader->transfer) hit(Mark::kDiesTransferring);
    if (leader->round_sent > leader->round_confirmed) hit(Mark::kDiesReading);
  }
  node.last_index = died.log().last_index();
  node.power_lost = cause == StopCause::kPowerCut;
  node.runs = false;
  node.vote_not_durable = false;
  node.inherited = false;
}

void CoverageObserver::on_start(const Cluster& cluster, NodeId id, const NodeStarted& start) {
  Seen& node = nodes_[id - 1];
  if (node.power_lost && start.last_index < node.last_index) hit(Mark::kTailLost);
  node.runs = true;
  node.role = Role::kFollower;
  node.term = start.term;
  node.power_lost = false;
  node.messages_before = cluster.messages();
  node.round = 0;
}

void CoverageObserver::on_delivery(NodeId id, const MessageDelivered& delivery) {
  Seen& node = nodes_[id - 1];
  if (delivery.message <= node.messages_before) hit(Mark::kOldMessage);
  std::uint64_t& newest = node.newest[delivery.from - 1];
  if (delivery.message < newest) hit(Mark::kOvertaken);
  newest = std::max(newest, delivery.message);
}

void CoverageObserver::on_step(NodeId id, const StepTaken& step) {
  const auto found = std::find(faults_.begin(), faults_.end(), step.verb);
  if (found == faults_.end() || step.step != StepTaken::kDrawn) return;
  const auto fault = static_cast<std::size_t>(found - faults_.begin());
  const std::size_t role = id == kNoNode ? kSeveralStruck : nodes_[id - 1].struck_role;
  coverage_.hit_strike(fault, role, phase_);
  const Verb verb = Chaos::classes()[fault];
  if (verb == Verb::kPowerCut && id == kNoNode) hit(Mark::kAllDark);
  if (id == kNoNode) return;
  if (verb == Verb::kDrift || verb == Verb::kClockStep || verb == Verb::kFreezeClock)
    nodes_[id - 1].clock_struck = true;
}

/// What no record tells.
void CoverageObserver::look_at_leader(const Cluster& cluster, NodeId id) {
  const Replica* const replica = cluster.replica(id);
  const Leader* const leader = leader_state(replica);
  if (leader == nullptr) return;
  const Raft& raft = replica->raft();
  Seen& node = nodes_[id - 1];
  if (leader->round_sent != node.round) {
    node.round = leader->round_sent;
    node.round_began = cluster.now();
  }
  if (replica->applied() < raft.commit()) hit(Mark::kApplyLags);
  const bool full =
      std::any_of(leader->progress.begin(), leader->progress.end(), [&](const auto& peer) {
        return peer.second.feed == Feed::kReplicate &&
               peer.second.next <= raft.log().last_index() && !peer.second.window_open(limits_);
      });
  if (full) hit(Mark::kWindowFull);
  if (!node.inherited || raft.serving()) return;
  std::size_t holders = raft.persisted_index() > raft.commit() ? 1 : 0;
  for (const auto& [peer, progress] : leader->progress)
    holders += progress.match > raft.commit() ? 1U : 0U;
  if (holders >= raft.quorum()) hit(Mark::kFigureEight);
}

void CoverageObserver::finish(const std::vector<Operation>& history, const SafetyChecker& safety) {
  for (const Operation& operation : history) {
    if (operation.kind != OperationKind::kSet || operation.ending != Ending::kUnknown) continue;
    hit(safety.is_committed(operation.key, operation.value) ? Mark::kUnknownTookEffect
                                                            : Mark::kUnknownNever);
  }
  coverage_.end_run();
}

}  // namespace kv::sim
