// Clients' requests and what can be done to nodes: the other half of cluster.cc.
#include <utility>

#include "cluster_feed.h"
#include "core/check.h"
#include "core/command.h"
#include "core/overloaded.h"
#include "netsim/cluster.h"
#include "netsim/recovery.h"

namespace kv::sim {

// --- clients ---

void Cluster::send(NodeId to, ClientRequest request) {
  const Instant arrival = now_ + network_.client_delay();
  queue_.schedule(arrival, RequestArrival{requests_.put({to, std::move(request)})});
}

void Cluster::set_alarm(Instant at, Alarm alarm) {
  queue_.schedule(at, alarm);
}

void Cluster::happen(const RequestArrival& arrival) {
  Request request = requests_.take(arrival.slot);
  const RequestId id = request.request.id;
  Node& server = node(request.to);
  if (cut_off_[request.to - 1]) return;
  if (!server.replica) {
    answer_later(request.to,
                 {id, request.to, Ending::kRefused, "CONNECTION_REFUSED", kNoNode, {}, {}});
    return;
  }
  server.waiting.push_back(id);
  if (keys_expire_) put_time_in(server, request.request);
  feed(server,
       [&](Replica& replica, Instant local) { replica.submit(local, std::move(request.request)); });
}

/// As kvnode does: its wall clock is the node's own here, as wrong as that may be.
void Cluster::put_time_in(const Node& node, ClientRequest& request) const {
  const std::int64_t now_ms = node.clock.local(now_).ns / 1'000'000;
  const auto stamp = [now_ms](std::string& encoded) {
    Result<Command> command = decode_command(encoded);
    CHECK(command.has_value());
    command->time_ms = static_cast<std::uint64_t>(now_ms);
    if (command->operation == Operation::kSet && command->number != 0) command->number += now_ms;
    encoded = encode_command(*command);
  };
  if (auto* read = std::get_if<ReadRequest>(&request.body)) stamp(read->command);
  if (auto* write = std::get_if<WriteRequest>(&request.body)) stamp(write->command);
}

void Cluster::reply(Node& node, ClientReply reply) {
  std::erase(node.waiting, reply.id);
  Answer answer{reply.id, id_of(node), Ending::kOk, {}, kNoNode, {}, {}};
  answer.applied = node.replica->applied();
  std::visit(Overloaded{[&](kv::Answer& given) {
                          if (given.kind == kv::Answer::Kind::kText)
                            answer.found = std::move(given.text);
                          if (given.kind == kv::Answer::Kind::kInteger)
                            answer.result = std::to_string(given.integer);
                          if (given.is_error()) answer.result = std::move(given.text);
                        },
                        [](const TransferDone&) {},
                        [&](const Refusal& refusal) {
                          answer.ending = refusal.code == RefusalCode::kUnknownOutcome
                                              ? Ending::kUnknown
                                              : Ending::kRefused;
                          answer.code = to_string(refusal.code);
                          answer.primary = refusal.primary;
                        }},
             reply.body);
  answer_later(id_of(node), std::move(answer));
}

void Cluster::answer_later(NodeId from, Answer answer) {
  if (cut_off_[from - 1]) return;
  const Instant arrival = now_ + network_.client_delay();
  queue_.schedule(arrival, AnswerArrival{answers_.put(std::move(answer))});
}

// --- processes ---

void Cluster::start(NodeId id) {
  Node& machine = node(id);
  if (machine.replica) return;
  machine.starts_late = machine.disk_stalled;
  if (machine.starts_late) return;
  ++machine.boots;
  Wal::Options options = wal_options_;
  options.node_name = names_[id - 1];
  const Incarnation fresh = machine.seeds.next() | 1;
  const std::uint64_t seed = machine.seeds.next();
  Result<Wal::Opened> opened = recover(machine.disk, options, fresh, machine.config.shard_count);
  if (!opened) {
    machine.refused_honest_disk = machine.disk.is_honest();
    record(id, NodeStopped{StopCause::kRefusedToStart, opened.error().message});
    return;
  }
  const Recovered& found = opened->recovered;
  machine.durable = found.hard_state;
  const LogIndex snapshot = found.snapshot ? found.snapshot->last_index : 0;
  record(id, NodeStarted{found.incarnation, found.hard_state.term,
                         found.entries.empty() ? snapshot : found.entries.back().index, snapshot});
  machine.config.incarnation = found.incarnation;
  machine.replica.emplace(machine.config, found, seed, machine.clock.local(now_));
  machine.wal = std::move(opened->wal);
  std::vector<DiskOperation> mark = machine.wal->mark();
  if (!do_operations(machine, mark)) return;
  feed(machine, [](Replica& replica, Instant local) { replica.tick(local); });
}

void Cluster::stop_process(Node& node, StopCause cause, std::string detail) {
  const NodeId id = id_of(node);
  do_some(node, node.log_work);
  do_some(node, node.snapshot_work);
  node.died = std::exchange(node.replica, std::nullopt);
  node.wal.reset();
  node.queued.clear();
  node.tick_at.reset();
  node.dies_amid_effects = false;
  if (cause == StopCause::kPowerCut) node.disk.cut_power(node.disk_rng);
  record(id, NodeStopped{cause, std::move(detail)});
  for (const RequestId request : std::exchange(node.waiting, {}))
    answer_later(id, {request, id, Ending::kUnknown, "CONNECTION_RESET", kNoNode, {}, {}});
  if (!std::exchange(node.paused, false)) return;
  // What waited for the paused process finds no process, even if another one starts at once.
  for (const What& what : std::exchange(held_[id - 1], {})) {
    std::visit(Overloaded{[](const AnswerArrival&) {}, [](const Alarm&) {},
                          [&](const auto& mine) { happen(mine); }},
               what);
  }
}

void Cluster::crash(NodeId id, StopCause cause) {
  Node& victim = node(id);
  victim.starts_late = false;
  if (victim.replica) {
    stop_process(victim, cause, {});
  } else if (cause == StopCause::kPowerCut) {
    victim.disk.cut_power(victim.disk_rng);
  }
}

void Cluster::crash_amid_effects(NodeId id) {
  if (node(id).replica) node(id).dies_amid_effects = true;
}

void Cluster::pause(NodeId id) {
  Node& victim = node(id);
  if (!victim.runs()) return;
  victim.paused = true;
  record(id, NodePaused{});
}

void Cluster::resume(NodeId id) {
  Node& sleeper = node(id);
  if (!std::exchange(sleeper.paused, false)) return;
  record(id, NodeResumed{});
  for (const What& what : std::exchange(held_[id - 1], {})) queue_.schedule(now_, what);
  sleeper.tick_at.reset();
  schedule_tick(sleeper);
}

void Cluster::wipe(NodeId id) {
  crash(id, StopCause::kCrash);
  node(id).disk.wipe();
  record(id, DiskWiped{});
}

void Cluster::stall_disk(NodeId id, bool stalled) {
  Node& machine = node(id);
  machine.disk_stalled = stalled;
  if (stalled) return;
  for (const What& what : std::exchange(stalled_[id - 1], {})) queue_.schedule(now_, what);
  if (machine.starts_late) start(id);
}

// --- clocks ---

void Cluster::set_drift(NodeId id, std::int64_t ppm) {
  node(id).clock.set_drift(now_, ppm);
  if (node(id).replica) schedule_tick(node(id));
}

void Cluster::step_clock(NodeId id, Duration span) {
  node(id).clock.step(now_, span);
  if (node(id).replica) schedule_tick(node(id));
}

void Cluster::freeze_clock(NodeId id, Duration span) {
  node(id).clock.freeze(now_, now_ + span);
  if (node(id).replica) schedule_tick(node(id));
}

// --- a look ---

const Replica* Cluster::replica(NodeId id) const {
  return node(id).replica ? &*node(id).replica : nullptr;
}

Status Cluster::status(NodeId id) const {
  return node(id).replica->status(node(id).clock.local(now_));
}

NodeId Cluster::primary() const {
  NodeId found = kNoNode;
  Term latest = 0;
  for (const Node& node : nodes_) {
    if (!node.runs() || !node.replica->raft().serving()) continue;
    if (found != kNoNode && node.replica->raft().term() < latest) continue;
    found = id_of(node);
    latest = node.replica->raft().term();
  }
  return found;
}

}  // namespace kv::sim
