#include "sources/rehearsal.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "by_hand.h"
#include "unit/scratch_directory.h"

namespace kv::viz {
namespace {

namespace fs = std::filesystem;

/// Enough for a run of the library in one go, on any machine.
constexpr Duration kLong = seconds(3600);

std::unique_ptr<Rehearsal> open(const std::string& path, const sim::Settings& settings = {},
                                std::optional<std::uint64_t> seed = {}) {
  Result<std::unique_ptr<Rehearsal>> rehearsal = Rehearsal::open(path, settings, seed);
  EXPECT_TRUE(rehearsal) << (rehearsal ? "" : rehearsal.error().message);
  return std::move(*rehearsal);
}
/// Simulated to its end.
std::unique_ptr<Rehearsal> play(const std::string& path) {
  std::unique_ptr<Rehearsal> rehearsal = open(path);
  rehearsal->pump(kLong);
  EXPECT_TRUE(rehearsal->result().has_value());
  return rehearsal;
}
std::unique_ptr<Rehearsal> play_text(const std::string& text) {
  Result<ScenarioDraft> draft = ScenarioDraft::read(text, "x.json", {});
  EXPECT_TRUE(draft) << (draft ? "" : draft.error().message);
  auto rehearsal = std::make_unique<Rehearsal>(std::move(*draft));
  rehearsal->pump(kLong);
  return rehearsal;
}

const Fault kCrash = fault_of(Fault::Kind::kCrash, 1);

/// Those not later than `until`.
std::vector<Record> records_until(const Rehearsal& rehearsal, Instant until) {
  const Recording& recording = rehearsal.history().recording();
  std::vector<Record> records;
  for (std::size_t i = 0; i < recording.position_after(until); ++i) {
    records.push_back(recording[i]);
  }
  return records;
}
std::size_t records_in(const Rehearsal& rehearsal) {
  return rehearsal.history().recording().end();
}

TEST(Rehearsal, PlaysAScenarioAsKvsimDoes) {
  const auto rehearsal = play(library("02-primary-failure"));
  const sim::RunResult wanted = sim::run(rehearsal->draft().scenario(), rehearsal->seed());
  EXPECT_EQ(rehearsal->result()->trace_hash, wanted.trace_hash);
  EXPECT_TRUE(rehearsal->result()->passed);
  const Recording& recording = rehearsal->history().recording();
  std::size_t sent = 0;
  for (std::size_t i = 0; i < recording.end(); ++i) {
    ASSERT_EQ(recording[i].sequence, i + 1);
    sent += std::holds_alternative<MessageSent>(recording[i].fact) ? 1U : 0U;
  }
  EXPECT_EQ(sent, wanted.messages);
  EXPECT_EQ(rehearsal->horizon(), Instant{} + seconds(40));
  EXPECT_FALSE(rehearsal->progress().busy);
}

TEST(Rehearsal, KnowsWhoIsInThePicture) {
  const auto rehearsal = open(library("18-two-regions-and-witness"));
  const ClusterInfo& cluster = rehearsal->history().cluster();
  EXPECT_EQ(cluster.title, "Two regions and a witness: a region is lost");
  ASSERT_EQ(cluster.size(), rehearsal->draft().scenario().nodes.size());
  ASSERT_EQ(cluster.zones.size(), cluster.size());
  EXPECT_EQ(cluster.zones[0], rehearsal->draft().scenario().nodes[0].zone);
  EXPECT_TRUE(open(library("02-primary-failure"))->history().cluster().zones.empty());
}

TEST(Rehearsal, IsMadeBitByBit) {
  const auto rehearsal = open(library("02-primary-failure"));
  EXPECT_EQ(rehearsal->progress().words, "simulating: 0.000 s of 40.000 s");
  double share = 0;
  std::size_t pumps = 0;
  for (; rehearsal->progress().busy; ++pumps) {
    EXPECT_GE(rehearsal->progress().share, share);
    share = rehearsal->progress().share;
    const std::size_t before = records_in(*rehearsal);
    rehearsal->pump({});
    EXPECT_GT(records_in(*rehearsal), before);
  }
  EXPECT_GT(pumps, 10u);
  EXPECT_GT(share, 0.9);
  EXPECT_EQ(records_until(*rehearsal, rehearsal->horizon()),
            records_until(*play(library("02-primary-failure")), rehearsal->horizon()));
}

TEST(Rehearsal, TakesSettingsAndSeed) {
  const auto rehearsal = open(library("02-primary-failure"), {"nodes=5"}, 7);
  EXPECT_EQ(rehearsal->history().cluster().size(), 5u);
  EXPECT_EQ(rehearsal->seed(), 7u);
  EXPECT_NE(rehearsal->draft().text().find("\n  \"seed\": 7,\n"), std::string::npos);
}

TEST(Rehearsal, SaysWhyAFileIsNone) {
  EXPECT_FALSE(Rehearsal::open(library("02-primary-failures")));
  EXPECT_FALSE(Rehearsal::open(library("02-primary-failure"), {"nodes=0"}));
}

// What a hand does takes effect from then on: everything before is the same, record by record.
TEST(Rehearsal, StaysTheSameUntilTheHandsStep) {
  for (const std::string& path : library()) {
    const auto rehearsal = play(path);
    const std::vector<Record> before = records_until(*rehearsal, rehearsal->horizon());
    for (const int percent : {15, 85}) {
      const Instant at = Instant{} + rehearsal->draft().scenario().run_for * percent / 100;
      ASSERT_TRUE(rehearsal->inflict(at, fault_of(Fault::Kind::kPowerCut, 2)));
      rehearsal->pump(kLong);
      const std::vector<Record> after = records_until(*rehearsal, rehearsal->horizon());
      const std::size_t same = rehearsal->history().recording().position_after(at);
      ASSERT_LT(same, std::min(before.size(), after.size()));
      EXPECT_GT(before[same].at, at);
      EXPECT_TRUE(std::equal(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(same),
                             before.begin()))
          << path << " until " << percent << " %";
      EXPECT_NE(after, before) << path;
      EXPECT_TRUE(rehearsal->undo());
    }
  }
}

TEST(Rehearsal, DoesTheStepRightBehindItsMoment) {
  const auto rehearsal = play(library("02-primary-failure"));
  const Instant at = Instant{} + milliseconds(3'000);
  ASSERT_TRUE(rehearsal->inflict(at, kCrash));
  rehearsal->pump(kLong);
  const Recording& recording = rehearsal->history().recording();
  for (std::size_t i = recording.position_after(at); i < recording.end(); ++i) {
    const auto* step = std::get_if<StepTaken>(&recording[i].fact);
    if (step == nullptr) continue;
    EXPECT_EQ(step->words, "crashes node1");
    EXPECT_EQ(step->step, rehearsal->draft().scenario().steps.size() - 1);
    EXPECT_EQ(recording[i].at, at + microseconds(1));
    return;
  }
  FAIL() << "no step was taken";
}

TEST(Rehearsal, ShowsTheOldRunUntilTheNewOneIsPastTheHandsStep) {
  const auto rehearsal = play(library("02-primary-failure"));
  const Instant at = Instant{} + seconds(12);
  const History* const old = &rehearsal->history();
  const std::size_t old_end = records_in(*rehearsal);
  ASSERT_TRUE(rehearsal->inflict(at, kCrash));
  EXPECT_EQ(&rehearsal->history(), old);
  EXPECT_TRUE(rehearsal->progress().busy);
  EXPECT_FALSE(rehearsal->result().has_value());
  std::size_t pumps = 0;
  for (; &rehearsal->history() == old; ++pumps) {
    ASSERT_EQ(records_in(*rehearsal), old_end);
    rehearsal->pump({});
  }
  EXPECT_GT(pumps, 10u);
  EXPECT_GT(rehearsal->history().recording().end_time(), at);
  rehearsal->pump(kLong);
  EXPECT_TRUE(rehearsal->result().has_value());
}

TEST(Rehearsal, ShowsALongRunBeforeItIsWholeAgain) {
  const auto rehearsal = play(library("02-primary-failure"));
  const History* const old = &rehearsal->history();
  ASSERT_TRUE(rehearsal->inflict(Instant{} + seconds(1), kCrash));
  while (&rehearsal->history() == old) rehearsal->pump({});
  EXPECT_FALSE(rehearsal->result().has_value());
}

TEST(Rehearsal, TakesBackWhatAHandDid) {
  const auto rehearsal = play(library("26-fast-failover"));
  const std::vector<Record> before = records_until(*rehearsal, rehearsal->horizon());
  EXPECT_FALSE(rehearsal->undo());
  ASSERT_TRUE(rehearsal->inflict(Instant{} + seconds(1), kCrash));
  // In the midst of the second run, a third one.
  rehearsal->pump({});
  EXPECT_TRUE(rehearsal->undo());
  rehearsal->pump(kLong);
  EXPECT_EQ(records_until(*rehearsal, rehearsal->horizon()), before);
  EXPECT_FALSE(rehearsal->undo());
}

TEST(Rehearsal, IsPlayedWithAnotherSeed) {
  const auto rehearsal = play(library("26-fast-failover"));
  rehearsal->reseed(99);
  rehearsal->pump(kLong);
  EXPECT_EQ(rehearsal->result()->trace_hash,
            sim::run(rehearsal->draft().scenario(), 99).trace_hash);
  EXPECT_EQ(rehearsal->result()->seed, 99u);
}

TEST(Rehearsal, GoesOnForLonger) {
  const auto rehearsal = play(library("90-chaos-3"));
  const Instant end = rehearsal->horizon() - nanoseconds(1);
  const std::vector<Record> before = records_until(*rehearsal, end);
  ASSERT_TRUE(rehearsal->extend(seconds(6)));
  EXPECT_EQ(rehearsal->horizon(), Instant{} + seconds(40));
  rehearsal->pump(kLong);
  EXPECT_EQ(records_until(*rehearsal, end), before);
  EXPECT_GT(rehearsal->history().recording().end_time(), Instant{} + seconds(39));
}

TEST(Rehearsal, RefusesWhatMakesNoSense) {
  const auto rehearsal = play_text(R"({"title": "T", "run_for": "5s", "nodes": 1})");
  EXPECT_EQ(rehearsal->refusal(fault_of(Fault::Kind::kIsolate, 1)),
            "A cluster of one node has no links.");
  EXPECT_FALSE(rehearsal->inflict({}, fault_of(Fault::Kind::kHealAll)));
  EXPECT_EQ(rehearsal->refusal(kCrash), std::nullopt);
  const Outcome late = rehearsal->inflict(Instant{} + seconds(5), kCrash);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message,
            "The run ends at 5.000 s: let it go on for longer, then do this.");
  EXPECT_TRUE(rehearsal->result().has_value());
}

TEST(Rehearsal, IsSavedAsAScenarioThatPasses) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("mine.json");
  const auto rehearsal = play_text(
      R"({"title": "T", "run_for": "20s", "timing": "lan", "expect": [{"elections_at_most": 1}]})");
  ASSERT_TRUE(rehearsal->inflict(Instant{} + seconds(2), kCrash));
  ASSERT_TRUE(rehearsal->inflict(Instant{} + seconds(9), fault_of(Fault::Kind::kRestart, 1)));
  EXPECT_EQ(rehearsal->save(path).error().message,
            "The run is not simulated to its end yet: save it in a moment.");
  rehearsal->pump(kLong);
  EXPECT_FALSE(rehearsal->result()->passed);
  const Result<std::string> words = rehearsal->save(path);
  ASSERT_TRUE(words) << words.error().message;
  // Three roles, the primary, two promises.
  EXPECT_EQ(*words,
            "saved to " + path + ": 2 steps by hand, 6 expectations. It passes: kvsim run " + path);
  const auto saved = play(path);
  EXPECT_TRUE(saved->result()->passed);
  EXPECT_EQ(saved->draft().scenario().title, "T, by hand");
  EXPECT_EQ(saved->draft().scenario().steps.size(), 2u);
  EXPECT_EQ(saved->result()->elections, rehearsal->result()->elections);
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path("")), {}), 1);
}

TEST(Rehearsal, OverwritesOnlyWhatItHasSaved) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("mine.json");
  write_all(path, "mine");
  const auto rehearsal = play(library("26-fast-failover"));
  EXPECT_EQ(rehearsal->save(path).error().message, path + " exists already: choose another name.");
  EXPECT_EQ(read_all(path), "mine");
  fs::remove(path);
  EXPECT_TRUE(rehearsal->save(path));
  EXPECT_TRUE(rehearsal->save(path));
}

TEST(Rehearsal, SaysWhyItCanNotBeSaved) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path("none/mine.json");
  EXPECT_EQ(play(library("26-fast-failover"))->save(path).error().message,
            path + " can't be written: check that its folder exists, and your permissions.");
}

// Whatever is done to a scenario of the library can be kept.
TEST(Rehearsal, CanBeSavedWhateverWasDone) {
  const ScratchDirectory scratch;
  Fault::Kind kind = Fault::Kind::kIsolate;
  for (const std::string& path : library()) {
    kind = kind == Fault::Kind::kCrash ? Fault::Kind::kIsolate : Fault::Kind::kCrash;
    const std::string saved = scratch.path(fs::path(path).filename().string());
    const auto rehearsal = play(path);
    const Instant at = Instant{} + rehearsal->draft().scenario().run_for / 3;
    ASSERT_TRUE(rehearsal->inflict(at, fault_of(kind, 1)));
    rehearsal->pump(kLong);
    Result<std::string> words = rehearsal->save(saved);
    if (!words && words.error().message.find("Let the run go on for longer") != std::string::npos) {
      ASSERT_TRUE(rehearsal->extend(seconds(5)));
      rehearsal->pump(kLong);
      words = rehearsal->save(saved);
    }
    ASSERT_TRUE(words) << path << ": " << words.error().message;
    EXPECT_TRUE(play(saved)->result()->passed) << read_all(saved);
  }
}

}  // namespace
}  // namespace kv::viz
