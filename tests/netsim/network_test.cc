#include "netsim/network.h"

#include <gtest/gtest.h>

#include "netsim/link_faults.h"
#include "world.h"

namespace kv::sim {
namespace {

constexpr NodeId kNode1 = 1;
constexpr NodeId kNode2 = 2;
constexpr NodeId kNode3 = 3;
constexpr int kMany = 20'000;

Message message(NodeId from, NodeId to, MessageBody body = AppendRequest{}) {
  return {from, to, 0, 0, 0, std::move(body)};
}
MessageBody replicate() {
  AppendRequest append;
  append.entries.push_back(make_entry(1, 0, EntryType::kEmpty, ""));
  return append;
}
Network network_of(const Scenario& scenario) {
  return Network(scenario, Rng(7));
}
Scenario jittery() {
  Scenario scenario = quiet_scenario();
  scenario.network.latency = Latency::log_normal(milliseconds(1), milliseconds(20));
  return scenario;
}

/// What became of many messages, one every ten microseconds.
struct Fates {
  int arrived{0};
  int doubled{0};
  int late{0};  ///< came before one that was sent earlier
  std::map<DropReason, int> lost{};
  std::vector<Instant> arrivals{};
};
Fates send_many(Network& network, NodeId from, NodeId to, MessageBody body = AppendRequest{}) {
  Fates fates;
  Instant latest{};
  for (int i = 0; i < kMany; ++i) {
    const Fate fate = network.send(Instant{} + microseconds(10 * i), message(from, to, body));
    if (fate.count == 0) {
      ++fates.lost[fate.lost];
      continue;
    }
    ++fates.arrived;
    fates.doubled += fate.count == 2 ? 1 : 0;
    fates.late += fate.arrivals[0] < latest ? 1 : 0;
    latest = std::max(latest, fate.arrivals[0]);
    fates.arrivals.push_back(fate.arrivals[0]);
    EXPECT_TRUE(fate.count == 1 || fate.arrivals[1] >= fate.arrivals[0]);
  }
  return fates;
}
/// Half a percent of all, which is three standard deviations and more.
void expect_share(int count, int per_cent) {
  EXPECT_NEAR(count, kMany / 100 * per_cent, kMany / 100);
}

TEST(Network, MessagesOfALinkArriveInTheirOrder) {
  Network network = network_of(jittery());
  const Fates fates = send_many(network, kNode1, kNode2);
  EXPECT_EQ(fates.arrived, kMany);
  EXPECT_EQ(fates.late, 0);
  EXPECT_EQ(fates.doubled, 0);
}

TEST(Network, AMessageTakesTheLinksLatency) {
  Network network = network_of(quiet_scenario());
  const Instant now = Instant{} + seconds(3);
  const Fate fate = network.send(now, message(kNode1, kNode2));
  ASSERT_EQ(fate.count, 1u);
  EXPECT_EQ(fate.arrivals[0], now + microseconds(500));
  EXPECT_EQ(network.client_delay(), microseconds(500));
  network.link(kNode1, kNode2).extra = Latency::constant(milliseconds(7));
  EXPECT_EQ(network.send(now, message(kNode1, kNode2)).arrivals[0], now + microseconds(7'500));
}

TEST(Network, ZonesAndClientsHaveLatenciesOfTheirOwn) {
  Scenario scenario = quiet_scenario();
  scenario.nodes[0].zone = scenario.nodes[1].zone = "here";
  scenario.nodes[2].zone = "there";
  scenario.network.between_zones = Latency::constant(milliseconds(30));
  scenario.network.clients = Latency::constant(milliseconds(2));
  Network network = network_of(scenario);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2)).arrivals[0], Instant{} + microseconds(500));
  EXPECT_EQ(network.send({}, message(kNode1, kNode3)).arrivals[0], Instant{} + milliseconds(30));
  EXPECT_EQ(network.send({}, message(kNode3, kNode2)).arrivals[0], Instant{} + milliseconds(30));
  EXPECT_EQ(network.client_delay(), milliseconds(2));
}

TEST(Network, LosesItsShare) {
  Network network = network_of(jittery());
  network.link(kNode1, kNode2).loss = {100'000};
  const Fates fates = send_many(network, kNode1, kNode2);
  expect_share(fates.lost.at(DropReason::kLoss), 10);
  EXPECT_EQ(fates.lost.size(), 1u);
  EXPECT_EQ(send_many(network, kNode2, kNode1).arrived, kMany) << "the way back loses nothing";
}

TEST(Network, DamagesItsShare) {
  Network network = network_of(jittery());
  network.link(kNode1, kNode2).corrupt = {200'000};
  expect_share(send_many(network, kNode1, kNode2).lost.at(DropReason::kDamaged), 20);
}

TEST(Network, DoublesItsShare) {
  Network network = network_of(jittery());
  network.link(kNode1, kNode2).duplicate = {300'000};
  const Fates fates = send_many(network, kNode1, kNode2);
  expect_share(fates.doubled, 30);
  EXPECT_EQ(fates.late, 0);
}

TEST(Network, SomeCopiesComeSecondsLater) {
  Network network = network_of(quiet_scenario());
  network.link(kNode1, kNode2).duplicate = {1'000'000};
  int very_late = 0;
  for (int i = 0; i < kMany; ++i) {
    const Fate fate = network.send({}, message(kNode1, kNode2));
    ASSERT_EQ(fate.count, 2u);
    EXPECT_LE(fate.arrivals[1] - fate.arrivals[0], seconds(10));
    very_late += fate.arrivals[1] - fate.arrivals[0] > seconds(1) ? 1 : 0;
  }
  expect_share(very_late, 11);  // nine tenths of an eighth
}

TEST(Network, ReordersItsShare) {
  Scenario scenario = quiet_scenario();
  scenario.network.reorder = {500'000};
  Network network = network_of(scenario);
  // With a constant latency, those not struck overtake those that are.
  int delayed = 0;
  for (int i = 0; i < kMany; ++i) {
    const Instant now = Instant{} + milliseconds(i);
    const Fate fate = network.send(now, message(kNode1, kNode2));
    delayed += fate.arrivals[0] > now + microseconds(500) ? 1 : 0;
    EXPECT_LE(fate.arrivals[0], now + microseconds(500) * 11);
  }
  expect_share(delayed, 50);
  EXPECT_GT(send_many(network, kNode2, kNode1).late, 0);
}

TEST(Network, ACutIsOneWay) {
  Network network = network_of(quiet_scenario());
  cut(network, kNode1, kNode2, kAllMessages);
  EXPECT_FALSE(network.open(kNode1, kNode2));
  EXPECT_FALSE(network.healthy(kNode1, kNode2));
  EXPECT_TRUE(network.open(kNode2, kNode1));
  EXPECT_EQ(network.send({}, message(kNode1, kNode2)).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2)).lost, DropReason::kCut);
  EXPECT_EQ(network.send({}, message(kNode2, kNode1)).count, 1u);
  EXPECT_FALSE(network.delivers(message(kNode1, kNode2))) << "what is under way is lost as well";
  EXPECT_TRUE(network.delivers(message(kNode2, kNode1)));
}

TEST(Network, ACutMayStrikeOneKindOfMessage) {
  Network network = network_of(quiet_scenario());
  cut(network, kNode1, kNode2, *kinds_named("HEARTBEAT"));
  EXPECT_EQ(network.send({}, message(kNode1, kNode2)).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, replicate())).count, 1u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, VoteRequest{})).count, 1u);
  EXPECT_FALSE(network.open(kNode1, kNode2));
  cut(network, kNode1, kNode2, *kinds_named("replies"));
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, AppendReply{})).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, VoteReply{})).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, SnapshotReply{})).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, SnapshotRequest{})).count, 1u);
}

TEST(Network, LossMayStrikeOneKindOfMessage) {
  Network network = network_of(quiet_scenario());
  network.link(kNode1, kNode2).loss = {1'000'000};
  network.link(kNode1, kNode2).lossy = *kinds_named("ELECTION");
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, VoteRequest{})).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2, VoteReply{})).count, 0u);
  EXPECT_EQ(network.send({}, message(kNode1, kNode2)).count, 1u);
}

TEST(Network, EveryKindOfMessageHasItsWord) {
  const auto in = [](std::string_view word, const MessageBody& body) {
    return (kind_bit(message(kNode1, kNode2, body)) & *kinds_named(word)) != 0;
  };
  EXPECT_TRUE(in("ELECTION", VoteRequest{}) && in("ELECTION", VoteReply{}));
  EXPECT_TRUE(in("HEARTBEAT", AppendRequest{}) && !in("HEARTBEAT", replicate()));
  EXPECT_TRUE(in("REPLICATE", replicate()) && in("REPLICATE", AppendReply{}));
  EXPECT_TRUE(in("SYNC", SnapshotRequest{}) && in("SYNC", SnapshotReply{}));
  EXPECT_TRUE(in("HANDOVER", TimeoutNow{}) && !in("replies", TimeoutNow{}));
  EXPECT_TRUE(in("READ_INDEX", ReadIndexRequest{}) && !in("replies", ReadIndexRequest{}));
  EXPECT_TRUE(in("READ_INDEX", ReadIndexReply{}) && in("replies", ReadIndexReply{}));
  EXPECT_FALSE(kinds_named("BREAKFAST").has_value());
}

TEST(Network, TwoNodesThatWereIsolatedAreHealedOnTheirOwn) {
  Network network = network_of(quiet_scenario());
  network.isolate(kNode1, true);
  network.isolate(kNode2, true);
  EXPECT_FALSE(network.open(kNode1, kNode3));
  EXPECT_FALSE(network.open(kNode3, kNode2));
  network.isolate(kNode1, false);
  EXPECT_TRUE(network.open(kNode1, kNode3));
  EXPECT_FALSE(network.open(kNode1, kNode2)) << "node2 is still alone";
  EXPECT_EQ(network.send({}, message(kNode1, kNode2)).lost, DropReason::kCut);
  network.isolate(kNode2, false);
  EXPECT_TRUE(network.open(kNode1, kNode2));
}

TEST(Network, AHealedLinkIsAsTheScenarioSays) {
  Scenario scenario = quiet_scenario();
  scenario.network.loss = {50'000};
  Network network = network_of(scenario);
  Link& link = network.link(kNode1, kNode2);
  link.cut = kAllMessages;
  link.loss = {900'000};
  link.lossy = 0;
  link.duplicate = link.reorder = link.corrupt = {500'000};
  link.extra = Latency::constant(seconds(1));
  network.heal(kNode1, kNode2);
  EXPECT_TRUE(network.healthy(kNode1, kNode2));
  const Fates fates = send_many(network, kNode1, kNode2);
  expect_share(fates.lost.at(DropReason::kLoss), 5);
  EXPECT_EQ(fates.doubled + fates.late, 0);
  EXPECT_EQ(fates.lost.size(), 1u);
}

TEST(Network, ALinkThatLosesATenthIsNotHealthy) {
  Network network = network_of(quiet_scenario());
  network.link(kNode1, kNode2).loss = {99'999};
  EXPECT_TRUE(network.healthy(kNode1, kNode2));
  network.link(kNode1, kNode2).loss = {100'000};
  EXPECT_FALSE(network.healthy(kNode1, kNode2));
  EXPECT_TRUE(network.open(kNode1, kNode2));
}

TEST(Network, AFaultOfOneLinkLeavesTheOthersAsTheyWere) {
  Network quiet = network_of(jittery());
  Network struck = network_of(jittery());
  Link& link = struck.link(kNode1, kNode2);
  link.loss = link.reorder = link.duplicate = {500'000};
  for (int i = 0; i < 1000; ++i) {
    const Instant now = Instant{} + milliseconds(i);
    quiet.send(now, message(kNode1, kNode2));
    struck.send(now, message(kNode1, kNode2));
    EXPECT_EQ(quiet.send(now, message(kNode1, kNode3)).arrivals[0],
              struck.send(now, message(kNode1, kNode3)).arrivals[0]);
    EXPECT_EQ(quiet.client_delay(), struck.client_delay());
  }
}

TEST(Network, ACutForAWhileLeavesTheLaterMessagesAsTheyWere) {
  Network quiet = network_of(jittery());
  Network struck = network_of(jittery());
  for (int i = 0; i < 1000; ++i) {
    struck.link(kNode1, kNode2).cut = i < 500 ? kAllMessages : 0;
    const Instant now = Instant{} + seconds(i);
    const Fate there = quiet.send(now, message(kNode1, kNode2));
    const Fate here = struck.send(now, message(kNode1, kNode2));
    EXPECT_EQ(here.count, i < 500 ? 0u : 1u);
    EXPECT_TRUE(i < 500 || here.arrivals[0] == there.arrivals[0]) << i;
  }
}

// --- shapes of partitions ---

/// Pairs of nodes that hear each other: "12 23".
std::string pairs(const Network& network) {
  std::string text;
  for (NodeId a = 1; a <= network.nodes(); ++a) {
    for (NodeId b = a + 1; b <= network.nodes(); ++b) {
      EXPECT_EQ(network.open(a, b), network.open(b, a));
      if (network.open(a, b))
        text += (text.empty() ? "" : " ") + std::to_string(a) + std::to_string(b);
    }
  }
  return text;
}
std::string pairs_after(std::string_view shape, std::size_t nodes) {
  Network network = network_of(quiet_scenario(nodes));
  partition(network, groups_of(shape, nodes));
  return pairs(network);
}

TEST(Partition, HalvesAreUnequalWithAnOddNumber) {
  EXPECT_EQ(pairs_after("halves", 5), "12 13 23 45");
  EXPECT_EQ(pairs_after("halves", 4), "12 34");
}

TEST(Partition, ABridgeHearsBothHalves) {
  EXPECT_EQ(pairs_after("bridge", 5), "12 13 23 34 35 45");
  EXPECT_EQ(pairs_after("bridge", 3), "12 23");
}

TEST(Partition, InARingEveryNodeHearsItsNeighbours) {
  EXPECT_EQ(pairs_after("ring", 5), "12 15 23 34 45");
}

TEST(Partition, NodesInNoGroupMakeUpAnother) {
  Network network = network_of(quiet_scenario(5));
  partition(network, {{1, 4}});
  EXPECT_EQ(pairs(network), "14 23 25 35");
}

TEST(Partition, ANodeInTwoGroupsHearsBoth) {
  Network network = network_of(quiet_scenario(4));
  partition(network, {{1, 2}, {2, 3, 4}});
  EXPECT_EQ(pairs(network), "12 23 24 34");
}

}  // namespace
}  // namespace kv::sim
