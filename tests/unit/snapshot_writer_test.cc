#include "snapshot_writer.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "data_directory.h"
#include "scratch_directory.h"

namespace kv {
namespace {

namespace fs = std::filesystem;

SnapshotPtr snapshot_at(LogIndex index) {
  return std::make_shared<const Snapshot>(Snapshot{index, 1, KvStore()});
}

class SnapshotWriterTest : public ::testing::Test {
 protected:
  /// Saves one snapshot and says how it went: "" when it was saved.
  std::string save(SnapshotPtr snapshot) {
    std::promise<std::string> outcome;
    SnapshotWriter writer(
        *directory_, [&](LogIndex) { outcome.set_value(""); },
        [&](const Error& error) { outcome.set_value(error.message); });
    writer.save(std::move(snapshot));
    std::future<std::string> future = outcome.get_future();
    const bool came = future.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    return came ? future.get() : "no answer";
  }

  std::string file(const std::string& name) const { return directory_->path() + "/" + name; }

  ScratchDirectory scratch_{};
  std::unique_ptr<DataDirectory> directory_{
      std::move(*DataDirectory::open(scratch_.path("node1")))};
};

TEST_F(SnapshotWriterTest, SavesUnderTheFinalNameAndRemovesOlderOnes) {
  EXPECT_EQ(save(snapshot_at(5)), "");
  EXPECT_EQ(save(snapshot_at(9)), "");
  EXPECT_TRUE(fs::exists(file(snapshot_file_name(9))));
  EXPECT_FALSE(fs::exists(file(snapshot_file_name(5))));
  EXPECT_FALSE(fs::exists(file(snapshot_file_name(9) + ".tmp")));
}

TEST_F(SnapshotWriterTest, KeepsTheOldSnapshotWhenTheDiskIsFull) {
  EXPECT_EQ(save(snapshot_at(5)), "");
  const std::string temporary = file(snapshot_file_name(9) + ".tmp");
  fs::create_symlink("/dev/full", temporary);
  EXPECT_NE(save(snapshot_at(9)).find("No space left on device"), std::string::npos);
  EXPECT_FALSE(fs::is_symlink(temporary));
  EXPECT_TRUE(fs::exists(file(snapshot_file_name(5))));
  EXPECT_FALSE(fs::exists(file(snapshot_file_name(9))));
}

TEST_F(SnapshotWriterTest, GivesUpWithoutALeftoverWhenCancelled) {
  const std::atomic<bool> cancelled = true;
  EXPECT_FALSE(write_snapshot(directory_->path(), snapshot_at(5), cancelled));
  EXPECT_FALSE(fs::exists(file(snapshot_file_name(5) + ".tmp")));
}

}  // namespace
}  // namespace kv
