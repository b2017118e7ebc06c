#include "shard.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace kv {
namespace {

constexpr std::size_t kHeaderBytes = 2 * sizeof(std::uint32_t);
constexpr std::uint32_t kExpiryBit = 1U << 31;

template <typename Word>
Word read_word(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

template <typename Word>
char* write_word(char* to, Word word) {
  std::memcpy(to, &word, sizeof(word));
  return to + sizeof(word);
}

/// Of a record without its key and value.
std::size_t front_bytes(bool expires) {
  return expires ? kHeaderBytes + sizeof(std::uint64_t) : kHeaderBytes;
}

/// Of the whole record that begins there.
std::size_t record_size(const char* from) {
  const auto key_size = read_word<std::uint32_t>(from);
  const auto word = read_word<std::uint32_t>(from + sizeof(std::uint32_t));
  return front_bytes((word & kExpiryBit) != 0) + key_size + (word & ~kExpiryBit);
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
    if ((std::uint64_t{size_} + 1) * 4 > slots_.size() * 3) resize_table();
    insert({append(key, record), hash});
    ++size_;
    return std::nullopt;
  }
  const std::uint64_t old_expiry = stored_at(found->place).record.expires_ms;
  if (overwrite(found->place, record)) return old_expiry;
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
  // What malloc adds to an allocation on the average, and the control block of a shared one.
  constexpr std::uint64_t kAllocation = 12;
  constexpr std::uint64_t kControlBlock = 32;
  std::uint64_t sum = sizeof(Shard) + kControlBlock + 2 * kAllocation +
                      slots_.capacity() * sizeof(Slot) + pages_.capacity() * sizeof(Page) +
                      free_pages_.capacity() * sizeof(std::uint32_t);
  for (const Page& page : pages_) {
    if (page.bytes != nullptr) sum += page.capacity + kAllocation + kControlBlock;
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
  std::vector<Slot> old(size_ + std::size_t{size_} * 2 / 3 + kSpare);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.place != kEmpty) insert(slot);
  }
}

const char* Shard::bytes_at(std::uint32_t place) const {
  return pages_[place / kPageSpan].bytes.get() + place % kPageSpan;
}

Shard::Stored Shard::stored_at(std::uint32_t place) const {
  const char* header = bytes_at(place);
  const auto key_size = read_word<std::uint32_t>(header);
  const auto word = read_word<std::uint32_t>(header + sizeof(std::uint32_t));
  const bool expires = (word & kExpiryBit) != 0;
  const char* key = header + front_bytes(expires);
  const std::uint64_t expires_ms =
      expires ? read_word<std::uint64_t>(header + kHeaderBytes) : std::uint64_t{0};
  return {{key, key_size}, {{key + key_size, word & ~kExpiryBit}, expires_ms}};
}

bool Shard::overwrite(std::uint32_t place, const StoredValue& record) {
  const Page& page = pages_[place / kPageSpan];
  if (!page.owned) return false;
  const StoredValue old = stored_at(place).record;
  const bool expires = record.expires_ms != 0;
  if (old.value.size() != record.value.size() || (old.expires_ms != 0) != expires) return false;
  char* header = page.bytes.get() + place % kPageSpan;
  if (expires) write_word(header + kHeaderBytes, record.expires_ms);
  record.value.copy(page.bytes.get() + (old.value.data() - page.bytes.get()), record.value.size());
  return true;
}

std::uint32_t Shard::append(std::string_view key, const StoredValue& record) {
  CHECK(record.value.size() <= KvStore::kMaxValueBytes && key.size() <= UINT32_MAX / 2);
  const bool expires = record.expires_ms != 0;
  const std::size_t size_bytes = front_bytes(expires) + key.size() + record.value.size();
  const bool large = size_bytes > kLargeBytes;
  const std::uint32_t number = large ? add_page(size_bytes) : open_page(size_bytes);
  Page& page = pages_[number];
  const std::uint32_t offset = page.used;
  const auto value_size = static_cast<std::uint32_t>(record.value.size());
  char* to = page.bytes.get() + offset;
  to = write_word(to, static_cast<std::uint32_t>(key.size()));
  to = write_word(to, expires ? value_size | kExpiryBit : value_size);
  if (expires) to = write_word(to, record.expires_ms);
  to += key.copy(to, key.size());
  record.value.copy(to, record.value.size());
  page.used += static_cast<std::uint32_t>(size_bytes);
  (large ? large_bytes_ : packed_bytes_) += size_bytes;
  return number * kPageSpan + offset;
}

// A page that has room for a packed record of this size.
std::uint32_t Shard::open_page(std::size_t size_bytes) {
  constexpr std::size_t kLeastBytes = 128;
  if (open_page_ == kNoPage || pages_[open_page_].capacity - pages_[open_page_].used < size_bytes) {
    // A share of what is there: a store of many shards grows them all at once, and unused room is
    // waste.
    const std::size_t share = std::min<std::size_t>(packed_bytes_ / 2 + kLeastBytes, kPageBytes);
    open_page_ = add_page(std::max(share, size_bytes));
  } else if (!pages_[open_page_].owned) {
    Page& page = pages_[open_page_];
    const std::shared_ptr<char[]> shared = std::move(page.bytes);
    page.bytes.reset(new char[page.capacity]);
    std::memcpy(page.bytes.get(), shared.get(), page.used);
    page.owned = true;
  }
  return open_page_;
}

std::uint32_t Shard::add_page(std::size_t capacity) {
  CHECK(capacity <= UINT32_MAX);
  Page page;
  page.bytes.reset(new char[capacity]);
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
  const std::size_t size_bytes = record_size(bytes_at(place));
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
    const std::size_t size_bytes = record_size(record);
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
