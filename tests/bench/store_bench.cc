// How fast the state machine's map is, warm in the cache (10 k keys) and not (1 M keys).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/kv_store.h"
#include "core/operations.h"
#include "core/rng.h"
#include "core/snapshot.h"

namespace kv {
namespace {

constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kValueBytes = 100;
constexpr std::size_t kVisits = 1 << 16;
constexpr std::uint64_t kFar = 1'000'000'000;

std::string key_of(std::uint64_t number) {
  std::string key = std::to_string(number);
  return std::string(kKeyBytes - key.size(), '0') + key;
}

/// A store of so many keys, and some of them in random order.
struct Filled {
  KvStore store{};
  std::vector<std::string> visits{};
};

Filled make_filled(std::uint64_t keys, std::uint64_t expires_ms) {
  Filled filled;
  const std::string value(kValueBytes, 'v');
  for (std::uint64_t i = 0; i < keys; ++i) filled.store.set(key_of(i), value, expires_ms);
  Rng rng(keys);
  for (std::size_t i = 0; i < kVisits; ++i) filled.visits.push_back(key_of(rng.next() % keys));
  return filled;
}

/// The arguments: how many keys, and whether they expire some day.
Filled filled_for(const benchmark::State& state) {
  return make_filled(static_cast<std::uint64_t>(state.range(0)), state.range(1) != 0 ? kFar : 0);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"keys", "expiring"});
  benchmark->ArgsProduct({{10'000, 1'000'000}, {0, 1}});
}

void get_key(benchmark::State& state) {
  const Filled filled = filled_for(state);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.store.get(filled.visits[next++ % kVisits]));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(get_key)->Apply(sizes);

/// The new value is as long as the old one.
void overwrite_same_size(benchmark::State& state) {
  Filled filled = filled_for(state);
  const std::string value(kValueBytes, 'w');
  const std::uint64_t expires_ms = state.range(1) != 0 ? kFar + 1 : 0;
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.store.set(filled.visits[next++ % kVisits], value, expires_ms));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(overwrite_same_size)->Apply(sizes);

/// The size changes each time, so the record moves and leaves garbage.
void overwrite_other_size(benchmark::State& state) {
  Filled filled = filled_for(state);
  const std::string value(kValueBytes + 8, 'w');
  const std::uint64_t expires_ms = state.range(1) != 0 ? kFar : 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::size_t size = kValueBytes - next / kVisits % 2 * 8 + next % 8;
    const std::string_view text = std::string_view(value).substr(0, size);
    benchmark::DoNotOptimize(filled.store.set(filled.visits[next++ % kVisits], text, expires_ms));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(overwrite_other_size)->Apply(sizes);

/// As after each snapshot: what is written to is shared with a copy, and must be made anew.
void overwrite_while_a_copy_is_held(benchmark::State& state) {
  Filled filled = filled_for(state);
  const std::string value(kValueBytes, 'w');
  const std::uint64_t expires_ms = state.range(1) != 0 ? kFar : 0;
  auto copy = std::make_unique<KvStore>(filled.store);
  std::size_t next = 0;
  for (auto _ : state) {
    if (next % kVisits == 0) {
      state.PauseTiming();
      copy = std::make_unique<KvStore>(filled.store);
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(filled.store.set(filled.visits[next++ % kVisits], value, expires_ms));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(overwrite_while_a_copy_is_held)->Apply(sizes);

/// Takes a key out and puts it back.
void erase_and_set(benchmark::State& state) {
  Filled filled = filled_for(state);
  const std::string value(kValueBytes, 'w');
  const std::uint64_t expires_ms = state.range(1) != 0 ? kFar : 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::string& key = filled.visits[next++ % kVisits];
    benchmark::DoNotOptimize(filled.store.erase(key));
    benchmark::DoNotOptimize(filled.store.set(key, value, expires_ms));
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(erase_and_set)->Apply(sizes);

/// New keys into a store that is empty at first; the argument is how many.
void set_new_keys(benchmark::State& state) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  const std::uint64_t expires_ms = state.range(1) != 0 ? kFar : 0;
  const std::string value(kValueBytes, 'v');
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < keys; ++i) names.push_back(key_of(i));
  for (auto _ : state) {
    auto store = std::make_unique<KvStore>();
    for (const std::string& name : names) store->set(name, value, expires_ms);
    benchmark::DoNotOptimize(store->size());
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(set_new_keys)->Apply(sizes)->Unit(benchmark::kMillisecond);

/// A SET as an entry of the log carries it out.
void execute_set(benchmark::State& state) {
  Filled filled = filled_for(state);
  const std::string value(kValueBytes, 'w');
  std::size_t next = 0;
  for (auto _ : state) {
    Command command = set_command(filled.visits[next++ % kVisits], value);
    command.number = state.range(1) != 0 ? kFar : 0;
    benchmark::DoNotOptimize(execute(filled.store, command));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(execute_set)->Apply(sizes);

/// What a snapshot's thread does before it writes. Items: keys.
void encode_snapshot(benchmark::State& state) {
  constexpr std::size_t kPieceBytes = 256 << 10;
  const Snapshot snapshot{1, 1, filled_for(state).store};
  std::size_t bytes = 0;
  for (auto _ : state) {
    SnapshotEncoder encoder(snapshot);
    for (;;) {
      const std::string piece = encoder.next(kPieceBytes);
      if (piece.empty()) break;
      benchmark::DoNotOptimize(piece.data());
      bytes += piece.size();
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(encode_snapshot)->Apply(sizes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kv
