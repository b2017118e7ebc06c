#include "shard.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "control_block.h"
#include "core/check.h"

namespace kv {
namespace {

/// What stands before a record's key.
struct Front {
  std::uint32_t key_size{0};
  std::uint32_t value_size{0};
  std::uint64_t expires_ms{0};
  const char* key{nullptr};  ///< right behind it
};

/// Seven bits a byte, the lowest first; the top bit says that more follow.
constexpr int kGroupBits = 7;
constexpr std::uint32_t kMoreFollow = 1U << kGroupBits;

std::size_t varint_bytes(std::uint32_t value) {
  std::size_t count = 1;
  for (; value >= kMoreFollow; value >>= kGroupBits) ++count;
  return count;
}

char* write_varint(char* to, std::uint32_t value) {
  for (; value >= kMoreFollow; value >>= kGroupBits) *to++ = static_cast<char>(value | kMoreFollow);
  *to++ = static_cast<char>(value);
  return to;
}

std::uint32_t read_varint(const char*& from) {
  std::uint32_t value = 0;
  for (int shift = 0;; shift += kGroupBits) {
    const auto byte = static_cast<unsigned char>(*from++);
    value |= (byte & (kMoreFollow - 1)) << shift;
    if (byte < kMoreFollow) return value;
  }
}

/// The key's size, and whether an expiry follows.
std::uint32_t first_word(std::size_t key_size, bool expires) {
  return static_cast<std::uint32_t>(key_size) << 1 | (expires ? 1 : 0);
}

Front read_front(const char* from) {
  Front front;
  const std::uint32_t word = read_varint(from);
  front.key_size = word >> 1;
  front.value_size = read_varint(from);
  if ((word & 1) != 0) {
    std::memcpy(&front.expires_ms, from, sizeof(front.expires_ms));
    from += sizeof(front.expires_ms);
  }
  front.key = from;
  return front;
}

std::size_t record_size(std::string_view key, const StoredValue& record) {
  const bool expires = record.expires_ms != 0;
  return varint_bytes(first_word(key.size(), expires)) +
         varint_bytes(static_cast<std::uint32_t>(record.value.size())) +
         (expires ? sizeof(record.expires_ms) : 0) + key.size() + record.value.size();
}

/// Of the record that begins there, with this front.
std::size_t record_size(const char* from, const Front& front) {
  return static_cast<std::size_t>(front.key - from) + front.key_size + front.value_size;
}

void write_record(char* to, std::string_view key, const StoredValue& record) {
  const bool expires = record.expires_ms != 0;
  to = write_varint(to, first_word(key.size(), expires));
  to = write_varint(to, static_cast<std::uint32_t>(record.value.size()));
  if (expires) {
    std::memcpy(to, &record.expires_ms, sizeof(record.expires_ms));
    to += sizeof(record.expires_ms);
  }
  to += key.copy(to, key.size());
  record.value.copy(to, record.value.size());
}

/// In the encoding of KvStore::encode_shard().
std::size_t encoded_size(std::size_t key_size, std::size_t value_size, bool expires) {
  return 2 * sizeof(std::uint32_t) + (expires ? sizeof(std::uint64_t) : 0) + key_size + value_size;
}

/// What to ask an allocator for instead of about `size_bytes`, so that no room is lost. Up to 2 KiB
/// they know four sizes between a power of two and the next: that is rounded up. Larger ones that
/// are no power of two share pieces of many pages, of which some stay half empty: rounded down,
/// which is more than any packed record needs.
std::size_t allocated_size(std::size_t size_bytes) {
  constexpr std::size_t kLeastPower = 2048;
  if (size_bytes >= kLeastPower) return std::bit_floor(size_bytes);
  const std::size_t step = std::max<std::size_t>(std::bit_floor(size_bytes) / 4, 16);
  return (size_bytes + step - 1) / step * step;
}

/// Into the processor's cache. An address beyond what is there is no mistake.
void fetch_lines(const char* from, std::size_t size_bytes) {
  constexpr std::size_t kLineBytes = 64;
  for (std::size_t at = 0; at < size_bytes; at += kLineBytes) __builtin_prefetch(from + at);
}

bool expired(const StoredValue& record, std::uint64_t now_ms) {
  return record.expires_ms != 0 && record.expires_ms <= now_ms;
}

}  // namespace

std::optional<std::uint64_t> Shard::set(std::uint32_t hash, std::string_view key,
                                        const StoredValue& record) {
  const Slot* found = find_slot(hash, key);
  if (found == nullptr) {
    if ((std::uint64_t{size_} + 1) * 5 > slots_.size() * 4) resize_table();
    insert({append(key, record), hash});
    ++size_;
    return std::nullopt;
  }
  const std::uint64_t old_expiry = stored_at(found->place).record.expires_ms;
  if (overwrite(found->place, key, record)) return old_expiry;
  discard(found->place);
  slots_[static_cast<std::size_t>(found - slots_.data())].place = append(key, record);
  collect_garbage();
  return old_expiry;
}

bool Shard::erase(std::uint32_t hash, std::string_view key) {
  const Slot* found = find_slot(hash, key);
  if (found == nullptr) return false;
  discard(found->place);
  remove(static_cast<std::size_t>(found - slots_.data()));
  --size_;
  if (std::uint64_t{size_} * 10 < slots_.size() * 3) resize_table();
  collect_garbage();
  return true;
}

std::optional<StoredValue> Shard::get(std::uint32_t hash, std::string_view key) const {
  const Slot* found = find_slot(hash, key);
  if (found == nullptr) return std::nullopt;
  return stored_at(found->place).record;
}

void Shard::prefetch() const {
  fetch_lines(reinterpret_cast<const char*>(this), sizeof(*this));
}

void Shard::prefetch_slot(std::uint32_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(&slots_[home(hash)]);
}

void Shard::prefetch_page(std::uint32_t hash) const {
  const std::uint32_t place = first_place(hash);
  if (place != kEmpty) __builtin_prefetch(&pages_[place / kPageSpan]);
}

// The header, the key and the first bytes of the value: the rest follows in order, which processors
// fetch ahead by themselves.
void Shard::prefetch_record(std::uint32_t hash) const {
  constexpr std::size_t kFrontBytes = 192;
  const std::uint32_t place = first_place(hash);
  if (place != kEmpty) fetch_lines(bytes_at(place), kFrontBytes);
}

Shard::Stored Shard::random_record(std::uint32_t random) const {
  CHECK(size_ > 0);
  // Steps of a generator that comes to all numbers, so it comes to a slot in use.
  std::size_t at = home(random);
  while (slots_[at].place == kEmpty) {
    random = random * 1'664'525 + 1'013'904'223;
    at = home(random);
  }
  return stored_at(slots_[at].place);
}

Shard::Expiries Shard::expiries(std::uint64_t now_ms) const {
  Expiries found;
  for_each([&](std::string_view, const StoredValue& record) {
    if (expired(record, now_ms)) {
      ++found.past;
    } else if (record.expires_ms != 0 &&
               (found.earliest_ms == 0 || record.expires_ms < found.earliest_ms)) {
      found.earliest_ms = record.expires_ms;
    }
  });
  return found;
}

void Shard::drop_expired(std::uint64_t now_ms) {
  for (Slot& slot : slots_) {
    if (slot.place == kEmpty || !expired(stored_at(slot.place).record, now_ms)) continue;
    discard(slot.place);
    slot.place = kEmpty;
    --size_;
  }
  // The holes are in the midst of runs: only a new table closes them all.
  resize_table();
  collect_garbage();
}

std::uint64_t Shard::memory_bytes() const {
  std::uint64_t sum = sizeof(Shard) + kControlBlockBytes + slots_.capacity() * sizeof(Slot) +
                      pages_.capacity() * sizeof(Page) +
                      free_pages_.capacity() * sizeof(std::uint32_t);
  for (const Page& page : pages_) {
    if (page.bytes != nullptr) sum += page.capacity + kControlBlockBytes;
  }
  return sum;
}

// Maps the hash onto any table size, so that tables grow in small steps.
std::size_t Shard::home(std::uint32_t hash) const {
  return static_cast<std::size_t>((std::uint64_t{hash} * slots_.size()) >> 32);
}

const Shard::Slot* Shard::find_slot(std::uint32_t hash, std::string_view key) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = home(hash); slots_[at].place != kEmpty; at = after(at)) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && stored_at(slot.place).key == key) return &slot;
  }
  return nullptr;
}

/// Of the first record whose hash is this one, almost certainly the one that find_slot() finds.
std::uint32_t Shard::first_place(std::uint32_t hash) const {
  if (slots_.empty()) return kEmpty;
  std::size_t at = home(hash);
  while (slots_[at].place != kEmpty && slots_[at].hash != hash) at = after(at);
  return slots_[at].place;
}

void Shard::insert(Slot slot) {
  std::size_t at = home(slot.hash);
  while (slots_[at].place != kEmpty) at = after(at);
  slots_[at] = slot;
}

// Closes the hole by moving back each later slot of the run that may stand there, so that no search
// ends too early and no tombstones are needed.
void Shard::remove(std::size_t slot) {
  std::size_t hole = slot;
  for (std::size_t at = after(hole); slots_[at].place != kEmpty; at = after(at)) {
    const std::size_t from_home = (at + slots_.size() - home(slots_[at].hash)) % slots_.size();
    const std::size_t from_hole = (at + slots_.size() - hole) % slots_.size();
    if (from_home < from_hole) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = Slot{};
}

void Shard::resize_table() {
  constexpr std::size_t kSpare = 4;
  std::vector<Slot> old(size_ + std::size_t{size_} / 2 + kSpare);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.place != kEmpty) insert(slot);
  }
}

const char* Shard::bytes_at(std::uint32_t place) const {
  return pages_[place / kPageSpan].bytes.get() + place % kPageSpan;
}

Shard::Stored Shard::stored_at(std::uint32_t place) const {
  const Front front = read_front(bytes_at(place));
  const std::string_view value(front.key + front.key_size, front.value_size);
  return {{front.key, front.key_size}, {value, front.expires_ms}};
}

bool Shard::overwrite(std::uint32_t place, std::string_view key, const StoredValue& record) {
  const Page& page = pages_[place / kPageSpan];
  if (!page.owned) return false;
  const StoredValue old = stored_at(place).record;
  const bool expires = record.expires_ms != 0;
  if (old.value.size() != record.value.size() || (old.expires_ms != 0) != expires) return false;
  write_record(page.bytes.get() + place % kPageSpan, key, record);
  return true;
}

std::uint32_t Shard::append(std::string_view key, const StoredValue& record) {
  CHECK(record.value.size() <= KvStore::kMaxValueBytes && key.size() <= UINT32_MAX / 2);
  const std::size_t size_bytes = record_size(key, record);
  const bool large = size_bytes > kLargeBytes;
  const std::uint32_t number = large ? add_page(size_bytes) : open_page(size_bytes);
  Page& page = pages_[number];
  const std::uint32_t offset = page.used;
  write_record(page.bytes.get() + offset, key, record);
  page.used += static_cast<std::uint32_t>(size_bytes);
  (large ? large_bytes_ : packed_bytes_) += size_bytes;
  encoded_bytes_ += encoded_size(key.size(), record.value.size(), record.expires_ms != 0);
  expiring_ += record.expires_ms != 0 ? 1 : 0;
  return number * kPageSpan + offset;
}

// A page that has room for a packed record of this size.
std::uint32_t Shard::open_page(std::size_t size_bytes) {
  constexpr std::size_t kLeastBytes = 128;
  if (open_page_ == kNoPage || pages_[open_page_].capacity - pages_[open_page_].used < size_bytes) {
    // A share of what is there: a store of many shards grows them all at once, and unused room is
    // waste.
    const std::size_t share =
        std::min<std::size_t>(packed_bytes_ / 2 + kLeastBytes, kPageBytes - kControlBlockBytes);
    open_page_ = add_page(allocated_size(std::max(share, size_bytes) + kControlBlockBytes) -
                          kControlBlockBytes);
  } else if (!pages_[open_page_].owned) {
    Page& page = pages_[open_page_];
    const std::shared_ptr<char[]> shared = std::move(page.bytes);
    page.bytes = std::make_shared_for_overwrite<char[]>(page.capacity);
    std::memcpy(page.bytes.get(), shared.get(), page.used);
    page.owned = true;
  }
  return open_page_;
}

std::uint32_t Shard::add_page(std::size_t capacity) {
  CHECK(capacity <= UINT32_MAX);
  Page page;
  page.bytes = std::make_shared_for_overwrite<char[]>(capacity);
  page.capacity = static_cast<std::uint32_t>(capacity);
  page.owned = true;
  if (!free_pages_.empty()) {
    const std::uint32_t number = free_pages_.back();
    free_pages_.pop_back();
    pages_[number] = std::move(page);
    return number;
  }
  CHECK(pages_.size() < kEmpty / kPageSpan);
  pages_.push_back(std::move(page));
  return static_cast<std::uint32_t>(pages_.size() - 1);
}

// The slot that refers to the record must go, or be given another place, before the garbage is
// collected.
void Shard::discard(std::uint32_t place) {
  const char* const record = bytes_at(place);
  const Front front = read_front(record);
  encoded_bytes_ -= encoded_size(front.key_size, front.value_size, front.expires_ms != 0);
  expiring_ -= front.expires_ms != 0 ? 1 : 0;
  const std::size_t size_bytes = record_size(record, front);
  if (size_bytes <= kLargeBytes) {
    packed_bytes_ -= size_bytes;
    garbage_bytes_ += size_bytes;
    return;
  }
  large_bytes_ -= size_bytes;
  pages_[place / kPageSpan] = Page{};
  free_pages_.push_back(place / kPageSpan);
}

// Writes all packed records to new pages, in the order of slots.
void Shard::collect_garbage() {
  constexpr std::uint64_t kTolerated = 256;
  if (garbage_bytes_ <= packed_bytes_ / 8 + kTolerated) return;
  std::vector<Page> old;
  old.swap(pages_);
  free_pages_ = {};
  open_page_ = kNoPage;
  garbage_bytes_ = 0;
  for (Slot& slot : slots_) {
    if (slot.place == kEmpty) continue;
    Page& page = old[slot.place / kPageSpan];
    const char* record = page.bytes.get() + slot.place % kPageSpan;
    const std::size_t size_bytes = record_size(record, read_front(record));
    if (size_bytes > kLargeBytes) {
      slot.place = static_cast<std::uint32_t>(pages_.size()) * kPageSpan;
      pages_.push_back(std::move(page));
      continue;
    }
    const std::uint32_t number = open_page(size_bytes);
    Page& to = pages_[number];
    std::memcpy(to.bytes.get() + to.used, record, size_bytes);
    slot.place = number * kPageSpan + to.used;
    to.used += static_cast<std::uint32_t>(size_bytes);
  }
}

}  // namespace kv
