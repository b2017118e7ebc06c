#include "model/headline.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "library.h"
#include "tale.h"

namespace kv::viz {

namespace {

std::string word_of(Tone tone) {
  switch (tone) {
    case Tone::kQuiet:
      return "quiet";
    case Tone::kGood:
      return "good";
    case Tone::kWarning:
      return "warning";
    case Tone::kBad:
      return "bad";
  }
  return "none";
}

/// At a time of a run.
Headline line_at(const History& history, std::int64_t us) {
  const Instant at = Instant{} + microseconds(us);
  Moment moment = history.moment(history.recording().position_after(at));
  moment.at = at;
  return headline(history, moment);
}
void expect_line(const Headline& line, Tone tone, const std::string& text, const std::string& why) {
  EXPECT_EQ(word_of(line.tone), word_of(tone));
  EXPECT_EQ(line.text, text);
  EXPECT_EQ(line.why, why);
}

TEST(Headline, FollowsAPrimarysFailure) {
  const History history = history_of("02-primary-failure.json");
  expect_line(line_at(history, 0), Tone::kWarning, "no primary yet",
              "node1 shall be the first primary and asks for votes: 1 of 3 votes, 2 needed");
  expect_line(line_at(history, 2'700), Tone::kWarning, "node1 is elected, but does not serve yet",
              "the first entry of term 0 must be on 2 of 3 disks: it is on 1");
  expect_line(line_at(history, 4'000'000), Tone::kGood, "node1 is primary · term 0",
              "it was started as primary");
  expect_line(line_at(history, 5'000'000), Tone::kBad, "no primary any more",
              "node1 crashed at 5.000 s; node2 will be the first to ask for votes, in 7.2 s");
  expect_line(line_at(history, 11'950'000), Tone::kBad, "no primary for 6.9 s",
              "node1 crashed at 5.000 s; node2 will be the first to ask for votes, in 320 ms");
  expect_line(line_at(history, 12'270'500), Tone::kBad, "no primary for 7.2 s",
              "node2 asks for pre-votes: 1 of 3 votes, 2 needed");
  expect_line(line_at(history, 12'272'000), Tone::kBad, "no primary for 7.2 s",
              "node2 asks for votes in term 1: 1 of 3 votes, 2 needed");
  expect_line(line_at(history, 12'273'000), Tone::kWarning,
              "node2 is elected, but does not serve yet",
              "the first entry of term 1 must be on 2 of 3 disks: it is on 0");
  expect_line(line_at(history, 12'500'000), Tone::kGood, "node2 is primary · term 1",
              "elected by node2 and node3 (2 of 3) at 12.272 s, after node1 crashed");
  expect_line(line_at(history, 39'000'000), Tone::kGood, "node2 is primary · term 1",
              "elected by node2 and node3 (2 of 3) at 12.272 s, after node1 crashed");
}

TEST(Headline, TellsThatAnIsolatedPrimaryIsNone) {
  const History history = history_of("04-isolated-primary.json");
  expect_line(line_at(history, 2'150'000), Tone::kBad, "no primary for 150 ms",
              "node1 still takes itself for the primary of term 0, but reaches only 1 of 3 nodes");
  expect_line(line_at(history, 2'275'000), Tone::kBad, "no primary for 270 ms",
              "node1 was cut off from the majority at 2.000 s; node2 is about to ask for votes");
  expect_line(line_at(history, 4'000'000), Tone::kGood, "node2 is primary · term 1",
              "elected by node2 and node3 (2 of 3) at 2.289 s, after node1 was cut off from the "
              "majority");
}

TEST(Headline, WarnsOfTwoThatThinkTheyLead) {
  expect_line(line_at(history_of("17a-frozen-clock.json"), 3'000'000), Tone::kWarning,
              "node2 is primary · term 1",
              "node1 still takes itself for the primary of term 0, but can commit nothing");
}

TEST(Headline, TellsOfAPausedPrimary) {
  const History history = history_of("10-paused-primary.json");
  expect_line(line_at(history, 2'150'000), Tone::kBad, "no primary for 150 ms",
              "node1 was paused at 2.000 s; node2 will be the first to ask for votes, in 130 ms");
  expect_line(line_at(history, 4'000'000), Tone::kGood, "node2 is primary · term 1",
              "elected by node2 and node3 (2 of 3) at 2.283 s, after node1 was paused");
}

TEST(Headline, TellsWhyNobodyCanBeElected) {
  expect_line(line_at(history_of("16-even-split.json"), 4'000'000), Tone::kBad,
              "no primary for 2.0 s",
              "the network is split: no node reaches 3 of 4, and it takes 3 to elect a primary");
  expect_line(line_at(history_of("20-majority-lost.json"), 4'000'000), Tone::kBad,
              "no primary for 2.0 s",
              "only 1 of 3 nodes runs (node3), and it takes 2 to elect a primary");
  expect_line(line_at(history_of("23-wiped-secondary.json"), 6'000'000), Tone::kBad,
              "no primary for 1.0 s",
              "only 1 of 3 nodes can vote (node2), and it takes 2 to elect a primary");
  expect_line(line_at(history_of("14-power-cut.json"), 4'000'000), Tone::kBad,
              "no primary for 900 ms", "none of the 3 nodes runs");
}

TEST(Headline, TellsOfAHandOver) {
  const History history = history_of("12-rolling-restart.json");
  expect_line(line_at(history, 6'000'500), Tone::kWarning, "node1 is primary · term 0",
              "it is handing over to node2 and refuses writes meanwhile");
  expect_line(line_at(history, 6'500'000), Tone::kGood, "node2 is primary · term 1",
              "elected by node1 and node2 (2 of 3) at 6.002 s, after node1 handed over");
}

TEST(Headline, TellsOfCandidatesThatTakeEachOthersVotes) {
  Tale tale(3);
  tale.serving().at(100).tell(1, NodeStopped{StopCause::kCrash, {}}).at(600);
  for (const NodeId id : {2U, 3U}) {
    tale.tell(id, RoleChanged{Role::kFollower, Role::kCandidate, 2, Cause::kElectionTimeout});
    tale.tell(id, CampaignStarted{false, 2, Cause::kElectionTimeout});
  }
  expect_line(headline(tale.history, tale.now()), Tone::kBad, "no primary for 500 ms",
              "node2 and node3 ask for votes at the same time: if none gets a majority, they try "
              "again");
}

TEST(Headline, SaysHowLongAgoWhereTheClockIsThatOnTheWall) {
  constexpr std::int64_t kMorning = 1'780'000'000'000;
  Tale tale(3);
  tale.at(kMorning).serving().at(kMorning + 100).tell(1, NodeStopped{StopCause::kCrash, {}});
  tale.at(kMorning + 2'350).tell(2, EntriesPersisted{1});
  expect_line(headline(tale.history, tale.now()), Tone::kBad, "no primary for 2.2 s",
              "node1 crashed 2.2 s ago");
  tale.elect(2, 2, {3}).commit(2).at(kMorning + 3'450).tell(3, EntriesPersisted{2});
  expect_line(headline(tale.history, tale.now()), Tone::kGood, "node2 is primary · term 2",
              "elected by node2 and node3 (2 of 3) 1.1 s ago, after node1 crashed");
}

TEST(Headline, CountsOnWhereTheBeginningOfAnOutageIsForgotten) {
  History history = history_of("20-majority-lost.json");
  const std::size_t middle = history.recording().position_after(Instant{} + seconds(4));
  history.keep(history.recording().end() - middle);
  const Headline line = line_at(history, 5'000'000);
  EXPECT_EQ(line.text, "no primary for 3.0 s");
  EXPECT_EQ(word_of(line.tone), "bad");
}

TEST(Headline, IsQuietWhereNothingIsKnown) {
  const Tale tale(3);
  expect_line(headline(tale.history, tale.now()), Tone::kQuiet, "nothing has happened yet", "");
}

TEST(Headline, ClaimsNothingOfNodesThatAreNotHeardOf) {
  Tale tale(3);
  NodeObserved follower;
  follower.term = 3;
  tale.tell(2, follower);
  expect_line(headline(tale.history, tale.now()), Tone::kWarning, "no primary yet",
              "nothing is known of node1 and node3 yet");
}

TEST(Headline, IsRedExactlyWhileClientsCannotBeServed) {
  const History history = rehearsed(chaos(3), 6);
  bool ever_served = false;
  std::size_t outages = 0;
  Moment moment = history.moment(0);
  while (moment.position < history.recording().end()) {
    moment.apply(history.recording()[moment.position]);
    const bool serves = moment.primary() != kNoNode;
    ever_served = ever_served || serves;
    const Headline line = headline(history, moment);
    ASSERT_FALSE(line.text.empty());
    ASSERT_EQ(line.text.find("is primary") != std::string::npos, serves) << line.text;
    if (line.tone != Tone::kBad) continue;
    ++outages;
    ASSERT_TRUE(ever_served);
    ASSERT_FALSE(line.why.empty());
  }
  EXPECT_GT(outages, 0U);
}

}  // namespace
}  // namespace kv::viz
