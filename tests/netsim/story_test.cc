#include "story.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "netsim/report_layout.h"
#include "story_text.h"

namespace kv::sim {
namespace {

using Kind = StoryLine::Kind;

Instant at_ms(std::int64_t count) {
  return Instant{} + milliseconds(count);
}

/// Tells records that are made up, and keeps the lines.
class Telling : public ::testing::Test {
 protected:
  void begin(bool everything = false) {
    StorySubject subject;
    subject.names = {"anna", "bert", "carl"};
    subject.workload_clients = 2;
    subject.hopes = {{"the primary is bert", true}, {"the term is 1", false}};
    story_.emplace(std::move(subject), everything);
  }
  void SetUp() override { begin(); }

  void add(std::int64_t ms, NodeId node, Fact fact) {
    story_->add({++sequence_, at_ms(ms), node, std::move(fact)});
  }
  void add_to_story(const std::vector<StoryLine>& lines) {
    for (const StoryLine& line : lines) {
      text_ +=
          time_text(line.at) + " " + (line.who.empty() ? "-" : line.who) + " " + line.text + "\n";
      lines_.push_back(line);
    }
  }
  /// Everything that is told: "1.000 s anna crashes", a line each.
  const std::string& told() {
    add_to_story(story_->finish());
    return text_;
  }
  /// bert and carl elect bert at 12 s, since anna was last heard at 5 s.
  void elect_bert() {
    add(1'000, 2, Event(LeaderRecognised{1, 0}));
    add(5'000, 2, MessageDelivered{7, 1});
    add(12'000, 2,
        Event(RoleChanged{Role::kFollower, Role::kPreCandidate, 0, Cause::kElectionTimeout}));
    add(12'000, 2, Event(CampaignStarted{true, 1, Cause::kElectionTimeout}));
    add(12'001, 3, Event(VoteAnswered{2, 1, true, true, Reason::kNone}));
    add(12'002, 2, Event(VoteReceived{3, 1, true, true}));
    add(12'002, 2,
        Event(RoleChanged{Role::kPreCandidate, Role::kCandidate, 1, Cause::kWonPreVote}));
    add(12'002, 2, Event(CampaignStarted{false, 1, Cause::kWonPreVote}));
    add(12'003, 3, Event(VoteAnswered{2, 1, false, true, Reason::kNone}));
    add(12'004, 2, Event(VoteReceived{3, 1, false, true}));
    add(12'004, 2, Event(RoleChanged{Role::kCandidate, Role::kLeader, 1, Cause::kWonElection}));
    add(12'005, 3, Event(LeaderRecognised{2, 1}));
    add(12'006, 2, Event(CommitAdvanced{4}));
  }

  std::optional<Story> story_{};
  std::uint64_t sequence_{0};
  std::string text_{};
  std::vector<StoryLine> lines_{};
};

TEST_F(Telling, AnElectionIsToldWithItsCauseItsVotesAndItsEnd) {
  elect_bert();
  EXPECT_EQ(told(),
            "1.000 s bert follows anna in term 0\n"
            "12.000 s bert no word from anna for 7 s: asks who would vote for it\n"
            "12.002 s bert carl would vote for it: stands for election in term 1\n"
            "12.003 s carl votes for bert in term 1\n"
            "12.004 s bert wins the election of term 1 with 2 of 3 votes: bert, carl\n"
            "12.006 s bert is PRIMARY and serves\n");
}

TEST_F(Telling, APrimaryServesOnceAndSaysHowLongThereWasNone) {
  add(1'000, 1, Event(RoleChanged{Role::kCandidate, Role::kLeader, 0, Cause::kWonElection}));
  add(1'001, 1, Event(CommitAdvanced{1}));
  add(1'002, 1, Event(CommitAdvanced{2}));
  add(5'000, 1, NodeStopped{StopCause::kCrash, {}});
  add(12'004, 2, Event(RoleChanged{Role::kCandidate, Role::kLeader, 1, Cause::kWonElection}));
  add(12'006, 2, Event(CommitAdvanced{4}));
  EXPECT_NE(told().find("1.001 s anna is PRIMARY and serves\n5.000 s anna crashes\n"),
            std::string::npos);
  EXPECT_NE(text_.find("12.006 s bert is PRIMARY and serves, 7 s after anna was lost\n"),
            std::string::npos)
      << text_;
}

TEST_F(Telling, ACaptionComesBeforeWhatTheStepDid) {
  add(5'000, 1, NodeStopped{StopCause::kCrash, {}});
  add(5'000, 1, StepTaken{0, "1. Primary crashes", "crashes anna"});
  EXPECT_EQ(told(), "5.000 s - 1. Primary crashes\n5.000 s anna crashes\n");
  EXPECT_EQ(lines_[0].kind, Kind::kCaption);
}

TEST_F(Telling, AStepWithoutCaptionIsMarkedInWhatItDid) {
  add(5'000, 1, NodeStopped{StopCause::kPowerCut, {}});
  add(5'000, 1, StepTaken{0, {}, "cuts the power of anna"});
  add(6'000, kNoNode, StepTaken{1, {}, "heals the links of anna"});
  EXPECT_EQ(told(), "5.000 s anna loses power\n6.000 s - heals the links of anna\n");
  EXPECT_EQ(lines_[0].kind, Kind::kStep);
  EXPECT_EQ(lines_[1].kind, Kind::kStep);
}

TEST_F(Telling, AStepsOperationIsOneLineWhenItsAnswerComesAtOnce) {
  add(4'000, 1, ClientCalled{9, 3, OperationKind::kSet, "cart", "1 book"});
  add(4'000, kNoNode, StepTaken{0, "Client writes", "client asks anna: set cart = 1 book"});
  add(4'002, 1, ClientAnswered{9, 3, Ending::kOk, {}, {}});
  EXPECT_EQ(told(),
            "4.000 s - Client writes\n4.002 s client asks anna: set cart = 1 book → ok, in 2 ms\n");
}

TEST_F(Telling, AStepsOperationIsTwoLinesWhenSomethingHappensBetween) {
  add(4'000, 1, ClientCalled{9, 3, OperationKind::kGet, "cart", {}});
  add(4'000, kNoNode, StepTaken{0, {}, "client asks anna: get cart"});
  add(4'001, 1, NodeStopped{StopCause::kCrash, {}});
  add(4'500, 2, ClientCalled{9, 3, OperationKind::kGet, "cart", {}});
  add(5'000, 2, ClientAnswered{9, 3, Ending::kOk, {}, "1 book"});
  EXPECT_EQ(told(),
            "4.000 s client asks anna: get cart\n4.001 s anna crashes\n"
            "5.000 s client get cart → ok, found 1 book from bert, in 1 s and 2 tries\n");
}

TEST_F(Telling, TheWorkloadsOperationsAreSummedUp) {
  for (std::uint64_t i = 1; i <= 3; ++i) {
    add(100, 1, ClientCalled{i, 1, OperationKind::kGet, "k", {}});
    add(100, 1, ClientAnswered{i, 1, Ending::kOk, {}, {}});
  }
  add(5'000, kNoNode, StepTaken{0, {}, "heals everything"});
  add(6'000, 1, ClientAnswered{4, 2, Ending::kOk, {}, {}});
  add(6'000, 1, ClientAnswered{5, 2, Ending::kUnknown, "TIMEOUT", {}});
  EXPECT_EQ(told(),
            "5.000 s - … 3 client operations, all ok\n5.000 s - heals everything\n"
            "6.000 s - … 2 client operations: 1 ok, 1 unknown (TIMEOUT)\n");
}

TEST_F(Telling, WhatANodeSaysAgainAndAgainIsCounted) {
  for (std::int64_t i = 0; i < 5; ++i)
    add(1'000 * i, 1, Event(CampaignStarted{true, 1, Cause::kCampaignTimeout}));
  add(9'000, 1, Event(LeaderRecognised{2, 1}));
  EXPECT_EQ(told(),
            "0.000 s anna got no majority in time: asks who would vote for it\n"
            "9.000 s anna … 4 more times: got no majority in time: asks who would vote for it\n"
            "9.000 s anna follows bert in term 1\n");
}

TEST_F(Telling, AnAskerThatIsRefusedAgainAndAgainIsNoNews) {
  for (std::int64_t i = 0; i < 5; ++i)
    add(1'000 * i, 2, Event(VoteAnswered{1, 3, true, false, Reason::kLeaderAlive}));
  EXPECT_EQ(told(), "0.000 s bert would not vote for anna: the primary is alive\n");
}

TEST_F(Telling, TellsOfEachCandidateOnceWhyItIsRefused) {
  const auto refuse = [&](std::int64_t ms, NodeId candidate) {
    add(ms, 2, Event(VoteAnswered{candidate, 3, true, false, Reason::kLogNotUpToDate}));
  };
  for (int i = 0; i < 10; ++i) refuse(i, i % 2 == 0 ? 1 : 3);
  add(20, 2, Event(LeaderRecognised{1, 3}));
  refuse(30, 3);
  EXPECT_EQ(told(),
            "0.000 s bert would not vote for anna: its log is behind\n"
            "0.001 s bert would not vote for carl: its log is behind\n"
            "0.020 s bert follows anna in term 3\n"
            "0.030 s bert would not vote for carl: its log is behind\n");
}

TEST_F(Telling, OnlyExpectationsThatHaveACaptionOrFailAreTold) {
  add(1'000, kNoNode, ExpectationDecided{0, true, {}});
  add(2'000, kNoNode, ExpectationDecided{1, true, {}});
  add(3'000, kNoNode, ExpectationDecided{1, false, "it is 2"});
  EXPECT_EQ(told(), "1.000 s - ✓ the primary is bert\n3.000 s - ✗ the term is 1: it is 2\n");
}

TEST_F(Telling, AViolationIsToldInItsWords) {
  add(1'000, kNoNode, ViolationFound{"durability", "k was lost"});
  EXPECT_EQ(told(), "1.000 s - VIOLATION of durability: k was lost\n");
  EXPECT_EQ(lines_[0].kind, Kind::kViolation);
}

TEST_F(Telling, WhatComesFromOutsideStaysOnOneLine) {
  add(1'000, 1, ClientCalled{9, 3, OperationKind::kSet, "a\nb\x1b[31m", "v"});
  add(1'000, kNoNode, StepTaken{0, {}, {}});
  EXPECT_EQ(told(), "1.000 s client asks anna: set a?b?[31m = v\n");
}

TEST_F(Telling, EverythingIsToldWithNamesWhenAsked) {
  begin(true);
  add(1'000, 1, Event(MessageIgnored{2, "VoteReply", Reason::kStaleTerm}));
  add(2'000, 1, Event(AppendRefused{12, 3}));
  EXPECT_EQ(told(),
            "1.000 s anna ignores VoteReply from bert: stale term\n"
            "2.000 s anna refuses entries behind 3 from node 12: the log differs there\n");
  EXPECT_EQ(lines_[0].kind, Kind::kDetail);
}

TEST_F(Telling, LinesOfTheLastInstantWaitForIt) {
  add(1'000, 1, NodePaused{});
  EXPECT_TRUE(story_->take().empty());
  add(2'000, 1, NodeResumed{});
  EXPECT_EQ(story_->take().size(), 1U);
}

TEST(StoryLayout, HasColumnsAndBreaksLongWords) {
  const TerminalStyle plain;
  StoryText text({"anna", "bert"}, plain);
  EXPECT_EQ(text.text({at_ms(5'000), "anna", Kind::kTold, "crashes"}),
            "    5.000 s  anna    crashes\n");
  EXPECT_EQ(text.text({at_ms(5'000), {}, Kind::kCaption, "1. A step"}),
            "\n    5.000 s  ▶ 1. A step\n");
  EXPECT_EQ(text.text({at_ms(5'000), {}, Kind::kNote, "… and more"}),
            "               … and more\n");
  const std::string words(60, 'w');
  EXPECT_EQ(text.text({at_ms(25'000), "bert", Kind::kTold, words + " " + words}),
            "   25.000 s  bert    " + words + "\n" + std::string(21, ' ') + words + "\n");
}

TEST(ReportLayout, GivesSpansThreeDigits) {
  EXPECT_EQ(span_text(Duration{}), "0 s");
  EXPECT_EQ(span_text(nanoseconds(12)), "12 ns");
  EXPECT_EQ(span_text(microseconds(430)), "430 us");
  EXPECT_EQ(span_text(microseconds(2'400)), "2.4 ms");
  EXPECT_EQ(span_text(milliseconds(7'274)), "7.27 s");
  EXPECT_EQ(span_text(seconds(40)), "40 s");
  EXPECT_EQ(span_text(seconds(1'234)), "1234 s");
}

TEST(ReportLayout, GroupsNumbers) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(13'000), "13,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

TEST(ReportLayout, CountsCharactersNotBytes) {
  EXPECT_EQ(padded("→x", 4), "→x  ");
  EXPECT_EQ(wrapped("aa ✓✓ bb", 0, 5), "aa ✓✓\nbb");
}

TEST(ReportLayout, WritesHashesInSixteenDigits) {
  EXPECT_EQ(hash_text(0xabc), "0000000000000abc");
}

}  // namespace
}  // namespace kv::sim
