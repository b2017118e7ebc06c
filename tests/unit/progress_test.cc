#include "core/progress.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

Limits small_limits() {
  Limits limits;
  limits.max_inflight_appends = 3;
  limits.max_inflight_bytes = 1000;
  return limits;
}

TEST(Progress, ProbesUntilItIsKnownWhereTheLogsAgree) {
  const Progress progress;
  EXPECT_EQ(progress.feed, Feed::kProbe);
  EXPECT_EQ(progress.next, 1u);
  EXPECT_LT(progress.match, progress.next);
}

TEST(Progress, AdvancesWhatIsNextWhenItSends) {
  Progress progress;
  progress.to_replicate(5);
  progress.sent(7, 100);
  EXPECT_EQ(progress.next, 8u);
  progress.sent(8, 50);
  EXPECT_EQ(progress.inflight_bytes, 150u);
}

TEST(Progress, ClosesItsWindowAtTooManyAppends) {
  Progress progress;
  progress.to_replicate(1);
  for (LogIndex index = 1; index <= 3; ++index) {
    EXPECT_TRUE(progress.window_open(small_limits())) << index;
    progress.sent(index, 1);
  }
  EXPECT_FALSE(progress.window_open(small_limits()));
}

TEST(Progress, ClosesItsWindowAtTooManyBytes) {
  Progress progress;
  progress.to_replicate(1);
  progress.sent(1, 999);
  EXPECT_TRUE(progress.window_open(small_limits()));
  progress.sent(2, 1);
  EXPECT_FALSE(progress.window_open(small_limits()));
}

TEST(Progress, OpensItsWindowWhenAnswersCome) {
  Progress progress;
  progress.to_replicate(1);
  for (LogIndex index = 1; index <= 3; ++index) progress.sent(index * 10, 400);
  progress.match = 19;  // covers the first append, and the second one in part
  progress.free_inflight();
  EXPECT_EQ(progress.inflight.size(), 2u);
  EXPECT_EQ(progress.inflight_bytes, 800u);
  EXPECT_TRUE(progress.window_open(small_limits()));
  progress.match = 30;
  progress.free_inflight();
  EXPECT_TRUE(progress.inflight.empty());
  EXPECT_EQ(progress.inflight_bytes, 0u);
}

TEST(Progress, BeginsWithOneAppendAfterAStepBackAndDoubles) {
  Limits limits = small_limits();
  limits.max_inflight_appends = 6;
  Progress progress;
  progress.to_replicate(1);
  progress.sent(10, 1);
  progress.step_back(1);
  progress.to_replicate(1);
  for (const std::size_t expected : {1U, 2U, 4U, 6U, 6U}) {
    std::size_t sent = 0;
    for (; progress.window_open(limits); ++sent) progress.sent(progress.next, 1);
    EXPECT_EQ(sent, expected);
    progress.match = progress.next - 1;
    progress.free_inflight();
  }
}

TEST(Progress, ForgetsWhatIsUnderWayWhenItProbesAgain) {
  Progress progress;
  progress.to_replicate(1);
  progress.sent(4, 100);
  progress.probe_outstanding = true;
  progress.to_probe(3);
  EXPECT_EQ(progress.feed, Feed::kProbe);
  EXPECT_EQ(progress.next, 3u);
  EXPECT_FALSE(progress.probe_outstanding);
  EXPECT_TRUE(progress.inflight.empty());
  EXPECT_EQ(progress.inflight_bytes, 0u);
}

TEST(Progress, BeginsEachSnapshotWithItsFirstShard) {
  Progress progress;
  progress.match = 6;
  progress.to_replicate(9);
  progress.shard_acked = 4;
  progress.shard_next = 8;
  progress.inflight_chunks = {6, 8};
  progress.to_snapshot();
  EXPECT_EQ(progress.feed, Feed::kSnapshot);
  EXPECT_EQ(progress.next, 7u);
  EXPECT_EQ(progress.shard_acked, 0u);
  EXPECT_EQ(progress.shard_next, 0u);
  EXPECT_TRUE(progress.inflight_chunks.empty());
}

TEST(ProgressDeathTest, NeverGoesBackBehindWhatIsDurable) {
  Progress progress;
  progress.match = 6;
  EXPECT_DEATH(progress.to_probe(6), "match");
  progress.to_replicate(9);
  EXPECT_DEATH(progress.sent(8, 1), "next");
}

}  // namespace
}  // namespace kv
