#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "core/snapshot.h"

namespace kv {

class DataDirectory;

/// Writes `snapshot` into `directory`, durable under its final name when this returns, and removes
/// older ones. Temporary files are removed on failure, and when `cancelled` becomes true (an Error,
/// too).
Outcome write_snapshot(const std::string& directory, SnapshotPtr snapshot,
                       const std::atomic<bool>& cancelled = false);

/// Removes the snapshots of entries before `index`. A file that can't be removed only wastes space,
/// and the next call tries again.
void remove_older_snapshots(const std::string& directory, LogIndex index);

/// A thread that writes snapshots while the node goes on. A failure stops nothing: the log keeps
/// everything, only it can't be shortened until a later snapshot succeeds.
class SnapshotWriter {
 public:
  /// `directory` must outlive it. The callbacks are called on the writer's thread.
  SnapshotWriter(const DataDirectory& directory, std::function<void(LogIndex)> saved,
                 std::function<void(Error)> failed);
  /// Gives up an unfinished snapshot.
  ~SnapshotWriter();

  /// One that waits for its turn is replaced, without a callback.
  void save(SnapshotPtr snapshot);
  /// Frees it on this thread, since that takes long for a large state.
  void drop(SnapshotPtr snapshot);

 private:
  void run();
  SnapshotPtr next();

  const DataDirectory& directory_;
  const std::function<void(LogIndex)> saved_;
  const std::function<void(Error)> failed_;
  std::mutex mutex_{};
  std::condition_variable wake_{};
  SnapshotPtr waiting_{};               ///< under mutex_
  std::vector<SnapshotPtr> dropped_{};  ///< under mutex_
  std::atomic<bool> stopping_{false};
  std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace kv
