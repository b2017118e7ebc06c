// How much work consensus, its messages and its log are, without network and disk.
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/check.h"
#include "core/codec.h"
#include "core/command.h"
#include "core/replica.h"
#include "core/wal.h"

namespace kv {
namespace {

constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 100;
constexpr std::size_t kKeys = 10'000;

/// Commands that set random keys, so often that a run doesn't find its records in the cache.
std::vector<std::string> set_commands() {
  Rng rng(1);
  const std::string value(kValueBytes, 'v');
  std::vector<std::string> commands;
  for (std::size_t i = 0; i < 4 * kKeys; ++i) {
    std::string key = std::to_string(rng.next() % kKeys);
    key.insert(0, kKeyBytes - key.size(), '0');
    commands.push_back(encode_command(set_command(key, value)));
  }
  return commands;
}

/// Entries 1 to `count`, as a leader makes them.
std::vector<Entry> set_entries(std::size_t count) {
  const std::vector<std::string> commands = set_commands();
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(make_entry(i + 1, 1, EntryType::kCommand, commands[i % commands.size()]));
  }
  return entries;
}

Message append_message(std::vector<Entry> entries) {
  AppendRequest request;
  request.entries = std::move(entries);
  return Message{1, 2, 1, 11, 12, std::move(request)};
}

/// A leader whose two followers take and acknowledge everything at once.
class AcknowledgedLeader {
 public:
  AcknowledgedLeader() : replica_(config(), {}, 1, now_) {
    for (int turn = 0; turn < 16 && !replica_.raft().serving(); ++turn) run_turn();
    CHECK(replica_.raft().serving());
  }

  void submit(const std::string& command) {
    replica_.submit(now_, {next_request_++, WriteRequest{command}});
  }
  /// Sends, writes and commits all that was submitted; how many answers came.
  std::size_t run_turn() {
    now_ = now_ + microseconds(100);
    replica_.tick(now_);
    std::size_t answers = 0;
    for (bool quiet = false; !quiet;) {
      Effects effects = replica_.take_effects(now_);
      quiet = effects.writes.empty() && effects.messages.empty();
      answers += effects.replies.size();
      for (const Write& write : effects.writes) replica_.persisted(now_, write.id);
      for (const Message& message : effects.messages) answer(message);
      save(effects);
    }
    return answers;
  }

 private:
  static Config config() {
    Config config;
    config.self = 1;
    config.members = {1, 2, 3};
    config.incarnation = 11;
    config.bootstrap_primary = true;
    return config;
  }
  void save(Effects& effects) {
    if (!effects.save_snapshot) return;
    const LogIndex last_index = effects.save_snapshot->last_index;
    effects.save_snapshot.reset();
    replica_.snapshot_saved(now_, last_index);
  }
  void answer(const Message& message) {
    MessageBody reply;
    if (const auto* append = std::get_if<AppendRequest>(&message.body)) {
      AppendReply accepted;
      accepted.accepted = true;
      accepted.received = append->previous_index + append->entries.size();
      accepted.durable = accepted.received;
      accepted.read_round = append->read_round;
      reply = accepted;
    } else if (const auto* vote = std::get_if<VoteRequest>(&message.body)) {
      reply = VoteReply{vote->pre, true};
    } else {
      return;
    }
    const Incarnation incarnation = 10 + message.to;
    replica_.step(now_, Message{message.to, 1, message.term, incarnation, 11, std::move(reply)});
  }

  Instant now_{1};
  Replica replica_;
  RequestId next_request_{1};
};

/// From the submission of SETs to their answers, on the leader: its entries and messages, the
/// commit, and the carrying out.
void leader_commits_sets(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const std::vector<std::string> commands = set_commands();
  AcknowledgedLeader leader;
  std::size_t next = 0;
  std::size_t answers = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) leader.submit(commands[next++ % commands.size()]);
    answers += leader.run_turn();
  }
  if (answers != next) state.SkipWithError("not every SET was answered");
  state.SetItemsProcessed(static_cast<std::int64_t>(answers));
}
BENCHMARK(leader_commits_sets)->ArgName("batch")->Arg(1)->Arg(16)->Arg(256);

void make_set_entry(benchmark::State& state) {
  const std::string command = set_commands().front();
  LogIndex index = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(make_entry(++index, 1, EntryType::kCommand, command));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(make_set_entry);

void encode_append(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const Message message = append_message(set_entries(batch));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string encoded = encode_message(message);
    benchmark::DoNotOptimize(encoded.data());
    bytes += encoded.size();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(encode_append)->ArgName("entries")->Arg(1)->Arg(16)->Arg(256);

void decode_append(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const SharedBytes encoded(encode_message(append_message(set_entries(batch))));
  for (auto _ : state) {
    const Result<Message> message = decode_message(encoded);
    benchmark::DoNotOptimize(message.has_value());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  const auto bytes = static_cast<std::int64_t>(encoded.size());
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK(decode_append)->ArgName("entries")->Arg(1)->Arg(16)->Arg(256);

void encode_set(benchmark::State& state) {
  const std::string key(kKeyBytes, 'k');
  const std::string value(kValueBytes, 'v');
  const Command command = set_command(key, value);
  for (auto _ : state) benchmark::DoNotOptimize(encode_command(command));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_set);

void decode_set(benchmark::State& state) {
  const std::string command = set_commands().front();
  for (auto _ : state) benchmark::DoNotOptimize(decode_command(command));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_set);

/// A follower's work for one append of many SETs: into its log, and, with the next one, applied.
void follower_applies_sets(benchmark::State& state) {
  constexpr NodeId kLeader = 1;
  const auto batch = static_cast<std::size_t>(state.range(0));
  const std::vector<std::string> commands = set_commands();
  Config config;
  config.self = 2;
  config.members = {1, 2, 3};
  config.incarnation = 12;
  Instant now{1};
  Replica replica(config, {}, 1, now);
  LogIndex last = 0;
  for (auto _ : state) {
    now = now + microseconds(100);
    AppendRequest request;
    request.previous_index = last;
    request.previous_term = last == 0 ? 0 : 1;
    request.commit = last;
    for (std::size_t i = 0; i < batch; ++i) {
      const std::string& command = commands[last % commands.size()];
      request.entries.push_back(make_entry(++last, 1, EntryType::kCommand, command));
    }
    replica.step(now, Message{kLeader, config.self, 1, 11, 12, std::move(request)});
    Effects effects = replica.take_effects(now);
    for (const Write& write : effects.writes) replica.persisted(now, write.id);
    if (effects.save_snapshot) replica.snapshot_saved(now, effects.save_snapshot->last_index);
  }
  if (replica.applied() + batch < last) state.SkipWithError("not every SET was applied");
  state.SetItemsProcessed(static_cast<std::int64_t>(last));
}
BENCHMARK(follower_applies_sets)->ArgName("batch")->Arg(1)->Arg(16)->Arg(256);

/// What the log's thread does for a group before it writes: frames and checksums. The same entries
/// each time: to a log they are a new end of it.
void frame_log_entries(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  Wal wal = std::move(Wal::create({"node1", 8 << 20, "node1"}, 11).wal);
  Write write;
  write.append = set_entries(batch);
  write.discard_through = batch;
  for (auto _ : state) {
    ++write.id;
    benchmark::DoNotOptimize(wal.append(write));
    benchmark::DoNotOptimize(wal.sync());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(frame_log_entries)->ArgName("batch")->Arg(1)->Arg(16)->Arg(256);

}  // namespace
}  // namespace kv
