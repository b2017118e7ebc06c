#include "model/chronicle.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rehearsed.h"
#include "tale.h"

namespace kv::viz {
namespace {

using Words = std::vector<std::string>;

Words words_of(const Chronicle& chronicle) {
  Words words;
  for (const Note& note : chronicle.notes()) words.push_back(note.words);
  return words;
}

/// "secondary 0" …, as they follow each other.
Words standings_of(const Chronicle& chronicle, NodeId id) {
  Words words;
  for (const Band& band : chronicle.bands(id)) {
    words.push_back(std::string(to_string(band.standing)) + " " + std::to_string(band.term));
  }
  return words;
}

// --- bands ---

TEST(Chronicle, TellsWhatANodeWasOneAfterTheOther) {
  Tale tale;
  tale.at(0).all_start();
  tale.at(200).tell(2, RoleChanged{Role::kFollower, Role::kCandidate, 1, Cause::kWonPreVote});
  tale.at(203).tell(2, RoleChanged{Role::kCandidate, Role::kLeader, 1, Cause::kWonElection});
  tale.at(500).tell(2, NodePaused{}).at(700).tell(2, NodeStopped{StopCause::kCrash, ""});
  EXPECT_EQ(standings_of(tale.chronicle(), 2),
            (Words{"secondary 0", "candidate 1", "primary 1", "paused 1", "down 1"}));
  const std::vector<Band>& bands = tale.chronicle().bands(2);
  EXPECT_EQ(bands[1].from, after_ms(200));
  EXPECT_EQ(bands[1].to, after_ms(203));
  EXPECT_EQ(bands[1].position, 3U);
  EXPECT_EQ(bands.back().to, kNever);
}

TEST(Chronicle, BeginsABandWithEachTerm) {
  Tale tale;
  tale.all_start().at(10).tell(3, TermChanged{0, 4});
  EXPECT_EQ(standings_of(tale.chronicle(), 3), (Words{"secondary 0", "secondary 4"}));
}

TEST(Chronicle, LeavesOutWhatLastedNoTime) {
  Tale tale;
  tale.all_start().at(10);
  tale.tell(2, RoleChanged{Role::kFollower, Role::kPreCandidate, 0, Cause::kElectionTimeout});
  tale.tell(2, RoleChanged{Role::kPreCandidate, Role::kFollower, 0, Cause::kLeaderFound});
  EXPECT_EQ(standings_of(tale.chronicle(), 2), (Words{"secondary 0"}));
  EXPECT_EQ(tale.chronicle().bands(2).back().to, kNever);
}

TEST(Chronicle, ShowsThatANodeWasNotSeenAtFirst) {
  Tale tale;
  tale.at(0).tell(1, NodeStarted{1, 0, 0, 0}).at(50).tell(2, NodeStarted{2, 0, 0, 0});
  EXPECT_EQ(standings_of(tale.chronicle(), 2), (Words{"not seen yet 0", "secondary 0"}));
  EXPECT_EQ(standings_of(tale.chronicle(), 3), (Words{"not seen yet 0"}));
}

TEST(Chronicle, HasBandsWithoutGaps) {
  std::size_t count = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const History history = rehearsed(chaos(5), seed);
    for (NodeId id = 1; id <= 5; ++id) {
      const std::vector<Band>& bands = history.chronicle().bands(id);
      for (std::size_t i = 1; i < bands.size(); ++i) {
        ASSERT_EQ(bands[i - 1].to, bands[i].from) << "node " << id << ", band " << i;
        ASSERT_LT(bands[i - 1].from, bands[i - 1].to);
      }
      EXPECT_EQ(bands.back().to, kNever);
      count += bands.size();
    }
  }
  EXPECT_GT(count, 100U);
}

// --- messages ---

TEST(Chronicle, FollowsAMessageFromItsSenderToItsReceiver) {
  Tale tale;
  tale.at(5).send(70, 1, 3, VoteReply{true, false}).at(8).deliver(70, 1, 3);
  const Flight* flight = tale.chronicle().flight(70);
  ASSERT_NE(flight, nullptr);
  EXPECT_EQ(flight->from, 1U);
  EXPECT_EQ(flight->to, 3U);
  EXPECT_EQ(flight->kind, MessageKind::kElectionReply);
  EXPECT_FALSE(flight->positive);
  EXPECT_TRUE(flight->pre);
  EXPECT_EQ(flight->fate, Flight::Fate::kDelivered);
  EXPECT_EQ(flight->ended - flight->sent, milliseconds(3));
  EXPECT_EQ(flight->end_position, 1U);
  EXPECT_EQ(tale.chronicle().longest_flight(), milliseconds(3));
}

TEST(Chronicle, TellsHeartbeatsFromMessagesThatCarryEntries) {
  AppendRequest carrying;
  carrying.entries.push_back(make_entry(1, 1, EntryType::kEmpty, ""));
  EXPECT_EQ(kind_of(AppendRequest{}), MessageKind::kHeartbeat);
  EXPECT_EQ(kind_of(carrying), MessageKind::kReplicate);
  for (const MessageBody& body :
       {MessageBody{VoteRequest{}}, MessageBody{VoteReply{}}, MessageBody{AppendRequest{}},
        MessageBody{carrying}, MessageBody{AppendReply{}}, MessageBody{SnapshotRequest{}},
        MessageBody{SnapshotReply{}}, MessageBody{TimeoutNow{}}, MessageBody{ReadIndexRequest{}},
        MessageBody{ReadIndexReply{}}}) {
    EXPECT_EQ(to_string(kind_of(body)), form_of(body));
  }
}

TEST(Chronicle, TakesTheFirstArrivalOfADoubledMessage) {
  Tale tale;
  tale.send(1, 1, 2).at(3).deliver(1, 1, 2).at(9).deliver(1, 1, 2);
  tale.tell(2, MessageDropped{1, 1, DropReason::kNodeDown});
  EXPECT_EQ(tale.chronicle().flight(1)->ended, after_ms(3));
  EXPECT_EQ(tale.chronicle().flight(1)->fate, Flight::Fate::kDelivered);
}

TEST(Chronicle, TakesAnArrivalForMoreThanTheLossOfItsDouble) {
  Tale tale;
  tale.send(1, 1, 2).at(3).tell(2, MessageDropped{1, 1, DropReason::kCut});
  EXPECT_EQ(tale.chronicle().flight(1)->fate, Flight::Fate::kLost);
  EXPECT_EQ(tale.chronicle().flight(1)->lost_by, DropReason::kCut);
  tale.at(6).deliver(1, 1, 2);
  EXPECT_EQ(tale.chronicle().flight(1)->fate, Flight::Fate::kDelivered);
  EXPECT_EQ(tale.chronicle().flight(1)->ended, after_ms(6));
}

TEST(Chronicle, FindsMessagesWhoseNumbersDoNotAscend) {
  Tale tale;
  for (const std::uint64_t number : {30U, 10U, 20U, 5U}) tale.send(number, 1, 2);
  tale.deliver(10, 1, 2);
  EXPECT_EQ(tale.chronicle().flight(10)->fate, Flight::Fate::kDelivered);
  EXPECT_EQ(tale.chronicle().flight(30)->fate, Flight::Fate::kUnderWay);
  EXPECT_EQ(tale.chronicle().flight(5)->message, 5U);
  EXPECT_EQ(tale.chronicle().flight(11), nullptr);
}

TEST(Chronicle, TakesANumberThatIsGivenAgainForTheLaterMessage) {
  Tale tale;
  tale.at(1).send(1, 1, 2).deliver(1, 1, 2).at(5).send(1, 1, 3).at(6).deliver(1, 1, 3);
  EXPECT_EQ(tale.chronicle().flight(1)->to, 3U);
  EXPECT_EQ(tale.chronicle().flight(1)->ended, after_ms(6));
  EXPECT_EQ(tale.chronicle().flights().front().ended, after_ms(1));
}

TEST(Chronicle, DoesNotMindAMessageWhoseSendingItMissed) {
  Tale tale;
  tale.deliver(8, 1, 2);
  EXPECT_TRUE(tale.chronicle().flights().empty());
}

TEST(Chronicle, FindsEachMessageOfALongRun) {
  const History history = rehearsed(chaos(3), 1);
  const Chronicle& chronicle = history.chronicle();
  EXPECT_GT(chronicle.flights().size(), 1'000U);
  std::size_t ended = 0;
  for (const Flight& flight : chronicle.flights()) {
    ASSERT_EQ(chronicle.flight(flight.message), &flight);
    if (flight.fate == Flight::Fate::kUnderWay) continue;
    ++ended;
    ASSERT_LE(flight.ended - flight.sent, chronicle.longest_flight());
  }
  EXPECT_GT(ended, chronicle.flights().size() * 9 / 10);
}

// --- operations and measurements ---

TEST(Chronicle, FollowsAnOperationToItsAnswer) {
  Tale tale;
  tale.at(10).tell(2, ClientCalled{7, 3, OperationKind::kSet, "k", "v"});
  EXPECT_EQ(tale.chronicle().operation(7)->ending, Ending::kPending);
  tale.at(14).tell(2, ClientAnswered{7, 3, Ending::kOk, "", {}});
  const ClientOperation* operation = tale.chronicle().operation(7);
  ASSERT_NE(operation, nullptr);
  EXPECT_EQ(operation->ending, Ending::kOk);
  EXPECT_EQ(operation->client, 3U);
  EXPECT_EQ(operation->answered - operation->called, milliseconds(4));
  EXPECT_EQ(operation->answer_position, 1U);
  const Bucket& bucket = tale.chronicle().series().buckets().back();
  EXPECT_EQ(bucket.ok, 1U);
  EXPECT_NEAR(static_cast<double>(bucket.latency.quantile(0.5)->ns), 4e6, 0.8e6);
}

TEST(Chronicle, CountsWhatARunningNodeServedAtOnce) {
  Tale tale;
  tale.tell(1, ClientsServed{10, 2, 1, milliseconds(1).ns, milliseconds(64).ns});
  const Bucket& bucket = tale.chronicle().series().buckets().back();
  EXPECT_EQ(bucket.ok, 10U);
  EXPECT_EQ(bucket.refused, 2U);
  EXPECT_EQ(bucket.unknown, 1U);
  EXPECT_LT(*bucket.latency.quantile(0.9), milliseconds(2));
  EXPECT_GT(*bucket.latency.quantile(1), milliseconds(50));
}

TEST(Chronicle, MeasuresTheLagOfTheNodeThatIsMostBehind) {
  Tale tale;
  tale.serving().tell(1, EntriesAppended{2, 10, 1}).tell(1, EntriesApplied{10});
  tale.tell(2, EntriesApplied{9}).tell(3, EntriesApplied{4});
  tale.at(100).tell(1, ReadRoundConfirmed{1}).tell(1, EntriesApplied{10});
  EXPECT_EQ(tale.chronicle().series().buckets().back().lag, 6U);
  EXPECT_EQ(tale.chronicle().series().buckets().back().term, 1U);
}

// --- service ---

TEST(Chronicle, CountsNoOutageBeforeClientsWereServed) {
  Tale tale;
  tale.all_start().at(900).elect(1, 1, {2}).commit(1);
  EXPECT_TRUE(tale.chronicle().outages().empty());
}

TEST(Chronicle, TellsFromWhenToWhenClientsWereNotServed) {
  Tale tale;
  tale.serving().at(100).tell(1, NodeStopped{StopCause::kCrash, ""});
  ASSERT_EQ(tale.chronicle().outages().size(), 1U);
  EXPECT_EQ(tale.chronicle().outages()[0].to, kNever);
  tale.at(350).elect(2, 2, {3}).at(360).commit(2);
  EXPECT_EQ(tale.chronicle().outages()[0].from, after_ms(100));
  EXPECT_EQ(tale.chronicle().outages()[0].to, after_ms(360));
}

TEST(Chronicle, TakesALeaderThatIsCutOffForAnOutage) {
  Tale tale;
  tale.serving().at(100).cut(1, 2);
  EXPECT_TRUE(tale.chronicle().outages().empty());
  tale.cut(1, 3);
  EXPECT_EQ(tale.chronicle().outages().size(), 1U);
  tale.at(150).tell(kNoNode, LinkChanged{1, 3, false});
  EXPECT_EQ(tale.chronicle().outages()[0].to, after_ms(150));
}

TEST(Chronicle, SeesOutagesWhereThereIsNoPrimary) {
  Instant served_until{};
  std::size_t without = 0;
  rehearsed(chaos(5), 6, [&](const sim::Cluster&, const History& history) {
    const std::vector<Outage>& outages = history.chronicle().outages();
    const bool out = !outages.empty() && outages.back().to == kNever;
    const bool serves = history.latest().primary() != kNoNode;
    if (serves) served_until = history.latest().at;
    without += out ? 1U : 0U;
    if (served_until == Instant{} || testing::Test::HasFailure()) return;
    EXPECT_EQ(out, !serves) << "record " << history.recording().end();
  });
  EXPECT_GT(without, 0U);
}

// --- notes ---

TEST(Chronicle, NotesWhatAPersonWantsToFind) {
  Tale tale;
  tale.all_start().at(1'000).tell(1, NodeStopped{StopCause::kPowerCut, ""});
  tale.at(1'200).elect(2, 1, {3});
  tale.at(1'300).tell(1, NodeStarted{101, 0, 0, 0});
  tale.at(1'400).tell(2, RoleChanged{Role::kLeader, Role::kFollower, 3, Cause::kHigherTerm});
  tale.at(1'500).tell(2, EntriesTruncated{4, 6}).tell(3, RecordsLost{1});
  EXPECT_EQ(words_of(tale.chronicle()),
            (Words{"node1 starts", "node2 starts", "node3 starts", "node1 loses power",
                   "node2 asks for votes in term 1", "node2 becomes primary of term 1",
                   "node1 starts again", "node2 steps down: it hears of term 3",
                   "node2 gives up entries 4 to 6", "1 record of node3 is missing"}));
  const Note& note = tale.chronicle().notes()[3];
  EXPECT_EQ(note.kind, NoteKind::kStop);
  EXPECT_EQ(note.node, 1U);
  EXPECT_EQ(note.at, after_ms(1'000));
  EXPECT_EQ(note.position, 3U);
}

TEST(Chronicle, NotesNoPreVote) {
  Tale tale;
  tale.tell(1, CampaignStarted{true, 1, Cause::kElectionTimeout});
  EXPECT_TRUE(tale.chronicle().notes().empty());
}

TEST(Chronicle, CallsAStepByItsCaption) {
  Tale tale;
  tale.tell(1, StepTaken{0, "The primary dies", "crashes node1", "crash"});
  tale.tell(2, StepTaken{1, "", "crashes node2", "crash"});
  EXPECT_EQ(words_of(tale.chronicle()), (Words{"The primary dies", "crashes node2"}));
}

TEST(Chronicle, MakesOneNoteOfLinksThatAreCutAtOnce) {
  Tale tale;
  tale.at(10).cut(1, 2).cut(1, 3).cut(2, 1).cut(3, 1);
  ASSERT_EQ(words_of(tale.chronicle()), (Words{"cut: node1 from node2, node3"}));
  EXPECT_EQ(tale.chronicle().notes()[0].position, 3U) << "by then all of them are cut";
  tale.at(20).cut(2, 3);
  EXPECT_EQ(words_of(tale.chronicle()).back(), "link node2 -> node3 is cut");
}

TEST(Chronicle, TellsCutsFromMendedLinksOfTheSameInstant) {
  Tale tale;
  tale.at(10).cut(1, 2).tell(kNoNode, LinkChanged{1, 3, false}).cut(2, 1);
  tale.tell(kNoNode, LinkChanged{3, 1, false});
  EXPECT_EQ(words_of(tale.chronicle()),
            (Words{"cut: node1 from node2", "mended: node1 with node3"}));
  EXPECT_LT(tale.chronicle().notes()[0].position, tale.chronicle().notes()[1].position);
}

TEST(WordsOfLinks, NamesTheGroupsOfAPartition) {
  std::vector<std::pair<NodeId, NodeId>> links;
  for (const NodeId left : {1U, 4U}) {
    for (const NodeId right : {2U, 3U, 5U}) {
      links.emplace_back(left, right);
      links.emplace_back(right, left);
    }
  }
  EXPECT_EQ(words_of_links(links, true, cluster_of(5)),
            "cut: node1, node4 from node2, node3, node5");
}

TEST(WordsOfLinks, PutsTheOneBeforeTheMany) {
  EXPECT_EQ(words_of_links({{1, 3}, {3, 1}, {2, 3}, {3, 2}, {0, 3}}, true, cluster_of(3)),
            "cut: node3 from node1, node2, clients");
}

TEST(WordsOfLinks, NamesLinksThatPassOneWay) {
  EXPECT_EQ(words_of_links({{1, 3}}, false, cluster_of(3)), "link node1 -> node3 is mended");
  EXPECT_EQ(words_of_links({{1, 2}, {1, 3}}, true, cluster_of(3)),
            "cut: node1 -> node2; node1 -> node3");
}

TEST(WordsOfLinks, NamesEachLinkOfARing) {
  // 1-3, 1-4, 2-4, 2-5, 3-5 are cut.
  std::vector<std::pair<NodeId, NodeId>> links;
  for (const auto& [a, b] : {std::pair{1U, 3U}, {1U, 4U}, {2U, 4U}, {2U, 5U}, {3U, 5U}}) {
    links.emplace_back(a, b);
    links.emplace_back(b, a);
  }
  EXPECT_EQ(words_of_links(links, true, cluster_of(5)),
            "cut: node1 from node3, node4; node2 from node4, node5; node3 from node5");
}

TEST(Chronicle, ForgetsWhatCameBeforeAPosition) {
  Tale tale;
  tale.send(1, 1, 2)
      .tell(1, ClientCalled{1, 1, OperationKind::kGet, "k", ""})
      .tell(1, NodePaused{});
  tale.send(2, 1, 2)
      .tell(1, ClientCalled{2, 1, OperationKind::kGet, "k", ""})
      .tell(1, NodeResumed{});
  tale.history.keep(3);
  const Chronicle& chronicle = tale.chronicle();
  EXPECT_EQ(chronicle.flight(1), nullptr);
  EXPECT_EQ(chronicle.operation(1), nullptr);
  EXPECT_EQ(words_of(chronicle), (Words{"node1 goes on"}));
  EXPECT_EQ(chronicle.flight(2), &chronicle.flights().front());
  EXPECT_EQ(chronicle.operation(2), &chronicle.operations().front());
  tale.at(4).deliver(2, 1, 2);
  EXPECT_EQ(chronicle.flight(2)->ended, after_ms(4));
}

TEST(Chronicle, TakesNothingFromEventsOfNoNode) {
  Tale tale;
  tale.all_start().tell(kNoNode, CommitAdvanced{7}).tell(9, CommitAdvanced{7});
  EXPECT_EQ(standings_of(tale.chronicle(), 1), (Words{"secondary 0"}));
  EXPECT_TRUE(tale.chronicle().outages().empty());
}

}  // namespace
}  // namespace kv::viz
