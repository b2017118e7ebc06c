// Random histories: short ones against a check that tries every order, long ones that are right by
// construction.
#include <algorithm>
#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "core/rng.h"
#include "netsim/linearizability.h"

namespace kv::sim {
namespace {

using History = std::vector<Operation>;
using Value = std::optional<std::string>;

bool counts(const Operation& operation) {
  const bool write = operation.kind != OperationKind::kGet;
  return operation.ending != Ending::kRefused && (write || operation.ending == Ending::kOk);
}

/// Tries every order. `done` has a bit for each operation that took effect.
bool some_order_explains(const History& history, std::uint32_t done, const Value& held) {
  bool complete = true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& next = history[i];
    if ((done >> i & 1U) != 0 || !counts(next)) continue;
    if (next.ending == Ending::kOk) complete = false;
    bool is_next = next.kind != OperationKind::kGet || next.found == held;
    for (std::size_t j = 0; j < history.size(); ++j) {
      const Operation& other = history[j];
      if ((done >> j & 1U) != 0 || other.ending != Ending::kOk) continue;
      if (other.returned < next.called) is_next = false;
    }
    if (!is_next) continue;
    Value after = held;
    if (next.kind == OperationKind::kSet) after = next.value;
    if (next.kind == OperationKind::kDelete) after.reset();
    if (some_order_explains(history, done | 1U << i, after)) return true;
  }
  return complete;
}

/// What was known at `until`; a read that returned later is no operation yet.
History prefix(const History& history, Instant until, bool with_returns_at_until) {
  History known;
  for (Operation operation : history) {
    if (operation.called > until) continue;
    const bool later =
        operation.returned > until || (operation.returned == until && !with_returns_at_until);
    if (operation.ending == Ending::kOk && later) operation.ending = Ending::kPending;
    known.push_back(operation);
  }
  return known;
}

Ending random_ending(Rng& rng) {
  const std::uint64_t draw = rng.below(20);
  if (draw < 14) return Ending::kOk;
  if (draw < 17) return Ending::kUnknown;
  return draw < 18 ? Ending::kPending : Ending::kRefused;
}

enum class Values { kUnique, kRepeated };

/// Up to seven operations on one key, close together, with findings out of the air.
History random_history(Rng& rng, Values values) {
  History history(2 + rng.below(6));
  std::vector<std::string> written = {"z"};
  std::int64_t called = 0;
  const std::uint64_t pace = 1 + rng.below(5);
  const std::uint64_t length = 1 + rng.below(12);
  for (Operation& operation : history) {
    operation.id = static_cast<std::uint64_t>(&operation - history.data()) + 1;
    operation.client = static_cast<std::uint32_t>(rng.below(5));
    operation.key = "k";
    operation.kind = static_cast<OperationKind>(rng.below(3));
    called += static_cast<std::int64_t>(rng.below(pace));
    operation.called = Instant{called};
    operation.returned = Instant{called + static_cast<std::int64_t>(rng.below(length))};
    operation.ending = random_ending(rng);
    if (operation.kind != OperationKind::kSet) continue;
    operation.value = values == Values::kUnique ? "v" + std::to_string(operation.id)
                                                : std::string(1, rng.below(2) == 0 ? 'a' : 'b');
    written.push_back(operation.value);
  }
  for (Operation& operation : history) {
    if (operation.kind != OperationKind::kGet || operation.ending != Ending::kOk) continue;
    if (rng.below(3) > 0) operation.found = written[(1 + rng.below(8)) % written.size()];
  }
  std::rotate(history.begin(),
              history.begin() + static_cast<std::ptrdiff_t>(rng.below(history.size())),
              history.end());
  return history;
}

struct Tally {
  int right{0};
  int wrong{0};
};

Tally compare_with_every_order(std::uint64_t seed, Values values, int rounds) {
  Rng rng(seed);
  Tally tally;
  for (int round = 0; round < rounds; ++round) {
    const History history = random_history(rng, values);
    const LinearizabilityResult result = check_linearizability(history);
    const bool right = some_order_explains(history, 0, std::nullopt);
    ++(right ? tally.right : tally.wrong);
    EXPECT_TRUE(result.undecided.empty());
    EXPECT_EQ(!result.violation, right)
        << "round " << round << ": " << result.violation.value_or("");
    if (testing::Test::HasFailure()) break;
  }
  return tally;
}

TEST(LinearizabilityOfRandomHistories, AgreesWithEveryOrder) {
  const Tally tally = compare_with_every_order(1, Values::kUnique, 20'000);
  EXPECT_GT(tally.right, 4'000);
  EXPECT_GT(tally.wrong, 4'000);
}

TEST(LinearizabilityOfRandomHistories, AgreesWithEveryOrderWhenValuesRepeat) {
  const Tally tally = compare_with_every_order(2, Values::kRepeated, 20'000);
  EXPECT_GT(tally.right, 4'000);
  EXPECT_GT(tally.wrong, 4'000);
}

TEST(LinearizabilityOfRandomHistories, NamesTheFirstReadThatNothingExplains) {
  Rng rng(3);
  int violations = 0;
  for (int round = 0; round < 10'000; ++round) {
    const History history = random_history(rng, Values::kUnique);
    const auto violation = check_linearizability(history).violation;
    if (!violation) continue;
    ++violations;
    const auto named = std::find_if(history.begin(), history.end(), [&](const Operation& get) {
      return violation->find("get (operation " + std::to_string(get.id) + ", called") !=
             std::string::npos;
    });
    ASSERT_NE(named, history.end()) << *violation;
    EXPECT_FALSE(some_order_explains(prefix(history, named->returned, true), 0, std::nullopt));
    EXPECT_TRUE(some_order_explains(prefix(history, named->returned, false), 0, std::nullopt));
  }
  EXPECT_GT(violations, 2'000);
}

struct Crowd {
  std::uint32_t clients{0};
  std::uint64_t keys{0};
  std::uint64_t operations{0};
  std::uint64_t unknown_percent{0};
};

/// Each client calls one operation after the other on registers that are atomic: what it asks takes
/// effect between call and return, or, if its outcome is unknown, at any time after the call or
/// never.
History simulated_history(Rng& rng, const Crowd& crowd) {
  struct Effect {
    Instant at{};
    std::size_t operation{0};
  };
  History history;
  std::vector<Effect> effects;
  std::vector<Instant> idle(crowd.clients);
  const auto draw = [&rng](std::int64_t longest) { return rng.between({1}, {longest}); };
  while (history.size() < crowd.operations) {
    const auto client = std::min_element(idle.begin(), idle.end());
    Operation operation;
    operation.id = history.size() + 1;
    operation.client = static_cast<std::uint32_t>(client - idle.begin()) + 1;
    operation.key = "k" + std::to_string(rng.below(crowd.keys));
    operation.kind = static_cast<OperationKind>(rng.below(3));
    if (operation.kind == OperationKind::kSet) operation.value = "v" + std::to_string(operation.id);
    operation.called = *client + draw(1'000);
    Instant at = operation.called + draw(1'000);
    operation.returned = at + draw(1'000);
    *client = operation.returned;
    operation.ending = Ending::kOk;
    if (rng.below(100) < crowd.unknown_percent) {
      operation.ending = Ending::kUnknown;
      at = at + draw(rng.below(2) == 0 ? 1'000 : 1'000'000);
    } else if (rng.below(20) == 0) {
      operation.ending = Ending::kRefused;
    }
    if (operation.ending != Ending::kUnknown || rng.below(3) > 0) {
      effects.push_back({at, history.size()});
    }
    history.push_back(operation);
  }
  std::sort(effects.begin(), effects.end(), [](const Effect& a, const Effect& b) {
    return a.at != b.at ? a.at < b.at : a.operation < b.operation;
  });
  std::map<std::string, Value> held;
  for (const Effect& effect : effects) {
    Operation& operation = history[effect.operation];
    if (!counts(operation)) continue;
    if (operation.kind == OperationKind::kSet) held[operation.key] = operation.value;
    if (operation.kind == OperationKind::kDelete) held[operation.key].reset();
    if (operation.kind == OperationKind::kGet) operation.found = held[operation.key];
  }
  return history;
}

TEST(LinearizabilityOfRandomHistories, AcceptsWhatAtomicRegistersDid) {
  Rng rng(4);
  for (int round = 0; round < 200; ++round) {
    const Crowd crowd{static_cast<std::uint32_t>(1 + rng.below(50)), 1 + rng.below(20), 400,
                      rng.below(60)};
    const LinearizabilityResult result = check_linearizability(simulated_history(rng, crowd));
    ASSERT_EQ(result.violation.value_or("none"), "none") << "round " << round;
    ASSERT_TRUE(result.undecided.empty());
  }
}

/// Two sets of one value, after everything else, which only the search can handle.
History with_a_repeated_value(History history) {
  for (std::int64_t i = 0; i < 3; ++i) {
    Operation operation;
    operation.id = history.size() + 1;
    operation.client = 1'000;
    operation.kind = i < 2 ? OperationKind::kSet : OperationKind::kGet;
    operation.key = "k0";
    (i < 2 ? operation.value : operation.found.emplace()) = "again";
    operation.called = Instant{} + seconds(1'000 + 2 * i);
    operation.returned = operation.called + seconds(1);
    operation.ending = Ending::kOk;
    history.push_back(std::move(operation));
  }
  return history;
}

/// Two reads tell what the other found.
void swap_findings(Rng& rng, History& history) {
  Operation& one = history[rng.below(history.size())];
  Operation& other = history[rng.below(history.size())];
  const auto answered = [](const Operation& operation) {
    return operation.kind == OperationKind::kGet && operation.ending == Ending::kOk;
  };
  if (answered(one) && answered(other)) std::swap(one.found, other.found);
}

TEST(LinearizabilityOfRandomHistories, SearchAndSweepAgreeOnLongerOnes) {
  Rng rng(5);
  Tally tally;
  for (int round = 0; round < 1'000; ++round) {
    const Crowd crowd{static_cast<std::uint32_t>(2 + rng.below(9)), 1, 20 + rng.below(60),
                      rng.below(40)};
    History history = simulated_history(rng, crowd);
    for (int change = 0; change < 10; ++change) swap_findings(rng, history);
    const bool right = !check_linearizability(history).violation;
    const LinearizabilityResult searched = check_linearizability(with_a_repeated_value(history));
    ++(right ? tally.right : tally.wrong);
    ASSERT_TRUE(searched.undecided.empty()) << "round " << round;
    ASSERT_EQ(!searched.violation, right) << "round " << round;
  }
  EXPECT_GT(tally.right, 200);
  EXPECT_GT(tally.wrong, 100);
}

TEST(LinearizabilityOfRandomHistories, SearchTakesFewStepsWhenMostValuesAreUnique) {
  Rng rng(7);
  for (int round = 0; round < 20; ++round) {
    const History history = simulated_history(rng, {50, 1, 400, 3});
    const LinearizabilityResult result =
        check_linearizability(with_a_repeated_value(history), 1'500);
    ASSERT_TRUE(result.undecided.empty());
    ASSERT_EQ(result.violation.value_or("none"), "none");
  }
}

TEST(LinearizabilityOfRandomHistories, DecidesKeysWithHundredsOfUnknownWrites) {
  Rng rng(6);
  const Crowd crowd{50, 1, 5'000, 60};
  History history = simulated_history(rng, crowd);
  const LinearizabilityResult result = check_linearizability(history, 0);
  EXPECT_EQ(result.violation.value_or("none"), "none");
  EXPECT_TRUE(result.undecided.empty());
  const auto last_set = std::find_if(history.rbegin(), history.rend(), [](const Operation& other) {
    return other.kind == OperationKind::kSet && other.ending == Ending::kOk;
  });
  const auto first_get = std::find_if(history.begin(), history.end(), [](const Operation& other) {
    return other.kind == OperationKind::kGet && other.ending == Ending::kOk;
  });
  first_get->found = last_set->value;
  EXPECT_TRUE(check_linearizability(history, 0).violation);
}

}  // namespace
}  // namespace kv::sim
