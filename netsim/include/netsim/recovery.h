#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "core/snapshot.h"
#include "core/types.h"
#include "core/wal.h"
#include "netsim/disk.h"

namespace kv::sim {

/// What a starting node does with its disk, as kvnode does with its data directory: removes what an
/// interrupted process left (spare files, temporary ones), reads the newest snapshot and the log,
/// and does what the log asks for; or makes a log, of incarnation `fresh`, if there is neither. The
/// operations of the result are done. An Error when bytes are damaged or can't be read, or the disk
/// is full. `shard_count` is of the recovered state.
Result<Wal::Opened> recover(Disk& disk, Wal::Options options, Incarnation fresh,
                            std::uint32_t shard_count);

/// Null if there is none. An Error names the file and the offset of the damage.
Result<SnapshotPtr> newest_snapshot(const Disk& disk, std::uint32_t shard_count);
std::vector<Wal::File> log_segments(const Disk& disk);

}  // namespace kv::sim
