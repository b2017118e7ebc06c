#include "core/kv_store.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/bytes.h"
#include "core/check.h"
#include "core/hash.h"
#include "shard.h"

namespace kv {
namespace {

/// Seeds that keep sessions and the clock apart from keys in the state hash.
constexpr std::uint64_t kSessionSeed = 1;
constexpr std::uint64_t kClockSeed = 2;

// The lower half of a key's hash chooses the shard, the upper half the place in it.
std::uint32_t upper_half(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

/// The earlier of two times of which 0 means never.
std::uint64_t earlier(std::uint64_t a, std::uint64_t b) {
  if (a == 0 || b == 0) return a + b;
  return std::min(a, b);
}

std::uint64_t hash_number(std::uint64_t number, std::uint64_t seed) {
  std::string bytes;
  Encoder(bytes).u64(number);
  return hash64(bytes, seed);
}

std::uint64_t hash_record(std::string_view key, const StoredValue& record, std::uint64_t seed) {
  const std::uint64_t hash = hash64(record.value, hash64(key, seed));
  return record.expires_ms == 0 ? hash : hash_number(record.expires_ms, hash);
}

}  // namespace

KvStore::Slot& KvStore::Slot::operator=(const Slot& other) {
  shard = other.share();
  owned = false;
  return *this;
}

std::shared_ptr<Shard> KvStore::Slot::share() const {
  // Not written when it is false already: a copy may be copied by several threads.
  if (owned) owned = false;
  return shard;
}

KvStore::KvStore(std::uint32_t shard_count) : shards_(shard_count), earliest_ms_(shard_count) {
  CHECK(shard_count > 0 && (shard_count & (shard_count - 1)) == 0);
}

// --- keys ---

bool KvStore::set(std::string_view key, std::string_view value, std::uint64_t expires_ms) {
  const std::optional<std::uint64_t> old_expiry = put(key, {value, expires_ms});
  return old_expiry && !is_past(*old_expiry);
}

/// When the record that was in its place expires or expired; nothing: there was none.
std::optional<std::uint64_t> KvStore::put(std::string_view key, const StoredValue& record) {
  const std::uint64_t hash = hash64(key);
  const std::size_t shard = shard_of(hash);
  const std::optional<std::uint64_t> old_expiry =
      writable(shards_[shard]).set(upper_half(hash), key, record);
  if (!old_expiry) ++size_;
  if (record.expires_ms != 0) {
    earliest_ms_[shard] = earlier(earliest_ms_[shard], record.expires_ms);
    next_expiry_ms_ = earlier(next_expiry_ms_, record.expires_ms);
  }
  return old_expiry;
}

bool KvStore::erase(std::string_view key) {
  if (!find(key)) return false;
  const std::uint64_t hash = hash64(key);
  Slot& slot = shards_[shard_of(hash)];
  Shard& shard = writable(slot);
  CHECK(shard.erase(upper_half(hash), key));
  if (shard.size() == 0) empty_slot(shard_of(hash));
  --size_;
  return true;
}

std::optional<StoredValue> KvStore::find(std::string_view key) const {
  const std::uint64_t hash = hash64(key);
  const Shard* shard = shards_[shard_of(hash)].shard.get();
  if (shard == nullptr) return std::nullopt;
  const std::optional<StoredValue> found = shard->get(upper_half(hash), key);
  if (found && is_past(found->expires_ms)) return std::nullopt;
  return found;
}

std::optional<std::string_view> KvStore::get(std::string_view key) const {
  const std::optional<StoredValue> found = find(key);
  return found ? std::optional(found->value) : std::nullopt;
}

// A lookup reads one address after the other: the shard, its table, its page, the record. So all
// keys take the first step, then all the second: each step finds in the cache what the one before
// had fetched.
void KvStore::prefetch(std::span<const std::string_view> keys) const {
  CHECK(keys.size() <= kPrefetchAtOnce);
  struct Lookup {
    const Shard* shard{nullptr};
    std::uint32_t hash{0};
  };
  std::array<Lookup, kPrefetchAtOnce> room;
  std::size_t count = 0;
  for (const std::string_view key : keys) {
    const std::uint64_t hash = hash64(key);
    const Shard* shard = shards_[shard_of(hash)].shard.get();
    if (shard != nullptr) room[count++] = {shard, upper_half(hash)};
  }
  const std::span<const Lookup> lookups(room.data(), count);
  for (const Lookup& lookup : lookups) lookup.shard->prefetch();
  for (const Lookup& lookup : lookups) lookup.shard->prefetch_slot(lookup.hash);
  for (const Lookup& lookup : lookups) lookup.shard->prefetch_page(lookup.hash);
  for (const Lookup& lookup : lookups) lookup.shard->prefetch_record(lookup.hash);
}

void KvStore::clear() {
  for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
    if (shards_[shard].shard == nullptr) continue;
    garbage_.push_back(std::move(shards_[shard]));
    empty_slot(shard);
  }
  size_ = 0;
  next_expiry_ms_ = 0;
}

KvStore KvStore::take_garbage() {
  KvStore held(1);
  held.garbage_.swap(garbage_);
  return held;
}

// --- time ---

void KvStore::advance_clock(std::uint64_t now_ms) {
  clock_ms_ = std::max(clock_ms_, now_ms);
}

void KvStore::sweep(std::uint32_t most_shards, std::uint64_t late_ms) {
  if (next_expiry_ms_ == 0 || clock_ms_ < late_ms || next_expiry_ms_ > clock_ms_ - late_ms) return;
  const std::uint64_t due_ms = clock_ms_ - late_ms;
  std::uint32_t swept = 0;
  for (std::size_t i = 0; i < shards_.size() && swept < most_shards; ++i) {
    const std::size_t shard = sweep_next_;
    sweep_next_ = (sweep_next_ + 1) & (shards_.size() - 1);
    if (earliest_ms_[shard] == 0 || earliest_ms_[shard] > due_ms) continue;
    sweep_shard(shard);
    ++swept;
  }
  if (swept == most_shards) return;
  // None is left to do: find out when there will be one.
  next_expiry_ms_ = 0;
  for (const std::uint64_t earliest : earliest_ms_)
    next_expiry_ms_ = earlier(next_expiry_ms_, earliest);
}

void KvStore::sweep_shard(std::size_t shard) {
  const Shard& records = *shards_[shard].shard;
  const Shard::Expiries expiries = records.expiries(clock_ms_);
  earliest_ms_[shard] = expiries.earliest_ms;
  if (expiries.past == 0) return;
  size_ -= expiries.past;
  if (expiries.past == records.size()) {
    empty_slot(shard);
  } else {
    writable(shards_[shard]).drop_expired(clock_ms_);
  }
}

// --- sessions ---

std::optional<Session> KvStore::find_session(std::string_view client) const {
  if (sessions_.shard == nullptr) return std::nullopt;
  const std::optional<StoredValue> found = sessions_.shard->get(upper_half(hash64(client)), client);
  if (!found || is_past(found->expires_ms)) return std::nullopt;
  Decoder in(found->value);
  const std::uint64_t sequence = in.u64();
  return Session{sequence, in.raw(in.remaining()), found->expires_ms};
}

void KvStore::set_session(std::string_view client, const Session& session) {
  std::string value;
  value.reserve(sizeof(std::uint64_t) + session.answer.size());
  Encoder encoder(value);
  encoder.u64(session.sequence);
  encoder.raw(session.answer);
  writable(sessions_).set(upper_half(hash64(client)), client, {value, session.expires_ms});
}

void KvStore::limit_sessions(std::size_t most) {
  if (sessions() <= most) return;
  std::vector<std::pair<std::uint64_t, std::string>> by_expiry;
  by_expiry.reserve(sessions());
  sessions_.shard->for_each([&](std::string_view client, const StoredValue& record) {
    // What never expires is 0, and must come last.
    by_expiry.emplace_back(record.expires_ms - 1, client);
  });
  std::sort(by_expiry.begin(), by_expiry.end());
  by_expiry.resize(by_expiry.size() - (most - most / 8));
  Shard& shard = writable(sessions_);
  for (const auto& [expires_ms, client] : by_expiry) {
    CHECK(shard.erase(upper_half(hash64(client)), client));
  }
  if (shard.size() == 0) sessions_ = Slot{};
}

std::size_t KvStore::sessions() const {
  return sessions_.shard == nullptr ? 0 : sessions_.shard->size();
}

// --- looking through the keys ---

KvStore::Scanned KvStore::scan(std::uint64_t cursor, std::uint64_t count) const {
  Scanned found;
  while (cursor < shards_.size() && found.keys.size() < count) {
    const Shard* shard = shards_[cursor].shard.get();
    ++cursor;
    if (shard == nullptr) continue;
    shard->for_each([&](std::string_view key, const StoredValue& record) {
      if (!is_past(record.expires_ms)) found.keys.push_back(key);
    });
  }
  found.next = cursor < shards_.size() ? cursor : 0;
  return found;
}

// A random shard and a random key of it are good enough when there are many keys, and cost little.
// Few keys, or many that have expired, are looked through.
std::optional<std::string_view> KvStore::random_key(std::uint64_t random) const {
  constexpr std::uint64_t kTries = 64;
  const std::uint64_t tries = size_ < shards_.size() / 4 ? 0 : kTries;
  for (std::uint64_t i = 0; i < tries; ++i) {
    const std::uint64_t drawn = hash_number(random, i);
    const Shard* shard = shards_[shard_of(drawn)].shard.get();
    if (shard == nullptr) continue;
    const auto [key, record] = shard->random_record(upper_half(drawn));
    if (!is_past(record.expires_ms)) return key;
  }
  return size_ == 0 ? std::nullopt : key_of_rank(random % size_);
}

/// The key that has so many before it, in the order of shards. An expired key has its rank too:
/// then the next one that is there stands in for it, or the first one of all.
std::optional<std::string_view> KvStore::key_of_rank(std::uint64_t rank) const {
  std::uint64_t passed = 0;
  std::optional<std::string_view> first;
  std::optional<std::string_view> found;
  for (const Slot& slot : shards_) {
    if (slot.shard == nullptr) continue;
    if (first && passed + slot.shard->size() <= rank) {
      passed += slot.shard->size();
      continue;
    }
    slot.shard->for_each([&](std::string_view key, const StoredValue& record) {
      const bool here = passed++ >= rank;
      if (is_past(record.expires_ms)) return;
      if (!first) first = key;
      if (here && !found) found = key;
    });
    if (found) return found;
  }
  return first;
}

// --- the whole ---

std::uint64_t KvStore::live_size() const {
  constexpr std::uint64_t kMostVisited = 100'000;
  std::uint64_t sum = size_;
  std::uint64_t visited = 0;
  for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
    if (!is_past(earliest_ms_[shard])) continue;
    visited += shards_[shard].shard->size();
    if (visited > kMostVisited) break;
    sum -= shards_[shard].shard->expiries(clock_ms_).past;
  }
  return sum;
}

std::uint64_t KvStore::expiring() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : shards_) sum += slot.shard == nullptr ? 0 : slot.shard->expiring();
  return sum;
}

std::uint64_t KvStore::memory_bytes() const {
  std::uint64_t sum = sizeof(KvStore) + shards_.capacity() * sizeof(Slot) +
                      earliest_ms_.capacity() * sizeof(std::uint64_t);
  for (const Slot& slot : shards_) {
    if (slot.shard != nullptr) sum += slot.shard->memory_bytes();
  }
  return sum + (sessions_.shard == nullptr ? 0 : sessions_.shard->memory_bytes());
}

std::uint64_t KvStore::state_hash() const {
  std::uint64_t sum = clock_ms_ == 0 ? 0 : hash_number(clock_ms_, kClockSeed);
  for (const Slot& slot : shards_) {
    if (slot.shard == nullptr) continue;
    slot.shard->for_each([&](std::string_view key, const StoredValue& record) {
      if (!is_past(record.expires_ms)) sum += hash_record(key, record, 0);
    });
  }
  if (sessions_.shard == nullptr) return sum;
  sessions_.shard->for_each([&sum](std::string_view client, const StoredValue& record) {
    sum += hash_record(client, record, kSessionSeed);
  });
  return sum;
}

Shard& KvStore::writable(Slot& slot) {
  if (!slot.owned || slot.shard == nullptr) {
    slot.shard =
        slot.shard == nullptr ? std::make_shared<Shard>() : std::make_shared<Shard>(*slot.shard);
    slot.owned = true;
  }
  return *slot.shard;
}

void KvStore::empty_slot(std::size_t shard) {
  shards_[shard] = Slot{};
  earliest_ms_[shard] = 0;
}

}  // namespace kv
