#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/effects.h"
#include "core/result.h"
#include "core/wal.h"
#include "data_directory.h"

namespace kv {

/// Makes writes durable, on a thread of its own, so that others needn't wait for the disk of the
/// log. Group commit without a timer: what queues up during one sync shares the next one.
class LogWriter {
 public:
  /// The callbacks are called on the thread that writes, and must not call this: `persisted` after
  /// each sync with the last write it covers; `failed` at most once, after which nothing is written
  /// any more. `directory` must outlive it; nobody else executes operations in it meanwhile. A disk
  /// is quick that takes less than `quick` for a group of writes: heartbeats and clients may wait
  /// for so long.
  LogWriter(Wal wal, DataDirectory& directory, std::function<void(WriteId)> persisted,
            std::function<void(Error)> failed,
            std::chrono::nanoseconds quick = std::chrono::milliseconds(1));
  /// Makes everything that was queued durable first.
  ~LogWriter();

  /// In the order of their ids, all from one thread, in practice the replica's.
  void enqueue(std::vector<Write> writes);
  /// The same, of a caller who has nothing to do until they are durable: while the disk is quick he
  /// waits for it himself, which saves waking two threads. It blocks for `quick` at most, unless
  /// the disk has just become slow.
  void write(std::vector<Write> writes);

 private:
  /// What the thread does next.
  struct Task {
    enum class Kind : std::uint8_t { kWrite, kPrepare, kMark, kStop } kind{Kind::kWrite};
    std::vector<Write> group{};  ///< of kWrite
  };

  void run();
  Task next_task(bool marked);
  bool is_for_caller(const std::vector<Write>& writes) const;
  Outcome write_group(const std::vector<Write>& group);
  bool go_on(const Outcome& done);

  // Of who writes: the thread, or under mutex_ a caller while the thread is at rest.
  Wal wal_;
  DataDirectory& directory_;
  bool disk_is_quick_{true};  ///< it was with the last group
  const std::function<void(WriteId)> persisted_;
  const std::function<void(Error)> failed_;
  const std::chrono::nanoseconds quick_;
  std::mutex mutex_{};
  std::condition_variable wake_{};
  // Under mutex_:
  std::vector<Write> queue_{};
  bool stopping_{false};
  bool broken_{false};
  bool at_rest_{false};  ///< the thread looks every now and then; callers may write meanwhile
  bool caller_has_written_{false};  ///< since the thread looked

  std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace kv
