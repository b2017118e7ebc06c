#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/rng.h"
#include "core/wal.h"

namespace kv::sim {

/// One node's disk: does the log's DiskOperations in memory and keeps what a crash may take back.
/// Operations have no duration here; the cluster says when each is done. A value: copying it copies
/// the files' bytes.
///
/// Model: a write reaches the file at once and the platter at the next SyncFile of that file. A
/// power cut leaves, for every 512-byte sector written since, any of the versions it had, each
/// sector on its own (a torn write is a subset, not only a prefix); names survive as a prefix of
/// their changes since the last SyncDirectory. A file that grew may be shorter again, or hold zeros
/// where its data was lost. A process that dies loses nothing that it wrote. A disk that lies says
/// that a sync is done and does nothing; a power cut while it lies takes all back that no honest
/// sync has settled.
///
/// Invariant: used_bytes() is the sum of the sizes of the files in names().
class Disk {
 public:
  static constexpr std::size_t kSectorBytes = 512;

  /// Does the operation. An Error (disk full: `CreateFile`, or a `WriteAt` beyond a file's end,
  /// that would exceed the capacity) leaves the disk as it was; a `SaveSnapshot` that fails so
  /// removes its temporary file. A name that doesn't exist is a CHECK.
  Outcome execute(const DiskOperation& operation);
  /// What SaveSnapshot stands for: the snapshot's file under a temporary name, piece by piece,
  /// synced and renamed, then the end of those older snapshots that are among `names_on_disk`.
  static std::vector<DiskOperation> snapshot_operations(
      const SnapshotPtr& snapshot, const std::vector<std::string>& names_on_disk);
  /// The power fails: see the class. Each cut first draws how much of the unsynced data survives,
  /// from nothing to everything: a fair draw for each sector alone would hardly ever give either.
  void cut_power(Rng& rng);
  void wipe();

  /// 0: no limit. A full disk is one whose capacity is what it holds.
  void set_capacity(std::uint64_t bytes) {
    capacity_bytes_ = bytes;
    lacks_room_ = false;
  }
  std::uint64_t used_bytes() const { return used_bytes_; }

  /// Flips one bit (0 to 7) of a file's durable bytes; bit rot. Where unsynced data covers the
  /// byte, it shows only if that data is lost. False if there is no such file or offset.
  bool flip_bit(std::string_view name, std::uint64_t offset, std::uint32_t bit);
  /// The sector with this byte can't be read any more, until all of it is written anew. False if
  /// there is no such file or offset.
  bool spoil_sector(std::string_view name, std::uint64_t offset);
  /// An Error if a sector of the file, which must exist, can't be read.
  Outcome check_readable(std::string_view name) const;
  /// Whether syncs only seem to succeed.
  void set_lying(bool lying);
  /// All that was synced is there, and there is room: no sync ever lied, no file that is kept has a
  /// flipped bit or a spoilt sector, and the last operation that needed room had it.
  bool is_honest() const;

  /// Ascending.
  std::vector<std::string> names() const;
  /// The file as a process reads it now. Holds until the next operation.
  const std::string& content(std::string_view name) const;
  bool exists(std::string_view name) const;

 private:
  using FileId = std::uint32_t;

  /// A write since the last sync, with what is needed to take it back: bytes [begin, end), of which
  /// those below `size_before` were in the file. Not empty; begins at the file's end at the latest.
  struct Pending {
    std::uint64_t begin{0};
    std::uint64_t end{0};
    std::uint64_t size_before{0};    ///< of the file
    std::size_t replaced_offset{0};  ///< in File::replaced: the bytes that it overwrote
  };
  struct File {
    std::string content{};
    std::vector<Pending> pending{};
    std::string replaced{};
    std::vector<std::uint64_t> unreadable{};  ///< sectors
    bool flipped{false};                      ///< a bit of it, at some time
  };
  /// A file has as many names as versions of `Names` have it; it is kept as long as one has.
  struct Name {
    std::string name{};
    FileId file{0};
  };
  using Names = std::vector<Name>;  ///< ascending

  class Survival;

  Outcome create(const CreateFile& operation);
  Outcome write(const WriteAt& operation);
  void sync(const SyncFile& operation);
  void rename(const RenameFile& operation);
  void remove(const RemoveFile& operation);
  Outcome save(const SaveSnapshot& operation);
  Outcome check_room(std::string_view name, std::uint64_t used_after);

  /// Where in names_ the name is, or belongs.
  std::size_t place_of(std::string_view name) const;
  FileId id_of(std::string_view name) const;
  File& file(std::string_view name) { return files_.at(id_of(name)); }
  void bind(const std::string& name, FileId file);
  /// Gives back the file that had the name.
  FileId unbind(std::string_view name);
  /// The names as they are now become durable.
  void settle_names();
  static void tear(File& file, Survival& survival);
  static std::uint64_t surviving_size(const File& file, Survival& survival);
  /// Takes back what `write` did to bytes [begin, end), a part of it.
  static void undo(File& file, const Pending& write, std::uint64_t begin, std::uint64_t end);

  std::map<FileId, File> files_{};
  FileId next_file_{0};
  Names names_{};
  std::vector<Names> older_names_{};  ///< each version since the last SyncDirectory, oldest first
  std::uint64_t used_bytes_{0};
  std::uint64_t capacity_bytes_{0};
  bool lying_{false};
  bool has_lied_{false};  ///< since it was made, or wiped
  bool lacks_room_{false};
};

}  // namespace kv::sim
