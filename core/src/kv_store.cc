#include "core/kv_store.h"

#include "core/bytes.h"
#include "core/check.h"
#include "core/hash.h"
#include "shard.h"

namespace kv {
namespace {

// The lower half of a key's hash chooses the shard, the upper half the place in it.
std::uint32_t upper_half(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
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

KvStore::KvStore(std::uint32_t shard_count) : shards_(shard_count) {
  CHECK(shard_count > 0 && (shard_count & (shard_count - 1)) == 0);
}

CommandResult KvStore::apply(const Command& command) {
  if (const auto* written = std::get_if<SetCommand>(&command))
    return set(written->key, written->value);
  return erase(std::get<DeleteCommand>(command).key);
}

CommandResult KvStore::set(std::string_view key, std::string_view value) {
  const std::uint64_t hash = hash64(key);
  const bool existed = writable(hash).set(upper_half(hash), key, value);
  if (!existed) ++size_;
  return {existed};
}

CommandResult KvStore::erase(std::string_view key) {
  if (!get(key)) return {false};
  const std::uint64_t hash = hash64(key);
  Shard& shard = writable(hash);
  CHECK(shard.erase(upper_half(hash), key));
  if (shard.size() == 0) shards_[hash & (shards_.size() - 1)] = Slot{};
  --size_;
  return {true};
}

std::optional<std::string_view> KvStore::get(std::string_view key) const {
  const std::uint64_t hash = hash64(key);
  const Slot& slot = slot_of(hash);
  if (slot.shard == nullptr) return std::nullopt;
  return slot.shard->get(upper_half(hash), key);
}

std::uint64_t KvStore::memory_bytes() const {
  std::uint64_t sum = sizeof(KvStore) + shards_.capacity() * sizeof(Slot);
  for (const Slot& slot : shards_) {
    if (slot.shard != nullptr) sum += slot.shard->memory_bytes();
  }
  return sum;
}

std::uint64_t KvStore::state_hash() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : shards_) {
    if (slot.shard == nullptr) continue;
    slot.shard->for_each([&sum](std::string_view key, std::string_view value) {
      sum += hash64(value, hash64(key));
    });
  }
  return sum;
}

void KvStore::encode_shard(std::uint32_t shard, std::string& out) const {
  Encoder encoder(out);
  const Shard* records = shards_[shard].shard.get();
  if (records == nullptr) {
    encoder.u32(0);
    return;
  }
  encoder.u32(records->size());
  records->for_each([&encoder](std::string_view key, std::string_view value) {
    encoder.u32(static_cast<std::uint32_t>(key.size()));
    encoder.u32(static_cast<std::uint32_t>(value.size()));
    encoder.raw(key);
    encoder.raw(value);
  });
}

std::uint64_t KvStore::shard_bytes(std::uint32_t shard) const {
  const Shard* records = shards_[shard].shard.get();
  return sizeof(std::uint32_t) + (records == nullptr ? 0 : records->record_bytes());
}

void KvStore::drop_shard(std::uint32_t shard) {
  if (shards_.at(shard).shard == nullptr) return;
  size_ -= shards_[shard].shard->size();
  shards_[shard] = Slot{};
}

Outcome KvStore::load_shard(Decoder& in) {
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::uint32_t key_size = in.u32();
    const std::uint32_t value_size = in.u32();
    const std::string_view key = in.raw(key_size);
    const std::string_view value = in.raw(value_size);
    if (in.ok() && set(key, value).existed) {
      return Error{"record " + std::to_string(i + 1) + " of " + std::to_string(count) +
                   " has a key that came before"};
    }
  }
  if (!in.ok())
    return Error{"the bytes end before the last of " + std::to_string(count) + " records"};
  return success();
}

Shard& KvStore::writable(std::uint64_t hash) {
  Slot& slot = shards_[hash & (shards_.size() - 1)];
  if (!slot.owned || slot.shard == nullptr) {
    slot.shard =
        slot.shard == nullptr ? std::make_shared<Shard>() : std::make_shared<Shard>(*slot.shard);
    slot.owned = true;
  }
  return *slot.shard;
}

}  // namespace kv
