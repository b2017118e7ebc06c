#include "log_writer.h"

#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

namespace kv {
namespace {

/// A mark costs a write: while writes keep coming, each of them says what was synced before it.
constexpr std::chrono::milliseconds kQuiet{2};

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

/// The next writes. Empty: it is time to stop. Nothing: the log is not `marked` yet, and none came
/// for kQuiet.
std::optional<std::vector<Write>> LogWriter::next_group(bool marked) {
  std::unique_lock lock(mutex_);
  const auto is_woken = [this] { return !queue_.empty() || stopping_; };
  if (marked) {
    wake_.wait(lock, is_woken);
  } else if (!wake_.wait_for(lock, kQuiet, is_woken)) {
    return std::nullopt;
  }
  return std::exchange(queue_, {});
}

void LogWriter::run() {
  // A recovered log has been synced: a mark protects it from here on.
  bool marked = false;
  for (;;) {
    const std::optional<std::vector<Write>> group = next_group(marked);
    if (!group || group->empty()) {
      if (!execute(wal_.mark())) return;
      if (group) return;
      marked = true;
      continue;
    }
    std::vector<DiskOperation> operations;
    for (const Write& write : *group) add(operations, wal_.append(write));
    add(operations, wal_.sync());
    if (!execute(operations)) return;
    marked = false;
    persisted_(group->back().id);
    if (!execute(wal_.prepare())) return;
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
