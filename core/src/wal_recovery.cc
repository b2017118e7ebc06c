#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/wal.h"
#include "wal_frame.h"

namespace kv {

namespace format = wal_format;
using Operations = std::vector<DiskOperation>;

namespace {

Error refusal(const std::string& what) {
  return Error{what + "." + std::string(kDamageWayOut)};
}

Error damaged(const std::string& name, std::uint64_t offset, const std::string& what) {
  return refusal(name + " is damaged at offset " + std::to_string(offset) + ", " + what);
}

}  // namespace

/// Reads the segments in order, replays their frames, and makes the Wal that goes on behind the
/// last one.
class WalRecovery {
 public:
  explicit WalRecovery(Wal::Options options) : options_(std::move(options)) {}

  Result<Wal::Opened> run(std::vector<Wal::File> files, SnapshotPtr snapshot);

 private:
  struct Segment {
    std::string name{};
    std::uint64_t sequence{0};
    SharedBytes bytes{};
    format::SegmentStart start{};
    LogIndex max_index{0};
  };

  Outcome take_files(std::vector<Wal::File> files);
  Outcome check_headers();
  Outcome replay_segment(Segment& segment);
  Outcome replay_frame(Segment& segment, const format::Frame& frame);
  Outcome replay_record(format::RecordType type, const SharedBytes& payload);
  Outcome replay_index(format::RecordType type, std::string_view payload);
  Outcome add_entry(Entry entry);
  Outcome check_tail();
  Outcome reconcile(SnapshotPtr snapshot);
  Wal::Opened finish();
  void clear_tail(Operations& operations) const;

  LogIndex last_index() const { return entries_.empty() ? base_ : entries_.back().index; }

  Wal::Options options_;
  std::vector<Segment> segments_{};
  std::vector<std::string> leftovers_{};
  std::vector<std::string> notes_{};

  HardState hard_state_{};
  LogIndex base_{0};              ///< the log as read begins behind this index
  std::vector<Entry> entries_{};  ///< from base_ + 1
  SnapshotPtr snapshot_{};
  LogIndex log_end_{0};      ///< last index as replayed, before the snapshot had its say
  bool log_dropped_{false};  ///< in favour of the snapshot

  bool oldest_frame_{true};      ///< nothing has been replayed yet
  std::uint64_t chain_{0};       ///< checksum of the last valid frame
  std::uint64_t end_{0};         ///< where the valid frames of the segment end
  std::uint64_t claimed_to_{0};  ///< what the last of them says was synced; at least its start
  bool marked_{false};
};

Result<Wal::Opened> Wal::open(Options options, std::vector<File> files, SnapshotPtr snapshot) {
  return WalRecovery(std::move(options)).run(std::move(files), std::move(snapshot));
}

Result<Wal::Opened> WalRecovery::run(std::vector<Wal::File> files, SnapshotPtr snapshot) {
  if (Outcome taken = take_files(std::move(files)); !taken) return taken.error();
  if (Outcome checked = check_headers(); !checked) return checked.error();
  for (Segment& segment : segments_) {
    if (Outcome replayed = replay_segment(segment); !replayed) return replayed.error();
  }
  if (Outcome checked = check_tail(); !checked) return checked.error();
  log_end_ = last_index();
  if (Outcome agreed = reconcile(std::move(snapshot)); !agreed) return agreed.error();
  return finish();
}

/// Segments are removed oldest first, so what stands before a gap in the numbers is left over from
/// a removal that a crash cut short. If it is not, the log begins too late, and reconcile()
/// refuses.
Outcome WalRecovery::take_files(std::vector<Wal::File> files) {
  for (Wal::File& file : files) {
    const std::optional<std::uint64_t> sequence = format::parse_segment_name(file.name);
    if (!sequence) continue;
    segments_.push_back(
        Segment{std::move(file.name), *sequence, SharedBytes(std::move(file.bytes)), {}, 0});
  }
  if (segments_.empty()) return refusal("the log is missing: there is no file log-….wal");
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.sequence < b.sequence; });
  std::size_t first = segments_.size() - 1;
  while (first > 0 && segments_[first - 1].sequence + 1 == segments_[first].sequence) --first;
  for (std::size_t i = 0; i < first; ++i) leftovers_.push_back(segments_[i].name);
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first));
  return success();
}

Outcome WalRecovery::check_headers() {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    Segment& segment = segments_[i];
    Result<format::SegmentStart> start =
        format::decode_segment_header(segment.name, segment.bytes.view());
    if (!start) return start.error();
    const format::SegmentHeader& header = start->header;
    if (header.node_name != options_.node_name) {
      return Error{segment.name + " belongs to node \"" + header.node_name + "\", this is node \"" +
                   options_.node_name + "\". Start it with --node-id " + header.node_name +
                   " or with another data directory."};
    }
    const bool alone = options_.members == options_.node_name;
    if (header.members != options_.members && !alone) {
      return Error{
          segment.name + " was written in a cluster of " + header.members + ", this is one of " +
          options_.members +
          ". The members of a cluster can't be changed yet: give all nodes the same --cluster "
          "as before, or start the new cluster with empty data directories."};
    }
    if (header.sequence != segment.sequence) {
      return refusal(segment.name + " holds segment " + std::to_string(header.sequence) +
                     ": it was renamed");
    }
    if (i > 0 && header.incarnation != segments_.front().start.header.incarnation) {
      return refusal(segment.name + " and " + segments_.front().name +
                     " come from different data directories");
    }
    segment.bytes = segment.bytes.slice(0, header.file_bytes);
    segment.start = std::move(*start);
  }
  return success();
}

Outcome WalRecovery::replay_segment(Segment& segment) {
  const bool first = &segment == &segments_.front();
  if (first) {
    chain_ = segment.start.header.chain;
  } else if (segment.start.header.chain != chain_) {
    // A segment is synced whole before the next one gets its name, so this is no torn write.
    const Segment& before = *(&segment - 1);
    return damaged(
        before.name, end_,
        "before data that was known to be on disk (" + segment.name + " goes on behind it)");
  }
  end_ = segment.start.size_bytes;
  segment.max_index = last_index();
  const std::string_view bytes = segment.bytes.view();
  for (;;) {
    const std::optional<format::Frame> frame = format::read_frame(bytes, end_, segment.start.seed);
    if (!frame || frame->previous != chain_) break;
    if (Outcome replayed = replay_frame(segment, *frame); !replayed) return replayed;
    chain_ = frame->checksum;
    end_ = std::min<std::uint64_t>(frame->end(), bytes.size());
    const bool first_frame = frame->offset == segment.start.size_bytes;
    claimed_to_ = first_frame ? end_ : frame->synced_to;
    marked_ = frame->body.empty();
    oldest_frame_ = false;
  }
  if (end_ == segment.start.size_bytes) {
    return damaged(segment.name, end_, "before data that was known to be on disk");
  }
  return success();
}

Outcome WalRecovery::replay_frame(Segment& segment, const format::Frame& frame) {
  const SharedBytes body =
      segment.bytes.slice(frame.offset + format::kFrameHeaderBytes, frame.body.size());
  Decoder in(body.view());
  while (in.remaining() > 0) {
    const std::size_t at = in.position();
    const auto type = static_cast<format::RecordType>(in.u8());
    const std::size_t payload_bytes = in.u32();
    const std::size_t payload_at = in.position();
    in.raw(payload_bytes);
    Outcome replayed = in.ok() ? replay_record(type, body.slice(payload_at, payload_bytes))
                               : Outcome(Error{"a record is cut off"});
    if (!replayed) {
      return refusal(segment.name +
                     " holds a frame that this program can't have written, at offset " +
                     std::to_string(frame.offset) + ", record at " + std::to_string(at) + ": " +
                     replayed.error().message);
    }
    segment.max_index = std::max(segment.max_index, last_index());
  }
  return success();
}

Outcome WalRecovery::replay_record(format::RecordType type, const SharedBytes& payload) {
  switch (type) {
    case format::RecordType::kHardState: {
      Result<HardState> hard_state = format::decode_hard_state(payload.view());
      if (!hard_state) return hard_state.error();
      hard_state_ = std::move(*hard_state);
      return success();
    }
    case format::RecordType::kPosition:
    case format::RecordType::kReset:
      return replay_index(type, payload.view());
    case format::RecordType::kEntry: {
      std::size_t offset = 0;
      Result<Entry> entry = decode_entry(payload, offset);
      if (!entry) return entry.error();
      if (offset != payload.size()) return Error{"an entry has the wrong size"};
      return add_entry(std::move(*entry));
    }
  }
  return Error{"unknown type " + std::to_string(static_cast<int>(type))};
}

Outcome WalRecovery::replay_index(format::RecordType type, std::string_view payload) {
  Decoder in(payload);
  const LogIndex index = in.u64();
  if (!in.complete()) return Error{"an index has the wrong size"};
  if (type == format::RecordType::kPosition && !oldest_frame_) {
    if (index != last_index()) return Error{"the log ends at another index"};
    return success();
  }
  entries_.clear();
  base_ = index;
  return success();
}

Outcome WalRecovery::add_entry(Entry entry) {
  if (entry.index > last_index() + 1) {
    return Error{"entry " + std::to_string(entry.index) + " does not follow entry " +
                 std::to_string(last_index())};
  }
  if (entry.index <= base_) {
    entries_.clear();
    base_ = entry.index - 1;
  } else {
    entries_.resize(entry.index - base_ - 1);
  }
  entries_.push_back(std::move(entry));
  return success();
}

/// Behind the last valid frame there may be zeros, the former life of a recycled file, a torn
/// write, or damage to what was durable once. Only the last one is followed by a frame, valid by
/// itself, that was written when the place of the damage was known to be synced.
Outcome WalRecovery::check_tail() {
  const Segment& segment = segments_.back();
  const std::string_view bytes = segment.bytes.view();
  std::uint64_t torn_end = end_ + format::torn_frame_bytes(bytes, end_, chain_);
  for (std::uint64_t at = end_; at + format::kFrameHeaderBytes <= bytes.size();) {
    const std::optional<format::Frame> frame = format::read_frame(bytes, at, segment.start.seed);
    // At the end itself a valid frame that chains on another one than the last: that one was
    // synced.
    const bool known_synced =
        frame && (frame->synced_to > end_ || (at == end_ && frame->synced_to == end_));
    if (known_synced) {
      return damaged(segment.name, end_, "before data that was known to be on disk");
    }
    at = frame ? frame->end() : at + format::kAlignment;
    if (frame) torn_end = std::max(torn_end, frame->end());
  }
  if (torn_end > end_) {
    notes_.push_back("cut an unfinished write of " + std::to_string(torn_end - end_) +
                     " bytes at offset " + std::to_string(end_) + " of " + segment.name);
  }
  return success();
}

Outcome WalRecovery::reconcile(SnapshotPtr snapshot) {
  snapshot_ = std::move(snapshot);
  const LogIndex covered = snapshot_ ? snapshot_->last_index : 0;
  if (covered < base_) {
    const std::string found = snapshot_
                                  ? "the newest snapshot ends at entry " + std::to_string(covered)
                                  : std::string("there is no snapshot");
    return refusal(segments_.front().name + ": the log begins behind entry " +
                   std::to_string(base_) + ", but " + found + ", so entries are missing");
  }
  if (covered > base_) {
    const bool matches =
        covered <= last_index() && entries_[covered - base_ - 1].term == snapshot_->last_term;
    if (!matches) {
      notes_.push_back("the snapshot at entry " + std::to_string(covered) +
                       " replaces the log, which ended at entry " + std::to_string(log_end_));
      entries_.clear();
      base_ = covered;
      log_dropped_ = true;
    }
  }
  // A follower may save a snapshot of a term whose record is still on its way to the disk. Then it
  // has not voted in that term either: votes wait for their record.
  const Term known =
      std::max(snapshot_ ? snapshot_->last_term : 0, entries_.empty() ? 0 : entries_.back().term);
  if (known > hard_state_.term) {
    hard_state_.term = known;
    hard_state_.voted_for = kNoNode;
  }
  return success();
}

Wal::Opened WalRecovery::finish() {
  const Incarnation incarnation = segments_.back().start.header.incarnation;
  Wal wal(std::move(options_), incarnation);
  for (const Segment& segment : segments_) {
    wal.segments_.push_back(Wal::Segment{segment.name, segment.sequence,
                                         segment.start.header.file_bytes, segment.max_index});
  }
  wal.hard_state_ = hard_state_;
  wal.last_index_ = log_end_;
  wal.seed_ = segments_.back().start.seed;
  wal.chain_ = chain_;
  wal.offset_ = end_;
  wal.synced_to_ = end_;
  wal.claimed_to_ = claimed_to_;
  wal.vouched_to_ = claimed_to_;
  wal.marked_ = marked_;

  Operations operations;
  clear_tail(operations);
  // What was read may never have been synced: a killed process leaves its writes in the system's
  // cache.
  operations.push_back(SyncFile{segments_.back().name});
  for (const std::string& name : leftovers_) operations.push_back(RemoveFile{name});
  operations.push_back(SyncDirectory{});
  if (log_dropped_) {
    std::string frame = format::begin_frame();
    format::append_index(frame, format::RecordType::kReset, base_);
    wal.write_frame(std::move(frame), operations);
    wal.last_index_ = base_;
    wal.segments_.back().max_index = std::max(wal.segments_.back().max_index, base_);
    wal.flush(operations);
  }
  Recovered recovered{incarnation, std::move(hard_state_), std::move(snapshot_),
                      std::move(entries_)};
  return Wal::Opened{std::move(wal), std::move(recovered), std::move(operations),
                     std::move(notes_)};
}

/// The rest of the file becomes zeros, so that nothing of a torn group can ever be read as valid:
/// the frames behind its hole chain on a frame that the disk lost, and were the node to write that
/// same frame again, they would come back to life. A crash amid the zeros leaves the log as it was:
/// it ends at the same place, or, when the zeros happened to complete a frame (a recycled file, a
/// body of zeros), behind one that was written there and that nobody has acted against since.
void WalRecovery::clear_tail(Operations& operations) const {
  const std::string_view tail = segments_.back().bytes.view().substr(end_);
  const std::size_t last = tail.find_last_not_of('\0');
  if (last == std::string_view::npos) return;
  operations.push_back(WriteAt{segments_.back().name, end_, std::string(last + 1, '\0')});
}

}  // namespace kv
