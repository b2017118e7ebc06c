#include "core/wal.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "wal_frame.h"

namespace kv {

namespace format = wal_format;
using Operations = std::vector<DiskOperation>;

namespace {

constexpr std::size_t kMaxSpares = 2;
constexpr std::uint64_t kFillStepBytes = 512 << 10;
constexpr std::uint64_t kMinSegmentBytes = 4096;

}  // namespace

Wal::Wal(Options options, Incarnation incarnation)
    : options_(std::move(options)), incarnation_(incarnation) {
  CHECK(options_.segment_bytes >= kMinSegmentBytes);
  CHECK(options_.segment_bytes % format::kAlignment == 0);
}

bool Wal::is_segment_name(std::string_view name) {
  return format::parse_segment_name(name).has_value();
}

Wal::Opened Wal::create(Options options, Incarnation incarnation) {
  Opened opened{Wal(std::move(options), incarnation)};
  opened.recovered.incarnation = incarnation;
  opened.wal.begin_segment(0, opened.operations);
  return opened;
}

Operations Wal::append(const Write& write) {
  Operations operations;
  std::string frame = format::begin_frame();
  if (write.hard_state) format::append_hard_state(frame, *write.hard_state);

  LogIndex last_index = last_index_;
  LogIndex max_index = 0;
  if (write.install) {
    // Snapshot first, then the record that drops the log: a crash between them leaves a snapshot
    // that is newer than the log, and recovery lets the snapshot win. The other way round would
    // leave a log that begins behind entries nobody has. Hard state and everything before must be
    // durable before the snapshot, else a crash could leave a snapshot of a term that the node
    // never heard of.
    if (write.hard_state) {
      write_frame(std::exchange(frame, format::begin_frame()), operations);
      hard_state_ = *write.hard_state;
    }
    flush(operations);
    operations.push_back(SaveSnapshot{write.install});
    last_index = write.install->last_index;
    max_index = last_index;
    format::append_index(frame, format::RecordType::kReset, last_index);
  }
  format::make_room(frame, write.append);
  for (const Entry& entry : write.append) {
    const bool first = &entry == &write.append.front();
    CHECK(first ? entry.index <= last_index + 1 : entry.index == last_index + 1);
    last_index = entry.index;
    format::append_entry(frame, entry);
  }
  max_index = std::max(max_index, last_index);
  if (frame.size() > format::kFrameHeaderBytes) write_frame(std::move(frame), operations);

  // Only now: if this frame began a segment, that segment's first frame had to repeat the state
  // before this write, or a crash between the two could leave half of the write.
  if (write.hard_state) hard_state_ = *write.hard_state;
  last_index_ = last_index;
  segments_.back().max_index = std::max(segments_.back().max_index, max_index);
  discard(write.discard_through, operations);
  return operations;
}

Operations Wal::sync() {
  Operations operations;
  flush(operations);
  return operations;
}

Operations Wal::mark() {
  CHECK(marked_ || offset_ == synced_to_);
  if (marked_) return {};
  Operations operations;
  write_frame(format::begin_frame(), operations);
  marked_ = true;
  return operations;
}

/// Every frame leaves room for a mark behind it, so that a mark never begins a segment.
void Wal::write_frame(std::string frame, Operations& operations) {
  const bool is_mark = frame.size() == format::kFrameHeaderBytes;
  const std::size_t room_bytes =
      format::aligned(frame.size()) + (is_mark ? 0 : format::kFrameHeaderBytes);
  if (segments_.back().size_bytes - offset_ < room_bytes) begin_segment(room_bytes, operations);
  chain_ = format::seal_frame(frame, offset_, synced_to_, chain_, seed_);
  claimed_to_ = synced_to_;
  const std::uint64_t offset = std::exchange(offset_, offset_ + frame.size());
  operations.push_back(WriteAt{segments_.back().name, offset, std::move(frame)});
  marked_ = false;
}

/// A segment gets its name when its header and first frame are durable, and only after the segment
/// before is synced whole. So whatever moment a crash picks, a file with the name of a segment has
/// a valid start (damage there is damage, not an unfinished creation), and only the last segment
/// can have a torn tail.
void Wal::begin_segment(std::size_t room_bytes, Operations& operations) {
  if (!segments_.empty()) flush(operations);

  format::SegmentHeader header;
  header.sequence = segments_.empty() ? 1 : segments_.back().sequence + 1;
  header.incarnation = incarnation_;
  header.chain = chain_;
  header.node_name = options_.node_name;
  header.members = options_.members;
  std::string frame = format::begin_frame();
  format::append_hard_state(frame, hard_state_);
  format::append_index(frame, format::RecordType::kPosition, last_index_);
  const std::size_t start_bytes =
      format::encode_segment_header(header, seed_).size() + format::aligned(frame.size());
  header.file_bytes = std::max<std::uint64_t>(options_.segment_bytes,
                                              start_bytes + room_bytes + format::kFrameHeaderBytes);
  std::string start = format::encode_segment_header(header, seed_);
  chain_ = format::seal_frame(frame, start.size(), 0, chain_, seed_);
  start += frame;
  offset_ = start.size();
  synced_to_ = offset_;
  vouched_to_ = offset_;  // a segment without a valid start is damaged
  marked_ = false;

  const std::string spare = take_spare(header.file_bytes, operations);
  const std::string name = format::segment_name(header.sequence);
  operations.push_back(WriteAt{spare, 0, std::move(start)});
  operations.push_back(SyncFile{spare});
  operations.push_back(RenameFile{spare, name});
  operations.push_back(SyncDirectory{});
  segments_.push_back(Segment{name, header.sequence, header.file_bytes, last_index_});
}

void Wal::flush(Operations& operations) {
  if (offset_ == synced_to_) return;
  operations.push_back(SyncFile{segments_.back().name});
  synced_to_ = offset_;
  vouched_to_ = claimed_to_;
}

/// Whatever is dropped here is covered by a durable snapshot, and the hard state stands at the
/// start of every later segment. The directory is synced before a recycled file can be written to:
/// else a crash could bring its old name back with its new bytes.
void Wal::discard(LogIndex through, Operations& operations) {
  bool changed = false;
  while (segments_.size() > 1 && segments_.front().max_index <= through) {
    const Segment& segment = segments_.front();
    if (segment.size_bytes == options_.segment_bytes && spares_.size() < kMaxSpares) {
      const std::string spare = free_spare_name();
      operations.push_back(RenameFile{segment.name, spare});
      spares_.push_back(Spare{spare, segment.size_bytes});
    } else {
      operations.push_back(RemoveFile{segment.name});
    }
    segments_.pop_front();
    changed = true;
  }
  if (changed) operations.push_back(SyncDirectory{});
}

std::string Wal::free_spare_name() const {
  for (std::size_t number = 1;; ++number) {
    const std::string name = "spare-" + std::to_string(number) + ".wal";
    const auto has_name = [&](const Spare& spare) { return spare.name == name; };
    if (std::none_of(spares_.begin(), spares_.end(), has_name)) return name;
  }
}

/// The name of a file of `size_bytes`, made now if there is none.
std::string Wal::take_spare(std::uint64_t size_bytes, Operations& operations) {
  if (size_bytes != options_.segment_bytes || spares_.empty()) {
    const std::string name = free_spare_name();
    operations.push_back(CreateFile{name, size_bytes});
    return name;
  }
  const auto fuller = [](const Spare& a, const Spare& b) {
    return a.filled_bytes < b.filled_bytes;
  };
  const auto best = std::max_element(spares_.begin(), spares_.end(), fuller);
  fill_spare(*best, size_bytes, operations);
  const std::string name = best->name;
  spares_.erase(best);
  return name;
}

void Wal::fill_spare(Spare& spare, std::uint64_t target_bytes, Operations& operations) {
  if (spare.filled_bytes >= target_bytes) return;
  operations.push_back(WriteAt{spare.name, spare.filled_bytes,
                               std::string(target_bytes - spare.filled_bytes, '\0')});
  spare.filled_bytes = target_bytes;
}

/// Making a file of zeros at a rotation would delay one group by the writing and syncing of all of
/// it. So, without a recycled file, the next one is filled in steps, twice as fast as the current
/// one fills up. Each step is synced, so that the sync of the rotation finds only the header to
/// write.
Operations Wal::prepare() {
  const auto full = [&](const Spare& spare) {
    return spare.filled_bytes == options_.segment_bytes;
  };
  if (std::any_of(spares_.begin(), spares_.end(), full)) return {};
  Operations operations;
  if (spares_.empty()) {
    spares_.push_back(Spare{free_spare_name(), 0});
    operations.push_back(CreateFile{spares_.back().name, 0});
  }
  Spare& spare = spares_.back();
  const std::uint64_t wanted_bytes =
      (2 * offset_ + kFillStepBytes - 1) / kFillStepBytes * kFillStepBytes;
  const std::uint64_t target_bytes = std::min(wanted_bytes, options_.segment_bytes);
  if (target_bytes <= spare.filled_bytes) return {};
  fill_spare(spare, target_bytes, operations);
  operations.push_back(SyncFile{spare.name});
  return operations;
}

}  // namespace kv
