#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/kv_store.h"
#include "core/result.h"
#include "core/types.h"

namespace kv {

/// What to do about a damaged file of a data directory. An older copy of it is no way out: the node
/// would have forgotten votes and entries that others count on.
inline constexpr std::string_view kDamageWayOut =
    " Look after the disk, then move this data directory away and start the node with an empty "
    "one: "
    "it fetches all data from the primary, but has no vote (docs/operations.md, \"A damaged "
    "file\").";

/// The state machine after entry `last_index`, which stands for the log up to there (Raft paper
/// §7).
struct Snapshot {
  LogIndex last_index{0};
  Term last_term{0};
  KvStore state{};
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Shards [first, result.end) of `state`, as many as fit into about `target_bytes` but at least
/// one. The same bytes serve the snapshot file and the messages to a lagging follower.
struct ShardRun {
  std::uint32_t end{0};
  std::string data{};
};
ShardRun encode_shards(const KvStore& state, std::uint32_t first, std::size_t target_bytes);
/// Adds the `count` shards that encode_shards() put into `data` to `state`. After an Error some of
/// the records may have been added: drop the state then.
Outcome load_shards(KvStore& state, std::uint32_t count, std::string_view data);

/// Writes a snapshot file piece by piece, so that nobody must hold all of it. It lets go of each
/// shard that it has written: while a snapshot is saved, what the node overwrites is kept twice
/// only as far as the file hasn't got yet. Format: docs/formats.md.
class SnapshotEncoder {
 public:
  explicit SnapshotEncoder(const Snapshot& snapshot);
  /// The next piece (about `target_bytes`), empty when all has been given.
  std::string next(std::size_t target_bytes);

 private:
  enum class Part : std::uint8_t { kHeader, kShards, kEnd, kDone };
  std::string header_block();
  std::string shards_block(std::size_t target_bytes);

  LogIndex last_index_;
  Term last_term_;
  KvStore state_;  ///< without the shards before next_shard_
  std::uint64_t keys_;
  Part part_{Part::kHeader};
  std::uint32_t next_shard_{0};
  std::uint64_t chain_{0};  ///< checksum over all pieces so far
};

/// Reads a snapshot file, fed in pieces of any size. Holds one block besides the state that it
/// builds, so feed a large file piece by piece.
class SnapshotDecoder {
 public:
  /// `name` is the file's, for messages.
  explicit SnapshotDecoder(std::string name, std::uint32_t shard_count = KvStore::kDefaultShards);
  /// An Error names the file and the offset of the damage; the snapshot is lost then.
  Outcome feed(std::string_view bytes);
  /// Once, after the last feed(): the snapshot, or an Error when the file ends too early. Its state
  /// may be copied by several threads.
  Result<SnapshotPtr> finish();

 private:
  enum class Part : std::uint8_t { kHeader, kShards, kEnd, kDone };
  Result<std::size_t> take_block(std::string_view bytes);
  Outcome take_payload(std::uint8_t kind, std::string_view payload);
  Outcome take_header(Decoder in);
  Error damaged(const std::string& what) const;

  std::string name_;
  Part part_{Part::kHeader};      ///< what must come next
  std::string pending_{};         ///< bytes that don't make a whole block yet
  std::uint64_t offset_{0};       ///< of pending_ in the file
  std::uint64_t chain_{0};        ///< checksum of the block before
  std::uint32_t shard_count_{0};  ///< of the file; the state may have another one
  std::uint32_t next_shard_{0};
  Snapshot snapshot_;
};

/// "snapshot-000000000042.snap" and back.
std::string snapshot_file_name(LogIndex last_index);
std::optional<LogIndex> parse_snapshot_file_name(std::string_view name);

}  // namespace kv
