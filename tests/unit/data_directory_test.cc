#include "data_directory.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/snapshot.h"
#include "scratch_directory.h"
#include "snapshot_writer.h"

namespace kv {
namespace {

namespace fs = std::filesystem;

const std::string kLog = "log-0000000000000001.wal";

Wal::Options options() {
  return {"node1", 64 << 10};
}

Write entries(LogIndex first, LogIndex last) {
  Write write;
  for (LogIndex index = first; index <= last; ++index) {
    write.append.push_back(make_entry(index, 1, EntryType::kCommand, "payload"));
  }
  return write;
}

SnapshotPtr snapshot_at(LogIndex index) {
  return std::make_shared<const Snapshot>(Snapshot{index, 1, KvStore()});
}

std::size_t count(const fs::path& path) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(path), fs::directory_iterator()));
}

class DataDirectoryTest : public ::testing::Test {
 protected:
  /// Opens and recovers; `error_` says why it failed.
  bool start() {
    directory_.reset();
    Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(path_);
    if (!directory) return fails(directory.error());
    Result<Wal::Opened> opened = (*directory)->recover_or_create(options(), 42);
    if (!opened) return fails(opened.error());
    directory_ = std::move(*directory);
    opened_.emplace(std::move(*opened));
    return true;
  }

  bool fails(const Error& error) {
    error_ = error.message;
    return false;
  }

  bool done(const std::vector<DiskOperation>& operations) {
    const Outcome outcome = directory_->execute(operations);
    return outcome ? true : fails(outcome.error());
  }

  bool commit(const Write& write) {
    return done(opened_->wal.append(write)) && done(opened_->wal.sync());
  }

  std::string file(const std::string& name) const { return path_ + "/" + name; }

  ScratchDirectory scratch_{};
  std::string path_{scratch_.path("data/node1")};
  std::unique_ptr<DataDirectory> directory_{};
  std::optional<Wal::Opened> opened_{};
  std::string error_{};
};

TEST_F(DataDirectoryTest, StartsEmpty) {
  ASSERT_TRUE(start()) << error_;
  EXPECT_EQ(opened_->recovered.incarnation, 42u);
  EXPECT_FALSE(opened_->recovered.has_history());
  EXPECT_EQ(fs::file_size(file(kLog)), options().segment_bytes);
}

TEST_F(DataDirectoryTest, GivesBackWhatWasWritten) {
  ASSERT_TRUE(start()) << error_;
  for (LogIndex index = 1; index <= 5000; index += 10)
    ASSERT_TRUE(commit(entries(index, index + 9)));
  ASSERT_TRUE(start()) << error_;
  EXPECT_EQ(opened_->recovered.entries.size(), 5000u);
  ASSERT_TRUE(commit(entries(5001, 5001)));
  ASSERT_TRUE(start()) << error_;
  EXPECT_EQ(opened_->recovered.entries.size(), 5001u);
}

TEST_F(DataDirectoryTest, RecyclesAndRemovesSegments) {
  ASSERT_TRUE(start()) << error_;
  for (LogIndex index = 1; index <= 5000; index += 10)
    ASSERT_TRUE(commit(entries(index, index + 9)));
  ASSERT_TRUE(done({SaveSnapshot{snapshot_at(5000)}}));
  Write write;
  write.discard_through = 5000;
  ASSERT_TRUE(commit(write));
  EXPECT_EQ(count(path_), 5u);  // lock, segment, snapshot, two spares
  for (LogIndex index = 5001; index <= 9000; index += 10)
    ASSERT_TRUE(commit(entries(index, index + 9)));
  ASSERT_TRUE(start()) << error_;
  EXPECT_EQ(opened_->recovered.entries.back().index, 9000u);
  EXPECT_EQ(opened_->recovered.snapshot->last_index, 5000u);
}

TEST_F(DataDirectoryTest, KeepsOnlyTheNewestSnapshot) {
  ASSERT_TRUE(start()) << error_;
  ASSERT_TRUE(commit(entries(1, 9)));
  ASSERT_TRUE(done({SaveSnapshot{snapshot_at(3)}}));
  ASSERT_TRUE(done({SaveSnapshot{snapshot_at(5)}}));
  EXPECT_FALSE(fs::exists(file(snapshot_file_name(3))));
  ASSERT_TRUE(start()) << error_;
  EXPECT_EQ(opened_->recovered.snapshot->last_index, 5u);
}

TEST_F(DataDirectoryTest, InstallsASnapshot) {
  ASSERT_TRUE(start()) << error_;
  Write write = entries(101, 102);
  write.install = snapshot_at(100);
  ASSERT_TRUE(commit(write));
  ASSERT_TRUE(start()) << error_;
  EXPECT_EQ(opened_->recovered.snapshot->last_index, 100u);
  EXPECT_EQ(opened_->recovered.entries.size(), 2u);
}

TEST_F(DataDirectoryTest, RemovesWhatACrashLeftOver) {
  ASSERT_TRUE(start()) << error_;
  write_all(file("spare-2.wal"), "x");
  write_all(file("snapshot-000000000007.snap.tmp"), "x");
  write_all(file("notes.txt"), "mine");
  ASSERT_TRUE(start()) << error_;
  EXPECT_FALSE(fs::exists(file("spare-2.wal")));
  EXPECT_FALSE(fs::exists(file("snapshot-000000000007.snap.tmp")));
  EXPECT_EQ(read_all(file("notes.txt")), "mine");
}

TEST_F(DataDirectoryTest, KeepsASecondUserOut) {
  ASSERT_TRUE(start()) << error_;
  const Result<std::unique_ptr<DataDirectory>> second = DataDirectory::open(path_ + "/");
  EXPECT_EQ(second.error().message, "another kvnode (pid " + std::to_string(::getpid()) +
                                        ") uses " + path_ +
                                        "; stop it or choose another --data-dir.");
}

TEST_F(DataDirectoryTest, IsFreeAgainWhenItsProcessWasKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(path_);
    const char byte = directory ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_FALSE(start());
  EXPECT_NE(error_.find("another kvnode (pid " + std::to_string(child) + ")"), std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_TRUE(start()) << error_;
}

TEST_F(DataDirectoryTest, NamesTheDamagedSnapshot) {
  ASSERT_TRUE(start()) << error_;
  ASSERT_TRUE(done({SaveSnapshot{snapshot_at(5)}}));
  const std::string path = file(snapshot_file_name(5));
  std::string bytes = read_all(path);
  bytes[bytes.size() / 2] ^= 1;
  write_all(path, bytes);
  EXPECT_FALSE(start());
  EXPECT_NE(error_.find(path), std::string::npos) << error_;
  EXPECT_NE(error_.find("offset"), std::string::npos) << error_;
}

TEST_F(DataDirectoryTest, RefusesWhatItCannotRead) {
  ASSERT_TRUE(start()) << error_;
  const std::string path = file(snapshot_file_name(5));
  fs::create_symlink("/proc/self/mem", path);  // reading its first page is an input/output error
  EXPECT_FALSE(start());
  EXPECT_EQ(error_.rfind("cannot read " + path + ": Input/output error. ", 0), 0u) << error_;
  fs::remove(path);
  fs::remove(file(kLog));
  fs::create_directory(file(kLog));
  EXPECT_FALSE(start());
  EXPECT_EQ(error_.rfind("cannot read " + file(kLog) + ": Is a directory. ", 0), 0u) << error_;
}

TEST_F(DataDirectoryTest, RefusesARenamedSnapshot) {
  ASSERT_TRUE(start()) << error_;
  ASSERT_TRUE(done({SaveSnapshot{snapshot_at(5)}}));
  fs::rename(file(snapshot_file_name(5)), file(snapshot_file_name(6)));
  EXPECT_FALSE(start());
  EXPECT_NE(error_.find("holds the snapshot of entry 5"), std::string::npos) << error_;
}

TEST_F(DataDirectoryTest, NamesTheDamagedLog) {
  ASSERT_TRUE(start()) << error_;
  ASSERT_TRUE(commit(entries(1, 9)));
  ASSERT_TRUE(done(opened_->wal.mark()));
  std::string bytes = read_all(file(kLog));
  bytes[300] ^= 1;
  write_all(file(kLog), bytes);
  EXPECT_FALSE(start());
  EXPECT_EQ(error_.rfind("in " + path_ + ": " + kLog + " is damaged at offset ", 0), 0u) << error_;
}

TEST_F(DataDirectoryTest, RefusesASnapshotWithoutALog) {
  ASSERT_TRUE(start()) << error_;
  ASSERT_TRUE(done({SaveSnapshot{snapshot_at(5)}}));
  fs::remove(file(kLog));
  EXPECT_FALSE(start());
  EXPECT_NE(error_.find("the log is missing"), std::string::npos) << error_;
}

TEST_F(DataDirectoryTest, StopsAtAFullDisk) {
  ASSERT_TRUE(start()) << error_;
  fs::create_symlink("/dev/full", file("full"));
  EXPECT_FALSE(done({WriteAt{"full", 8, "x"}}));
  const std::string expected = "cannot write at offset 8 of " + file("full") +
                               ": No space left on device. Free space on its file system, then "
                               "start the node again.";
  EXPECT_EQ(error_, expected);
  EXPECT_FALSE(commit(entries(1, 1)));  // not even elsewhere: what the disk holds is unknown now
  EXPECT_EQ(error_, expected);
  ASSERT_TRUE(start()) << error_;
  EXPECT_TRUE(opened_->recovered.entries.empty());
}

TEST_F(DataDirectoryTest, StopsAtTheLimitOnFileSizes) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 16 << 10;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool started = start();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(started);
  EXPECT_NE(error_.find("File too large. Raise the limit on file sizes"), std::string::npos)
      << error_;
  EXPECT_TRUE(start()) << error_;
}

TEST_F(DataDirectoryTest, NeverReportsAFailedSyncAsDone) {
  ASSERT_TRUE(start()) << error_;
  fs::create_symlink("/dev/full", file("full"));  // a device that can't be synced
  EXPECT_FALSE(done({SyncFile{"full"}}));
  EXPECT_FALSE(done({SyncFile{kLog}}));
}

TEST_F(DataDirectoryTest, SaysWhatIsInTheWayOfTheDirectory) {
  write_all(scratch_.path("data"), "a file");
  EXPECT_FALSE(start());
  EXPECT_EQ(error_, "cannot create the data directory " + scratch_.path("data") +
                        ": File exists. Solve that, then start the node again.");
}

TEST(DiskError, ShowsAWayOut) {
  EXPECT_EQ(disk_error("sync", "/d/f", EIO).message,
            "cannot sync /d/f: Input/output error. The disk may be failing: look at the system's "
            "log, then "
            "move the data directory to another disk and start the node there.");
  for (const int error_number : {ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EPERM, EMFILE, EINVAL}) {
    const std::string message = disk_error("open", "/d/f", error_number).message;
    EXPECT_TRUE(message.ends_with("start the node again.")) << message;
  }
}

}  // namespace
}  // namespace kv
