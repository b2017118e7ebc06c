// The checks must see what is wrong. A wrong step is made by telling a right one backwards, or by
// mixing the steps of two worlds.
#include "core/invariants.h"

#include <gtest/gtest.h>

#include "support/lab.h"

namespace kv {
namespace {

Lab served_lab() {
  Lab::Options options;
  options.bootstrap = 1;
  Lab lab(options);
  EXPECT_TRUE(lab.run_until_serving(seconds(1)));
  lab.run_for(milliseconds(200));
  return lab;
}

std::string broken(const Raft& before, const Raft& after) {
  Footprint footprint;
  footprint.take(before);
  return broken_transition(footprint, after).value_or("nothing");
}

TEST(Invariants, HoldInEveryRole) {
  Lab lab = served_lab();
  lab.run_for(seconds(1), {3});
  ASSERT_EQ(lab.replica(3).raft().role(), Role::kPreCandidate);
  for (NodeId id = 1; id <= 3; ++id) {
    EXPECT_EQ(broken_invariant(lab.replica(id).raft()), std::nullopt) << id;
    EXPECT_EQ(broken(lab.replica(id).raft(), lab.replica(id).raft()), "nothing") << id;
  }
}

TEST(Invariants, SeeATermThatGoesBack) {
  Lab lab = served_lab();
  const Raft before = lab.replica(2).raft();
  lab.submit(1, {lab.next_request(), TransferRequest{3}});
  lab.settle();
  const Raft after = lab.replica(2).raft();
  EXPECT_EQ(broken(before, after), "nothing");
  EXPECT_EQ(broken(after, before), "The term went back from 1 to 0.");
}

TEST(Invariants, SeeACommitIndexThatGoesBack) {
  Lab lab = served_lab();
  const Raft before = lab.replica(2).raft();
  lab.write(1, "k", "v");
  lab.run_for(milliseconds(100));
  const Raft after = lab.replica(2).raft();
  EXPECT_EQ(broken(before, after), "nothing");
  EXPECT_EQ(broken(after, before), "The commit index went back from 2 to 1.");
}

TEST(Invariants, SeeASecondVoteInATerm) {
  Lab lab{Lab::Options{}};
  const auto voted_for = [&](NodeId candidate) {
    Raft raft = lab.replica(1).raft();
    raft.step(lab.now, {candidate, 1, 4, 1000 + candidate, 1001, VoteRequest{}});
    return raft;
  };
  EXPECT_EQ(broken(lab.replica(1).raft(), voted_for(2)), "nothing");
  EXPECT_EQ(broken(voted_for(2), voted_for(3)),
            "A second vote in term 4: for node 2, then for node 3.");
}

TEST(Invariants, SeeALeaderWhoseLogGetsShorter) {
  Lab lab = served_lab();
  const Raft before = lab.replica(1).raft();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  EXPECT_EQ(broken(before, lab.replica(1).raft()), "nothing");
  EXPECT_EQ(broken(lab.replica(1).raft(), before), "A leader's log became shorter.");
}

TEST(Invariants, SeeAMatchIndexThatGoesBack) {
  Lab lab = served_lab();
  lab.submit(1, set_request(lab.next_request(), "k", "v"));
  const Raft before = lab.replica(1).raft();
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  lab.persist(2, 9);
  for (const Message& message : std::exchange(lab.network, {})) lab.deliver(message);
  const Raft after = lab.replica(1).raft();
  ASSERT_EQ(after.commit(), before.commit());
  EXPECT_EQ(broken(before, after), "nothing");
  EXPECT_EQ(broken(after, before), "The match index of node 2 went back from 2 to 1.");
}

}  // namespace
}  // namespace kv
