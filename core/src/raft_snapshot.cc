#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/raft.h"

namespace kv {

// --- the leader ---

bool Raft::wants_snapshot() const {
  const auto* leader = std::get_if<Leader>(&role_);
  return leader != nullptr && !leader->snapshot && sending_snapshot();
}

bool Raft::sending_snapshot() const {
  const auto* leader = std::get_if<Leader>(&role_);
  return leader != nullptr &&
         std::any_of(leader->progress.begin(), leader->progress.end(),
                     [](const auto& peer) { return peer.second.feed == Feed::kSnapshot; });
}

void Raft::offer_snapshot(Instant now, SnapshotPtr snapshot) {
  Leader& leader = std::get<Leader>(role_);
  CHECK(snapshot->last_index >= log_.base_index());
  leader.snapshot = std::move(snapshot);
  feed_followers(now);
}

void Raft::feed_snapshot(Instant now, NodeId to, Progress& progress) {
  const SnapshotPtr& snapshot = std::get<Leader>(role_).snapshot;
  if (!snapshot) return;
  const std::uint32_t shards = snapshot->state.shard_count();
  while (progress.shard_next < shards &&
         progress.inflight_chunks.size() < config_.limits.max_inflight_chunks) {
    ShardRun run =
        encode_shards(snapshot->state, progress.shard_next, config_.limits.snapshot_chunk_bytes);
    SnapshotRequest request;
    request.last_index = snapshot->last_index;
    request.last_term = snapshot->last_term;
    request.shard_count = shards;
    request.first_shard = progress.shard_next;
    request.end_shard = run.end;
    request.data = SharedBytes(std::move(run.data));
    progress.shard_next = run.end;
    progress.inflight_chunks.push_back(run.end);
    progress.heartbeat_due = now + config_.timing.heartbeat_interval;
    expect_answer(now, progress);
    send(to, std::move(request));
  }
}

void Raft::on(Instant now, const Message& message, const SnapshotReply& reply) {
  auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr || !leader->snapshot || reply.last_index != leader->snapshot->last_index ||
      leader->progress.at(message.from).feed != Feed::kSnapshot ||
      reply.next_shard > leader->snapshot->state.shard_count()) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  Progress& progress = leader->progress.at(message.from);
  progress.heard = now;
  progress.resend_due.reset();
  progress.resend_after = resend_interval();
  // A follower that was restarted begins anew, so this may go back.
  progress.shard_acked = reply.next_shard;
  while (!progress.inflight_chunks.empty() &&
         progress.inflight_chunks.front() <= reply.next_shard) {
    progress.inflight_chunks.pop_front();
  }
  if (progress.inflight_chunks.empty()) progress.shard_next = progress.shard_acked;
  expect_answer(now, progress);
}

void Raft::release_snapshot() {
  if (!sending_snapshot())
    retired_.push_back(std::exchange(std::get<Leader>(role_).snapshot, nullptr));
}

// --- the follower ---

void Raft::on(Instant, const Message& message, const SnapshotRequest& request) {
  Follower& follower = std::get<Follower>(role_);
  // Never give up entries for a snapshot that stands for some of them: the leader may have counted
  // them towards a commit.
  if (request.last_index <= commit_ || log_.term_at(request.last_index) == request.last_term) {
    receiving_.reset();
    follower.matched = std::max({follower.matched, request.last_index, commit_});
    set_commit(request.last_index);
    acknowledge(follower);
    return;
  }
  if (request.first_shard >= request.end_shard || request.end_shard > request.shard_count) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  if (!receiving_ || receiving_->last_index != request.last_index ||
      receiving_->last_term != request.last_term ||
      receiving_->shard_count != request.shard_count) {
    receiving_ = Receiving{request.last_index, request.last_term, request.shard_count, 0,
                           KvStore(config_.shard_count)};
  }
  if (request.first_shard != receiving_->next_shard) {
    ignore(message, Reason::kNotExpected);
  } else if (load_shards(receiving_->state, request.end_shard - request.first_shard,
                         request.data.view())) {
    receiving_->next_shard = request.end_shard;
  } else {
    // Some of the run may have been loaded, so it can't be tried again on this state.
    ignore(message, Reason::kNotExpected);
    receiving_->state = KvStore(config_.shard_count);
    receiving_->next_shard = 0;
  }
  send(message.from, SnapshotReply{request.last_index, receiving_->next_shard});
  if (receiving_->next_shard == request.shard_count) {
    install(follower);
    acknowledge(follower);
  }
}

/// The snapshot replaces the log. Until it is durable this node vouches only for what it had
/// committed: the entries behind that, which its disk still holds, differ from the leader's.
void Raft::install(Follower& follower) {
  auto snapshot = std::make_shared<Snapshot>(
      Snapshot{receiving_->last_index, receiving_->last_term, std::move(receiving_->state)});
  receiving_.reset();
  persisted_index_ = std::min(persisted_index_, commit_);
  for (InflightWrite& write : inflight_writes_) write.last = std::min(write.last, commit_);
  log_.reset(snapshot->last_index, snapshot->last_term);
  unwritten_from_ = snapshot->last_index + 1;
  commit_ = snapshot->last_index;
  follower.matched = snapshot->last_index;
  report(SnapshotInstalled{snapshot->last_index, snapshot->last_term});
  install_ = snapshot;
  installed_ = std::move(snapshot);
}

SnapshotPtr Raft::take_installed() {
  return std::exchange(installed_, nullptr);
}

}  // namespace kv
