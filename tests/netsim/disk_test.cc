#include "netsim/disk.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kv::sim {
namespace {

constexpr std::size_t kSector = Disk::kSectorBytes;
const std::string kLog = "log";

std::string sectors(char fill, std::size_t count = 1) {
  return std::string(count * kSector, fill);
}

using Names = std::vector<std::string>;

/// A disk on which nothing fails.
struct Rig {
  Disk disk{};

  void run(const DiskOperation& operation) {
    const Outcome done = disk.execute(operation);
    ASSERT_TRUE(done) << done.error().message;
  }
  /// A durable file of one name.
  void make(const std::string& name, const std::string& content) {
    run(CreateFile{name, 0});
    run(WriteAt{name, 0, content});
    run(SyncFile{name});
    run(SyncDirectory{});
  }
  /// All contents of `name` that power cuts leave; "gone" without the file.
  std::set<std::string> after_power_cuts(const std::string& name, int cuts = 400) const {
    std::set<std::string> contents;
    for (int seed = 1; seed <= cuts; ++seed) {
      Disk torn = disk;
      Rng rng(static_cast<std::uint64_t>(seed));
      torn.cut_power(rng);
      contents.insert(torn.exists(name) ? torn.content(name) : "gone");
    }
    return contents;
  }
};

std::string error_of(const Outcome& outcome) {
  return outcome ? "no error" : outcome.error().message;
}

TEST(Disk, DoesWhatItIsTold) {
  Rig rig;
  rig.run(CreateFile{"b", 4});
  rig.run(CreateFile{"a", 0});
  rig.run(WriteAt{"b", 1, "xy"});
  rig.run(WriteAt{"a", 2, "z"});
  EXPECT_EQ(rig.disk.names(), (Names{"a", "b"}));
  EXPECT_EQ(rig.disk.content("b"), std::string("\0xy\0", 4));
  EXPECT_EQ(rig.disk.content("a"), std::string("\0\0z", 3));
  rig.run(RenameFile{"b", "a"});
  EXPECT_EQ(rig.disk.names(), Names{"a"});
  EXPECT_EQ(rig.disk.content("a").size(), 4U);
  rig.run(CreateFile{"a", 1});
  EXPECT_EQ(rig.disk.content("a"), std::string(1, '\0'));
  EXPECT_FALSE(rig.disk.exists("b"));
  rig.run(RemoveFile{"a"});
  EXPECT_TRUE(rig.disk.names().empty());
}

TEST(Disk, RefusesNamesThatDoNotExist) {
  Disk disk;
  EXPECT_DEATH((void)disk.execute(WriteAt{"x", 0, "y"}), "CHECK");
  EXPECT_DEATH((void)disk.execute(SyncFile{"x"}), "CHECK");
  EXPECT_DEATH((void)disk.execute(RenameFile{"x", "y"}), "CHECK");
  EXPECT_DEATH((void)disk.execute(RemoveFile{"x"}), "CHECK");
  EXPECT_DEATH((void)disk.content("x"), "CHECK");
}

TEST(Disk, KeepsWhatWasSynced) {
  Rig rig;
  rig.make(kLog, "hello");
  rig.run(WriteAt{kLog, 1, "i its me"});
  rig.run(SyncFile{kLog});
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set<std::string>{"hi its me"});
}

TEST(Disk, KeepsAnyOfTheVersionsOfASector) {
  Rig rig;
  rig.make(kLog, sectors('a'));
  for (const char version : {'b', 'c', 'd'}) rig.run(WriteAt{kLog, 0, sectors(version)});
  EXPECT_EQ(rig.after_power_cuts(kLog),
            (std::set{sectors('a'), sectors('b'), sectors('c'), sectors('d')}));
}

TEST(Disk, TearsAWriteBetweenAnyOfItsSectors) {
  Rig rig;
  rig.make(kLog, sectors('a', 3));
  rig.run(WriteAt{kLog, 0, sectors('b', 3)});
  EXPECT_EQ(rig.after_power_cuts(kLog).size(), 8U) << "each subset of three sectors";
}

TEST(Disk, NeverTearsASector) {
  Rig rig;
  rig.make(kLog, sectors('a'));
  rig.run(WriteAt{kLog, 100, "bbb"});
  rig.run(WriteAt{kLog, 101, "ccc"});
  std::string one = sectors('a');
  one.replace(100, 3, "bbb");
  std::string both = sectors('a');
  both.replace(100, 4, "bccc");
  EXPECT_EQ(rig.after_power_cuts(kLog), (std::set{sectors('a'), one, both}));
}

TEST(Disk, LosesEverythingNothingOrAPart) {
  Rig rig;
  rig.make(kLog, sectors('a', 64));
  for (std::size_t i = 0; i < 64; ++i) rig.run(WriteAt{kLog, i * kSector, sectors('b')});
  const std::set<std::string> contents = rig.after_power_cuts(kLog);
  EXPECT_TRUE(contents.contains(sectors('a', 64)));
  EXPECT_TRUE(contents.contains(sectors('b', 64)));
  EXPECT_GT(contents.size(), 100U);
}

TEST(Disk, MayShortenAFileThatGrew) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.run(WriteAt{kLog, 4, "bb"});
  rig.run(WriteAt{kLog, 8, "cc"});
  const std::set<std::string> contents = rig.after_power_cuts(kLog, 4'000);
  std::set<std::size_t> sizes;
  for (const std::string& content : contents) {
    sizes.insert(content.size());
    const std::string full("aaaabb\0\0cc", 10);
    const std::string half("aaaabb\0\0\0\0", 10);
    const std::string none("aaaa\0\0\0\0\0\0", 10);
    EXPECT_TRUE(full.starts_with(content) || half.starts_with(content) || none.starts_with(content))
        << content;
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{4, 5, 6, 7, 8, 9, 10}));
  EXPECT_TRUE(contents.contains(std::string("aaaa\0\0\0\0\0\0", 10)))
      << "the size without the data";
}

TEST(Disk, MayLoseTheZerosOfANewFile) {
  Rig rig;
  rig.run(CreateFile{kLog, 1'000});
  rig.run(SyncDirectory{});
  std::set<std::size_t> sizes;
  for (const std::string& content : rig.after_power_cuts(kLog)) sizes.insert(content.size());
  EXPECT_TRUE(sizes.contains(0));
  EXPECT_TRUE(sizes.contains(1'000));
  EXPECT_GT(sizes.size(), 10U);
  rig.run(SyncFile{kLog});
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set{std::string(1'000, '\0')});
}

TEST(Disk, KeepsAPrefixOfTheChangesOfNames) {
  Rig rig;
  rig.make("1", "one");
  rig.run(CreateFile{"2", 0});
  rig.run(RenameFile{"1", "3"});
  rig.run(RemoveFile{"2"});
  std::set<Names> survivors;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Disk torn = rig.disk;
    Rng rng(seed);
    torn.cut_power(rng);
    survivors.insert(torn.names());
  }
  EXPECT_EQ(survivors, (std::set{Names{"1"}, Names{"1", "2"}, Names{"2", "3"}, Names{"3"}}));
  rig.run(SyncDirectory{});
  EXPECT_EQ(rig.after_power_cuts("3"), std::set<std::string>{"one"});
}

TEST(Disk, MayBringBackAFileThatWasReplaced) {
  Rig rig;
  rig.make("a", "old");
  rig.make("b", "new");
  rig.run(RenameFile{"b", "a"});
  EXPECT_EQ(rig.after_power_cuts("a"), (std::set<std::string>{"old", "new"}));
  EXPECT_EQ(rig.after_power_cuts("b"), (std::set<std::string>{"new", "gone"}));
  rig.run(CreateFile{"a", 0});
  EXPECT_EQ(rig.after_power_cuts("a"), (std::set<std::string>{"old", "new", ""}));
  rig.run(SyncDirectory{});
  EXPECT_EQ(rig.after_power_cuts("a"), std::set<std::string>{""});
}

TEST(Disk, LosesAFileWhoseNameWasNotSynced) {
  Rig rig;
  rig.run(CreateFile{"a", 0});
  rig.run(WriteAt{"a", 0, "data"});
  rig.run(SyncFile{"a"});
  EXPECT_EQ(rig.after_power_cuts("a"), (std::set<std::string>{"gone", "data"}));
}

TEST(Disk, GoesOnAfterAPowerCutWithWhatIsLeft) {
  Rig rig;
  rig.make(kLog, sectors('a', 4));
  rig.run(WriteAt{kLog, 0, sectors('b', 4)});
  rig.run(CreateFile{"spare-1", 9});
  Rng rng(1);
  rig.disk.cut_power(rng);
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set{rig.disk.content(kLog)});
  const Names names = rig.disk.names();
  Rng other(2);
  rig.disk.cut_power(other);
  EXPECT_EQ(rig.disk.names(), names);
}

TEST(Disk, IsAValue) {
  Rig rig;
  rig.make(kLog, "aaa");
  rig.run(WriteAt{kLog, 0, "b"});
  Rig copy = rig;
  copy.run(WriteAt{kLog, 1, "cc"});
  copy.run(SyncFile{kLog});
  EXPECT_EQ(rig.disk.content(kLog), "baa");
  EXPECT_EQ(rig.after_power_cuts(kLog), (std::set<std::string>{"aaa", "baa"}));
  EXPECT_EQ(copy.after_power_cuts(kLog), std::set<std::string>{"bcc"});
}

TEST(Disk, CountsWhatItHolds) {
  Rig rig;
  rig.run(CreateFile{"a", 100});
  rig.run(WriteAt{"a", 90, std::string(20, 'x')});
  EXPECT_EQ(rig.disk.used_bytes(), 110U);
  rig.run(CreateFile{"b", 7});
  rig.run(RenameFile{"b", "a"});
  EXPECT_EQ(rig.disk.used_bytes(), 7U);
  rig.run(CreateFile{"a", 8});
  EXPECT_EQ(rig.disk.used_bytes(), 8U);
  rig.run(RemoveFile{"a"});
  EXPECT_EQ(rig.disk.used_bytes(), 0U);
}

TEST(Disk, SaysThatItIsFullAndStaysAsItWas) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.disk.set_capacity(6);
  EXPECT_EQ(error_of(rig.disk.execute(WriteAt{kLog, 3, "bbbb"})),
            "the disk is full: log needs 3 bytes more, and 4 of 6 are used. Free space on it, then "
            "start the node again.");
  EXPECT_EQ(rig.disk.content(kLog), "aaaa");
  EXPECT_NE(error_of(rig.disk.execute(CreateFile{"b", 3})), "no error");
  EXPECT_EQ(rig.disk.names(), Names{kLog});
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set<std::string>{"aaaa"});
  rig.run(WriteAt{kLog, 3, "bbb"});
  EXPECT_EQ(rig.disk.used_bytes(), 6U);
}

TEST(Disk, LetsAFullDiskOverwriteAndShrink) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.disk.set_capacity(1);  // fuller than it may be
  rig.run(WriteAt{kLog, 0, "bbbb"});
  rig.run(CreateFile{"b", 0});
  rig.run(CreateFile{kLog, 3});
  EXPECT_EQ(rig.disk.used_bytes(), 3U);
  EXPECT_NE(error_of(rig.disk.execute(WriteAt{"b", 0, "x"})), "no error");
  rig.disk.set_capacity(0);
  rig.run(WriteAt{"b", 0, "x"});
}

TEST(Disk, IsHonestWhileItKeepsWhatWasSyncedAndHasRoom) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.disk.set_capacity(8);
  EXPECT_TRUE(rig.disk.is_honest()) << "there is room";
  EXPECT_FALSE(rig.disk.execute(CreateFile{"b", 5}));
  EXPECT_FALSE(rig.disk.is_honest());
  rig.run(CreateFile{"b", 4});
  EXPECT_TRUE(rig.disk.is_honest());
  EXPECT_TRUE(rig.disk.flip_bit(kLog, 1, 1));
  rig.run(RemoveFile{kLog});
  EXPECT_FALSE(rig.disk.is_honest()) << "the file may come back";
  rig.run(SyncDirectory{});
  EXPECT_TRUE(rig.disk.is_honest());
  rig.disk.set_lying(true);
  rig.disk.set_lying(false);
  EXPECT_FALSE(rig.disk.is_honest()) << "a lie can't be taken back";
}

TEST(Disk, ForgetsEverythingButItsCapacityWhenItIsWiped) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.disk.set_capacity(4);
  rig.disk.wipe();
  EXPECT_TRUE(rig.disk.names().empty());
  EXPECT_EQ(rig.disk.used_bytes(), 0U);
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set<std::string>{"gone"});
  EXPECT_FALSE(rig.disk.execute(CreateFile{kLog, 5}));
}

TEST(Disk, RotsABitOfWhatIsDurable) {
  Rig rig;
  rig.make(kLog, "aaaa");
  EXPECT_TRUE(rig.disk.flip_bit(kLog, 1, 1));
  EXPECT_EQ(rig.disk.content(kLog), "acaa");
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set<std::string>{"acaa"});
  EXPECT_FALSE(rig.disk.flip_bit(kLog, 4, 0));
  EXPECT_FALSE(rig.disk.flip_bit("other", 0, 0));
}

TEST(Disk, RotsBehindWhatWasNotSyncedYet) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.run(WriteAt{kLog, 1, "bb"});
  rig.run(WriteAt{kLog, 1, "BBxx"});
  EXPECT_TRUE(rig.disk.flip_bit(kLog, 1, 1));
  EXPECT_EQ(rig.disk.content(kLog), "aBBxx") << "the page cache hides it";
  EXPECT_FALSE(rig.disk.flip_bit(kLog, 4, 0)) << "nothing durable is there yet";
  const std::set<std::string> contents = rig.after_power_cuts(kLog);
  EXPECT_TRUE(contents.contains("acaa"));
  EXPECT_TRUE(contents.contains("abba"));
  EXPECT_FALSE(contents.contains("aaaa"));
  rig.run(SyncFile{kLog});
  EXPECT_EQ(rig.disk.content(kLog), "aBBxx");
}

TEST(Disk, CannotReadABadSectorUntilItIsWrittenAnew) {
  Rig rig;
  rig.make(kLog, sectors('a', 3));
  EXPECT_TRUE(rig.disk.spoil_sector(kLog, 2 * kSector + 1));
  EXPECT_TRUE(rig.disk.spoil_sector(kLog, kSector));
  EXPECT_FALSE(rig.disk.spoil_sector(kLog, 3 * kSector));
  EXPECT_FALSE(rig.disk.spoil_sector("other", 0));
  const auto starts_with = [&](const std::string& words) {
    return error_of(rig.disk.check_readable(kLog)).rfind(words, 0) == 0;
  };
  EXPECT_TRUE(starts_with("cannot read log at offset 512: Input/output error. "));
  rig.run(WriteAt{kLog, kSector, std::string(kSector - 1, 'b')});
  EXPECT_TRUE(starts_with("cannot read log at offset 512: ")) << "not all of it";
  rig.run(WriteAt{kLog, kSector, sectors('b')});
  EXPECT_TRUE(starts_with("cannot read log at offset 1024: "));
  rig.run(RenameFile{kLog, "other"});
  EXPECT_FALSE(rig.disk.check_readable("other")) << "the sector is the file's";
  rig.run(CreateFile{"other", 5});
  EXPECT_TRUE(rig.disk.check_readable("other"));
}

TEST(Disk, LosesAllThatItLiedAbout) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.disk.set_lying(true);
  rig.run(WriteAt{kLog, 0, "bb"});
  rig.run(SyncFile{kLog});
  rig.run(RenameFile{kLog, "new"});
  rig.run(SyncDirectory{});
  EXPECT_EQ(rig.disk.content("new"), "bbaa") << "a process sees what it wrote";
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set<std::string>{"aaaa"});
  EXPECT_EQ(rig.after_power_cuts("new"), std::set<std::string>{"gone"});
}

TEST(Disk, SettlesWhatItLiedAboutWithTheFirstHonestSync) {
  Rig rig;
  rig.make(kLog, "aaaa");
  rig.disk.set_lying(true);
  rig.run(WriteAt{kLog, 0, "bb"});
  rig.run(SyncFile{kLog});
  rig.disk.set_lying(false);
  EXPECT_EQ(rig.after_power_cuts(kLog), (std::set<std::string>{"aaaa", "bbaa"}));
  rig.run(SyncFile{kLog});
  EXPECT_EQ(rig.after_power_cuts(kLog), std::set<std::string>{"bbaa"});
}

SnapshotPtr snapshot_at(LogIndex index, int keys) {
  Snapshot snapshot{index, 3, KvStore(64)};
  for (int i = 0; i < keys; ++i) {
    snapshot.state.set("key-" + std::to_string(i), std::string(500, 'v'));
  }
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

TEST(Disk, SavesASnapshotDurablyAndDropsOlderOnes) {
  Rig rig;
  rig.make("log-0000000000000001.wal", "x");
  rig.make(snapshot_file_name(7), "older");
  rig.make(snapshot_file_name(900), "newer");
  rig.run(SaveSnapshot{snapshot_at(42, 200)});
  const Names names = rig.disk.names();
  EXPECT_EQ(names,
            (Names{"log-0000000000000001.wal", snapshot_file_name(42), snapshot_file_name(900)}));
  EXPECT_EQ(rig.after_power_cuts(snapshot_file_name(42), 50),
            std::set{rig.disk.content(snapshot_file_name(42))});
}

TEST(Disk, WritesASnapshotInPieces) {
  const std::vector<DiskOperation> operations =
      Disk::snapshot_operations(snapshot_at(42, 200), {snapshot_file_name(7), "log-1.wal"});
  const auto writes = std::count_if(operations.begin(), operations.end(), [](const auto& o) {
    return std::holds_alternative<WriteAt>(o);
  });
  EXPECT_GT(writes, 5);
  ASSERT_EQ(operations.size(), static_cast<std::size_t>(writes) + 5);
  const auto last = std::prev(operations.end(), 4);
  EXPECT_EQ(std::get<SyncFile>(last[0]).name, snapshot_file_name(42) + ".tmp");
  EXPECT_EQ(std::get<RenameFile>(last[1]).to, snapshot_file_name(42));
  EXPECT_TRUE(std::holds_alternative<SyncDirectory>(last[2]));
  EXPECT_EQ(std::get<RemoveFile>(last[3]).name, snapshot_file_name(7));
}

TEST(Disk, RemovesTheUnfinishedSnapshotWhenItIsFull) {
  Rig rig;
  rig.make(snapshot_file_name(7), "older");
  rig.disk.set_capacity(30'000);
  EXPECT_NE(error_of(rig.disk.execute(SaveSnapshot{snapshot_at(42, 200)})).find("disk is full"),
            std::string::npos);
  EXPECT_EQ(rig.disk.names(), Names{snapshot_file_name(7)});
  EXPECT_EQ(rig.disk.used_bytes(), 5U);
}

/// A disk of two files beside a model that keeps, whole, every version of them since the last sync.
class Walk {
 public:
  explicit Walk(std::uint64_t seed) : rng_(seed) {
    for (const char* name : {"a", "b"}) {
      rig_.make(name, "");
      versions_[name] = {""};
    }
  }

  void step() {
    const std::string name = rng_.below(2) == 0 ? "a" : "b";
    if (rng_.below(8) == 0) {
      rig_.run(SyncFile{name});
      versions_[name] = {versions_[name].back()};
    } else if (rng_.below(20) == 0) {
      rig_.disk.cut_power(rng_);
      for (const auto& [file, versions] : versions_) expect_old_sectors(file);
      for (auto& [file, versions] : versions_) versions = {rig_.disk.content(file)};
    } else {
      write(name);
    }
    ASSERT_EQ(rig_.disk.content(name), versions_[name].back());
    ASSERT_EQ(rig_.disk.used_bytes(), versions_["a"].back().size() + versions_["b"].back().size());
  }

 private:
  void write(const std::string& name) {
    const std::string data(rng_.below(3 * kSector), static_cast<char>(rng_.below(256)));
    const WriteAt write{name, rng_.below(6 * kSector), data};
    rig_.run(write);
    std::string content = versions_[name].back();
    if (!data.empty()) content.resize(std::max(content.size(), write.offset + data.size()), '\0');
    if (!data.empty()) content.replace(write.offset, data.size(), data);
    versions_[name].push_back(content);
  }

  void expect_old_sectors(const std::string& name) const {
    const std::string& content = rig_.disk.content(name);
    const std::vector<std::string>& versions = versions_.at(name);
    ASSERT_GE(content.size(), versions.front().size());
    ASSERT_LE(content.size(), versions.back().size());
    for (std::size_t begin = 0; begin < content.size(); begin += kSector) {
      const std::size_t size = std::min(kSector, content.size() - begin);
      const auto has_it = [&](std::string version) {
        version.resize(std::max(version.size(), begin + size), '\0');
        return version.compare(begin, size, content, begin, size) == 0;
      };
      ASSERT_TRUE(std::any_of(versions.begin(), versions.end(), has_it)) << "sector at " << begin;
    }
  }

  Rng rng_;
  Rig rig_{};
  std::map<std::string, std::vector<std::string>> versions_{};
};

TEST(Disk, LeavesNoSectorThatNeverWas) {
  for (std::uint64_t seed = 1; seed <= 500 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk walk(seed);
    for (int step = 0; step < 60; ++step) walk.step();
  }
}

}  // namespace
}  // namespace kv::sim
