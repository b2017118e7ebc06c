#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/wal.h"
#include "disk_file.h"

namespace kv {

/// A node's directory: the files of its log and its snapshots, and a lock that keeps other
/// processes out. Used by one thread at a time; a SnapshotWriter may write snapshots into it
/// meanwhile.
class DataDirectory {
 public:
  /// Creates the directory if need be, and locks it. An Error names the process that has it, or
  /// what failed and the way out.
  static Result<std::unique_ptr<DataDirectory>> open(std::string path);

  /// Recovers the log and the newest snapshot, or makes a new log when the directory has neither.
  /// The operations of the result are done already.
  Result<Wal::Opened> recover_or_create(Wal::Options options, Incarnation fresh);

  /// Does the operations in order. After a failure it does nothing more and gives the same Error
  /// again: what the disk holds is no longer known, and only recovery can find out.
  Outcome execute(const std::vector<DiskOperation>& operations);

  const std::string& path() const { return path_; }

 private:
  DataDirectory(std::string path, DiskFile lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }
  Result<std::vector<std::string>> names() const;
  Result<SnapshotPtr> load_newest_snapshot(const std::vector<std::string>& names) const;
  Result<std::vector<Wal::File>> read_segments(const std::vector<std::string>& names) const;
  Result<DiskFile*> file(const std::string& name);
  DiskFile* keep_open(const std::string& name, DiskFile file);

  Outcome execute(const DiskOperation& operation);
  Outcome create(const CreateFile& operation);
  Outcome write(const WriteAt& operation);
  Outcome sync(const SyncFile& operation);
  Outcome rename(const RenameFile& operation);
  Outcome remove(const RemoveFile& operation);

  std::string path_;
  DiskFile lock_;
  std::map<std::string, DiskFile> files_{};  ///< open ones, a few, by name in the directory
  std::optional<Error> failure_{};
};

}  // namespace kv
