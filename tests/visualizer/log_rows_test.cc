#include "panels/log_rows.h"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

namespace kv::viz {
namespace {

using Kind = LogTrouble::Kind;
using Process = NodeMoment::Process;

/// Three nodes that run and have nothing; logs are written by hand.
class Logs {
 public:
  explicit Logs(std::size_t size = 3) : moment(size) {
    for (NodeMoment& node : moment.nodes) node.process = Process::kRunning;
    for (std::size_t i = 1; i <= size; ++i) cluster.nodes.push_back("node" + std::to_string(i));
  }

  NodeMoment& node(NodeId id) { return moment.nodes[id - 1]; }
  /// Entries of these terms, from index 1 on, on disk, and committed so far.
  Logs& log(NodeId id, const std::vector<Term>& terms, LogIndex commit) {
    LogView& view = node(id).log;
    view = {};
    for (const Term term : terms) view.append(view.last + 1, view.last + 1, term);
    view.persisted = view.last;
    view.commit = view.applied = commit;
    return *this;
  }
  Logs& down(NodeId id) {
    node(id).process = Process::kStopped;
    return *this;
  }
  Logs& leads(NodeId id, Term term) {
    node(id).role = Role::kLeader;
    node(id).term = term;
    node(id).serving = true;
    return *this;
  }
  /// No message passes between these and the others.
  Logs& cut_off(const std::vector<NodeId>& ids) {
    const auto is_in = [&](NodeId id) {
      return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    for (NodeId a = 1; a <= moment.size(); ++a) {
      for (NodeId b = 1; b <= moment.size(); ++b) {
        if (is_in(a) != is_in(b)) moment.cuts[a * (moment.size() + 1) + b] = 1;
      }
    }
    return *this;
  }

  std::vector<LogTrouble> troubles() const { return troubles_of(moment); }
  /// What is said, a line each.
  std::string said() const {
    std::string lines;
    for (const LogTrouble& trouble : troubles()) lines += words_of(trouble, moment, cluster) + "\n";
    return lines;
  }
  std::string summary() const { return summary_of(moment, cluster); }

  Moment moment;
  ClusterInfo cluster{};
};

// --- rows ---

TEST(LogRange, CoversWhatAnyNodeHas) {
  Logs logs;
  logs.log(1, {0, 0, 0}, 3).log(2, {0}, 1);
  EXPECT_EQ(range_of(logs.moment).first, 1u);
  EXPECT_EQ(range_of(logs.moment).last, 3u);
}

TEST(LogRange, IsEmptyWithoutEntries) {
  EXPECT_EQ(range_of(Logs().moment).rows(), 0u);
  EXPECT_EQ(range_of(Moment()).rows(), 0u);
}

TEST(LogRange, BeginsWithTheLastOfTheSnapshotBeforeTheOldestEntryLeft) {
  Logs logs;
  for (NodeId id = 1; id <= 2; ++id) {
    logs.node(id).log.reset(120, 0);
    logs.node(id).log.append(121, 130, 0);
  }
  EXPECT_EQ(range_of(logs.moment).first, 120u);
  EXPECT_EQ(range_of(logs.moment).last, 130u);
}

TEST(LogRange, LeavesOutWhatAStoppedNodeHadInMemoryOnly) {
  Logs logs;
  logs.log(1, {0, 0, 0}, 2).down(1);
  logs.node(1).log.persisted = 2;
  EXPECT_EQ(range_of(logs.moment).last, 2u);
}

TEST(LogWindow, FollowsTheEndUntilSomeoneScrolls) {
  const LogRange range{1, 100};
  EXPECT_EQ(window_of(range, 0, 10).first, 91u);
  EXPECT_TRUE(window_of(range, 0, 10).at_end);
  EXPECT_EQ(window_of(range, 40, 10).first, 40u);
  EXPECT_EQ(window_of(range, 40, 10).rows, 10u);
  EXPECT_FALSE(window_of(range, 40, 10).at_end);
}

TEST(LogWindow, ShowsAllRowsWhereTheyFit) {
  const RowWindow window = window_of({5, 7}, 0, 10);
  EXPECT_EQ(window.first, 5u);
  EXPECT_EQ(window.rows, 3u);
}

TEST(LogWindow, IsNotLeftBehindWhenTimeGoesBackToAShorterLog) {
  const RowWindow window = window_of({1, 20}, 5'000, 10);
  EXPECT_EQ(window.first, 11u);
  EXPECT_EQ(window.rows, 10u);
}

TEST(LogWindow, ScrollsBetweenTheFirstRowAndTheEnd) {
  const LogRange range{1, 1'000'000};
  EXPECT_EQ(scrolled(range, 0, 10, -3), 999'988u);
  EXPECT_EQ(scrolled(range, 2, 10, -3), 1u);
  EXPECT_EQ(scrolled(range, 500, 10, 3), 503u);
  EXPECT_EQ(scrolled(range, 999'990, 10, 3), 0u) << "at the end it follows again";
}

// --- cells ---

TEST(LogCells, SayHowFarAnEntryGotOnEachNode) {
  Logs logs;
  logs.log(1, {0, 0}, 2).log(2, {0, 0}, 1);
  logs.node(1).log.applied = 1;
  logs.node(2).log.persisted = 1;
  const std::vector<LogCell> cells = cells_of(logs.moment, {}, 2);
  EXPECT_EQ(cells[0].kind, LogCell::Kind::kEntry);
  EXPECT_EQ(cells[0].term, 0u);
  EXPECT_TRUE(cells[0].persisted);
  EXPECT_TRUE(cells[0].committed);
  EXPECT_FALSE(cells[0].applied);
  EXPECT_EQ(cells[1].kind, LogCell::Kind::kEntry);
  EXPECT_FALSE(cells[1].persisted);
  EXPECT_FALSE(cells[1].committed);
  EXPECT_EQ(cells[2].kind, LogCell::Kind::kAbsent);
}

TEST(LogCells, TellASnapshotFromWhatIsMissing) {
  Logs logs;
  logs.node(1).log.reset(120, 0);
  EXPECT_EQ(cells_of(logs.moment, {}, 120)[0].kind, LogCell::Kind::kSnapshot);
  EXPECT_EQ(cells_of(logs.moment, {}, 121)[0].kind, LogCell::Kind::kAbsent);
  EXPECT_EQ(cells_of(logs.moment, {}, 120)[1].kind, LogCell::Kind::kAbsent);
}

TEST(LogCells, CarryTheTroubleOfTheirNodeOnly) {
  Logs logs;
  logs.log(1, {0, 0}, 1).down(1).log(2, {0, 1}, 2).log(3, {0, 1}, 2).leads(2, 1);
  const std::vector<LogTrouble> troubles = logs.troubles();
  EXPECT_EQ(cells_of(logs.moment, troubles, 2)[0].trouble, Kind::kReplaced);
  EXPECT_FALSE(cells_of(logs.moment, troubles, 2)[1].trouble);
  EXPECT_FALSE(cells_of(logs.moment, troubles, 1)[0].trouble);
}

// --- what will become of entries ---

TEST(LogTroubles, AreNoneWhereASecondaryIsJustBehind) {
  Logs logs;
  logs.log(1, {0, 0, 0}, 1).log(2, {0, 0}, 1).log(3, {0}, 1).leads(1, 0);
  EXPECT_TRUE(logs.troubles().empty());
  EXPECT_EQ(logs.summary(), "1 of 3 entries are committed; node2 and node3 lack some");
}

TEST(LogTroubles, TellNothingOfANodeThatWasNotSeenYet) {
  Logs logs;
  logs.log(1, {0, 0}, 2).log(2, {0}, 1).leads(1, 0);
  logs.moment.nodes[2] = NodeMoment{};
  EXPECT_EQ(logs.summary(), "all 2 entries are committed; node2 lacks 1");
}

TEST(LogTroubles, SayNeverCommittedOnceAnotherEntryIsCommittedThere) {
  Logs logs;
  logs.log(1, {0, 0}, 1).down(1).log(2, {0, 1, 1}, 3).log(3, {0, 1}, 2).leads(2, 1);
  EXPECT_EQ(logs.said(),
            "entry 2 of term 0 at node1 was never committed: it is replaced when node1 returns\n");
}

TEST(LogTroubles, ReachFromTheFirstDifferenceToTheEndOfThatLog) {
  Logs logs(5);
  logs.log(1, {0, 0, 0, 0}, 1).log(2, {0, 0, 0, 0}, 1).leads(3, 1);
  for (NodeId id = 3; id <= 5; ++id) logs.log(id, {0, 1}, 2);
  logs.cut_off({1, 2});
  const std::vector<LogTrouble> troubles = logs.troubles();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].from, 2u);
  EXPECT_EQ(troubles[0].to, 4u);
  EXPECT_EQ(logs.said(),
            "entries 2 to 4 of term 0 at node1 and node2 were never committed: they "
            "are replaced once node1 and node2 hear from node3\n");
}

TEST(LogTroubles, DependOnTheLeaderAsLongAsNothingIsCommittedThere) {
  Logs logs;
  logs.log(1, {0, 0}, 1).log(2, {0, 1}, 1).log(3, {0}, 1).leads(2, 1);
  EXPECT_EQ(logs.said(),
            "entry 2 of term 0 at node1 is not committed: if node2 stays primary, it "
            "is replaced\n");
}

TEST(LogTroubles, IncludeWhatALaterLeaderDoesNotHave) {
  Logs logs;
  logs.log(1, {0, 0, 0}, 1).log(2, {0}, 1).log(3, {0}, 1).leads(2, 1);
  ASSERT_EQ(logs.troubles().size(), 1u);
  EXPECT_EQ(logs.troubles()[0].kind, Kind::kContested);
  EXPECT_EQ(logs.troubles()[0].to, 3u);
}

TEST(LogTroubles, AreOpenWithoutALeader) {
  Logs logs;
  logs.log(1, {0, 0}, 1).log(2, {0, 1}, 1).log(3, {0}, 1);
  EXPECT_EQ(logs.said(),
            "node1 and node2 differ in entry 2, not committed anywhere: the next "
            "primary's stays\n");
}

TEST(LogTroubles, WarnOfAnEntryThatOnlyAStoppedNodeHas) {
  Logs logs;
  logs.log(1, {0, 0}, 1).down(1).log(2, {0}, 1).log(3, {0}, 1);
  EXPECT_EQ(logs.said(),
            "entry 2 of term 0 is only on node1, which is down, and not committed: a "
            "primary elected without it writes its own\n");
}

TEST(LogTroubles, WarnOfEntriesOnTheWrongSideOfAPartition) {
  Logs logs(5);
  logs.log(1, {0, 0, 0}, 1).log(2, {0, 0, 0}, 1).leads(1, 0).cut_off({1, 2});
  for (NodeId id = 3; id <= 5; ++id) logs.log(id, {0}, 1);
  EXPECT_EQ(logs.said(),
            "entries 2 to 3 of term 0 are only on node1 and node2, which can't reach a "
            "majority, and not committed: a primary elected without them writes its "
            "own\n");
}

TEST(LogTroubles, AreNoneWhereACommittedEntryIsOnStoppedNodesOnly) {
  Logs logs;
  logs.log(1, {0, 0}, 2).down(1).log(2, {0, 0}, 1).down(2).log(3, {0}, 1);
  EXPECT_TRUE(logs.troubles().empty());
  EXPECT_EQ(logs.summary(), "all 2 entries are committed; node3 lacks 1");
}

TEST(LogTroubles, ShoutWhereDifferentEntriesAreCommitted) {
  Logs logs;
  logs.log(1, {0, 0}, 2).log(2, {0, 1}, 2).log(3, {0}, 1);
  EXPECT_EQ(logs.said(),
            "node1 and node2 have committed different entries at 2: this must never happen\n");
}

TEST(LogTroubles, ComeGravestFirst) {
  Logs logs(5);
  logs.log(1, {0, 0, 0}, 1).down(1).leads(2, 2);
  for (NodeId id = 2; id <= 4; ++id) logs.log(id, {0, 1, 2}, 2);
  logs.log(5, {0, 1, 1}, 2);
  const std::vector<LogTrouble> troubles = logs.troubles();
  ASSERT_EQ(troubles.size(), 2u);
  EXPECT_EQ(troubles[0].kind, Kind::kReplaced);
  EXPECT_EQ(troubles[1].kind, Kind::kContested);
}

TEST(LogTroubles, DoNotGuessWhereTermsAreNotKnown) {
  Logs logs;
  logs.log(1, {0, 0, 0}, 1).log(2, {0}, 1).log(3, {0}, 1).leads(2, 1);
  logs.node(2).log.runs = {{3, 1}};
  logs.node(2).log.last = 3;
  ASSERT_EQ(logs.troubles().size(), 1u);
  EXPECT_EQ(logs.troubles()[0].from, 3u);
}

// --- words ---

TEST(LogSummary, CountsWhatIsCommitted) {
  Logs logs;
  EXPECT_EQ(logs.summary(), "no entries yet");
  logs.log(1, {0}, 1).log(2, {0}, 1).log(3, {0}, 0);
  EXPECT_EQ(logs.summary(), "the only entry is committed");
}

TEST(CellWords, SayAsMuchAsFits) {
  const std::string set = "SET user:1 Alice";
  EXPECT_EQ(cell_words(set, 16), set);
  EXPECT_EQ(cell_words(set, 15), "user:1 Alice");
  EXPECT_EQ(cell_words(set, 11), "SET user:1");
  EXPECT_EQ(cell_words(set, 9), "user:1");
  EXPECT_EQ(cell_words(set, 5), "user…");
  EXPECT_EQ(cell_words(set, 2), "");
  EXPECT_EQ(cell_words("DEL tmp", 7), "DEL tmp");
  EXPECT_EQ(cell_words("DEL tmp", 5), "-tmp");
  EXPECT_EQ(cell_words("INCRBY hits 1", 8), "hits 1");
  EXPECT_EQ(cell_words("MULTI of 3 commands", 6), "MULTI…");
  EXPECT_EQ(cell_words("start of term 1", 15), "start of term 1");
  EXPECT_EQ(cell_words("start of term 1", 8), "term 1");
  EXPECT_EQ(cell_words("", 8), "");
}

TEST(CellWords, KeepCharactersWhole) {
  EXPECT_EQ(cell_words("SET größe 1", 5), "größe");
  EXPECT_EQ(cell_words("SET größer 1", 5), "größ…");
}

TEST(ShortNames, LeaveOutWhatAllNamesBeginWith) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(short_names({"node1", "node2"}), (Names{"1", "2"}));
  EXPECT_EQ(short_names({"node10", "node11"}), (Names{"10", "11"}));
  EXPECT_EQ(short_names({"berlin", "rome"}), (Names{"berlin", "rome"}));
  EXPECT_EQ(short_names({"kv", "kv2"}), (Names{"kv", "kv2"}));
  EXPECT_EQ(short_names({"n1"}), (Names{"1"}));
  EXPECT_EQ(short_names({}), Names{});
}

TEST(LogRange, HasAnEndWhateverATraceClaims) {
  constexpr LogIndex kMost = std::numeric_limits<LogIndex>::max();
  Logs logs;
  logs.node(1).log.first = 3;
  logs.node(1).log.last = kMost;
  EXPECT_GT(range_of(logs.moment).last + 1, range_of(logs.moment).last);
  logs.node(1).log.first = kMost;
  logs.node(1).log.last = 5;
  EXPECT_EQ(range_of(logs.moment).rows(), 1u);
}

}  // namespace
}  // namespace kv::viz
