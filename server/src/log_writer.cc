#include "log_writer.h"

#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

namespace kv {
namespace {

/// A mark costs a write: while writes keep coming, each of them says what was synced before it.
constexpr std::chrono::milliseconds kQuiet{2};
/// More takes longer than a small group that was quick.
constexpr std::size_t kMostBytesOfCaller = 64 << 10;

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
                     std::function<void(Error)> failed, std::chrono::nanoseconds quick)
    : wal_(std::move(wal)),
      directory_(directory),
      persisted_(std::move(persisted)),
      failed_(std::move(failed)),
      quick_(quick),
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

void LogWriter::write(std::vector<Write> writes) {
  std::unique_lock lock(mutex_);
  if (!is_for_caller(writes)) {
    lock.unlock();
    return enqueue(std::move(writes));
  }
  const Outcome done = write_group(writes);
  caller_has_written_ = true;
  lock.unlock();
  go_on(done);
}

bool LogWriter::is_for_caller(const std::vector<Write>& writes) const {
  if (!at_rest_ || !queue_.empty() || !disk_is_quick_ || broken_) return false;
  std::size_t bytes = 0;
  for (const Write& write : writes) {
    // Old segments and whole snapshots take longer than a sync.
    if (write.install != nullptr || write.discard_through != 0) return false;
    for (const Entry& entry : write.append) bytes += entry.size();
  }
  return bytes <= kMostBytesOfCaller;
}

LogWriter::Task LogWriter::next_task(bool marked) {
  std::unique_lock lock(mutex_);
  const auto is_woken = [this] { return !queue_.empty() || stopping_; };
  if (marked) {
    wake_.wait(lock, is_woken);
  } else {
    at_rest_ = true;
    const bool woken = wake_.wait_for(lock, kQuiet, is_woken);
    at_rest_ = false;
    const bool quiet = !std::exchange(caller_has_written_, false);
    if (!woken) return {quiet ? Task::Kind::kMark : Task::Kind::kPrepare};
  }
  if (queue_.empty()) return {Task::Kind::kStop};
  return {Task::Kind::kWrite, std::exchange(queue_, {})};
}

void LogWriter::run() {
  bool marked = false;
  for (;;) {
    const Task task = next_task(marked);
    switch (task.kind) {
      case Task::Kind::kWrite:
        if (!go_on(write_group(task.group))) return;
        [[fallthrough]];
      case Task::Kind::kPrepare:
        if (!go_on(directory_.execute(wal_.prepare()))) return;
        marked = false;
        break;
      case Task::Kind::kMark:
        // The first one vouches for what was recovered.
        if (!go_on(directory_.execute(wal_.mark()))) return;
        marked = true;
        break;
      case Task::Kind::kStop:
        go_on(directory_.execute(wal_.mark()));
        return;
    }
  }
}

Outcome LogWriter::write_group(const std::vector<Write>& group) {
  std::vector<DiskOperation> operations;
  for (const Write& write : group) add(operations, wal_.append(write));
  add(operations, wal_.sync());
  const auto begin = std::chrono::steady_clock::now();
  Outcome done = directory_.execute(operations);
  disk_is_quick_ = std::chrono::steady_clock::now() - begin < quick_;
  if (done) persisted_(group.back().id);
  return done;
}

/// Whether it was done. After a failure nothing is written any more.
bool LogWriter::go_on(const Outcome& done) {
  if (done) return true;
  {
    const std::lock_guard lock(mutex_);
    queue_.clear();
    if (std::exchange(broken_, true)) return false;
  }
  failed_(done.error());
  return false;
}

}  // namespace kv
