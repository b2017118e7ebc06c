#include "trace_stream.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/command.h"
#include "core/trace_json.h"
#include "support/trace_samples.h"

namespace kv {
namespace {

using Facts = std::vector<std::string>;

Entry set_entry(LogIndex index, std::string_view key, std::string_view value) {
  return make_entry(index, 4, EntryType::kCommand, encode_command(set_command(key, value)));
}

AppendRequest replicate(LogIndex first, LogIndex last) {
  AppendRequest request{first - 1, 4, first - 1, 0, {}, {}};
  for (LogIndex i = first; i <= last; ++i) request.entries.push_back(set_entry(i, "k", "v"));
  return request;
}

/// Node 1, observed.
class Node {
 public:
  void does(Event event) { stream_.note(now_, std::move(event)); }
  void does(std::int64_t at, Event event) {
    now_ = Instant{at};
    does(std::move(event));
  }
  void sends(NodeId to, MessageBody body, bool connected = true) {
    stream_.note_sent(now_, {1, to, 4, 11, 12, std::move(body)}, connected);
  }
  std::vector<Record> records() { return stream_.take(now_, {}).records; }
  Facts facts() {
    Facts facts;
    for (const Record& record : records()) facts.push_back(describe(record.fact));
    return facts;
  }
  /// The only message since the last look, as a watcher reads it.
  Message message() {
    const std::vector<Record> sent = records();
    EXPECT_EQ(sent.size(), 1U);
    const Result<Record> read =
        record_from_json(to_json_line(sent.front(), sample_nodes()), sample_nodes());
    EXPECT_TRUE(read) << read.error().message;
    return *std::get<MessageSent>(read->fact).content;
  }
  TraceStream& stream() { return stream_; }

 private:
  TraceStream stream_{1};
  Instant now_{100};
};

TEST(TraceStream, TellsProgressOnceAsItWasLast) {
  Node node;
  for (LogIndex i = 1; i <= 100; ++i) {
    node.does(ElectionTimerSet{static_cast<std::int64_t>(i) * 1'000'000});
    node.does(EntriesAppended{i, i, 4});
    node.does(EntriesPersisted{i});
    node.does(CommitAdvanced{i});
    node.does(EntriesApplied{i});
    node.does(ReadRoundConfirmed{i});
  }
  EXPECT_EQ(node.facts(), (Facts{"campaigns in 100 ms unless it hears from a primary",
                                 "appends entries 1..100 of term 4", "persisted through 100",
                                 "commits through 100", "applied through 100",
                                 "a majority confirms read round 100"}));
  EXPECT_EQ(node.facts(), Facts{});
}

TEST(TraceStream, TellsOfNothingCommittedBeforeItWasAppended) {
  Node node;
  node.does(CommitAdvanced{5});
  node.does(EntriesApplied{5});
  node.does(EntriesAppended{6, 7, 4});
  node.does(CommitAdvanced{7});
  EXPECT_EQ(node.facts(),
            (Facts{"appends entries 6..7 of term 4", "commits through 7", "applied through 5"}));
}

TEST(TraceStream, JoinsOnlyEntriesOfOneTermThatFollowEachOther) {
  Node node;
  node.does(EntriesAppended{1, 3, 4});
  node.does(EntriesAppended{4, 5, 4});
  node.does(EntriesAppended{6, 6, 5});
  node.does(EntriesAppended{7, 9, 5});
  node.does(EntriesAppended{8, 8, 5});
  EXPECT_EQ(node.facts(), (Facts{"appends entries 1..5 of term 4", "appends entries 6..9 of term 5",
                                 "appends entries 8..8 of term 5"}));
}

TEST(TraceStream, KeepsProgressInItsPlaceAmongTheOtherRecords) {
  Node node;
  node.does(EntriesAppended{1, 1, 4});
  node.does(EntriesPersisted{1});
  node.sends(2, AppendReply{true, 1, 1, 0, 0, 0, 0});
  node.does(EntriesAppended{2, 2, 4});
  node.does(EntriesTruncated{2, 2});
  node.does(EntriesAppended{2, 3, 5});
  node.does(EntriesPersisted{2});
  EXPECT_EQ(
      node.facts(),
      (Facts{"appends entries 1..1 of term 4", "persisted through 1",
             "sends REPLICATE_REPLY to node 2 in term 4 (message 1): durable through 1",
             "appends entries 2..2 of term 4", "cuts entries 2..2, which differ from the primary's",
             "appends entries 2..3 of term 5", "persisted through 2"}));
}

TEST(TraceStream, KeepsElectionsAsTheyWere) {
  Node node;
  const std::vector<Event> election{
      RoleChanged{Role::kFollower, Role::kPreCandidate, 4, Cause::kElectionTimeout},
      CampaignStarted{true, 5, Cause::kElectionTimeout},
      VoteReceived{2, 5, true, true},
      VoteReceived{3, 5, true, true},
      CampaignStarted{false, 5, Cause::kWonPreVote},
      VoteAnswered{3, 5, false, false, Reason::kAlreadyVoted},
      VoteAnswered{3, 5, false, false, Reason::kAlreadyVoted},
      RoleChanged{Role::kCandidate, Role::kLeader, 5, Cause::kWonElection},
  };
  Facts all;
  for (const Event& event : election) {
    node.does(event);
    all.push_back(describe(event));
  }
  for (int i = 0; i < 5; ++i) {
    node.sends(2, VoteRequest{});
    all.push_back("sends ELECTION to node 2 in term 4 (message " + std::to_string(i + 1) +
                  "): vote for me, log through 0 of term 0");
  }
  const Facts told = node.facts();
  ASSERT_EQ(told.size(), all.size());
  for (std::size_t i = 0; i < election.size(); ++i) EXPECT_EQ(told[i], all[i]);
}

TEST(TraceStream, KeepsTwoOfTheMessagesThatComeInCrowds) {
  Node node;
  for (LogIndex i = 1; i <= 50; ++i) {
    for (const NodeId peer : {2U, 3U}) {
      node.sends(peer, replicate(i, i));
      node.sends(peer, AppendRequest{});
      node.sends(peer, AppendReply{true, i, i, 0, 0, 0, 0});
    }
  }
  std::size_t to_node3 = 0;
  std::vector<Record> kept = node.records();
  for (const Record& record : kept) to_node3 += std::get<MessageSent>(record.fact).content->to == 3;
  EXPECT_EQ(kept.size(), 12U);
  EXPECT_EQ(to_node3, 6U);
  node.sends(2, replicate(51, 51));
  kept = node.records();
  ASSERT_EQ(kept.size(), 1U) << "it counts anew";
  EXPECT_EQ(std::get<MessageSent>(kept.front().fact).message, 13U) << "numbers have no gaps";
}

TEST(TraceStream, TellsOfAMessageThatNobodyReceives) {
  Node node;
  node.sends(3, VoteRequest{}, /*connected=*/false);
  const std::vector<Record> records = node.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].node, 1U);
  EXPECT_EQ(records[1].node, 3U) << "whom it was meant for";
  EXPECT_EQ(describe(records[1].fact), "never gets message 1 from node 1: the receiver is down");
}

TEST(TraceStream, ShortensWhatAMessageCarries) {
  Node node;
  node.sends(2, replicate(1, 500));
  const auto few = std::get<AppendRequest>(node.message().body);
  EXPECT_EQ(few.entries.size(), 16U);
  EXPECT_EQ(few.entries.back(), set_entry(16, "k", "v"));
  EXPECT_EQ(few.previous_index, 0U);

  const std::string long_text(5000, 'x');
  AppendRequest request = replicate(1, 2);
  request.entries.push_back(set_entry(3, long_text, long_text));
  request.entries.push_back(
      make_entry(4, 4, EntryType::kCommand, encode_command(delete_command(long_text))));
  request.entries.push_back(make_entry(5, 4, EntryType::kCommand, "\x09" + long_text));
  node.sends(2, request);
  const auto read = std::get<AppendRequest>(node.message().body);
  ASSERT_EQ(read.entries.size(), request.entries.size());
  EXPECT_EQ(read.entries[1], request.entries[1]);
  const std::string shown = std::string(253, 'x') + "…";
  EXPECT_EQ(read.entries[2], set_entry(3, shown, shown));
  EXPECT_EQ(read.entries[3],
            make_entry(4, 4, EntryType::kCommand, encode_command(delete_command(shown))));
  EXPECT_LE(read.entries[4].payload().size(), 256U);
}

TEST(TraceStream, CutsNoCharacterInTwo) {
  Node node;
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string value(shift, 'x');
    while (value.size() < 400) value += "\U0001F600";
    AppendRequest request{};
    request.entries.push_back(set_entry(1, "k", value));
    node.sends(2, request);
    const std::vector<Record> sent = node.records();
    ASSERT_EQ(sent.size(), 1U);
    const std::string line = to_json_line(sent.front(), sample_nodes());
    EXPECT_EQ(line.find("base64"), std::string::npos) << line;
  }
  AppendRequest request{};
  request.entries.push_back(set_entry(1, "k", std::string(400, '\x80')));
  node.sends(2, request);
  const auto read = std::get<AppendRequest>(node.message().body);
  EXPECT_GT(read.entries.front().size(), 200U) << "bytes are cut anywhere";
}

TEST(TraceStream, LeavesASnapshotsDataOut) {
  Node node;
  node.sends(2, SnapshotRequest{41, 4, 8, 0, 4, SharedBytes(std::string(1 << 20, 'x'))});
  EXPECT_EQ(node.message().body, MessageBody(SnapshotRequest{41, 4, 8, 0, 4, {}}));
}

TEST(TraceStream, NeverGoesBackInTime) {
  Node node;
  node.does(500, EntriesApplied{1});
  node.does(300, CommitAdvanced{2});
  node.does(200, SnapshotTaken{1});
  node.does(600, ElectionTimerSet{1});
  const TraceBatch batch = node.stream().take(Instant{100}, {});
  Instant latest{};
  for (const Record& record : batch.records) {
    EXPECT_GE(record.at, latest);
    latest = record.at;
  }
  EXPECT_EQ(latest, Instant{600});
  EXPECT_EQ(batch.present.at, latest);
}

}  // namespace
}  // namespace kv
