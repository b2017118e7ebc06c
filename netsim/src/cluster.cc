#include "netsim/cluster.h"

#include <iterator>
#include <memory>
#include <utility>

#include "cluster_feed.h"
#include "core/check.h"
#include "core/overloaded.h"

namespace kv::sim {
namespace {

/// Grants a vote, or as a candidate casts its own.
bool casts_vote(const Message& message) {
  if (const auto* reply = std::get_if<VoteReply>(&message.body))
    return reply->granted && !reply->pre;
  const auto* request = std::get_if<VoteRequest>(&message.body);
  return request != nullptr && !request->pre;
}

}  // namespace

Cluster::Cluster(const Scenario& scenario, std::uint64_t seed)
    : keys_expire_(scenario.workload.expiring.per_million > 0),
      network_(scenario, Rng(seed).fork("network")),
      rng_(Rng(seed).fork("crashes")) {
  const Rng rng(seed);
  std::vector<NodeId> members;
  for (const NodeSpec& spec : scenario.nodes) {
    names_.push_back(spec.name);
    members.push_back(static_cast<NodeId>(members.size() + 1));
    wal_options_.members += (members.size() == 1 ? "" : ", ") + spec.name;
  }
  wal_options_.segment_bytes = scenario.segment_bytes;
  for (const NodeId id : members) {
    const NodeSpec& spec = scenario.nodes[id - 1];
    Node& node = nodes_.emplace_back(rng.fork(spec.name));
    node.config.self = id;
    node.config.members = members;
    node.config.timing = scenario.timing;
    node.config.ack = scenario.ack;
    node.config.reads = scenario.reads;
    node.config.lease_drift_ppm = scenario.lease_drift_ppm;
    node.config.limits = scenario.limits;
    node.config.shard_count = 16;
    node.config.bootstrap_primary = spec.name == scenario.primary;
    node.sync = scenario.disk.sync;
    node.disk.set_capacity(scenario.disk.capacity_bytes);
    if (const std::int64_t most = scenario.clocks.drift_ppm; most != 0) {
      Rng drift = rng.fork(spec.name).fork("drift");
      node.clock.set_drift(now_, drift.between({-most}, {most}).ns);
    }
  }
  cut_off_.resize(nodes_.size());
  held_.resize(nodes_.size());
  stalled_.resize(nodes_.size());
  for (const NodeId id : members) start(id);
}

// --- time ---

std::optional<Instant> Cluster::next_at() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.next_at();
}

void Cluster::idle_until(Instant at) {
  CHECK(at >= now_ && (queue_.empty() || queue_.next_at() >= at));
  now_ = at;
}

Happening Cluster::advance() {
  auto [at, what] = queue_.pop();
  CHECK(at >= now_);
  now_ = at;
  touched_ = kNoNode;
  if (const auto held_by = deferred_by_pause(what)) {
    held_[*held_by - 1].push_back(what);
    return {};
  }
  Happening happening;
  std::visit(Overloaded{[&](const AnswerArrival& arrival) {
                          Answer answer = answers_.take(arrival.slot);
                          if (!cut_off_[answer.from - 1]) happening = std::move(answer);
                        },
                        [&](const Alarm& alarm) { happening = alarm; },
                        [&](const auto& mine) { happen(mine); }},
             what);
  return happening;
}

std::optional<NodeId> Cluster::deferred_by_pause(const What& what) const {
  const NodeId id = std::visit(
      Overloaded{[&](const Delivery& o) { return flights_.items[o.slot].message.to; },
                 [&](const RequestArrival& o) { return requests_.items[o.slot].to; },
                 [](const LogWorkDone& o) { return o.node; },
                 [](const SnapshotWorkDone& o) { return o.node; },
                 [](const Tick& o) { return o.node; }, [](const auto&) { return kNoNode; }},
      what);
  if (id == kNoNode || !node(id).paused) return std::nullopt;
  return id;
}

// --- inputs of nodes ---

void Cluster::schedule_tick(Node& node) {
  const std::optional<Instant> due = node.replica->next_deadline();
  if (!due) return;
  const Instant at = node.clock.when(now_, *due);
  if (node.tick_at && *node.tick_at <= at) return;
  node.tick_at = at;
  queue_.schedule(at, Tick{id_of(node)});
}

void Cluster::happen(const Tick& tick) {
  Node& ticking = node(tick.node);
  // Deadlines mostly move on before they come: one scheduled tick then looks where the next is.
  if (!ticking.replica || ticking.tick_at != now_) return;
  ticking.tick_at.reset();
  const std::optional<Instant> due = ticking.replica->next_deadline();
  if (due && *due > ticking.clock.local(now_)) {
    schedule_tick(ticking);
  } else {
    feed(ticking, [](Replica& replica, Instant local) { replica.tick(local); });
  }
}

void Cluster::happen(const Delivery& delivery) {
  Flight flight = flights_.take(delivery.slot);
  Node& receiver = node(flight.message.to);
  if (!receiver.replica || !network_.delivers(flight.message)) {
    record(flight.message.to,
           MessageDropped{flight.number, flight.message.from,
                          receiver.replica ? DropReason::kCut : DropReason::kNodeDown});
    return;
  }
  record(flight.message.to, MessageDelivered{flight.number, flight.message.from});
  feed(receiver, [&](Replica& replica, Instant local) { replica.step(local, flight.message); });
}

// --- outputs of nodes ---

void Cluster::carry_out(Node& node, Effects effects) {
  for (Event& event : effects.events) record(id_of(node), std::move(event));
  if (std::exchange(node.dies_amid_effects, false)) {
    die_amid(node, effects);
    return;
  }
  for (Message& message : effects.messages) send_message(std::move(message));
  for (ClientReply& done : effects.replies) reply(node, std::move(done));
  for (Write& write : effects.writes) node.queued.push_back(std::move(write));
  begin_log_work(node);
  if (effects.save_snapshot) begin_snapshot_work(node, effects.save_snapshot);
}

/// All of an Effects may be done in any order among its lists, so a crash may come after any part
/// of each list.
void Cluster::die_amid(Node& node, Effects& effects) {
  const auto keep_some = [&](auto& list) {
    using Difference = typename std::decay_t<decltype(list)>::difference_type;
    const auto kept = static_cast<Difference>(rng_.below(list.size() + 1));
    list.erase(list.begin() + kept, list.end());
  };
  keep_some(effects.messages);
  keep_some(effects.replies);
  keep_some(effects.writes);
  for (Message& message : effects.messages) send_message(std::move(message));
  for (ClientReply& done : effects.replies) reply(node, std::move(done));
  for (Write& write : effects.writes) node.queued.push_back(std::move(write));
  begin_log_work(node);
  stop_process(node, StopCause::kCrash, "amid the effects of an input");
}

void Cluster::send_message(Message message) {
  const std::uint64_t number = ++messages_;
  const NodeId from = message.from;
  const NodeId to = message.to;
  const bool keep = record_messages_ || casts_vote(message);
  record(from, MessageSent{number, keep ? std::make_shared<const Message>(message)
                                        : std::shared_ptr<const Message>(std::shared_ptr<void>(),
                                                                         &message)});
  // A content that nobody wants was only lent for the hash.
  if (!keep) records_.pop_back();
  const Fate fate = network_.send(now_, message);
  if (fate.count == 0) {
    record(to, MessageDropped{number, from, fate.lost});
    return;
  }
  for (std::uint32_t i = 1; i < fate.count; ++i)
    queue_.schedule(fate.arrivals[i], Delivery{flights_.put({number, message})});
  queue_.schedule(fate.arrivals[0], Delivery{flights_.put({number, std::move(message)})});
}

void Cluster::record(NodeId node, Fact fact) {
  records_.push_back({++records_made_, now_, node, std::move(fact)});
  trace_hash_ = hash_record(records_.back(), trace_hash_);
}

// --- disks ---

Duration Cluster::duration_of(Node& node, const std::vector<DiskOperation>& operations) {
  Duration duration;
  for (const DiskOperation& operation : operations) {
    if (std::holds_alternative<SyncFile>(operation) ||
        std::holds_alternative<SyncDirectory>(operation) ||
        std::holds_alternative<SaveSnapshot>(operation)) {
      duration = duration + node.sync.draw(node.disk_rng);
    }
  }
  return duration;
}

bool Cluster::do_operations(Node& node, std::vector<DiskOperation>& operations) {
  for (const DiskOperation& operation : operations) {
    const Outcome done = node.disk.execute(operation);
    if (done) continue;
    stop_process(node, StopCause::kDiskFailure, done.error().message);
    return false;
  }
  return true;
}

void Cluster::begin_log_work(Node& node) {
  if (node.log_work || node.queued.empty()) return;
  Node::DiskWork work;
  for (const Write& write : std::exchange(node.queued, {})) {
    for (DiskOperation& operation : node.wal->append(write))
      work.operations.push_back(std::move(operation));
    work.persists = write.id;
    if (write.hard_state) work.hard_state = write.hard_state;
  }
  for (DiskOperation& operation : node.wal->sync()) work.operations.push_back(std::move(operation));
  queue_.schedule(now_ + duration_of(node, work.operations), LogWorkDone{id_of(node), node.boots});
  node.log_work = std::move(work);
}

void Cluster::happen(const LogWorkDone& done) {
  Node& writer = node(done.node);
  if (!writer.replica || writer.boots != done.boot) return;
  if (writer.disk_stalled) {
    stalled_[done.node - 1].push_back(done);
    return;
  }
  Node::DiskWork work = std::move(*writer.log_work);
  writer.log_work.reset();
  if (!do_operations(writer, work.operations)) return;
  if (work.hard_state) writer.durable = *work.hard_state;
  if (work.persists != 0) {
    // A step towards the next segment, before the next group, as kvnode does it.
    std::vector<DiskOperation> ahead = writer.wal->prepare();
    if (!ahead.empty()) {
      queue_.schedule(now_ + duration_of(writer, ahead), done);
      writer.log_work = Node::DiskWork{std::move(ahead)};
    }
    feed(writer, [&](Replica& replica, Instant local) { replica.persisted(local, work.persists); });
    if (!writer.replica) return;
  }
  if (writer.log_work) return;
  begin_log_work(writer);
  if (writer.log_work) return;
  std::vector<DiskOperation> mark = writer.wal->mark();
  do_operations(writer, mark);
}

void Cluster::begin_snapshot_work(Node& node, const SnapshotPtr& snapshot) {
  Node::DiskWork work{{SaveSnapshot{snapshot}}, 0, snapshot->last_index};
  queue_.schedule(now_ + duration_of(node, work.operations),
                  SnapshotWorkDone{id_of(node), node.boots});
  node.snapshot_work = std::move(work);
}

void Cluster::happen(const SnapshotWorkDone& done) {
  Node& writer = node(done.node);
  if (!writer.replica || writer.boots != done.boot) return;
  if (writer.disk_stalled) {
    stalled_[done.node - 1].push_back(done);
    return;
  }
  Node::DiskWork work = std::move(*writer.snapshot_work);
  writer.snapshot_work.reset();
  const bool saved = writer.disk.execute(work.operations.front()).has_value();
  feed(writer, [&](Replica& replica, Instant local) {
    if (saved) {
      replica.snapshot_saved(local, work.snapshot);
    } else {
      replica.snapshot_failed(local);
    }
  });
}

/// A crash amid disk work leaves any number of its operations done, and saving a snapshot, which is
/// several in one, perhaps half done.
void Cluster::do_some(Node& node, std::optional<Node::DiskWork>& work) {
  if (!work) return;
  const std::vector<DiskOperation> operations = std::move(work->operations);
  work.reset();
  const std::uint64_t count = rng_.below(operations.size() + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!node.disk.execute(operations[i])) return;
  }
  if (count == operations.size()) return;
  const auto* save = std::get_if<SaveSnapshot>(&operations[count]);
  if (save == nullptr) return;
  const std::vector<DiskOperation> parts =
      Disk::snapshot_operations(save->snapshot, node.disk.names());
  const std::uint64_t done = rng_.below(parts.size());
  for (std::uint64_t i = 0; i < done; ++i) {
    if (!node.disk.execute(parts[i])) return;
  }
}

}  // namespace kv::sim
