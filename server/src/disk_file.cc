#include "disk_file.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace kv {
namespace {

std::string way_out(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "Free space on its file system, then start the node again.";
    case EFBIG:
      return "Raise the limit on file sizes (ulimit -f), then start the node again.";
    case EROFS:
      return "Mount its file system for writing, then start the node again.";
    case EACCES:
    case EPERM:
      return "Give this user the right to read and write there, then start the node again.";
    case EMFILE:
    case ENFILE:
      return "Raise the limit on open files (ulimit -n), then start the node again.";
    case EIO:
      return "The disk may be failing: look at the system's log, then move the data directory to "
             "another disk and start the node there.";
    default:
      return "Solve that, then start the node again.";
  }
}

}  // namespace

Error disk_error(const std::string& action, const std::string& path, int error_number) {
  return Error{"cannot " + action + " " + path + ": " +
               std::generic_category().message(error_number) + ". " + way_out(error_number)};
}

Result<DiskFile> DiskFile::open(std::string path, int flags) {
  constexpr mode_t kMode = 0640;
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, kMode);
  if (descriptor < 0) return disk_error("open", path, errno);
  return DiskFile(std::move(path), descriptor);
}

DiskFile::DiskFile(DiskFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

DiskFile& DiskFile::operator=(DiskFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DiskFile::~DiskFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Outcome DiskFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return disk_error("write at offset " + std::to_string(offset) + " of", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return success();
}

Outcome DiskFile::read(std::string& buffer, std::size_t size_bytes) {
  buffer.resize(size_bytes);
  std::size_t filled = 0;
  while (filled < size_bytes) {
    const ssize_t got = ::read(descriptor_, buffer.data() + filled, size_bytes - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error("read", path_, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  buffer.resize(filled);
  return success();
}

Outcome DiskFile::sync() {
  if (::fdatasync(descriptor_) != 0) return disk_error("sync", path_, errno);
  return success();
}

Outcome DiskFile::sync_all() {
  if (::fsync(descriptor_) != 0) return disk_error("sync", path_, errno);
  return success();
}

Result<bool> DiskFile::lock() {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return disk_error("lock", path_, errno);
}

Outcome sync_directory(const std::string& path) {
  Result<DiskFile> directory = DiskFile::open(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return directory.error();
  return directory->sync_all();
}

Outcome rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return success();
  return disk_error("rename to " + to + " the file", from, errno);
}

Outcome remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return success();
  return disk_error("remove", path, errno);
}

}  // namespace kv
