#include "netsim/safety.h"

#include <algorithm>
#include <utility>

#include "core/command.h"
#include "core/hash.h"
#include "core/operations.h"
#include "netsim/command_words.h"

namespace kv::sim {
namespace {

/// States are compared at every so many indexes, and at the end: a hash costs a look at all keys.
constexpr LogIndex kStateEvery = 16;
constexpr std::size_t kMostViolations = 20;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string words_of(const Entry& entry) {
  std::string words = "the entry of term " + number(entry.term);
  if (entry.type == EntryType::kEmpty) return words + " (empty)";
  const Result<Command> command = decode_command(entry.payload());
  return words + " (" + (command ? in_words(*command) : "not readable") + ")";
}

std::string words_of(const SharedBytes& encoded) {
  std::size_t offset = 0;
  const Result<Entry> entry = decode_entry(encoded, offset);
  return entry ? words_of(*entry) : "one that is not readable";
}

/// The node's process, or the one that died last: its last input counts as well.
const Replica* process(const Cluster& cluster, NodeId id) {
  return cluster.replica(id) != nullptr ? cluster.replica(id) : &*cluster.node(id).died;
}

/// Of an entry that was proposed as a command: the views point into it.
Command command_of(const Entry& entry) {
  Result<Command> command = decode_command(entry.payload());
  CHECK(command.has_value());
  return std::move(*command);
}

std::uint64_t hash_of(std::string_view key, std::string_view value) {
  return hash64(value, hash64(key));
}

}  // namespace

SafetyChecker::SafetyChecker(const Scenario& scenario) : ack_(scenario.ack) {
  for (const NodeSpec& node : scenario.nodes) names_.push_back(node.name);
  before_.resize(names_.size());
}

void SafetyChecker::report(std::string_view checker, Instant at, std::string words) {
  // What follows from the first ones tells nothing new.
  if (violations_.size() < kMostViolations)
    violations_.push_back({std::string(checker), at, std::move(words)});
}

void SafetyChecker::observe(const Cluster& cluster) {
  for (const Record& record : cluster.records()) observe(cluster, record);
  const NodeId id = cluster.touched();
  if (id == kNoNode) return;
  std::optional<Footprint>& before = before_[id - 1];
  const Raft& raft = process(cluster, id)->raft();
  if (auto broken = broken_invariant(raft))
    report("invariants", cluster.now(), name(id) + ": " + *broken);
  if (before) {
    if (auto broken = broken_transition(*before, raft))
      report("invariants", cluster.now(), name(id) + ": " + *broken);
  }
  const LogIndex committed_before = before ? before->commit : 0;
  if (raft.commit() > committed_before) {
    check_commits(raft, id, cluster.now(), committed_before);
    check_base(raft, id, cluster.now());
  }
  if (cluster.replica(id) == nullptr) {
    before.reset();
    return;
  }
  if (!before) before.emplace();
  before->take(raft);
}

void SafetyChecker::observe(const Cluster& cluster, const Record& record) {
  const NodeId id = record.node;
  if (const auto* sent = std::get_if<MessageSent>(&record.fact)) {
    observe_message(*sent->content, record.at);
  } else if (std::holds_alternative<NodeStarted>(record.fact)) {
    before_[id - 1].reset();
    const Replica* replica = cluster.replica(id);
    if (replica == nullptr) return;
    const Log& log = replica->raft().log();
    check_entries(replica->raft(), id, record.at, log.first_index(), log.last_index());
  } else if (const auto* stopped = std::get_if<NodeStopped>(&record.fact)) {
    if (id != cluster.touched()) before_[id - 1].reset();
    if (stopped->cause == StopCause::kRefusedToStart && cluster.node(id).refused_honest_disk)
      report("durability", record.at,
             name(id) +
                 " refuses to start, although no fault has damaged its disk: " + stopped->detail);
  } else if (const auto* called = std::get_if<ClientCalled>(&record.fact)) {
    if (called->kind == OperationKind::kGet) reads_[called->operation] = {id, committed()};
  }
  const auto* event = std::get_if<Event>(&record.fact);
  if (event == nullptr) return;
  const Replica* replica = process(cluster, id);
  if (const auto* change = std::get_if<RoleChanged>(event)) {
    if (change->to == Role::kLeader) observe_leader(cluster, id, record.at, change->term);
  } else if (const auto* appended = std::get_if<EntriesAppended>(event)) {
    check_entries(replica->raft(), id, record.at, appended->first, appended->last);
  } else if (const auto* cut = std::get_if<EntriesTruncated>(event)) {
    if (!replica->raft().is_leader()) return;
    report("leader append-only", record.at,
           name(id) + " leads term " + number(replica->raft().term()) +
               " and cuts its own log at " + number(cut->from) + ".");
  } else if (const auto* applied = std::get_if<EntriesApplied>(event)) {
    observe_applied(cluster, id, record.at, applied->last);
  }
}

void SafetyChecker::observe_leader(const Cluster& cluster, NodeId id, Instant at, Term term) {
  const std::pair me{id, process(cluster, id)->raft().config().incarnation};
  const auto [known, first] = leaders_.try_emplace(term, me);
  if (known->second != me) {
    report("election safety", at,
           name(id) + " becomes leader of term " + number(term) + ", which " +
               name(known->second.first) + " has led already" +
               (known->second.first == id ? ", with the disk that it lost since." : "."));
  }
  auto last = std::find_if(committed_.rbegin(), committed_.rend(),
                           [&](const Committed& entry) { return entry.in_term < term; });
  if (last == committed_.rend()) return;
  const Log& log = process(cluster, id)->raft().log();
  const LogIndex index = last->entry.index;
  if (index <= log.base_index() || log.term_at(index) == last->entry.term) return;
  report("leader completeness", at,
         name(id) + " becomes leader of term " + number(term) + " without " +
             words_of(last->entry) + " at index " + number(index) + ", which " + name(last->node) +
             " committed in term " + number(last->in_term) + "; its log ends at " +
             number(log.last_index()) + " in term " + number(log.last_term()) + ".");
}

void SafetyChecker::observe_message(const Message& message, Instant at) {
  if (const auto* reply = std::get_if<VoteReply>(&message.body)) {
    if (reply->granted && !reply->pre) note_vote(message, message.to, at);
  } else if (const auto* request = std::get_if<VoteRequest>(&message.body)) {
    if (!request->pre) note_vote(message, message.from, at);
  }
}

void SafetyChecker::note_vote(const Message& message, NodeId candidate, Instant at) {
  const auto [known, first] =
      votes_.try_emplace({message.from, message.from_incarnation, message.term}, candidate);
  if (known->second == candidate) return;
  report("vote safety", at,
         name(message.from) + " votes for " + name(candidate) + " in term " + number(message.term) +
             ", in which it has voted for " + name(known->second) + ".");
}

void SafetyChecker::check_entries(const Raft& raft, NodeId id, Instant at, LogIndex first,
                                  LogIndex last) {
  const Log& log = raft.log();
  for (LogIndex index = std::max(first, log.first_index());
       index <= std::min(last, log.last_index()); ++index) {
    const Entry& entry = log.at(index);
    const Term previous = log.term_at(index - 1).value_or(0);
    if (logs_.size() < index) logs_.resize(index);
    std::vector<Seen>& seen = logs_[index - 1];
    const auto known = std::find_if(seen.begin(), seen.end(),
                                    [&](const Seen& other) { return other.term == entry.term; });
    if (known == seen.end()) {
      seen.push_back({entry.term, previous, entry.encoded, id});
      continue;
    }
    const bool same_bytes =
        known->bytes.view().data() == entry.encoded.view().data() || known->bytes == entry.encoded;
    if (same_bytes && known->previous_term == previous) continue;
    report("log matching", at,
           name(id) + " and " + name(known->node) + " hold entries of index " + number(index) +
               " and term " + number(entry.term) +
               (same_bytes ? ", but of different terms before it: " + number(previous) + " and " +
                                 number(known->previous_term) + "."
                           : ", and they differ: " + words_of(entry) + " and " +
                                 words_of(known->bytes) + "."));
  }
}

/// A snapshot stands for entries that were committed, and ends with the same one.
void SafetyChecker::check_base(const Raft& raft, NodeId id, Instant at) {
  const LogIndex base = raft.log().base_index();
  if (base > committed_.size()) {
    report("state machine safety", at,
           name(id) + " holds a snapshot through index " + number(base) + ", though only " +
               number(committed_.size()) + " entries were committed anywhere.");
  } else if (base > 0 && raft.log().term_at(base) != committed_[base - 1].entry.term) {
    report("state machine safety", at,
           name(id) + " holds a snapshot that ends in term " +
               number(raft.log().term_at(base).value_or(0)) + " at index " + number(base) +
               ", where " + words_of(committed_[base - 1].entry) + " was committed.");
  }
}

void SafetyChecker::check_commits(const Raft& raft, NodeId id, Instant at, LogIndex from) {
  const Log& log = raft.log();
  for (LogIndex index = std::max(from, log.base_index()) + 1; index <= raft.commit(); ++index) {
    const Entry& entry = log.at(index);
    if (index > committed_.size()) {
      if (index != committed_.size() + 1) {
        report("state machine safety", at,
               name(id) + " commits index " + number(index) + " behind a snapshot, though only " +
                   number(committed_.size()) + " entries were committed anywhere.");
        return;
      }
      first_commit(at, entry, raft.term(), id);
      continue;
    }
    const Committed& known = committed_[index - 1];
    if (known.entry.term == entry.term && known.entry.encoded == entry.encoded) continue;
    report("state machine safety", at,
           name(id) + " commits " + words_of(entry) + " at index " + number(index) + ", where " +
               name(known.node) + " committed " + words_of(known.entry) + ".");
    return;
  }
}

void SafetyChecker::first_commit(Instant at, const Entry& entry, Term in_term, NodeId id) {
  committed_.push_back({entry, in_term, id});
  if (entry.type != EntryType::kCommand) return;
  const Command command = command_of(entry);
  note_write(command);
  expiries_.committed(at, command);
}

void SafetyChecker::note_write(const Command& command) {
  if (command.operation == kv::Operation::kSet)
    committed_writes_.push_back(hash_of(command.key, command.value));
}

void SafetyChecker::observe_applied(const Cluster& cluster, NodeId id, Instant at,
                                    LogIndex applied) {
  const auto known = states_.find(applied);
  if (known == states_.end() && applied % kStateEvery != 0) return;
  // The event may be older than the state: only what was applied last can be compared.
  if (process(cluster, id)->applied() != applied) return;
  const std::uint64_t hash = process(cluster, id)->store().state_hash();
  if (known == states_.end()) {
    states_.emplace(applied, std::pair{hash, id});
  } else if (known->second.first != hash) {
    report("state machine safety", at,
           name(id) + " and " + name(known->second.second) + " applied everything through " +
               number(applied) + ", but hold different states.");
  }
}

void SafetyChecker::answered(const Operation& read) {
  const auto [node, before] = reads_.at(read.id);
  reads_.erase(read.id);
  // In mode `primary` reads don't wait for what is committed.
  if (read.read_at >= before || ack_ == AckMode::kPrimary) return;
  const Committed& missed = committed_[before - 1];
  report("read freshness", read.returned,
         name(node) + " answers client " + number(read.client) + "'s read of \"" + read.key +
             "\" (operation " + number(read.id) + ") from its state at entry " +
             number(read.read_at) + ", but when it was asked " + name(missed.node) +
             " had committed " + words_of(missed.entry) + " at index " + number(before) + ".");
}

bool SafetyChecker::is_committed(const std::string& key, const std::string& value) const {
  const std::uint64_t hash = hash_of(key, value);
  return std::find(committed_writes_.rbegin(), committed_writes_.rend(), hash) !=
         committed_writes_.rend();
}

void SafetyChecker::acknowledged(Instant at, const std::string& key, const std::string& value) {
  if (is_committed(key, value)) return;
  // In mode `primary` an acknowledgement may come first, and never be kept: that shows at the end.
  if (ack_ == AckMode::kPrimary) {
    acknowledged_.push_back({at, key, value});
    return;
  }
  report("durability", at,
         "The set of " + key + " to " + value.substr(0, 40) +
             " was answered OK, but no node has committed it.");
}

void SafetyChecker::finish(const Cluster& cluster) {
  // What the primary still holds may yet be committed: it is not lost when the run ends.
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    if (cluster.replica(id) == nullptr || !cluster.replica(id)->raft().is_leader()) continue;
    const Log& log = cluster.replica(id)->raft().log();
    for (LogIndex index = committed_.size() + 1; index <= log.last_index(); ++index) {
      if (log.at(index).type == EntryType::kCommand) note_write(command_of(log.at(index)));
    }
  }
  for (const Acknowledged& write : acknowledged_) {
    if (is_committed(write.key, write.value)) continue;
    report("durability", cluster.now(),
           "The set of " + write.key + " to " + write.value.substr(0, 40) +
               " was answered OK and is lost: no node has committed it.");
  }
  check_final_states(cluster);
}

void SafetyChecker::check_final_states(const Cluster& cluster) {
  KvStore expected(16);
  std::multimap<LogIndex, NodeId> applied;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    if (cluster.replica(id) != nullptr) applied.emplace(cluster.replica(id)->applied(), id);
  }
  LogIndex index = 0;
  for (const auto& [last, id] : applied) {
    for (; index < last && index < committed_.size(); ++index) {
      const Entry& entry = committed_[index].entry;
      if (entry.type == EntryType::kCommand) execute(expected, command_of(entry));
    }
    if (index == last && cluster.replica(id)->store().state_hash() == expected.state_hash())
      continue;
    report("durability", cluster.now(),
           name(id) + " applied everything through " + number(last) +
               ", but its state is not what the committed entries make.");
  }
}

}  // namespace kv::sim
