#include "client_tally.h"

#include <gtest/gtest.h>

namespace kv {
namespace {

Instant at_ms(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

TEST(ClientTally, CountsAnswersByWhatTheyMean) {
  ClientTally tally;
  for (RequestId id = 1; id <= 5; ++id) tally.submitted(at_ms(0), id);
  tally.answered(at_ms(1), {1, Answer::ok()});
  tally.answered(at_ms(1), {2, Answer::nil()});
  tally.answered(at_ms(1), {3, Refusal{RefusalCode::kNotPrimary, 2, {}}});
  tally.answered(at_ms(1), {4, Refusal{RefusalCode::kUnknownOutcome, kNoNode, {}}});
  const ClientsServed served = tally.take();
  EXPECT_EQ(served.ok, 2U);
  EXPECT_EQ(served.refused, 1U);
  EXPECT_EQ(served.unknown, 1U);
}

TEST(ClientTally, MeasuresTheWaitFromRequestToAnswer) {
  ClientTally tally;
  const std::int64_t waits_ms[] = {30, 2, 500, 1, 3};
  RequestId id = 0;
  for (const std::int64_t wait : waits_ms) {
    tally.submitted(at_ms(10), ++id);
    tally.answered(at_ms(10 + wait), {id, Answer::ok()});
  }
  const ClientsServed served = tally.take();
  EXPECT_EQ(served.median_ns, milliseconds(3).ns);
  EXPECT_EQ(served.slowest_ns, milliseconds(500).ns);
}

TEST(ClientTally, BeginsAnewAfterEachLook) {
  ClientTally tally;
  tally.submitted(at_ms(0), 1);
  tally.submitted(at_ms(0), 2);
  tally.answered(at_ms(4), {1, Answer::ok()});
  EXPECT_EQ(tally.take().ok, 1U);
  tally.answered(at_ms(9), {2, Answer::ok()});
  const ClientsServed later = tally.take();
  EXPECT_EQ(later.ok, 1U);
  EXPECT_EQ(later.slowest_ns, milliseconds(9).ns);
  const ClientsServed idle = tally.take();
  EXPECT_EQ(idle.ok + idle.refused + idle.unknown, 0U);
  EXPECT_EQ(idle.median_ns, 0);
}

TEST(ClientTally, IgnoresAnswersWhoseRequestItDidNotSee) {
  ClientTally tally;
  tally.answered(at_ms(1), {1, Answer::ok()});
  EXPECT_EQ(tally.take().ok, 0U);
}

}  // namespace
}  // namespace kv
