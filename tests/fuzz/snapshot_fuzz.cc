#include "core/hash.h"
#include "core/snapshot.h"
#include "targets.h"

namespace kv::fuzz {
namespace {

constexpr std::uint32_t kShards = 4;

/// Blocks of (u8 payload size, u8 kind, payload) as a file with the right sizes and checksums: else
/// no fuzzer would get past them.
std::string sealed(std::string_view blocks) {
  std::string file;
  std::uint64_t chain = 0;
  Decoder in(blocks);
  while (in.ok() && in.remaining() >= 2) {
    const std::size_t size = in.u8();
    const std::uint8_t kind = in.u8();
    const std::string_view payload = in.raw(std::min(size, in.remaining()));
    std::string block;
    Encoder encoder(block);
    encoder.u32(static_cast<std::uint32_t>(payload.size()));
    encoder.u8(kind);
    encoder.raw(payload);
    chain = hash64(block, chain);
    encoder.u64(chain);
    file += block;
  }
  return file;
}

/// The inverse, of a file with small blocks.
std::string unsealed(std::string_view file) {
  std::string blocks;
  Encoder out(blocks);
  Decoder in(file);
  while (in.remaining() > 0) {
    const std::uint32_t size = in.u32();
    out.u8(static_cast<std::uint8_t>(size));
    out.u8(in.u8());
    out.raw(in.raw(size));
    in.u64();
  }
  return blocks;
}

Result<SnapshotPtr> decode(const Cut& cut) {
  SnapshotDecoder decoder("fuzz.snap", kShards);
  Outcome fed = success();
  cut.for_each([&](std::string_view piece) {
    fed = decoder.feed(piece);
    return fed.has_value();
  });
  if (!fed) return fed.error();
  return decoder.finish();
}

std::string encode(const Snapshot& snapshot) {
  SnapshotEncoder encoder(snapshot);
  std::string file;
  for (std::string piece = encoder.next(1); !piece.empty(); piece = encoder.next(1)) file += piece;
  return file;
}

bool equal(const Snapshot& a, const Snapshot& b) {
  return a.last_index == b.last_index && a.last_term == b.last_term &&
         a.state.size() == b.state.size() && a.state.state_hash() == b.state.state_hash();
}

std::string check_file(const Cut& cut) {
  const auto in_pieces = decode(cut);
  Cut whole = cut;
  whole.piece_bytes = cut.bytes.size() + 1;
  const auto at_once = decode(whole);
  if (in_pieces.has_value() != at_once.has_value()) return "cut up, the verdict is another";
  if (!in_pieces) return {};
  if (!equal(**in_pieces, **at_once)) return "cut up, the snapshot is another";
  const std::string again = encode(**in_pieces);
  whole.bytes = again;
  whole.piece_bytes = again.size();
  const auto copy = decode(whole);
  if (!copy) return "what was decoded doesn't come through: " + copy.error().message;
  return equal(**copy, **in_pieces) ? "" : "what was decoded comes through differently";
}

std::string run(std::string_view input) {
  Cut cut(input);
  const std::string wrong = check_file(cut);
  if (!wrong.empty()) return wrong;
  const std::string file = sealed(cut.bytes);
  cut.bytes = file;
  return check_file(cut);
}

std::vector<std::string> seeds() {
  Snapshot small{42, 3, KvStore(kShards)};
  small.state.set("key", "value");
  small.state.set("other", "", 1'700'000'000'000);
  Snapshot large = small;
  large.state.advance_clock(1'600'000'000'000);
  large.state.set_session("client", {7, "answer", 1'800'000'000'000});
  for (int i = 0; i < 20; ++i) large.state.set("key-" + std::to_string(i), "v");
  return {"\7" + encode(small), "\7" + unsealed(encode(small)), "\x80" + encode(large),
          "\1" + unsealed(encode(large)), "\1" + unsealed(encode({0, 0, KvStore(1)}))};
}

}  // namespace

const Target snapshot{"snapshot", run, seeds};

}  // namespace kv::fuzz
