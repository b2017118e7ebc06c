#include "model/history.h"

#include <gtest/gtest.h>

#include "core/rng.h"
#include "rehearsed.h"
#include "tale.h"

namespace kv::viz {
namespace {

/// All that a picture shows, so that two moments can be compared.
std::string text_of(const Moment& moment) {
  std::string text = std::to_string(moment.position) + " " + std::to_string(moment.at.ns);
  const auto add = [&text](auto value) {
    text += " " + std::to_string(static_cast<std::uint64_t>(value));
  };
  for (const NodeMoment& node : moment.nodes) {
    add(node.standing());
    add(node.term);
    add(node.leader);
    add(node.role_position);
    add(node.process_position);
    add(node.serving);
    add(node.voted_for);
    add(node.tally.granted.size());
    add(node.timer_due.ns);
    for (const LogIndex index :
         {node.log.first, node.log.last, node.log.persisted, node.log.commit, node.log.applied}) {
      add(index);
    }
    for (const LogView::Run& run : node.log.runs) {
      add(run.first);
      add(run.term);
    }
  }
  for (const std::uint8_t cut : moment.cuts) add(cut);
  add(moment.operations_ok);
  return text;
}

/// From the beginning, record by record.
Moment replayed(const History& history, std::size_t position) {
  Moment moment(history.cluster().size());
  while (moment.position < position) moment.apply(history.recording()[moment.position]);
  return moment;
}

class HistoryOfChaos : public testing::Test {
 protected:
  static constexpr std::size_t kNodes = 5;
  /// The first seed with so much to tell.
  static History long_one() {
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      History history = rehearsed(chaos(kNodes, "24s"), seed);
      if (history.recording().end() > 4 * History::kStride) return history;
    }
    ADD_FAILURE() << "no seed gives a run that is long enough";
    return History({});
  }
  History history_{long_one()};
  std::size_t end() const { return history_.recording().end(); }
};

TEST_F(HistoryOfChaos, KnowsAnyMomentOfIt) {
  for (const std::size_t position :
       {std::size_t{0}, std::size_t{1}, History::kStride - 1, History::kStride,
        History::kStride + 1, 3 * History::kStride + 77, end() - 1, end()}) {
    EXPECT_EQ(text_of(history_.moment(position)), text_of(replayed(history_, position)))
        << position;
  }
  EXPECT_EQ(text_of(history_.moment(end())), text_of(history_.latest()));
}

TEST_F(HistoryOfChaos, GoesFromAnyMomentToAnyOther) {
  Rng random(7);
  Moment moment = history_.latest();
  for (int i = 0; i < 50; ++i) {
    const std::size_t position = random.below(end() + 1);
    history_.seek(moment, position);
    ASSERT_EQ(text_of(moment), text_of(history_.moment(position)));
    ASSERT_EQ(moment.position, position);
  }
}

TEST_F(HistoryOfChaos, KnowsTheSameMomentsAfterOldRecordsAreDropped) {
  const History whole = history_;
  for (const std::size_t most :
       {end() - 1, end() - History::kStride, end() - 2 * History::kStride - 5, std::size_t{1'000},
        std::size_t{0}}) {
    history_.keep(most);
    const std::size_t first = history_.recording().first();
    ASSERT_EQ(end() - first, most);
    ASSERT_EQ(text_of(history_.moment(first)), text_of(whole.moment(first)));
    ASSERT_EQ(text_of(history_.moment(end())), text_of(whole.latest()));
    const std::size_t between = first + most / 2;
    ASSERT_EQ(text_of(history_.moment(between)), text_of(whole.moment(between)));
  }
}

TEST_F(HistoryOfChaos, GrowsOnAfterOldRecordsAreDropped) {
  History growing(history_.cluster());
  for (std::size_t i = 0; i < end(); ++i) {
    growing.append(history_.recording()[i]);
    growing.keep(5'000);
  }
  EXPECT_EQ(growing.recording().end(), end());
  EXPECT_EQ(text_of(growing.latest()), text_of(history_.latest()));
  for (const std::size_t back : {std::size_t{5'000}, std::size_t{4'000}, std::size_t{100}}) {
    EXPECT_EQ(text_of(growing.moment(end() - back)), text_of(history_.moment(end() - back)));
  }
}

TEST(History, BeginsWithNothing) {
  const History history(cluster_of(3));
  EXPECT_EQ(history.moment(0).position, 0U);
  EXPECT_EQ(history.latest().size(), 3U);
}

}  // namespace
}  // namespace kv::viz
