#include <algorithm>
#include <filesystem>
#include <fstream>
#include <variant>

#include "netsim/simulation.h"
#include "panels/scenario_rows.h"
#include "sources/rehearsal.h"
#include "visualizer/viewer.h"

namespace kv::viz {
namespace {

namespace fs = std::filesystem;

std::vector<StepRow> steps_at(Viewer& viewer, Duration at) {
  viewer.go_to(Instant{} + at);
  const Rehearsal& rehearsal = *viewer.app.source->rehearsal();
  return step_rows(*viewer.app.history(), viewer.app.moment.position, &rehearsal.draft().scenario(),
                   rehearsal.draft().added());
}

TEST(ScenarioRows, TellWhichStepsAreDone) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  const auto before = steps_at(viewer, milliseconds(4'500));
  ASSERT_EQ(before.size(), 4u);
  EXPECT_EQ(before[0].state, StepRow::State::kLatest);
  EXPECT_EQ(before[1].state, StepRow::State::kAhead);
  EXPECT_EQ(before[1].words, "1. Primary (node1) crashes");
  EXPECT_EQ(before[1].time, "5.000 s");
  const auto after = steps_at(viewer, seconds(6));
  EXPECT_EQ(after[0].state, StepRow::State::kDone);
  EXPECT_EQ(after[1].state, StepRow::State::kLatest);
}

TEST(ScenarioRows, CutLongValues) {
  Viewer viewer;
  viewer.open(KV_SCENARIO_DIR "/museum/64-receiver-may-not-begin-anew.json");
  const std::vector<StepRow> rows = steps_at(viewer, seconds(3));
  for (const StepRow& row : rows) EXPECT_LT(row.words.size(), 120u) << row.words;
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const StepRow& row) {
    return row.words.find("….") == std::string::npos && row.words.find("...…") != std::string::npos;
  }));
}

TEST(ScenarioRows, DecideExpectationsWhenTheyAreDecided) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  const sim::Scenario& scenario = viewer.app.source->rehearsal()->draft().scenario();
  const auto rows_at = [&](Duration at) {
    viewer.go_to(Instant{} + at);
    return expectation_rows(*viewer.app.history(), viewer.app.moment.position, &scenario);
  };
  EXPECT_EQ(rows_at(seconds(3)).front().state, ExpectationRow::State::kOpen);
  EXPECT_EQ(rows_at(milliseconds(4'100)).front().state, ExpectationRow::State::kMet);
  for (const ExpectationRow& row : rows_at(seconds(40)))
    EXPECT_EQ(row.state, ExpectationRow::State::kMet) << row.words;
}

TEST(ScenarioPanel, GoesWhereAStepHappened) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  viewer.click("step:1");
  EXPECT_EQ(viewer.app.playback.at(), Instant{} + seconds(5));
  EXPECT_EQ(viewer.app.selection.kind, Selection::Kind::kRecord);
}

TEST(ScenarioPanel, DrawsAnotherSeed) {
  Viewer viewer;
  viewer.open("02-primary-failure.json");
  const std::uint64_t seed = viewer.app.source->rehearsal()->seed();
  viewer.click("reseed");
  EXPECT_EQ(viewer.app.source->rehearsal()->seed(), seed + 1);
}

/// What the mouse does to a cluster, kept as a scenario, is the same run in the simulator.
TEST(ByHand, WhatWasDoneByMouseRunsInTheSimulatorWithTheSameEvents) {
  const fs::path folder = fs::path(testing::TempDir()) / "by-hand";
  fs::remove_all(folder);
  fs::create_directories(folder);
  Viewer viewer;
  viewer.app.scenario_folder = folder.string();
  viewer.open("01-normal-operation.json");

  viewer.go_to(Instant{} + milliseconds(2'500));
  viewer.click("node:node1", 1);
  viewer.click("menu:crash");
  viewer.look(100);
  viewer.go_to(Instant{} + milliseconds(3'500));
  viewer.click("node:node1", 1);
  viewer.click("menu:restart");
  viewer.look(100);
  const Rehearsal& rehearsal = *viewer.app.source->rehearsal();
  ASSERT_EQ(rehearsal.draft().added(), 2u);
  viewer.go_to(Instant{} + milliseconds(3'000));
  EXPECT_EQ(viewer.app.moment.node(1).standing(), Standing::kDown);
  viewer.go_to(Instant{} + milliseconds(3'600));
  EXPECT_EQ(viewer.app.moment.node(1).standing(), Standing::kSecondary);

  viewer.click("save");
  const fs::path saved = folder / "my-01-normal-operation.json";
  ASSERT_TRUE(fs::exists(saved)) << (viewer.app.toast ? viewer.app.toast->words : "");

  const Result<std::string> text = sim::read_file(saved.string());
  ASSERT_TRUE(text);
  const Result<sim::Scenario> scenario = sim::read_scenario(*text, saved.string());
  ASSERT_TRUE(scenario) << scenario.error().message;
  const sim::RunResult result = sim::run(*scenario, scenario->seed);
  EXPECT_TRUE(result.passed);
  std::vector<Record> made;
  sim::Simulation simulation(*scenario, scenario->seed);
  simulation.cluster().record_messages(true);
  for (bool more = true; more;) {
    more = simulation.advance();
    for (const Record& record : simulation.cluster().records()) {
      // Which expectations there are is what saving changed.
      if (!std::holds_alternative<ExpectationDecided>(record.fact)) made.push_back(record);
    }
  }
  std::vector<Record> shown;
  const Recording& recording = viewer.app.history()->recording();
  for (std::size_t i = 0; i < recording.end(); ++i) {
    if (!std::holds_alternative<ExpectationDecided>(recording[i].fact))
      shown.push_back(recording[i]);
  }
  ASSERT_EQ(shown.size(), made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i].sequence = shown[i].sequence = 0;
    ASSERT_EQ(shown[i], made[i]) << i << ": " << describe(made[i].fact);
  }
}

TEST(ByHand, TakesBackTheLastThingDone) {
  Viewer viewer;
  viewer.open("01-normal-operation.json");
  viewer.go_to(Instant{} + milliseconds(2'500));
  viewer.click("node:node2", 1);
  viewer.click("menu:pause");
  viewer.look(100);
  EXPECT_EQ(viewer.app.source->rehearsal()->draft().added(), 1u);
  viewer.key('Z');
  viewer.look(100);
  EXPECT_EQ(viewer.app.source->rehearsal()->draft().added(), 0u);
  viewer.go_to(Instant{} + milliseconds(2'600));
  EXPECT_EQ(viewer.app.moment.node(2).standing(), Standing::kSecondary);
}

}  // namespace
}  // namespace kv::viz
