#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/command.h"

namespace kv {

class Shard;

/// The state machine: a map from keys to values, both any bytes, cut into many shards by the hash
/// of the key. A value: copying it copies one pointer a shard, and the copies share shards until
/// one of them writes (copy on write), so a snapshot never stops the node and a resize never
/// touches more than a shard.
///
/// Threads: each store belongs to one thread at a time; stores on different threads may share
/// shards. Copying counts as a write to the source, except when the source is itself a copy that
/// nobody has written to since: that one may be copied, read and dropped by several threads at
/// once.
///
/// Invariants: (1) a key lives in shard `hash64(key) % shard_count`; (2) equal contents give equal
/// state_hash(), whatever the order of writes and the number of shards; (3) a shard that is owned
/// here is referred to by no other store; (4) a shard without keys is null.
class KvStore {
 public:
  static constexpr std::uint32_t kDefaultShards = 4096;

  /// `shard_count` is a power of two.
  explicit KvStore(std::uint32_t shard_count = kDefaultShards);

  /// The command's bytes must not be a view that get() gave.
  CommandResult apply(const Command& command);
  /// The view holds until the next write to this store.
  std::optional<std::string_view> get(std::string_view key) const;

  std::uint64_t size() const { return size_; }  ///< number of keys
  /// Bytes held for records, garbage and tables included: an estimate of the heap in use, shared
  /// shards included. Costs a look at each shard.
  std::uint64_t memory_bytes() const;
  /// Costs a pass over all keys.
  std::uint64_t state_hash() const;

  // --- for snapshots ---
  std::uint32_t shard_count() const { return static_cast<std::uint32_t>(shards_.size()); }
  /// Appends the records of one shard to `out`: u32 count, then per record u32 key size, u32 value
  /// size, key, value.
  void encode_shard(std::uint32_t shard, std::string& out) const;
  std::uint64_t shard_bytes(std::uint32_t shard) const;  ///< the size that encode_shard() appends
  /// Gives up a shard's records, for a copy that needs them no longer.
  void drop_shard(std::uint32_t shard);
  /// Adds the records that encode_shard() made, of a store with any shard count; reads from `in`
  /// on. An Error on bytes that no encode_shard() made and on a key that is here already; some of
  /// the records may have been added then.
  Outcome load_shard(class Decoder& in);

 private:
  /// Whether a shard may be written in place is marked here and not read off the shared_ptr's use
  /// count: that one can fall to 1 while the other thread's last reads aren't ordered before our
  /// write.
  struct Slot {
    Slot() = default;
    Slot(const Slot& other) : shard(other.share()) {}
    Slot(Slot&&) noexcept = default;
    Slot& operator=(const Slot& other);
    Slot& operator=(Slot&&) noexcept = default;
    ~Slot() = default;
    std::shared_ptr<Shard> share() const;

    std::shared_ptr<Shard> shard{};
    mutable bool owned{false};
  };

  CommandResult set(std::string_view key, std::string_view value);
  CommandResult erase(std::string_view key);
  const Slot& slot_of(std::uint64_t hash) const { return shards_[hash & (shards_.size() - 1)]; }
  Shard& writable(std::uint64_t hash);

  std::vector<Slot> shards_{};
  std::uint64_t size_{0};
};

}  // namespace kv
