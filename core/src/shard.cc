#include "shard.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace kv {
namespace {

constexpr std::size_t kHeaderBytes = 2 * sizeof(std::uint32_t);

std::uint32_t read_word(const char* from) {
  std::uint32_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

char* write_word(char* to, std::size_t word) {
  const auto narrow = static_cast<std::uint32_t>(word);
  std::memcpy(to, &narrow, sizeof(narrow));
  return to + sizeof(narrow);
}

}  // namespace

bool Shard::set(std::uint32_t hash, std::string_view key, std::string_view value) {
  const Slot* found = find(hash, key);
  if (found == nullptr) {
    if ((std::uint64_t{size_} + 1) * 4 > slots_.size() * 3) resize_table();
    insert({append({key, value}), hash});
    ++size_;
    return false;
  }
  if (overwrite(found->place, value)) return true;
  discard(found->place);
  slots_[static_cast<std::size_t>(found - slots_.data())].place = append({key, value});
  collect_garbage();
  return true;
}

bool Shard::erase(std::uint32_t hash, std::string_view key) {
  const Slot* found = find(hash, key);
  if (found == nullptr) return false;
  discard(found->place);
  remove(static_cast<std::size_t>(found - slots_.data()));
  --size_;
  if (std::uint64_t{size_} * 10 < slots_.size() * 3) resize_table();
  collect_garbage();
  return true;
}

std::optional<std::string_view> Shard::get(std::uint32_t hash, std::string_view key) const {
  const Slot* found = find(hash, key);
  if (found == nullptr) return std::nullopt;
  return record_at(found->place).value;
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

const Shard::Slot* Shard::find(std::uint32_t hash, std::string_view key) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = home(hash); slots_[at].place != kEmpty; at = after(at)) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash && record_at(slot.place).key == key) return &slot;
  }
  return nullptr;
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

Shard::Record Shard::record_at(std::uint32_t place) const {
  const char* header = bytes_at(place);
  const std::uint32_t key_size = read_word(header);
  const std::uint32_t value_size = read_word(header + sizeof(std::uint32_t));
  const char* key = header + kHeaderBytes;
  return {{key, key_size}, {key + key_size, value_size}};
}

bool Shard::overwrite(std::uint32_t place, std::string_view value) {
  const Page& page = pages_[place / kPageSpan];
  const Record old = record_at(place);
  if (!page.owned || old.value.size() != value.size()) return false;
  value.copy(page.bytes.get() + (old.value.data() - page.bytes.get()), value.size());
  return true;
}

std::uint32_t Shard::append(const Record& record) {
  CHECK(record.key.size() <= UINT32_MAX && record.value.size() <= UINT32_MAX - record.key.size());
  const std::size_t size_bytes = kHeaderBytes + record.key.size() + record.value.size();
  const bool large = size_bytes > kLargeBytes;
  const std::uint32_t number = large ? add_page(size_bytes) : open_page(size_bytes);
  Page& page = pages_[number];
  const std::uint32_t offset = page.used;
  char* to = page.bytes.get() + offset;
  to = write_word(to, record.key.size());
  to = write_word(to, record.value.size());
  to += record.key.copy(to, record.key.size());
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
  const Record record = record_at(place);
  const std::size_t size_bytes = kHeaderBytes + record.key.size() + record.value.size();
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
    const std::size_t size_bytes = kHeaderBytes + read_word(record) + read_word(record + 4);
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
