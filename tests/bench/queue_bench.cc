// The simulator's queue: what is due when.
#include <cstdint>
#include <utility>

#include <benchmark/benchmark.h>

#include "core/rng.h"
#include "netsim/event_queue.h"

namespace kv::sim {
namespace {

/// What is due: small, so that the queue's own work is measured.
struct Happening {
  std::uint32_t node{0};
  std::uint64_t number{0};
};

/// Takes the first one out and schedules another one, while so many are under way. Items: events.
void schedule_and_pop(benchmark::State& state) {
  Rng rng(1);
  const auto soon = [&rng](Instant now) {
    return now + rng.between(microseconds(1), milliseconds(10));
  };
  EventQueue<Happening> queue;
  for (std::int64_t i = 0; i < state.range(0); ++i) queue.schedule(soon(Instant{}), {});
  for (auto _ : state) {
    auto [at, what] = queue.pop();
    benchmark::DoNotOptimize(what.number);
    queue.schedule(soon(at), std::move(what));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(schedule_and_pop)->ArgName("under_way")->Arg(16)->Arg(256)->Arg(4096);

/// Fills a queue and empties it.
void fill_and_drain(benchmark::State& state) {
  Rng rng(1);
  for (auto _ : state) {
    EventQueue<Happening> queue;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      queue.schedule(Instant{} + rng.between(microseconds(1), milliseconds(10)), {});
    }
    while (!queue.empty()) benchmark::DoNotOptimize(queue.pop());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fill_and_drain)->ArgName("events")->Arg(256)->Arg(4096);

}  // namespace
}  // namespace kv::sim
