#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/types.h"

namespace kv {

/// Times that belong together. `documented` is the default; `lan` and `wan` fit real networks.
struct Timing {
  Duration heartbeat_interval{seconds(2)};
  Duration election_timeout_min{
      seconds(5)};  ///< also the time of check-quorum and leader stickiness
  Duration election_timeout_max{seconds(8)};
  friend bool operator==(const Timing&, const Timing&) = default;
};
/// "documented", "lan" or "wan"; nothing for another name.
std::optional<Timing> timing_by_name(std::string_view name);

/// Bounds on what a replica holds and sends. Sizes in bytes.
struct Limits {
  std::size_t max_append_bytes{256 << 10};  ///< entries in one message
  std::uint32_t max_inflight_appends{256};  ///< unanswered messages to one follower
  std::size_t max_inflight_bytes{16 << 20};
  std::size_t max_uncommitted_bytes{64 << 20};  ///< beyond it writes are refused (OVERLOADED)
  std::size_t snapshot_chunk_bytes{256 << 10};
  std::uint32_t max_inflight_chunks{8};
  /// A snapshot is due when the log's memory outgrew this and a quarter of the last snapshot's.
  std::size_t snapshot_after_bytes{16 << 20};
  /// Entries kept behind a snapshot, for followers that are only a little late.
  std::size_t keep_log_bytes{2 << 20};
  /// Entries applied by one input: a node that has to catch up still answers in time.
  std::uint32_t max_apply_entries{1024};
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// A bound of 1 %: 20 times what Linux slews a monotonic clock by (adjtimex(2): 500 ppm), 50 times
/// what a bad quartz is off; it costs 2 % of the lease.
inline constexpr std::uint32_t kDefaultLeaseDriftPpm = 10'000;
inline constexpr std::uint32_t kMostLeaseDriftPpm = 200'000;

struct Config {
  NodeId self{kNoNode};
  std::vector<NodeId> members{};  ///< voters, self among them, ascending
  Incarnation incarnation{0};
  Timing timing{};
  AckMode ack{AckMode::kMajority};
  ReadMode reads{ReadMode::kReadIndex};  ///< the same on all members, as is election_timeout_min
  /// kLease: no member's clock ever runs faster or slower than true time by more than this.
  std::uint32_t lease_drift_ppm{kDefaultLeaseDriftPpm};
  /// Campaign at once in term 0 as long as there is no history (see docs/architecture.md,
  /// "Bootstrap").
  bool bootstrap_primary{false};
  Duration request_timeout{milliseconds(900)};  ///< then a write is answered kUnknownOutcome
  std::uint32_t shard_count{1024};              ///< of the store; a power of two
  Limits limits{};
};

/// Refuses values that contradict each other, naming both.
Outcome validate(const Timing& timing);

/// How long, by its own clock, a leader may rely on what a quorum answered, from the moment on when
/// it began to ask. At most kMostLeaseDriftPpm.
Duration lease_length(const Timing& timing, std::uint32_t drift_ppm);

}  // namespace kv
