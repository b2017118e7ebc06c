#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kv {

class Shard;

/// A key's value and when it expires, in milliseconds since 1970; 0: never.
struct StoredValue {
  std::string_view value{};
  std::uint64_t expires_ms{0};
};

/// Of a client that asked for exactly-once (Operation::kOnce): its last command's number and the
/// answer to it, encoded.
struct Session {
  std::uint64_t sequence{0};
  std::string_view answer{};
  std::uint64_t expires_ms{0};
};

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
/// Time: the store has a clock that only commands move (see operations.h). A record whose time has
/// come by it is not there for anybody; its memory is given back by sweep().
///
/// Invariants: (1) a key lives in shard `hash64(key) % shard_count`; (2) equal contents give equal
/// state_hash(), whatever the order of writes and the number of shards; (3) a shard that is owned
/// here is referred to by no other store; (4) a shard without keys is null; (5) no record of a
/// shard expires before the shard's earliest_ms_, nor before next_expiry_ms_, where these aren't 0;
/// a shard whose earliest_ms_ is 0 has none that expires.
class KvStore {
 public:
  static constexpr std::uint32_t kDefaultShards = 1024;
  static constexpr std::size_t kMaxValueBytes = (std::size_t{1} << 29) - 1;
  /// Enough to hide the waiting, and few enough to stay in the first cache until they are used.
  static constexpr std::size_t kPrefetchAtOnce = 32;

  /// `shard_count` is a power of two.
  explicit KvStore(std::uint32_t shard_count = kDefaultShards);

  /// Whether the key was there before. The bytes must not be views that find() gave.
  bool set(std::string_view key, std::string_view value, std::uint64_t expires_ms = 0);
  bool erase(std::string_view key);
  /// The views hold until the next write to this store.
  std::optional<StoredValue> find(std::string_view key) const;
  std::optional<std::string_view> get(std::string_view key) const;
  /// Has the memory that lookups of these keys (kPrefetchAtOnce at most) will read fetched into the
  /// processor's caches, for all of them at the same time. Advice: nothing changes.
  void prefetch(std::span<const std::string_view> keys) const;
  /// Forgets all keys (no session, and not the clock) in little time: their memory is given back
  /// when the store that take_garbage() gives is dropped, on any thread.
  void clear();
  bool has_garbage() const { return !garbage_.empty(); }
  /// An empty store that holds what clear() gave up.
  KvStore take_garbage();

  // --- time ---
  std::uint64_t clock_ms() const { return clock_ms_; }
  /// Never back.
  void advance_clock(std::uint64_t now_ms);
  /// When the next record expires, at the earliest (there may be none then); 0: none ever does. In
  /// the past: sweep() has not come to it yet.
  std::uint64_t next_expiry_ms() const { return next_expiry_ms_; }
  /// Gives back the memory of expired records, of at most this many shards, in turns. Only of
  /// shards with a record that expired `late_ms` ago or earlier: a pass over a shard pays when it
  /// finds many. What it does is not to be seen but in size() and memory_bytes().
  void sweep(std::uint32_t most_shards, std::uint64_t late_ms = 0);

  // --- sessions of clients that asked for exactly-once ---
  std::optional<Session> find_session(std::string_view client) const;
  /// The bytes must not be views that find_session() gave.
  void set_session(std::string_view client, const Session& session);
  /// If there are more than `most`, forgets the ones that expire first (by name, where equal) until
  /// 7/8 of `most` are left, so that few calls have something to do.
  void limit_sessions(std::size_t most);
  /// With expired ones that no limit_sessions() dropped yet: nothing else does, so that the number
  /// depends on the commands alone.
  std::size_t sessions() const;

  // --- looking through the keys ---
  /// The keys of the shards from `cursor` on, whole shards, until there are `count` of them. They
  /// hold until the next write to this store. A key that is there all the time comes at least once
  /// in a pass from 0 to 0, whatever is written meanwhile.
  struct Scanned {
    std::uint64_t next{0};  ///< cursor; 0: that was the last shard
    std::vector<std::string_view> keys{};
  };
  Scanned scan(std::uint64_t cursor, std::uint64_t count) const;
  /// Some key: all are equally likely, about. Nothing if there is none.
  std::optional<std::string_view> random_key(std::uint64_t random) const;

  /// Number of keys, with expired ones that no sweep() found yet.
  std::uint64_t size() const { return size_; }
  /// Without them, as far as they are found in shards of 100,000 keys together at most.
  std::uint64_t live_size() const;
  /// How many of size() expire, or have. Costs a look at each shard.
  std::uint64_t expiring() const;
  /// Bytes held for records, garbage and tables included: an estimate of the heap in use, shared
  /// shards included. Costs a look at each shard.
  std::uint64_t memory_bytes() const;
  /// Over the keys that are there by the clock, with their values and expiries, the clock and the
  /// sessions. Costs a pass over all keys.
  std::uint64_t state_hash() const;

  // --- for snapshots ---
  std::uint32_t shard_count() const { return static_cast<std::uint32_t>(shards_.size()); }
  /// Appends the records of one shard to `out`, expired ones too; with shard 0 also the clock and
  /// all sessions. Layout: docs/formats.md, "Shards".
  void encode_shard(std::uint32_t shard, std::string& out) const;
  std::uint64_t shard_bytes(std::uint32_t shard) const;  ///< the size that encode_shard() appends
  /// Gives up a shard's records (and with shard 0 the sessions), for a copy that needs them no
  /// longer.
  void drop_shard(std::uint32_t shard);
  /// Adds the records that encode_shard() made, of a store with any shard count; reads from `in`
  /// on. An Error on bytes that no encode_shard() made and on a key, session or clock that is here
  /// already; some of the records may have been added then.
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

  std::size_t shard_of(std::uint64_t hash) const { return hash & (shards_.size() - 1); }
  bool is_past(std::uint64_t expires_ms) const {
    return expires_ms != 0 && expires_ms <= clock_ms_;
  }
  static Shard& writable(Slot& slot);
  std::optional<std::uint64_t> put(std::string_view key, const StoredValue& record);
  void empty_slot(std::size_t shard);
  std::optional<std::string_view> key_of_rank(std::uint64_t rank) const;
  void sweep_shard(std::size_t shard);
  Outcome load_record(class Decoder& in);

  std::vector<Slot> shards_{};
  std::vector<std::uint64_t> earliest_ms_{};  ///< one for each shard
  Slot sessions_{};                           ///< by client: u64 sequence, answer
  std::vector<Slot> garbage_{};               ///< what clear() gave up
  std::uint64_t size_{0};
  std::uint64_t clock_ms_{0};
  std::uint64_t next_expiry_ms_{0};
  std::size_t sweep_next_{0};  ///< the shard that sweep() looks at next
};

}  // namespace kv
