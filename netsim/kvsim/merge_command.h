#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "sweep_results.h"

namespace kv::sim {

/// `kvsim merge`, as it was typed.
struct MergeOptions {
  std::vector<std::string> files{};  ///< what `kvsim sweep --shard i/n --json` wrote
  std::string csv_path{};            ///< --csv; empty: none
  std::string json_path{};           ///< --json; empty: none
};

/// Puts the shards of a sweep together: the same table and files as one sweep would have given,
/// except for the wall time. Returns the exit code: 0 if all passed, 1 if a run failed, runs are
/// missing (then no file is written) or a file could not be written, 2 if the files don't belong
/// together.
int merge_command(const MergeOptions& options);

/// A shard and the file it was read from.
struct ShardFile {
  std::string name{};
  SweepResults results{};
};

struct MergedSweep {
  SweepResults results{};              ///< as of a whole sweep
  std::vector<std::string> missing{};  ///< sentences about the runs that are not there
};

/// An Error if the files, at least one, don't belong to one sweep or a run is there twice.
Result<MergedSweep> merge_shards(std::vector<ShardFile> files);

}  // namespace kv::sim
