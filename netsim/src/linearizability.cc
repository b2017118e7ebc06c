#include "netsim/linearizability.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "core/hash.h"
#include "register_check.h"
#include "violation_words.h"

namespace kv::sim {
namespace {

struct Text {
  std::uint64_t hash{0};
  std::string_view text{};
  std::size_t access{0};
};

/// Numbers the values from kAbsentValue + 1. Sorted by hash first: comparing texts is slow.
void number_values(std::vector<Text>& texts, std::vector<Access>& accesses) {
  std::sort(texts.begin(), texts.end(), [](const Text& a, const Text& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.text < b.text;
  });
  std::uint32_t value = kAbsentValue;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i == 0 || texts[i].text != texts[i - 1].text) ++value;
    accesses[texts[i].access].value = value;
  }
}

/// Of one key; without what says nothing: refused operations and reads that got no answer.
std::vector<Access> accesses_of(const std::vector<Operation>& history,
                                const std::vector<std::uint32_t>& operations) {
  std::vector<Access> accesses;
  std::vector<Text> texts;
  accesses.reserve(operations.size());
  texts.reserve(operations.size());
  for (const std::uint32_t index : operations) {
    const Operation& operation = history[index];
    const bool answered = operation.ending == Ending::kOk;
    const bool write = operation.kind != OperationKind::kGet;
    CHECK(operation.kind != OperationKind::kIncrement);
    if (operation.ending == Ending::kRefused || (!write && !answered)) continue;
    CHECK(!answered || operation.called <= operation.returned);
    Access access;
    access.called = 2 * operation.called.ns;
    if (answered) access.returned = 2 * operation.returned.ns + 1;
    access.write = write;
    access.operation = index;
    if (operation.kind == OperationKind::kSet) {
      texts.push_back({hash64(operation.value), operation.value, accesses.size()});
    } else if (!write && operation.found) {
      texts.push_back({hash64(*operation.found), *operation.found, accesses.size()});
    }
    accesses.push_back(access);
  }
  number_values(texts, accesses);
  return accesses;
}

/// What is known when `until` has come: later answers are not, and later calls were not made.
std::vector<Access> prefix_of(const std::vector<Access>& accesses, Moment until) {
  std::vector<Access> prefix;
  for (Access access : accesses) {
    if (access.called > until || (!access.write && access.returned > until)) continue;
    if (access.returned > until) access.returned = kNever;
    prefix.push_back(access);
  }
  return prefix;
}

Moment last_read_of(const std::vector<Access>& accesses) {
  Moment last = -kNever;
  for (const Access& access : accesses) {
    if (!access.write) last = std::max(last, access.returned);
  }
  return last;
}

/// The accesses up to the first return that nothing explains. It is a read's: a write that returns
/// can take effect at that moment.
std::vector<Access> smallest_violation(const std::vector<Access>& accesses,
                                       std::uint64_t max_steps) {
  const auto is_violation = [max_steps](const std::vector<Access>& some) {
    return check_register(some, max_steps) == Verdict::kNotLinearizable;
  };
  std::vector<Moment> returns;
  for (const Access& access : accesses) {
    if (!access.write) returns.push_back(access.returned);
  }
  std::sort(returns.begin(), returns.end());
  CHECK(!returns.empty());
  const Moment last = *std::partition_point(returns.begin(), returns.end() - 1, [&](Moment until) {
    return !is_violation(prefix_of(accesses, until));
  });
  std::vector<Access> smallest = prefix_of(accesses, last);
  // Of the reads that return together only what it takes.
  for (std::size_t i = smallest.size(); i-- > 0;) {
    if (smallest[i].write || smallest[i].returned != last) continue;
    std::vector<Access> without = smallest;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_violation(without)) smallest = std::move(without);
  }
  return smallest;
}

}  // namespace

LinearizabilityResult check_linearizability(const std::vector<Operation>& history,
                                            std::uint64_t max_steps) {
  LinearizabilityResult result;
  result.operations = history.size();
  std::map<std::string_view, std::vector<std::uint32_t>> operations_of;
  for (std::size_t i = 0; i < history.size(); ++i) {
    operations_of[history[i].key].push_back(static_cast<std::uint32_t>(i));
  }
  std::vector<Access> first;
  Moment first_at = kNever;
  for (const auto& [key, operations] : operations_of) {
    const std::vector<Access> accesses = accesses_of(history, operations);
    const Verdict verdict = check_register(accesses, max_steps);
    if (verdict == Verdict::kUndecided) result.undecided.emplace_back(key);
    if (verdict != Verdict::kNotLinearizable) continue;
    std::vector<Access> violation = smallest_violation(accesses, max_steps);
    const Moment at = last_read_of(violation);
    if (at >= first_at) continue;
    first = std::move(violation);
    first_at = at;
  }
  if (first_at != kNever) result.violation = explain_violation(history, first, max_steps);
  return result;
}

}  // namespace kv::sim
