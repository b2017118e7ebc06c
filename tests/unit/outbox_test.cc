#include "core/outbox.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

Message vote_for(NodeId candidate) {
  return Message{1, candidate, 4, 11, 22, VoteReply{false, true}};
}

TEST(Outbox, HoldsTheVoteUntilItsWriteIsDurable) {
  Outbox outbox;
  outbox.put(vote_for(2));
  outbox.hold_until(7);
  EXPECT_TRUE(outbox.release().empty());
  outbox.persisted(6);
  EXPECT_TRUE(outbox.release().empty());
  outbox.persisted(7);
  EXPECT_EQ(outbox.release(), std::vector<Message>{vote_for(2)});
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, GivesEachMessageOnceInTheOrderTheyWerePut) {
  Outbox outbox;
  outbox.put(vote_for(3));
  outbox.put(vote_for(2));
  EXPECT_EQ(outbox.release(), (std::vector<Message>{vote_for(3), vote_for(2)}));
  EXPECT_TRUE(outbox.release().empty());
}

TEST(Outbox, IsOpenAsLongAsTheHardStateStays) {
  Outbox outbox;
  EXPECT_TRUE(outbox.open());
  outbox.hold_until(3);
  outbox.persisted(3);
  EXPECT_TRUE(outbox.open());
}

TEST(Outbox, HoldsEverythingForTheNewestHardState) {
  Outbox outbox;
  outbox.hold_until(3);
  outbox.put(vote_for(2));
  outbox.hold_until(5);
  outbox.persisted(4);
  EXPECT_TRUE(outbox.release().empty());
  outbox.persisted(9);
  EXPECT_EQ(outbox.release().size(), 1u);
}

}  // namespace
}  // namespace kv
