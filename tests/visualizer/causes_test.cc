#include "model/causes.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "library.h"
#include "model/entry_life.h"
#include "tale.h"

namespace kv::viz {
namespace {

/// node1 crashes at 5 s and comes back at 25 s; node2 is elected in term 1.
class Failover : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { history_ = new History(history_of("02-primary-failure.json")); }
  static void TearDownTestSuite() {
    delete history_;
    history_ = nullptr;
  }
  static const History& history() { return *history_; }

  static std::size_t elected() {
    return position_of<RoleChanged>(history(), 2,
                                    [](const RoleChanged& e) { return e.to == Role::kLeader; });
  }

 private:
  static inline History* history_{nullptr};
};

constexpr const char* kAsks =
    "node2 asks who would vote for it in term 1: it has heard nothing from node1 for 7.27 s";

std::vector<std::string> words_of(const std::vector<CauseLink>& links) {
  std::vector<std::string> words;
  words.reserve(links.size());
  for (const CauseLink& link : links) words.push_back(link.words);
  return words;
}
std::string all_of(const std::vector<CauseLink>& links) {
  std::string text;
  for (const CauseLink& link : links) text += link.words + "\n";
  return text;
}
bool tells_of(const std::vector<CauseLink>& links, const std::string& piece) {
  return all_of(links).find(piece) != std::string::npos;
}
template <typename T>
std::size_t count_of(const History& history, const std::vector<CauseLink>& links) {
  return static_cast<std::size_t>(
      std::count_if(links.begin(), links.end(), [&](const CauseLink& link) {
        return fact_of<T>(history.recording()[link.position]) != nullptr;
      }));
}

// --- sentences ---

TEST_F(Failover, IsToldInPlainWords) {
  const auto told = [](std::size_t position) { return sentence(history(), position); };
  const auto is_pre = [](const auto& e) { return e.pre; };
  const auto is_real = [](const auto& e) { return !e.pre && e.term == 1; };
  EXPECT_EQ(told(position_of<NodeStopped>(history(), 1)), "node1 crashes");
  EXPECT_EQ(told(position_of<StepTaken>(history(), 1,
                                        [](const StepTaken& e) { return e.verb == "crash"; })),
            "scenario: crashes node1 · 1. Primary (node1) crashes");
  EXPECT_EQ(told(position_of<CampaignStarted>(history(), 2, is_pre)), kAsks);
  EXPECT_EQ(told(position_of<VoteAnswered>(history(), 3, is_pre)),
            "node3 would vote for node2 in term 1");
  EXPECT_EQ(told(position_of<VoteReceived>(history(), 2, is_pre)),
            "node2 hears that node3 would vote for it in term 1: 2 of 3");
  EXPECT_EQ(told(position_of<CampaignStarted>(history(), 2, is_real)),
            "node2 stands for election in term 1: node3 would vote for it");
  EXPECT_EQ(told(position_of<VoteAnswered>(history(), 3, is_real)),
            "node3 votes for node2 in term 1");
  EXPECT_EQ(told(elected()),
            "node2 becomes the primary of term 1: elected by node2 and node3 "
            "(2 of 3)");
  EXPECT_EQ(told(position_of<LeaderRecognised>(
                history(), 3, [](const LeaderRecognised& e) { return e.term == 1; })),
            "node3 follows node2, the primary of term 1");
}

TEST_F(Failover, HasMessagesThatSayWhatTheyWant) {
  const auto asks = position_of<MessageSent>(history(), 2, [](const MessageSent& e) {
    const auto* request = std::get_if<VoteRequest>(&e.content->body);
    return request != nullptr && !request->pre && e.content->to == 3;
  });
  EXPECT_EQ(sentence(history(), asks), "node2 → node3: ELECTION, vote for me in term 1");
  const std::uint64_t number = std::get<MessageSent>(history().recording()[asks].fact).message;
  const auto got = position_of<MessageDelivered>(
      history(), 3, [&](const MessageDelivered& e) { return e.message == number; });
  EXPECT_EQ(sentence(history(), got), "node3 gets the ELECTION that node2 sent 152 us ago");
  const auto lost = position_of<MessageDropped>(history(), 1);
  EXPECT_EQ(sentence(history(), lost).substr(0, 31), "node1 never gets the ELECTION t");
  EXPECT_NE(sentence(history(), lost).find(": node1 is down"), std::string::npos);
}

TEST(Sentences, AreOneLineWithTheNodesNameForEachRecord) {
  for (const History& history :
       {rehearsed(chaos(5), 3), history_of("15-lagging-secondary.json"),
        history_of("23-wiped-secondary.json"), history_of("12-rolling-restart.json")}) {
    const Recording& recording = history.recording();
    for (std::size_t at = 0; at < recording.end(); ++at) {
      const std::string words = sentence(history, at);
      const NodeId node = recording[at].node;
      ASSERT_FALSE(words.empty());
      ASSERT_EQ(words.find('\n'), std::string::npos) << words;
      ASSERT_EQ(words.find("node 1"), std::string::npos) << words;
      const bool names_node = node == kNoNode ||
                              std::holds_alternative<StepTaken>(recording[at].fact) ||
                              words.find(history.cluster().name(node)) != std::string::npos;
      ASSERT_TRUE(names_node) << words;
    }
  }
}

// --- why ---

TEST_F(Failover, WasCausedByTheCrashThroughTimerPreVoteAndVote) {
  EXPECT_EQ(words_of(why(history(), elected())),
            (std::vector<std::string>{
                "node2 gets the vote of node3 in term 1: 2 of 3",
                "node3 → node2: ELECTION_REPLY, I vote for you in term 1",
                "node3 votes for node2 in term 1",
                "node2 → node3: ELECTION, vote for me in term 1",
                "node2 stands for election in term 1: node3 would vote for it",
                "node2 hears that node3 would vote for it in term 1: 2 of 3",
                "node3 → node2: ELECTION_REPLY, I would vote for you in term 1",
                "node3 would vote for node2 in term 1",
                kAsks,
                "node1 crashes",
                "scenario: crashes node1 · 1. Primary (node1) crashes",
                "node2 hears from node1 and gives it 7.27 s until the next word",
            }));
}

TEST_F(Failover, ShowsTheRootWhereThereIsRoomForFewLinks) {
  const std::vector<CauseLink> links = why(history(), elected(), 4);
  EXPECT_EQ(links.size(), 4U);
  EXPECT_TRUE(tells_of(links, "gets the vote of node3")) << all_of(links);
  EXPECT_TRUE(tells_of(links, "node1 crashes\n")) << all_of(links);
  EXPECT_TRUE(tells_of(links, "scenario: crashes node1")) << all_of(links);
}

TEST_F(Failover, HasACrashThatTheScenarioMade) {
  const std::vector<CauseLink> links = why(history(), position_of<NodeStopped>(history(), 1));
  EXPECT_EQ(words_of(links),
            (std::vector<std::string>{"scenario: crashes node1 · 1. Primary (node1) crashes"}));
}

TEST_F(Failover, LetsAMessageComeOfItsSending) {
  const Recording& recording = history().recording();
  for (const std::size_t at :
       positions_of<MessageDelivered>(history(), 2, [](const MessageDelivered&) { return true; })) {
    const auto links = why(history(), at, 1);
    ASSERT_EQ(links.size(), 1U);
    const auto* sent = fact_of<MessageSent>(recording[links.front().position]);
    ASSERT_NE(sent, nullptr);
    EXPECT_EQ(sent->message, std::get<MessageDelivered>(recording[at].fact).message);
  }
}

TEST_F(Failover, CommitsWhenAMajorityHasItOnDisk) {
  const auto commit = position_of<CommitAdvanced>(
      history(), 2, [](const CommitAdvanced& e) { return e.commit == 48; });
  const std::vector<CauseLink> links = why(history(), commit);
  EXPECT_TRUE(tells_of(links, "node2 has its log on disk through entry 48")) << all_of(links);
  EXPECT_TRUE(tells_of(links, "node3 → node2: REPLICATE_REPLY, my log is on disk through entry 48"))
      << all_of(links);
  EXPECT_TRUE(tells_of(links, "client 2 asks node2: set k0 = c2-110")) << all_of(links);
}

TEST_F(Failover, LetsASecondaryLearnOfACommitFromThePrimary) {
  const auto commit = position_of<CommitAdvanced>(
      history(), 3, [](const CommitAdvanced& e) { return e.commit == 48; });
  const std::vector<CauseLink> links = why(history(), commit);
  EXPECT_NE(fact_of<MessageDelivered>(history().recording()[links.front().position]), nullptr);
  EXPECT_TRUE(tells_of(links, "node2 commits through entry 48")) << all_of(links);
}

TEST_F(Failover, AnswersAWriteOnceItIsApplied) {
  const auto call = position_of<ClientCalled>(
      history(), 1, [](const ClientCalled& e) { return e.key == "user:1"; });
  const auto number = std::get<ClientCalled>(history().recording()[call].fact).operation;
  const auto answer = position_of<ClientAnswered>(
      history(), 1, [&](const ClientAnswered& e) { return e.operation == number; });
  const std::vector<CauseLink> links = why(history(), answer);
  EXPECT_EQ(links.front().words.substr(0, 37), "node1 has applied its log to its stor")
      << all_of(links);
  EXPECT_TRUE(std::any_of(links.begin(), links.end(), [&](const CauseLink& link) {
    return link.position == call;
  })) << all_of(links);
}

TEST_F(Failover, RefusesClientsSinceThereIsNoPrimary) {
  const Recording& recording = history().recording();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < recording.end(); ++at) {
    const auto* answer = fact_of<ClientAnswered>(recording[at]);
    if (answer == nullptr || answer->ending != Ending::kRefused) continue;
    ++refused;
    const std::vector<CauseLink> links = why(history(), at);
    EXPECT_TRUE(tells_of(links, "node1 crashes\n")) << sentence(history(), at) << "\n"
                                                    << all_of(links);
  }
  EXPECT_EQ(refused, 6U);
}

TEST(Why, OfReplacedEntriesTellsWhoWroteThemAndWhoReplacedThem) {
  const History history = history_of("24-conflicting-tail.json");
  const auto truncated = position_of<EntriesTruncated>(history, 2);
  const std::vector<CauseLink> links = why(history, truncated);
  EXPECT_TRUE(tells_of(links, "node3 becomes the primary of term 1")) << all_of(links);
  EXPECT_TRUE(tells_of(links, "node3 → node2: REPLICATE, entries 3 to 4 of term 1"))
      << all_of(links);
  EXPECT_TRUE(tells_of(links, "node2 appends entry 3 of term 0: SET title ours")) << all_of(links);
  EXPECT_TRUE(tells_of(links, "client 2 asks node1: set title = ours")) << all_of(links);
}

TEST(Why, OfAStepDownTellsWhichLinksWereCut) {
  const History history = history_of("04-isolated-primary.json");
  const auto change = position_of<RoleChanged>(
      history, 1, [](const RoleChanged& e) { return e.cause == Cause::kLostQuorum; });
  const std::vector<CauseLink> links = why(history, change);
  EXPECT_EQ(words_of(links),
            (std::vector<std::string>{"messages from node3 to node1 no longer get through",
                                      "messages from node2 to node1 no longer get through",
                                      "scenario: isolates node1 · The primary's network fails; "
                                      "clients still reach it"}));
}

TEST(Why, OfAHandOverIsTheRequest) {
  const History history = history_of("12-rolling-restart.json");
  const auto elected = position_of<RoleChanged>(
      history, 2, [](const RoleChanged& e) { return e.to == Role::kLeader; });
  const std::vector<CauseLink> links = why(history, elected);
  EXPECT_TRUE(tells_of(links, "node1 begins to hand over to node2")) << all_of(links);
  EXPECT_TRUE(tells_of(links, "scenario: node1 is asked to hand over")) << all_of(links);
}

TEST(Why, OfARefusedVoteNamesTheReason) {
  const History history = history_of("23-wiped-secondary.json");
  const auto refused = position_of<VoteAnswered>(
      history, 3, [](const VoteAnswered& e) { return e.reason == Reason::kWiped; });
  EXPECT_EQ(sentence(history, refused),
            "node3 would not vote for node2 in term 1: it has lost its disk");
  EXPECT_TRUE(tells_of(why(history, refused), "node3 learns from node1 that its disk is not"));
}

TEST(Why, HoldsOnlyWhatCameBefore) {
  for (const History& history :
       {rehearsed(chaos(5), 7), history_of("13-disk-full-on-secondary.json")}) {
    const Recording& recording = history.recording();
    for (std::size_t at = 0; at < recording.end(); at += 7) {
      const std::vector<CauseLink> links = why(history, at, 9);
      ASSERT_LE(links.size(), 9U);
      std::set<std::size_t> seen{at};
      Instant nearest = recording[at].at;
      for (const CauseLink& link : links) {
        ASSERT_TRUE(seen.insert(link.position).second) << "told twice: " << link.words;
        const Record& record = recording[link.position];
        ASSERT_LE(record.at, nearest) << all_of(links);
        nearest = record.at;
        // A step is recorded behind what it does, at the same instant.
        const bool is_step = std::holds_alternative<StepTaken>(record.fact);
        ASSERT_TRUE(link.position < at || (is_step && record.at == recording[at].at)) << link.words;
        ASSERT_EQ(link.words, sentence(history, link.position));
      }
    }
  }
}

/// Most of what happens comes of something; what doesn't comes from outside, or of time.
TEST(Why, IsNeverEmptyForWhatANodeDoesAboutAMessage) {
  const History history = rehearsed(chaos(3), 5);
  const Recording& recording = history.recording();
  for (std::size_t at = 0; at < recording.end(); ++at) {
    const Record& record = recording[at];
    const bool has_cause =
        fact_of<VoteAnswered>(record) != nullptr || fact_of<VoteReceived>(record) != nullptr ||
        fact_of<LeaderRecognised>(record) != nullptr ||
        fact_of<EntriesTruncated>(record) != nullptr ||
        fact_of<MessageDelivered>(record) != nullptr || fact_of<MessageSent>(record) != nullptr ||
        fact_of<CommitAdvanced>(record) != nullptr || fact_of<NodePaused>(record) != nullptr ||
        fact_of<LinkChanged>(record) != nullptr;
    if (!has_cause) continue;
    ASSERT_FALSE(why(history, at).empty()) << sentence(history, at);
  }
}

// --- as running nodes tell it ---

/// Without what only a simulator knows.
History as_if_live(const History& history) {
  History live(history.cluster());
  for (std::size_t at = 0; at < history.recording().end(); ++at) {
    const Record& record = history.recording()[at];
    const bool told = std::holds_alternative<Event>(record.fact) ||
                      std::holds_alternative<NodeStarted>(record.fact) ||
                      std::holds_alternative<NodeStopped>(record.fact);
    if (told) live.append(record);
  }
  return live;
}

TEST(Why, WorksWithoutTheMessages) {
  const History history = as_if_live(history_of("02-primary-failure.json"));
  const auto elected = position_of<RoleChanged>(
      history, 2, [](const RoleChanged& e) { return e.to == Role::kLeader; });
  EXPECT_EQ(words_of(why(history, elected)),
            (std::vector<std::string>{
                "node2 gets the vote of node3 in term 1: 2 of 3",
                "node3 votes for node2 in term 1",
                "node2 stands for election in term 1: node3 would vote for it",
                "node2 hears that node3 would vote for it in term 1: 2 of 3",
                "node3 would vote for node2 in term 1",
                kAsks,
                "node1 crashes",
                "node2 hears from node1 and gives it 7.27 s until the next word",
            }));
  const auto commit = position_of<CommitAdvanced>(
      history, 2, [](const CommitAdvanced& e) { return e.commit == 48; });
  EXPECT_EQ(count_of<EntriesPersisted>(history, why(history, commit)), 2U);
}

TEST(Why, ReachesNoFurtherThanTheRecording) {
  History history = history_of("02-primary-failure.json");
  history.keep(history.recording().end() / 2);
  const Recording& recording = history.recording();
  for (std::size_t at = recording.first(); at < recording.end(); at += 5) {
    for (const CauseLink& link : why(history, at)) ASSERT_GE(link.position, recording.first());
  }
}

TEST(Why, HasNothingToSayOfNodesThatAreNotListed) {
  for (const NodeId stranger : {kNoNode, NodeId{9}}) {
    Tale tale;
    tale.serving().at(10).tell(stranger, ElectionTimerSet{5'000'000});
    const std::size_t position = tale.history.recording().end() - 1;
    EXPECT_FALSE(sentence(tale.history, position).empty());
    EXPECT_TRUE(why(tale.history, position).empty());
    tale.tell(stranger, MessageDropped{1, stranger, DropReason::kNodeDown});
    EXPECT_TRUE(why(tale.history, position + 1).empty());
    tale.tell(1, MessageDropped{1, 9, DropReason::kCut});
    EXPECT_TRUE(why(tale.history, position + 2).empty());
  }
}

TEST(Why, CountsNoEntriesThatATraceOnlyClaims) {
  constexpr LogIndex kMost = std::numeric_limits<LogIndex>::max();
  Tale tale;
  tale.serving().at(10).tell(1, ClientCalled{1, 1, OperationKind::kSet, "k", "v"});
  tale.tell(1, EntriesAppended{2, kMost, 1}).tell(1, EntriesApplied{kMost});
  tale.at(20).tell(1, ClientAnswered{1, 1, Ending::kOk, "", {}});
  EXPECT_EQ(why(tale.history, tale.history.recording().end() - 1).size(), 1U);
}

TEST(Why, KnowsWhoLedSinceBeforeTheRecordingButNotSinceWhen) {
  Tale tale;
  tale.serving();
  for (int ms = 0; ms < 50; ++ms) tale.at(ms).tell(1, ReadRoundConfirmed{1});
  tale.tell(1, VoteAnswered{2, 2, true, false, Reason::kLeaderAlive});
  tale.history.keep(10);
  const Recording& recording = tale.history.recording();
  for (const CauseLink& link : why(tale.history, recording.end() - 1))
    EXPECT_GE(link.position, recording.first());
}

}  // namespace
}  // namespace kv::viz
