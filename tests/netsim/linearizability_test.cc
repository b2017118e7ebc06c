#include "netsim/linearizability.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "core/rng.h"

namespace kv::sim {
namespace {

using Milliseconds = std::int64_t;
using History = std::vector<Operation>;

constexpr std::nullopt_t kNothing = std::nullopt;

Operation operation(std::uint32_t client, OperationKind kind, Milliseconds called,
                    Milliseconds returned) {
  Operation made;
  made.client = client;
  made.kind = kind;
  made.key = "k";
  made.called = Instant{} + milliseconds(called);
  made.returned = Instant{} + milliseconds(returned);
  made.ending = Ending::kOk;
  return made;
}

Operation set(std::uint32_t client, std::string value, Milliseconds called, Milliseconds returned) {
  Operation made = operation(client, OperationKind::kSet, called, returned);
  made.value = std::move(value);
  return made;
}

Operation erase(std::uint32_t client, Milliseconds called, Milliseconds returned) {
  return operation(client, OperationKind::kDelete, called, returned);
}

Operation get(std::uint32_t client, std::optional<std::string> found, Milliseconds called,
              Milliseconds returned) {
  Operation made = operation(client, OperationKind::kGet, called, returned);
  made.found = std::move(found);
  return made;
}

Operation ends(Ending ending, Operation made) {
  made.ending = ending;
  if (ending != Ending::kOk) made.found.reset();
  if (ending == Ending::kPending || ending == Ending::kUnknown) made.returned = Instant{};
  return made;
}

Operation unknown(Operation made) {
  return ends(Ending::kUnknown, std::move(made));
}

Operation on_key(std::string key, Operation made) {
  made.key = std::move(key);
  return made;
}

/// Numbers the operations from 1.
LinearizabilityResult check(History history) {
  std::uint64_t id = 0;
  for (Operation& made : history) made.id = ++id;
  return check_linearizability(history);
}

void expect_fine(History history) {
  const LinearizabilityResult result = check(std::move(history));
  EXPECT_EQ(result.violation.value_or("none"), "none");
  EXPECT_TRUE(result.undecided.empty());
}

void expect_violation(History history, const std::string& words) {
  EXPECT_EQ(check(std::move(history)).violation.value_or("none"), words);
}

TEST(Linearizability, OfNothingIsFine) {
  expect_fine({});
}

TEST(Linearizability, CountsTheOperations) {
  EXPECT_EQ(check({set(1, "a", 0, 1), unknown(get(2, "a", 0, 1)), get(2, "a", 2, 3)}).operations,
            3U);
}

TEST(Linearizability, HoldsForOneClientThatReadsItsOwnWrites) {
  expect_fine({get(1, kNothing, 0, 1), set(1, "a", 2, 3), get(1, "a", 4, 5), erase(1, 6, 7),
               get(1, kNothing, 8, 9), set(1, "b", 10, 11), get(1, "b", 12, 13)});
}

TEST(Linearizability, ForgivesNoStaleRead) {
  expect_violation(
      {set(1, "a", 0, 1), set(2, "b", 2, 310), get(3, "a", 402, 404), get(4, "b", 410, 411)},
      "Key 'k' is not linearizable: client 3's get (operation 3, called at 0.402 s, returned at "
      "0.404 s) found 'a', but client 2's set to 'b' (operation 2) had returned OK at 0.310 s, and "
      "nothing wrote 'a' again. It could only find 'b', as client 4's get (operation 4) did at "
      "0.411 s: the read is stale.");
}

TEST(Linearizability, CallsALostAcknowledgedWriteLost) {
  expect_violation(
      {set(1, "a", 0, 1), set(2, "b", 2, 3), get(3, "a", 4, 5)},
      "Key 'k' is not linearizable: client 3's get (operation 3, called at 0.004 s, returned at "
      "0.005 s) found 'a', but client 2's set to 'b' (operation 2) had returned OK at 0.003 s, and "
      "nothing wrote 'a' again. It could only find 'b': the acknowledged write of 'b' (operation "
      "2) is lost.");
}

TEST(Linearizability, CallsAWriteLostWhenTheKeyIsGone) {
  expect_violation(
      {erase(2, 0, 1), set(1, "a", 2, 3), get(3, kNothing, 4, 5)},
      "Key 'k' is not linearizable: client 3's get (operation 3, called at 0.004 s, returned at "
      "0.005 s) found nothing, but client 1's set to 'a' (operation 2) had returned OK at 0.003 s, "
      "and no delete came after it. It could only find 'a': the acknowledged write of 'a' "
      "(operation 2) is lost.");
}

TEST(Linearizability, CallsALostDeleteLost) {
  expect_violation(
      {set(1, "a", 0, 1), erase(2, 2, 3), get(3, "a", 4, 5)},
      "Key 'k' is not linearizable: client 3's get (operation 3, called at 0.004 s, returned at "
      "0.005 s) found 'a', but client 2's delete (operation 2) had returned OK at 0.003 s, and "
      "nothing wrote 'a' again. It could only find nothing: the acknowledged delete (operation 2) "
      "is lost.");
}

TEST(Linearizability, KnowsAValueThatNobodyWrote) {
  expect_violation(
      {set(1, "a", 0, 1), get(3, "z", 4, 5)},
      "Key 'k' is not linearizable: client 3's get (operation 2, called at 0.004 s, returned at "
      "0.005 s) found 'z', but nobody ever set this key to that value. It could only find 'a'.");
}

TEST(Linearizability, KnowsAValueThatBelongsToAnotherKey) {
  expect_violation(
      {on_key("j", set(1, "a", 0, 1)), get(3, "a", 4, 5)},
      "Key 'k' is not linearizable: client 3's get (operation 2, called at 0.004 s, returned at "
      "0.005 s) found 'a', but nobody ever set this key to that value: client 1's set to 'a' "
      "(operation 1) set key 'j'. It could only find nothing.");
}

TEST(Linearizability, KnowsAReadFromTheFuture) {
  expect_violation(
      {get(3, "a", 4, 5), set(1, "a", 6, 7)},
      "Key 'k' is not linearizable: client 3's get (operation 1, called at 0.004 s, returned at "
      "0.005 s) found 'a', but client 1's set to 'a' (operation 2) was called only at 0.006 s. It "
      "could only find nothing.");
}

TEST(Linearizability, LetsNoRefusedWriteBeFound) {
  expect_violation(
      {ends(Ending::kRefused, set(1, "a", 0, 1)), get(3, "a", 4, 5)},
      "Key 'k' is not linearizable: client 3's get (operation 2, called at 0.004 s, returned at "
      "0.005 s) found 'a', but client 1's set to 'a' (operation 1) was refused at 0.001 s, and a "
      "refused write takes no effect. It could only find nothing.");
  expect_fine({ends(Ending::kRefused, set(1, "a", 0, 1)), get(3, kNothing, 4, 5)});
}

TEST(Linearizability, LetsAnUnknownWriteBeFoundLate) {
  expect_fine(
      {unknown(set(1, "a", 0, 0)), set(2, "b", 1, 2), get(3, "b", 3, 4), get(3, "a", 900, 901)});
  expect_fine({unknown(set(1, "a", 0, 0)), get(3, kNothing, 900, 901)});
}

TEST(Linearizability, LetsNoUnknownWriteComeAndGo) {
  expect_violation(
      {unknown(set(1, "a", 0, 0)), set(2, "b", 1, 2), get(3, "a", 3, 4), get(4, "b", 5, 6),
       get(3, "a", 7, 8)},
      "Key 'k' is not linearizable: client 4's get (operation 4, called at 0.005 s, returned at "
      "0.006 s) found 'b', but client 3's get (operation 3) had found 'a' at 0.004 s when 'b' had "
      "been in place at 0.002 s, and nothing wrote 'b' again. It could only find 'a'.");
}

TEST(Linearizability, LetsPendingWritesTakeEffectOrNot) {
  const Operation pending = ends(Ending::kPending, set(1, "a", 0, 0));
  expect_fine({pending, get(2, "a", 5, 6)});
  expect_fine({pending, get(2, kNothing, 5, 6)});
  expect_fine({pending, get(2, kNothing, 5, 6), get(2, "a", 7, 8)});
  EXPECT_TRUE(check({pending, get(2, "a", 5, 6), get(2, kNothing, 7, 8)}).violation);
}

TEST(Linearizability, ReadsWithoutAnAnswerSayNothing) {
  expect_fine({set(1, "a", 0, 1), unknown(get(2, "z", 2, 3)),
               ends(Ending::kRefused, get(2, "z", 4, 5)), ends(Ending::kPending, get(3, "z", 4, 5)),
               get(2, "a", 6, 7)});
}

TEST(Linearizability, TakesAnUnknownDeleteForOneAbsenceOnly) {
  const History once = {set(1, "a", 0, 1),      unknown(erase(2, 2, 2)), get(3, "a", 3, 4),
                        get(3, kNothing, 5, 6), set(1, "b", 7, 8),       get(3, "b", 9, 10)};
  expect_fine(once);
  History twice = once;
  twice.push_back(get(3, kNothing, 11, 12));
  expect_violation(
      twice,
      "Key 'k' is not linearizable: client 3's get (operation 7, called at 0.011 s, returned at "
      "0.012 s) found nothing, but no order of the operations explains that. Called last before "
      "it: client 1's set to 'a' (operation 1), called at 0.000 s, returned OK at 0.001 s; client "
      "2's delete (operation 2), called at 0.002 s, not answered yet; client 3's get (operation "
      "3), called at 0.003 s, found 'a' at 0.004 s; client 3's get (operation 4), called at 0.005 "
      "s, found nothing at 0.006 s; client 1's set to 'b' (operation 5), called at 0.007 s, "
      "returned OK at 0.008 s; client 3's get (operation 6), called at 0.009 s, found 'b' at 0.010 "
      "s. It could only find 'b': the acknowledged write of 'b' (operation 5) is lost.");
  twice.push_back(unknown(erase(4, 0, 0)));
  expect_fine(twice);
}

TEST(Linearizability, LetsNoTwoReadersSeeTwoWritesInOppositeOrders) {
  const History writes = {set(1, "a", 0, 10), set(2, "b", 0, 10)};
  History history = writes;
  history.insert(history.end(), {get(3, "a", 1, 2), get(3, "b", 8, 9), get(4, "a", 3, 4)});
  expect_fine(history);
  history.push_back(get(4, "b", 5, 6));
  expect_fine(history);
  history.push_back(get(4, "a", 11, 12));
  EXPECT_TRUE(check(history).violation);
  history = writes;
  history.insert(history.end(), {get(3, "a", 11, 14), get(4, "b", 12, 13)});
  expect_violation(
      history,
      "Key 'k' is not linearizable: client 3's get (operation 3, called at 0.011 s, returned at "
      "0.014 s) found 'a', but 'a' had been in place by 0.010 s and 'b' by 0.010 s: if 'a' came "
      "first, it was gone before this get was called; if 'b' came first, it was gone before client "
      "4's get (operation 4), called at 0.012 s, found it. It could only find 'b'.");
}

TEST(Linearizability, ExplainsReadsThatOverlapWritesEitherWay) {
  for (const auto& found : {std::optional<std::string>("a"), std::optional<std::string>("b")}) {
    expect_fine({set(1, "a", 0, 1), set(2, "b", 2, 10), get(3, found, 3, 4)});
  }
  // Once somebody has found the new value, nobody finds the old one.
  EXPECT_TRUE(check({set(1, "a", 0, 1), set(2, "b", 2, 10), get(3, "b", 3, 4), get(4, "a", 5, 6)})
                  .violation);
  expect_fine({set(1, "a", 0, 1), set(2, "b", 2, 10), get(3, "b", 3, 5), get(4, "a", 4, 6)});
}

TEST(Linearizability, ExplainsThreeWritesInTheOrderOfTheReads) {
  // Herlihy and Wing's figures show registers like this one: every write overlaps all others.
  expect_fine({set(1, "a", 0, 20), set(2, "b", 0, 20), set(3, "c", 0, 20), get(4, "c", 2, 3),
               get(4, "a", 4, 5), get(4, "b", 21, 22)});
  EXPECT_TRUE(check({set(1, "a", 0, 20), set(2, "b", 0, 20), set(3, "c", 0, 20), get(4, "c", 2, 3),
                     get(4, "a", 4, 5), get(5, "c", 21, 22)})
                  .violation);
}

TEST(Linearizability, PlacesAWriteThatNobodyFoundWhereItIsInNobodysWay) {
  expect_fine({set(1, "a", 0, 1), set(2, "b", 2, 9), get(3, "a", 3, 4), get(3, "a", 7, 8)});
  expect_fine({set(1, "a", 2, 9), set(2, "b", 0, 3), get(3, "a", 4, 20)});
  EXPECT_TRUE(check({set(1, "a", 0, 1), set(2, "b", 3, 4), get(3, "a", 0, 2), get(3, "a", 5, 6)})
                  .violation);
}

TEST(Linearizability, TakesOperationsThatTouchForOverlapping) {
  expect_fine({set(1, "a", 0, 5), get(2, kNothing, 5, 6)});
  EXPECT_TRUE(check({set(1, "a", 0, 5), get(2, kNothing, 6, 6)}).violation);
}

TEST(Linearizability, DoesNotDependOnTheOrderOfTheHistory) {
  History history = {set(1, "a", 0, 1), set(2, "b", 2, 3), get(3, "b", 4, 5), get(3, "b", 6, 7)};
  std::reverse(history.begin(), history.end());
  expect_fine(history);
}

TEST(Linearizability, ReportsTheKeyThatBrokeFirst) {
  const LinearizabilityResult result =
      check({on_key("a", get(1, "x", 8, 9)), on_key("b", get(1, "x", 2, 3)), get(1, "x", 4, 5)});
  EXPECT_EQ(result.violation.value_or("none").rfind("Key 'b' is", 0), 0U);
}

TEST(Linearizability, BlamesTheRightOneOfTwoReadsThatReturnTogether) {
  const Operation fine = get(2, "a", 4, 5);
  const Operation wrong = get(3, kNothing, 4, 5);
  for (const History& reads : {History{fine, wrong}, History{wrong, fine}}) {
    History history = reads;
    history.push_back(set(1, "a", 0, 1));
    const std::string words = check(history).violation.value_or("none");
    EXPECT_NE(words.find("linearizable: client 3's get"), std::string::npos) << words;
  }
}

TEST(Linearizability, SaysWhenTheSimulatorReadItself) {
  expect_violation(
      {erase(1, 0, 1), get(0, "z", 2, 2)},
      "Key 'k' is not linearizable: the simulator's get (operation 2, called at 0.002 s, returned "
      "at 0.002 s) found 'z', but nobody ever set this key to that value. It could only find "
      "nothing.");
}

TEST(Linearizability, ShortensLongValuesAndShowsExactTimes) {
  Operation made = get(1, std::string(47, 'x') + "é" + std::string(1000, 'y'), 0, 1);
  made.returned = Instant{1'000'002'003'400};
  made.called = Instant{1'000'002'003'000};
  expect_violation(
      {made},
      "Key 'k' is not linearizable: client 1's get (operation 1, called at 1000.002003 s, returned "
      "at 1000.002003400 s) found '" +
          std::string(47, 'x') +
          "…' (1049 bytes), but nobody ever set this key to that value. It could only find "
          "nothing.");
}

TEST(Linearizability, SearchesWhenAValueWasSetTwice) {
  const History twice = {set(1, "a", 0, 1), set(2, "b", 2, 3), set(1, "a", 4, 5),
                         get(3, "a", 6, 7)};
  expect_fine(twice);
  EXPECT_TRUE(check({set(1, "a", 0, 1), set(2, "a", 2, 3), set(1, "b", 4, 5), get(3, "a", 6, 7)})
                  .violation);
}

TEST(Linearizability, IsUndecidedWhenTheSearchTakesTooLong) {
  const History history = {set(1, "a", 0, 9), set(2, "a", 0, 9), set(3, "b", 0, 9),
                           get(4, "b", 1, 2), get(4, "a", 3, 4), on_key("j", get(4, "z", 5, 6))};
  const LinearizabilityResult result = check_linearizability(history, 1);
  EXPECT_EQ(result.undecided, std::vector<std::string>{"k"});
  EXPECT_TRUE(result.violation) << "of the other key";
  EXPECT_TRUE(check_linearizability(history).undecided.empty());
}

}  // namespace
}  // namespace kv::sim
