#include "netsim/disk.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/check.h"
#include "core/overloaded.h"
#include "core/snapshot.h"

namespace kv::sim {
namespace {

/// Small, so that a crash can come amid the snapshot of a small state, too.
constexpr std::size_t kSnapshotPieceBytes = 16 << 10;

}  // namespace

Outcome Disk::execute(const DiskOperation& operation) {
  return std::visit(Overloaded{
                        [&](const CreateFile& o) { return create(o); },
                        [&](const WriteAt& o) { return write(o); },
                        [&](const SyncFile& o) {
                          sync(o);
                          return success();
                        },
                        [&](const RenameFile& o) {
                          rename(o);
                          return success();
                        },
                        [&](const RemoveFile& o) {
                          remove(o);
                          return success();
                        },
                        [&](const SyncDirectory&) {
                          if (!lying_) settle_names();
                          return success();
                        },
                        [&](const SaveSnapshot& o) { return save(o); },
                    },
                    operation);
}

std::vector<DiskOperation> Disk::snapshot_operations(
    const SnapshotPtr& snapshot, const std::vector<std::string>& names_on_disk) {
  const std::string name = snapshot_file_name(snapshot->last_index);
  const std::string temporary = name + ".tmp";
  std::vector<DiskOperation> operations{CreateFile{temporary, 0}};
  SnapshotEncoder encoder(*snapshot);
  std::uint64_t offset = 0;
  for (;;) {
    std::string piece = encoder.next(kSnapshotPieceBytes);
    if (piece.empty()) break;
    const std::uint64_t size_bytes = piece.size();
    operations.push_back(WriteAt{temporary, offset, std::move(piece)});
    offset += size_bytes;
  }
  operations.push_back(SyncFile{temporary});
  operations.push_back(RenameFile{temporary, name});
  operations.push_back(SyncDirectory{});
  for (const std::string& other : names_on_disk) {
    const LogIndex index = parse_snapshot_file_name(other).value_or(snapshot->last_index);
    if (index < snapshot->last_index) operations.push_back(RemoveFile{other});
  }
  return operations;
}

void Disk::wipe() {
  Disk empty;
  empty.capacity_bytes_ = capacity_bytes_;
  empty.set_lying(lying_);
  *this = std::move(empty);
}

void Disk::set_lying(bool lying) {
  lying_ = lying;
  has_lied_ = has_lied_ || lying;
}

bool Disk::is_honest() const {
  return !has_lied_ && !lacks_room_ &&
         std::none_of(files_.begin(), files_.end(), [](const auto& kept) {
           return kept.second.flipped || !kept.second.unreadable.empty();
         });
}

bool Disk::flip_bit(std::string_view name, std::uint64_t offset, std::uint32_t bit) {
  CHECK(bit < 8);
  if (!exists(name)) return false;
  File& rotten = file(name);
  if (offset >= rotten.content.size()) return false;
  char* byte = &rotten.content[offset];
  for (const Pending& write : rotten.pending) {
    if (offset < write.begin || offset >= write.end) continue;
    if (offset >= write.size_before) return false;
    byte = &rotten.replaced[write.replaced_offset + (offset - write.begin)];
    break;  // the oldest write is the one that replaced the durable byte
  }
  *byte = static_cast<char>(*byte ^ (1 << bit));
  rotten.flipped = true;
  return true;
}

bool Disk::spoil_sector(std::string_view name, std::uint64_t offset) {
  if (!exists(name)) return false;
  File& spoilt = file(name);
  if (offset >= spoilt.content.size()) return false;
  spoilt.unreadable.push_back(offset / kSectorBytes);
  return true;
}

Outcome Disk::check_readable(std::string_view name) const {
  const File& wanted = files_.at(id_of(name));
  if (wanted.unreadable.empty()) return success();
  const auto first = std::min_element(wanted.unreadable.begin(), wanted.unreadable.end());
  return Error{"cannot read " + std::string(name) + " at offset " +
               std::to_string(*first * kSectorBytes) + ": Input/output error." +
               std::string(kDamageWayOut)};
}

std::vector<std::string> Disk::names() const {
  std::vector<std::string> names;
  names.reserve(names_.size());
  for (const Name& entry : names_) names.push_back(entry.name);
  return names;
}

const std::string& Disk::content(std::string_view name) const {
  return files_.at(id_of(name)).content;
}

bool Disk::exists(std::string_view name) const {
  const std::size_t place = place_of(name);
  return place < names_.size() && names_[place].name == name;
}

Outcome Disk::create(const CreateFile& operation) {
  const std::uint64_t former_bytes = exists(operation.name) ? content(operation.name).size() : 0;
  Outcome room = check_room(operation.name, used_bytes_ - former_bytes + operation.size_bytes);
  if (!room) return room;
  older_names_.push_back(names_);
  const FileId id = next_file_++;
  File& created = files_[id];
  if (operation.size_bytes > 0) {
    created.content.resize(operation.size_bytes, '\0');
    created.pending.push_back(Pending{0, operation.size_bytes, 0, 0});
  }
  bind(operation.name, id);
  return success();
}

Outcome Disk::write(const WriteAt& operation) {
  File& target = file(operation.name);
  if (operation.data.empty()) return success();
  const std::uint64_t size_before = target.content.size();
  const std::uint64_t end = operation.offset + operation.data.size();
  if (end > size_before) {
    Outcome room = check_room(operation.name, used_bytes_ + (end - size_before));
    if (!room) return room;
  }
  const std::uint64_t begin = std::min(operation.offset, size_before);
  target.pending.push_back(Pending{begin, end, size_before, target.replaced.size()});
  target.replaced.append(target.content, begin, end - begin);
  if (end > size_before) {
    target.content.resize(end, '\0');
    used_bytes_ += end - size_before;
  }
  target.content.replace(operation.offset, operation.data.size(), operation.data);
  std::erase_if(target.unreadable, [&](std::uint64_t sector) {
    return sector * kSectorBytes >= operation.offset && (sector + 1) * kSectorBytes <= end;
  });
  return success();
}

void Disk::sync(const SyncFile& operation) {
  File& target = file(operation.name);
  if (lying_) return;
  target.pending.clear();
  target.replaced.clear();
}

void Disk::rename(const RenameFile& operation) {
  CHECK(operation.from != operation.to);
  older_names_.push_back(names_);
  bind(operation.to, unbind(operation.from));
}

void Disk::remove(const RemoveFile& operation) {
  older_names_.push_back(names_);
  unbind(operation.name);
}

Outcome Disk::save(const SaveSnapshot& operation) {
  const std::vector<DiskOperation> steps = snapshot_operations(operation.snapshot, names());
  for (const DiskOperation& step : steps) {
    Outcome done = execute(step);
    if (done) continue;
    const std::string& temporary = std::get<CreateFile>(steps.front()).name;
    if (exists(temporary)) remove(RemoveFile{temporary});
    return done;
  }
  return success();
}

/// What makes no file larger goes even on a disk that is fuller than its capacity.
Outcome Disk::check_room(std::string_view name, std::uint64_t used_after) {
  lacks_room_ = capacity_bytes_ != 0 && used_after > std::max(used_bytes_, capacity_bytes_);
  if (!lacks_room_) return success();
  return Error{"the disk is full: " + std::string(name) + " needs " +
               std::to_string(used_after - used_bytes_) + " bytes more, and " +
               std::to_string(used_bytes_) + " of " + std::to_string(capacity_bytes_) +
               " are used. Free space on it, then start the node again."};
}

std::size_t Disk::place_of(std::string_view name) const {
  const auto before = [](const Name& entry, std::string_view text) { return entry.name < text; };
  const auto place = std::lower_bound(names_.begin(), names_.end(), name, before);
  return static_cast<std::size_t>(place - names_.begin());
}

Disk::FileId Disk::id_of(std::string_view name) const {
  const std::size_t place = place_of(name);
  CHECK(place < names_.size() && names_[place].name == name);
  return names_[place].file;
}

void Disk::bind(const std::string& name, FileId file) {
  if (exists(name)) unbind(name);
  const auto place = names_.begin() + static_cast<std::ptrdiff_t>(place_of(name));
  names_.insert(place, Name{name, file});
  used_bytes_ += files_.at(file).content.size();
}

Disk::FileId Disk::unbind(std::string_view name) {
  const FileId file = id_of(name);
  names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(place_of(name)));
  used_bytes_ -= files_.at(file).content.size();
  return file;
}

void Disk::settle_names() {
  older_names_.clear();
  const auto nameless = [this](const auto& file) {
    return std::none_of(names_.begin(), names_.end(),
                        [&](const Name& entry) { return entry.file == file.first; });
  };
  std::erase_if(files_, nameless);
}

/// How much of what was not synced one power cut leaves.
class Disk::Survival {
 public:
  Survival(Rng& rng, bool nothing) : rng_(rng), percent_(nothing ? 0 : rng.below(5) * 25) {}

  /// How many of the `count` versions behind the durable one: from 0 to all.
  std::uint64_t of(std::uint64_t count) {
    if (count == 0 || percent_ == 0) return 0;
    return rng_.below(100) < percent_ ? count : rng_.below(count);
  }
  std::uint64_t below(std::uint64_t bound) { return percent_ == 0 ? 0 : rng_.below(bound); }

 private:
  Rng& rng_;
  std::uint64_t percent_;
};

void Disk::cut_power(Rng& rng) {
  const std::size_t survived = lying_ ? 0 : rng.below(older_names_.size() + 1);
  if (survived < older_names_.size()) names_ = std::move(older_names_[survived]);
  settle_names();
  Survival survival(rng, lying_);
  used_bytes_ = 0;
  for (auto& [id, file] : files_) {
    if (!file.pending.empty()) tear(file, survival);
    used_bytes_ += file.content.size();
  }
}

void Disk::tear(File& file, Survival& survival) {
  const auto for_each_sector = [](const Pending& write, auto&& visit) {
    for (std::uint64_t at = write.begin; at < write.end;) {
      const std::uint64_t sector = at / kSectorBytes;
      const std::uint64_t end = std::min(write.end, (sector + 1) * kSectorBytes);
      visit(sector, at, end);
      at = end;
    }
  };
  std::vector<std::uint64_t> lost((file.content.size() + kSectorBytes - 1) / kSectorBytes);
  for (const Pending& write : file.pending) {
    for_each_sector(write, [&](auto sector, auto, auto) { ++lost[sector]; });
  }
  for (std::uint64_t& writes : lost) writes -= survival.of(writes);
  const std::uint64_t size_bytes = surviving_size(file, survival);
  for (auto write = file.pending.rbegin(); write != file.pending.rend(); ++write) {
    for_each_sector(*write, [&](auto sector, std::uint64_t begin, std::uint64_t end) {
      if (lost[sector] == 0) return;
      --lost[sector];
      undo(file, *write, begin, end);
    });
  }
  file.content.resize(size_bytes);
  file.pending.clear();
  file.replaced.clear();
}

/// A file system writes a file's size on its own, and not only where a write ended.
std::uint64_t Disk::surviving_size(const File& file, Survival& survival) {
  const auto grows = [](const Pending& write) { return write.end > write.size_before; };
  const auto growths = std::count_if(file.pending.begin(), file.pending.end(), grows);
  std::uint64_t kept = survival.of(static_cast<std::uint64_t>(growths));
  for (const Pending& write : file.pending) {
    if (!grows(write) || kept-- > 0) continue;
    return write.size_before + survival.below(write.end - write.size_before);
  }
  return file.content.size();
}

void Disk::undo(File& file, const Pending& write, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t known_end = std::clamp(write.size_before, begin, end);
  char* bytes = file.content.data();
  file.replaced.copy(bytes + begin, known_end - begin,
                     std::min(write.replaced_offset + (begin - write.begin), file.replaced.size()));
  std::fill(bytes + known_end, bytes + end, '\0');
}

}  // namespace kv::sim
