// What the program draws, against pictures that a person has looked at and found good. When they
// change on purpose: KV_REWRITE=1, then look at the new ones before they are committed.
#include <cstdlib>
#include <filesystem>

#include "visualizer/viewer.h"

namespace kv::viz {
namespace {

struct Shot {
  const char* name;
  const char* scenario;
  Duration at;
  ImVec2 size;
  Panel panel{Panel::kStage};
  bool light{false};
};

std::ostream& operator<<(std::ostream& out, const Shot& shot) {
  return out << shot.name;
}

/// Share of the pixels.
constexpr double kMostOff = 0.002;
const ImVec2 kSmall{640, 360};

const Shot kShots[] = {
    {"whole", "02-primary-failure.json", microseconds(12'272'000), {1280, 720}},
    {"whole-light", "02-primary-failure.json", seconds(30), {1280, 720}, Panel::kStage, true},
    {"stage-partition", "07-bridge.json", seconds(5), kSmall},
    {"logs-conflict", "24-conflicting-tail.json", milliseconds(4'050), kSmall, Panel::kLogs},
    {"inspector", "02-primary-failure.json", seconds(13), kSmall, Panel::kInspector},
    {"scenario", "02-primary-failure.json", seconds(13), kSmall, Panel::kScenario},
    {"timeline", "12-rolling-restart.json", seconds(7), kSmall, Panel::kTimeline},
    {"charts", "02-primary-failure.json", seconds(20), kSmall, Panel::kCharts},
};

class Pictures : public testing::TestWithParam<Shot> {};

TEST_P(Pictures, LookAsTheyDid) {
  const Shot& shot = GetParam();
  Viewer viewer(shot.size);
  viewer.app.light = shot.light;
  viewer.app.compact = shot.panel;
  viewer.open(shot.scenario);
  viewer.go_to(Instant{} + shot.at);
  viewer.look(3);
  const Picture drawn = viewer.picture();
  const std::string kept = std::string(KV_PICTURE_DIR) + "/" + shot.name + ".png";
  if (std::getenv("KV_REWRITE") != nullptr) {
    ASSERT_TRUE(write_png(drawn, kept));
    return;
  }
  const Result<Picture> expected = read_png(kept);
  ASSERT_TRUE(expected) << expected.error().message;
  const double off = difference(drawn, *expected, /*tolerance=*/24);
  const std::string now = testing::TempDir() + "kvviz-" + shot.name + ".png";
  if (off > kMostOff) {
    ASSERT_TRUE(write_png(drawn, now));
  }
  EXPECT_LE(off, kMostOff) << "compare " << now << " with " << kept
                           << "; if it shall look so, run again with KV_REWRITE=1";
}

INSTANTIATE_TEST_SUITE_P(Kept, Pictures, testing::ValuesIn(kShots), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(Picture, IsTheSameBytesTwice) {
  const auto draw = [] {
    Viewer viewer({1280, 720});
    viewer.open("91-chaos-5.json");
    viewer.go_to(Instant{} + seconds(20));
    return viewer.picture().rgba;
  };
  EXPECT_EQ(draw(), draw());
}

}  // namespace
}  // namespace kv::viz
