#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/entry.h"
#include "core/result.h"
#include "core/types.h"

/// The bytes of a segment file: a header, then frames. See docs/formats.md.
namespace kv::wal_format {

inline constexpr std::size_t kAlignment = 8;
inline constexpr std::size_t kFrameHeaderBytes = 40;

constexpr std::size_t aligned(std::size_t size_bytes) {
  return (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct SegmentHeader {
  std::uint64_t sequence{0};
  std::uint64_t file_bytes{0};
  Incarnation incarnation{0};
  std::uint64_t chain{0};  ///< checksum of the last frame of the segment before, 0 in the first one
  std::string node_name{};
  std::string members{};
};

/// A header with what its frames need. The checksum of the header seeds the checksums of the
/// frames, so a frame from a former life of a recycled file, or from another file, is never valid.
struct SegmentStart {
  SegmentHeader header{};
  std::size_t size_bytes{0};
  std::uint64_t seed{0};
};

/// The last eight bytes are the checksum, which is also given as `seed`.
std::string encode_segment_header(const SegmentHeader& header, std::uint64_t& seed);
/// `name` is the file's, for messages.
Result<SegmentStart> decode_segment_header(std::string_view name, std::string_view bytes);

std::string segment_name(std::uint64_t sequence);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

enum class RecordType : std::uint8_t {
  kHardState = 1,
  kPosition = 2,  ///< first frame of a segment: the log's last index at that point
  kReset = 3,     ///< a snapshot replaced the log, which goes on behind this index
  kEntry = 4,
};

struct Frame {
  std::uint64_t offset{0};
  std::uint64_t synced_to{0};
  std::uint64_t previous{0};
  std::uint64_t checksum{0};
  std::string_view body{};

  std::uint64_t end() const { return offset + aligned(kFrameHeaderBytes + body.size()); }
};

/// A frame under construction: room for the header; the append_…() functions add records to its
/// body.
std::string begin_frame();
void append_hard_state(std::string& frame, const HardState& hard_state);
void append_index(std::string& frame, RecordType type, LogIndex index);
/// For all these entries, so that the frame doesn't grow and move with them.
void make_room(std::string& frame, const std::vector<Entry>& entries);
void append_entry(std::string& frame, const Entry& entry);
/// Fills the header in and pads to the alignment. Returns the frame's checksum.
std::uint64_t seal_frame(std::string& frame, std::uint64_t offset, std::uint64_t synced_to,
                         std::uint64_t previous, std::uint64_t seed);

/// The frame at `offset` if one stands there that was written for this place; its `previous` is not
/// judged.
std::optional<Frame> read_frame(std::string_view segment, std::uint64_t offset, std::uint64_t seed);

/// How many bytes a frame at `offset` that chains on `previous` was going to take, judged by its
/// header alone, when its body did not get to the disk; 0 when there is no sign of one.
std::uint64_t torn_frame_bytes(std::string_view segment, std::uint64_t offset,
                               std::uint64_t previous);

Result<HardState> decode_hard_state(std::string_view payload);

}  // namespace kv::wal_format
