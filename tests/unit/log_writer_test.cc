#include "log_writer.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "scratch_directory.h"

namespace kv {
namespace {

using namespace std::chrono_literals;

Wal::Options options() {
  return {"node1", 64 << 10};
}

Write write_of(WriteId id, std::string_view payload = "payload") {
  Write write;
  write.id = id;
  write.append.push_back(make_entry(id, 1, EntryType::kCommand, payload));
  return write;
}

/// What a writer said, from any thread.
class Reports {
 public:
  void persisted(WriteId id) {
    const std::lock_guard lock(mutex_);
    persisted_.push_back(id);
    last_by_ = std::this_thread::get_id();
    changed_.notify_all();
  }
  void failed(const Error& error) {
    const std::lock_guard lock(mutex_);
    errors_.push_back(error.message);
    changed_.notify_all();
  }
  bool wait_for(WriteId id) {
    return wait([&] { return !persisted_.empty() && persisted_.back() >= id; });
  }
  bool wait_for_failure() {
    return wait([&] { return !errors_.empty(); });
  }
  std::vector<WriteId> ids() {
    const std::lock_guard lock(mutex_);
    return persisted_;
  }
  /// Which thread wrote the last one.
  std::thread::id last_by() {
    const std::lock_guard lock(mutex_);
    return last_by_;
  }
  std::vector<std::string> errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::vector<WriteId> persisted_{};
  std::thread::id last_by_{};
  std::vector<std::string> errors_{};
};

class LogWriterTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    directory_.reset();
    directory_ = std::move(*DataDirectory::open(scratch_.path("node1")));
    Result<Wal::Opened> opened = directory_->recover_or_create(options(), 42);
    ASSERT_TRUE(opened) << opened.error().message;
    wal_.emplace(std::move(opened->wal));
    entries_ = opened->recovered.entries.size();
  }

  void start() {
    start([this](WriteId id) { reports_.persisted(id); });
  }
  void start(std::function<void(WriteId)> persisted) { start(std::move(persisted), 1h); }
  /// A disk that takes less than `quick` is waited for by callers.
  void start(std::function<void(WriteId)> persisted, std::chrono::nanoseconds quick) {
    writer_.emplace(
        std::move(*wal_), *directory_, std::move(persisted),
        [this](const Error& error) { reports_.failed(error); }, quick);
  }

  /// Writes, from `next` on, until one was written by the caller: the writer's thread is at rest
  /// soon. Leaves the id behind it in `next`.
  bool write_until_by_caller(WriteId& next) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < give_up) {
      writer_->write({write_of(next)});
      if (!reports_.wait_for(next++)) return false;
      if (reports_.last_by() == std::this_thread::get_id()) return true;
    }
    return false;
  }

  /// Whether it comes to be that damage in a copy of the log is told from a torn tail.
  bool marks_the_log() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string refusal;
    while (refusal.empty() && std::chrono::steady_clock::now() < give_up) {
      refusal = damage_in_copy();
    }
    return refusal.find("before data that was known to be on disk") != std::string::npos;
  }

  /// Damages a copy of the log as it is now; why that is refused, empty: it passes for a torn tail.
  std::string damage_in_copy() {
    const std::string name = "log-0000000000000001.wal";
    std::string bytes = read_all(scratch_.path("node1/" + name));
    bytes[bytes.rfind("payload")] = 'P';
    const std::string copy = scratch_.path("copy");
    std::filesystem::remove_all(copy);
    std::filesystem::create_directory(copy);
    write_all(copy + "/" + name, bytes);
    const auto directory = std::move(*DataDirectory::open(copy));
    const Result<Wal::Opened> opened = directory->recover_or_create(options(), 42);
    return opened ? "" : opened.error().message;
  }

  ScratchDirectory scratch_{};
  std::unique_ptr<DataDirectory> directory_{};
  std::optional<Wal> wal_{};
  std::size_t entries_{0};
  Reports reports_{};
  std::optional<LogWriter> writer_{};
};

TEST_F(LogWriterTest, MakesWritesDurableInOrder) {
  start();
  for (WriteId id = 1; id <= 2000; ++id) writer_->enqueue({write_of(id)});
  ASSERT_TRUE(reports_.wait_for(2000));
  const std::vector<WriteId> ids = reports_.ids();
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  writer_.reset();
  open();
  EXPECT_EQ(entries_, 2000u);
}

TEST_F(LogWriterTest, SharesASyncAmongWhatQueuedUp) {
  std::mutex turn;
  std::unique_lock held(turn);
  bool first = true;
  start([&](WriteId id) {
    if (std::exchange(first, false)) std::lock_guard wait(turn);
    reports_.persisted(id);
  });
  writer_->enqueue({write_of(1)});
  // The first group may take some of these along; it ends only when all are queued.
  for (WriteId id = 2; id <= 100; ++id) writer_->enqueue({write_of(id)});
  held.unlock();
  ASSERT_TRUE(reports_.wait_for(100));
  EXPECT_LE(reports_.ids().size(), 2u);
}

TEST_F(LogWriterTest, WritesAllThatWasQueuedBeforeItEnds) {
  start();
  for (WriteId id = 1; id <= 500; ++id) writer_->enqueue({write_of(id)});
  writer_.reset();
  EXPECT_EQ(reports_.ids().back(), 500u);
  open();
  EXPECT_EQ(entries_, 500u);
}

TEST_F(LogWriterTest, MarksTheLogWhenNothingIsWaiting) {
  start();
  writer_->enqueue({write_of(1)});
  ASSERT_TRUE(reports_.wait_for(1));
  EXPECT_TRUE(marks_the_log());
}

TEST_F(LogWriterTest, MarksTheLogBeforeItEnds) {
  start();
  writer_->enqueue({write_of(1)});
  writer_.reset();
  const std::string refusal = damage_in_copy();
  EXPECT_NE(refusal.find("before data that was known to be on disk"), std::string::npos) << refusal;
}

TEST_F(LogWriterTest, FailsOnceAndWritesNothingMore) {
  std::filesystem::create_symlink("/dev/full", scratch_.path("node1/spare-1.wal"));
  start();
  writer_->enqueue({write_of(1, std::string(options().segment_bytes, 'x'))});
  ASSERT_TRUE(reports_.wait_for_failure());
  writer_->enqueue({write_of(2)});
  writer_.reset();
  ASSERT_EQ(reports_.errors().size(), 1u);
  EXPECT_NE(reports_.errors()[0].find("No space left on device"), std::string::npos);
  EXPECT_TRUE(reports_.ids().empty());
}

TEST_F(LogWriterTest, ReportsAWriteBeforeItPreparesTheNextSegment) {
  std::filesystem::create_symlink("/dev/full", scratch_.path("node1/spare-1.wal"));
  start();
  writer_->enqueue({write_of(1)});
  ASSERT_TRUE(reports_.wait_for_failure());
  EXPECT_EQ(reports_.ids(), std::vector<WriteId>{1});
}

TEST_F(LogWriterTest, ACallerWhoWaitsWritesItselfInOrderWithTheRest) {
  start();
  WriteId next = 1;
  ASSERT_TRUE(write_until_by_caller(next));
  for (const WriteId end = next + 1000; next < end; ++next) {
    next % 3 == 0 ? writer_->enqueue({write_of(next)}) : writer_->write({write_of(next)});
  }
  ASSERT_TRUE(reports_.wait_for(next - 1));
  const std::vector<WriteId> ids = reports_.ids();
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  writer_.reset();
  open();
  EXPECT_EQ(entries_, next - 1);
}

TEST_F(LogWriterTest, MarksWhatACallerWrote) {
  start();
  WriteId next = 1;
  ASSERT_TRUE(write_until_by_caller(next));
  EXPECT_TRUE(marks_the_log());
}

TEST_F(LogWriterTest, NobodyWaitsForADiskThatIsSlow) {
  start([this](WriteId id) { reports_.persisted(id); }, 0s);
  for (WriteId id = 1; id <= 20; ++id) {
    writer_->write({write_of(id)});
    ASSERT_TRUE(reports_.wait_for(id));
    // The first one shows how slow it is.
    if (id == 1) continue;
    EXPECT_NE(reports_.last_by(), std::this_thread::get_id()) << id;
  }
}

TEST_F(LogWriterTest, AFailureThatACallerMeetsIsReportedOnce) {
  start();
  WriteId next = 1;
  ASSERT_TRUE(write_until_by_caller(next));
  std::filesystem::rename(scratch_.path("node1"), scratch_.path("gone"));
  writer_->write({write_of(next, std::string(options().segment_bytes, 'x'))});
  ASSERT_TRUE(reports_.wait_for_failure());
  writer_->write({write_of(next + 1)});
  writer_.reset();
  EXPECT_EQ(reports_.errors().size(), 1u);
  EXPECT_EQ(reports_.ids().back(), next - 1);
}

TEST_F(LogWriterTest, KeepsFewFilesOpenHoweverLongTheLogIs) {
  start();
  for (WriteId id = 1; id <= 60; ++id) {
    writer_->enqueue({write_of(id, std::string(options().segment_bytes / 2, 'x'))});
    ASSERT_TRUE(reports_.wait_for(id));
  }
  std::size_t open_files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.starts_with(scratch_.path("node1"))) ++open_files;
  }
  EXPECT_LE(open_files, 10u);
  writer_.reset();
  open();
  EXPECT_EQ(entries_, 60u);
}

}  // namespace
}  // namespace kv
