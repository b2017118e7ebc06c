#include "panels/inspector_facts.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "core/command.h"

namespace kv::viz {
namespace {

Instant at_ms(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

/// A recording of three nodes, told record by record.
class Story {
 public:
  Story() : history_(ClusterInfo{"", {"node1", "node2", "node3"}, {}}) {
    for (NodeId id = 1; id <= 3; ++id) add(0, id, NodeStarted{id * 16, 0, 0, 0});
  }

  /// The position of the record.
  std::size_t add(std::int64_t ms, NodeId node, Fact fact) {
    const std::size_t position = history_.recording().end();
    history_.append({position + 1, at_ms(ms), node, std::move(fact)});
    return position;
  }
  std::uint64_t send(std::int64_t ms, NodeId from, NodeId to, Term term, MessageBody body) {
    Message message{from, to, term, from * 16, 0, std::move(body)};
    add(ms, from, MessageSent{++messages_, std::make_shared<const Message>(std::move(message))});
    return messages_;
  }
  Story& leads(std::int64_t ms, NodeId id, Term term) {
    add(ms, id, Event{RoleChanged{Role::kCandidate, Role::kLeader, term, Cause::kWonElection}});
    return *this;
  }

  Inspection inspect(std::int64_t ms, const Selection& selection = {}) const {
    const std::size_t position = history_.recording().position_after(at_ms(ms));
    return viz::inspect(history_, history_.moment(position), at_ms(ms), selection);
  }
  const Recording& recording() const { return history_.recording(); }

 private:
  History history_;
  std::uint64_t messages_{0};
};

Selection node(NodeId id) {
  Selection selection;
  selection.kind = Selection::Kind::kNode;
  selection.node = id;
  return selection;
}
Selection link(NodeId from, NodeId to) {
  Selection selection;
  selection.kind = Selection::Kind::kLink;
  selection.node = from;
  selection.to = to;
  return selection;
}
Selection message(std::uint64_t number) {
  Selection selection;
  selection.kind = Selection::Kind::kMessage;
  selection.message = number;
  return selection;
}
Selection entry(LogIndex index, Term term) {
  Selection selection;
  selection.kind = Selection::Kind::kEntry;
  selection.index = index;
  selection.term = term;
  return selection;
}
Selection record(std::size_t position) {
  Selection selection;
  selection.kind = Selection::Kind::kRecord;
  selection.position = position;
  return selection;
}

/// The line with this label, in the group of this title; an empty one if there is none.
FactLine line_of(const std::vector<FactLine>& lines, std::string_view label) {
  for (const FactLine& line : lines) {
    if (line.label == label) return line;
  }
  return {};
}
FactLine line_of(const Inspection& inspection, std::string_view label,
                 std::string_view group = {}) {
  for (const FactGroup& of : inspection.groups) {
    if (group.empty() || of.title == group) {
      const FactLine line = line_of(of.lines, label);
      if (!line.label.empty()) return line;
    }
  }
  return {};
}

Entry set_entry(LogIndex index, Term term, std::string_view key, std::string_view value) {
  return make_entry(index, term, EntryType::kCommand, encode_command(set_command(key, value)));
}
AppendRequest append_of(std::vector<Entry> entries) {
  AppendRequest request;
  request.entries = std::move(entries);
  return request;
}

// --- nodes ---

TEST(Inspector, TellsSinceWhenAndWhyANodeIsPrimary) {
  Story story;
  story.leads(2'000, 2, 1);
  story.add(2'001, 2, Event{EntriesAppended{1, 1, 1}});
  const Inspection before = story.inspect(2'500, node(2));
  EXPECT_EQ(before.title, "node2");
  EXPECT_EQ(before.subtitle, "primary · term 1");
  EXPECT_EQ(line_of(before, "since").value, "2.000 s, for 500 ms");
  EXPECT_EQ(line_of(before, "because").value, "won the election");
  EXPECT_EQ(line_of(before, "serves").tone, Tone::kWarning) << "nothing of its term is committed";
  EXPECT_EQ(before.why_title, "why node2 is primary");
  ASSERT_TRUE(before.itself);
  EXPECT_EQ(before.itself->position, 3u);
  story.add(2'600, 2, Event{CommitAdvanced{1}});
  EXPECT_EQ(line_of(story.inspect(2'700, node(2)), "serves").value, "yes");
}

TEST(Inspector, TellsWhomASecondaryFollowsAndHowLongItWaits) {
  Story story;
  story.add(1'000, 3, Event{LeaderRecognised{2, 1}});
  story.add(1'000, 3, Event{ElectionTimerSet{4'000'000'000}});
  const Inspection inspection = story.inspect(2'000, node(3));
  EXPECT_EQ(line_of(inspection, "follows").value, "node2");
  EXPECT_EQ(line_of(inspection, "follows").link, node(2));
  EXPECT_EQ(line_of(inspection, "timer").value, "3 s of 4 s left");
  ASSERT_TRUE(line_of(inspection, "timer").left);
  EXPECT_FLOAT_EQ(*line_of(inspection, "timer").left, 0.75F);
  EXPECT_EQ(line_of(story.inspect(6'000, node(3)), "timer").value, "has run out");
}

TEST(Inspector, TellsWhatAStoppedNodeWas) {
  Story story;
  story.leads(1'000, 1, 2);
  const std::size_t stop = story.add(5'000, 1, NodeStopped{StopCause::kPowerCut, ""});
  const Inspection inspection = story.inspect(6'000, node(1));
  EXPECT_EQ(inspection.subtitle, "down · term 2");
  EXPECT_EQ(line_of(inspection, "because of").value, "power cut");
  EXPECT_EQ(line_of(inspection, "was").value, "primary in term 2");
  ASSERT_TRUE(inspection.itself);
  EXPECT_EQ(inspection.itself->position, stop);
}

TEST(Inspector, CountsTheVotesOfACandidate) {
  Story story;
  story.add(1'000, 1,
            Event{RoleChanged{Role::kPreCandidate, Role::kCandidate, 1, Cause::kWonPreVote}});
  story.add(1'000, 1, Event{CampaignStarted{false, 1, Cause::kWonPreVote}});
  story.add(1'001, 1, Event{VoteReceived{3, 1, false, false}});
  const Inspection inspection = story.inspect(1'001, node(1));
  EXPECT_EQ(line_of(inspection, "votes").value, "1 of 3: node1; refused by node3");
  EXPECT_EQ(line_of(inspection, "voted for").value, "itself in term 1");
  EXPECT_EQ(inspection.subtitle, "candidate · term 1");
}

TEST(Inspector, TellsHowFarALogGot) {
  Story story;
  story.leads(1, 1, 1);
  story.add(2, 1, Event{EntriesAppended{1, 3, 1}});
  story.add(3, 1, Event{EntriesPersisted{2}});
  story.add(4, 1, Event{CommitAdvanced{1}});
  const Inspection inspection = story.inspect(5, node(1));
  EXPECT_EQ(line_of(inspection, "last entry").value, "3 of term 1");
  EXPECT_EQ(line_of(inspection, "last entry").link, entry(3, 1));
  EXPECT_EQ(line_of(inspection, "on disk").value, "2, 1 to go");
  EXPECT_EQ(line_of(inspection, "on disk").tone, Tone::kWarning);
  EXPECT_EQ(line_of(inspection, "committed").value, "1, 2 to go");
  EXPECT_EQ(line_of(inspection, "applied").value, "0, 3 to go");
  EXPECT_EQ(line_of(inspection, "snapshot").value, "none");
  EXPECT_EQ(line_of(story.inspect(5, node(2)), "behind").value, "3 entries");
  EXPECT_EQ(line_of(story.inspect(5, node(2)), "last entry").value, "none");
}

TEST(Inspector, SaysWhatIsWrongWithANode) {
  Story story;
  story.add(1, 2, RecordsLost{7});
  story.add(2, 2, Event{SelfWiped{1, 5}});
  const Inspection inspection = story.inspect(3, node(2));
  EXPECT_EQ(line_of(inspection, "not seen").value, "7 records");
  EXPECT_EQ(line_of(inspection, "disk").tone, Tone::kBad);
  EXPECT_EQ(line_of(inspection, "incarnation").value, "0000000000000020");
}

// --- links ---

TEST(Inspector, CountsWhatALinkCarriedLately) {
  Story story;
  story.send(100, 1, 2, 0, AppendRequest{});
  const std::uint64_t arrived = story.send(1'500, 1, 2, 0, AppendRequest{});
  const std::uint64_t lost = story.send(1'600, 1, 2, 0, AppendRequest{});
  story.add(1'501, 2, MessageDelivered{arrived, 1});
  story.add(1'610, 2, MessageDropped{lost, 1, DropReason::kLoss});
  const Inspection inspection = story.inspect(2'000, link(1, 2));
  EXPECT_EQ(inspection.title, "node1 ↔ node2");
  EXPECT_EQ(inspection.subtitle, "open both ways");
  EXPECT_EQ(line_of(inspection, "last second", "node1 → node2").value, "2 messages");
  EXPECT_EQ(line_of(inspection, "lost", "node1 → node2").value, "1");
  const FactLine last = line_of(inspection, "last one", "node1 → node2");
  EXPECT_EQ(last.value, "HEARTBEAT at 1.600 s, lost after 10 ms: lost on the way");
  EXPECT_EQ(last.link, message(lost));
  EXPECT_EQ(line_of(inspection, "last second", "node2 → node1").value, "0 messages");
}

TEST(Inspector, ExplainsTheCutOfThisLink) {
  Story story;
  story.add(100, kNoNode, LinkChanged{1, 3, true});
  const std::size_t cut = story.add(100, kNoNode, LinkChanged{1, 2, true});
  story.add(100, kNoNode, LinkChanged{2, 3, true});
  const Inspection inspection = story.inspect(200, link(1, 2));
  EXPECT_EQ(inspection.subtitle, "cut from node1 to node2");
  EXPECT_EQ(line_of(inspection, "link", "node1 → node2").value, "cut");
  EXPECT_EQ(line_of(inspection, "link", "node2 → node1").value, "open");
  ASSERT_TRUE(inspection.itself);
  EXPECT_EQ(inspection.itself->position, cut);
}

// --- messages ---

TEST(Inspector, TellsAMessageWithAllItsFields) {
  Story story;
  const std::uint64_t number =
      story.send(100, 1, 3, 4, append_of({set_entry(7, 4, "user:1", "Alice")}));
  story.add(102, 3, MessageDelivered{number, 1});
  const Inspection inspection = story.inspect(101, message(number));
  EXPECT_EQ(inspection.title, "REPLICATE");
  EXPECT_EQ(inspection.subtitle, "node1 → node3");
  EXPECT_EQ(line_of(inspection, "term").value, "4");
  EXPECT_EQ(line_of(inspection, "sent").value, "0.100 s");
  EXPECT_EQ(line_of(inspection, "then").value, "arrives after 2 ms");
  EXPECT_EQ(line_of(inspection, "to_node").link, node(3));
  EXPECT_EQ(line_of(inspection, "from_incarnation").value, "0000000000000010");
  EXPECT_EQ(line_of(inspection, "to_incarnation").value, "not known");
  EXPECT_EQ(line_of(inspection, "entries").value, "7 (term 4) SET user:1 Alice");
  EXPECT_EQ(line_of(story.inspect(102, message(number)), "then").value, "arrived after 2 ms");
  EXPECT_EQ(line_of(story.inspect(50, message(number)), "will be sent").value, "0.100 s");
}

TEST(Inspector, TellsHowAMessageWasLost) {
  Story story;
  const std::uint64_t number = story.send(100, 1, 3, 0, VoteRequest{});
  story.add(100, 3, MessageDropped{number, 1, DropReason::kCut});
  const FactLine then = line_of(story.inspect(200, message(number)), "then");
  EXPECT_EQ(then.value, "lost at once: the link is cut");
  EXPECT_EQ(then.tone, Tone::kBad);
}

TEST(Inspector, SaysThatAMessageIsNotRecorded) {
  EXPECT_EQ(Story().inspect(10, message(99)).subtitle, "no longer in the recording");
}

TEST(FieldLines, ListManyEntriesInShort) {
  Story story;
  std::vector<Entry> entries;
  for (LogIndex index = 1; index <= 15; ++index) entries.push_back(set_entry(index, 1, "k", "v"));
  const std::uint64_t number = story.send(1, 1, 2, 1, append_of(std::move(entries)));
  const std::string listed = line_of(story.inspect(1, message(number)), "entries").value;
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 10);
  EXPECT_TRUE(listed.ends_with("\nand 5 more")) << listed;
}

TEST(FieldLines, ShowValuesForPeople) {
  const Story story;
  const auto of = [&](const Fact& fact, std::string_view label) {
    return line_of(fields_of(story.recording(), fact), label).value;
  };
  EXPECT_EQ(of(Event{ElectionTimerSet{6'980'000'000}}, "timeout"), "6.98 s");
  EXPECT_EQ(of(Event{RoleChanged{Role::kFollower, Role::kLeader, 1, Cause::kBootstrap}}, "cause"),
            "bootstrap");
  EXPECT_EQ(of(Event{VoteAnswered{2, 1, false, true, Reason::kNone}}, "granted"), "yes");
  EXPECT_EQ(of(Event{VoteAnswered{kNoNode, 1, false, true, Reason::kNone}}, "candidate"), "none");
  EXPECT_EQ(of(ClientAnswered{1, 1, Ending::kOk, "", {}}, "found"), "none");
  EXPECT_EQ(of(ClientAnswered{1, 1, Ending::kOk, "", "a\nb"}, "found"), "a?b");
  EXPECT_TRUE(fields_of(story.recording(), NodePaused{}).empty());
}

// --- entries ---

/// Entry 1 of term 1: proposed by node1 at 10 ms, on node2 from 12 ms on.
Story replicated() {
  Story story;
  story.leads(5, 1, 1);
  story.add(10, 1, Event{EntriesAppended{1, 1, 1}});
  const std::uint64_t number = story.send(10, 1, 2, 1, append_of({set_entry(1, 1, "k", "v")}));
  story.add(11, 1, Event{EntriesPersisted{1}});
  story.add(12, 2, MessageDelivered{number, 1});
  story.add(12, 2, Event{EntriesAppended{1, 1, 1}});
  story.add(14, 2, Event{EntriesPersisted{1}});
  story.add(15, 1, Event{CommitAdvanced{1}});
  story.add(15, 1, Event{EntriesApplied{1}});
  return story;
}

TEST(Inspector, TellsAnEntrysLifeSinceItsProposal) {
  const Inspection inspection = replicated().inspect(13, entry(1, 1));
  EXPECT_EQ(inspection.title, "entry 1");
  EXPECT_EQ(line_of(inspection, "command").value, "SET k v");
  EXPECT_EQ(line_of(inspection, "in log").value, "2 of 3 nodes");
  EXPECT_EQ(line_of(inspection, "on disk").value, "1 of 3 nodes");
  EXPECT_EQ(line_of(inspection, "committed").value, "0 of 3 nodes");
  ASSERT_TRUE(inspection.life);
  EXPECT_EQ(inspection.life->proposed, at_ms(10));
  ASSERT_EQ(inspection.life->rows.size(), 3u);
  const auto& second = inspection.life->rows[1].cells;
  ASSERT_TRUE(second[0] && second[1] && second[2]);
  EXPECT_EQ(second[0]->words, "0");
  EXPECT_EQ(second[1]->words, "+2 ms");
  EXPECT_FALSE(second[1]->later);
  EXPECT_EQ(second[2]->words, "+4 ms");
  EXPECT_TRUE(second[2]->later) << "that is after the playhead";
  EXPECT_FALSE(inspection.life->rows[2].cells[1]) << "node3 never gets it";
}

TEST(Inspector, ExplainsTheCommitOnceItHappened) {
  const Story story = replicated();
  EXPECT_EQ(story.inspect(13, entry(1, 1)).why_title, "why it is there");
  const Inspection inspection = story.inspect(20, entry(1, 1));
  EXPECT_EQ(inspection.why_title, "why it is committed");
  ASSERT_TRUE(inspection.itself);
  EXPECT_EQ(inspection.itself->at, at_ms(15));
  EXPECT_FALSE(inspection.reasons.empty());
}

TEST(Inspector, WarnsOfAnEntryThatMayNotStay) {
  Story story = replicated();
  story.add(20, 1, Event{EntriesAppended{2, 2, 1}});
  story.add(21, 1, Event{EntriesPersisted{2}});
  story.add(22, 1, NodeStopped{StopCause::kCrash, ""});
  const Inspection inspection = story.inspect(30, entry(2, 1));
  EXPECT_NE(inspection.sentence.find("only on node1, which is down"), std::string::npos);
  EXPECT_EQ(inspection.tone, Tone::kWarning);
  EXPECT_TRUE(story.inspect(30, entry(1, 1)).sentence.empty());
}

// --- records ---

TEST(Inspector, TellsARecordWithItsPlace) {
  Story story;
  const std::size_t position = story.add(42, 2, NodeStopped{StopCause::kCrash, "out of luck"});
  const Inspection inspection = story.inspect(50, record(position));
  EXPECT_EQ(inspection.title, "NodeStopped");
  EXPECT_EQ(inspection.subtitle, "node2 · 0.042 s");
  EXPECT_FALSE(inspection.sentence.empty());
  EXPECT_EQ(line_of(inspection, "cause").value, "crash");
  EXPECT_EQ(line_of(inspection, "detail").value, "out of luck");
  EXPECT_EQ(line_of(inspection, "position").value, std::to_string(position));
  EXPECT_EQ(line_of(inspection, "sequence").value, std::to_string(position + 1));
  EXPECT_EQ(story.inspect(50, record(1'000)).subtitle, "no longer in the recording");
}

TEST(Inspector, IsCalmAboutWhatDoesNotExist) {
  const Story story;
  EXPECT_TRUE(story.inspect(1, node(9)).title.empty());
  EXPECT_TRUE(story.inspect(1, link(1, 9)).title.empty());
  const Inspection inspection = story.inspect(1, entry(99, 7));
  EXPECT_EQ(line_of(inspection, "command").value, "not seen");
  EXPECT_FALSE(inspection.life);
  EXPECT_FALSE(inspection.itself);
}

// --- nothing selected ---

TEST(Inspector, TellsTheLastNotableThingWhereNothingIsSelected) {
  Story story;
  story.add(100, 1, NodeStopped{StopCause::kCrash, ""});
  story.add(200, 2, NodePaused{});
  story.add(300, kNoNode, ExpectationDecided{0, true, "as expected"});
  const Inspection inspection = story.inspect(350);
  EXPECT_EQ(inspection.title, "node2");
  EXPECT_EQ(inspection.subtitle, "0.200 s, 150 ms ago");
  ASSERT_FALSE(inspection.earlier.empty());
  EXPECT_EQ(inspection.earlier.front().at, at_ms(100));
  EXPECT_EQ(story.inspect(150).title, "node1") << "what comes later isn't told yet";
}

TEST(Inspector, HasNothingToTellOfAnEmptyRecording) {
  const History history(ClusterInfo{"", {"node1"}, {}});
  EXPECT_TRUE(viz::inspect(history, history.moment(0), Instant{}, {}).title.empty());
}

// --- when it is worked out anew ---

/// Of node 1, with the playhead at 7 s, behind five of ten records.
Basis worked_out(const History& history) {
  return {&history, node(1), 5, at_ms(7'000), 10, 1.0};
}

TEST(Basis, HoldsWhileNothingMoves) {
  const History history(ClusterInfo{"", {"node1"}, {}});
  const Basis made = worked_out(history);
  Basis wanted = made;
  wanted.clock = 99;
  EXPECT_TRUE(made.covers(wanted, false));
  wanted.selection = node(2);
  EXPECT_FALSE(made.covers(wanted, true)) << "another selection";
  EXPECT_FALSE(Basis{}.covers({}, false)) << "nothing was worked out yet";
}

TEST(Basis, EndsWithEachMoveByHand) {
  const History history(ClusterInfo{"", {"node1"}, {}});
  const Basis made = worked_out(history);
  Basis wanted = made;
  wanted.position = 6;
  EXPECT_FALSE(made.covers(wanted, false));
  wanted = made;
  wanted.at = at_ms(7'001);
  EXPECT_FALSE(made.covers(wanted, false)) << "between two records time passes";
}

TEST(Basis, HoldsForAMomentWhileTimeMoves) {
  const History history(ClusterInfo{"", {"node1"}, {}});
  const Basis made = worked_out(history);
  Basis wanted = made;
  wanted.position = 6;
  wanted.clock = 1.05;
  EXPECT_TRUE(made.covers(wanted, true));
  wanted.clock = 1.2;
  EXPECT_FALSE(made.covers(wanted, true));
}

TEST(Basis, HoldsForAMomentWhileTheRecordingGrows) {
  const History history(ClusterInfo{"", {"node1"}, {}});
  const Basis made = worked_out(history);
  Basis wanted = made;
  wanted.end = 11;
  wanted.clock = 1.05;
  EXPECT_TRUE(made.covers(wanted, false));
  wanted.clock = 1.2;
  EXPECT_FALSE(made.covers(wanted, false));
}

}  // namespace
}  // namespace kv::viz
