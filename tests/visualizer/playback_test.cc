#include "model/playback.h"

#include <gtest/gtest.h>

#include "rehearsed.h"
#include "tale.h"

namespace kv::viz {
namespace {

/// A second of heartbeats every 100 ms: positions 0 to 10.
Tale heartbeats() {
  Tale tale;
  for (std::int64_t ms = 0; ms <= 1'000; ms += 100) tale.at(ms).tell(1, EntriesPersisted{1});
  return tale;
}

/// node1 dies at 1 s; node2 asks from 1.25 s on and serves from 1.27 s on; all is over at 3 s.
Tale failover() {
  Tale tale;
  tale.serving().at(1'000).tell(1, NodeStopped{StopCause::kCrash, ""});
  tale.at(1'250).tell(
      2, RoleChanged{Role::kFollower, Role::kPreCandidate, 1, Cause::kElectionTimeout});
  tale.at(1'260).elect(2, 2, {3}).at(1'270).commit(2);
  tale.at(3'000).tell(2, EntriesPersisted{2});
  return tale;
}

/// Ticks of a screen until it stops, or `most` of them; how many it took.
int play_out(Playback& playback, const History& history, int most = 100'000) {
  int ticks = 0;
  while (playback.playing() && ticks < most) {
    playback.tick(milliseconds(16), history);
    ++ticks;
  }
  return ticks;
}

TEST(Playback, StandsStillUntilItPlays) {
  const Tale tale = heartbeats();
  Playback playback;
  playback.tick(seconds(1), tale.history);
  EXPECT_EQ(playback.at(), after_ms(0));
  EXPECT_EQ(playback.position(), 0U);
}

TEST(Playback, MovesAsFastAsItsSpeedSays) {
  const Tale tale = heartbeats();
  Playback playback;
  playback.play();
  playback.set_speed(0.5);
  playback.tick(milliseconds(500), tale.history);
  EXPECT_EQ(playback.at(), after_ms(250));
  EXPECT_EQ(playback.position(), 3U) << "0, 100 and 200 ms";
}

TEST(Playback, PlaysBackwards) {
  const Tale tale = heartbeats();
  Playback playback;
  playback.seek(after_ms(1'000), tale.history);
  playback.play(true);
  playback.tick(milliseconds(350), tale.history);
  EXPECT_EQ(playback.at(), after_ms(650));
  EXPECT_EQ(playback.position(), 7U);
  playback.tick(seconds(5), tale.history);
  EXPECT_EQ(playback.at(), after_ms(0));
  EXPECT_FALSE(playback.playing());
}

TEST(Playback, StopsAtTheEnd) {
  const Tale tale = heartbeats();
  Playback playback;
  playback.play();
  playback.tick(seconds(9), tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'000));
  EXPECT_EQ(playback.position(), 11U);
  EXPECT_FALSE(playback.playing());
}

TEST(Playback, PlaysOnToTheHorizon) {
  const Tale tale = heartbeats();
  Playback playback;
  playback.set_horizon(after_ms(1'500));
  playback.play();
  playback.tick(milliseconds(1'200), tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'200));
  EXPECT_TRUE(playback.playing());
  playback.tick(milliseconds(1'200), tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'500));
  EXPECT_FALSE(playback.playing());
}

TEST(Playback, FollowsAGrowingRecording) {
  Tale tale = heartbeats();
  Playback playback;
  playback.follow(true);
  playback.tick(milliseconds(16), tale.history);
  EXPECT_EQ(playback.position(), 11U);
  tale.at(9'000).tell(1, EntriesPersisted{2});
  playback.tick(milliseconds(16), tale.history);
  EXPECT_EQ(playback.at(), after_ms(9'000));
  EXPECT_EQ(playback.position(), 12U);
  playback.seek(after_ms(300), tale.history);
  EXPECT_FALSE(playback.follows()) << "one has gone elsewhere";
}

TEST(Playback, TogglesBetweenPlayingAndStandingStill) {
  Playback playback;
  playback.toggle();
  EXPECT_TRUE(playback.playing());
  playback.follow(true);
  playback.toggle();
  EXPECT_FALSE(playback.playing());
  EXPECT_FALSE(playback.follows());
}

TEST(Playback, HasSpeedsInStepsOfOneTwoFive) {
  Playback playback;
  playback.faster();
  EXPECT_EQ(playback.speed(), 2);
  playback.faster();
  EXPECT_EQ(playback.speed(), 5);
  playback.set_speed(3);
  playback.slower();
  EXPECT_EQ(playback.speed(), 2);
  for (int i = 0; i < 50; ++i) playback.slower();
  EXPECT_EQ(playback.speed(), Playback::kSlowest);
  for (int i = 0; i < 50; ++i) playback.faster();
  EXPECT_EQ(playback.speed(), Playback::kFastest);
}

TEST(Playback, StepsThroughRecordsOfOneInstant) {
  Tale tale;
  tale.at(10).all_start().at(20).tell(1, NodePaused{});
  Playback playback;
  playback.seek_position(0, tale.history);
  playback.step_record(false, tale.history);
  playback.step_record(false, tale.history);
  EXPECT_EQ(playback.position(), 2U);
  EXPECT_EQ(playback.at(), after_ms(10));
  playback.step_record(false, tale.history);
  playback.step_record(false, tale.history);
  EXPECT_EQ(playback.at(), after_ms(20));
  playback.step_record(false, tale.history);
  EXPECT_EQ(playback.position(), 4U) << "there are no more";
  playback.step_record(true, tale.history);
  EXPECT_EQ(playback.position(), 3U);
  EXPECT_EQ(playback.at(), after_ms(10));
}

TEST(Playback, StepsFromNoteToNote) {
  const Tale tale = failover();
  Playback playback;
  playback.seek(after_ms(500), tale.history);
  playback.step_note(false, tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'000));
  EXPECT_FALSE(tale.history.moment(playback.position()).node(1).running());
  playback.step_note(false, tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'260));
  playback.step_note(true, tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'000));
  playback.step_note(true, tale.history);
  EXPECT_EQ(playback.at(), after_ms(0));
}

TEST(Playback, EndsUpAtTheEndsWhereThereAreNoMoreNotes) {
  const Tale tale = failover();
  Playback playback;
  playback.seek(after_ms(2'000), tale.history);
  playback.step_note(false, tale.history);
  EXPECT_EQ(playback.position(), tale.history.recording().end());
  for (int i = 0; i < 20; ++i) playback.step_note(true, tale.history);
  EXPECT_EQ(playback.position(), 0U);
}

TEST(Playback, StaysWithinWhatIsKept) {
  Tale tale = heartbeats();
  Playback playback;
  playback.seek(after_ms(100), tale.history);
  tale.history.keep(5);
  playback.tick(milliseconds(16), tale.history);
  EXPECT_GE(playback.position(), tale.history.recording().first());
  EXPECT_EQ(playback.at(), after_ms(600));
  playback.seek(after_ms(5), tale.history);
  EXPECT_EQ(playback.at(), after_ms(600));
  playback.seek(after_ms(99'000), tale.history);
  EXPECT_EQ(playback.at(), after_ms(1'000));
}

TEST(Playback, CanBeginBeforeAnythingIsRecorded) {
  const History history(cluster_of(3));
  Playback playback;
  playback.step_record(true, history);
  playback.step_note(false, history);
  playback.play();
  playback.tick(milliseconds(16), history);
  EXPECT_EQ(playback.at(), Instant{});
  EXPECT_EQ(playback.position(), 0U);
}

// --- elections ---

TEST(Election, LastsFromTheFirstCampaignUntilClientsAreServed) {
  const Tale tale = failover();
  Election election;
  ASSERT_TRUE(election_around(tale.history, after_ms(1'255), election));
  EXPECT_EQ(election.from, after_ms(1'250));
  EXPECT_EQ(election.to, after_ms(1'270));
  EXPECT_TRUE(election_around(tale.history, after_ms(1'265), election)) << "elected, not serving";
  EXPECT_FALSE(election_around(tale.history, after_ms(1'200), election));
  EXPECT_FALSE(election_around(tale.history, after_ms(1'270), election));
}

TEST(Election, HoldsAllCampaignsThatFollowEachOther) {
  Tale tale;
  tale.serving().at(1'000).tell(1, NodeStopped{StopCause::kCrash, ""});
  tale.at(1'200).tell(2, RoleChanged{Role::kFollower, Role::kCandidate, 2, Cause::kWonPreVote});
  tale.at(1'220).tell(2, RoleChanged{Role::kCandidate, Role::kFollower, 3, Cause::kHigherTerm});
  tale.at(1'500).elect(3, 4, {2}).at(1'510).commit(3).at(9'000).tell(2, EntriesPersisted{2});
  Election election;
  ASSERT_TRUE(election_around(tale.history, after_ms(1'300), election)) << "between two campaigns";
  EXPECT_EQ(election.from, after_ms(1'200));
  EXPECT_EQ(election.to, after_ms(1'510));
}

TEST(Election, IsNoneOfANodeThatAsksInVain) {
  Tale tale;
  tale.serving().at(1'000).tell(
      3, RoleChanged{Role::kFollower, Role::kPreCandidate, 1, Cause::kElectionTimeout});
  tale.at(9'000).tell(3, RoleChanged{Role::kPreCandidate, Role::kFollower, 1, Cause::kLeaderFound});
  tale.at(9'500).tell(1, EntriesPersisted{2});
  Election election;
  EXPECT_FALSE(election_around(tale.history, after_ms(5'000), election));
}

TEST(Election, GoesOnAtTheEndOfWhatIsRecorded) {
  Tale tale;
  tale.serving().at(1'000).tell(
      3, RoleChanged{Role::kFollower, Role::kPreCandidate, 1, Cause::kElectionTimeout});
  tale.at(1'010).tell(1, EntriesPersisted{2});
  Election election;
  EXPECT_TRUE(election_around(tale.history, after_ms(1'010), election));
  EXPECT_EQ(election.from, after_ms(1'000));
}

TEST(Playback, TakesItsTimeForAnElection) {
  const Tale tale = failover();
  Playback playback;
  playback.seek(after_ms(1'250), tale.history);
  EXPECT_NEAR(playback.speed_now(tale.history), 0.004, 1e-9) << "20 ms in 5 s";
  playback.ease(false);
  EXPECT_EQ(playback.speed_now(tale.history), 1);
  playback.ease(true);
  playback.set_speed(1'000);
  EXPECT_EQ(playback.speed_now(tale.history), 2) << "a five hundredth, no less";
  playback.set_speed(0.001);
  EXPECT_EQ(playback.speed_now(tale.history), 0.001) << "slow enough";
}

TEST(Playback, DoesNotJumpOverAnElection) {
  const Tale tale = failover();
  for (const bool backwards : {false, true}) {
    Playback playback;
    playback.seek(after_ms(backwards ? 3'000 : 0), tale.history);
    playback.play(backwards);
    const int eased = play_out(playback, tale.history);
    EXPECT_NEAR(eased * 0.016, 3 + 5, 0.1) << "three seconds, and five for the election";
    EXPECT_FALSE(playback.playing());
  }
}

TEST(Playback, PlaysPastAnElectionAtTheEndOfTheRecording) {
  Tale tale;
  tale.serving().at(1'000).tell(
      3, RoleChanged{Role::kFollower, Role::kPreCandidate, 1, Cause::kElectionTimeout});
  tale.at(1'010).tell(1, EntriesPersisted{2});
  Playback playback;
  playback.set_horizon(after_ms(2'000));
  playback.seek(after_ms(990), tale.history);
  playback.play();
  EXPECT_LT(play_out(playback, tale.history), 1'000);
  EXPECT_EQ(playback.at(), after_ms(2'000));
}

TEST(Playback, PlaysAChaoticRunToItsEndBothWays) {
  const History history = rehearsed(chaos(5), 4);
  Playback playback;
  playback.set_speed(20);
  playback.play();
  EXPECT_LT(play_out(playback, history), 100'000);
  EXPECT_EQ(playback.position(), history.recording().end());
  playback.play(true);
  EXPECT_LT(play_out(playback, history), 100'000);
  EXPECT_EQ(playback.at(), history.recording().begin_time());
}

}  // namespace
}  // namespace kv::viz
