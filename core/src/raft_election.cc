#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/raft.h"

namespace kv {

namespace {

/// How often a node that waits for others to be started asks for their votes.
constexpr Duration kBootstrapRetry = milliseconds(50);
/// A hand-over that takes longer is given up, so that the leader serves again.
constexpr Duration kTransferPatience = seconds(1);

}  // namespace

void Raft::campaign(Instant now, bool pre, bool transfer, Cause cause) {
  if (!pre) set_term(term() + 1, config_.self);
  Candidate candidate;
  candidate.pre = pre;
  candidate.transfer = transfer;
  candidate.granted.insert(config_.self);
  change_role(std::move(candidate), cause);
  report(CampaignStarted{pre, pre ? term() + 1 : term(), cause});
  ask_for_votes(now);
  tally(now);
}

/// Raft elects in a term that a candidate has entered; here everybody is in term 0 from the start,
/// and one vote a node a term keeps it safe. It is never done twice: once the vote is on disk there
/// is history.
void Raft::begin_bootstrap(Instant now) {
  set_term(0, config_.self);
  Candidate candidate;
  candidate.pre = false;
  candidate.bootstrap = true;
  candidate.granted.insert(config_.self);
  candidate.campaign_due = now + random_election_timeout();
  change_role(std::move(candidate), Cause::kBootstrap);
  report(CampaignStarted{false, 0, Cause::kBootstrap});
  ask_for_votes(now);
  tally(now);
}

void Raft::ask_for_votes(Instant now) {
  Candidate& candidate = std::get<Candidate>(role_);
  const Timing& timing = config_.timing;
  candidate.retry_due = now + (candidate.bootstrap ? kBootstrapRetry
                                                   : std::min(timing.heartbeat_interval,
                                                              timing.election_timeout_min / 10));
  const Term campaign_term = candidate.pre ? term() + 1 : term();
  const VoteRequest request{candidate.pre, candidate.transfer, log_.last_index(), log_.last_term()};
  for (const NodeId member : config_.members) {
    if (!candidate.granted.contains(member)) send_in_term(member, campaign_term, request);
  }
}

/// A round of votes needs a few milliseconds, not an election timeout, so a split vote is tried
/// again soon; each failure doubles the time, so slow disks and networks get what they need.
Duration Raft::campaign_timeout() {
  Duration base = config_.timing.election_timeout_min / 10;
  const Duration longest = config_.timing.election_timeout_min * 8;
  for (std::uint32_t i = 0; i < failed_campaigns_ && base < longest; ++i) base = base * 2;
  return rng_.between(base, base * 2);
}

/// The candidate's term and vote are durable, and its requests leave now: only now its time runs.
void Raft::begin_campaign_time(Instant now) {
  auto* candidate = std::get_if<Candidate>(&role_);
  if (candidate == nullptr || candidate->pre || candidate->bootstrap) return;
  candidate->campaign_due = now + campaign_timeout();
}

void Raft::tick_candidate(Instant now) {
  Candidate& candidate = std::get<Candidate>(role_);
  if (!candidate.pre && now >= candidate.campaign_due) {
    if (candidate.bootstrap && candidate.refused) {
      become_follower(now, term(), kNoNode, Cause::kRefused);
      return;
    }
    if (!candidate.bootstrap) {
      ++failed_campaigns_;
      campaign(now, /*pre=*/true, /*transfer=*/false, Cause::kCampaignTimeout);
      return;
    }
    candidate.campaign_due = now + random_election_timeout();
  }
  if (now < candidate.retry_due) return;
  // What was asked already still waits for the disk.
  if (!outbox_.open()) {
    candidate.retry_due = now + kBootstrapRetry;
  } else {
    ask_for_votes(now);
  }
}

/// Who hears a leader doesn't help to depose it (dissertation §4.2.3). With leases that is a
/// promise which outlives roles, terms and restarts; in term 0, the first one, it can be owed to
/// nobody.
bool Raft::leader_may_be_alive(Instant now, Term campaign) const {
  if (is_leader() || (campaign > 0 && now < no_vote_until_)) return true;
  const auto* follower = std::get_if<Follower>(&role_);
  return follower != nullptr && follower->leader != kNoNode &&
         now - follower->leader_heard < config_.timing.election_timeout_min;
}

std::optional<Reason> Raft::refusal(Instant now, const Message& message,
                                    const VoteRequest& request) const {
  if (self_wiped_) return Reason::kWiped;
  if (!request.transfer && leader_may_be_alive(now, message.term)) return Reason::kLeaderAlive;
  const bool same_term = message.term == term();
  if (same_term && hard_state_.voted_for != kNoNode && hard_state_.voted_for != message.from) {
    return Reason::kAlreadyVoted;
  }
  if (same_term && leader() != kNoNode) return Reason::kLeaderAlive;
  // Raft paper §5.4.1: only who holds all committed entries may win.
  if (request.last_term < log_.last_term() ||
      (request.last_term == log_.last_term() && request.last_index < log_.last_index())) {
    return Reason::kLogNotUpToDate;
  }
  return std::nullopt;
}

void Raft::on(Instant now, const Message& message, const VoteRequest& request) {
  const std::optional<Reason> reason = refusal(now, message, request);
  report(VoteAnswered{message.from, message.term, request.pre, !reason, reason.value_or(Reason{})});
  if (reason) {
    send(message.from, VoteReply{request.pre, false});
    return;
  }
  if (!request.pre && hard_state_.voted_for != message.from) {
    set_term(term(), message.from);
    // Give the winner the time to say so, once: who asks again and again may be unable to hear.
    become_follower(now, term(), kNoNode, Cause::kGrantedVote);
  }
  send_in_term(message.from, message.term, VoteReply{request.pre, true});
}

void Raft::on(Instant now, const Message& message, const VoteReply& reply) {
  auto* candidate = std::get_if<Candidate>(&role_);
  const Term campaign_term = reply.pre ? term() + 1 : term();
  if (candidate == nullptr || candidate->pre != reply.pre ||
      (reply.granted && message.term != campaign_term)) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  report(VoteReceived{message.from, campaign_term, reply.pre, reply.granted});
  if (!reply.granted) {
    candidate->refused = true;
    return;
  }
  candidate->granted.insert(message.from);
  tally(now);
}

void Raft::tally(Instant now) {
  const Candidate& candidate = std::get<Candidate>(role_);
  if (candidate.granted.size() < quorum()) return;
  if (candidate.pre) {
    campaign(now, /*pre=*/false, /*transfer=*/false, Cause::kWonPreVote);
  } else {
    become_leader(now);
  }
}

// --- leadership transfer (dissertation §3.10) ---

bool Raft::start_transfer(Instant now, NodeId to) {
  auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr || leader->transfer) return false;
  NodeId best = kNoNode;
  for (const auto& [id, progress] : leader->progress) {
    const bool alive = now - progress.heard < config_.timing.election_timeout_min;
    if (progress.wiped || !alive || (to != kNoNode && to != id)) continue;
    if (best == kNoNode || progress.match > leader->progress.at(best).match) best = id;
  }
  if (best == kNoNode) return false;
  leader->transfer = Transfer{best, now + kTransferPatience, false};
  report(TransferStarted{best});
  tell_transfer_target(now);
  return true;
}

void Raft::tell_transfer_target(Instant now) {
  Leader& leader = std::get<Leader>(role_);
  if (!leader.transfer) return;
  if (now >= leader.transfer->due) {
    report(TransferEnded{leader.transfer->to, false});
    leader.transfer.reset();
    return;
  }
  if (leader.transfer->told || leader.progress.at(leader.transfer->to).match < log_.last_index())
    return;
  leader.transfer->told = true;
  leader.lease_given_up = true;  // it may arrive at any later time, and no promise holds against it
  send(leader.transfer->to, TimeoutNow{});
}

void Raft::on(Instant now, const Message& message, const TimeoutNow&) {
  const auto* follower = std::get_if<Follower>(&role_);
  if (follower == nullptr || follower->leader != message.from || self_wiped_) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  campaign(now, /*pre=*/false, /*transfer=*/true, Cause::kTransfer);
}

}  // namespace kv
