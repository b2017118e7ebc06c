#include "core/wal.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "netsim/disk.h"
#include "netsim/recovery.h"
#include "wal_frame.h"

namespace kv {
namespace {

constexpr Incarnation kIncarnation = 77;
constexpr std::uint64_t kSegmentBytes = 4096;
const std::string kFirst = "log-0000000000000001.wal";
const std::string kSecond = "log-0000000000000002.wal";

Wal::Options options() {
  return {"node1", kSegmentBytes};
}

SnapshotPtr snapshot_at(LogIndex index, Term term) {
  return std::make_shared<const Snapshot>(Snapshot{index, term, KvStore(1)});
}

Write entries(LogIndex first, LogIndex last, Term term, std::size_t payload_bytes = 20) {
  Write write;
  for (LogIndex index = first; index <= last; ++index) {
    const std::string payload(payload_bytes, static_cast<char>('a' + index % 26));
    write.append.push_back(make_entry(index, term, EntryType::kCommand, payload));
  }
  return write;
}

Write vote(Term term, NodeId node) {
  Write write;
  write.hard_state = HardState{term, node, {{2, 99}}};
  return write;
}

/// A log on its disk, as a driver runs it.
struct Rig {
  sim::Disk disk{};
  Wal wal;

  Rig() : Rig(Wal::create(options(), kIncarnation)) {}
  explicit Rig(Wal::Opened opened) : wal(std::move(opened.wal)) { execute(opened.operations); }

  void execute(const std::vector<DiskOperation>& operations) {
    for (const DiskOperation& operation : operations) ASSERT_TRUE(disk.execute(operation));
  }
  void append(const Write& write) { execute(wal.append(write)); }
  void commit(const Write& write) {
    append(write);
    execute(wal.sync());
    execute(wal.prepare());
  }
  void mark() { execute(wal.mark()); }
  void save(SnapshotPtr snapshot) { execute({SaveSnapshot{std::move(snapshot)}}); }

  std::vector<Wal::File> segments() const { return sim::log_segments(disk); }
  Result<Wal::Opened> open(const SnapshotPtr& snapshot = nullptr) const {
    return Wal::open(options(), segments(), snapshot ? snapshot : *sim::newest_snapshot(disk, 1));
  }
  void restart() {
    Wal::Opened opened = *open();
    execute(opened.operations);
    wal = std::move(opened.wal);
  }
  std::string error(const SnapshotPtr& snapshot = nullptr) const {
    const Result<Wal::Opened> opened = open(snapshot);
    return opened ? "no error" : opened.error().message;
  }
  /// Does to a file's bytes what no log asks for.
  template <typename Change>
  void damage(const std::string& name, Change change) {
    std::string bytes = disk.content(name);
    change(bytes);
    execute({CreateFile{name, 0}, WriteAt{name, 0, std::move(bytes)}});
  }
  void flip(const std::string& name, std::size_t offset) {
    damage(name, [&](std::string& bytes) { bytes[offset] ^= 1; });
  }
  /// Where the frames of a file end: behind its last byte that is not zero.
  std::size_t end_of(const std::string& name) const {
    return wal_format::aligned(disk.content(name).find_last_not_of('\0') + 1);
  }
};

LogIndex last_index(const Recovered& recovered) {
  return recovered.entries.empty() ? 0 : recovered.entries.back().index;
}

TEST(Wal, IsEmptyWhenNew) {
  const Rig rig;
  const Wal::Opened opened = *rig.open();
  EXPECT_FALSE(opened.recovered.has_history());
  EXPECT_EQ(opened.recovered.incarnation, kIncarnation);
  EXPECT_TRUE(opened.notes.empty());
}

TEST(Wal, GivesBackWhatWasWritten) {
  Rig rig;
  Write write = entries(1, 3, 1);
  write.hard_state = vote(2, 2).hard_state;
  rig.commit(write);
  rig.commit(entries(4, 5, 2));
  const Recovered recovered = rig.open()->recovered;
  EXPECT_EQ(recovered.hard_state, *write.hard_state);
  ASSERT_EQ(recovered.entries.size(), 5u);
  EXPECT_EQ(recovered.entries[2], write.append[2]);
  EXPECT_EQ(recovered.entries[4].term, 2u);
}

TEST(Wal, CutsTheLogWhereAnEntryOverwritesIt) {
  Rig rig;
  rig.commit(entries(1, 9, 1));
  rig.commit(entries(4, 5, 2));
  const std::vector<Entry> recovered = rig.open()->recovered.entries;
  ASSERT_EQ(recovered.size(), 5u);
  EXPECT_EQ(recovered[2].term, 1u);
  EXPECT_EQ(recovered[3].term, 2u);
}

TEST(Wal, SyncsAGroupOnce) {
  Rig rig;
  std::vector<DiskOperation> operations;
  for (LogIndex index = 1; index <= 10; ++index) {
    for (DiskOperation& o : rig.wal.append(entries(index, index, 1))) operations.push_back(o);
  }
  for (DiskOperation& o : rig.wal.sync()) operations.push_back(o);
  const auto syncs = std::count_if(operations.begin(), operations.end(), [](const auto& operation) {
    const SyncFile* sync = std::get_if<SyncFile>(&operation);
    return sync != nullptr && sync->name == kFirst;
  });
  EXPECT_EQ(syncs, 1);
  rig.execute(operations);
  EXPECT_EQ(rig.open()->recovered.entries.size(), 10u);
}

TEST(Wal, SyncsNothingButWhatWasWritten) {
  Rig rig;
  rig.append(entries(1, 1, 1));
  const std::vector<DiskOperation> operations = rig.wal.sync();
  ASSERT_EQ(operations.size(), 1u);
  ASSERT_TRUE(std::holds_alternative<SyncFile>(operations[0]));
  EXPECT_EQ(std::get<SyncFile>(operations[0]).name, kFirst);
  rig.execute(operations);
  EXPECT_FALSE(rig.wal.prepare().empty());
  EXPECT_TRUE(rig.wal.prepare().empty());
}

TEST(Wal, GoesOnInTheNextSegment) {
  Rig rig;
  rig.commit(vote(3, 1));
  for (LogIndex index = 1; index <= 200; ++index) rig.commit(entries(index, index, 3));
  EXPECT_GT(rig.segments().size(), 3u);
  const Recovered recovered = rig.open()->recovered;
  EXPECT_EQ(recovered.entries.size(), 200u);
  EXPECT_EQ(recovered.hard_state, *vote(3, 1).hard_state);
}

TEST(Wal, GivesALargeFrameASegmentOfItsOwn) {
  Rig rig;
  rig.commit(entries(1, 1, 1));
  rig.commit(entries(2, 2, 1, 3 * kSegmentBytes));
  rig.commit(entries(3, 3, 1));
  EXPECT_EQ(rig.segments().size(), 3u);
  EXPECT_EQ(rig.open()->recovered.entries.size(), 3u);
}

TEST(Wal, FillsTheNextSegmentBeforeItIsNeeded) {
  Rig rig;
  LogIndex index = 1;
  while (rig.segments().size() == 1) {
    const std::vector<DiskOperation> operations = rig.wal.append(entries(index, index, 1));
    for (const DiskOperation& operation : operations) {
      EXPECT_FALSE(std::holds_alternative<CreateFile>(operation));
      if (const WriteAt* write = std::get_if<WriteAt>(&operation)) {
        EXPECT_LT(write->data.size(), 1024u);
      }
    }
    rig.execute(operations);
    rig.execute(rig.wal.sync());
    rig.execute(rig.wal.prepare());
    ++index;
  }
}

TEST(Wal, RecyclesTwoSegmentsAndRemovesTheOthers) {
  Rig rig;
  for (LogIndex index = 1; index <= 300; ++index) rig.commit(entries(index, index, 1));
  const std::vector<Wal::File> before = rig.segments();
  ASSERT_GT(before.size(), 4u);
  rig.save(snapshot_at(300, 1));
  Write write = entries(301, 301, 1);
  write.discard_through = 300;
  rig.commit(write);
  EXPECT_EQ(rig.segments().size(), 1u);
  EXPECT_EQ(rig.disk.names().size(), 4u);  // two spares and the snapshot

  for (LogIndex index = 302; index <= 500; ++index) rig.commit(entries(index, index, 2));
  const Recovered recovered = rig.open()->recovered;
  EXPECT_LE(recovered.entries.front().index, 301u);
  EXPECT_EQ(last_index(recovered), 500u);
}

TEST(Wal, KeepsSegmentsWithEntriesBehindTheDiscardedOnes) {
  Rig rig;
  for (LogIndex index = 1; index <= 200; ++index) rig.commit(entries(index, index, 1));
  rig.save(snapshot_at(100, 1));
  Write write = entries(201, 201, 1);
  write.discard_through = 60;
  rig.commit(write);
  const Recovered recovered = rig.open()->recovered;
  EXPECT_GT(recovered.entries.front().index, 1u);
  EXPECT_LE(recovered.entries.front().index, 61u);
  EXPECT_EQ(last_index(recovered), 201u);
}

TEST(Wal, CutsATornTailAndTellsSo) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  const std::size_t end = rig.end_of(kFirst);
  rig.append(entries(4, 4, 1, 200));
  rig.damage(kFirst, [&](std::string& bytes) { bytes.replace(end + 100, 20, 20, '\0'); });
  const Wal::Opened opened = *rig.open();
  EXPECT_EQ(last_index(opened.recovered), 3u);
  ASSERT_EQ(opened.notes.size(), 1u);
  EXPECT_EQ(opened.notes[0], "cut an unfinished write of 272 bytes at offset " +
                                 std::to_string(end) + " of " + kFirst);
}

TEST(Wal, NeverRevivesWhatWasCut) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  const std::size_t end = rig.end_of(kFirst);
  rig.append(entries(4, 4, 1));
  rig.append(entries(5, 5, 1));
  rig.flip(kFirst, end);
  rig.restart();
  rig.commit(entries(4, 4, 1));  // the same frame at the same place
  EXPECT_EQ(last_index(rig.open()->recovered), 4u);
}

TEST(Wal, RefusesDamageBeforeAMark) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  const std::size_t end = rig.end_of(kFirst);
  rig.commit(entries(4, 4, 1));
  rig.mark();
  rig.flip(kFirst, end + 60);
  EXPECT_EQ(rig.error(), kFirst + " is damaged at offset " + std::to_string(end) +
                             ", before data that was known to be on disk." +
                             std::string(kDamageWayOut));
}

TEST(Wal, RefusesDamageBeforeALaterGroup) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  rig.commit(entries(4, 4, 1));
  const std::size_t end = rig.end_of(kFirst);
  rig.flip(kFirst, end - 8);
  EXPECT_EQ(last_index(rig.open()->recovered), 3u);  // might be a torn write
  rig.flip(kFirst, end - 8);
  rig.append(entries(5, 5, 1));
  rig.flip(kFirst, end - 8);
  EXPECT_NE(rig.error().find("before data that was known to be on disk"), std::string::npos);
}

TEST(Wal, RefusesDamageBeforeALaterSegment) {
  Rig rig;
  LogIndex index = 1;
  for (; rig.segments().size() == 1; ++index) rig.append(entries(index, index, 1));
  rig.flip(kFirst, rig.end_of(kFirst) - 10);
  EXPECT_NE(rig.error().find(kFirst + " is damaged at offset "), std::string::npos);
  EXPECT_NE(rig.error().find("(" + kSecond + " goes on behind it)"), std::string::npos);
}

TEST(Wal, RefusesAnOlderFrameInThePlaceOfASyncedOne) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  const std::size_t end = rig.end_of(kFirst);
  rig.append(entries(4, 4, 1));
  const std::string older = rig.disk.content(kFirst).substr(end);
  rig.damage(kFirst,
             [&](std::string& bytes) { bytes.replace(end, older.size(), older.size(), '\0'); });
  rig.restart();
  rig.commit(entries(4, 4, 2));
  rig.commit(entries(5, 5, 2));
  const std::size_t size = rig.end_of(kFirst) - end;
  rig.damage(kFirst, [&](std::string& bytes) { bytes.replace(end, size / 2, older, 0, size / 2); });
  EXPECT_NE(rig.error().find("is damaged at offset "), std::string::npos);
}

TEST(Wal, MarksOnceAndSilentlyWhenThereIsNothingNew) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  EXPECT_EQ(rig.wal.mark().size(), 1u);
  EXPECT_TRUE(rig.wal.mark().empty());
}

TEST(Wal, RefusesFilesOfAnotherNodeAndAnotherFormat) {
  Rig rig;
  const Result<Wal::Opened> opened = Wal::open({"node2", kSegmentBytes}, rig.segments(), nullptr);
  EXPECT_EQ(opened.error().message, kFirst +
                                        " belongs to node \"node1\", this is node \"node2\". Start "
                                        "it with --node-id node1 or with another data directory.");
  rig.damage(kFirst, [](std::string& bytes) { bytes[8] = 1; });
  EXPECT_NE(rig.error().find("has log format 1; this program reads format 2"), std::string::npos);
}

TEST(Wal, RefusesAFileThatWasCutOff) {
  Rig rig;
  rig.commit(entries(1, 3, 1));
  rig.damage(kFirst, [](std::string& bytes) { bytes.resize(4000); });
  EXPECT_NE(rig.error().find("is cut off: it has 4000 bytes and was made with 4096"),
            std::string::npos);
}

TEST(Wal, RefusesADirectoryWithoutALog) {
  EXPECT_NE(Wal::open(options(), {{"notes.txt", "x"}}, snapshot_at(3, 1))
                .error()
                .message.find("the log is missing"),
            std::string::npos);
}

TEST(Wal, RefusesALogThatBeginsBehindTheSnapshot) {
  Rig rig;
  for (LogIndex index = 1; index <= 200; ++index) rig.commit(entries(index, index, 1));
  Write write;
  write.discard_through = 150;
  rig.commit(write);
  EXPECT_NE(rig.error().find("but there is no snapshot, so entries are missing"),
            std::string::npos);
  EXPECT_NE(rig.error(snapshot_at(20, 1)).find("the newest snapshot ends at entry 20"),
            std::string::npos);
  EXPECT_TRUE(rig.open(snapshot_at(150, 1)));
}

TEST(Wal, RefusesWhenTheInstalledSnapshotIsGone) {
  Rig rig;
  Write write;
  write.install = snapshot_at(50, 2);
  rig.commit(write);
  EXPECT_TRUE(rig.open());
  EXPECT_FALSE(Wal::open(options(), rig.segments(), nullptr));
}

TEST(Wal, ReplacesTheLogByAnInstalledSnapshot) {
  Rig rig;
  rig.commit(entries(1, 9, 1));
  Write write = entries(51, 52, 3);
  write.install = snapshot_at(50, 2);
  write.hard_state = HardState{3, kNoNode, {}};
  rig.commit(write);
  const Recovered recovered = rig.open()->recovered;
  EXPECT_EQ(recovered.entries.front().index, 51u);
  EXPECT_EQ(last_index(recovered), 52u);
  EXPECT_EQ(recovered.hard_state.term, 3u);
}

TEST(Wal, SavesASnapshotOnlyWhenAllBeforeItIsDurable) {
  Rig rig;
  rig.append(entries(1, 9, 1));
  Write write;
  write.install = snapshot_at(50, 2);
  write.hard_state = HardState{2, kNoNode, {}};
  const std::vector<DiskOperation> operations = rig.wal.append(write);
  ASSERT_EQ(operations.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<WriteAt>(operations[0]));  // the hard state
  EXPECT_TRUE(std::holds_alternative<SyncFile>(operations[1]));
  EXPECT_TRUE(std::holds_alternative<SaveSnapshot>(operations[2]));
  EXPECT_TRUE(std::holds_alternative<WriteAt>(operations[3]));  // the log restarts
}

TEST(Wal, LetsASnapshotWinThatIsNewerThanTheLog) {
  for (const SnapshotPtr& snapshot : {snapshot_at(20, 1), snapshot_at(5, 2)}) {
    Rig rig;
    rig.commit(entries(1, 9, 1));
    rig.save(snapshot);
    const Wal::Opened opened = *rig.open();
    EXPECT_TRUE(opened.recovered.entries.empty());
    EXPECT_EQ(opened.notes.size(), 1u);
    rig.restart();
    rig.commit(entries(snapshot->last_index + 1, 22, 2));
    EXPECT_EQ(last_index(rig.open()->recovered), 22u);
  }
}

TEST(Wal, KeepsALogThatAgreesWithTheSnapshot) {
  Rig rig;
  rig.commit(entries(1, 9, 1));
  EXPECT_EQ(rig.open(snapshot_at(5, 1))->recovered.entries.size(), 9u);
  EXPECT_EQ(rig.open(snapshot_at(9, 1))->recovered.entries.size(), 9u);
}

TEST(Wal, NeverGoesBackBehindTheTermOfTheSnapshot) {
  Rig rig;
  rig.commit(vote(1, 1));
  const HardState hard_state = rig.open(snapshot_at(5, 2))->recovered.hard_state;
  EXPECT_EQ(hard_state.term, 2u);
  EXPECT_EQ(hard_state.voted_for, kNoNode);
}

TEST(Wal, IgnoresWhatAnInterruptedRemovalLeft) {
  Rig rig;
  for (LogIndex index = 1; index <= 200; ++index) rig.commit(entries(index, index, 1));
  rig.execute({RemoveFile{kSecond}});
  EXPECT_FALSE(rig.open());
  Wal::Opened opened = *rig.open(snapshot_at(199, 1));
  EXPECT_EQ(last_index(opened.recovered), 200u);
  rig.execute(opened.operations);
  EXPECT_EQ(rig.disk.names().front(), "log-0000000000000003.wal");
}

TEST(Wal, RefusesARenamedSegment) {
  Rig rig;
  rig.execute({RenameFile{kFirst, kSecond}});
  EXPECT_NE(rig.error().find("holds segment 1: it was renamed"), std::string::npos);
}

TEST(Wal, KnowsTheNamesOfSegments) {
  EXPECT_TRUE(Wal::is_segment_name(kFirst));
  for (const char* name : {"", "log-1.wal", "log-000000000000000x.wal", "spare-1.wal",
                           "log-0000000000000001.wal.tmp", "snapshot-000000000042.snap"}) {
    EXPECT_FALSE(Wal::is_segment_name(name)) << name;
  }
}

TEST(Wal, RefusesALogOfAClusterWithOtherMembers) {
  const auto log_of = [](const std::string& members) {
    Wal::Opened opened = Wal::create({"node2", 64 << 10, members}, 7);
    return Rig(std::move(opened)).segments();
  };
  const auto opens = [](std::vector<Wal::File> files, const std::string& members) {
    return Wal::open({"node2", 64 << 10, members}, std::move(files), nullptr);
  };
  EXPECT_TRUE(opens(log_of("node1, node2, node3"), "node1, node2, node3"));
  const auto refused = opens(log_of("node1, node2, node3"), "node0, node1, node2, node3");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("a cluster of node1, node2, node3"), std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(opens(log_of("node2"), "node1, node2, node3")) << "what ran alone doesn't come back";
  EXPECT_TRUE(opens(log_of("node1, node2, node3"), "node2")) << "to read what is left, alone";
}

}  // namespace
}  // namespace kv
