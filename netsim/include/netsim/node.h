#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/config.h"
#include "core/replica.h"
#include "core/rng.h"
#include "core/wal.h"
#include "netsim/disk.h"
#include "netsim/latency.h"
#include "netsim/node_clock.h"

namespace kv::sim {

/// One machine: its clock, its disk, and the process on it if it runs. The process is core's
/// Replica and core's Wal, driven as kvnode drives them: writes are made durable in groups,
/// snapshots in the background. A value.
struct Node {
  /// Disk operations under way. Those that touch nothing but this disk can't be told apart by when
  /// exactly they happen, so they are done together at the end; a crash before does some of them.
  struct DiskWork {
    std::vector<DiskOperation> operations{};
    WriteId persists{0};   ///< reported when done; 0: nothing to report
    LogIndex snapshot{0};  ///< reported as saved when done; 0: nothing to report
    std::optional<HardState> hard_state{};  ///< of the last write that has one
  };

  explicit Node(const Rng& rng) : disk_rng(rng.fork("disk")), seeds(rng.fork("boots")) {}

  Config config{};
  NodeClock clock{};
  Disk disk{};
  Latency sync{};
  bool disk_stalled{false};
  HardState durable{};  ///< what its disk holds, whatever the process dies of
  Rng disk_rng;
  Rng seeds;

  // --- the process; without a replica it does not run ---
  std::optional<Replica> replica{};
  std::optional<Wal> wal{};
  /// The process before this one as it died: it may have done things in its last moment, and those
  /// who watch must see why.
  std::optional<Replica> died{};
  std::uint64_t boots{0};   ///< tells what was begun by an earlier process
  bool starts_late{false};  ///< as soon as the disk works again
  bool paused{false};
  bool dies_amid_effects{false};
  bool refused_honest_disk{false};  ///< when it refused to start the last time
  std::vector<Write> queued{};
  std::optional<DiskWork> log_work{};
  std::optional<DiskWork> snapshot_work{};
  std::optional<Instant> tick_at{};  ///< the earliest tick that is scheduled
  std::vector<RequestId> waiting{};  ///< requests that will be answered

  /// All that was written to the log is done: nothing is queued or under way.
  bool log_is_idle() const { return wal.has_value() && !log_work && queued.empty(); }
  bool runs() const { return replica.has_value() && !paused; }
};

}  // namespace kv::sim
