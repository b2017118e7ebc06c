#include "sources/stream_merge.h"

#include <memory>

#include <gtest/gtest.h>

namespace kv::viz {
namespace {

/// An instant as clocks on walls have it: far from 0.
constexpr Instant at(std::int64_t ms) {
  return Instant{1'700'000'000'000'000'000} + milliseconds(ms);
}

Record commit(Instant when, LogIndex index) {
  return {1, when, 1, Event{CommitAdvanced{index}}};
}

LogIndex commit_of(const Record& record) {
  return std::get<CommitAdvanced>(std::get<Event>(record.fact)).commit;
}

std::vector<LogIndex> commits_of(const std::vector<Record>& records) {
  std::vector<LogIndex> indexes;
  for (const Record& record : records) indexes.push_back(commit_of(record));
  return indexes;
}

using Indexes = std::vector<LogIndex>;

TEST(StreamMerge, GivesRecordsInOrderOfTime) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.opened(2);
  merge.arrived(1, commit(at(10), 1), at(12));
  merge.arrived(1, commit(at(30), 3), at(32));
  merge.arrived(2, commit(at(20), 2), at(33));
  merge.arrived(2, commit(at(40), 4), at(41));
  EXPECT_EQ(commits_of(merge.take(at(42))), (Indexes{1, 2, 3}));
}

TEST(StreamMerge, HoldsBackWhatAnotherNodeMayStillPrecede) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.opened(2);
  merge.arrived(2, commit(at(5), 1), at(6));
  merge.arrived(1, commit(at(10), 2), at(12));
  EXPECT_EQ(commits_of(merge.take(at(13))), (Indexes{1}));
  merge.arrived(2, commit(at(8), 3), at(14));
  merge.arrived(2, commit(at(11), 4), at(15));
  EXPECT_EQ(commits_of(merge.take(at(16))), (Indexes{3, 2}));
}

TEST(StreamMerge, DoesNotWaitForEverForASilentNode) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.opened(2);
  merge.arrived(1, commit(at(10), 1), at(12));
  EXPECT_TRUE(merge.take(at(13)).empty());
  EXPECT_EQ(merge.take(at(10) + StreamMerge::kPatience).size(), 1u);
}

TEST(StreamMerge, DoesNotWaitForANodeThatIsGone) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.opened(2);
  merge.arrived(1, commit(at(10), 1), at(12));
  merge.closed(2);
  EXPECT_EQ(merge.take(at(13)).size(), 1u);
}

TEST(StreamMerge, NeverGoesBackInTime) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.arrived(1, commit(at(50), 1), at(50));
  const std::vector<Record> first = merge.take(at(51));
  merge.opened(2);
  merge.arrived(2, commit(at(20), 2), at(52));
  const std::vector<Record> second = merge.take(at(60) + StreamMerge::kPatience);
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_GE(second[0].at, first[0].at);
  EXPECT_EQ(second[0].sequence, first[0].sequence + 1);
}

TEST(StreamMerge, BeginsTheTimeAxisWhenTheWatchBegan) {
  StreamMerge merge(1);
  merge.opened(1);
  merge.arrived(1, commit(at(100), 1), at(100));
  merge.arrived(1, commit(at(350), 2), at(350));
  const std::vector<Record> records = merge.take(at(351));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].at, Instant{});
  EXPECT_EQ(records[1].at, Instant{} + milliseconds(250));
}

TEST(StreamMerge, CorrectsAClockThatIsFarOff) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.opened(2);
  merge.arrived(1, commit(at(0), 1), at(0));
  merge.arrived(2, commit(at(60'000), 2), at(10));
  EXPECT_EQ(merge.correction(1), Duration{});
  EXPECT_EQ(merge.correction(2), milliseconds(-59'990));
  merge.arrived(1, commit(at(20), 3), at(20));
  EXPECT_EQ(commits_of(merge.take(at(20))), (Indexes{1, 2}));
}

TEST(StreamMerge, TellsTheMessagesOfDifferentNodesApart) {
  StreamMerge merge(2);
  merge.opened(1);
  merge.opened(2);
  const auto content = std::make_shared<const Message>();
  merge.arrived(1, {1, at(1), 1, MessageSent{7, content}}, at(1));
  merge.arrived(2, {1, at(1), 2, MessageSent{7, content}}, at(1));
  merge.arrived(1, {1, at(2), 2, MessageDropped{7, 1, DropReason::kNodeDown}}, at(2));
  const std::vector<Record> records = merge.take(at(2) + StreamMerge::kPatience);
  ASSERT_EQ(records.size(), 3u);
  const std::uint64_t first = std::get<MessageSent>(records[0].fact).message;
  EXPECT_NE(first, std::get<MessageSent>(records[1].fact).message);
  EXPECT_EQ(first, std::get<MessageDropped>(records[2].fact).message);
}

TEST(StreamMerge, SaysHowLateANodesNewsCome) {
  StreamMerge merge(1);
  merge.opened(1);
  merge.arrived(1, commit(at(10), 1), at(45));
  EXPECT_EQ(merge.lag(1), milliseconds(35));
}

TEST(StreamMerge, KeepsAnOrderBetweenNewsAndFindings) {
  StreamMerge merge(1);
  merge.opened(1);
  merge.arrived(1, commit(at(10), 1), at(12));
  merge.closed(1);
  merge.found(1, NodeStopped{StopCause::kCrash, "gone"}, at(11));
  const std::vector<Record> records = merge.take(at(20));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<NodeStopped>(records[1].fact));
}

}  // namespace
}  // namespace kv::viz
