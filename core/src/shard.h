#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/kv_store.h"

namespace kv {

/// One of the hash maps that a KvStore is made of: a table of slots with linear probing over pages
/// that hold the records. Copying it copies the table and shares the pages: the copy writes to new
/// pages only, so a snapshot costs little memory even while all keys are being overwritten. Once it
/// was copied, the source must not be written to any more (KvStore sees to that), only read and
/// copied.
///
/// Hashes are given by the caller: the upper half of the key's hash64().
///
/// Record: key size and whether an expiry follows (varint), value size (varint), [u64 expiry, in
/// host byte order: it never leaves the process], key, value. One that is larger than kLargeBytes
/// has a page of its own, which goes when the record goes; the others are packed, and the place of
/// a dead one is garbage until the packed pages are written anew.
///
/// It knows no clock: a record is here until somebody erases it or drops what has expired.
///
/// Invariants: (1) at most 4/5 of the slots are in use; (2) no slot between a key's home and its
/// place is empty; (3) a page that is owned here is referred to by no other shard.
class Shard {
 public:
  /// When the record that was there before expires or expired (0: never); nothing: there was none.
  /// `key` and the record's value must not point into this shard.
  std::optional<std::uint64_t> set(std::uint32_t hash, std::string_view key,
                                   const StoredValue& record);
  bool erase(std::uint32_t hash, std::string_view key);
  /// The view holds until the next write.
  std::optional<StoredValue> get(std::uint32_t hash, std::string_view key) const;

  // What get() and set() read, one after the other: each of these reads what the one before it has
  // fetched, and fetches what comes next, for KvStore::prefetch().
  void prefetch() const;
  void prefetch_slot(std::uint32_t hash) const;
  void prefetch_page(std::uint32_t hash) const;
  void prefetch_record(std::uint32_t hash) const;

  struct Stored {
    std::string_view key{};
    StoredValue record{};
  };
  /// Each record is equally likely, about. There must be one.
  Stored random_record(std::uint32_t random) const;

  struct Expiries {
    std::uint32_t past{0};         ///< records whose time has come
    std::uint64_t earliest_ms{0};  ///< of the others; 0: none expires
  };
  Expiries expiries(std::uint64_t now_ms) const;
  /// Erases the records whose time has come.
  void drop_expired(std::uint64_t now_ms);

  std::uint32_t size() const { return size_; }
  std::uint32_t expiring() const { return expiring_; }  ///< how many expire, or have
  /// Of all records in a snapshot: keys, values and 8 bytes a record, 16 when it expires.
  std::uint64_t encoded_bytes() const { return encoded_bytes_; }
  std::uint64_t memory_bytes() const;
  /// Calls visit(key, record) for each record, in the order of slots.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.place == kEmpty) continue;
      const Stored stored = stored_at(slot.place);
      visit(stored.key, stored.record);
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;
  static constexpr std::uint32_t kNoPage = UINT32_MAX;
  /// A place is a page's number times this plus the offset in the page.
  static constexpr std::uint32_t kPageSpan = 8192;
  static constexpr std::size_t kPageBytes = 8192;  ///< with the counts of who shares it
  static constexpr std::size_t kLargeBytes = 1024;

  struct Slot {
    std::uint32_t place{kEmpty};  ///< of the record
    std::uint32_t hash{0};
  };
  struct Page {
    Page() = default;
    Page(const Page& other) : bytes(other.bytes), capacity(other.capacity), used(other.used) {}
    Page(Page&&) noexcept = default;
    Page& operator=(Page&&) noexcept = default;
    ~Page() = default;

    std::shared_ptr<char[]> bytes{};
    std::uint32_t capacity{0};
    std::uint32_t used{0};
    bool owned{false};  ///< made here and not copied since: may be written to
  };

  std::size_t home(std::uint32_t hash) const;
  std::uint32_t first_place(std::uint32_t hash) const;
  std::size_t after(std::size_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }
  const Slot* find_slot(std::uint32_t hash, std::string_view key) const;
  void insert(Slot slot);
  void remove(std::size_t slot);
  void resize_table();

  const char* bytes_at(std::uint32_t place) const;
  Stored stored_at(std::uint32_t place) const;
  bool overwrite(std::uint32_t place, std::string_view key, const StoredValue& record);
  std::uint32_t append(std::string_view key, const StoredValue& record);
  std::uint32_t open_page(std::size_t size_bytes);
  std::uint32_t add_page(std::size_t capacity);
  void discard(std::uint32_t place);
  void collect_garbage();

  std::vector<Slot> slots_{};
  std::vector<Page> pages_{};
  std::vector<std::uint32_t> free_pages_{};  ///< numbers in pages_ that stand for no page
  std::uint32_t open_page_{kNoPage};         ///< where the next packed record goes, if it fits
  std::uint32_t size_{0};
  std::uint32_t expiring_{0};
  std::uint64_t packed_bytes_{0};  ///< of packed records in use
  std::uint64_t large_bytes_{0};   ///< of records with a page of their own
  std::uint64_t encoded_bytes_{0};
  std::uint64_t garbage_bytes_{0};  ///< of packed records that are dead
};

}  // namespace kv
