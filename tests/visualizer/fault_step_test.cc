#include "sources/fault_step.h"

#include <gtest/gtest.h>

#include "by_hand.h"
#include "netsim/scenario.h"

namespace kv::viz {
namespace {

using Kind = Fault::Kind;
using Texts = std::vector<std::string>;

const ClusterInfo kCluster{"T", {"anna", "berta", "clara"}, {}};

Fault one_way(Fault fault) {
  fault.both = false;
  return fault;
}
Fault with_span(Fault fault, Duration span) {
  fault.span = span;
  return fault;
}
Fault loss(NodeId node, NodeId to, unsigned percent) {
  Fault fault = fault_of(Kind::kLoss, node, to);
  fault.percent = percent;
  return fault;
}
Fault partition(std::vector<std::vector<NodeId>> groups) {
  Fault fault = fault_of(Kind::kPartition);
  fault.groups = std::move(groups);
  return fault;
}
/// One of each kind, and of links both forms.
std::vector<Fault> all_faults() {
  std::vector<Fault> faults;
  for (const Kind kind :
       {Kind::kCrash, Kind::kPowerCut, Kind::kRestart, Kind::kPause, Kind::kResume, Kind::kWipe,
        Kind::kIsolate, Kind::kReconnect, Kind::kHealAll, Kind::kTransfer}) {
    faults.push_back(fault_of(kind, 2));
  }
  faults.push_back(with_span(fault_of(Kind::kSlowDisk, 1), milliseconds(80)));
  faults.push_back(partition({{1}, {2, 3}}));
  faults.push_back(set_of("k", "v"));
  for (const Fault& link :
       {fault_of(Kind::kCut, 1, 2), fault_of(Kind::kMend, 1, 2),
        with_span(fault_of(Kind::kDelay, 1, 2), milliseconds(50)), loss(1, 2, 7)}) {
    faults.push_back(link);
    faults.push_back(one_way(link));
  }
  return faults;
}

Texts steps(const Fault& fault) {
  return steps_of(fault, Instant{} + milliseconds(12'480), kCluster.nodes);
}

TEST(FaultStep, OfEveryKindCanBeReadAsAScenario) {
  for (const Fault& fault : all_faults()) {
    std::string list;
    for (const std::string& step : steps(fault)) list += (list.empty() ? "" : ", ") + step;
    const std::string text =
        R"({"title": "T", "run_for": "60s", "nodes": ["anna", "berta", "clara"], "steps": [)" +
        list + "]}";
    const Result<sim::Scenario> scenario = sim::read_scenario(text, "x.json");
    EXPECT_TRUE(scenario) << text << "\n" << (scenario ? "" : scenario.error().message);
  }
}

TEST(FaultStep, NamesTheNode) {
  EXPECT_EQ(steps(fault_of(Kind::kCrash, 2)), Texts{R"({"at":"12480ms","crash":"berta"})"});
  EXPECT_EQ(steps(fault_of(Kind::kReconnect, 3)), Texts{R"({"at":"12480ms","heal":"clara"})"});
  EXPECT_EQ(steps(with_span(fault_of(Kind::kSlowDisk, 1), milliseconds(80))),
            Texts{R"({"at":"12480ms","slow_disk":"anna","sync":"80ms"})"});
}

TEST(FaultStep, StrikesALinkOnOneWayOrBoth) {
  const std::string to = R"({"at":"12480ms","cut":{"from":"anna","to":"clara"}})";
  const std::string back = R"({"at":"12480ms","cut":{"from":"clara","to":"anna"}})";
  EXPECT_EQ(steps(fault_of(Kind::kCut, 1, 3)), (Texts{to, back}));
  EXPECT_EQ(steps(one_way(fault_of(Kind::kCut, 1, 3))), Texts{to});
  EXPECT_EQ(steps(one_way(loss(1, 3, 7))),
            Texts{R"({"at":"12480ms","loss":0.07,"from":"anna","to":"clara"})"});
  EXPECT_EQ(steps(one_way(with_span(fault_of(Kind::kDelay, 1), milliseconds(50)))),
            Texts{R"({"at":"12480ms","delay":"50ms","from":"anna"})"});
}

TEST(FaultStep, MendsALinkBothWaysAlways) {
  EXPECT_EQ(steps(one_way(fault_of(Kind::kMend, 1, 3))),
            (Texts{R"({"at":"12480ms","heal":{"from":"anna","to":"clara"}})",
                   R"({"at":"12480ms","heal":{"from":"clara","to":"anna"}})"}));
}

TEST(FaultStep, LeavesOutGroupsOfNobody) {
  EXPECT_EQ(steps(partition({{1, 2}, {}, {3}})),
            Texts{R"({"at":"12480ms","partition":[["anna","berta"],["clara"]]})"});
}

TEST(FaultStep, LetsAClientFindThePrimary) {
  EXPECT_EQ(steps(set_of("k", "a \"b\"")),
            Texts{R"({"at":"12480ms","set":"k","value":"a \"b\"","retry":true})"});
  EXPECT_EQ(steps(set_of("k", "\xff")),
            Texts{"{\"at\":\"12480ms\",\"set\":\"k\",\"value\":\"\xef\xbf\xbd\",\"retry\":true}"});
}

TEST(FaultStep, ComesRightBehindTheMomentThatIsSeen) {
  EXPECT_EQ(moment_behind(Instant{0}), Instant{1'000});
  EXPECT_EQ(moment_behind(Instant{12'479'999'001}), Instant{} + milliseconds(12'480));
  EXPECT_EQ(moment_behind(Instant{12'480'000'000}), Instant{} + microseconds(12'480'001));
}

TEST(FaultStep, IsToldInAFewWords) {
  Texts words;
  for (const Fault& fault : all_faults()) words.push_back(describe(fault, kCluster));
  EXPECT_EQ(words, (Texts{"crash berta",
                          "cut the power of berta",
                          "restart berta",
                          "pause berta",
                          "resume berta",
                          "wipe the disk of berta",
                          "cut off berta",
                          "reconnect berta",
                          "heal all links",
                          "hand over to berta",
                          "slow the disk of anna: 80 ms a sync",
                          "partition the network: anna | berta, clara",
                          "set k = v",
                          "cut anna from berta",
                          "cut the way from anna to berta",
                          "mend the link between anna and berta",
                          "mend the link between anna and berta",
                          "delay messages by 50 ms between anna and berta",
                          "delay messages by 50 ms from anna to berta",
                          "lose 7 % of the messages between anna and berta",
                          "lose 7 % of the messages from anna to berta"}));
}

}  // namespace
}  // namespace kv::viz
