#include <algorithm>

#include <gtest/gtest.h>

#include "panels/stage_layout.h"
#include "panels/stage_shapes.h"
#include "visualizer/tale.h"

namespace kv::viz {
namespace {

const Area kArea{{14, 34}, {686, 470}};

StageLayout laid_out(std::size_t nodes, const Area& area = kArea) {
  return lay_out_stage(area, nodes, {});
}

Area disc_of(const StageLayout& layout, NodeId id) {
  return around(layout.node(id).centre, layout.radius, layout.radius);
}

bool within(const Area& inner, const Area& outer) {
  const Area wide = outer.inset(-1);
  return inner.from.x >= wide.from.x && inner.to.x <= wide.to.x && inner.from.y >= wide.from.y &&
         inner.to.y <= wide.to.y;
}

// --- where nodes are ---

TEST(StageLayout, KeepsNodesAndLabelsApartInEverySize) {
  for (const ImVec2 size : {ImVec2{320, 220}, {540, 376}, {672, 436}, {1172, 856}, {1970, 1350}}) {
    for (std::size_t nodes = 1; nodes <= 9; ++nodes) {
      const StageLayout layout = laid_out(nodes, {{14, 34}, {14 + size.x, 34 + size.y}});
      SCOPED_TRACE(testing::Message() << size.x << "x" << size.y << ", " << nodes << " nodes");
      ASSERT_EQ(layout.nodes.size(), nodes);
      for (NodeId a = 1; a <= nodes; ++a) {
        EXPECT_TRUE(within(disc_of(layout, a), layout.area)) << a;
        EXPECT_FALSE(overlap(disc_of(layout, a), layout.headline)) << a;
        if (layout.detail != LabelDetail::kNothing) {
          EXPECT_TRUE(within(layout.node(a).label, layout.area)) << a;
          EXPECT_FALSE(overlap(layout.node(a).label, layout.headline)) << a;
        }
        for (NodeId b = 1; b <= nodes; ++b) {
          if (a == b) continue;
          EXPECT_GE(distance(layout.node(b).centre, layout.node(a).label), layout.radius);
          EXPECT_FALSE(overlap(layout.node(a).label, layout.node(b).label)) << a << " " << b;
          EXPECT_GT(distance(layout.node(a).centre, layout.node(b).centre), 2 * layout.radius);
        }
      }
    }
  }
}

TEST(StageLayout, PutsLabelsWhereNoMessageFlies) {
  for (std::size_t nodes = 2; nodes <= 9; ++nodes) {
    const StageLayout layout = laid_out(nodes);
    for (const NodePlace& labelled : layout.nodes) {
      for (const NodePlace& from : layout.nodes) {
        for (const NodePlace& to : layout.nodes)
          EXPECT_FALSE(crosses(labelled.label, from.centre, to.centre)) << nodes << " nodes";
      }
    }
  }
}

TEST(StageLayout, BeginsAtTheTopAndGoesAroundClockwise) {
  const StageLayout layout = laid_out(5);
  EXPECT_NEAR(layout.node(1).centre.x, layout.middle.x, 1);
  EXPECT_LT(layout.node(1).centre.y, layout.node(2).centre.y);
  EXPECT_GT(layout.node(2).centre.x, layout.middle.x);
  EXPECT_LT(layout.node(5).centre.x, layout.middle.x);
}

TEST(StageLayout, HidesNamesOnlyWhereManyNodesHaveNoRoom) {
  for (std::size_t nodes = 1; nodes <= 9; ++nodes)
    EXPECT_GE(laid_out(nodes, {{14, 34}, {554, 410}}).detail, LabelDetail::kName) << nodes;
  EXPECT_EQ(laid_out(9, {{0, 0}, {272, 156}}).detail, LabelDetail::kNothing);
}

TEST(StageLayout, TellsLessWhereThereIsLittleRoom) {
  EXPECT_EQ(laid_out(3).detail, LabelDetail::kFull);
  EXPECT_EQ(laid_out(3, {{0, 0}, {292, 176}}).detail, LabelDetail::kName);
  EXPECT_EQ(laid_out(3, {{0, 0}, {292, 176}}).foot.height(), 0);
  EXPECT_GT(laid_out(3, {{0, 0}, {1900, 1300}}).radius, laid_out(3).radius);
}

TEST(StageLayout, OutlinesHoldTheirNodesAndNoOthers) {
  const StageLayout layout = laid_out(5);
  const std::vector<ImVec2> outline = outline_of(layout, {1, 2}, 5);
  const auto holds = [&](ImVec2 point) {
    // Convex, and clockwise on the screen: the inside is always on the right.
    for (std::size_t i = 0; i < outline.size(); ++i) {
      const ImVec2 a = outline[i];
      const ImVec2 b = outline[(i + 1) % outline.size()];
      if ((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) < -0.01F) return false;
    }
    return true;
  };
  EXPECT_TRUE(holds(layout.node(1).centre));
  EXPECT_TRUE(holds(layout.node(2).centre));
  EXPECT_FALSE(holds(layout.node(3).centre));
  EXPECT_FALSE(holds(layout.node(5).centre));
}

TEST(StageLayout, ALinePartsTheNodesOnItsSides) {
  const StageLayout layout = laid_out(3);
  const float y = (layout.node(1).centre.y + layout.node(2).centre.y) / 2;
  const Sides sides = sides_of(layout, {0, y}, {100, y});
  EXPECT_EQ(sides.left, std::vector<NodeId>{1});
  EXPECT_EQ(sides.right, (std::vector<NodeId>{2, 3}));
}

// --- nodes ---

TEST(StageNodes, SayWhatTheyAreInTheUsersWords) {
  Tale tale;
  tale.serving();
  tale.tell(3, NodeStopped{StopCause::kCrash, ""});
  const std::vector<NodeShape> nodes = node_shapes(tale.now());
  EXPECT_EQ(nodes[0].words, "primary · term 1");
  EXPECT_TRUE(nodes[0].serving);
  EXPECT_EQ(nodes[1].words, "secondary · term 1");
  EXPECT_EQ(nodes[2].words, "crashed · term 0");
}

TEST(StageNodes, SayLessWhereThereIsLittleRoom) {
  Tale tale;
  tale.all_start();
  tale.tell(2, RoleChanged{Role::kFollower, Role::kPreCandidate, 0, Cause::kElectionTimeout});
  const std::vector<NodeShape> nodes = node_shapes(tale.now());
  EXPECT_EQ(nodes[0].brief, nodes[0].words);
  EXPECT_EQ(nodes[1].words, "asks for pre-votes · term 0");
  EXPECT_EQ(nodes[1].brief, "asks · term 0");
}

TEST(StageNodes, OfAStoppedOneOnlyItsDiskCounts) {
  Tale tale;
  tale.all_start().elect(1, 1, {2});
  tale.tell(1, EntriesAppended{2, 5, 1}).tell(1, EntriesPersisted{3});
  EXPECT_EQ(node_shapes(tale.now())[0].last, 5U);
  tale.tell(1, NodeStopped{StopCause::kPowerCut, ""});
  EXPECT_EQ(node_shapes(tale.now())[0].last, 3U);
}

TEST(StageNodes, ALeaderIsNotReadyBeforeItServes) {
  Tale tale;
  tale.all_start().elect(1, 1, {2});
  const NodeShape leader = node_shapes(tale.now())[0];
  EXPECT_EQ(leader.standing, Standing::kPrimary);
  EXPECT_FALSE(leader.serving);
  EXPECT_EQ(leader.note, "not ready");
  EXPECT_FALSE(leader.note_bad);
}

TEST(StageNodes, TellWhoIsCutOffAndWhoOnlyCannotHear) {
  Tale tale;
  tale.serving();
  for (const NodeId other : {1U, 2U}) tale.cut(other, 3);
  EXPECT_EQ(node_shapes(tale.now())[2].note, "can't hear");
  for (const NodeId other : {1U, 2U}) tale.cut(3, other);
  EXPECT_EQ(node_shapes(tale.now())[2].note, "cut off");
  EXPECT_EQ(node_shapes(tale.now())[1].note, "");
}

TEST(StageNodes, AnOldPrimaryIsOutdated) {
  Tale tale;
  tale.serving().elect(2, 2, {3}).commit(2);
  const std::vector<NodeShape> nodes = node_shapes(tale.now());
  EXPECT_EQ(nodes[0].note, "outdated");
  EXPECT_EQ(nodes[1].note, "");
}

TEST(StageNodes, TimersShareOneScaleSoThatTheShortestGoesFirst) {
  Tale tale;
  tale.serving();
  tale.tell(2, ElectionTimerSet{milliseconds(400).ns})
      .tell(3, ElectionTimerSet{milliseconds(800).ns});
  tale.at(200).tell(1, CommitAdvanced{1});
  const std::vector<NodeShape> nodes = node_shapes(tale.now());
  EXPECT_FALSE(nodes[0].timer.has_value());
  EXPECT_NEAR(*nodes[1].timer, 0.25F, 0.001F);
  EXPECT_NEAR(nodes[1].timer_began, 0.5F, 0.001F);
  EXPECT_NEAR(*nodes[2].timer, 0.75F, 0.001F);
  EXPECT_FALSE(nodes[1].timer_late);
  tale.at(350).tell(1, CommitAdvanced{1});
  EXPECT_TRUE(node_shapes(tale.now())[1].timer_late);
}

TEST(StageNodes, BarsAreSharesOfTheLongestLog) {
  Tale tale;
  tale.all_start().elect(1, 1, {2});
  tale.tell(1, EntriesAppended{2, 4, 1}).tell(1, EntriesPersisted{3}).tell(1, CommitAdvanced{2});
  tale.tell(2, EntriesAppended{1, 2, 1});
  const std::vector<NodeShape> nodes = node_shapes(tale.now());
  EXPECT_FLOAT_EQ(nodes[0].log, 1);
  EXPECT_FLOAT_EQ(nodes[0].persisted, 0.75F);
  EXPECT_FLOAT_EQ(nodes[0].committed, 0.5F);
  EXPECT_FLOAT_EQ(nodes[0].done, 0);
  EXPECT_FLOAT_EQ(nodes[1].log, 0.5F);
}

// --- links and groups ---

TEST(StageLinks, AreCutOneWayOrBoth) {
  Tale tale;
  tale.serving().cut(1, 2);
  const StageLayout layout = laid_out(3);
  std::vector<LinkShape> links = link_shapes(tale.now(), layout);
  ASSERT_EQ(links.size(), 3U);
  EXPECT_EQ(links[0].a, 1U);
  EXPECT_EQ(links[0].b, 2U);
  EXPECT_FALSE(links[0].forth);
  EXPECT_TRUE(links[0].back);
  EXPECT_TRUE(any_cut(tale.now()));
  tale.cut(2, 1).tell(3, NodeStopped{});
  links = link_shapes(tale.now(), layout);
  EXPECT_FALSE(links[0].back);
  EXPECT_FALSE(links[0].faint);
  EXPECT_TRUE(links[1].faint);
}

TEST(StageGroups, AreThereOnlyWhereTheNetworkIsParted) {
  Tale tale(5);
  tale.serving();
  EXPECT_TRUE(groups_of(tale.now()).empty());
  for (const NodeId a : {1U, 2U}) {
    for (const NodeId b : {4U, 5U}) tale.cut(a, b).cut(b, a);
  }
  EXPECT_TRUE(groups_of(tale.now()).empty()) << "node3 is a bridge";
  for (const NodeId a : {1U, 2U}) tale.cut(a, 3).cut(3, a);
  const std::vector<Group> groups = groups_of(tale.now());
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].nodes, (std::vector<NodeId>{1, 2}));
  EXPECT_FALSE(groups[0].majority);
  EXPECT_EQ(groups[1].nodes, (std::vector<NodeId>{3, 4, 5}));
  EXPECT_TRUE(groups[1].majority);
}

TEST(StageGroups, ZonesHoldTheNodesOfOneName) {
  ClusterInfo cluster = cluster_of(4);
  EXPECT_TRUE(zones_of(cluster).empty());
  cluster.zones = {"east", "west", "east", ""};
  const std::vector<Zone> zones = zones_of(cluster);
  ASSERT_EQ(zones.size(), 2U);
  EXPECT_EQ(zones[0].name, "east");
  EXPECT_EQ(zones[0].nodes, (std::vector<NodeId>{1, 3}));
}

// --- votes ---

TEST(StageVotes, AreCountedAsTheyCome) {
  Tale tale(5);
  tale.all_start();
  tale.tell(2, RoleChanged{Role::kFollower, Role::kCandidate, 1, Cause::kElectionTimeout});
  tale.tell(2, CampaignStarted{false, 1, Cause::kElectionTimeout});
  tale.tell(3, VoteAnswered{2, 1, false, true, Reason::kNone});
  tale.tell(2, VoteReceived{3, 1, false, true}).tell(2, VoteReceived{4, 1, false, false});
  const std::vector<Campaign> campaigns = campaigns_of(tale.now(), seconds(3));
  ASSERT_EQ(campaigns.size(), 1U);
  const Campaign& campaign = campaigns[0];
  ASSERT_EQ(campaign.votes.size(), 5U);
  EXPECT_EQ(campaign.votes[0].voter, 2U);
  EXPECT_EQ(campaign.votes[0].state, VoteState::kGranted);
  EXPECT_EQ(campaign.votes[1].state, VoteState::kOpen);
  EXPECT_EQ(campaign.votes[2].state, VoteState::kGranted);
  EXPECT_EQ(campaign.votes[3].state, VoteState::kRefused);
  EXPECT_EQ(count_words(campaign), "2 of 5 votes, 3 needed");
  const std::vector<VoteLine> lines = vote_lines(tale.now(), campaigns, seconds(1));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].voter, 3U);
  EXPECT_EQ(lines[0].candidate, 2U);
}

TEST(StageVotes, StayForAWhileAfterTheElection) {
  Tale tale;
  tale.all_start().at(1000).elect(2, 1, {3}).commit(2);
  std::vector<Campaign> campaigns = campaigns_of(tale.now(), seconds(3));
  ASSERT_EQ(campaigns.size(), 1U);
  EXPECT_TRUE(campaigns[0].won);
  EXPECT_EQ(count_words(campaigns[0]), "2 of 3 → primary");
  tale.at(4001).tell(1, CommitAdvanced{1});
  EXPECT_TRUE(campaigns_of(tale.now(), seconds(3)).empty());
}

TEST(StageVotes, RivalsOfOneTermAreToldTogether) {
  Tale tale(4);
  tale.all_start();
  for (const NodeId node : {4U, 1U}) {
    tale.tell(node, RoleChanged{Role::kFollower, Role::kCandidate, 1, Cause::kElectionTimeout});
    tale.tell(node, CampaignStarted{false, 1, Cause::kElectionTimeout});
  }
  const std::vector<Campaign> latest = latest_of(campaigns_of(tale.now(), seconds(3)));
  ASSERT_EQ(latest.size(), 2U);
  EXPECT_EQ(latest[0].candidate, 1U);
  EXPECT_EQ(latest[1].candidate, 4U);
}

// --- messages ---

class StageMarks : public testing::Test {
 protected:
  std::vector<Mark> marks() {
    playback_.seek(tale_.now().at, tale_.history);
    return marks_of(tale_.history, tale_.now(), playback_, layout_, {});
  }
  /// Nothing happens until then.
  void pass(std::int64_t ms) { tale_.at(ms).tell(3, CommitAdvanced{0}); }

  Tale tale_{3};
  StageLayout layout_{laid_out(3)};
  Playback playback_{};
};

TEST_F(StageMarks, FlyForAQuarterOfASecondHoweverFastTheyAre) {
  tale_.serving().at(1000).send(1, 1, 2).deliver(1, 1, 2);
  ASSERT_EQ(marks().size(), 1U);
  const float at_first = distance(marks()[0].at, layout_.node(2).centre);
  pass(1140);
  ASSERT_EQ(marks().size(), 1U);
  EXPECT_LT(distance(marks()[0].at, layout_.node(2).centre), at_first / 1.5F);
  pass(1280);
  EXPECT_TRUE(marks().empty());
}

TEST_F(StageMarks, FlyTheirRealTimeWhereThatIsLonger) {
  tale_.serving().at(1000).send(1, 1, 2);
  tale_.at(3000).deliver(1, 1, 2);
  Moment halfway = tale_.history.moment(tale_.history.recording().position_after(after_ms(1999)));
  halfway.at = after_ms(2000);
  playback_.seek(halfway.at, tale_.history);
  const std::vector<Mark> marks = marks_of(tale_.history, halfway, playback_, layout_, {});
  ASSERT_EQ(marks.size(), 1U);
  EXPECT_NEAR(distance(marks[0].at, layout_.node(1).centre),
              distance(marks[0].at, layout_.node(2).centre), 2);
}

TEST_F(StageMarks, WaitAtTheDoorOfANodeThatStandsStill) {
  tale_.serving().tell(2, NodePaused{}).at(1000).send(1, 1, 2);
  tale_.at(9000).tell(2, NodeResumed{}).deliver(1, 1, 2);
  Moment paused = tale_.history.moment(tale_.history.recording().position_after(after_ms(1500)));
  paused.at = after_ms(1500);
  playback_.seek(paused.at, tale_.history);
  const std::vector<Mark> marks = marks_of(tale_.history, paused, playback_, layout_, {});
  ASSERT_EQ(marks.size(), 1U);
  EXPECT_NEAR(distance(marks[0].at, layout_.node(2).centre), layout_.rim, 2);
}

TEST_F(StageMarks, KeepToTheirSideOfTheLink) {
  tale_.serving().at(1000).send(1, 2, 3).send(2, 3, 2);
  pass(1140);
  const std::vector<Mark> both = marks();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_GT(distance(both[0].at, both[1].at), 10);
  EXPECT_NEAR(both[0].at.x, both[1].at.x, 2);
}

TEST_F(StageMarks, AreLostHalfWayWhereTheLinkIsCut) {
  tale_.serving().cut(1, 2).at(1000).send(1, 1, 2);
  tale_.tell(2, MessageDropped{1, 1, DropReason::kCut});
  pass(1100);
  ASSERT_EQ(marks().size(), 1U);
  EXPECT_FALSE(marks()[0].lost);
  pass(1200);
  ASSERT_EQ(marks().size(), 1U);
  EXPECT_TRUE(marks()[0].lost);
  EXPECT_LT(marks()[0].strength, 1);
  const ImVec2 lost_at = marks()[0].at;
  pass(1300);
  EXPECT_EQ(marks()[0].at.x, lost_at.x);
  pass(1420);
  EXPECT_TRUE(marks().empty());
}

TEST_F(StageMarks, WithVotesSayWhatTheyAsk) {
  tale_.serving().at(1000).send(1, 2, 3, VoteRequest{false, false, 0, 0});
  pass(1140);
  ASSERT_EQ(marks().size(), 1U);
  const Mark mark = marks()[0];
  EXPECT_EQ(mark.label, "vote?");
  for (const NodePlace& node : layout_.nodes) EXPECT_FALSE(overlap(mark.label_area, node.label));
}

TEST_F(StageMarks, AreFewUnderHeavyLoadButVotesAreAllThere) {
  tale_.serving().at(1000);
  for (std::uint64_t number = 1; number <= 2000; ++number) tale_.send(number, 1, 2);
  tale_.send(2001, 2, 3, VoteRequest{true, false, 0, 0});
  pass(1140);
  const std::vector<Mark> shown = marks();
  EXPECT_LE(shown.size(), kMostMarks);
  EXPECT_GT(shown.size(), kMostMarks / 4);
  EXPECT_TRUE(std::any_of(shown.begin(), shown.end(),
                          [](const Mark& mark) { return mark.flight->message == 2001; }));
}

TEST_F(StageMarks, AreNotShownWhereTheyWouldOnlyFlicker) {
  tale_.serving().at(1000).send(1, 1, 2);
  playback_.ease(false);
  playback_.set_speed(kFastestMarks);
  EXPECT_EQ(marks().size(), 1U);
  playback_.set_speed(50);
  EXPECT_TRUE(marks().empty());
}

TEST_F(StageMarks, AreOnlyThoseThatHaveBeenSent) {
  tale_.serving().at(1000).send(1, 1, 2).send(2, 1, 3);
  const std::size_t second = tale_.history.recording().end() - 1;
  playback_.seek(after_ms(1000), tale_.history);
  const std::vector<Mark> shown =
      marks_of(tale_.history, tale_.history.moment(second), playback_, layout_, {});
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].flight->message, 1U);
}

}  // namespace
}  // namespace kv::viz
