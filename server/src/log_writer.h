#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/effects.h"
#include "core/result.h"
#include "core/wal.h"
#include "data_directory.h"

namespace kv {

/// The thread that makes writes durable, the only one that waits for the disk of the log. Group
/// commit without a timer: what queues up during one sync shares the next one.
class LogWriter {
 public:
  /// The callbacks are called on the writer's thread: `persisted` after each sync with the last
  /// write it covers; `failed` at most once, after which nothing is written any more. `directory`
  /// must outlive it; nobody else executes operations in it meanwhile.
  LogWriter(Wal wal, DataDirectory& directory, std::function<void(WriteId)> persisted,
            std::function<void(Error)> failed);
  /// Makes everything that was queued durable first.
  ~LogWriter();

  /// In the order of their ids. From any thread, in practice the one of the replica.
  void enqueue(std::vector<Write> writes);

 private:
  void run();
  std::optional<std::vector<Write>> next_group(bool marked);
  bool execute(const std::vector<DiskOperation>& operations);

  Wal wal_;
  DataDirectory& directory_;
  const std::function<void(WriteId)> persisted_;
  const std::function<void(Error)> failed_;
  std::mutex mutex_{};
  std::condition_variable wake_{};
  std::vector<Write> queue_{};  ///< under mutex_
  bool stopping_{false};        ///< under mutex_
  bool broken_{false};          ///< under mutex_
  std::thread thread_;          ///< last: it uses all of the above
};

}  // namespace kv
