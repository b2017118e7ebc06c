#include "model/entry_life.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/command.h"
#include "library.h"
#include "tale.h"

namespace kv::viz {
namespace {

std::optional<Instant> time_of(const std::optional<Stage>& stage) {
  return stage ? std::optional(stage->at) : std::nullopt;
}
/// When the node's log held the entry first, and when it no longer did for the last time.
struct Presence {
  std::optional<Instant> came{};
  std::optional<Instant> went{};
};
/// As the moments show it, one after the other.
std::vector<Presence> presence_of(const History& history, LogIndex index, Term term) {
  std::vector<Presence> presences(history.cluster().size());
  Moment moment = history.moment(history.recording().first());
  std::vector<bool> here(presences.size());
  bool committed = false;
  while (moment.position < history.recording().end()) {
    moment.apply(history.recording()[moment.position]);
    for (NodeId id = 1; id <= presences.size(); ++id) {
      const LogView& log = moment.node(id).log;
      const bool now = log.term_at(index) == term;
      committed = committed || (now && index <= log.commit);
      // A snapshot that stands for it keeps it, or brings it back.
      const bool kept = now || (committed && index < log.first && index <= log.commit);
      Presence& presence = presences[id - 1];
      if (now && !presence.came) presence.came = moment.at;
      if (kept) presence.went.reset();
      if (!kept && here[id - 1]) presence.went = moment.at;
      here[id - 1] = kept;
    }
  }
  return presences;
}

// --- the life of an entry ---

TEST(EntryLife, GoesFromThePrimaryToAMajorityAndBack) {
  const History history = history_of("02-primary-failure.json");
  const EntryLife life = life_of(history, 48, 1);
  EXPECT_EQ(life.command, "SET k0 c2-110");
  const EntryAtNode& primary = life.nodes[1];
  const EntryAtNode& secondary = life.nodes[2];
  ASSERT_TRUE(primary.appended && primary.persisted && primary.committed && primary.applied);
  ASSERT_TRUE(secondary.sent && secondary.appended && secondary.persisted && secondary.committed);
  EXPECT_FALSE(primary.sent) << "nobody sends a primary its own entry";
  EXPECT_LE(primary.appended->position, secondary.sent->position);
  EXPECT_LT(secondary.sent->position, secondary.appended->position);
  EXPECT_LT(secondary.appended->position, secondary.persisted->position);
  EXPECT_LT(secondary.persisted->position, primary.committed->position);
  EXPECT_LT(primary.committed->position, primary.applied->position);
  EXPECT_LT(primary.committed->position, secondary.committed->position);
  EXPECT_FALSE(primary.removed || secondary.removed);
}

TEST(EntryLife, ReachesANodeThatComesBackLate) {
  const History history = history_of("02-primary-failure.json");
  const EntryAtNode late = life_of(history, 48, 1).nodes[0];
  ASSERT_TRUE(late.appended && late.persisted && late.committed && late.applied);
  EXPECT_GT(late.appended->at, Instant{} + seconds(25));
  EXPECT_EQ(late.committed->at, late.appended->at);
}

TEST(EntryLife, EndsWhereAnotherPrimarysEntryReplacesIt) {
  const History history = history_of("24-conflicting-tail.json");
  const EntryLife lost = life_of(history, 3, 0);
  EXPECT_EQ(lost.command, "SET title ours");
  for (const NodeId id : {1U, 2U}) {
    const EntryAtNode& node = lost.nodes[id - 1];
    ASSERT_TRUE(node.appended && node.persisted && node.removed);
    EXPECT_FALSE(node.committed || node.applied);
    EXPECT_NE(fact_of<EntriesTruncated>(history.recording()[node.removed->position]), nullptr);
  }
  EXPECT_TRUE(lost.nodes[2].sent) << "it was sent, and lost on the cut link";
  EXPECT_FALSE(lost.nodes[2].appended);
  const EntryLife winner = life_of(history, 3, 1);
  EXPECT_EQ(winner.command, "start of term 1");
  for (const EntryAtNode& node : winner.nodes) {
    ASSERT_TRUE(node.appended && node.persisted && node.committed && node.applied);
    EXPECT_GE(node.persisted->position, node.appended->position);
    EXPECT_FALSE(node.removed);
  }
}

TEST(EntryLife, ReachesALaggardThroughASnapshot) {
  const History history = history_of("15-lagging-secondary.json");
  const EntryAtNode node = life_of(history, 200, 0).nodes[2];
  EXPECT_FALSE(node.appended);
  ASSERT_TRUE(node.committed && node.applied);
  EXPECT_NE(fact_of<SnapshotInstalled>(history.recording()[node.committed->position]), nullptr);
}

/// Some entries of a run, among them all that were replaced.
std::set<std::pair<LogIndex, Term>> some_entries(const History& history) {
  std::set<std::pair<LogIndex, Term>> entries;
  const Recording& recording = history.recording();
  for (std::size_t at = 0; at < recording.end(); ++at) {
    if (const auto* e = fact_of<EntriesAppended>(recording[at]); e != nullptr && e->last % 97 == 0)
      entries.emplace(e->last, e->term);
    if (const auto* e = fact_of<EntriesTruncated>(recording[at])) {
      const Moment before = history.moment(at);
      const auto term = before.node(recording[at].node).log.term_at(e->from);
      if (term) entries.emplace(e->from, *term);
    }
  }
  return entries;
}

TEST(EntryLife, AgreesWithTheMomentsInAChaoticRun) {
  std::size_t removed = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const History history = rehearsed(chaos(5), seed);
    for (const auto& [index, term] : some_entries(history)) {
      const EntryLife life = life_of(history, index, term);
      const std::vector<Presence> expected = presence_of(history, index, term);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const std::string what = "seed " + std::to_string(seed) + ", entry " +
                                 std::to_string(index) + " of term " + std::to_string(term) +
                                 " at node" + std::to_string(i + 1);
        EXPECT_EQ(time_of(life.nodes[i].appended), expected[i].came) << what;
        if (!expected[i].went) continue;
        EXPECT_EQ(time_of(life.nodes[i].removed), expected[i].went) << what;
        ++removed;
      }
    }
  }
  EXPECT_GT(removed, 0U) << "no entry was ever removed: other seeds are needed";
}

TEST(EntryLife, SaysNothingOfWhatWasBeforeAnybodyWatched) {
  Tale tale(1);
  NodeObserved seen;
  seen.role = Role::kLeader;
  seen.term = 2;
  seen.serving = true;
  seen.first_index = 1;
  seen.last_index = seen.persisted = seen.commit = 10;
  seen.applied = 9;
  seen.last_term = 2;
  tale.tell(1, seen).at(5);
  tale.tell(1, EntriesPersisted{11}).tell(1, CommitAdvanced{11}).tell(1, EntriesApplied{11});
  const EntryAtNode node = life_of(tale.history, 10, 2).nodes[0];
  EXPECT_FALSE(node.appended || node.persisted || node.committed || node.removed);
  ASSERT_TRUE(node.applied) << "that it was applied was seen";
  EXPECT_EQ(node.applied->at, after_ms(5));
}

TEST(EntryLife, OfAnEntryThatNobodyHasIsEmpty) {
  const History history = history_of("02-primary-failure.json");
  const EntryLife life = life_of(history, 100'000, 7);
  EXPECT_EQ(life.command, "not seen");
  ASSERT_EQ(life.nodes.size(), 3U);
  for (const EntryAtNode& node : life.nodes)
    EXPECT_FALSE(node.sent || node.appended || node.committed);
}

TEST(CommandWords, AreFewAndOnOneLine) {
  Tale tale(2);
  AppendRequest append;
  append.entries = {
      make_entry(1, 1, EntryType::kEmpty, {}),
      make_entry(2, 1, EntryType::kCommand, encode_command(set_command("a\nb", "v"))),
      make_entry(3, 1, EntryType::kCommand, encode_command(delete_command("k"))),
      make_entry(4, 1, EntryType::kCommand, "\x7f"),
      make_entry(5, 1, EntryType::kCommand,
                 encode_command(set_command("k", std::string(1000, 'x')))),
  };
  tale.send(1, 1, 2, append);
  const Recording& recording = tale.history.recording();
  EXPECT_EQ(command_words(recording, 1, 1), "start of term 1");
  EXPECT_EQ(command_words(recording, 2, 1), "SET a?b v");
  EXPECT_EQ(command_words(recording, 3, 1), "DEL k");
  EXPECT_EQ(command_words(recording, 4, 1), "a command of an unknown kind");
  EXPECT_LT(command_words(recording, 5, 1).size(), 80U);
  EXPECT_EQ(command_words(recording, 6, 1), "");
  EXPECT_EQ(command_words(recording, 3, 2), "");
}

// --- stores ---

/// As the simulator's stores are.
void expect_store(const sim::Cluster& cluster, const History& history, NodeId id) {
  const StoreContents contents = store_at(history, history.latest(), id);
  EXPECT_TRUE(contents.complete);
  const KvStore& store = cluster.replica(id)->store();
  EXPECT_EQ(contents.items.size(), store.size());
  std::string before;
  for (const StoreContents::Item& item : contents.items) {
    const auto value = store.get(item.key);
    ASSERT_TRUE(value.has_value()) << item.key;
    EXPECT_EQ(*value, item.value) << item.key;
    EXPECT_LT(before, item.key) << "sorted by key";
    before = item.key;
  }
}

TEST(StoreAt, HoldsWhatTheNodesStoresHold) {
  std::vector<std::pair<sim::Scenario, std::uint64_t>> runs;
  for (const std::string file : {"02-primary-failure.json", "24-conflicting-tail.json"}) {
    sim::Scenario scenario = library_scenario(file);
    const std::uint64_t seed = scenario.seed;
    runs.emplace_back(std::move(scenario), seed);
  }
  for (const std::uint64_t seed : {4U, 9U}) runs.emplace_back(chaos(3), seed);
  for (const auto& [scenario, seed] : runs) {
    std::size_t events = 0;
    std::size_t compared = 0;
    rehearsed(scenario, seed, [&](const sim::Cluster& cluster, const History& history) {
      if (++events % 199 != 0) return;
      for (NodeId id = 1; id <= cluster.size(); ++id) {
        if (cluster.replica(id) == nullptr) continue;
        expect_store(cluster, history, id);
        ++compared;
      }
    });
    EXPECT_GT(compared, 10U) << scenario.title;
  }
}

TEST(StoreAt, KnowsWhatOnlySnapshotsHoldNow) {
  const sim::Scenario scenario = library_scenario("15-lagging-secondary.json");
  std::optional<sim::Cluster> end;
  const History history = rehearsed(
      scenario, scenario.seed, [&](const sim::Cluster& cluster, const History&) { end = cluster; });
  ASSERT_GT(history.latest().node(3).log.first, 1000U) << "the log should be compacted";
  for (NodeId id = 1; id <= 3; ++id) expect_store(*end, history, id);
}

TEST(StoreAt, ShowsThePastWithoutTheFuture) {
  const History history = history_of("24-conflicting-tail.json");
  const auto contents_at = [&](std::int64_t ms) {
    const Moment moment = history.moment(history.recording().position_after(after_ms(ms)));
    return store_at(history, moment, 1);
  };
  EXPECT_TRUE(contents_at(900).items.empty());
  const StoreContents split = contents_at(5'500);
  ASSERT_EQ(split.items.size(), 1U);
  EXPECT_EQ(split.items[0].key, "title");
  EXPECT_EQ(split.items[0].value, "draft") << "what it has not committed is not in its store";
  const StoreContents healed = contents_at(8'000);
  EXPECT_EQ(healed.items[0].value, "theirs");
  EXPECT_EQ(healed.items[0].index, 4U);
}

/// A node that has applied these commands, from `first` on as entries of term 1.
StoreContents contents_after(const std::vector<Command>& commands, LogIndex first = 1) {
  Tale tale(2);
  AppendRequest append;
  LogIndex last = first - 1;
  for (const Command& command : commands)
    append.entries.push_back(make_entry(++last, 1, EntryType::kCommand, encode_command(command)));
  tale.send(1, 1, 2, append);
  tale.tell(2, Event{EntriesAppended{first, last, 1}});
  tale.tell(2, Event{CommitAdvanced{last}}).tell(2, Event{EntriesApplied{last}});
  return store_at(tale.history, tale.history.latest(), 2);
}

TEST(StoreAt, DoesEveryKindOfCommand) {
  Command add;
  add.operation = Operation::kAdd;
  add.key = "hits";
  add.number = 2;
  Command rename;
  rename.operation = Operation::kRename;
  rename.key = "hits";
  rename.value = "visits";
  const StoreContents contents =
      contents_after({set_command("hits", "40"), add, set_command("k", "v"), rename});
  EXPECT_TRUE(contents.complete);
  ASSERT_EQ(contents.items.size(), 2U);
  EXPECT_EQ(contents.items[0].key, "k");
  EXPECT_EQ(contents.items[0].index, 3U);
  EXPECT_EQ(contents.items[1].key, "visits");
  EXPECT_EQ(contents.items[1].value, "42");
  EXPECT_EQ(contents.items[1].index, 4U);
}

TEST(StoreAt, ShowsNothingThatRestsOnWhatItDoesNotKnow) {
  Command add;
  add.operation = Operation::kAdd;
  add.key = "hits";
  add.number = 2;
  Command known = add;
  known.key = "known";
  Command rename;
  rename.operation = Operation::kRename;
  rename.key = "known";
  rename.value = "renamed";
  const std::vector<Command> commands{add, set_command("known", "1"), known};
  const StoreContents contents = contents_after(commands, 10);
  EXPECT_FALSE(contents.complete);
  ASSERT_EQ(contents.items.size(), 1U);
  EXPECT_EQ(contents.items[0].key, "known");
  EXPECT_EQ(contents.items[0].value, "3");
  EXPECT_EQ(contents.items[0].index, 12U);
  EXPECT_TRUE(contents_after({set_command("known", "1"), rename}, 10).items.empty());
}

TEST(StoreAt, SaysThatItIsIncompleteWhereTheBeginningIsMissing) {
  History history = history_of("02-primary-failure.json");
  EXPECT_TRUE(store_at(history, history.latest(), 2).complete);
  history.keep(2000);
  EXPECT_FALSE(store_at(history, history.latest(), 2).complete);
}

}  // namespace
}  // namespace kv::viz
