#include <algorithm>
#include <deque>
#include <string>
#include <variant>

#include "panels/timeline_shapes.h"
#include "visualizer/time_spans.h"
#include "visualizer/viewer.h"

namespace kv::viz {
namespace {

TEST(Timeline, SelectsTheNodeWhoseNameIsClicked) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.click("timeline:lane:node2");
  EXPECT_EQ(viewer.app.selection.kind, Selection::Kind::kNode);
  EXPECT_EQ(viewer.app.selection.node, 2u);
}

TEST(Timeline, PutsThePlayheadWhereItIsClickedOrDragged) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.look();
  const Area axis = viewer.area("timeline:axis");
  viewer.click_at(axis.centre());
  EXPECT_NEAR(static_cast<double>(viewer.app.playback.at().ns), 20e9, 0.1e9);
  viewer.look();
  const ImVec2 handle = viewer.area("timeline:playhead").centre();
  viewer.drag(handle, {handle.x - axis.width() / 4, handle.y});
  EXPECT_NEAR(static_cast<double>(viewer.app.playback.at().ns), 10e9, 0.1e9);
}

TEST(Timeline, GoesOnPlayingAfterADrag) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.app.playback.play();
  viewer.click("timeline:axis");
  EXPECT_TRUE(viewer.app.playback.playing());
}

TEST(Timeline, ZoomsAroundTheMouseByWheelAndShowsAllAgain) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  const Area axis = viewer.area("timeline:axis");
  viewer.move_to({axis.from.x + axis.width() / 4, axis.centre().y});
  for (int i = 0; i < 10; ++i) {
    ImGui::GetIO().MouseWheel = 1;
    viewer.look(1);
  }
  const TimeWindow window = viewer.app.window;
  EXPECT_FALSE(window.whole);
  EXPECT_LT(window.to - window.from, seconds(10));
  EXPECT_NEAR(static_cast<double>((window.from + (window.to - window.from) / 4).ns), 10e9, 0.1e9);
  viewer.click("timeline:fit");
  EXPECT_TRUE(viewer.app.window.whole);
}

TEST(Timeline, LeavesThePlayheadWhereItWasWhenADoubleClickShowsAll) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.go_to(after_ms(15'000));
  show(viewer.app.window, span_ms(10'000, 20'000), span_ms(0, 40'000));
  viewer.look();
  const ImVec2 point = viewer.area("timeline:axis").centre();
  viewer.click_at(point);
  viewer.move_to(point);
  viewer.press(0);
  EXPECT_TRUE(viewer.app.window.whole);
  viewer.look();
  viewer.release(0);
  EXPECT_NEAR(static_cast<double>(viewer.app.playback.at().ns), 15e9, 0.1e9)
      << "under the mouse is 20 s now";
}

TEST(Timeline, HasNoRowForStepsWhereThereAreNone) {
  RowsWanted wanted{3, 100, false, false, 1};
  EXPECT_GT(timeline_rows({{0, 0}, {1'000, 250}}, wanted).captions.height(), 0);
  wanted.steps = false;
  const TimelineRows rows = timeline_rows({{0, 0}, {1'000, 250}}, wanted);
  EXPECT_EQ(rows.captions.height(), 0);
  EXPECT_EQ(rows.events.from.y, 0);
  EXPECT_GT(rows.events.height(), 0);
}

TEST(Timeline, LooksCloserAtNowByButton) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.go_to(after_ms(12'272));
  for (int i = 0; i < 30; ++i) viewer.click("timeline:+");
  const TimeWindow window = viewer.app.window;
  EXPECT_EQ(window.to - window.from, kShortestWindow);
  EXPECT_LE(window.from, after_ms(12'272));
  EXPECT_GE(window.to, after_ms(12'272));
  for (int i = 0; i < 30; ++i) viewer.click("timeline:-");
  EXPECT_TRUE(viewer.app.window.whole);
}

TEST(Timeline, FollowsThePlayheadOutOfTheWindow) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  show(viewer.app.window, span_ms(1'000, 2'000), span_ms(0, 40'000));
  viewer.go_to(after_ms(20'000));
  EXPECT_FALSE(viewer.app.window.whole);
  EXPECT_LE(viewer.app.window.from, after_ms(20'000));
  EXPECT_GE(viewer.app.window.to, after_ms(20'000));
  EXPECT_EQ(viewer.app.window.to - viewer.app.window.from, seconds(1));
}

TEST(Timeline, LetsOneLookElsewhereWhileNothingPlays) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.go_to(after_ms(20'000));
  show(viewer.app.window, span_ms(1'000, 2'000), span_ms(0, 40'000));
  viewer.look();
  EXPECT_EQ(viewer.app.window.from, after_ms(1'000));
}

TEST(Timeline, SelectsTheMessageThatIsClicked) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  const History& history = *viewer.app.history();
  const std::deque<Flight>& flights = history.chronicle().flights();
  const auto vote = std::find_if(flights.begin(), flights.end(), [](const Flight& flight) {
    return flight.kind == MessageKind::kElection && flight.fate == Flight::Fate::kDelivered &&
           flight.sent > after_ms(5'000);
  });
  ASSERT_NE(vote, flights.end());
  const Duration around = vote->ended - vote->sent;
  const TimeSpan shown{vote->sent - around, vote->ended + around};
  viewer.go_to(vote->sent);
  show(viewer.app.window, shown, span_ms(0, 40'000));
  viewer.look();
  const Area axis = viewer.area("timeline:axis");
  const Area from = viewer.area("timeline:lane:" + history.cluster().name(vote->from));
  const Area to = viewer.area("timeline:lane:" + history.cluster().name(vote->to));
  viewer.click_at({axis.centre().x, (from.centre().y + to.centre().y) / 2});
  EXPECT_EQ(viewer.app.selection.kind, Selection::Kind::kMessage);
  EXPECT_EQ(viewer.app.selection.message, vote->message);
  EXPECT_EQ(viewer.app.playback.at(), vote->sent) << "a click on a thing moves nothing";
}

TEST(Timeline, SelectsWhatHappenedWhereItsMarkIsClicked) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.look();
  const Area axis = viewer.area("timeline:axis");
  const Area lane = viewer.area("timeline:lane:node1");
  viewer.click_at({axis.from.x + axis.width() / 8, lane.centre().y});
  ASSERT_EQ(viewer.app.selection.kind, Selection::Kind::kRecord);
  const Record& record = viewer.app.history()->recording()[viewer.app.selection.position];
  EXPECT_TRUE(std::holds_alternative<NodeStopped>(record.fact));
}

TEST(Timeline, IsDrawnForEveryWindow) {
  Viewer viewer;
  viewer.open("91-chaos-5.json");
  const TimeSpan all = span_ms(0, 34'000);
  for (Duration length = seconds(30); length > kShortestWindow; length = length / 5) {
    for (std::int64_t ms = 0; ms < 34'000; ms += 1'700) {
      show(viewer.app.window, {after_ms(ms), after_ms(ms) + length}, all);
      viewer.look(1);
      ASSERT_TRUE(viewer.sees("timeline:axis"));
    }
  }
}

}  // namespace
}  // namespace kv::viz
