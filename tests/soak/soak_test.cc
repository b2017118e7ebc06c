// A short soak in every test run, and proof that a soak finds what is wrong.
#include "soak/soak.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "soak/soak_history.h"
#include "soak/soak_network.h"

namespace kv::soak {
namespace {

Instant at(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

sim::Operation set(const std::string& value, std::int64_t called, std::int64_t returned) {
  sim::Operation operation;
  operation.client = 1;
  operation.kind = OperationKind::kSet;
  operation.key = "k";
  operation.value = value;
  operation.called = at(called);
  operation.returned = at(returned);
  operation.ending = Ending::kOk;
  return operation;
}

sim::Operation get(const std::string& found, std::int64_t called, std::int64_t returned) {
  sim::Operation operation = set("", called, returned);
  operation.client = 2;
  operation.kind = OperationKind::kGet;
  operation.found = found;
  return operation;
}

Increment increment(std::int64_t result, std::int64_t called, std::int64_t returned) {
  return {1, "n", result, at(called), at(returned), Ending::kOk};
}

Increment unknown(std::int64_t called) {
  return {2, "n", 0, at(called), {}, Ending::kUnknown};
}

TEST(SoakHistory, ALostWriteIsFound) {
  History history;
  history.operations = {set("a", 0, 1), set("b", 2, 3), get("b", 4, 5)};
  EXPECT_FALSE(check_registers(history));
  history.operations.push_back(get("a", 6, 7));
  const auto wrong = check_registers(history);
  ASSERT_TRUE(wrong);
  EXPECT_NE(wrong->find("k"), std::string::npos) << *wrong;
}

TEST(SoakHistory, ATornTextIsAValueThatNobodyWrote) {
  const std::string text = text_of("c1-7");
  EXPECT_GT(text.size(), 1000U);
  EXPECT_EQ(name_in(text), "c1-7");
  EXPECT_EQ(name_in("c1-8"), "c1-8");
  const std::string torn = text.substr(0, text.size() - 1);
  EXPECT_EQ(name_in(torn), torn);
}

TEST(SoakHistory, ACounterIsExactWhenAllOutcomesAreKnown) {
  const std::vector<Increment> three{increment(1, 0, 5), increment(3, 2, 6), increment(2, 1, 8)};
  EXPECT_FALSE(check_counter(three, 3));
  EXPECT_TRUE(check_counter(three, 2)) << "one was lost";
  EXPECT_TRUE(check_counter(three, 4)) << "one counted twice";
}

TEST(SoakHistory, AnUnknownIncrementMayHaveCountedOnceOrNever) {
  const std::vector<Increment> increments{increment(1, 0, 5), unknown(1)};
  EXPECT_FALSE(check_counter(increments, 1));
  EXPECT_FALSE(check_counter(increments, 2));
  EXPECT_TRUE(check_counter(increments, 3));
  EXPECT_TRUE(check_counter(increments, 0));
}

TEST(SoakHistory, ResultsOfACounterMustFitTheirTimes) {
  EXPECT_TRUE(check_counter({increment(1, 0, 1), increment(1, 2, 3)}, 2)) << "the same result";
  EXPECT_TRUE(check_counter({increment(2, 0, 1), increment(1, 2, 3)}, 2)) << "the wrong order";
  EXPECT_TRUE(check_counter({increment(2, 0, 1), unknown(2)}, 2)) << "from the future";
  EXPECT_FALSE(check_counter({increment(2, 0, 3), unknown(2)}, 2));
}

TEST(SoakHistory, TheLongestSilenceIsBetweenAcknowledgedWrites) {
  History history;
  history.operations = {set("a", 0, 10), get("a", 20, 30), set("b", 30, 40)};
  history.increments = {increment(1, 50, 60)};
  EXPECT_EQ(longest_silence(history, at(0), at(65)), milliseconds(30));
  EXPECT_EQ(longest_silence(history, at(0), at(100)), milliseconds(40));
}

Options soak_of(Duration length) {
  Options options;
  options.program = KVNODE_PATH;
  options.seed = 4;
  options.length = options.round = length;
  return options;
}

TEST(Soak, NothingIsLostAndAllIsLinearizableUnderKillsAndStops) {
  const Summary summary = run(soak_of(seconds(5)));
  EXPECT_FALSE(summary.failure) << to_text(summary);
  EXPECT_GT(summary.ok, 100U);
  EXPECT_FALSE(summary.faults.empty());
}

TEST(Soak, ReadsByLeaseAreNeverStale) {
  Options options = soak_of(seconds(3));
  options.reads = "lease";
  const Summary summary = run(options);
  EXPECT_FALSE(summary.failure) << to_text(summary);
  EXPECT_GT(summary.ok, 10U);
  EXPECT_FALSE(summary.faults.empty());
}

TEST(Soak, NothingIsLostWhenLinksAreCut) {
  Options options = soak_of(seconds(3));
  options.partitions = true;
  Summary summary;
  std::optional<std::string> no_network;
  // A network is its thread's.
  std::thread([&] {
    if (const auto network = SoakNetwork::make(1); !network) no_network = network.error().message;
    if (!no_network) summary = run(options);
  }).join();
  if (no_network) GTEST_SKIP() << *no_network << "; here, in a second thread, only root can";
  EXPECT_FALSE(summary.failure) << to_text(summary);
  EXPECT_GT(summary.ok, 100U);
}

bool lost_a_disk(const Summary& summary) {
  return std::any_of(summary.faults.begin(), summary.faults.end(),
                     [](const auto& fault) { return fault.name == "disk lost"; });
}

TEST(Soak, APrimaryThatLosesItsDiskTakesNothingAcknowledgedWithIt) {
  Options options = soak_of(milliseconds(1200));
  options.lose_disk = true;
  const Summary summary = run(options);
  EXPECT_FALSE(summary.failure) << to_text(summary);
  EXPECT_TRUE(lost_a_disk(summary)) << to_text(summary);
}

TEST(Soak, WritesThatOnlyThePrimaryHadAreFoundToBeLost) {
  Options options = soak_of(milliseconds(1200));
  options.lose_disk = true;
  options.ack = "primary";
  const Summary summary = run(options);
  ASSERT_TRUE(summary.failure) << to_text(summary);
  EXPECT_TRUE(lost_a_disk(summary)) << to_text(summary);
  EXPECT_NE(summary.failure->find("is not linearizable"), std::string::npos) << *summary.failure;
  EXPECT_TRUE(std::ifstream(summary.folder + "/history.jsonl").good()) << *summary.failure;
  EXPECT_TRUE(std::ifstream(summary.folder + "/node1.log").good());
  std::filesystem::remove_all(summary.folder);
}

}  // namespace
}  // namespace kv::soak
