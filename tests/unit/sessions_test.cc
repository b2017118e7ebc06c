#include <string>

#include <gtest/gtest.h>

#include "command_samples.h"
#include "core/operations.h"

namespace kv {
namespace {

const Answer kNoSession = error(
    "NOSESSION The session of this client is unknown or has expired; begin again with a new "
    "client name at sequence 1");

/// Clients that count up a key, each command once.
class Sessions : public testing::Test {
 protected:
  Answer count(std::string_view client, std::int64_t sequence, std::uint64_t time_ms = 0) {
    return once(client, sequence, {Operation::kAdd, "count", "", 1}, time_ms);
  }
  Answer once(std::string_view client, std::int64_t sequence, const Said& inner,
              std::uint64_t time_ms = 0) {
    Said said{Operation::kOnce, std::string(client), inner.encoded(), sequence};
    said.time_ms = time_ms;
    return run_on(store_, said);
  }

  KvStore store_{4};
};

TEST_F(Sessions, ACommandIsCarriedOutOnceHoweverOftenItComes) {
  EXPECT_EQ(count("a", 1), integer(1));
  EXPECT_EQ(count("a", 1), integer(1));
  EXPECT_EQ(count("b", 1), integer(2));
  EXPECT_EQ(count("a", 2), integer(3));
  EXPECT_EQ(count("a", 2), integer(3));
  EXPECT_EQ(count("b", 1), integer(2));
  EXPECT_EQ(store_.get("count"), "3");
  EXPECT_EQ(store_.sessions(), 2U);
}

TEST_F(Sessions, ASequenceMayHaveGapsButNeverGoesBack) {
  EXPECT_EQ(count("a", 1), integer(1));
  EXPECT_EQ(count("a", 7), integer(2));
  EXPECT_EQ(count("a", 6), error("STALESEQ This client has gone on to sequence 7 already"));
  EXPECT_EQ(count("a", 1), error("STALESEQ This client has gone on to sequence 7 already"));
  EXPECT_EQ(store_.get("count"), "2");
}

TEST_F(Sessions, BeginWithOne) {
  EXPECT_EQ(count("a", 2), kNoSession);
  EXPECT_EQ(count("a", 0), error("ERR a sequence number begins with 1"));
  EXPECT_EQ(count("a", -1), error("ERR a sequence number begins with 1"));
  EXPECT_EQ(store_.size(), 0U);
  EXPECT_EQ(store_.sessions(), 0U);
}

TEST_F(Sessions, ExpireAnHourAfterTheirLastCommand) {
  EXPECT_EQ(count("a", 1, 1'000), integer(1));
  EXPECT_EQ(count("a", 1, kSessionMs), integer(1));
  EXPECT_EQ(count("a", 2, 2 * kSessionMs - 1), integer(2));
  EXPECT_EQ(count("a", 3, 3 * kSessionMs - 1), kNoSession);
  EXPECT_EQ(count("a", 1, 3 * kSessionMs - 1), integer(3));
}

TEST_F(Sessions, KeepErrorsToo) {
  store_.set("count", "text");
  const Answer refused = error("ERR value is not an integer or out of range");
  EXPECT_EQ(count("a", 1), refused);
  store_.set("count", "1");
  EXPECT_EQ(count("a", 1), refused);
  EXPECT_EQ(count("a", 2), integer(2));
}

TEST_F(Sessions, SayThatAnAnswerWasTooLargeToKeep) {
  const std::string large(5'000, 'v');
  store_.set("k", large);
  const Said take{Operation::kTakeOut, "k"};
  EXPECT_EQ(once("a", 1, take), text(large));
  const Answer again = once("a", 1, take);
  EXPECT_TRUE(again.is_error());
  EXPECT_NE(again.text.find("too large to be kept"), std::string::npos) << again.text;
}

TEST_F(Sessions, OutliveAFlush) {
  count("a", 1);
  EXPECT_EQ(once("a", 2, {Operation::kFlush}), Answer::ok());
  count("b", 1);
  EXPECT_EQ(once("a", 2, {Operation::kFlush}), Answer::ok());
  EXPECT_EQ(store_.get("count"), "1");
}

TEST_F(Sessions, RefuseWhatIsNoSingleWrite) {
  const Answer refused = error("ERR only a single write can be carried out once");
  EXPECT_EQ(once("a", 1, {Operation::kGet, "k"}), refused);
  EXPECT_EQ(once("a", 1, {Operation::kTransaction}), refused);
  EXPECT_EQ(run_on(store_, {Operation::kOnce, "a", "damaged", 1}), refused);
  EXPECT_EQ(store_.sessions(), 0U);
}

TEST_F(Sessions, ThatExpireFirstAreForgottenWhenThereAreTooMany) {
  for (std::uint64_t i = 0; i < 80; ++i) {
    store_.set_session("client-" + std::to_string(i), {1, "", 1'000 - i / 2});
  }
  store_.limit_sessions(80);
  EXPECT_EQ(store_.sessions(), 80U);
  store_.set_session("forever", {1, "", 0});
  store_.limit_sessions(80);
  EXPECT_EQ(store_.sessions(), 70U);
  // 11 go: of the pair with the next expiry, the first by name.
  EXPECT_TRUE(store_.find_session("forever"));
  EXPECT_FALSE(store_.find_session("client-70"));
  EXPECT_FALSE(store_.find_session("client-68"));
  EXPECT_TRUE(store_.find_session("client-69"));
  EXPECT_TRUE(store_.find_session("client-0"));
}

TEST_F(Sessions, StayBounded) {
  for (std::uint64_t i = 0; i <= kMaxSessions; ++i) count("client-" + std::to_string(i), 1, i);
  EXPECT_EQ(store_.sessions(), kMaxSessions - kMaxSessions / 8);
  EXPECT_EQ(count("client-0", 2), kNoSession);
  EXPECT_FALSE(count("client-9999", 2).is_error());
}

TEST_F(Sessions, ArePartOfTheStateHash) {
  KvStore other(16);
  EXPECT_EQ(store_.state_hash(), other.state_hash());
  store_.set_session("a", {1, "x", 100});
  EXPECT_NE(store_.state_hash(), other.state_hash());
  other.set("a", std::string("\1\0\0\0\0\0\0\0x", 9), 100);
  EXPECT_NE(store_.state_hash(), other.state_hash());
  other.erase("a");
  other.set_session("a", {1, "x", 100});
  EXPECT_EQ(store_.state_hash(), other.state_hash());
  other.advance_clock(1);
  EXPECT_NE(store_.state_hash(), other.state_hash());
}

// --- transactions ---

class Transactions : public testing::Test {
 protected:
  Answer run(const std::vector<Said>& commands, std::int64_t conditions = 0) {
    Said said{Operation::kTransaction, "", "", conditions};
    for (const Said& command : commands) said.more.push_back(command.encoded());
    return run_on(store_, said);
  }
  Said condition(std::string_view key) const {
    Said said{Operation::kFingerprint, std::string(key)};
    said.number = read_from(store_, said).integer;
    return said;
  }

  KvStore store_{4};
};

TEST_F(Transactions, SeeTheirOwnWrites) {
  EXPECT_EQ(run({{Operation::kSet, "k", "1"},
                 {Operation::kAdd, "k", "", 1},
                 {Operation::kGet, "k"},
                 {Operation::kSize}}),
            list_of({Answer::ok(), integer(2), text("2"), integer(1)}));
  EXPECT_EQ(run({}), list_of({}));
}

TEST_F(Transactions, GoOnAfterAnError) {
  EXPECT_EQ(
      run({{Operation::kSet, "k", "text"},
           {Operation::kAdd, "k", "", 1},
           {Operation::kSet, "other", "v"}}),
      list_of({Answer::ok(), error("ERR value is not an integer or out of range"), Answer::ok()}));
  EXPECT_EQ(store_.get("other"), "v");
}

TEST_F(Transactions, DoNothingWhenAConditionFails) {
  store_.set("k", "v");
  const Said there = condition("k");
  const Said absent = condition("none");
  const Said write{Operation::kSet, "other", "v"};
  EXPECT_EQ(run({there, absent, write}, 2), list_of({Answer::ok()}));
  store_.set("k", "changed");
  EXPECT_EQ(run({there, absent, {Operation::kSet, "other", "w"}}, 2), Answer::nil_list());
  EXPECT_EQ(store_.get("other"), "v");
  store_.set("none", "now it is");
  EXPECT_EQ(run({absent, {Operation::kSet, "other", "w"}}, 1), Answer::nil_list());
  EXPECT_EQ(store_.get("other"), "v");
}

TEST_F(Transactions, RefuseWhatMakesNoSense) {
  const Said write{Operation::kSet, "k", "v"};
  EXPECT_TRUE(run({write}, 1).is_error());
  EXPECT_TRUE(run({write}, 2).is_error());
  EXPECT_TRUE(run({write}, -1).is_error());
  EXPECT_TRUE(run({write, {Operation::kTransaction}}).is_error());
  Said damaged{Operation::kTransaction};
  damaged.more = {write.encoded(), "damaged"};
  EXPECT_TRUE(run_on(store_, damaged).is_error());
  EXPECT_EQ(store_.size(), 0U);
}

TEST_F(Transactions, ShareTheRoomForOneAnswer) {
  store_.set("k", std::string(8 << 20, 'v'));
  std::vector<Said> commands(8, {Operation::kGet, "k"});
  commands.push_back({Operation::kTakeOut, "k"});
  commands.push_back({Operation::kSize});
  const Answer answer = run(commands);
  ASSERT_EQ(answer.items.size(), 10U);
  EXPECT_EQ(answer.items[7].text.size(), std::size_t{8} << 20);
  EXPECT_TRUE(answer.items[8].is_error());
  EXPECT_EQ(answer.items[9], integer(1));
}

}  // namespace
}  // namespace kv
