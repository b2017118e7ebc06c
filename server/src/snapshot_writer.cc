#include "snapshot_writer.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>

#include "data_directory.h"
#include "disk_file.h"

namespace kv {
namespace {

constexpr std::size_t kPieceBytes = 256 << 10;
/// Written back in steps: one sync of a large file would keep the log's syncs waiting for all of
/// it.
constexpr std::uint64_t kSyncStepBytes = 8 << 20;

Outcome write_file(const std::string& path, SnapshotPtr snapshot,
                   const std::atomic<bool>& cancelled) {
  Result<DiskFile> file = DiskFile::open(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return file.error();
  SnapshotEncoder encoder(*snapshot);
  snapshot.reset();  // the encoder frees what it has written, if nobody else holds it
  std::uint64_t offset = 0;
  std::uint64_t synced_to = 0;
  for (;;) {
    if (cancelled) return Error{"writing " + path + " was given up"};
    const std::string piece = encoder.next(kPieceBytes);
    if (piece.empty()) break;
    if (Outcome written = file->write_at(offset, piece); !written) return written;
    offset += piece.size();
    if (offset - synced_to < kSyncStepBytes) continue;
    if (Outcome synced = file->sync(); !synced) return synced;
    synced_to = offset;
  }
  return file->sync();
}

}  // namespace

Outcome write_snapshot(const std::string& directory, SnapshotPtr snapshot,
                       const std::atomic<bool>& cancelled) {
  const LogIndex last_index = snapshot->last_index;
  const std::string path = directory + "/" + snapshot_file_name(last_index);
  const std::string temporary = path + ".tmp";
  Outcome written = write_file(temporary, std::move(snapshot), cancelled);
  if (written) written = rename_file(temporary, path);
  if (!written) {
    (void)remove_file(temporary);  // the first failure is the one to tell
    return written;
  }
  if (Outcome synced = sync_directory(directory); !synced) return synced;
  remove_older_snapshots(directory, last_index);
  return success();
}

void remove_older_snapshots(const std::string& directory, LogIndex index) {
  std::error_code failure;
  std::filesystem::directory_iterator entry(directory, failure);
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    const std::filesystem::path& path = entry->path();
    if (parse_snapshot_file_name(path.filename().string()).value_or(index) < index) {
      (void)remove_file(path.string());
    }
  }
}

SnapshotWriter::SnapshotWriter(const DataDirectory& directory, std::function<void(LogIndex)> saved,
                               std::function<void(Error)> failed)
    : directory_(directory),
      saved_(std::move(saved)),
      failed_(std::move(failed)),
      thread_([this] { run(); }) {}

SnapshotWriter::~SnapshotWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SnapshotWriter::save(SnapshotPtr snapshot) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = std::move(snapshot);
  }
  wake_.notify_one();
}

void SnapshotWriter::drop(SnapshotPtr snapshot) {
  {
    const std::lock_guard lock(mutex_);
    dropped_.push_back(std::move(snapshot));
  }
  wake_.notify_one();
}

/// Null when it is time to stop.
SnapshotPtr SnapshotWriter::next() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return waiting_ || stopping_ || !dropped_.empty(); });
    std::vector<SnapshotPtr> dropped = std::exchange(dropped_, {});
    if (dropped.empty()) break;
    lock.unlock();
    dropped.clear();
    lock.lock();
  }
  return stopping_ ? nullptr : std::exchange(waiting_, nullptr);
}

void SnapshotWriter::run() {
  while (SnapshotPtr snapshot = next()) {
    const LogIndex last_index = snapshot->last_index;
    const Outcome written = write_snapshot(directory_.path(), std::move(snapshot), stopping_);
    if (written) {
      saved_(last_index);
    } else if (!stopping_) {
      failed_(written.error());
    }
  }
}

}  // namespace kv
