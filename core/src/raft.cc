#include "core/raft.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "core/check.h"
#include "core/overloaded.h"
#include "core/quorum.h"

namespace kv {

namespace {

bool comes_from_a_leader(const MessageBody& body) {
  return std::holds_alternative<AppendRequest>(body) ||
         std::holds_alternative<SnapshotRequest>(body);
}

/// The log that recovery found, with a base whose term is known.
Log recovered_log(Recovered& recovered) {
  const Snapshot* snapshot = recovered.snapshot.get();
  const LogIndex covered = snapshot != nullptr ? snapshot->last_index : 0;
  std::vector<Entry>& entries = recovered.entries;
  if (entries.empty() || entries.back().index < covered) {
    return {covered, snapshot != nullptr ? snapshot->last_term : 0, {}};
  }
  CHECK(entries.front().index <= covered + 1);
  if (entries.front().index == covered + 1) {
    return {covered, snapshot != nullptr ? snapshot->last_term : 0, std::move(entries)};
  }
  // The term before the first entry is unknown, so that entry itself becomes the base.
  const Entry base = entries.front();
  entries.erase(entries.begin());
  return {base.index, base.term, std::move(entries)};
}

/// Mostly there is nothing before, and nothing has to move.
template <typename Item>
void move_behind(std::vector<Item> from, std::vector<Item>& to) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  }
}

}  // namespace

Raft::Raft(const Config& config, Recovered recovered, std::uint64_t seed, Instant now)
    : config_(config), rng_(Rng(seed).fork("election")), hard_state_(recovered.hard_state) {
  // Where an earlier start counted, its late answers would pass for answers to this one.
  reads_.granted = reads_.asked = reads_.wanted = Rng(seed).fork("reads").next() / 2;
  CHECK(std::find(config.members.begin(), config.members.end(), config.self) !=
        config.members.end());
  CHECK(std::is_sorted(config.members.begin(), config.members.end()));
  const bool has_history = recovered.has_history();
  if (recovered.snapshot) commit_ = recovered.snapshot->last_index;
  log_ = recovered_log(recovered);
  // A snapshot can reach the disk before the term of its last entry does.
  if (log_.last_term() > term()) set_term(log_.last_term(), kNoNode);
  persisted_index_ = log_.last_index();
  unwritten_from_ = log_.last_index() + 1;
  promise_no_vote(now);  // an earlier start may have heard a leader just now
  Follower follower;
  if (config_.members.size() == 1) {
    follower.election_due = now;
  } else {
    set_election_timer(now, follower);
  }
  role_ = follower;
  if (config_.bootstrap_primary && !has_history) begin_bootstrap(now);
}

// --- inputs ---

void Raft::tick(Instant now) {
  if (auto* follower = std::get_if<Follower>(&role_)) {
    if (now < follower->election_due) return;
    if (self_wiped_) {
      follower->leader = kNoNode;
      set_election_timer(now, *follower);
      return;
    }
    campaign(now, /*pre=*/true, /*transfer=*/false, Cause::kElectionTimeout);
  } else if (std::holds_alternative<Candidate>(role_)) {
    tick_candidate(now);
  } else {
    tick_leader(now);
  }
}

void Raft::step(Instant now, const Message& message) {
  if (!admit(now, message)) return;
  std::visit([&](const auto& body) { on(now, message, body); }, message.body);
}

void Raft::persisted(Instant now, WriteId id) {
  const bool gate_was_open = outbox_.open();
  outbox_.persisted(id);
  if (!gate_was_open && outbox_.open()) begin_campaign_time(now);
  const LogIndex before = persisted_index_;
  while (!inflight_writes_.empty() && inflight_writes_.front().id <= id) {
    persisted_index_ = inflight_writes_.front().last;
    inflight_writes_.pop_front();
  }
  if (persisted_index_ == before) return;
  report(EntriesPersisted{persisted_index_});
  if (is_leader()) {
    advance_commit(now);
    count_settled();
  } else if (auto* follower = std::get_if<Follower>(&role_)) {
    if (follower->leader != kNoNode &&
        std::min(follower->matched, persisted_index_) > follower->acknowledged) {
      acknowledge(*follower);
    }
  }
}

// --- who may speak ---

bool Raft::admit(Instant now, const Message& message) {
  const auto& members = config_.members;
  if (message.from == config_.self ||
      std::find(members.begin(), members.end(), message.from) == members.end()) {
    ignore(message, Reason::kUnknownSender);
    return false;
  }
  if (message.to != config_.self) {
    ignore(message, Reason::kNotForMe);
    return false;
  }
  heard_[message.from] = now;
  return admit_incarnation(now, message) && admit_term(now, message);
}

bool Raft::admit_incarnation(Instant now, const Message& message) {
  note_incarnation(message.from, message.from_incarnation);
  const bool from_leader = comes_from_a_leader(message.body);
  const auto* request = std::get_if<VoteRequest>(&message.body);
  if (message.to_incarnation != 0 && message.to_incarnation != config_.incarnation) {
    if (!std::exchange(self_wiped_, true)) {
      report(SelfWiped{message.from, message.to_incarnation});
      if (role() != Role::kFollower) become_follower(now, term(), kNoNode, Cause::kWiped);
    }
    // What was granted to the former incarnation is not this one's.
    if (!from_leader && request == nullptr) {
      ignore(message, Reason::kNotForMe);
      return false;
    }
  }
  if (!wiped_.contains(message.from)) return true;
  // It is fed, and told why it has no vote; nothing else it says is believed.
  if (std::holds_alternative<AppendReply>(message.body) ||
      std::holds_alternative<SnapshotReply>(message.body)) {
    return true;
  }
  if (request != nullptr) {
    report(VoteAnswered{message.from, message.term, request->pre, false, Reason::kWiped});
    send(message.from, VoteReply{request->pre, false});
    return false;
  }
  ignore(message, Reason::kWiped);
  return false;
}

void Raft::note_incarnation(NodeId peer, Incarnation seen) {
  const auto [known, first_contact] = hard_state_.incarnations.try_emplace(peer, seen);
  if (first_contact) hard_state_dirty_ = true;
  const bool is_wiped = known->second != seen;
  const auto before = wiped_.find(peer);
  const Incarnation seen_before = before != wiped_.end() ? before->second : known->second;
  if (seen_before == seen) return;
  // What one incarnation acknowledged says nothing about the other's disk.
  if (auto* leader = std::get_if<Leader>(&role_)) {
    Progress& progress = leader->progress.at(peer);
    if (progress.feed == Feed::kSnapshot) report(SnapshotSendEnded{peer, false});
    progress.match = 0;
    progress.received = 0;
    progress.read_round = 0;
    progress.read_asked.reset();
    progress.to_probe(log_.last_index() + 1);
    progress.wiped = is_wiped;
    release_snapshot();
  }
  if (is_wiped) {
    wiped_[peer] = seen;
    report(PeerWiped{peer, known->second, seen});
  } else {
    wiped_.erase(peer);
  }
}

bool Raft::admit_term(Instant now, const Message& message) {
  if (message.term < term()) {
    answer_stale(message);
    return false;
  }
  const bool from_leader = comes_from_a_leader(message.body);
  if (message.term > term()) {
    const auto* request = std::get_if<VoteRequest>(&message.body);
    const auto* reply = std::get_if<VoteReply>(&message.body);
    // A pre-vote is about a term that nobody is in yet.
    if (request != nullptr && request->pre) return true;
    if (reply != nullptr && reply->pre && reply->granted) return true;
    if (request != nullptr && !request->transfer && leader_may_be_alive(now, message.term)) {
      report(VoteAnswered{message.from, message.term, false, false, Reason::kLeaderAlive});
      return false;
    }
    if (wiped_.contains(message.from)) {
      ignore(message, Reason::kWiped);
      return false;
    }
    become_follower(now, message.term, from_leader ? message.from : kNoNode, Cause::kHigherTerm);
    return true;
  }
  if (!from_leader) return true;
  if (is_leader()) {
    ignore(message, Reason::kNotExpected);
    return false;
  }
  if (std::holds_alternative<Candidate>(role_)) {
    become_follower(now, term(), message.from, Cause::kLeaderFound);
  } else {
    follow(now, message.from);
  }
  return true;
}

void Raft::answer_stale(const Message& message) {
  // The sender learns the later term from the reply's header.
  if (const auto* request = std::get_if<VoteRequest>(&message.body)) {
    report(VoteAnswered{message.from, message.term, request->pre, false, Reason::kStaleTerm});
    send(message.from, VoteReply{request->pre, false});
    return;
  }
  ignore(message, Reason::kStaleTerm);
  if (comes_from_a_leader(message.body)) send(message.from, AppendReply{});
}

// --- roles ---

void Raft::change_role(RoleState role, Cause cause) {
  const Role before = this->role();
  if (auto* leader = std::get_if<Leader>(&role_); leader != nullptr && leader->transfer) {
    report(
        TransferEnded{leader->transfer->to, leader->transfer->told && cause == Cause::kHigherTerm});
  }
  if (auto* leader = std::get_if<Leader>(&role_)) {
    for (const auto& [peer, progress] : leader->progress) {
      if (progress.feed == Feed::kSnapshot) report(SnapshotSendEnded{peer, false});
    }
    retired_.push_back(std::move(leader->snapshot));
  }
  role_ = std::move(role);
  if (before != this->role()) report(RoleChanged{before, this->role(), term(), cause});
}

void Raft::set_term(Term term, NodeId voted_for) {
  CHECK(term >= hard_state_.term);
  hard_state_.term = term;
  hard_state_.voted_for = voted_for;
  hard_state_dirty_ = true;
}

void Raft::become_follower(Instant now, Term term, NodeId leader, Cause cause) {
  if (term > hard_state_.term) {
    if (role() == Role::kFollower) report(TermChanged{hard_state_.term, term});
    set_term(term, kNoNode);
  }
  Follower follower;
  if (leader == kNoNode) set_election_timer(now, follower);
  change_role(follower, cause);
  if (leader != kNoNode) follow(now, leader);
}

void Raft::follow(Instant now, NodeId leader) {
  Follower& follower = std::get<Follower>(role_);
  if (follower.leader != leader) report(LeaderRecognised{leader, term()});
  follower.leader = leader;
  follower.leader_heard = now;
  promise_no_vote(now);
  set_election_timer(now, follower);
  failed_campaigns_ = 0;
}

void Raft::set_election_timer(Instant now, Follower& follower) {
  const Duration timeout = random_election_timeout();
  follower.election_due = now + timeout;
  report(ElectionTimerSet{timeout.ns});
}

void Raft::become_leader(Instant now) {
  Leader leader;
  for (const NodeId member : config_.members) {
    if (member == config_.self) continue;
    Progress progress;
    progress.next = log_.last_index() + 1;
    progress.heard = now;
    progress.wiped = wiped_.contains(member);
    progress.resend_after = resend_interval();
    progress.heartbeat_due = now;
    leader.progress.emplace(member, std::move(progress));
  }
  leader.term_start = log_.last_index() + 1;
  change_role(std::move(leader), Cause::kWonElection);
  failed_campaigns_ = 0;
  unsettled_bytes_ = 0;
  unsettled_from_ = std::min(commit_, persisted_index_) + 1;
  for (LogIndex index = unsettled_from_; index <= log_.last_index(); ++index) {
    unsettled_bytes_ += log_.at(index).size();
  }
  append_to_own_log(EntryType::kEmpty, {});
}

// --- sending and writing ---

void Raft::send(NodeId to, MessageBody body) {
  send_in_term(to, term(), std::move(body));
}

void Raft::send_in_term(NodeId to, Term term, MessageBody body) {
  outbox_.put(Message{config_.self, to, term, config_.incarnation, hard_state_.incarnations.of(to),
                      std::move(body)});
}

void Raft::ignore(const Message& message, Reason reason) {
  report(MessageIgnored{message.from, name_of(message.body), reason});
}

void Raft::flush(Instant now, Effects& effects) {
  ask_read_index(now);
  if (is_leader()) {
    begin_read_round(now);
    answer_read_questions();
    feed_followers(now);
  }
  compact_a_little();
  build_write(effects);
  move_behind(outbox_.release(), effects.messages);
  move_behind(std::exchange(events_, {}), effects.events);
  for (SnapshotPtr& snapshot : retired_) {
    if (snapshot) effects.retired.push_back(std::move(snapshot));
  }
  retired_.clear();
}

void Raft::build_write(Effects& effects) {
  const bool has_entries = unwritten_from_ <= log_.last_index();
  if (!hard_state_dirty_ && !has_entries && !install_ && discard_through_ == 0) return;
  Write write;
  write.id = ++last_write_;
  if (std::exchange(hard_state_dirty_, false)) {
    write.hard_state = hard_state_;
    outbox_.hold_until(write.id);
  }
  write.install = std::exchange(install_, nullptr);
  if (has_entries) {
    report(EntriesAppended{unwritten_from_, log_.last_index(), log_.last_term()});
    write.append = log_.slice(unwritten_from_, std::numeric_limits<std::size_t>::max());
    unwritten_from_ = log_.last_index() + 1;
  }
  write.discard_through = std::exchange(discard_through_, 0);
  inflight_writes_.push_back({write.id, log_.last_index()});
  effects.writes.push_back(std::move(write));
}

std::optional<Instant> Raft::next_deadline() const {
  if (const auto* follower = std::get_if<Follower>(&role_)) {
    return read_question_open() ? std::min(follower->election_due, reads_.resend_due)
                                : follower->election_due;
  }
  if (const auto* candidate = std::get_if<Candidate>(&role_)) {
    return candidate->pre ? candidate->retry_due
                          : std::min(candidate->retry_due, candidate->campaign_due);
  }
  const Leader& leader = std::get<Leader>(role_);
  if (leader.progress.empty()) return std::nullopt;
  Instant due = quorum_heard() + config_.timing.election_timeout_min;
  if (leader.notify_due) due = std::min(due, *leader.notify_due);
  if (leader.transfer) due = std::min(due, leader.transfer->due);
  for (const auto& [id, progress] : leader.progress) {
    due = std::min(due, progress.heartbeat_due);
    if (progress.resend_due) due = std::min(due, *progress.resend_due);
  }
  return due;
}

// --- state ---

Role Raft::role() const {
  return std::visit(Overloaded{[](const Follower&) { return Role::kFollower; },
                               [](const Candidate& candidate) {
                                 return candidate.pre ? Role::kPreCandidate : Role::kCandidate;
                               },
                               [](const Leader&) { return Role::kLeader; }},
                    role_);
}

NodeId Raft::leader() const {
  if (is_leader()) return config_.self;
  const auto* follower = std::get_if<Follower>(&role_);
  return follower != nullptr ? follower->leader : kNoNode;
}

bool Raft::serving() const {
  const auto* leader = std::get_if<Leader>(&role_);
  return leader != nullptr && commit_ >= leader->term_start;
}

std::size_t Raft::quorum() const {
  return quorum_size(config_.members.size());
}

std::vector<NodeId> Raft::unreachable(Instant now) const {
  std::vector<NodeId> missing;
  for (const NodeId member : config_.members) {
    if (member == config_.self) continue;
    const auto heard = heard_.find(member);
    if (heard == heard_.end() || now - heard->second >= config_.timing.election_timeout_min) {
      missing.push_back(member);
    }
  }
  return missing;
}

bool Raft::can_reach_quorum(Instant now) const {
  std::size_t reachable = config_.members.size() - unreachable(now).size();
  for (const auto& [peer, seen] : wiped_) {
    const auto heard = heard_.find(peer);
    if (now - heard->second < config_.timing.election_timeout_min) --reachable;
  }
  return reachable >= quorum();
}

std::vector<PeerStatus> Raft::peer_status(Instant now) const {
  std::vector<PeerStatus> peers;
  const std::vector<NodeId> missing = unreachable(now);
  const auto* leader = std::get_if<Leader>(&role_);
  for (const NodeId member : config_.members) {
    if (member == config_.self) continue;
    PeerStatus peer;
    peer.id = member;
    peer.reachable = std::find(missing.begin(), missing.end(), member) == missing.end();
    peer.wiped = wiped_.contains(member);
    if (leader != nullptr) {
      const Progress& progress = leader->progress.at(member);
      peer.durable = progress.match;
      peer.next = progress.next;
      peer.receiving_snapshot = progress.feed == Feed::kSnapshot;
    }
    peers.push_back(peer);
  }
  return peers;
}

Duration Raft::random_election_timeout() {
  return rng_.between(config_.timing.election_timeout_min, config_.timing.election_timeout_max);
}

}  // namespace kv
