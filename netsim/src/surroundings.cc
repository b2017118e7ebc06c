#include "netsim/surroundings.h"

#include <algorithm>

#include "core/rng.h"
#include "skewed.h"

namespace kv::sim {
namespace {

/// What else clients do: each kind is left out in half of the seeds.
void draw_kinds(WorkloadSpec& work, Rng rng) {
  const auto share = [&](std::uint64_t most) {
    return Chance{rng.below(2) == 0 ? 0 : static_cast<std::uint32_t>(rng.below(most))};
  };
  work.once = share(500'000);
  work.follower_reads = share(1'000'000);
  work.expiring = share(1'000'000);
}

/// A follower that is given little at a time must keep up with the clients.
std::uint32_t bearable_rate(const Scenario& drawn) {
  constexpr std::uint64_t kAmple = 400;
  const Limits& limits = drawn.limits;
  const std::uint64_t under_way = limits.max_append_bytes * limits.max_inflight_appends;
  if (under_way >= kAmple) return drawn.workload.rate;
  return static_cast<std::uint32_t>(
      std::min<std::int64_t>(drawn.workload.rate, catch_up_rate(drawn)));
}

}  // namespace

std::int64_t catch_up_rate(const Scenario& drawn) {
  constexpr std::uint64_t kBytesOfAnEntry = 200;
  constexpr std::uint32_t kMedian = 500'000;
  const NetworkSpec& network = drawn.network;
  const Duration way = std::max(network.latency.quantile(kMedian),
                                network.between_zones.value_or(Latency{}).quantile(kMedian));
  const Duration trip = way * 2 + drawn.disk.sync.quantile(kMedian);
  const Limits& limits = drawn.limits;
  // Within what can be counted, however generous the limits are.
  const auto under_way = static_cast<std::int64_t>(
      std::clamp<std::uint64_t>(limits.max_inflight_appends, 1, 1'000) *
      std::clamp<std::uint64_t>(limits.max_append_bytes / kBytesOfAnEntry, 1, 1'000'000));
  // Half of what it should be: an append waits for the sync of the one before.
  return seconds(1).ns * under_way / (trip.ns * 2 + 1) + 1;
}

Scenario draw_surroundings(const Scenario& scenario, std::uint64_t seed) {
  Scenario drawn = scenario;
  Rng rng = Rng(seed).fork("surroundings");
  const auto one_in = [&](std::uint64_t count) { return rng.below(count) == 0; };
  Limits& limits = drawn.limits;
  if (!one_in(3)) limits.snapshot_after_bytes = skewed(rng, 500, 50'000);
  if (!one_in(3)) limits.keep_log_bytes = rng.below(2000);
  if (!one_in(3)) limits.snapshot_chunk_bytes = skewed(rng, 10, 1000);
  // A snapshot that takes several round trips, so that something can come between.
  if (!one_in(3)) limits.max_inflight_chunks = static_cast<std::uint32_t>(1 + rng.below(3));
  if (!one_in(3)) limits.max_append_bytes = skewed(rng, 20, 1000);
  if (!one_in(3)) limits.max_inflight_appends = static_cast<std::uint32_t>(skewed(rng, 1, 8));
  if (one_in(4)) {
    // One entry a message, one message at a time: then everything can come between two entries.
    limits.max_append_bytes = 20;
    limits.max_inflight_appends = 1;
  }
  // So little under way that who is far behind would catch up only long after the end: it must be
  // given a snapshot.
  if (limits.max_append_bytes * limits.max_inflight_appends < 400) {
    limits.snapshot_after_bytes = 500 + rng.below(2000);
    limits.keep_log_bytes = rng.below(500);
  }
  if (one_in(2)) drawn.segment_bytes = 4096;
  if (one_in(2)) drawn.primary.clear();
  const Duration election = scenario.timing.election_timeout_min;
  // From far below to a tenth of the election timeout: then campaigns often meet each other.
  const Duration latency = nanoseconds(
      static_cast<std::int64_t>(skewed(rng, 10'000, static_cast<std::uint64_t>(election.ns / 10))));
  drawn.network.latency =
      one_in(3) ? Latency::constant(latency) : Latency::log_normal(latency / 3, latency);
  const Duration sync = nanoseconds(
      static_cast<std::int64_t>(skewed(rng, 10'000, static_cast<std::uint64_t>(election.ns / 10))));
  drawn.disk.sync = one_in(3) ? Latency::constant(sync) : Latency::uniform(sync / 10, sync);
  WorkloadSpec& work = drawn.workload;
  if (work.clients == 0) return drawn;
  work.clients = static_cast<std::uint32_t>(1 + rng.below(work.clients));
  work.rate = static_cast<std::uint32_t>(skewed(rng, 2, std::max(work.rate, 3U)));
  work.keys = static_cast<std::uint32_t>(1 + rng.below(work.keys));
  work.reads.per_million = static_cast<std::uint32_t>(rng.below(800'000));
  work.deletes.per_million = one_in(2) ? 0 : static_cast<std::uint32_t>(rng.below(200'000));
  draw_kinds(work, rng.fork("workload kinds"));
  if (one_in(6)) limits.max_uncommitted_bytes = skewed(rng, 1000, 10'000);
  // A state that lags behind what is committed.
  if (one_in(3)) limits.max_apply_entries = static_cast<std::uint32_t>(skewed(rng, 1, 20));
  work.rate = bearable_rate(drawn);
  return drawn;
}

}  // namespace kv::sim
