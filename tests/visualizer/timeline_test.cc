#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "panels/timeline_shapes.h"
#include "visualizer/tale.h"
#include "visualizer/time_spans.h"

namespace kv::viz {
namespace {

/// Every letter is as wide as the others.
float measure(std::string_view words) {
  return 7 * static_cast<float>(words.size());
}

TimelineRows rows_for(std::size_t nodes, float height = 250, bool zoomed = false) {
  return timeline_rows({{0, 0}, {kRight, height}}, {nodes, kLeft, zoomed, false, 1});
}

// --- rows ---

TEST(TimelineRows, FitIntoTheirPanel) {
  for (std::size_t nodes = 1; nodes <= 9; ++nodes) {
    for (const float height : {130.0F, 180.0F, 250.0F, 600.0F}) {
      const TimelineRows rows = rows_for(nodes, height, true);
      ASSERT_EQ(rows.lanes.size(), nodes);
      EXPECT_LE(rows.axis.to.y, height) << nodes << " nodes in " << height;
      EXPECT_LE(rows.overview.to.y, height) << nodes << " nodes in " << height;
      EXPECT_GT(rows.bar, 0);
      EXPECT_LT(rows.bar, rows.lanes[0].height());
      for (std::size_t i = 1; i < nodes; ++i)
        EXPECT_EQ(rows.lanes[i].from.y, rows.lanes[i - 1].to.y);
    }
  }
}

TEST(TimelineRows, GiveUpCaptionsFirstAndThenClients) {
  const TimelineRows high = rows_for(5, 250);
  EXPECT_GT(high.captions.height(), 0);
  EXPECT_GT(high.clients.height(), 0);
  const TimelineRows lower = rows_for(5, 130);
  EXPECT_EQ(lower.captions.height(), 0);
  EXPECT_GT(lower.clients.height(), 0);
  const TimelineRows lowest = rows_for(9, 130);
  EXPECT_EQ(lowest.captions.height(), 0);
  EXPECT_EQ(lowest.clients.height(), 0);
}

// --- bands ---

Band band(std::int64_t from_ms, std::int64_t to_ms, Standing standing, Term term = 1) {
  return {after_ms(from_ms), after_ms(to_ms), standing, term, static_cast<std::size_t>(from_ms)};
}

TEST(BandShapes, FollowEachOtherWithoutGaps) {
  const std::vector<Band> bands{band(0, 2'000, Standing::kSecondary),
                                band(2'000, 3'000, Standing::kPrimary),
                                {after_ms(3'000), kNever, Standing::kDown, 1, 3'000}};
  const std::vector<BandShape> shapes = band_shapes(bands, axis_ms(1'000, 5'000), 3);
  ASSERT_EQ(shapes.size(), 3u);
  EXPECT_FLOAT_EQ(shapes[0].from, kLeft);
  EXPECT_FLOAT_EQ(shapes[0].to, shapes[1].from);
  EXPECT_FLOAT_EQ(shapes[1].to, shapes[2].from);
  EXPECT_FLOAT_EQ(shapes[2].to, kRight);
  EXPECT_EQ(shapes[2].standing, Standing::kDown);
}

TEST(BandShapes, EndWhereNothingIsKnownYet) {
  const std::vector<Band> bands{{after_ms(0), kNever, Standing::kPrimary, 1, 0}};
  const TimeAxis axis = axis_ms(0, 4'000);
  const std::vector<BandShape> shapes = band_shapes(bands, axis, 3, after_ms(1'000));
  ASSERT_EQ(shapes.size(), 1u);
  EXPECT_FLOAT_EQ(shapes[0].to, axis.x(after_ms(1'000)));
}

TEST(BandShapes, ShowAnElectionOfAMicrosecondAmidMinutes) {
  const Instant begin = after_ms(30'000);
  const std::vector<Band> bands{
      {Instant{}, begin, Standing::kSecondary, 0, 0},
      {begin, begin + microseconds(1), Standing::kCandidate, 1, 1},
      {begin + microseconds(1), kNever, Standing::kPrimary, 1, 2},
  };
  const std::vector<BandShape> shapes = band_shapes(bands, axis_ms(0, 120'000), 3);
  ASSERT_EQ(shapes.back().standing, Standing::kCandidate) << "it is drawn over the others";
  EXPECT_GE(shapes.back().to - shapes.back().from, 3);
}

TEST(BandShapes, AreAtMostAFewAPixelHoweverMuchHappens) {
  std::vector<Band> bands;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    const Standing standing = i % 2 == 0 ? Standing::kSecondary : Standing::kDown;
    bands.push_back(band(i, i + 1, standing, static_cast<Term>(i)));
  }
  const std::vector<BandShape> shapes = band_shapes(bands, axis_ms(0, 100'000), 3);
  EXPECT_LE(shapes.size(), 2 * static_cast<std::size_t>(kRight - kLeft));
  for (const BandShape& shape : shapes) EXPECT_EQ(shape.standing, Standing::kDown);
}

TEST(BandShapes, PreferWhatIsMostNotableWithinAPixel) {
  const std::vector<Band> bands{
      band(0, 5'000, Standing::kSecondary), band(5'000, 5'001, Standing::kDown),
      band(5'001, 5'002, Standing::kPrimary), band(5'002, 5'003, Standing::kSecondary),
      band(5'003, 100'000, Standing::kSecondary, 2)};
  const std::vector<BandShape> shapes = band_shapes(bands, axis_ms(0, 100'000), 3);
  EXPECT_TRUE(std::any_of(shapes.begin(), shapes.end(), [](const BandShape& shape) {
    return shape.standing == Standing::kPrimary;
  }));
}

// --- marks and words ---

TEST(NoteShapes, LeaveOutThatNodesStartAtTheBeginning) {
  Tale tale;
  tale.all_start().at(2'000).tell(1, NodeStopped{}).at(3'000).tell(1, NodeStarted{101, 0, 0, 0});
  const NoteShapes shapes = note_shapes(tale.history, axis_ms(0, 4'000), 10);
  ASSERT_EQ(shapes.lanes.size(), 2u);
  EXPECT_EQ(shapes.lanes[0].note->kind, NoteKind::kStop);
  EXPECT_EQ(shapes.lanes[1].note->kind, NoteKind::kStart);
  EXPECT_FLOAT_EQ(shapes.lanes[0].x, (kLeft + kRight) / 2);
}

TEST(NoteShapes, MakeOneMarkOfWhatCannotBeToldApart) {
  Tale tale;
  tale.all_start().at(2'000).tell(1, NodePaused{}).at(2'001).tell(1, NodeResumed{});
  tale.at(2'002).tell(1, NodeStopped{}).at(2'003).tell(2, NodePaused{});
  const NoteShapes together = note_shapes(tale.history, axis_ms(0, 4'000), 10);
  ASSERT_EQ(together.lanes.size(), 2u) << "one a lane";
  EXPECT_EQ(together.lanes[0].note->kind, NoteKind::kStop) << "the most notable one is shown";
  EXPECT_EQ(together.lanes[0].others, 2u);
  EXPECT_EQ(together.lanes[1].others, 0u);
  EXPECT_EQ(note_shapes(tale.history, axis_ms(1'999, 2'004), 10).lanes.size(), 4u);
}

TEST(NoteShapes, KeepNodesClusterAndScenarioApart) {
  Tale tale;
  tale.serving().at(1'000).tell(2, StepTaken{0, "It fails", "crashes node1", "crash"});
  tale.at(1'000).tell(1, NodeStopped{}).at(2'000).cut(2, 3);
  const NoteShapes shapes = note_shapes(tale.history, axis_ms(0, 4'000), 10);
  ASSERT_EQ(shapes.steps.size(), 1u);
  EXPECT_EQ(shapes.steps[0].note->words, "It fails");
  ASSERT_EQ(shapes.lanes.size(), 1u);
  ASSERT_EQ(shapes.events.size(), 2u);
  EXPECT_EQ(shapes.events[0].note->kind, NoteKind::kElected);
  EXPECT_EQ(shapes.events[1].note->kind, NoteKind::kCut);
}

TEST(RowSpace, FindsTheMiddleOrElseTheFirstPlaceThatIsFree) {
  RowSpace space(1'000);
  EXPECT_EQ(space.place_in(0, 100, 20), 40);
  space.take(45, 55);
  EXPECT_EQ(space.place_in(0, 100, 20), 0);
  space.take(0, 30);
  EXPECT_EQ(space.place_in(0, 100, 20), 55);
  EXPECT_EQ(space.place_in(0, 100, 60), std::nullopt);
}

class CaptionsTest : public testing::Test {
 protected:
  CaptionsTest() { tale_.all_start(); }
  void step(std::int64_t ms, const std::string& caption, const std::string& words = "") {
    tale_.at(ms).tell(kNoNode, StepTaken{0, caption, words, "crash"});
  }
  std::vector<Caption> captions(const TimeAxis& axis) {
    const NoteShapes shapes = note_shapes(tale_.history, axis, 10);
    return captions_of(tale_.history, shapes.steps, nullptr, {12, RowSpace(axis.right())}, measure);
  }
  Tale tale_;
};

TEST_F(CaptionsTest, HaveTheirWordsWhereThoseDontOverlap) {
  step(1'000, "The first of them, which says a lot about itself");
  step(2'000, "The second");
  const std::vector<Caption> far = captions(axis_ms(0, 4'000));
  ASSERT_EQ(far.size(), 2u);
  for (const Caption& caption : far) EXPECT_GT(caption.room, 0);
  EXPECT_LE(far[0].mark.x + far[0].room, far[1].mark.x);
  EXPECT_LT(far[0].room, measure(far[0].words)) << "cut short";
  EXPECT_GE(far[1].room, measure(far[1].words));
}

TEST_F(CaptionsTest, AreBareFlagsWhereThereIsNoRoom) {
  step(1'000, "The first");
  step(1'100, "The second");
  const std::vector<Caption> captions = this->captions(axis_ms(0, 4'000));
  ASSERT_EQ(captions.size(), 2u);
  EXPECT_EQ(captions[0].room, 0);
  EXPECT_GT(captions[1].room, 0);
}

TEST_F(CaptionsTest, PreferWhatTheAuthorWrote) {
  step(1'000, "The primary crashes, and with it what nobody else had seen");
  step(1'200, "", "client asks node1: set k = v");
  const std::vector<Caption> captions = this->captions(axis_ms(0, 4'000));
  ASSERT_EQ(captions.size(), 1u) << "the other one makes way";
  EXPECT_EQ(captions[0].words, "The primary crashes, and with it what nobody else had seen");
}

TEST(Outages, SayHowLongTheyLastedWhereThereIsRoom) {
  Tale tale;
  tale.serving().at(1'000).tell(1, NodeStopped{}).at(3'000).elect(2, 2, {3}).commit(2);
  const TimeAxis axis = axis_ms(0, 4'000);
  std::vector<OutageShape> outages = outage_shapes(tale.history, axis);
  ASSERT_EQ(outages.size(), 1u);
  EXPECT_FLOAT_EQ(outages[0].from, axis.x(after_ms(1'000)));
  EXPECT_FLOAT_EQ(outages[0].to, axis.x(after_ms(3'000)));
  place_words(outages, {}, 14, kRight, measure);
  EXPECT_EQ(outages[0].words, "no primary for 2 s");
  EXPECT_GE(outages[0].words_at, outages[0].from);

  outages = outage_shapes(tale.history, axis_ms(0, 30'000));
  place_words(outages, {}, 14, kRight, measure);
  EXPECT_EQ(outages[0].words, "2 s");
  outages = outage_shapes(tale.history, axis_ms(0, 300'000));
  place_words(outages, {}, 14, kRight, measure);
  EXPECT_EQ(outages[0].words, "");
}

TEST(Outages, LastUntilTheRecordingEndsIfNobodyComes) {
  Tale tale;
  tale.serving().at(1'000).tell(1, NodeStopped{}).at(3'000).tell(2, NodePaused{});
  const TimeAxis axis = axis_ms(0, 4'000);
  const std::vector<OutageShape> outages = outage_shapes(tale.history, axis);
  ASSERT_EQ(outages.size(), 1u);
  EXPECT_FLOAT_EQ(outages[0].to, axis.x(after_ms(3'000)));
  EXPECT_EQ(outages[0].length, seconds(2));
}

// --- messages ---

TEST(Arrows, GoFromLaneToLane) {
  Tale tale;
  tale.all_start().at(100).send(1, 1, 3).at(200).deliver(1, 1, 3);
  const TimeAxis axis = axis_ms(0, 400);
  const TimelineRows rows = rows_for(3);
  const Arrows arrows = arrows_of(tale.history, axis, rows);
  ASSERT_EQ(arrows.arrows.size(), 1u);
  const ArrowShape& arrow = arrows.arrows[0];
  EXPECT_FLOAT_EQ(arrow.from.x, axis.x(after_ms(100)));
  EXPECT_FLOAT_EQ(arrow.to.x, axis.x(after_ms(200)));
  EXPECT_FLOAT_EQ(arrow.from.y, rows.bar_of(rows.lanes[0]).to.y) << "it leaves at the lower edge";
  EXPECT_FLOAT_EQ(arrow.to.y, rows.bar_of(rows.lanes[2]).from.y) << "it comes at the upper one";
  EXPECT_EQ(arrows.strength, 1);
}

TEST(Arrows, EndHalfWayIfTheMessageIsLost) {
  Tale tale;
  tale.all_start().at(100).send(1, 3, 1).at(200).tell(1, MessageDropped{1, 3, DropReason::kLoss});
  const TimelineRows rows = rows_for(3);
  const Arrows arrows = arrows_of(tale.history, axis_ms(0, 400), rows);
  ASSERT_EQ(arrows.arrows.size(), 1u);
  EXPECT_FLOAT_EQ(arrows.arrows[0].to.y, rows.lanes[1].centre().y);
}

TEST(Arrows, ShowWhatWasSentBeforeAndIsStillUnderWay) {
  Tale tale;
  tale.all_start().at(100).send(1, 1, 2).at(101).send(2, 1, 3).at(102).deliver(2, 1, 3);
  tale.at(500).deliver(1, 1, 2).at(600).tell(1, NodePaused{});
  const Arrows arrows = arrows_of(tale.history, axis_ms(300, 400), rows_for(3));
  ASSERT_EQ(arrows.arrows.size(), 1u);
  EXPECT_EQ(arrows.arrows[0].flight->message, 1u);
}

TEST(Arrows, AreNotDrawnWhereTheyWouldHideEachOther) {
  Tale tale;
  tale.all_start();
  for (std::uint64_t i = 1; i <= 2 * Arrows::kMost; ++i)
    tale.at(static_cast<std::int64_t>(i)).send(i, 1, 2).deliver(i, 1, 2);
  EXPECT_FALSE(messages_fit(tale.history, span_ms(0, 10'000)));
  EXPECT_TRUE(arrows_of(tale.history, axis_ms(0, 10'000), rows_for(3)).arrows.empty());
  const Arrows some = arrows_of(tale.history, axis_ms(100, 600), rows_for(3));
  EXPECT_GE(some.arrows.size(), 500u);
  EXPECT_LT(some.strength, 1);
}

TEST(Arrows, SayWhatTheyAreWhereThereIsRoom) {
  Tale tale;
  tale.all_start().at(100).send(1, 1, 2, VoteRequest{}).at(200).deliver(1, 1, 2);
  tale.at(205).send(2, 2, 1, VoteReply{}).at(210).deliver(2, 2, 1);
  const TimelineRows rows = rows_for(3);
  Arrows arrows = arrows_of(tale.history, axis_ms(0, 400), rows);
  label_arrows(arrows, rows, 13, measure);
  ASSERT_EQ(arrows.labels.size(), 2u);
  EXPECT_EQ(arrows.labels[0].words, "ELECTION");
  EXPECT_LT(arrows.labels[0].middle_left.x, arrows.arrows[0].from.x)
      << "there is no room behind it";
  EXPECT_EQ(arrows.labels[1].words, "refused");
  EXPECT_GT(arrows.labels[1].middle_left.x, arrows.arrows[1].to.x);
}

TEST(Arrows, LeaveOutWhatANodeSendsToItself) {
  Tale tale;
  tale.all_start().at(100).send(1, 3, 3, VoteRequest{}).at(200).deliver(1, 3, 3);
  EXPECT_TRUE(arrows_of(tale.history, axis_ms(0, 400), rows_for(3)).arrows.empty());
}

// --- clients ---

class ClientsTest : public testing::Test {
 protected:
  ClientsTest() { tale_.serving(); }
  void call(std::int64_t ms, std::uint64_t operation, std::uint32_t client) {
    tale_.at(ms).tell(1, ClientCalled{operation, client, OperationKind::kGet, "k", ""});
  }
  void answer(std::int64_t ms, std::uint64_t operation, std::uint32_t client,
              Ending ending = Ending::kOk) {
    tale_.at(ms).tell(1, ClientAnswered{operation, client, ending, "", {}});
  }
  Tale tale_;
};

TEST_F(ClientsTest, HaveABarForEachOperationWhileThereIsRoom) {
  call(100, 1, 1);
  call(150, 2, 2);
  answer(200, 1, 1);
  answer(250, 2, 2, Ending::kRefused);
  call(300, 3, 1);
  const TimeAxis axis = axis_ms(0, 400);
  const ClientShapes shapes = client_shapes(tale_.history, axis, 4);
  ASSERT_EQ(shapes.bars.size(), 3u);
  EXPECT_FLOAT_EQ(shapes.bars[0].from, axis.x(after_ms(100)));
  EXPECT_FLOAT_EQ(shapes.bars[0].to, axis.x(after_ms(200)));
  EXPECT_NE(shapes.bars[0].row, shapes.bars[1].row) << "they overlap";
  EXPECT_EQ(shapes.bars[2].row, shapes.bars[0].row);
  EXPECT_EQ(shapes.bars[1].operation->ending, Ending::kRefused);
  EXPECT_EQ(shapes.rows, 2u);
}

TEST_F(ClientsTest, WaitFromTheFirstCallToTheAnswer) {
  call(100, 1, 1);
  call(150, 1, 1);
  call(200, 1, 1);
  answer(250, 1, 1, Ending::kUnknown);
  const TimeAxis axis = axis_ms(0, 400);
  const ClientShapes shapes = client_shapes(tale_.history, axis, 4);
  ASSERT_EQ(shapes.bars.size(), 1u);
  EXPECT_FLOAT_EQ(shapes.bars[0].from, axis.x(after_ms(100)));
  EXPECT_FLOAT_EQ(shapes.bars[0].to, axis.x(after_ms(250)));
  EXPECT_EQ(shapes.bars[0].operation->ending, Ending::kUnknown);
}

TEST_F(ClientsTest, AreCountedInColumnsWhenThereAreMany) {
  for (std::int64_t i = 0; i < 600; ++i) {
    call(i * 10, static_cast<std::uint64_t>(i) + 1, 1);
    answer(i * 10 + 1, static_cast<std::uint64_t>(i) + 1, 1,
           i % 3 == 0 ? Ending::kRefused : Ending::kOk);
  }
  const ClientShapes shapes = client_shapes(tale_.history, axis_ms(0, 6'000), 4);
  EXPECT_TRUE(shapes.bars.empty());
  std::uint32_t ok = 0;
  std::uint32_t refused = 0;
  for (const OperationColumn& column : shapes.columns) {
    EXPECT_GE(column.to - column.from, 3.9F);
    EXPECT_LE(column.sum(), shapes.highest);
    ok += column.ok;
    refused += column.refused;
  }
  EXPECT_EQ(ok, 400u);
  EXPECT_EQ(refused, 200u);
}

TEST_F(ClientsTest, AreCountedByTheSeriesWhenThereAreVeryMany) {
  const std::uint64_t many = ClientShapes::kMostCounted + 1'000;
  for (std::uint64_t i = 1; i <= many; ++i) {
    call(static_cast<std::int64_t>(i), i, 1);
    answer(static_cast<std::int64_t>(i), i, 1);
  }
  const ClientShapes shapes = client_shapes(tale_.history, axis_ms(0, 10'000), 4);
  std::uint64_t ok = 0;
  for (const OperationColumn& column : shapes.columns) ok += column.ok;
  EXPECT_EQ(ok, many);
  EXPECT_LE(shapes.columns.size(), 300u);
}

TEST_F(ClientsTest, AreSeenThoughOnlyTheirNumberIsKnown) {
  tale_.at(100).tell(1, ClientsServed{30, 2, 1, 1'000'000, 2'000'000});
  const ClientShapes shapes = client_shapes(tale_.history, axis_ms(0, 400), 4);
  EXPECT_EQ(shapes.highest, 33u);
}

}  // namespace
}  // namespace kv::viz
