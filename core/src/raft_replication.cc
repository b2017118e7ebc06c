#include <algorithm>
#include <limits>
#include <utility>

#include "core/check.h"
#include "core/quorum.h"
#include "core/raft.h"

namespace kv {

namespace {

/// Followers learn of a commit with the next entries; when none follow, this much later.
constexpr Duration kCommitNotice = milliseconds(20);
constexpr Duration kResendAtMost = milliseconds(250);
constexpr std::int64_t kResendBackOff = 8;
constexpr LogIndex kCompactAtOnce = 2048;

}  // namespace

// --- the leader ---

Raft::Proposed Raft::propose(std::string_view command) {
  const auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) return Refused::kNotLeader;
  if (leader->transfer) return Refused::kTransferring;
  if (unsettled_bytes_ > config_.limits.max_uncommitted_bytes) return Refused::kTooMuchUncommitted;
  append_to_own_log(EntryType::kCommand, command);
  return log_.last_index();
}

void Raft::append_to_own_log(EntryType type, std::string_view payload) {
  Entry entry = entry_maker_.make(log_.last_index() + 1, term(), type, payload);
  unsettled_bytes_ += entry.size();
  log_.append(std::move(entry));
}

void Raft::tick_leader(Instant now) {
  Leader& leader = std::get<Leader>(role_);
  if (!leader.progress.empty() && now >= quorum_heard() + config_.timing.election_timeout_min) {
    become_follower(now, term(), kNoNode, Cause::kLostQuorum);
    return;
  }
  tell_transfer_target(now);
  const bool notify = leader.notify_due && now >= *leader.notify_due;
  if (notify) leader.notify_due.reset();
  for (auto& [id, progress] : leader.progress) {
    if (now >= progress.heartbeat_due) progress.send_now = true;
    if (progress.feed == Feed::kSnapshot &&
        now - progress.heard >= config_.timing.election_timeout_min) {
      // Gone: the log needn't be kept for it. When it is back it says where it stands.
      report(SnapshotSendEnded{id, false});
      progress.to_probe(log_.last_index() + 1);
    }
    if (notify && progress.commit_sent < commit_) progress.send_now = true;
    if (!progress.resend_due || now < *progress.resend_due) continue;
    progress.resend_due.reset();
    progress.resend_after = backed_off(progress.resend_after);
    progress.send_now = true;
    if (progress.feed == Feed::kSnapshot) {
      // With all of it received and no word of its being in use, the follower has crashed and lost
      // it.
      const bool complete =
          leader.snapshot && progress.shard_acked == leader.snapshot->state.shard_count();
      if (complete) progress.shard_acked = 0;
      progress.shard_next = progress.shard_acked;
      progress.inflight_chunks.clear();
    } else if (progress.feed == Feed::kReplicate && progress.received + 1 < progress.next) {
      // Below the base the term before the entry is unknown: the follower will say where it stands.
      progress.step_back(std::max(progress.match, log_.base_index()) + 1);
    } else {
      progress.probe_outstanding = false;
    }
  }
  release_snapshot();
}

void Raft::feed_followers(Instant now) {
  Leader& leader = std::get<Leader>(role_);
  for (auto& [id, progress] : leader.progress) feed(now, id, progress);
  const bool all_know =
      std::all_of(leader.progress.begin(), leader.progress.end(),
                  [&](const auto& peer) { return peer.second.commit_sent >= commit_; });
  if (all_know) leader.notify_due.reset();
}

void Raft::feed(Instant now, NodeId to, Progress& progress) {
  if (progress.feed != Feed::kSnapshot && !log_.term_at(progress.next - 1)) {
    progress.to_snapshot();
    progress.resend_due.reset();
    report(SnapshotSendStarted{to, commit_});
  }
  const std::size_t batch_bytes = config_.limits.max_append_bytes;
  bool sent = false;
  switch (progress.feed) {
    case Feed::kProbe:
      if (progress.probe_outstanding) break;
      progress.probe_outstanding = true;
      send_append(now, to, progress, log_.slice(progress.next, batch_bytes));
      sent = true;
      break;
    case Feed::kReplicate:
      while (progress.next <= log_.last_index() && progress.window_open(config_.limits)) {
        send_append(now, to, progress, log_.slice(progress.next, batch_bytes));
        sent = true;
      }
      break;
    case Feed::kSnapshot:
      feed_snapshot(now, to, progress);
      break;
  }
  if (std::exchange(progress.send_now, false) && !sent) send_heartbeat(now, to, progress);
}

void Raft::send_append(Instant now, NodeId to, Progress& progress, std::vector<Entry> entries) {
  const Leader& leader = std::get<Leader>(role_);
  AppendRequest request;
  request.previous_index = progress.next - 1;
  request.previous_term = *log_.term_at(progress.next - 1);
  request.commit = commit_;
  request.read_round = leader.round_sent;
  if (progress.feed == Feed::kReplicate && !entries.empty()) {
    std::size_t bytes = 0;
    for (const Entry& entry : entries) bytes += entry.size();
    progress.sent(entries.back().index, bytes);
  }
  if (entries.empty()) request.incarnations = hard_state_.incarnations;
  request.entries = std::move(entries);
  progress.commit_sent = commit_;
  progress.heartbeat_due = now + config_.timing.heartbeat_interval;
  expect_answer(now, progress);
  send(to, std::move(request));
}

void Raft::send_heartbeat(Instant now, NodeId to, Progress& progress) {
  if (progress.feed != Feed::kSnapshot) {
    send_append(now, to, progress, {});
    return;
  }
  // The follower's log can't be compared, so this says no more than "I lead": nothing behind index
  // 0.
  AppendRequest request;
  request.read_round = std::get<Leader>(role_).round_sent;
  progress.heartbeat_due = now + config_.timing.heartbeat_interval;
  expect_answer(now, progress);
  send(to, std::move(request));
}

/// Arms the timer after which what was sent counts as lost, if anything is unanswered.
void Raft::expect_answer(Instant now, Progress& progress) {
  const Leader& leader = std::get<Leader>(role_);
  const bool feed_unanswered =
      progress.feed == Feed::kSnapshot ||
      (progress.feed == Feed::kProbe && progress.probe_outstanding) ||
      (progress.feed == Feed::kReplicate && progress.received + 1 < progress.next);
  const bool unanswered = feed_unanswered || progress.read_round < leader.round_sent;
  if (!unanswered) {
    progress.resend_due.reset();
  } else if (!progress.resend_due) {
    progress.resend_due = now + progress.resend_after;
  }
}

void Raft::on(Instant now, const Message& message, const AppendReply& reply) {
  auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr || reply.read_round > leader->round_sent ||
      reply.received > log_.last_index() || reply.durable > reply.received) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  Progress& progress = leader->progress.at(message.from);
  progress.heard = now;
  progress.read_round = std::max(progress.read_round, reply.read_round);
  // That heartbeats are answered says nothing about the chunks of a snapshot.
  if (progress.feed != Feed::kSnapshot) {
    progress.resend_due.reset();
    progress.resend_after = resend_interval();
  }
  if (reply.accepted) {
    progress.match = std::max(progress.match, reply.durable);
    progress.received = std::max(progress.received, reply.received);
    progress.free_inflight();
    if (progress.feed == Feed::kProbe && reply.received + 1 >= progress.next) {
      // A restarted follower may have lost what it had not persisted.
      progress.received = reply.received;
      replicate_from(progress, std::max(reply.received, progress.match) + 1);
    } else if (progress.feed == Feed::kSnapshot && leader->snapshot &&
               reply.received >= leader->snapshot->last_index) {
      report(SnapshotSendEnded{message.from, true});
      progress.to_replicate(reply.received + 1);
      progress.resend_due.reset();
    } else if (progress.feed == Feed::kSnapshot) {
      progress.next = progress.match + 1;
    } else if (progress.next <= progress.received) {
      replicate_from(progress, progress.received + 1);
    }
  } else if (progress.feed != Feed::kSnapshot && reply.refused_index > progress.match &&
             (progress.feed == Feed::kReplicate || reply.refused_index + 1 == progress.next)) {
    progress.received = progress.match;
    progress.step_back(std::max(progress.match, last_possible_agreement(reply)) + 1);
  }
  release_snapshot();
  expect_answer(now, progress);
  advance_commit(now);
  confirm_rounds();
  tell_transfer_target(now);
}

/// What the follower has received but not made durable still fills its memory: it counts as in
/// flight.
void Raft::replicate_from(Progress& progress, LogIndex next_index) {
  progress.to_replicate(next_index);
  std::size_t bytes = 0;
  for (LogIndex index = std::max(progress.match, log_.base_index()) + 1; index < next_index;
       ++index) {
    bytes += log_.at(index).size();
  }
  if (bytes == 0) return;
  progress.inflight.push_back({next_index - 1, bytes});
  progress.inflight_bytes = bytes;
}

/// Where the follower's log can still equal this one. Each side skips the terms that the other
/// lacks, so it takes one probe for each term in which they differ (end of Raft paper §5.3). Below
/// the base of the log if only a snapshot can help.
LogIndex Raft::last_possible_agreement(const AppendReply& refusal) const {
  const LogIndex hint = std::min(refusal.conflict_index, log_.last_index());
  if (hint < log_.base_index()) return hint;
  const LogIndex index = log_.last_index_with_term_at_most(hint, refusal.conflict_term);
  return *log_.term_at(index) > refusal.conflict_term ? index - 1 : index;
}

/// Raft paper §5.4.2 and figure 8: only an entry of the leader's own term commits by counting;
/// those before it commit with it. The leader counts itself up to what its own disk has.
void Raft::advance_commit(Instant now) {
  Leader& leader = std::get<Leader>(role_);
  const auto durable = [](const auto& peer) { return peer.second.wiped ? 0 : peer.second.match; };
  const LogIndex index = reached_by_quorum(persisted_index_, leader.progress, durable);
  if (index <= commit_ || log_.term_at(index) != term()) return;
  set_commit(index);
  if (!leader.progress.empty() && !leader.notify_due) leader.notify_due = now + kCommitNotice;
}

void Raft::set_commit(LogIndex commit) {
  CHECK(commit <= log_.last_index());
  if (commit <= commit_) return;
  commit_ = commit;
  report(CommitAdvanced{commit});
  if (is_leader()) count_settled();
}

/// With fast followers the leader's own disk can lag without bound unless it counts too.
void Raft::count_settled() {
  for (; unsettled_from_ <= std::min(commit_, persisted_index_); ++unsettled_from_) {
    unsettled_bytes_ -= log_.at(unsettled_from_).size();
  }
}

LogIndex Raft::durable_everywhere() const {
  LogIndex index = persisted_index_;
  for (const auto& [id, progress] : std::get<Leader>(role_).progress) {
    index = std::min(index, progress.wiped ? 0 : progress.match);
  }
  return index;
}

/// When a quorum, this node included, was last heard.
Instant Raft::quorum_heard() const {
  const auto heard = [](const auto& peer) {
    return peer.second.wiped ? Instant{std::numeric_limits<std::int64_t>::min()}
                             : peer.second.heard;
  };
  return reached_by_quorum(Instant{std::numeric_limits<std::int64_t>::max()},
                           std::get<Leader>(role_).progress, heard);
}

Duration Raft::resend_interval() const {
  return std::min(config_.timing.heartbeat_interval, kResendAtMost);
}

Duration Raft::backed_off(Duration resend_after) const {
  return std::min(resend_after * 2, resend_interval() * kResendBackOff);
}

void Raft::compact(Instant now, LogIndex last_index) {
  LogIndex through = std::min(last_index, persisted_index_);
  if (through <= log_.base_index()) return;
  LogIndex wanted = through;  // by the followers that are being fed
  if (const auto* leader = std::get_if<Leader>(&role_)) {
    for (const auto& [id, progress] : leader->progress) {
      const bool alive = now - progress.heard < config_.timing.election_timeout_min;
      if (alive && progress.feed == Feed::kReplicate) wanted = std::min(wanted, progress.match);
    }
  }
  std::size_t kept_bytes = 0;
  while (through > log_.base_index()) {
    kept_bytes += log_.at(through).size();
    const bool lagging = wanted < through && kept_bytes <= config_.limits.max_inflight_bytes;
    if (kept_bytes > config_.limits.keep_log_bytes && !lagging) break;
    --through;
  }
  // A follower that receives a snapshot goes on with the entries behind it.
  if (const auto* leader = std::get_if<Leader>(&role_); leader != nullptr && leader->snapshot) {
    through = std::min(through, leader->snapshot->last_index);
  }
  if (through <= std::max(log_.base_index(), compact_to_)) return;
  compact_to_ = through;
  discard_through_ = through;
  report(LogCompacted{through + 1});
}

/// Freeing hundreds of thousands of entries at once would stop the node for tens of milliseconds.
void Raft::compact_a_little() {
  const LogIndex through = std::min(compact_to_, log_.base_index() + kCompactAtOnce);
  if (through > log_.base_index()) log_.compact_through(through);
}

// --- the follower ---

void Raft::on(Instant, const Message& message, const AppendRequest& request) {
  for (const auto& [member, incarnation] : request.incarnations) {
    if (member == config_.self) continue;
    hard_state_dirty_ |= hard_state_.incarnations.try_emplace(member, incarnation).second;
  }
  Follower& follower = std::get<Follower>(role_);
  const bool new_round = request.read_round > follower.read_round;
  follower.read_round = std::max(follower.read_round, request.read_round);
  // What is committed is in every later leader's log (Raft paper §5.4.3), compacted or not.
  const bool matches = request.previous_index <= commit_ ||
                       log_.term_at(request.previous_index) == request.previous_term;
  if (!matches) {
    refuse_append(message, request);
    return;
  }
  const bool changed = accept_entries(request);
  // New entries are acknowledged when they are durable, see persisted(); a read round can't wait
  // for that.
  if (!changed || new_round) acknowledge(follower);
}

/// True if the log changed.
bool Raft::accept_entries(const AppendRequest& request) {
  Follower& follower = std::get<Follower>(role_);
  bool changed = false;
  for (const Entry& entry : request.entries) {
    if (entry.index <= commit_ || log_.term_at(entry.index) == entry.term) continue;
    if (entry.index <= log_.last_index()) {
      // Only what no quorum holds can differ; a write of it that is still under way no longer
      // counts.
      CHECK(entry.index > follower.matched);
      report(EntriesTruncated{entry.index, log_.last_index()});
      log_.truncate_from(entry.index);
      unwritten_from_ = std::min(unwritten_from_, entry.index);
      persisted_index_ = std::min(persisted_index_, entry.index - 1);
      for (InflightWrite& write : inflight_writes_)
        write.last = std::min(write.last, entry.index - 1);
    }
    log_.append(entry);
    changed = true;
  }
  // Only what the request covers is known to equal the leader's log; a tail beyond it is not.
  const LogIndex verified = request.previous_index + request.entries.size();
  follower.matched = std::max({follower.matched, verified, commit_});
  follower.leader_commit = std::max(follower.leader_commit, request.commit);
  set_commit(std::min(follower.leader_commit, follower.matched));
  return changed;
}

void Raft::refuse_append(const Message& message, const AppendRequest& request) {
  report(AppendRefused{message.from, request.previous_index});
  AppendReply reply;
  reply.refused_index = request.previous_index;
  reply.conflict_index = log_.last_index_with_term_at_most(
      std::min(request.previous_index, log_.last_index()), request.previous_term);
  reply.conflict_term = *log_.term_at(reply.conflict_index);
  reply.read_round = request.read_round;
  send(message.from, reply);
}

void Raft::acknowledge(Follower& follower) {
  AppendReply reply;
  reply.accepted = true;
  reply.received = follower.matched;
  reply.durable = std::min(follower.matched, persisted_index_);
  reply.read_round = follower.read_round;
  follower.acknowledged = reply.durable;
  send(follower.leader, reply);
}

}  // namespace kv
