#include "core/snapshot.h"

#include "core/check.h"
#include "core/hash.h"

// Format: blocks of u32 payload size, u8 kind, payload, u64 checksum. Each checksum covers its
// block and is chained from the one before, so that no block can be lost, doubled or moved unseen.

namespace kv {
namespace {

constexpr std::string_view kMagic = "KVSNAP01";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kFrontBytes = 4 + 1;
constexpr std::size_t kChecksumBytes = 8;
/// No version's header is larger.
constexpr std::size_t kMaxHeaderBytes = 4096;
constexpr std::string_view kFilePrefix = "snapshot-";
constexpr std::string_view kFileSuffix = ".snap";
constexpr std::size_t kFileDigits = 12;

enum BlockKind : std::uint8_t {
  kHeaderBlock = 1,  // magic, u32 version, u64 last index, u64 last term, u32 shard count
  kShardsBlock = 2,  // u32 first shard, u32 one past the last, what encode_shards() made
  kEndBlock = 3,     // u64 number of keys
};

std::string begin_block(BlockKind kind, std::size_t payload_bytes) {
  CHECK(payload_bytes <= UINT32_MAX);
  std::string block;
  block.reserve(kFrontBytes + payload_bytes + kChecksumBytes);
  Encoder encoder(block);
  encoder.u32(static_cast<std::uint32_t>(payload_bytes));
  encoder.u8(kind);
  return block;
}

std::string end_block(std::string block, std::uint64_t& chain) {
  chain = hash64(block, chain);
  Encoder(block).u64(chain);
  return block;
}

}  // namespace

ShardRun encode_shards(const KvStore& state, std::uint32_t first, std::size_t target_bytes) {
  CHECK(first < state.shard_count());
  ShardRun run;
  run.end = first;
  std::size_t size_bytes = 0;
  do {
    size_bytes += state.shard_bytes(run.end);
    ++run.end;
  } while (run.end < state.shard_count() &&
           size_bytes + state.shard_bytes(run.end) <= target_bytes);
  run.data.reserve(size_bytes);
  for (std::uint32_t shard = first; shard < run.end; ++shard) state.encode_shard(shard, run.data);
  return run;
}

Outcome load_shards(KvStore& state, std::uint32_t count, std::string_view data) {
  Decoder in(data);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Outcome loaded = state.load_shard(in);
    if (!loaded) {
      return Error{"shard " + std::to_string(i + 1) + " of a run of " + std::to_string(count) +
                   ": " + loaded.error().message};
    }
  }
  if (!in.complete()) {
    return Error{std::to_string(in.remaining()) + " bytes are left over behind a run of " +
                 std::to_string(count) + " shards"};
  }
  return success();
}

SnapshotEncoder::SnapshotEncoder(const Snapshot& snapshot)
    : last_index_(snapshot.last_index),
      last_term_(snapshot.last_term),
      state_(snapshot.state),
      keys_(snapshot.state.size()) {}

std::string SnapshotEncoder::next(std::size_t target_bytes) {
  switch (part_) {
    case Part::kHeader:
      part_ = Part::kShards;
      return header_block();
    case Part::kShards: {
      std::string block = shards_block(target_bytes);
      if (next_shard_ == state_.shard_count()) part_ = Part::kEnd;
      return block;
    }
    case Part::kEnd: {
      std::string block = begin_block(kEndBlock, 8);
      Encoder(block).u64(keys_);
      part_ = Part::kDone;
      return end_block(std::move(block), chain_);
    }
    case Part::kDone:
      break;
  }
  return {};
}

std::string SnapshotEncoder::header_block() {
  std::string block = begin_block(kHeaderBlock, kMagic.size() + 4 + 8 + 8 + 4);
  Encoder encoder(block);
  encoder.raw(kMagic);
  encoder.u32(kVersion);
  encoder.u64(last_index_);
  encoder.u64(last_term_);
  encoder.u32(state_.shard_count());
  return end_block(std::move(block), chain_);
}

std::string SnapshotEncoder::shards_block(std::size_t target_bytes) {
  const ShardRun run = encode_shards(state_, next_shard_, target_bytes);
  std::string block = begin_block(kShardsBlock, 4 + 4 + run.data.size());
  Encoder encoder(block);
  encoder.u32(next_shard_);
  encoder.u32(run.end);
  encoder.raw(run.data);
  for (; next_shard_ < run.end; ++next_shard_) state_.drop_shard(next_shard_);
  return end_block(std::move(block), chain_);
}

SnapshotDecoder::SnapshotDecoder(std::string name, std::uint32_t shard_count)
    : name_(std::move(name)), snapshot_{0, 0, KvStore(shard_count)} {}

Outcome SnapshotDecoder::feed(std::string_view bytes) {
  pending_.append(bytes);
  const std::string_view all = pending_;
  std::size_t used = 0;
  Result<std::size_t> taken = take_block(all);
  while (taken && *taken > 0) {
    used += *taken;
    offset_ += *taken;
    taken = take_block(all.substr(used));
  }
  pending_.erase(0, used);
  if (!taken) return taken.error();
  return success();
}

Result<SnapshotPtr> SnapshotDecoder::finish() {
  if (part_ != Part::kDone || !pending_.empty()) {
    return damaged("the file ends too early, after " + std::to_string(pending_.size()) +
                   " bytes of the block that begins there");
  }
  // A copy, because copies share their shards with any thread (see KvStore).
  SnapshotPtr copy = std::make_shared<const Snapshot>(snapshot_);
  snapshot_ = Snapshot{0, 0, KvStore(1)};
  return copy;
}

// Takes one whole block off the front and returns its size; 0 if more bytes are needed for that.
Result<std::size_t> SnapshotDecoder::take_block(std::string_view bytes) {
  if (bytes.empty()) return std::size_t{0};
  if (part_ == Part::kDone) return damaged("there are bytes behind the end of the snapshot");
  const bool header = part_ == Part::kHeader;
  if (header && bytes.size() >= kFrontBytes + kMagic.size() &&
      bytes.substr(kFrontBytes, kMagic.size()) != kMagic) {
    return damaged("this is not a snapshot file");
  }
  Decoder front(bytes);
  const std::uint32_t payload_size = front.u32();
  const std::uint8_t kind = front.u8();
  if (!front.ok()) return std::size_t{0};
  if (header && payload_size > kMaxHeaderBytes) return damaged("the size of the header is wrong");
  const std::string_view payload = front.raw(payload_size);
  const std::uint64_t checksum = front.u64();
  if (!front.ok()) return std::size_t{0};
  const std::uint64_t expected = hash64(bytes.substr(0, kFrontBytes + payload_size), chain_);
  if (checksum != expected) return damaged("the checksum of the block that begins there is wrong");
  const Outcome taken = take_payload(kind, payload);
  if (!taken) return taken.error();
  chain_ = checksum;
  return front.position();
}

Outcome SnapshotDecoder::take_payload(std::uint8_t kind, std::string_view payload) {
  Decoder in(payload);
  if (part_ == Part::kHeader && kind == kHeaderBlock) return take_header(in);
  if (part_ == Part::kShards && kind == kShardsBlock) {
    const std::uint32_t first = in.u32();
    const std::uint32_t end = in.u32();
    if (!in.ok() || first != next_shard_ || end <= first || end > shard_count_) {
      return damaged("a block of shards is out of order");
    }
    const Outcome loaded = load_shards(snapshot_.state, end - first, in.raw(in.remaining()));
    if (!loaded) return damaged(loaded.error().message);
    next_shard_ = end;
    if (next_shard_ == shard_count_) part_ = Part::kEnd;
    return success();
  }
  if (part_ == Part::kEnd && kind == kEndBlock) {
    const std::uint64_t keys = in.u64();
    if (!in.complete() || keys != snapshot_.state.size())
      return damaged("the number of keys is wrong");
    part_ = Part::kDone;
    return success();
  }
  return damaged("a block of kind " + std::to_string(kind) + " is out of order");
}

Outcome SnapshotDecoder::take_header(Decoder in) {
  in.raw(kMagic.size());
  const std::uint32_t version = in.u32();
  if (version != kVersion) {
    return Error{name_ + ": snapshot format version " + std::to_string(version) +
                 ", and this program reads version " + std::to_string(kVersion) +
                 ". Start the node with the program version that wrote it"};
  }
  snapshot_.last_index = in.u64();
  snapshot_.last_term = in.u64();
  shard_count_ = in.u32();
  if (!in.complete() || shard_count_ == 0) return damaged("the header makes no sense");
  part_ = Part::kShards;
  return success();
}

Error SnapshotDecoder::damaged(const std::string& what) const {
  return Error{name_ + ": damaged snapshot at offset " + std::to_string(offset_) + ": " + what +
               "." + std::string(kDamageWayOut)};
}

std::string snapshot_file_name(LogIndex last_index) {
  std::string digits = std::to_string(last_index);
  if (digits.size() < kFileDigits) digits.insert(0, kFileDigits - digits.size(), '0');
  return std::string(kFilePrefix).append(digits).append(kFileSuffix);
}

std::optional<LogIndex> parse_snapshot_file_name(std::string_view name) {
  if (name.size() < kFilePrefix.size() + kFileSuffix.size()) return std::nullopt;
  LogIndex index = 0;
  const std::size_t digits = name.size() - kFilePrefix.size() - kFileSuffix.size();
  for (const char digit : name.substr(kFilePrefix.size(), digits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    index = index * 10 + static_cast<LogIndex>(digit - '0');
  }
  // Catches a wrong prefix or suffix, too few digits and an overflow alike.
  if (snapshot_file_name(index) != name) return std::nullopt;
  return index;
}

}  // namespace kv
