#include "netsim/recovery.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/check.h"

namespace kv::sim {
namespace {

bool is_leftover(std::string_view name) {
  return name.starts_with("spare-") || name.ends_with(".tmp");
}

template <typename Doomed>
void remove_files(Disk& disk, Doomed doomed) {
  for (const std::string& name : disk.names()) {
    if (doomed(name)) CHECK(disk.execute(RemoveFile{name}));
  }
}

}  // namespace

Result<Wal::Opened> recover(Disk& disk, Wal::Options options, Incarnation fresh,
                            std::uint32_t shard_count) {
  remove_files(disk, is_leftover);
  Result<SnapshotPtr> snapshot = newest_snapshot(disk, shard_count);
  if (!snapshot) return snapshot.error();
  for (const std::string& name : disk.names()) {
    if (!Wal::is_segment_name(name)) continue;
    if (Outcome readable = disk.check_readable(name); !readable) return readable.error();
  }
  std::vector<Wal::File> segments = log_segments(disk);

  Result<Wal::Opened> opened = segments.empty() && *snapshot == nullptr
                                   ? Wal::create(std::move(options), fresh)
                                   : Wal::open(std::move(options), std::move(segments), *snapshot);
  if (!opened) return opened;
  for (const DiskOperation& operation : std::exchange(opened->operations, {})) {
    if (Outcome done = disk.execute(operation); !done) return done.error();
  }
  const LogIndex covered = *snapshot == nullptr ? 0 : (*snapshot)->last_index;
  remove_files(disk, [&](std::string_view name) {
    return parse_snapshot_file_name(name).value_or(covered) < covered;
  });
  return opened;
}

Result<SnapshotPtr> newest_snapshot(const Disk& disk, std::uint32_t shard_count) {
  LogIndex newest = 0;
  for (const std::string& name : disk.names()) {
    newest = std::max(newest, parse_snapshot_file_name(name).value_or(0));
  }
  if (newest == 0) return SnapshotPtr();
  const std::string name = snapshot_file_name(newest);
  if (Outcome readable = disk.check_readable(name); !readable) return readable.error();
  SnapshotDecoder decoder(name, shard_count);
  if (Outcome fed = decoder.feed(disk.content(name)); !fed) return fed.error();
  Result<SnapshotPtr> snapshot = decoder.finish();
  if (snapshot && (*snapshot)->last_index != newest) {
    return Error{name + " holds the snapshot of entry " + std::to_string((*snapshot)->last_index) +
                 ": it was renamed. Give it the name " +
                 snapshot_file_name((*snapshot)->last_index) + " again."};
  }
  return snapshot;
}

std::vector<Wal::File> log_segments(const Disk& disk) {
  std::vector<Wal::File> segments;
  for (std::string& name : disk.names()) {
    if (!Wal::is_segment_name(name)) continue;
    std::string bytes = disk.content(name);
    segments.push_back(Wal::File{std::move(name), std::move(bytes)});
  }
  return segments;
}

}  // namespace kv::sim
