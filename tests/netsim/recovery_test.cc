#include "netsim/recovery.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kv::sim {
namespace {

constexpr Incarnation kFresh = 77;
constexpr std::uint32_t kShards = 4;
const std::string kFirst = "log-0000000000000001.wal";

Wal::Options options() {
  return {"node1", 4096, "node1, node2"};
}

SnapshotPtr snapshot_at(LogIndex index, Term term) {
  Snapshot snapshot{index, term, KvStore(16)};
  for (LogIndex i = 1; i <= index; ++i) {
    snapshot.state.set("key-" + std::to_string(i), "value");
  }
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

Write entries(LogIndex first, LogIndex last) {
  Write write;
  for (LogIndex index = first; index <= last; ++index) {
    write.append.push_back(make_entry(index, 1, EntryType::kCommand, "payload"));
  }
  return write;
}

void run(Disk& disk, const std::vector<DiskOperation>& operations) {
  for (const DiskOperation& operation : operations) ASSERT_TRUE(disk.execute(operation));
}

Wal::Opened recovered(Disk& disk) {
  Result<Wal::Opened> opened = recover(disk, options(), kFresh, kShards);
  EXPECT_TRUE(opened) << opened.error().message;
  return std::move(*opened);
}

std::string refusal(Disk& disk) {
  const Result<Wal::Opened> opened = recover(disk, options(), kFresh, kShards);
  return opened ? "no error" : opened.error().message;
}

/// A disk with the entries 1 to 9 in its log.
Disk used_disk() {
  Disk disk;
  Wal wal = recovered(disk).wal;
  run(disk, wal.append(entries(1, 9)));
  run(disk, wal.sync());
  return disk;
}

TEST(Recovery, MakesALogOnAnEmptyDisk) {
  Disk disk;
  const Wal::Opened opened = recovered(disk);
  EXPECT_FALSE(opened.recovered.has_history());
  EXPECT_EQ(opened.recovered.incarnation, kFresh);
  EXPECT_TRUE(opened.operations.empty());
  EXPECT_EQ(disk.names(), std::vector<std::string>{kFirst});
}

TEST(Recovery, FindsTheLogAgain) {
  Disk disk = used_disk();
  const Recovered found = recover(disk, options(), 5, kShards)->recovered;
  EXPECT_EQ(found.incarnation, kFresh) << "of the log that was there";
  ASSERT_EQ(found.entries.size(), 9U);
  EXPECT_EQ(found.entries.back().index, 9U);
}

TEST(Recovery, DoesWhatTheLogAsksFor) {
  Disk disk = used_disk();
  const std::string durable = disk.content(kFirst);
  Wal wal = recovered(disk).wal;
  run(disk, wal.append(entries(10, 10)));
  const std::string& appended = disk.content(kFirst);
  run(disk, {WriteAt{kFirst, appended.find_last_not_of('\0'), "?"}});  // tears it
  const Wal::Opened opened = recovered(disk);
  EXPECT_EQ(opened.recovered.entries.size(), 9U);
  EXPECT_EQ(opened.notes.size(), 1U);
  EXPECT_EQ(disk.content(kFirst), durable) << "the torn write was cleared";
}

TEST(Recovery, IsANewNodeOnAWipedDisk) {
  Disk disk = used_disk();
  disk.wipe();
  const Recovered found = recover(disk, options(), 5, kShards)->recovered;
  EXPECT_FALSE(found.has_history());
  EXPECT_EQ(found.incarnation, 5U);
}

TEST(Recovery, ReadsTheSnapshotThatWasSaved) {
  Disk disk = used_disk();
  const SnapshotPtr saved = snapshot_at(5, 1);
  run(disk, {SaveSnapshot{saved}});
  const SnapshotPtr found = recovered(disk).recovered.snapshot;
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->last_index, 5U);
  EXPECT_EQ(found->last_term, 1U);
  EXPECT_EQ(found->state.shard_count(), kShards);
  EXPECT_EQ(found->state.state_hash(), saved->state.state_hash());
}

TEST(Recovery, TakesTheNewestSnapshotAndRemovesTheOthers) {
  Disk disk = used_disk();
  run(disk, {SaveSnapshot{snapshot_at(8, 1)}, SaveSnapshot{snapshot_at(5, 1)}});
  ASSERT_EQ(disk.names().size(), 3U);
  EXPECT_EQ(recovered(disk).recovered.snapshot->last_index, 8U);
  EXPECT_EQ(disk.names(), (std::vector<std::string>{kFirst, snapshot_file_name(8)}));
}

TEST(Recovery, RemovesWhatAnInterruptedProcessLeft) {
  Disk disk = used_disk();
  run(disk, {CreateFile{"spare-1.wal", 100}, CreateFile{snapshot_file_name(3) + ".tmp", 9}});
  recovered(disk);
  EXPECT_EQ(disk.names(), std::vector<std::string>{kFirst});
}

TEST(Recovery, FindsTheOldOrTheNewSnapshotAfterACrashAmidASave) {
  Disk before = used_disk();
  run(before, {SaveSnapshot{snapshot_at(4, 1)}});
  const std::vector<DiskOperation> steps =
      Disk::snapshot_operations(snapshot_at(8, 1), before.names());
  for (std::size_t count = 0; count <= steps.size(); ++count) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Disk disk = before;
      run(disk, {steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(count)});
      Rng rng(seed);
      disk.cut_power(rng);
      const LogIndex found = recovered(disk).recovered.snapshot->last_index;
      const bool named_durably =
          count >= 2 && std::holds_alternative<SyncDirectory>(steps[count - 1]);
      if (named_durably || count == steps.size()) {
        EXPECT_EQ(found, 8U);
      } else {
        EXPECT_TRUE(found == 4 || found == 8) << found;
      }
    }
  }
}

TEST(Recovery, RefusesADamagedSnapshotInTheDecodersWords) {
  Disk disk = used_disk();
  run(disk, {SaveSnapshot{snapshot_at(5, 1)}});
  ASSERT_TRUE(disk.flip_bit(snapshot_file_name(5), 60, 3));
  EXPECT_EQ(refusal(disk), snapshot_file_name(5) +
                               ": damaged snapshot at offset 45: the checksum of the block that "
                               "begins there is wrong." +
                               std::string(kDamageWayOut));
}

TEST(Recovery, RefusesASnapshotThatWasRenamed) {
  Disk disk = used_disk();
  run(disk,
      {SaveSnapshot{snapshot_at(5, 1)}, RenameFile{snapshot_file_name(5), snapshot_file_name(6)}});
  EXPECT_EQ(refusal(disk), snapshot_file_name(6) +
                               " holds the snapshot of entry 5: it was renamed. Give it the name " +
                               snapshot_file_name(5) + " again.");
}

TEST(Recovery, RefusesADamagedLog) {
  Disk disk = used_disk();
  ASSERT_TRUE(disk.flip_bit(kFirst, 3, 3));
  EXPECT_NE(refusal(disk).find(kFirst), std::string::npos);
}

TEST(Recovery, RefusesASnapshotWithoutALog) {
  Disk disk;
  run(disk, {SaveSnapshot{snapshot_at(5, 1)}});
  EXPECT_NE(refusal(disk).find("the log is missing"), std::string::npos);
}

TEST(Recovery, SaysThatTheDiskIsFull) {
  Disk disk;
  disk.set_capacity(100);
  EXPECT_NE(refusal(disk).find("the disk is full"), std::string::npos);
}

}  // namespace
}  // namespace kv::sim
