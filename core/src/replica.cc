#include "core/replica.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/check.h"
#include "core/operations.h"
#include "core/overloaded.h"
#include "key_prefetch.h"

namespace kv {

namespace {

/// What an entry in memory costs beside its bytes, about.
constexpr std::size_t kEntryOverheadBytes = 80;
/// Bounds what one turn does, so that the node keeps hearing its peers; the rest follows at
/// once.
constexpr std::size_t kAnswerBytesAtOnce = 4 << 20;

/// Clients' commands are encoded by the driver, and what is in the log was proposed so; checksums
/// guard it on the way and on disk.
Command decode(std::string_view bytes) {
  Result<Command> command = decode_command(bytes);
  CHECK(command.has_value());
  return std::move(*command);
}

std::string clock_command(std::uint64_t time_ms) {
  Command command;
  command.operation = Operation::kAdvanceClock;
  command.time_ms = time_ms;
  return encode_command(command);
}

std::size_t text_bytes(const Answer& answer) {
  std::size_t sum = answer.text.size();
  for (const Answer& item : answer.items) sum += text_bytes(item);
  return sum;
}

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
  if (!raft_.is_leader()) return submit_elsewhere(now, request);
  std::visit(
      Overloaded{
          [&](ReadRequest& read) { submit_read(now, request.id, std::move(read)); },
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

void Replica::submit_elsewhere(Instant now, ClientRequest& request) {
  auto* asked = std::get_if<ReadRequest>(&request.body);
  // A leader doesn't believe a node without its data, so it confirms nothing to it.
  if (asked == nullptr || !asked->anywhere || raft_.leader() == kNoNode || raft_.self_wiped()) {
    return refuse(now, request.id);
  }
  follower_reads_.push_back({request.id, std::move(asked->command), raft_.start_follower_read(),
                             std::nullopt, now + config_.request_timeout});
}

void Replica::submit_read(Instant now, RequestId id, ReadRequest read) {
  if (ahead_) return read_ahead(id, decode(read.command));
  reads_.push_back({id, std::move(read.command), raft_.start_read(now), raft_.term(),
                    now + config_.request_timeout});
}

void Replica::submit_write(Instant now, RequestId id, std::string_view command) {
  // In the log it would stop every node.
  if (!decode_command(command)) {
    return reply(id, Answer::error("ERR this can't be carried out as one command"));
  }
  const Raft::Proposed proposed = raft_.propose(command);
  if (const auto* refused = std::get_if<Raft::Refused>(&proposed)) {
    reply(id, Refusal{*refused == Raft::Refused::kTooMuchUncommitted ? RefusalCode::kOverloaded
                                                                     : RefusalCode::kNoPrimary});
    return;
  }
  const LogIndex index = std::get<LogIndex>(proposed);
  WaitingWrite& waiting = writes_.emplace_back();
  waiting.id = id;
  waiting.index = index;
  waiting.term = raft_.term();
  waiting.due = now + config_.request_timeout;
  if (ahead_) waiting.answer = execute(*ahead_, decode(command));
}

void Replica::snapshot_saved(Instant now, LogIndex last_index) {
  saving_snapshot_ = false;
  snapshot_index_ = std::max(snapshot_index_, last_index);
  events_.push_back(SnapshotTaken{last_index});
  raft_.compact(now, last_index);
  settle(now);
}

void Replica::compact(Instant now) {
  raft_.compact(now, snapshot_index_);
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
  if (!clock_reads_.empty()) consider(clock_reads_.front().due);
  if (!follower_reads_.empty()) {
    const FollowerRead& first = follower_reads_.front();
    consider(first.index && *first.index <= applied_ ? settled_at_ : first.due);
  }
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
  answer_follower_reads();
  answer_transfers();
  expire(now);
}

void Replica::apply_committed() {
  if (applied_ == raft_.commit()) return;
  const LogIndex end = std::min(raft_.commit(), applied_ + config_.limits.max_apply_entries);
  auto waiting = std::lower_bound(
      writes_.begin(), writes_.end(), applied_ + 1,
      [](const WaitingWrite& write, LogIndex index) { return write.index < index; });
  KeyPrefetch prefetch(store_);
  while (applied_ < end) {
    prefetch.before_next(end - applied_, [&](std::size_t ahead) {
      return raft_.log().at(applied_ + 1 + ahead).payload();
    });
    const Entry& entry = raft_.log().at(applied_ + 1);
    ++applied_;
    applied_term_ = entry.term;
    applied_bytes_ += entry.size() + kEntryOverheadBytes;
    Answer answer;
    if (entry.type == EntryType::kCommand) answer = execute(store_, decode(entry.payload()));
    if (waiting == writes_.end() || waiting->index != applied_) continue;
    waiting->applied = entry.term;
    if (!ahead_) waiting->answer = std::move(answer);
    ++waiting;
  }
  for (KvStore* store : {&store_, ahead_ ? &*ahead_ : nullptr}) {
    if (store == nullptr || !store->has_garbage()) continue;
    retired_.push_back(std::make_shared<Snapshot>(Snapshot{0, 0, store->take_garbage()}));
  }
  events_.push_back(EntriesApplied{applied_});
  consider_snapshot();
}

bool Replica::begin_snapshot() {
  if (saving_snapshot_) return false;
  if (applied_ == snapshot_index_) return true;
  save_request_ = std::make_shared<Snapshot>(Snapshot{applied_, applied_term_, store_});
  saving_snapshot_ = true;
  snapshot_bytes_ = store_.memory_bytes();
  applied_bytes_ = 0;
  return true;
}

void Replica::consider_snapshot() {
  const std::uint64_t due =
      std::max<std::uint64_t>(config_.limits.snapshot_after_bytes, snapshot_bytes_ / 4);
  if (saving_snapshot_ || applied_bytes_ < due) return;
  // A follower that receives a snapshot needs the entries behind it: leave the log alone for a
  // while.
  if (raft_.sending_snapshot() && applied_bytes_ < due * 4) return;
  begin_snapshot();
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
  // Mostly they are the turn's only replies, which go to the driver with their memory.
  if (replies_.empty() && !writes_.empty() && writes_.front().index <= done) {
    replies_.reserve(std::min<std::size_t>(writes_.size(), done + 1 - writes_.front().index));
  }
  while (!writes_.empty() && writes_.front().index <= done) {
    WaitingWrite& write = writes_.front();
    const bool in_own_log = raft_.is_leader() && raft_.log().term_at(write.index) == write.term;
    if (write.applied && *write.applied != write.term) {
      // Another entry took its place in the log for good, so it never takes effect.
      reply(write.id,
            Refusal{raft_.leader() == kNoNode ? RefusalCode::kNoPrimary : RefusalCode::kNotPrimary,
                    raft_.leader()});
    } else if (write.applied || (config_.ack == AckMode::kPrimary && in_own_log)) {
      reply(write.id, std::move(write.answer), write.index);
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
  KeyPrefetch prefetch(store_);
  while (reads_ready() && answered_bytes_ < kAnswerBytesAtOnce) {
    prefetch.before_next(reads_.size(), [&](std::size_t ahead) -> std::string_view {
      return reads_[ahead].command;
    });
    answer_read(now, reads_.front());
    reads_.pop_front();
  }
  answer_clock_reads(now);
}

/// A key must not be there for one client and gone for another who asked before: that its time has
/// come counts once it is in the log.
void Replica::answer_read(Instant now, WaitingRead& waiting) {
  const Command command = decode(waiting.command);
  if (!clock_matters(store_, command)) return give(waiting.id, command);
  if (!clock_reads_.empty() && clock_reads_.back().time_ms >= command.time_ms) {
    const ClockRead& last = clock_reads_.back();
    clock_reads_.push_back(
        {waiting.id, std::move(waiting.command), last.index, last.time_ms, waiting.due});
    return;
  }
  const Raft::Proposed proposed = raft_.propose(clock_command(command.time_ms));
  if (const auto* index = std::get_if<LogIndex>(&proposed)) {
    clock_reads_.push_back(
        {waiting.id, std::move(waiting.command), *index, command.time_ms, waiting.due});
  } else {
    refuse(now, waiting.id);
  }
}

/// The round was confirmed, and what is applied since is only fresher.
void Replica::answer_clock_reads(Instant now) {
  while (!clock_reads_.empty()) {
    const ClockRead& first = clock_reads_.front();
    if (first.index <= applied_) {
      give(first.id, decode(first.command));
    } else if (!raft_.is_leader() || first.due <= now) {
      refuse(now, first.id);
    } else {
      return;
    }
    clock_reads_.pop_front();
  }
}

/// A follower's reads go by the store's clock alone: it can't move it.
void Replica::answer_follower_reads() {
  for (FollowerRead& waiting : follower_reads_) {
    if (waiting.index) continue;
    waiting.index = raft_.follower_read_index(waiting.number);
    if (!waiting.index) break;
  }
  KeyPrefetch prefetch(store_);
  while (!follower_reads_.empty() && answered_bytes_ < kAnswerBytesAtOnce) {
    const FollowerRead& first = follower_reads_.front();
    if (!first.index || *first.index > applied_) return;
    prefetch.before_next(follower_reads_.size(), [&](std::size_t ahead) -> std::string_view {
      return follower_reads_[ahead].command;
    });
    give(first.id, decode(first.command));
    follower_reads_.pop_front();
  }
}

void Replica::give(RequestId id, const Command& command) {
  Answer answer = read(store_, command);
  answered_bytes_ += text_bytes(answer);
  reply(id, std::move(answer));
}

bool Replica::is_asked() const {
  return !writes_.empty() || !reads_.empty() || !clock_reads_.empty() || !follower_reads_.empty() ||
         !transfers_.empty();
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
  while (!follower_reads_.empty() && follower_reads_.front().due <= now) {
    refuse(now, follower_reads_.front().id);
    follower_reads_.pop_front();
  }
}

void Replica::refuse(Instant now, RequestId id) {
  reply(id, refusal(now).value_or(Refusal{RefusalCode::kNoPrimary}));
}

std::optional<Refusal> Replica::refusal(Instant now) const {
  if (raft_.is_leader()) return std::nullopt;
  const NodeId leader = raft_.leader();
  if (leader != kNoNode) return Refusal{RefusalCode::kNotPrimary, leader};
  if (raft_.role() != Role::kFollower && !raft_.can_reach_quorum(now)) {
    return Refusal{RefusalCode::kNoQuorum, kNoNode, raft_.unreachable(now)};
  }
  return Refusal{RefusalCode::kNoPrimary};
}

void Replica::reply(RequestId id, decltype(ClientReply::body) body, LogIndex index) {
  replies_.push_back({id, std::move(body), index});
}

// --- AckMode::kPrimary: the primary reads its own writes before they are committed ---

void Replica::track_leadership() {
  if (raft_.is_leader() == ahead_.has_value()) return;
  if (ahead_) {
    retired_.push_back(std::make_shared<Snapshot>(Snapshot{0, 0, std::move(*ahead_)}));
    ahead_.reset();
    return;
  }
  ahead_ = store_;
  for (LogIndex index = applied_ + 1; index <= raft_.log().last_index(); ++index) {
    const Entry& entry = raft_.log().at(index);
    if (entry.type == EntryType::kCommand) execute(*ahead_, decode(entry.payload()));
  }
}

void Replica::read_ahead(RequestId id, const Command& command) {
  if (clock_matters(*ahead_, command)) {
    const std::string clock = clock_command(command.time_ms);
    if (std::holds_alternative<LogIndex>(raft_.propose(clock))) execute(*ahead_, decode(clock));
  }
  reply(id, read(*ahead_, command));
}

}  // namespace kv
