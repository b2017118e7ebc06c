#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/effects.h"
#include "core/entry.h"
#include "core/result.h"
#include "core/snapshot.h"
#include "core/types.h"

namespace kv {

/// File operations in one flat directory, asked of the driver, done in order. A driver does exactly
/// these; the simulator's disk does the same and loses or tears what was not synced. Names become
/// durable in the order in which they changed.
/// Zero-filled to its size; replaces a file of that name.
struct CreateFile {
  std::string name{};
  std::uint64_t size_bytes{0};
};
/// May extend the file.
struct WriteAt {
  std::string name{};
  std::uint64_t offset{0};
  std::string data{};
};
/// fdatasync.
struct SyncFile {
  std::string name{};
};
/// Replaces `to`.
struct RenameFile {
  std::string from{};
  std::string to{};
};
struct RemoveFile {
  std::string name{};
};
/// Makes names durable.
struct SyncDirectory {};
/// Write `snapshot` to snapshot_file_name(): temporary file, sync, rename, sync of the directory.
struct SaveSnapshot {
  SnapshotPtr snapshot{};
};
using DiskOperation = std::variant<CreateFile, WriteAt, SyncFile, RenameFile, RemoveFile,
                                   SyncDirectory, SaveSnapshot>;

/// What recovery found on disk.
struct Recovered {
  Incarnation incarnation{0};
  HardState hard_state{};
  SnapshotPtr snapshot{};        ///< may be null
  std::vector<Entry> entries{};  ///< contiguous, from snapshot's last index + 1 or earlier
  /// No term, vote, entry or snapshot: the node has never taken part in anything.
  bool has_history() const {
    return hard_state.term != 0 || hard_state.voted_for != kNoNode || snapshot != nullptr ||
           !entries.empty();
  }
};

/// The write-ahead log: turns Writes into operations on segment files, and bytes of segment files
/// back into state. Pure: no file is touched here. Format and reasons: docs/formats.md.
///
/// Invariants: (1) every frame's checksum chains on the frame before it; (2) a frame says up to
/// which offset its segment was known to be synced when it was written; (3) a segment is synced
/// whole before the next one is begun.
class Wal {
 public:
  struct Options {
    std::string node_name{};  ///< at most 255 bytes; kept in every segment
    /// At least 4096, a multiple of 8. A larger frame gets a segment of its own.
    std::uint64_t segment_bytes{8 << 20};
    /// Names of all members, "node1, node2, node3", at most 4096 bytes; kept in every segment. Ids
    /// of nodes are positions in this list, so a log must not be read with another one.
    std::string members{};
  };

  struct File {
    std::string name{};
    std::string bytes{};
  };

  /// What open() gives: the log to go on with, the state, operations to do first, and what a person
  /// should know ("cut a torn write of 212 bytes at …").
  struct Opened;

  /// A new, empty log, for a directory without any segment file. (A crash amid its operations
  /// leaves none either: then create() is right again.)
  static Opened create(Options options, Incarnation incarnation);
  /// Recovers from the segment files (any order; others are ignored) and the newest valid snapshot.
  /// Cuts a torn tail. Refuses, with file and offset, damage before data that was known to be
  /// synced, files of another node, of another format, and gaps. Entries share the files' bytes.
  static Result<Opened> open(Options options, std::vector<File> files, SnapshotPtr snapshot);

  /// The operations that make `write` durable but for the last sync: call sync() after the last
  /// write of a group, so that one fdatasync serves all.
  std::vector<DiskOperation> append(const Write& write);
  /// The sync that makes all appended so far durable.
  std::vector<DiskOperation> sync();
  /// After sync() was done: a step towards the next segment, so that its beginning won't hold up a
  /// group. What was appended doesn't depend on it: report that durable first. Has syncs of its
  /// own.
  std::vector<DiskOperation> prepare();
  /// After sync() was done and nothing else is waiting: a mark that tells recovery that all before
  /// it was synced, so that later damage can't pass for a torn tail. Needs no sync.
  std::vector<DiskOperation> mark();

  /// Of the newest segment: damage below this offset can't pass for a torn write, whatever else is
  /// lost, because a synced frame behind it says that it was synced. True once all operations that
  /// were asked for are done.
  std::uint64_t vouched_bytes() const { return vouched_to_; }

  /// "log-0000000000000001.wal"
  static bool is_segment_name(std::string_view name);

 private:
  friend class WalRecovery;

  struct Segment {
    std::string name{};
    std::uint64_t sequence{0};
    std::uint64_t size_bytes{0};
    LogIndex max_index{0};  ///< no entry or restart of the log in it lies behind this
  };
  /// A file that can become a segment once it is filled to Options::segment_bytes.
  struct Spare {
    std::string name{};
    std::uint64_t filled_bytes{0};
  };

  Wal(Options options, Incarnation incarnation);

  void write_frame(std::string frame, std::vector<DiskOperation>& operations);
  void begin_segment(std::size_t room_bytes, std::vector<DiskOperation>& operations);
  void flush(std::vector<DiskOperation>& operations);
  void discard(LogIndex through, std::vector<DiskOperation>& operations);
  std::string free_spare_name() const;
  std::string take_spare(std::uint64_t size_bytes, std::vector<DiskOperation>& operations);
  void fill_spare(Spare& spare, std::uint64_t target_bytes, std::vector<DiskOperation>& operations);

  Options options_{};
  Incarnation incarnation_{0};
  HardState hard_state_{};  ///< as in the frames written so far
  LogIndex last_index_{0};  ///< end of the log in the frames written so far
  std::deque<Segment>
      segments_{};               ///< ascending sequence, without gaps; the last one is written to
  std::uint64_t seed_{0};        ///< of the checksums in the last segment
  std::uint64_t chain_{0};       ///< checksum of the last frame
  std::uint64_t offset_{0};      ///< in the last segment, where the next frame goes
  std::uint64_t synced_to_{0};   ///< the last segment is known to be synced up to here
  std::uint64_t claimed_to_{0};  ///< what the last frame says was synced
  std::uint64_t vouched_to_{0};  ///< what the last synced frame says was synced
  bool marked_{false};           ///< the last frame is a mark
  std::vector<Spare> spares_{};  ///< at most one of them is not full
};

struct Wal::Opened {
  Wal wal;
  Recovered recovered{};
  std::vector<DiskOperation> operations{};
  std::vector<std::string> notes{};
};

}  // namespace kv
