#include "log_writer.h"

#include <iterator>
#include <utility>
#include <variant>

namespace kv {
namespace {

/// Appends `more`. Frames that stand back to back become one write: a group of many small ones then
/// costs one system call.
void add(std::vector<DiskOperation>& operations, std::vector<DiskOperation> more) {
  for (DiskOperation& operation : more) {
    WriteAt* const last = operations.empty() ? nullptr : std::get_if<WriteAt>(&operations.back());
    const WriteAt* const next = std::get_if<WriteAt>(&operation);
    if (last != nullptr && next != nullptr && last->name == next->name &&
        last->offset + last->data.size() == next->offset) {
      last->data += next->data;
    } else {
      operations.push_back(std::move(operation));
    }
  }
}

}  // namespace

LogWriter::LogWriter(Wal wal, DataDirectory& directory, std::function<void(WriteId)> persisted,
                     std::function<void(Error)> failed)
    : wal_(std::move(wal)),
      directory_(directory),
      persisted_(std::move(persisted)),
      failed_(std::move(failed)),
      thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::enqueue(std::vector<Write> writes) {
  {
    const std::lock_guard lock(mutex_);
    if (broken_) return;
    if (queue_.empty()) {
      queue_ = std::move(writes);
    } else {
      queue_.insert(queue_.end(), std::make_move_iterator(writes.begin()),
                    std::make_move_iterator(writes.end()));
    }
  }
  wake_.notify_one();
}

/// Empty when it is time to stop.
std::vector<Write> LogWriter::next_group() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !queue_.empty() || stopping_; });
  return std::exchange(queue_, {});
}

bool LogWriter::idle() {
  const std::lock_guard lock(mutex_);
  return queue_.empty();
}

void LogWriter::run() {
  // A recovered log has been synced: a mark protects it from here on.
  if (!execute(wal_.mark())) return;
  for (;;) {
    const std::vector<Write> group = next_group();
    if (group.empty()) return;
    std::vector<DiskOperation> operations;
    for (const Write& write : group) add(operations, wal_.append(write));
    add(operations, wal_.sync());
    if (!execute(operations)) return;
    persisted_(group.back().id);
    if (!execute(wal_.prepare())) return;
    if (idle() && !execute(wal_.mark())) return;
  }
}

bool LogWriter::execute(const std::vector<DiskOperation>& operations) {
  const Outcome done = directory_.execute(operations);
  if (done) return true;
  {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    queue_.clear();
  }
  failed_(done.error());
  return false;
}

}  // namespace kv
