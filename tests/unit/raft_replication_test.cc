// Logs: how followers' logs come to equal the leader's, and what commits.
#include <gtest/gtest.h>

#include "core/command.h"
#include "support/lab.h"

namespace kv {
namespace {

Entry entry_of(LogIndex index, Term term) {
  return make_entry(index, term, EntryType::kCommand,
                    encode_command(set_command("key", "of term " + std::to_string(term))));
}

/// Stops node `id` and gives it a log with these terms, as if it had been through those elections.
void restart_with(Lab& lab, NodeId id, const std::vector<Term>& terms, Term term) {
  lab.crash(id);
  Lab::Disk disk;
  disk.hard_state.term = term;
  for (NodeId peer = 1; peer <= lab.size(); ++peer) {
    if (peer != id)
      disk.hard_state.incarnations.try_emplace(peer, lab.node(peer).config.incarnation);
  }
  for (const Term entry_term : terms)
    disk.entries.push_back(entry_of(disk.entries.size() + 1, entry_term));
  lab.node(id).disk = std::move(disk);
  lab.start(id);
}

std::vector<Term> terms_of(Lab& lab, NodeId id) {
  std::vector<Term> terms;
  const Log& log = lab.replica(id).raft().log();
  for (LogIndex index = log.first_index(); index <= log.last_index(); ++index)
    terms.push_back(*log.term_at(index));
  return terms;
}

/// Makes `id` the leader of the next term, by the votes of all but `cut`.
void elect(Lab& lab, NodeId id, const std::set<NodeId>& cut = {}) {
  lab.now = lab.now + seconds(1);
  lab.tick(id);
  lab.settle(cut);
  ASSERT_TRUE(lab.replica(id).raft().is_leader());
}

Lab served_lab(const Limits& limits = {}) {
  Lab::Options options;
  options.bootstrap = 1;
  options.limits = limits;
  Lab lab(options);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(milliseconds(200));
  return lab;
}

std::size_t appends_under_way(const Lab& lab, NodeId to) {
  std::size_t count = 0;
  for (const Message& message : lab.network) {
    const auto* request = std::get_if<AppendRequest>(&message.body);
    count += message.to == to && request != nullptr && !request->entries.empty();
  }
  return count;
}

// Raft paper, figure 7: the followers a new leader of term 8 may meet.
TEST(Replication, MakesEveryLogOfFigure7EqualToTheLeaders) {
  const std::vector<Term> leaders{1, 1, 1, 4, 4, 5, 5, 6, 6, 6};
  const std::vector<std::vector<Term>> followers{
      {1, 1, 1, 4, 4, 5, 5, 6, 6},
      {1, 1, 1, 4},
      {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6},
      {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7},
      {1, 1, 1, 4, 4, 4, 4},
      {1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3},
      {},
  };
  std::vector<Term> expected = leaders;
  expected.push_back(8);
  for (std::size_t i = 0; i < followers.size(); ++i) {
    Lab lab(Lab::Options{});
    restart_with(lab, 1, leaders, 7);
    restart_with(lab, 2, leaders, 7);
    restart_with(lab, 3, followers[i], 7);
    elect(lab, 1, {3});
    lab.run_for(seconds(1));
    EXPECT_EQ(terms_of(lab, 3), expected) << "follower " << i;
    EXPECT_EQ(lab.replica(3).raft().commit(), expected.size()) << "follower " << i;
    EXPECT_TRUE(lab.violations.empty()) << lab.violations.front();
  }
}

TEST(Replication, FindsTheEndOfALongForeignTailWithAFewProbes) {
  std::vector<Term> leaders{1};
  std::vector<Term> follower{1};
  for (int i = 0; i < 500; ++i) {
    leaders.push_back(4);
    follower.push_back(i < 250 ? 2 : 3);
  }
  Lab lab(Lab::Options{});
  restart_with(lab, 1, leaders, 4);
  restart_with(lab, 2, leaders, 4);
  restart_with(lab, 3, follower, 4);
  elect(lab, 1, {3});
  lab.run_for(seconds(1));
  EXPECT_EQ(terms_of(lab, 3), terms_of(lab, 1));
  EXPECT_LE(lab.count<AppendRefused>(3), 3u)
      << "one for each term in which they differ, not for each entry";
}

TEST(Replication, CutsTheTailOfALeaderThatWasCutOff) {
  Lab lab = served_lab();
  lab.loses = [](const Message& message) { return message.from == 1; };
  for (int i = 0; i < 3; ++i) lab.submit(1, set_request(lab.next_request(), "lost", "v"));
  lab.settle();
  lab.loses = nullptr;
  lab.run_for(seconds(2), {1});
  ASSERT_NE(lab.leader(), 1u);
  lab.write(lab.leader(), "kept", "v", {1});
  lab.run_for(seconds(1));
  EXPECT_EQ(lab.count<EntriesTruncated>(1), 1u);
  EXPECT_FALSE(lab.replica(1).store().get("lost"));
  EXPECT_TRUE(lab.replica(1).store().get("kept"));
  EXPECT_TRUE(lab.violations.empty());
}

// Raft paper, figure 8: (c) an entry of an earlier term on a majority is not committed by that; (d)
// it is cut.
TEST(Commit, NeverCountsEntriesOfEarlierTerms) {
  Lab::Options options;
  options.nodes = 5;
  Lab lab(options);
  restart_with(lab, 1, {1, 2}, 3);
  restart_with(lab, 2, {1, 2}, 2);
  restart_with(lab, 3, {1}, 3);
  restart_with(lab, 4, {1}, 3);
  restart_with(lab, 5, {1, 3}, 3);
  // Node 1 leads term 4 and brings entry 2 of term 2 to node 3, but nobody gets its entry of
  // term 4.
  lab.loses = [](const Message& message) {
    const auto* request = std::get_if<AppendRequest>(&message.body);
    if (message.from != 1 || request == nullptr) return false;
    return message.to > 3 || (!request->entries.empty() && request->entries.back().term == 4);
  };
  Limits limits;
  limits.max_append_bytes = 1;
  lab.crash(1);
  lab.node(1).config.limits = limits;
  lab.start(1);
  elect(lab, 1, {5});
  lab.run_for(milliseconds(200), {5});
  for (const NodeId id : {1u, 2u, 3u}) {
    ASSERT_EQ(lab.replica(id).raft().log().term_at(2), Term{2}) << id;
  }
  EXPECT_EQ(lab.replica(1).raft().commit(), 0u);
  lab.crash(1);
  lab.loses = nullptr;
  lab.now = lab.now + seconds(1);
  lab.crash(2);
  for (int i = 0; i < 20 && !lab.replica(5).raft().is_leader(); ++i) {
    lab.now = lab.now + seconds(1);
    lab.tick(5);
    lab.settle();
  }
  ASSERT_TRUE(lab.replica(5).raft().is_leader());
  lab.start(1);
  lab.start(2);
  lab.run_for(seconds(2));
  for (NodeId id = 1; id <= 5; ++id)
    EXPECT_EQ(lab.replica(id).raft().log().term_at(2), Term{3}) << id;
  EXPECT_TRUE(lab.violations.empty()) << lab.violations.front();
}

TEST(Commit, CountsTheLeaderOnlyUpToItsOwnDisk) {
  Lab lab = served_lab();
  const LogIndex commit = lab.replica(1).raft().commit();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  for (const Message& message : std::exchange(lab.network, {})) {
    if (message.to == 2) lab.deliver(message);
  }
  lab.persist(2, 9);
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  EXPECT_EQ(lab.replica(1).raft().commit(), commit);
  lab.persist(1, 9);
  EXPECT_EQ(lab.replica(1).raft().commit(), commit + 1);
}

TEST(Commit, HappensBeforeTheLeadersDiskIsDoneWhenBothOthersHaveIt) {
  Lab lab = served_lab();
  const LogIndex commit = lab.replica(1).raft().commit();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  lab.persist(2, 9);
  lab.persist(3, 9);
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  EXPECT_EQ(lab.replica(1).raft().commit(), commit + 1);
  EXPECT_TRUE(lab.violations.empty());
}

TEST(Pipelining, StopsAtTheLimitOfUnansweredAppends) {
  Limits limits;
  limits.max_inflight_appends = 4;
  limits.max_append_bytes = 1;
  Lab lab = served_lab(limits);
  lab.network.clear();
  for (int i = 0; i < 20; ++i) lab.submit(1, set_request(lab.next_request(), "k", "v"));
  EXPECT_EQ(appends_under_way(lab, 2), 4u);
  lab.settle();
  EXPECT_EQ(lab.replica(2).raft().log().last_index(), lab.replica(1).raft().log().last_index());
}

TEST(Pipelining, StopsAtTheLimitOfUnansweredBytes) {
  Limits limits;
  limits.max_inflight_bytes = 1000;
  Lab lab = served_lab(limits);
  for (int i = 0; i < 20; ++i)
    lab.submit(1, set_request(lab.next_request(), "k", std::string(400, 'v')));
  EXPECT_EQ(appends_under_way(lab, 2), 3u) << "the one that fills the window may go beyond it";
  lab.settle();
  EXPECT_EQ(lab.replica(2).raft().log().last_index(), lab.replica(1).raft().log().last_index());
}

TEST(Pipelining, BeginsWithOneAppendWhereOneWasLost) {
  Limits limits;
  limits.max_append_bytes = 1;
  Lab lab = served_lab(limits);
  lab.network.clear();
  for (int i = 0; i < 20; ++i) lab.submit(1, set_request(lab.next_request(), "k", "v"));
  const auto first = std::find_if(lab.network.begin(), lab.network.end(),
                                  [](const Message& message) { return message.to == 2; });
  ASSERT_NE(first, lab.network.end());
  lab.network.erase(first);
  // The nineteen others are refused; what was lost is sent again, and answered.
  for (int i = 0; i < 3; ++i) {
    for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
    EXPECT_LE(appends_under_way(lab, 2), 1u);
  }
  lab.persist(2, 20);
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  EXPECT_EQ(appends_under_way(lab, 2), 1u);
  lab.settle();
  EXPECT_EQ(lab.replica(2).raft().log().last_index(), lab.replica(1).raft().log().last_index());
}

TEST(Pipelining, SendsBeforeTheLeadersOwnDiskIsDone) {
  Lab lab = served_lab();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  EXPECT_EQ(lab.node(1).disk.pending.size(), 1u);
  EXPECT_EQ(appends_under_way(lab, 2), 1u);
}

TEST(Resend, RepairsTheLossOfAnyOneMessage) {
  for (int lost = 1; lost <= 40; ++lost) {
    Lab lab = served_lab();
    int seen = 0;
    lab.loses = [&](const Message&) { return ++seen == lost; };
    for (int i = 0; i < 5; ++i) {
      lab.submit(1, set_request(lab.next_request(), "key-" + std::to_string(i), "v"));
      lab.settle();
    }
    lab.run_for(milliseconds(400));
    for (NodeId id = 1; id <= 3; ++id) {
      EXPECT_EQ(lab.replica(id).store().size(), 5u)
          << "node " << id << ", message " << lost << " lost";
    }
    EXPECT_EQ(lab.leader(), 1u);
    EXPECT_TRUE(lab.violations.empty());
  }
}

TEST(Resend, ComesLessAndLessOftenToANodeThatIsDown) {
  Lab lab = served_lab();
  lab.crash(3);
  std::size_t to_three = 0;
  lab.loses = [&](const Message& message) {
    to_three += message.to == 3;
    return false;
  };
  lab.write(1, "k", "v");
  lab.run_for(seconds(10));
  EXPECT_LE(to_three, 250u) << "about one a heartbeat interval";
  EXPECT_GE(to_three, 50u);
}

TEST(Messages, MayComeTwiceAndBackwards) {
  Lab lab = served_lab();
  for (int i = 0; i < 10; ++i) {
    lab.submit(1, set_request(lab.next_request(), "key-" + std::to_string(i), "v"));
    for (int turn = 0; turn < 6; ++turn) {
      for (NodeId id = 1; id <= 3; ++id) lab.persist(id, 9);
      std::vector<Message> messages = std::exchange(lab.network, {});
      for (auto message = messages.rbegin(); message != messages.rend(); ++message)
        lab.deliver(*message);
      if (turn > 0) continue;
      for (const Message& message : messages) lab.deliver(message);
    }
  }
  lab.run_for(seconds(1));
  for (NodeId id = 1; id <= 3; ++id) EXPECT_EQ(lab.replica(id).store().size(), 10u) << id;
  EXPECT_TRUE(lab.violations.empty());
}

}  // namespace
}  // namespace kv
