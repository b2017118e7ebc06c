#include "wal_frame.h"

#include <algorithm>

#include "core/check.h"
#include "core/hash.h"
#include "core/snapshot.h"

namespace kv::wal_format {
namespace {

constexpr std::string_view kSegmentMagic = "KVWAL001";
constexpr std::uint32_t kFormatVersion = 2;
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxMembersBytes = 4096;
constexpr std::uint32_t kFrameMagic = 0x4d52464b;  // "KFRM"
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kCheckedHeaderBytes = kFrameHeaderBytes - kChecksumBytes;

constexpr std::string_view kPrefix = "log-";
constexpr std::string_view kSuffix = ".wal";
constexpr std::size_t kDigits = 16;

std::uint64_t frame_checksum(std::string_view header, std::string_view body, std::uint64_t seed) {
  return hash64(body, hash64(header.substr(0, kCheckedHeaderBytes), seed));
}

Error damaged_header(std::string_view name, const std::string& what) {
  return Error{std::string(name) + " is damaged at offset 0: " + what + "." +
               std::string(kDamageWayOut)};
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header, std::uint64_t& seed) {
  CHECK(header.node_name.size() <= kMaxNameBytes);
  CHECK(header.members.size() <= kMaxMembersBytes);
  std::string bytes;
  Encoder out(bytes);
  out.raw(kSegmentMagic);
  out.u32(kFormatVersion);
  out.u64(header.sequence);
  out.u64(header.file_bytes);
  out.u64(header.incarnation);
  out.u64(header.chain);
  out.text(header.node_name);
  out.text(header.members);
  bytes.resize(aligned(bytes.size()), '\0');
  seed = hash64(bytes);
  out.u64(seed);
  return bytes;
}

Result<SegmentStart> decode_segment_header(std::string_view name, std::string_view bytes) {
  Decoder in(bytes);
  if (in.raw(kSegmentMagic.size()) != kSegmentMagic) {
    return damaged_header(name, "it does not begin with \"" + std::string(kSegmentMagic) + "\"");
  }
  const std::uint32_t version = in.u32();
  if (in.ok() && version != kFormatVersion) {
    return Error{std::string(name) + " has log format " + std::to_string(version) +
                 "; this program reads format " + std::to_string(kFormatVersion) +
                 ". Start it with the version of the program that wrote it."};
  }
  SegmentStart start;
  start.header.sequence = in.u64();
  start.header.file_bytes = in.u64();
  start.header.incarnation = in.u64();
  start.header.chain = in.u64();
  start.header.node_name = in.text();
  start.header.members = in.text();
  const std::size_t checked_bytes = aligned(in.position());
  in.raw(checked_bytes - in.position());
  start.seed = in.u64();
  start.size_bytes = in.position();
  if (!in.ok() || hash64(bytes.substr(0, checked_bytes)) != start.seed) {
    return damaged_header(name, "the checksum of its header does not match");
  }
  if (bytes.size() < start.header.file_bytes) {
    return Error{std::string(name) + " is cut off: it has " + std::to_string(bytes.size()) +
                 " bytes and was made with " + std::to_string(start.header.file_bytes) + "." +
                 std::string(kDamageWayOut)};
  }
  return start;
}

std::string segment_name(std::uint64_t sequence) {
  const std::string digits = std::to_string(sequence);
  CHECK(digits.size() <= kDigits);
  return std::string(kPrefix) + std::string(kDigits - digits.size(), '0') + digits +
         std::string(kSuffix);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size()) return std::nullopt;
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t sequence = 0;
  for (const char digit : name.substr(kPrefix.size(), kDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    sequence = sequence * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return sequence;
}

std::string begin_frame() {
  return std::string(kFrameHeaderBytes, '\0');
}

void append_hard_state(std::string& frame, const HardState& hard_state) {
  std::string payload;
  Encoder fields(payload);
  fields.u64(hard_state.term);
  fields.u32(hard_state.voted_for);
  fields.u32(static_cast<std::uint32_t>(hard_state.incarnations.size()));
  for (const auto& [node, incarnation] : hard_state.incarnations) {
    fields.u32(node);
    fields.u64(incarnation);
  }
  Encoder out(frame);
  out.u8(static_cast<std::uint8_t>(RecordType::kHardState));
  out.text(payload);
}

void append_index(std::string& frame, RecordType type, LogIndex index) {
  Encoder out(frame);
  out.u8(static_cast<std::uint8_t>(type));
  out.u32(sizeof(index));
  out.u64(index);
}

void make_room(std::string& frame, const std::vector<Entry>& entries) {
  constexpr std::size_t kTypeAndSizeBytes = 1 + 4;
  std::size_t size_bytes = frame.size();
  for (const Entry& entry : entries) size_bytes += kTypeAndSizeBytes + entry.size();
  frame.reserve(aligned(size_bytes));
}

void append_entry(std::string& frame, const Entry& entry) {
  Encoder out(frame);
  out.u8(static_cast<std::uint8_t>(RecordType::kEntry));
  out.text(entry.encoded.view());
}

std::uint64_t seal_frame(std::string& frame, std::uint64_t offset, std::uint64_t synced_to,
                         std::uint64_t previous, std::uint64_t seed) {
  CHECK(frame.size() >= kFrameHeaderBytes && frame.size() <= UINT32_MAX);
  char* to = frame.data();
  to = write_integer(to, kFrameMagic, 4);
  to = write_integer(to, frame.size() - kFrameHeaderBytes, 4);
  to = write_integer(to, offset, 8);
  to = write_integer(to, synced_to, 8);
  to = write_integer(to, previous, 8);
  const std::uint64_t checksum =
      frame_checksum(frame, std::string_view(frame).substr(kFrameHeaderBytes), seed);
  write_integer(to, checksum, 8);
  frame.resize(aligned(frame.size()), '\0');
  return checksum;
}

std::optional<Frame> read_frame(std::string_view segment, std::uint64_t offset,
                                std::uint64_t seed) {
  if (offset > segment.size()) return std::nullopt;
  const std::string_view header = segment.substr(offset);
  Decoder in(header);
  if (in.u32() != kFrameMagic) return std::nullopt;
  const std::uint32_t body_bytes = in.u32();
  Frame frame;
  frame.offset = in.u64();
  frame.synced_to = in.u64();
  frame.previous = in.u64();
  frame.checksum = in.u64();
  frame.body = in.raw(body_bytes);
  if (!in.ok() || frame.offset != offset) return std::nullopt;
  if (frame_checksum(header, frame.body, seed) != frame.checksum) return std::nullopt;
  return frame;
}

std::uint64_t torn_frame_bytes(std::string_view segment, std::uint64_t offset,
                               std::uint64_t previous) {
  if (offset > segment.size()) return 0;
  Decoder in(segment.substr(offset));
  const std::uint32_t magic = in.u32();
  const std::uint32_t body_bytes = in.u32();
  const std::uint64_t own_offset = in.u64();
  in.u64();
  const bool chains = in.u64() == previous;
  if (!in.ok() || magic != kFrameMagic || own_offset != offset || !chains) return 0;
  return std::min<std::uint64_t>(aligned(kFrameHeaderBytes + body_bytes), segment.size() - offset);
}

Result<HardState> decode_hard_state(std::string_view payload) {
  Decoder in(payload);
  HardState hard_state;
  hard_state.term = in.u64();
  hard_state.voted_for = in.u32();
  const std::uint32_t count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const NodeId node = in.u32();
    hard_state.incarnations.try_emplace(node, in.u64());
  }
  if (!in.complete()) return Error{"a record of the hard state has the wrong size"};
  return hard_state;
}

}  // namespace kv::wal_format
