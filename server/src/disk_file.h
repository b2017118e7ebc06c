#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kv {

/// What a failed system call means to a person: `action` ("write", "sync" …), the path, the
/// system's words and a way out that fits them.
Error disk_error(const std::string& action, const std::string& path, int error_number);

/// An open file, closed with the object. Every failure is an Error with the path.
class DiskFile {
 public:
  /// `flags` as for open(2).
  static Result<DiskFile> open(std::string path, int flags);
  DiskFile(DiskFile&& other) noexcept;
  DiskFile& operator=(DiskFile&& other) noexcept;
  ~DiskFile();

  /// All of `bytes`, or an Error.
  Outcome write_at(std::uint64_t offset, std::string_view bytes);
  /// Replaces `buffer` by the next at most `size_bytes`; empty at the end of the file.
  Outcome read(std::string& buffer, std::size_t size_bytes);
  /// fdatasync. Not to be tried again after an Error: the system may have dropped
  /// the data and then report success.
  Outcome sync();
  /// fsync: the metadata, too, which is all there is of a directory.
  Outcome sync_all();
  /// Whether no other process holds the lock on this file. It goes with the process.
  Result<bool> lock();

  const std::string& path() const { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }

 private:
  DiskFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_{-1};
};

/// Makes the names in a directory durable.
Outcome sync_directory(const std::string& path);
Outcome rename_file(const std::string& from, const std::string& to);
/// No Error when there is no such file.
Outcome remove_file(const std::string& path);

}  // namespace kv
