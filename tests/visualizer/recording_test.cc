#include "model/recording.h"

#include <limits>
#include <memory>

#include <gtest/gtest.h>

#include "tale.h"

namespace kv::viz {
namespace {

Recording of_times(std::initializer_list<std::int64_t> times_ms) {
  Recording recording(cluster_of(3));
  for (const std::int64_t ms : times_ms) recording.append({1, after_ms(ms), 1, NodePaused{}});
  return recording;
}

AppendRequest carrying(std::initializer_list<std::pair<LogIndex, Term>> entries) {
  AppendRequest request;
  for (const auto& [index, term] : entries) {
    request.entries.push_back(make_entry(index, term, EntryType::kCommand, "payload"));
  }
  return request;
}

TEST(ClusterInfo, CallsNodesByNameAndClientsClients) {
  const ClusterInfo cluster = cluster_of(2);
  EXPECT_EQ(cluster.name(2), "node2");
  EXPECT_EQ(cluster.name(kNoNode), "clients");
  EXPECT_EQ(cluster.name(9), "node 9");
}

TEST(Recording, AnswersWhichRecordsHaveHappenedAtATime) {
  const Recording recording = of_times({10, 20, 20, 30});
  EXPECT_EQ(recording.position_after(after_ms(5)), 0U);
  EXPECT_EQ(recording.position_after(after_ms(20)), 3U);
  EXPECT_EQ(recording.position_from(after_ms(20)), 1U);
  EXPECT_EQ(recording.position_after(after_ms(99)), 4U);
  EXPECT_EQ(recording.position_from(after_ms(99)), 4U);
}

TEST(Recording, TakesATimeThatGoesBackForTheLatestOne) {
  const Recording recording = of_times({10, 30, 20});
  EXPECT_EQ(recording[2].at, after_ms(30));
  EXPECT_EQ(recording.end_time(), after_ms(30));
}

TEST(Recording, KeepsThePositionsOfWhatItKeeps) {
  Recording recording = of_times({10, 20, 30, 40});
  recording.keep(2);
  EXPECT_EQ(recording.first(), 2U);
  EXPECT_EQ(recording.end(), 4U);
  EXPECT_EQ(recording[2].at, after_ms(30));
  EXPECT_EQ(recording.begin_time(), after_ms(30));
  EXPECT_EQ(recording.position_after(after_ms(10)), 2U);
}

TEST(Recording, IsEmptyBeforeAnythingHappens) {
  const Recording recording(cluster_of(1));
  EXPECT_TRUE(recording.empty());
  EXPECT_EQ(recording.end_time(), Instant{});
  EXPECT_EQ(recording.position_after(after_ms(1)), 0U);
}

TEST(Recording, FindsTheEntriesThatMessagesCarried) {
  Tale tale;
  tale.send(1, 1, 2, carrying({{4, 2}, {5, 3}})).send(2, 1, 3, carrying({{4, 2}}));
  const Recording& recording = tale.history.recording();
  ASSERT_NE(recording.entry(5, 3), nullptr);
  EXPECT_EQ(recording.entry(5, 3)->payload(), "payload");
  EXPECT_EQ(recording.entry(5, 2), nullptr);
  EXPECT_EQ(recording.entry(6, 3), nullptr);
}

TEST(Recording, ForgetsAnEntryWithTheLastMessageThatCarriedIt) {
  Tale tale;
  tale.send(1, 1, 2, carrying({{4, 2}, {5, 2}})).send(2, 1, 3, carrying({{5, 2}}));
  tale.tell(1, NodePaused{});
  tale.history.keep(2);
  const Recording& recording = tale.history.recording();
  EXPECT_EQ(recording.entry(4, 2), nullptr);
  EXPECT_NE(recording.entry(5, 2), nullptr);
  tale.history.keep(1);
  EXPECT_EQ(recording.entry(5, 2), nullptr);
}

TEST(Recording, HasNoTimesWhoseDifferencesOverflow) {
  Recording recording(cluster_of(1));
  for (const std::int64_t ns : {std::numeric_limits<std::int64_t>::min(), std::int64_t{5},
                                std::numeric_limits<std::int64_t>::max()})
    recording.append({1, Instant{ns}, 1, NodePaused{}});
  EXPECT_EQ(recording.begin_time(), Instant{});
  EXPECT_EQ(recording[1].at, Instant{5});
  EXPECT_EQ(recording.end_time(), Recording::kLatest);
}

}  // namespace
}  // namespace kv::viz
