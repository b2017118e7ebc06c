#include "support/lab.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/command.h"
#include "core/invariants.h"

namespace kv {

ClientRequest set_request(RequestId id, std::string_view key, std::string_view value) {
  return {id, WriteRequest{encode_command(set_command(key, value))}};
}

ClientRequest get_request(RequestId id, std::string_view key, bool anywhere) {
  return {id, ReadRequest{encode_command(get_command(key)), anywhere}};
}

void Lab::Disk::apply(const Write& write) {
  if (write.hard_state) hard_state = *write.hard_state;
  if (write.install) {
    snapshot = write.install;
    entries.clear();
  }
  for (const Entry& entry : write.append) {
    while (!entries.empty() && entries.back().index >= entry.index) entries.pop_back();
    entries.push_back(entry);
  }
  std::erase_if(entries, [&](const Entry& entry) { return entry.index <= write.discard_through; });
}

Lab::Lab(Options options) : options_(options) {
  std::vector<NodeId> members;
  for (NodeId id = 1; id <= options.nodes; ++id) members.push_back(id);
  for (const NodeId id : members) {
    Node& node = nodes_[id];
    node.config.self = id;
    node.config.members = members;
    node.config.incarnation = 1000 + id;
    node.config.timing = options.timing;
    node.config.ack = options.ack;
    node.config.reads = options.reads;
    node.config.limits = options.limits;
    node.config.shard_count = 16;
    node.config.bootstrap_primary = id == options.bootstrap;
    start(id);
  }
}

NodeId Lab::leader() const {
  NodeId found = kNoNode;
  Term term = 0;
  for (const auto& [id, node] : nodes_) {
    if (!node.replica || !node.replica->raft().is_leader()) continue;
    if (found == kNoNode || node.replica->raft().term() > term) {
      found = id;
      term = node.replica->raft().term();
    }
  }
  return found;
}

template <typename Input>
void Lab::feed(NodeId id, Input input) {
  Node& node = nodes_.at(id);
  if (!node.replica) return;
  Footprint before;
  before.take(node.replica->raft());
  input(*node.replica);
  Effects effects = node.replica->take_effects(now);
  for (Write& write : effects.writes) {
    node.disk.pending.push_back(std::move(write));
    node.disk.durable_at.push_back(now + options_.disk_delay);
  }
  for (Message& message : effects.messages) network.push_back(std::move(message));
  for (ClientReply& reply : effects.replies) replies.push_back(std::move(reply));
  for (Event& event : effects.events) events.emplace_back(id, std::move(event));
  if (effects.save_snapshot) node.disk.saving = effects.save_snapshot;
  check(id, before);
}

void Lab::check(NodeId id, const Footprint& before) {
  const Raft& raft = replica(id).raft();
  const std::string who = "Node " + std::to_string(id) + ": ";
  if (const auto broken = broken_invariant(raft)) violations.push_back(who + *broken);
  if (const auto broken = broken_transition(before, raft)) violations.push_back(who + *broken);
  if (raft.is_leader()) {
    const auto [known, first] = leaders_.try_emplace(raft.term(), id);
    if (known->second != id) {
      violations.push_back(who + "leads term " + std::to_string(raft.term()) + ", as node " +
                           std::to_string(known->second) + " did.");
    }
  }
  const LogIndex from = std::max(before.commit, raft.log().base_index());
  for (LogIndex index = from + 1; index <= raft.commit(); ++index) {
    const Entry& entry = raft.log().at(index);
    const auto [known, first] = committed_.try_emplace(index, entry.encoded);
    if (known->second != entry.encoded) {
      violations.push_back(who + "commits another entry at index " + std::to_string(index) +
                           " (term " + std::to_string(entry.term) +
                           ") than was committed there before.");
    }
  }
}

void Lab::tick(NodeId id) {
  feed(id, [&](Replica& replica) { replica.tick(now); });
}

void Lab::deliver(const Message& message) {
  feed(message.to, [&](Replica& replica) { replica.step(now, message); });
}

void Lab::submit(NodeId id, ClientRequest request) {
  feed(id, [&](Replica& replica) { replica.submit(now, std::move(request)); });
}

void Lab::persist(NodeId id, std::size_t count) {
  Disk& disk = node(id).disk;
  for (; count > 0 && !disk.pending.empty(); --count) {
    const WriteId done = disk.pending.front().id;
    disk.apply(disk.pending.front());
    disk.pending.pop_front();
    disk.durable_at.pop_front();
    feed(id, [&](Replica& replica) { replica.persisted(now, done); });
  }
}

void Lab::save_snapshot(NodeId id) {
  Disk& disk = node(id).disk;
  const SnapshotPtr saved = std::exchange(disk.saving, nullptr);
  if (!saved) return;
  if (!disk.snapshot || disk.snapshot->last_index < saved->last_index) disk.snapshot = saved;
  feed(id, [&](Replica& replica) { replica.snapshot_saved(now, saved->last_index); });
}

void Lab::crash(NodeId id, std::size_t kept_writes) {
  Disk& disk = node(id).disk;
  for (std::size_t i = 0; i < kept_writes && i < disk.pending.size(); ++i)
    disk.apply(disk.pending[i]);
  disk.pending.clear();
  disk.durable_at.clear();
  disk.saving = nullptr;
  node(id).replica.reset();
}

void Lab::start(NodeId id) {
  Node& node = nodes_.at(id);
  Recovered recovered;
  recovered.incarnation = node.config.incarnation;
  recovered.hard_state = node.disk.hard_state;
  recovered.snapshot = node.disk.snapshot;
  recovered.entries = node.disk.entries;
  // The log's recovery drops what a newer snapshot stands for, see wal.h.
  if (recovered.snapshot) {
    const LogIndex covered = recovered.snapshot->last_index;
    const bool reaches =
        std::any_of(node.disk.entries.begin(), node.disk.entries.end(), [&](const Entry& entry) {
          return entry.index == covered && entry.term == recovered.snapshot->last_term;
        });
    const bool follows =
        !node.disk.entries.empty() && node.disk.entries.front().index == covered + 1;
    if (!reaches && !follows) recovered.entries.clear();
  }
  node.disk.entries = recovered.entries;
  const std::uint64_t seed = options_.seed * 1000 + id * 100 + ++node.starts;
  node.replica.emplace(node.config, std::move(recovered), seed, now);
  feed(id, [](Replica&) {});
}

void Lab::wipe(NodeId id) {
  node(id).disk = Disk{};
  node(id).config.incarnation += 1'000'000;
}

void Lab::settle(const std::set<NodeId>& cut) {
  bool moved = true;
  while (moved) {
    moved = false;
    for (auto& [id, node] : nodes_) {
      if (!node.replica) continue;
      moved = moved || node.disk.saving;
      for (; !node.disk.pending.empty() && node.disk.durable_at.front() <= now; moved = true) {
        persist(id);
      }
      save_snapshot(id);
    }
    for (const Message& message : std::exchange(network, {})) {
      moved = true;
      if (loses && loses(message)) continue;
      if (!cut.contains(message.from) && !cut.contains(message.to)) deliver(message);
    }
  }
}

void Lab::run_for(Duration span, const std::set<NodeId>& cut) {
  const Instant end = now + span;
  settle(cut);
  while (true) {
    Instant due = end;
    for (auto& [id, node] : nodes_) {
      if (!node.replica) continue;
      due = std::min(due, node.replica->next_deadline().value_or(end));
      if (!node.disk.durable_at.empty()) due = std::min(due, node.disk.durable_at.front());
    }
    if (due >= end) break;
    now = std::max(now, due);
    for (auto& [id, node] : nodes_) tick(id);
    settle(cut);
  }
  now = end;
}

bool Lab::run_until_serving(Duration span, const std::set<NodeId>& cut) {
  for (const Instant end = now + span; now < end; run_for(milliseconds(10), cut)) {
    const NodeId id = leader();
    if (id != kNoNode && !cut.contains(id) && replica(id).raft().serving()) return true;
  }
  return false;
}

ClientReply Lab::write(NodeId id, std::string_view key, std::string_view value,
                       const std::set<NodeId>& cut) {
  return await(id, set_request(next_request(), key, value), cut);
}

ClientReply Lab::read(NodeId id, std::string_view key, const std::set<NodeId>& cut) {
  return await(id, get_request(next_request(), key), cut);
}

ClientReply Lab::read_anywhere(NodeId id, std::string_view key, const std::set<NodeId>& cut) {
  return await(id, get_request(next_request(), key, true), cut);
}

ClientReply Lab::await(NodeId id, ClientRequest request, const std::set<NodeId>& cut) {
  const RequestId request_id = request.id;
  submit(id, std::move(request));
  settle(cut);
  for (int i = 0; i < 300 && !reply_to(request_id); ++i) run_for(milliseconds(10), cut);
  const std::optional<ClientReply> reply = reply_to(request_id);
  CHECK(reply.has_value());
  return *reply;
}

std::optional<ClientReply> Lab::reply_to(RequestId id) const {
  for (const ClientReply& reply : replies) {
    if (reply.id == id) return reply;
  }
  return std::nullopt;
}

}  // namespace kv
