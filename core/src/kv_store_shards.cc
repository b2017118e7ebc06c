#include <string>

#include "core/bytes.h"
#include "core/kv_store.h"
#include "shard.h"

// A store's shards as bytes. Format: docs/formats.md, "Shards".

namespace kv {
namespace {

/// The word behind the key's size: the value's size and these.
constexpr std::uint32_t kExpiryBit = 1U << 31;
constexpr int kKindShift = 29;
constexpr std::uint32_t kSizeMask = (1U << kKindShift) - 1;
static_assert(kSizeMask == KvStore::kMaxValueBytes);

enum RecordKind : std::uint32_t { kKey = 0, kSession = 1, kClock = 2 };

constexpr std::uint64_t kClockBytes = 4 + 4 + 8;

void encode_record(Encoder& out, RecordKind kind, std::string_view key, const StoredValue& record) {
  const bool expires = record.expires_ms != 0;
  const std::uint32_t flags = (std::uint32_t{kind} << kKindShift) | (expires ? kExpiryBit : 0);
  out.u32(static_cast<std::uint32_t>(key.size()));
  out.u32(static_cast<std::uint32_t>(record.value.size()) | flags);
  if (expires) out.u64(record.expires_ms);
  out.raw(key);
  out.raw(record.value);
}

}  // namespace

void KvStore::encode_shard(std::uint32_t shard, std::string& out) const {
  const Shard* records = shards_[shard].shard.get();
  const Shard* sessions = shard == 0 ? sessions_.shard.get() : nullptr;
  const bool clock = shard == 0 && clock_ms_ != 0;
  std::uint32_t count = clock ? 1 : 0;
  if (records != nullptr) count += records->size();
  if (sessions != nullptr) count += sessions->size();
  Encoder encoder(out);
  encoder.u32(count);
  if (clock) encode_record(encoder, kClock, {}, {{}, clock_ms_});
  const auto encode_all = [&encoder](RecordKind kind, const Shard& from) {
    from.for_each([&encoder, kind](std::string_view key, const StoredValue& record) {
      encode_record(encoder, kind, key, record);
    });
  };
  if (sessions != nullptr) encode_all(kSession, *sessions);
  if (records != nullptr) encode_all(kKey, *records);
}

std::uint64_t KvStore::shard_bytes(std::uint32_t shard) const {
  std::uint64_t sum = sizeof(std::uint32_t);
  const Shard* records = shards_[shard].shard.get();
  if (records != nullptr) sum += records->encoded_bytes();
  if (shard != 0) return sum;
  if (sessions_.shard != nullptr) sum += sessions_.shard->encoded_bytes();
  return clock_ms_ == 0 ? sum : sum + kClockBytes;
}

void KvStore::drop_shard(std::uint32_t shard) {
  if (shard == 0) sessions_ = Slot{};
  if (shards_.at(shard).shard == nullptr) return;
  size_ -= shards_[shard].shard->size();
  empty_slot(shard);
}

Outcome KvStore::load_shard(Decoder& in) {
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const Outcome loaded = load_record(in);
    if (!loaded) {
      return Error{"record " + std::to_string(i + 1) + " of " + std::to_string(count) + " " +
                   loaded.error().message};
    }
  }
  if (!in.ok())
    return Error{"the bytes end before the last of " + std::to_string(count) + " records"};
  return success();
}

/// Success also when the bytes end too early: the decoder knows.
Outcome KvStore::load_record(Decoder& in) {
  const std::uint32_t key_size = in.u32();
  const std::uint32_t word = in.u32();
  const bool expires = (word & kExpiryBit) != 0;
  StoredValue record{{}, expires ? in.u64() : 0};
  const std::string_view key = in.raw(key_size);
  record.value = in.raw(word & kSizeMask);
  if (!in.ok()) return success();
  if (expires && record.expires_ms == 0) return Error{"has an empty expiry"};
  switch ((word & ~kExpiryBit) >> kKindShift) {
    case kKey:
      if (put(key, record)) return Error{"has a key that came before"};
      return success();
    case kSession: {
      if (record.value.size() < sizeof(std::uint64_t))
        return Error{"is a session without a number"};
      const std::size_t before = sessions();
      Decoder value(record.value);
      const std::uint64_t sequence = value.u64();
      set_session(key, {sequence, value.raw(value.remaining()), record.expires_ms});
      if (sessions() == before) return Error{"is a session that came before"};
      return success();
    }
    case kClock:
      if (clock_ms_ != 0) return Error{"is a clock that came before"};
      if (!expires || !key.empty() || !record.value.empty()) return Error{"is a clock of no time"};
      clock_ms_ = record.expires_ms;
      return success();
    default:
      return Error{"is of an unknown kind"};
  }
}

}  // namespace kv
