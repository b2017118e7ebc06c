#include "panels/fault_menu.h"

#include <gtest/gtest.h>

#include "panels/keys.h"
#include "sources/rehearsal.h"
#include "visualizer/tale.h"
#include "visualizer/viewer.h"

namespace kv::viz {
namespace {

constexpr int kRight = 1;

Selection a_node(NodeId id) {
  Selection selection;
  selection.kind = Selection::Kind::kNode;
  selection.node = id;
  return selection;
}

Selection a_link(NodeId from, NodeId to) {
  Selection selection;
  selection.kind = Selection::Kind::kLink;
  selection.node = from;
  selection.to = to;
  return selection;
}

/// The item of this name, of those for `target`.
FaultItem item(const Tale& tale, const Selection& target, std::string_view name) {
  for (const FaultItem& item : fault_items(tale.now(), tale.history.cluster(), target)) {
    if (item.name == name) return item;
  }
  ADD_FAILURE() << "there is no item " << name;
  return {};
}

TEST(FaultItems, OfferOnlyWhatMakesSense) {
  Tale tale;
  tale.serving();
  EXPECT_EQ(item(tale, a_node(2), "crash").refusal, "");
  EXPECT_NE(item(tale, a_node(2), "restart").refusal, "");
  EXPECT_NE(item(tale, a_node(2), "resume").refusal, "");
  tale.tell(2, NodePaused{});
  EXPECT_EQ(item(tale, a_node(2), "resume").refusal, "");
  EXPECT_NE(item(tale, a_node(2), "pause").refusal, "");
  tale.tell(2, NodeStopped{StopCause::kCrash, ""});
  EXPECT_EQ(item(tale, a_node(2), "restart").refusal, "");
  EXPECT_EQ(item(tale, a_node(2), "crash").refusal, "node2 is down already.");
  EXPECT_NE(item(tale, a_node(2), "pause").refusal, "");
}

TEST(FaultItems, OfferToReconnectOnlyWhatIsCut) {
  Tale tale;
  tale.serving();
  EXPECT_NE(item(tale, a_node(3), "reconnect").refusal, "");
  EXPECT_EQ(item(tale, a_node(3), "isolate").refusal, "");
  for (const NodeId other : {1U, 2U}) tale.cut(other, 3).cut(3, other);
  EXPECT_EQ(item(tale, a_node(3), "reconnect").refusal, "");
  EXPECT_NE(item(tale, a_node(3), "isolate").refusal, "");
}

TEST(FaultItems, OfferLeadershipToWhoCanTakeIt) {
  Tale tale;
  tale.serving();
  EXPECT_EQ(item(tale, a_node(2), "transfer").refusal, "");
  EXPECT_EQ(item(tale, a_node(1), "transfer").refusal, "node1 is the primary.");
  tale.cut(1, 2);
  EXPECT_EQ(item(tale, a_node(2), "transfer").refusal, "The primary can't reach node2.");
}

TEST(FaultItems, CutALinkBothWaysOrOne) {
  Tale tale;
  tale.serving();
  const FaultItem both = item(tale, a_link(1, 3), "cut");
  EXPECT_EQ(both.fault.kind, Fault::Kind::kCut);
  EXPECT_TRUE(both.fault.both);
  const FaultItem back = item(tale, a_link(1, 3), "cut_back");
  EXPECT_EQ(back.label, "Cut node3 → node1");
  EXPECT_EQ(back.fault.node, 3U);
  EXPECT_EQ(back.fault.to, 1U);
  EXPECT_FALSE(back.fault.both);
  tale.cut(3, 1);
  EXPECT_NE(item(tale, a_link(1, 3), "cut_back").refusal, "");
  EXPECT_EQ(item(tale, a_link(1, 3), "cut").refusal, "");
}

TEST(FaultItems, KnowThePrimaryOfTheCluster) {
  Tale tale;
  tale.all_start();
  EXPECT_NE(item(tale, {}, "crash_primary").refusal, "");
  tale.elect(2, 1, {3}).commit(2);
  EXPECT_EQ(item(tale, {}, "crash_primary").refusal, "");
  EXPECT_EQ(item(tale, {}, "crash_primary").fault.node, 2U);
}

TEST(FaultItems, ReadAKeyAndItsValue) {
  Fault fault;
  EXPECT_TRUE(parse_set("user:1 = Bob Smith", fault));
  EXPECT_EQ(fault.key, "user:1");
  EXPECT_EQ(fault.value, "Bob Smith");
  EXPECT_TRUE(parse_set(" a b", fault));
  EXPECT_EQ(fault.key, "a");
  EXPECT_EQ(fault.value, "b");
  for (const char* bad : {"", " ", "key", "key =", "= value"})
    EXPECT_FALSE(parse_set(bad, fault)) << bad;
}

/// A person who breaks things in the document's failover.
class BreakingThings : public testing::Test {
 protected:
  void SetUp() override {
    viewer_.open("02-primary-failure.json");
    ASSERT_NE(viewer_.app.source, nullptr);
    viewer_.go_to(after_ms(3000));
  }
  /// After what was done is simulated.
  Standing standing(NodeId id, std::int64_t ms) {
    while (viewer_.app.source->progress().busy) viewer_.look();
    viewer_.go_to(after_ms(ms));
    return viewer_.app.moment.node(id).standing();
  }
  std::size_t steps_by_hand() const { return viewer_.app.source->rehearsal()->draft().added(); }

  Viewer viewer_{};
};

TEST_F(BreakingThings, ARightClickOpensTheMenuOfANode) {
  viewer_.click("node:node2", kRight);
  ASSERT_TRUE(viewer_.sees("menu:crash"));
  viewer_.click("menu:crash");
  EXPECT_FALSE(viewer_.sees("menu:crash"));
  EXPECT_EQ(steps_by_hand(), 1U);
  ASSERT_TRUE(viewer_.app.toast);
  EXPECT_NE(viewer_.app.toast->words.find("crash node2"), std::string::npos);
  EXPECT_EQ(standing(2, 3500), Standing::kDown);
}

TEST_F(BreakingThings, EscapeClosesTheMenuAndNothingElse) {
  viewer_.click("node:node3");
  viewer_.click("node:node3");
  ASSERT_TRUE(viewer_.sees("menu"));
  viewer_.key(kKeyEscape);
  EXPECT_FALSE(viewer_.sees("menu"));
  EXPECT_EQ(viewer_.app.selection.node, 3U);
  viewer_.click("node:node2");
  EXPECT_EQ(viewer_.app.selection.node, 2U);
  viewer_.key(kKeyEscape);
  EXPECT_EQ(viewer_.app.selection.kind, Selection::Kind::kNothing);
}

TEST_F(BreakingThings, AClickSelectsAndTheNextOneOpensTheMenu) {
  viewer_.click("node:node3");
  EXPECT_EQ(viewer_.app.selection, a_node(3));
  EXPECT_FALSE(viewer_.sees("menu"));
  viewer_.click("node:node3");
  ASSERT_TRUE(viewer_.sees("menu:pause"));
  viewer_.click("menu:pause");
  EXPECT_EQ(standing(3, 3500), Standing::kPaused);
}

TEST_F(BreakingThings, FOpensTheMenuOfWhatIsSelected) {
  viewer_.key('F');
  viewer_.look();
  EXPECT_TRUE(viewer_.sees("menu:crash_primary"));
  viewer_.click("menu:isolate_primary");
  EXPECT_EQ(steps_by_hand(), 1U);
  while (viewer_.app.source->progress().busy) viewer_.look();
  viewer_.go_to(after_ms(4000));
  EXPECT_TRUE(viewer_.app.moment.cut(1, 2));
  viewer_.click("heal all");
  EXPECT_EQ(steps_by_hand(), 2U);
}

TEST_F(BreakingThings, ALinkIsCutOneWay) {
  viewer_.app.show_messages = false;
  viewer_.click("link:node2:node3", kRight);
  ASSERT_TRUE(viewer_.sees("menu:cut_forth"));
  viewer_.click("menu:cut_forth");
  while (viewer_.app.source->progress().busy) viewer_.look();
  viewer_.go_to(after_ms(3500));
  EXPECT_TRUE(viewer_.app.moment.cut(2, 3));
  EXPECT_FALSE(viewer_.app.moment.cut(3, 2));
}

TEST_F(BreakingThings, WhatMakesNoSenseDoesNothing) {
  viewer_.click("node:node2", kRight);
  viewer_.click("menu:restart");
  EXPECT_EQ(steps_by_hand(), 0U);
}

TEST_F(BreakingThings, ALineAcrossTheStagePartsTheNetwork) {
  const Area ground = viewer_.area("stage");
  const Area top = viewer_.area("node:node1");
  const float y = (top.to.y + viewer_.area("node:node2").from.y) / 2;
  viewer_.app.show_messages = false;
  viewer_.drag({ground.from.x + 20, y}, {ground.to.x - 20, y});
  EXPECT_EQ(steps_by_hand(), 1U);
  while (viewer_.app.source->progress().busy) viewer_.look();
  viewer_.go_to(after_ms(3500));
  EXPECT_TRUE(viewer_.app.moment.cut(1, 2));
  EXPECT_TRUE(viewer_.app.moment.cut(3, 1));
  EXPECT_FALSE(viewer_.app.moment.cut(2, 3));
}

TEST_F(BreakingThings, ALineBesideAllNodesDoesNothing) {
  const Area ground = viewer_.area("stage");
  viewer_.drag({ground.from.x + 4, ground.from.y + 150}, {ground.from.x + 4, ground.to.y - 60});
  EXPECT_EQ(steps_by_hand(), 0U);
  ASSERT_TRUE(viewer_.app.toast);
  EXPECT_FALSE(viewer_.app.partition_from.has_value());
}

TEST_F(BreakingThings, AKeyIsSetByTyping) {
  viewer_.click("node:node2", kRight);
  viewer_.click("menu:set");
  viewer_.type("colour = blue");
  constexpr int kEnter = 257;
  viewer_.key(kEnter);
  EXPECT_EQ(steps_by_hand(), 1U);
  EXPECT_NE(viewer_.app.source->rehearsal()->draft().text().find("colour"), std::string::npos);
}

TEST_F(BreakingThings, AClickBesideEverythingSelectsNothing) {
  viewer_.click("node:node3");
  const Area ground = viewer_.area("stage");
  viewer_.click_at({ground.from.x + 20, ground.centre().y});
  EXPECT_EQ(viewer_.app.selection, Selection{});
}

TEST(Stage, DrawsInEverySizeAtEveryTime) {
  for (const ImVec2 size : {ImVec2{300, 200}, {640, 480}, {1280, 720}, {2600, 1500}}) {
    Viewer viewer(size);
    viewer.open("04-isolated-primary.json");
    for (const std::int64_t ms : {0, 1, 2200, 2288, 2290, 4000, 7000}) {
      viewer.go_to(after_ms(ms));
      EXPECT_TRUE(viewer.sees("node:node1")) << size.x << " " << ms;
    }
  }
}

}  // namespace
}  // namespace kv::viz
