#include "panels/frame.h"

#include <filesystem>
#include <fstream>

#include "panels/keys.h"
#include "sources/rehearsal.h"
#include "visualizer/viewer.h"

namespace kv::viz {
namespace {

bool overlap(const Area& a, const Area& b) {
  return a.from.x < b.to.x && b.from.x < a.to.x && a.from.y < b.to.y && b.from.y < a.to.y;
}

TEST(Layout, GivesEveryPanelRoomOfItsOwn) {
  for (const ImVec2 size :
       {ImVec2{1000, 560}, {1280, 720}, {1600, 900}, {1920, 1080}, {3840, 2160}}) {
    const Layout layout = layout_of(size, 1);
    ASSERT_FALSE(layout.compact);
    std::vector<Area> areas{layout.bar,       layout.stage,    layout.logs,
                            layout.inspector, layout.scenario, layout.timeline};
    if (layout.both_below) areas.push_back(layout.charts);
    for (std::size_t i = 0; i < areas.size(); ++i) {
      EXPECT_GT(areas[i].width(), 200);
      EXPECT_GT(areas[i].height(), 40);
      EXPECT_LE(areas[i].to.x, size.x);
      EXPECT_LE(areas[i].to.y, size.y);
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_FALSE(overlap(areas[i], areas[j])) << i << " " << j;
    }
  }
}

TEST(Layout, ShowsOnePanelAtATimeInASmallWindow) {
  EXPECT_TRUE(layout_of({640, 360}, 1).compact);
  EXPECT_TRUE(layout_of({1280, 720}, 2).compact);
  EXPECT_GT(layout_of({640, 360}, 1).stage.height(), 200);
}

TEST(Frame, SaysWhatToDoWhenNothingIsOpen) {
  Viewer viewer;
  viewer.app.scenario_folder = KV_SCENARIO_DIR;
  viewer.look();
  EXPECT_TRUE(viewer.sees("file:02-primary-failure.json"));
}

TEST(Frame, OpensAScenarioThatIsClicked) {
  Viewer viewer;
  viewer.app.scenario_folder = KV_SCENARIO_DIR;
  viewer.look();
  viewer.click("file:01-normal-operation.json");
  ASSERT_NE(viewer.app.source, nullptr);
  EXPECT_EQ(viewer.app.source->rehearsal()->draft().scenario().name, "01-normal-operation");
  EXPECT_TRUE(viewer.sees("play"));
}

TEST(Frame, ShowsWhatIsWrongWithAFile) {
  const std::string path = testing::TempDir() + "broken.json";
  std::ofstream(path) << "{\"title\": 7}";
  for (const std::string& file : {std::string("no-such-file.json"), path}) {
    Viewer viewer;
    open_file(viewer.app, file);
    viewer.look();
    EXPECT_EQ(viewer.app.source, nullptr);
    EXPECT_TRUE(viewer.sees("problem"));
    EXPECT_NE(viewer.app.problem.find(std::filesystem::path(file).stem().string()),
              std::string::npos)
        << viewer.app.problem;
  }
}

TEST(Frame, PlaysAndPausesByButtonAndKey) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.app.playback.ease(false);
  EXPECT_FALSE(viewer.app.playback.playing());
  viewer.click("play");
  EXPECT_TRUE(viewer.app.playback.playing());
  viewer.wait(milliseconds(500));
  EXPECT_EQ(viewer.app.playback.at(), Instant{} + milliseconds(500));
  viewer.key(kKeySpace);
  EXPECT_FALSE(viewer.app.playback.playing());
  const Instant paused = viewer.app.playback.at();
  viewer.wait(milliseconds(500));
  EXPECT_EQ(viewer.app.playback.at(), paused);
}

TEST(Frame, ShowsTheMomentOfTheClock) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.go_to(Instant{} + seconds(4));
  EXPECT_EQ(viewer.app.moment.primary(), 1u);
  viewer.go_to(Instant{} + milliseconds(5'001));
  EXPECT_EQ(viewer.app.moment.primary(), kNoNode);
  viewer.go_to(Instant{} + seconds(4));
  EXPECT_EQ(viewer.app.moment.primary(), 1u);
}

TEST(Frame, StepsThroughWhatIsWorthSeeing) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.go_to(Instant{} + milliseconds(4'999));
  viewer.key('N');
  EXPECT_EQ(viewer.app.playback.at(), Instant{} + seconds(5));
  viewer.key('B');
  EXPECT_LT(viewer.app.playback.at(), Instant{} + seconds(5));
}

TEST(Frame, SelectsNodesByDigitAndNothingByEscape) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.key('2');
  EXPECT_EQ(viewer.app.selection.kind, Selection::Kind::kNode);
  EXPECT_EQ(viewer.app.selection.node, 2u);
  viewer.key(kKeyEscape);
  EXPECT_EQ(viewer.app.selection.kind, Selection::Kind::kNothing);
}

TEST(Frame, ShowsItsKeys) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  EXPECT_FALSE(viewer.sees("help:box"));
  viewer.key('H');
  EXPECT_TRUE(viewer.sees("help:box"));
}

TEST(Frame, ChangesItsColours) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  EXPECT_TRUE(viewer.app.theme.dark);
  viewer.click("light");
  viewer.look();
  EXPECT_FALSE(viewer.app.theme.dark);
}

TEST(Frame, TurnsPagesInASmallWindow) {
  Viewer viewer({640, 360});
  viewer.open("02-primary-failure.json");
  EXPECT_TRUE(viewer.sees("panel:STAGE"));
  viewer.click("tab:Logs");
  viewer.look();
  EXPECT_TRUE(viewer.sees("panel:LOGS"));
  EXPECT_FALSE(viewer.sees("panel:STAGE"));
}

/// Whatever is open, at whatever time, in whatever size: there is a picture.
TEST(Frame, DrawsEveryScenarioAtEveryStage) {
  for (const auto& entry : std::filesystem::directory_iterator(KV_SCENARIO_DIR)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || !std::isdigit(name.front())) continue;
    for (const ImVec2 size : {ImVec2{1600, 900}, ImVec2{640, 360}, ImVec2{320, 200}}) {
      Viewer viewer(size);
      viewer.open(name);
      const Duration length = viewer.app.source->horizon() - Instant{};
      for (int part = 0; part <= 8; ++part) {
        viewer.app.compact = static_cast<Panel>(part % 6);
        viewer.app.selection.kind = static_cast<Selection::Kind>(part % 3);
        viewer.app.selection.node = 1;
        viewer.app.selection.to = 2;
        viewer.go_to(Instant{} + length * part / 8);
        EXPECT_GT(ImGui::GetDrawData()->TotalVtxCount, 500) << name;
      }
    }
  }
}

TEST(Frame, CanBeDrawnInAWindowOfAnySize) {
  for (const ImVec2 size : {ImVec2{1, 1}, {64, 48}, {3000, 20}, {20, 2000}, {1000, 560}}) {
    Viewer viewer(size);
    viewer.open("02-primary-failure.json");
    viewer.go_to(Instant{} + seconds(13));
    for (const Panel panel : {Panel::kStage, Panel::kLogs, Panel::kInspector, Panel::kScenario,
                              Panel::kTimeline, Panel::kCharts}) {
      viewer.app.compact = panel;
      viewer.look();
    }
    EXPECT_TRUE(viewer.app.problem.empty());
  }
}

TEST(Frame, ForgetsWhatItKnewOfTheFileBefore) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.key('1');
  ASSERT_NE(viewer.app.inspection, nullptr);
  open_file(viewer.app, KV_SCENARIO_DIR "/01-normal-operation.json");
  EXPECT_EQ(viewer.app.inspection, nullptr);
}

}  // namespace
}  // namespace kv::viz
