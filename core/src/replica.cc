#include "core/replica.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/check.h"
#include "core/overloaded.h"

namespace kv {

namespace {

/// What an entry in memory costs beside its bytes, about.
constexpr std::size_t kEntryOverheadBytes = 80;
/// Bounds on what one turn does, so that the node keeps hearing its peers; the rest follows at
/// once.
constexpr LogIndex kApplyAtOnce = 1024;
constexpr std::size_t kAnswerBytesAtOnce = 4 << 20;

}  // namespace

Replica::Replica(const Config& config, const Recovered& recovered, std::uint64_t seed, Instant now)
    : config_(config), raft_(config, recovered, seed, now), store_(config.shard_count) {
  if (recovered.snapshot) {
    store_ = recovered.snapshot->state;
    applied_ = recovered.snapshot->last_index;
    applied_term_ = recovered.snapshot->last_term;
    snapshot_index_ = applied_;
    snapshot_bytes_ = store_.memory_bytes();
  }
}

// --- inputs ---

void Replica::tick(Instant now) {
  raft_.tick(now);
  settle(now);
}

void Replica::step(Instant now, const Message& message) {
  raft_.step(now, message);
  settle(now);
}

void Replica::persisted(Instant now, WriteId id) {
  raft_.persisted(now, id);
  settle(now);
}

void Replica::submit(Instant now, ClientRequest request) {
  if (!raft_.is_leader()) {
    refuse(now, request.id);
    return;
  }
  std::visit(
      Overloaded{
          [&](ReadRequest& read) { submit_read(now, request.id, std::move(read.key)); },
          [&](WriteRequest& write) { submit_write(now, request.id, write.command); },
          [&](TransferRequest& transfer) {
            if (!raft_.start_transfer(now, transfer.to)) {
              reply(request.id, Refusal{RefusalCode::kNoQuorum, kNoNode, raft_.unreachable(now)});
              return;
            }
            transfers_.push_back(request.id);
          }},
      request.body);
}

void Replica::submit_read(Instant now, RequestId id, std::string key) {
  if (config_.ack == AckMode::kPrimary) {
    reply(id, ReadDone{local_read(key)});
    return;
  }
  reads_.push_back(
      {id, std::move(key), raft_.start_read(), raft_.term(), now + config_.request_timeout});
}

void Replica::submit_write(Instant now, RequestId id, std::string_view command) {
  const Raft::Proposed proposed = raft_.propose(command);
  if (const auto* refused = std::get_if<Raft::Refused>(&proposed)) {
    reply(id, Refusal{*refused == Raft::Refused::kTooMuchUncommitted ? RefusalCode::kOverloaded
                                                                     : RefusalCode::kNoPrimary});
    return;
  }
  const LogIndex index = std::get<LogIndex>(proposed);
  WaitingWrite waiting{id, index, raft_.term(), now + config_.request_timeout, false, std::nullopt};
  if (config_.ack == AckMode::kPrimary) {
    const Result<Command> decoded = decode_command(command);
    CHECK(decoded.has_value());
    const std::string_view key = std::visit([](const auto& body) { return body.key; }, *decoded);
    waiting.existed = local_read(key).has_value();
    note_unapplied(raft_.log().at(index));
  }
  writes_.push_back(waiting);
}

void Replica::snapshot_saved(Instant now, LogIndex last_index) {
  saving_snapshot_ = false;
  snapshot_index_ = std::max(snapshot_index_, last_index);
  events_.push_back(SnapshotTaken{last_index});
  raft_.compact(now, last_index);
  settle(now);
}

void Replica::snapshot_failed(Instant now) {
  saving_snapshot_ = false;
  settle(now);
}

// --- outputs ---

Effects Replica::take_effects(Instant now) {
  Effects effects;
  raft_.flush(now, effects);
  if (raft_.wants_snapshot()) {
    raft_.offer_snapshot(now,
                         std::make_shared<Snapshot>(Snapshot{applied_, applied_term_, store_}));
    raft_.flush(now, effects);
  }
  settle(now);  // a cluster of one confirms its reads in flush()
  effects.replies = std::exchange(replies_, {});
  for (Event& event : events_) effects.events.push_back(std::move(event));
  events_.clear();
  effects.save_snapshot = std::exchange(save_request_, nullptr);
  for (SnapshotPtr& snapshot : retired_) effects.retired.push_back(std::move(snapshot));
  retired_.clear();
  answered_bytes_ = 0;
  return effects;
}

std::optional<Instant> Replica::next_deadline() const {
  std::optional<Instant> due = raft_.next_deadline();
  const auto consider = [&](Instant instant) { due = due ? std::min(*due, instant) : instant; };
  if (applied_ < raft_.commit() || reads_ready()) consider(settled_at_);
  if (!writes_.empty()) consider(writes_.front().due);
  if (!reads_.empty()) consider(reads_.front().due);
  return due;
}

Status Replica::status(Instant now) const {
  Status status;
  status.self = config_.self;
  status.role = raft_.role();
  status.term = raft_.term();
  status.leader = raft_.leader();
  status.serving = raft_.serving();
  status.wiped = raft_.self_wiped();
  status.first_index = raft_.log().first_index();
  status.last_index = raft_.log().last_index();
  status.persisted = raft_.persisted_index();
  status.commit = raft_.commit();
  status.applied = applied_;
  status.snapshot_index = snapshot_index_;
  status.keys = store_.size();
  status.memory_bytes = store_.memory_bytes();
  status.ack = config_.ack;
  status.peers = raft_.peer_status(now);
  return status;
}

// --- after every input: apply, then answer who can be answered ---

void Replica::settle(Instant now) {
  settled_at_ = now;
  if (const SnapshotPtr installed = raft_.take_installed()) {
    retired_.push_back(
        std::make_shared<Snapshot>(Snapshot{applied_, applied_term_, std::move(store_)}));
    store_ = installed->state;
    applied_ = installed->last_index;
    applied_term_ = installed->last_term;
    snapshot_index_ = applied_;
    snapshot_bytes_ = store_.memory_bytes();
    applied_bytes_ = 0;
  }
  apply_committed();
  if (config_.ack == AckMode::kPrimary) track_leadership();
  answer_writes();
  answer_reads(now);
  answer_transfers();
  expire(now);
}

void Replica::apply_committed() {
  if (applied_ == raft_.commit()) return;
  const LogIndex end = std::min(raft_.commit(), applied_ + kApplyAtOnce);
  while (applied_ < end) {
    const Entry& entry = raft_.log().at(applied_ + 1);
    ++applied_;
    applied_term_ = entry.term;
    applied_bytes_ += entry.size() + kEntryOverheadBytes;
    bool existed = false;
    if (entry.type == EntryType::kCommand) {
      const Result<Command> command = decode_command(entry.payload());
      // A leader proposes only what decodes, and checksums guard it on the way and on disk.
      CHECK(command.has_value());
      existed = store_.apply(*command).existed;
      const std::string_view key = std::visit([](const auto& body) { return body.key; }, *command);
      const auto newest = unapplied_.find(key);
      if (newest != unapplied_.end() && newest->second <= applied_) unapplied_.erase(newest);
    }
    const auto waiting = std::lower_bound(
        writes_.begin(), writes_.end(), applied_,
        [](const WaitingWrite& write, LogIndex index) { return write.index < index; });
    if (waiting != writes_.end() && waiting->index == applied_) waiting->applied = entry.term;
    if (waiting != writes_.end() && waiting->index == applied_ &&
        config_.ack != AckMode::kPrimary) {
      waiting->existed = existed;
    }
  }
  events_.push_back(EntriesApplied{applied_});
  consider_snapshot();
}

void Replica::consider_snapshot() {
  const std::uint64_t due =
      std::max<std::uint64_t>(config_.limits.snapshot_after_bytes, snapshot_bytes_ / 4);
  if (saving_snapshot_ || applied_bytes_ < due) return;
  // A follower that receives a snapshot needs the entries behind it: leave the log alone for a
  // while.
  if (raft_.sending_snapshot() && applied_bytes_ < due * 4) return;
  save_request_ = std::make_shared<Snapshot>(Snapshot{applied_, applied_term_, store_});
  saving_snapshot_ = true;
  snapshot_bytes_ = store_.memory_bytes();
  applied_bytes_ = 0;
}

void Replica::answer_writes() {
  // An entry that this log has lost may still be committed by another node that holds it.
  while (!writes_.empty()) {
    const WaitingWrite& last = writes_.back();
    if (last.index <= applied_ || raft_.log().term_at(last.index) == last.term) break;
    reply(last.id, Refusal{RefusalCode::kUnknownOutcome, raft_.leader()});
    writes_.pop_back();
  }
  LogIndex done = applied_;
  if (raft_.is_leader() && config_.ack == AckMode::kPrimary)
    done = std::max(done, raft_.persisted_index());
  if (config_.ack == AckMode::kAll)
    done = raft_.is_leader() ? std::min(done, raft_.durable_everywhere()) : 0;
  while (!writes_.empty() && writes_.front().index <= done) {
    const WaitingWrite& write = writes_.front();
    const bool in_own_log = raft_.is_leader() && raft_.log().term_at(write.index) == write.term;
    if (write.applied && *write.applied != write.term) {
      // Another entry took its place in the log for good, so it never takes effect.
      reply(write.id,
            Refusal{raft_.leader() == kNoNode ? RefusalCode::kNoPrimary : RefusalCode::kNotPrimary,
                    raft_.leader()});
    } else if (write.applied || (config_.ack == AckMode::kPrimary && in_own_log)) {
      reply(write.id, WriteDone{write.existed});
    } else {
      // A snapshot stands for this index, and doesn't say whose entry was there.
      reply(write.id, Refusal{RefusalCode::kUnknownOutcome, raft_.leader()});
    }
    writes_.pop_front();
  }
}

void Replica::answer_reads(Instant now) {
  const bool leads = raft_.is_leader();
  while (!reads_.empty() && (!leads || reads_.front().term != raft_.term())) {
    refuse(now, reads_.front().id);
    reads_.pop_front();
  }
  while (reads_ready() && answered_bytes_ < kAnswerBytesAtOnce) {
    const WaitingRead& read = reads_.front();
    const std::optional<std::string_view> value = store_.get(read.key);
    answered_bytes_ += value ? value->size() : 0;
    reply(read.id, ReadDone{value ? std::optional<std::string>(*value) : std::nullopt});
    reads_.pop_front();
  }
}

/// What was committed when the round was confirmed is applied, so the state is fresh enough.
bool Replica::reads_ready() const {
  return !reads_.empty() && applied_ == raft_.commit() &&
         reads_.front().round <= raft_.confirmed_round();
}

void Replica::answer_transfers() {
  if (raft_.transferring()) return;
  for (const RequestId id : std::exchange(transfers_, {})) {
    if (raft_.is_leader()) {
      reply(id, Refusal{RefusalCode::kNoQuorum});
    } else {
      reply(id, TransferDone{});
    }
  }
}

void Replica::expire(Instant now) {
  while (!writes_.empty() && writes_.front().due <= now) {
    reply(writes_.front().id, Refusal{RefusalCode::kUnknownOutcome, raft_.leader()});
    writes_.pop_front();
  }
  while (!reads_.empty() && reads_.front().due <= now) {
    reply(reads_.front().id, Refusal{RefusalCode::kNoQuorum, kNoNode, raft_.unreachable(now)});
    reads_.pop_front();
  }
}

void Replica::refuse(Instant now, RequestId id) {
  const NodeId leader = raft_.leader();
  if (leader != kNoNode && leader != config_.self) {
    reply(id, Refusal{RefusalCode::kNotPrimary, leader});
  } else if (raft_.role() != Role::kFollower && !raft_.can_reach_quorum(now)) {
    reply(id, Refusal{RefusalCode::kNoQuorum, kNoNode, raft_.unreachable(now)});
  } else {
    reply(id, Refusal{RefusalCode::kNoPrimary});
  }
}

void Replica::reply(RequestId id, decltype(ClientReply::body) body) {
  replies_.push_back({id, std::move(body)});
}

// --- AckMode::kPrimary: the primary reads its own writes before they are committed ---

void Replica::track_leadership() {
  if (raft_.is_leader() == led_) return;
  led_ = raft_.is_leader();
  unapplied_.clear();
  if (!led_) return;
  for (LogIndex index = applied_ + 1; index <= raft_.log().last_index(); ++index) {
    note_unapplied(raft_.log().at(index));
  }
}

void Replica::note_unapplied(const Entry& entry) {
  if (entry.type != EntryType::kCommand) return;
  const Result<Command> command = decode_command(entry.payload());
  CHECK(command.has_value());
  std::visit([&](const auto& body) { unapplied_[std::string(body.key)] = entry.index; }, *command);
}

std::optional<std::string> Replica::local_read(std::string_view key) const {
  const auto newest = unapplied_.find(key);
  if (newest == unapplied_.end()) {
    const std::optional<std::string_view> value = store_.get(key);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  }
  const Result<Command> command = decode_command(raft_.log().at(newest->second).payload());
  CHECK(command.has_value());
  const auto* set = std::get_if<SetCommand>(&*command);
  return set != nullptr ? std::optional<std::string>(set->value) : std::nullopt;
}

}  // namespace kv
