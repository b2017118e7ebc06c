// Whether increments that were asked for several times were carried out once.
#include "netsim/exactly_once.h"

#include <gtest/gtest.h>

namespace kv::sim {
namespace {

Operation increment(std::uint64_t number, std::string found) {
  Operation operation;
  operation.id = number;
  operation.client = 4;
  operation.kind = OperationKind::kIncrement;
  operation.key = "n4";
  operation.value = std::to_string(number);
  operation.called = Instant{seconds(static_cast<std::int64_t>(number)).ns};
  operation.returned = operation.called + milliseconds(5);
  operation.found = std::move(found);
  operation.ending = Ending::kOk;
  return operation;
}
Operation unanswered(std::uint64_t number) {
  Operation operation = increment(number, "");
  operation.found.reset();
  operation.ending = Ending::kPending;
  return operation;
}
std::optional<std::string> check(const std::vector<Operation>& history, const KvStore* state) {
  return check_exactly_once(history, state, {});
}
KvStore holding(std::string_view count) {
  KvStore store(1);
  store.set("n4", count);
  return store;
}

TEST(ExactlyOnce, AnswersAreTheCount) {
  const KvStore two = holding("2");
  EXPECT_EQ(check({increment(1, "1"), increment(2, "2")}, &two), std::nullopt);
  EXPECT_EQ(check({}, nullptr), std::nullopt);
}

TEST(ExactlyOnce, ASecondExecutionShowsInTheAnswer) {
  EXPECT_EQ(
      check({increment(1, "1"), increment(2, "3"), increment(3, "4")}, nullptr),
      "client 4's increment 2 of n4 (operation 2, called at 2.000 s) was answered 3 at 2.005 s: it "
      "must be 2 if each was done once.");
}

TEST(ExactlyOnce, AForgottenSessionShowsInTheAnswer) {
  const auto words = check({increment(1, "NOSESSION The session is unknown")}, nullptr);
  ASSERT_TRUE(words.has_value());
  EXPECT_NE(words->find("was answered NOSESSION"), std::string::npos);
}

TEST(ExactlyOnce, TheLastOneShowsAtTheEnd) {
  const KvStore three = holding("3");
  EXPECT_EQ(
      check({increment(1, "1"), increment(2, "2")}, &three),
      "n4 is 3 at the end, but client 4's increment 2 of n4 (operation 2, called at 2.000 s) was "
      "answered, and was the last.");
  const KvStore one = holding("1");
  EXPECT_TRUE(check({increment(1, "1"), increment(2, "2")}, &one).has_value());
  const KvStore none(1);
  EXPECT_TRUE(check({increment(1, "1")}, &none).has_value());
}

TEST(ExactlyOnce, WhatIsUnansweredMayBeDoneOrNot) {
  for (const char* count : {"1", "2"}) {
    const KvStore state = holding(count);
    EXPECT_EQ(check({increment(1, "1"), unanswered(2)}, &state), std::nullopt) << count;
  }
  const KvStore three = holding("3");
  EXPECT_TRUE(check({increment(1, "1"), unanswered(2)}, &three).has_value());
  const KvStore none(1);
  EXPECT_EQ(check({unanswered(1)}, &none), std::nullopt);
}

TEST(ExactlyOnce, NothingIsAskedBehindTheLawfulEndOfASession) {
  const std::vector<Operation> history{increment(1, "1"), increment(2, "NOSESSION")};
  const KvStore one = holding("1");
  const auto lost_at = [](std::int64_t s) {
    return std::map<std::string, Instant>{{"n4", Instant{seconds(s).ns}}};
  };
  EXPECT_EQ(check_exactly_once(history, &one, lost_at(2)), std::nullopt);
  EXPECT_TRUE(check_exactly_once(history, &one, lost_at(3)).has_value()) << "answered before";
  EXPECT_TRUE(check_exactly_once(history, &one, {{"n5", Instant{}}}).has_value()) << "another's";
}

}  // namespace
}  // namespace kv::sim
