#include "data_directory.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <unistd.h>

#include "core/overloaded.h"
#include "core/snapshot.h"
#include "snapshot_writer.h"

namespace kv {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 1 << 20;
/// More than the log has in use: a segment being written to and the files that follow it.
constexpr std::size_t kMaxOpenFiles = 8;

/// Makes the directory and those above it, each of them durable under its name.
Outcome make_directory(const fs::path& path) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) return success();
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (parent != path) {
    if (Outcome made = make_directory(parent); !made) return made;
  }
  if (!fs::create_directory(path, failure) && failure) {
    return disk_error("create the data directory", path.string(), failure.value());
  }
  return sync_directory(parent.string());
}

bool is_leftover(std::string_view name) {
  return name.starts_with("spare-") || name.ends_with(".tmp");
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (Outcome made = make_directory(path); !made) return made.error();
  Result<DiskFile> lock = DiskFile::open(path + "/lock", O_RDWR | O_CREAT);
  if (!lock) return lock.error();
  const Result<bool> locked = lock->lock();
  if (!locked) return locked.error();
  if (!*locked) {
    std::string holder;
    if (Outcome read = lock->read(holder, 32); !read) return read.error();
    holder.erase(std::find(holder.begin(), holder.end(), '\n'), holder.end());
    return Error{"another kvnode (pid " + (holder.empty() ? "unknown" : holder) + ") uses " + path +
                 "; stop it or choose another --data-dir."};
  }
  // Padded, so that it covers a longer number of a former process.
  std::string holder = std::to_string(::getpid()) + "\n";
  holder.resize(32, ' ');
  if (Outcome written = lock->write_at(0, holder); !written) return written.error();
  return std::unique_ptr<DataDirectory>(new DataDirectory(std::move(path), std::move(*lock)));
}

Result<Wal::Opened> DataDirectory::recover_or_create(Wal::Options options, Incarnation fresh) {
  Result<std::vector<std::string>> found = names();
  if (!found) return found.error();
  for (const std::string& name : *found) {
    if (!is_leftover(name)) continue;
    if (Outcome removed = remove_file(path_of(name)); !removed) return removed.error();
  }
  Result<SnapshotPtr> snapshot = load_newest_snapshot(*found);
  if (!snapshot) return snapshot.error();
  Result<std::vector<Wal::File>> segments = read_segments(*found);
  if (!segments) return segments.error();

  Result<Wal::Opened> opened = segments->empty() && *snapshot == nullptr
                                   ? Wal::create(std::move(options), fresh)
                                   : Wal::open(std::move(options), std::move(*segments), *snapshot);
  if (!opened) return Error{"in " + path_ + ": " + opened.error().message};
  if (Outcome done = execute(std::exchange(opened->operations, {})); !done) return done.error();
  if (*snapshot) remove_older_snapshots(path_, (*snapshot)->last_index);
  return opened;
}

Result<std::vector<std::string>> DataDirectory::names() const {
  std::vector<std::string> names;
  std::error_code failure;
  fs::directory_iterator entry(path_, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    names.push_back(entry->path().filename().string());
  }
  if (failure) return disk_error("list", path_, failure.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<SnapshotPtr> DataDirectory::load_newest_snapshot(
    const std::vector<std::string>& names) const {
  LogIndex newest = 0;
  for (const std::string& name : names) {
    newest = std::max(newest, parse_snapshot_file_name(name).value_or(0));
  }
  if (newest == 0) return SnapshotPtr();
  const std::string path = path_of(snapshot_file_name(newest));
  Result<DiskFile> file = DiskFile::open(path, O_RDONLY);
  if (!file) return file.error();
  SnapshotDecoder decoder(path);
  std::string piece;
  do {
    if (Outcome read = file->read(piece, kPieceBytes); !read) return read.error();
    if (Outcome fed = decoder.feed(piece); !fed) return fed.error();
  } while (!piece.empty());
  Result<SnapshotPtr> snapshot = decoder.finish();
  if (snapshot && (*snapshot)->last_index != newest) {
    return Error{path + " holds the snapshot of entry " + std::to_string((*snapshot)->last_index) +
                 ": it was renamed. Give it the name " +
                 snapshot_file_name((*snapshot)->last_index) + " again."};
  }
  return snapshot;
}

Result<std::vector<Wal::File>> DataDirectory::read_segments(
    const std::vector<std::string>& names) const {
  std::vector<Wal::File> segments;
  for (const std::string& name : names) {
    if (!Wal::is_segment_name(name)) continue;
    Result<DiskFile> file = DiskFile::open(path_of(name), O_RDONLY);
    if (!file) return file.error();
    std::error_code failure;
    const std::uintmax_t size_bytes = fs::file_size(path_of(name), failure);
    if (failure) return disk_error("read", path_of(name), failure.value());
    segments.push_back(Wal::File{name, {}});
    if (Outcome read = file->read(segments.back().bytes, size_bytes); !read) return read.error();
  }
  return segments;
}

Outcome DataDirectory::execute(const std::vector<DiskOperation>& operations) {
  for (const DiskOperation& operation : operations) {
    if (failure_) return *failure_;
    if (Outcome done = execute(operation); !done) failure_ = done.error();
  }
  if (failure_) return *failure_;
  return success();
}

Outcome DataDirectory::execute(const DiskOperation& operation) {
  return std::visit(Overloaded{
                        [&](const CreateFile& o) { return create(o); },
                        [&](const WriteAt& o) { return write(o); },
                        [&](const SyncFile& o) { return sync(o); },
                        [&](const RenameFile& o) { return rename(o); },
                        [&](const RemoveFile& o) { return remove(o); },
                        [&](const SyncDirectory&) { return sync_directory(path_); },
                        [&](const SaveSnapshot& o) { return write_snapshot(path_, o.snapshot); },
                    },
                    operation);
}

Result<DiskFile*> DataDirectory::file(const std::string& name) {
  const auto known = files_.find(name);
  if (known != files_.end()) return &known->second;
  Result<DiskFile> opened = DiskFile::open(path_of(name), O_RDWR);
  if (!opened) return opened.error();
  return keep_open(name, std::move(*opened));
}

/// The first file by name is the oldest segment: synced whole, and not written to any more.
DiskFile* DataDirectory::keep_open(const std::string& name, DiskFile file) {
  if (files_.size() >= kMaxOpenFiles) files_.erase(files_.begin());
  return &files_.insert_or_assign(name, std::move(file)).first->second;
}

Outcome DataDirectory::create(const CreateFile& operation) {
  Result<DiskFile> created = DiskFile::open(path_of(operation.name), O_RDWR | O_CREAT | O_TRUNC);
  if (!created) return created.error();
  const std::string zeros(std::min<std::uint64_t>(operation.size_bytes, kPieceBytes), '\0');
  for (std::uint64_t offset = 0; offset < operation.size_bytes;) {
    const std::uint64_t size_bytes =
        std::min<std::uint64_t>(zeros.size(), operation.size_bytes - offset);
    Outcome written = created->write_at(offset, std::string_view(zeros).substr(0, size_bytes));
    if (!written) return written;
    offset += size_bytes;
  }
  keep_open(operation.name, std::move(*created));
  return success();
}

Outcome DataDirectory::write(const WriteAt& operation) {
  const Result<DiskFile*> target = file(operation.name);
  if (!target) return target.error();
  return (*target)->write_at(operation.offset, operation.data);
}

Outcome DataDirectory::sync(const SyncFile& operation) {
  const Result<DiskFile*> target = file(operation.name);
  if (!target) return target.error();
  return (*target)->sync();
}

Outcome DataDirectory::rename(const RenameFile& operation) {
  if (Outcome renamed = rename_file(path_of(operation.from), path_of(operation.to)); !renamed) {
    return renamed;
  }
  files_.erase(operation.to);
  auto moved = files_.extract(operation.from);
  if (moved.empty()) return success();
  moved.key() = operation.to;
  moved.mapped().set_path(path_of(operation.to));
  files_.insert(std::move(moved));
  return success();
}

Outcome DataDirectory::remove(const RemoveFile& operation) {
  files_.erase(operation.name);
  return remove_file(path_of(operation.name));
}

}  // namespace kv
