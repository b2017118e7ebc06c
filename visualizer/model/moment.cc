#include "model/moment.h"

#include <algorithm>
#include <iterator>
#include <variant>

#include "core/check.h"
#include "core/overloaded.h"

namespace kv::viz {
namespace {

using Process = NodeMoment::Process;

/// Of a timer: longer than any that somebody waits for.
constexpr Duration kLongest{std::int64_t{1} << 61};

void enter(NodeMoment& node, Process process, const Record& record, std::size_t position) {
  node.process = process;
  node.process_since = record.at;
  node.process_position = position;
}

void take_role(NodeMoment& node, Role role, Cause cause, Instant at, std::size_t position) {
  node.role = role;
  node.cause = cause;
  node.role_since = at;
  node.role_position = position;
}

/// What a process forgets when it ends, and what a leader or candidate leaves behind.
void clear_leading(NodeMoment& node) {
  node.serving = false;
  node.term_start = 0;
  node.snapshot_to = kNoNode;
  node.transfer_to = kNoNode;
}

void forget_process(NodeMoment& node) {
  clear_leading(node);
  node.leader = kNoNode;
  node.tally = {};
  node.timer_set.reset();
}

void update_serving(NodeMoment& node) {
  node.serving = node.serving || (node.role == Role::kLeader && node.term_start != 0 &&
                                  node.log.commit >= node.term_start);
}

/// What is left on disk. The tail that was not persisted may be gone; of one that had replaced
/// other entries, those may be back, and nobody says of what terms they are.
void restart_log(LogView& log, const NodeStarted& started) {
  const LogIndex behind_snapshot = started.snapshot_index + 1;
  const LogIndex last = std::max(started.last_index, started.snapshot_index);
  log.first = log.last == 0 ? behind_snapshot : std::min(log.first, behind_snapshot);
  if (last > log.last) log.runs.clear();
  log.truncate_from(last + 1);
  log.last = last;
  log.persisted = last;
  log.commit = started.snapshot_index;
  log.applied = started.snapshot_index;
}

void start(NodeMoment& node, const NodeStarted& started, const Record& record,
           std::size_t position) {
  enter(node, Process::kRunning, record, position);
  forget_process(node);
  take_role(node, Role::kFollower, {}, record.at, position);
  node.term = started.term;
  if (node.voted_in > started.term) node.voted_for = kNoNode;
  if (node.incarnation != started.incarnation) node.wiped = false;
  node.incarnation = started.incarnation;
  restart_log(node.log, started);
  // A snapshot can reach the disk before the term of its last entry does.
  node.term = std::max(node.term, node.log.last_term());
}

void wipe_disk(NodeMoment& node) {
  node.log = {};
  node.term = 0;
  node.voted_for = kNoNode;
  node.voted_in = 0;
  node.incarnation = 0;
}

void count_vote(Tally& tally, const VoteReceived& vote) {
  if (vote.term != tally.term || vote.pre != tally.pre) return;
  std::erase(tally.refused, vote.voter);
  std::vector<NodeId>& side = vote.granted ? tally.granted : tally.refused;
  if (std::find(side.begin(), side.end(), vote.voter) == side.end()) side.push_back(vote.voter);
}

void change_role(NodeMoment& node, NodeId id, const RoleChanged& change, Instant at,
                 std::size_t position) {
  take_role(node, change.to, change.cause, at, position);
  node.term = change.term;
  node.leader = change.to == Role::kLeader ? id : kNoNode;
  clear_leading(node);
  // The timer is set before the role changes.
  if (change.to != Role::kFollower) node.timer_set.reset();
  if (change.to == Role::kFollower) node.tally = {};
}

void begin_campaign(NodeMoment& node, NodeId id, const CampaignStarted& campaign) {
  node.tally = {campaign.term, campaign.pre, {id}, {}};
  if (campaign.pre) return;
  node.term = campaign.term;
  node.voted_for = id;
  node.voted_in = campaign.term;
}

void answer_vote(NodeMoment& node, const VoteAnswered& vote) {
  if (!vote.granted || vote.pre) return;
  node.term = std::max(node.term, vote.term);
  node.voted_for = vote.candidate;
  node.voted_in = vote.term;
  // It no longer follows anyone: it waits for the one it voted for.
  node.leader = kNoNode;
}

/// `source`: another log that holds its last entry, if one is known.
void observe_log(LogView& log, const NodeObserved& observed, const LogView* source) {
  if (log.term_at(observed.last_index) == observed.last_term) {
    log.truncate_from(observed.last_index + 1);
  } else {
    log.runs.clear();
    log.last = observed.last_index;
    if (source != nullptr) log.adopt(*source, observed.last_index);
    if (log.runs.empty()) log.runs.push_back({observed.last_index, observed.last_term});
  }
  log.first = observed.first_index;
  log.compact_before(log.first);
  log.persisted = observed.persisted;
  log.commit = observed.commit;
  log.applied = observed.applied;
}

void install_snapshot(LogView& log, const SnapshotInstalled& installed) {
  const LogIndex persisted = std::min(log.persisted, log.commit);
  log.reset(installed.last_index, installed.last_term);
  log.persisted = persisted;
}

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::kUnknown:
      return "not seen yet";
    case Standing::kDown:
      return "down";
    case Standing::kPaused:
      return "paused";
    case Standing::kSecondary:
      return "secondary";
    case Standing::kAsking:
      return "asks for pre-votes";
    case Standing::kCandidate:
      return "candidate";
    case Standing::kPrimary:
      return "primary";
  }
  CHECK(false);
}

// --- LogView ---

std::optional<Term> LogView::term_at(LogIndex index) const {
  if (index < first || index > last || runs.empty()) return std::nullopt;
  if (index >= runs.back().first) return runs.back().term;
  const auto behind =
      std::upper_bound(runs.begin(), runs.end(), index,
                       [](LogIndex wanted, const Run& run) { return wanted < run.first; });
  if (behind == runs.begin()) return std::nullopt;
  return std::prev(behind)->term;
}

void LogView::append(LogIndex from, LogIndex to, Term term) {
  if (from <= last) truncate_from(from);
  if (from > last + 1) runs.clear();
  if (runs.empty() || runs.back().term != term) runs.push_back({from, term});
  last = to;
}

void LogView::adopt(const LogView& other, LogIndex through) {
  if (other.runs.empty()) return;
  // What is only known here lies before what is known there: the logs are equal, both are right.
  const LogIndex known = other.runs.front().first;
  std::erase_if(runs, [&](const Run& run) { return run.first >= known; });
  if (known > last + 1) runs.clear();
  for (const Run& run : other.runs) {
    if (run.first > through) break;
    if (runs.empty() || runs.back().term != run.term) runs.push_back(run);
  }
  last = through;
  compact_before(first);
}

void LogView::truncate_from(LogIndex from) {
  if (from > last) return;
  last = from - 1;
  first = std::min(first, from);
  persisted = std::min(persisted, last);
  while (!runs.empty() && runs.back().first >= from) runs.pop_back();
}

void LogView::compact_before(LogIndex index) {
  first = std::max(first, index);
  auto covering = runs.begin();
  while (covering != runs.end() && std::next(covering) != runs.end() &&
         std::next(covering)->first <= first) {
    ++covering;
  }
  runs.erase(runs.begin(), covering);
}

void LogView::reset(LogIndex last_index, Term last_term) {
  first = last_index + 1;
  last = last_index;
  runs.assign(1, {last_index, last_term});
  persisted = commit = applied = last_index;
}

// --- NodeMoment ---

Standing NodeMoment::standing() const {
  if (process == Process::kUnknown) return Standing::kUnknown;
  if (process == Process::kStopped) return Standing::kDown;
  if (process == Process::kPaused) return Standing::kPaused;
  switch (role) {
    case Role::kFollower:
      return Standing::kSecondary;
    case Role::kPreCandidate:
      return Standing::kAsking;
    case Role::kCandidate:
      return Standing::kCandidate;
    case Role::kLeader:
      return Standing::kPrimary;
  }
  CHECK(false);
}

// --- Moment ---

bool Moment::connected(NodeId a, NodeId b) const {
  const auto runs = [this](NodeId id) { return id == kNoNode || node(id).running(); };
  return runs(a) && runs(b) && !cut(a, b) && !cut(b, a);
}

Term Moment::latest_term() const {
  Term latest = 0;
  for (const NodeMoment& node : nodes) latest = std::max(latest, node.term);
  return latest;
}

NodeId Moment::leader() const {
  NodeId latest = kNoNode;
  for (NodeId id = 1; id <= size(); ++id) {
    if (!node(id).running() || node(id).role != Role::kLeader) continue;
    if (latest == kNoNode || node(id).term > node(latest).term) latest = id;
  }
  return latest;
}

std::optional<std::uint64_t> Moment::lag() const {
  const NodeId id = leader();
  if (id == kNoNode) return std::nullopt;
  const LogIndex last = node(id).log.last;
  std::uint64_t lag = 0;
  for (const NodeMoment& node : nodes) {
    if (node.running() && node.log.applied < last) lag = std::max(lag, last - node.log.applied);
  }
  return lag;
}

NodeId Moment::primary() const {
  const NodeId id = leader();
  if (id == kNoNode || !node(id).serving) return kNoNode;
  std::size_t reached = 0;
  for (NodeId peer = 1; peer <= size(); ++peer) reached += connected(id, peer) ? 1U : 0U;
  return reached >= majority() ? id : kNoNode;
}

const LogView* Moment::log_with(LogIndex index, Term term, NodeId except) const {
  const auto has = [&](NodeId id) {
    return id != kNoNode && id <= size() && id != except && node(id).log.term_at(index) == term;
  };
  const NodeId followed = node(except).leader;
  if (has(followed)) return &node(followed).log;
  for (NodeId id = 1; id <= size(); ++id) {
    if (has(id)) return &node(id).log;
  }
  return nullptr;
}

/// What a follower appends at once may be of several terms; only the last one is told.
void Moment::note_appended(NodeId id, const EntriesAppended& appended) {
  NodeMoment& node = nodes[id - 1];
  LogView& log = node.log;
  const bool own = node.role == Role::kLeader && node.term == appended.term;
  if (own && node.term_start == 0 && !node.serving) node.term_start = appended.first;
  const LogView* source = own ? nullptr : log_with(appended.last, appended.term, id);
  const bool contiguous = appended.first <= log.last + 1;
  const bool all_known = contiguous && (log.last < log.first ||
                                        (!log.runs.empty() && log.runs.front().first <= log.first));
  if (source == nullptr || (all_known && source->term_at(appended.first) == appended.term)) {
    log.append(appended.first, appended.last, appended.term);
  } else {
    log.truncate_from(appended.first);
    log.adopt(*source, appended.last);
  }
  update_serving(node);
}

void Moment::note_observed(const Record& record, const NodeObserved& observed) {
  NodeMoment& node = nodes[record.node - 1];
  const bool went_on = node.running() && node.role == observed.role && node.term == observed.term;
  if (!node.running()) enter(node, Process::kRunning, record, position);
  if (!went_on) {
    take_role(node, observed.role, {}, record.at, position);
    forget_process(node);
  }
  node.term = observed.term;
  node.leader = observed.role == Role::kLeader ? record.node : observed.leader;
  node.serving = observed.serving;
  if (node.incarnation != observed.incarnation) node.wiped = false;
  node.incarnation = observed.incarnation;
  observe_log(node.log, observed, log_with(observed.last_index, observed.last_term, record.node));
}

void Moment::note(const Record& record, const Event& event) {
  const NodeId id = record.node;
  NodeMoment& node = nodes[id - 1];
  // Who reports something runs, though the recording may have begun later.
  if (node.process == Process::kUnknown) enter(node, Process::kRunning, record, position);
  std::visit(Overloaded{
                 [&](const RoleChanged& e) { change_role(node, id, e, record.at, position); },
                 [&](const TermChanged& e) {
                   node.term = e.term;
                   node.leader = kNoNode;
                 },
                 [&](const CampaignStarted& e) { begin_campaign(node, id, e); },
                 [&](const VoteAnswered& e) { answer_vote(node, e); },
                 [&](const VoteReceived& e) { count_vote(node.tally, e); },
                 [&](const LeaderRecognised& e) {
                   node.leader = e.leader;
                   node.term = e.term;
                 },
                 [&](const ElectionTimerSet& e) {
                   node.timer_set = record.at;
                   node.timer_due = record.at + std::clamp(Duration{e.timeout_ns}, {}, kLongest);
                 },
                 [&](const EntriesAppended& e) { note_appended(id, e); },
                 [&](const EntriesTruncated& e) { node.log.truncate_from(e.from); },
                 [&](const EntriesPersisted& e) { node.log.persisted = e.last; },
                 [&](const CommitAdvanced& e) {
                   node.log.commit = e.commit;
                   update_serving(node);
                 },
                 [&](const EntriesApplied& e) { node.log.applied = e.last; },
                 [&](const LogCompacted& e) { node.log.compact_before(e.first); },
                 [&](const SnapshotSendStarted& e) { node.snapshot_to = e.to; },
                 [&](const SnapshotSendEnded& e) {
                   if (node.snapshot_to == e.to) node.snapshot_to = kNoNode;
                 },
                 [&](const SnapshotInstalled& e) { install_snapshot(node.log, e); },
                 [&](const TransferStarted& e) { node.transfer_to = e.to; },
                 [&](const TransferEnded&) { node.transfer_to = kNoNode; },
                 [&](const PeerWiped& e) {
                   if (e.peer >= 1 && e.peer <= size()) nodes[e.peer - 1].wiped = true;
                 },
                 [&](const SelfWiped&) { node.wiped = true; },
                 [](const auto&) {},
             },
             event);
}

void Moment::note_node(const Record& record) {
  NodeMoment& node = nodes[record.node - 1];
  std::visit(Overloaded{
                 [&](const Event& e) { note(record, e); },
                 [&](const NodeStarted& e) { start(node, e, record, position); },
                 [&](const NodeStopped& e) {
                   enter(node, Process::kStopped, record, position);
                   node.stopped_by = e.cause;
                   forget_process(node);
                 },
                 [&](const NodeObserved& e) { note_observed(record, e); },
                 [&](const RecordsLost& e) { node.lost_records += e.count; },
                 [&](const NodePaused&) { enter(node, Process::kPaused, record, position); },
                 [&](const NodeResumed&) { enter(node, Process::kRunning, record, position); },
                 [&](const DiskWiped&) { wipe_disk(node); },
                 [](const auto&) {},
             },
             record.fact);
}

void Moment::count_operations(const Fact& fact) {
  if (const auto* answer = std::get_if<ClientAnswered>(&fact)) {
    operations_ok += answer->ending == Ending::kOk ? 1 : 0;
    operations_refused += answer->ending == Ending::kRefused ? 1 : 0;
    operations_unknown += answer->ending == Ending::kUnknown ? 1 : 0;
  } else if (const auto* served = std::get_if<ClientsServed>(&fact)) {
    operations_ok += served->ok;
    operations_refused += served->refused;
    operations_unknown += served->unknown;
  }
}

void Moment::apply(const Record& record) {
  at = record.at;
  if (record.node <= size()) {
    if (record.node != kNoNode) note_node(record);
    count_operations(record.fact);
    if (const auto* link = std::get_if<LinkChanged>(&record.fact);
        link != nullptr && link->from <= size() && link->to <= size()) {
      cuts[link->from * (size() + 1) + link->to] = link->cut ? 1 : 0;
    } else if (const auto* step = std::get_if<StepTaken>(&record.fact)) {
      last_step = step->step;
      last_step_position = position;
    } else if (std::holds_alternative<ViolationFound>(record.fact)) {
      ++violations;
    }
  }
  ++position;
}

}  // namespace kv::viz
