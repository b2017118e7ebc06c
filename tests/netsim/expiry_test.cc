// When keys expire, told from the committed commands alone.
#include "netsim/expiry.h"

#include <gtest/gtest.h>

#include "core/command.h"
#include "core/operations.h"
#include "netsim/linearizability.h"

namespace kv::sim {
namespace {

constexpr Instant kFirst{seconds(1).ns};
constexpr Instant kSecond{seconds(2).ns};
constexpr Instant kThird{seconds(3).ns};

Command set_until(std::uint64_t time_ms, std::int64_t expires_ms) {
  Command set = set_command("k", "v");
  set.time_ms = time_ms;
  set.number = expires_ms;
  return set;
}
Command at_time(Command command, std::uint64_t time_ms) {
  command.time_ms = time_ms;
  return command;
}

TEST(Expiries, ComeWithTheFirstCommandOfThatTime) {
  Expiries expiries;
  expiries.committed(kFirst, set_until(100, 200));
  expiries.committed(kSecond, at_time(set_command("other", "v"), 199));
  EXPECT_TRUE(expiries.deletes().empty());
  expiries.committed(kThird, at_time(set_command("other", "w"), 200));
  ASSERT_EQ(expiries.deletes().size(), 1u);
  const Operation& gone = expiries.deletes()[0];
  EXPECT_EQ(gone.key, "k");
  EXPECT_EQ(gone.kind, OperationKind::kDelete);
  EXPECT_EQ(gone.called, kThird);
  EXPECT_EQ(gone.returned, kThird);
  EXPECT_EQ(gone.ending, Ending::kOk);
}

TEST(Expiries, TheClockNeverGoesBack) {
  Expiries expiries;
  expiries.committed(kFirst, at_time(set_command("other", "v"), 300));
  expiries.committed(kSecond, set_until(100, 200));
  EXPECT_EQ(expiries.deletes().size(), 1u) << "it was over when it came";
}

TEST(Expiries, AreThoseOfTheLastSet) {
  Expiries expiries;
  expiries.committed(kFirst, set_until(100, 200));
  expiries.committed(kFirst, at_time(set_command("k", "w"), 150));
  expiries.committed(kSecond, at_time(set_command("other", "v"), 1000));
  EXPECT_TRUE(expiries.deletes().empty()) << "a set without expiry keeps the key";
  expiries.committed(kSecond, set_until(1000, 2000));
  expiries.committed(kSecond, at_time(delete_command("k"), 1001));
  expiries.committed(kThird, at_time(set_command("other", "w"), 3000));
  EXPECT_TRUE(expiries.deletes().empty()) << "what was deleted can't expire";
}

Operation operation_of(OperationKind kind, Instant called, Instant returned) {
  Operation operation;
  operation.id = 1;
  operation.client = 1;
  operation.kind = kind;
  operation.key = "k";
  operation.called = called;
  operation.returned = returned;
  operation.ending = Ending::kOk;
  return operation;
}

TEST(Expiries, ExplainWhyAKeyIsGoneAndNotWhyItIsThere) {
  Expiries expiries;
  expiries.committed(kFirst, set_until(100, 200));
  Operation set = operation_of(OperationKind::kSet, {}, kFirst);
  set.value = "v";
  const Operation absent = operation_of(OperationKind::kGet, kThird, kThird);
  EXPECT_TRUE(check_linearizability({set, absent}).violation.has_value());
  expiries.committed(kSecond, at_time(set_command("other", "w"), 200));
  const Operation& gone = expiries.deletes().at(0);
  EXPECT_FALSE(check_linearizability({set, absent, gone}).violation.has_value());
  Operation found = absent;
  found.found = "v";
  const auto words = check_linearizability({set, found, gone}).violation;
  ASSERT_TRUE(words.has_value());
  EXPECT_NE(words->find("the key had expired by the log's clock at 2.000 s"), std::string::npos)
      << *words;
}

Command once_at(std::uint64_t time_ms, std::int64_t sequence) {
  Command once;
  once.operation = kv::Operation::kOnce;
  once.key = "n1";
  once.number = sequence;
  once.time_ms = time_ms;
  return once;
}

TEST(Expiries, TellWhenASessionIsOver) {
  Expiries expiries;
  expiries.committed(kFirst, once_at(100, 1));
  expiries.committed(kFirst, once_at(200, 2));
  expiries.committed(kSecond, at_time(set_command("k", "v"), kSessionMs + 199));
  EXPECT_TRUE(expiries.lost_sessions().empty());
  expiries.committed(kThird, at_time(set_command("k", "v"), kSessionMs + 200));
  EXPECT_EQ(expiries.lost_sessions(), (std::map<std::string, Instant>{{"n1", kThird}}));
}

TEST(Expiries, SeeNoSessionWhereItsCommandsAreRefused) {
  Expiries expiries;
  expiries.committed(kFirst, once_at(100, 2));
  EXPECT_TRUE(expiries.lost_sessions().empty());
  expiries.committed(kFirst, at_time(set_command("k", "v"), 3 * kSessionMs));
  EXPECT_TRUE(expiries.lost_sessions().empty()) << "it begins with sequence 1";
  expiries.committed(kFirst, once_at(3 * kSessionMs, 1));
  expiries.committed(kFirst, once_at(3 * kSessionMs, 2));
  expiries.committed(kSecond, once_at(3 * kSessionMs + 1, 1));
  expiries.committed(kThird, at_time(set_command("k", "v"), 4 * kSessionMs));
  EXPECT_EQ(expiries.lost_sessions().size(), 1u) << "a stale sequence keeps no session alive";
}

}  // namespace
}  // namespace kv::sim
