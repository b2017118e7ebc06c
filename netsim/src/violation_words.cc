#include "violation_words.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "core/check.h"

namespace kv::sim {
namespace {

/// Searching for what a read could have found is worth less time than the verdict.
constexpr std::uint64_t kMaxStepsPerFinding = 100'000;
constexpr std::size_t kMaxFindingsTried = 32;
constexpr std::size_t kMaxFindingsTold = 4;
constexpr std::size_t kMaxAccessesTold = 6;

/// Of a long text its beginning, at a character's end, and its size.
std::string quote(std::string_view text) {
  constexpr std::size_t kMaxBytes = 48;
  if (text.size() <= kMaxBytes) return "'" + std::string(text) + "'";
  std::size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return "'" + std::string(text.substr(0, end)) + "…' (" + std::to_string(text.size()) + " bytes)";
}

/// Exact, with at least three decimals: "12.402 s", "12.402131 s".
std::string time_text(Instant at) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const bool negative = at.ns < 0;
  std::string fraction =
      std::to_string(kSecond + (negative ? -(at.ns % kSecond) : at.ns % kSecond));
  fraction.erase(0, 1);
  while (fraction.size() > 3 && fraction.ends_with("000")) fraction.resize(fraction.size() - 3);
  const std::int64_t whole = at.ns / kSecond;
  return (negative && whole == 0 ? "-" : "") + std::to_string(whole) + "." + fraction + " s";
}

/// "client 2's".
std::string whose(const Operation& operation) {
  if (operation.client == 0) return "the simulator's";
  return "client " + std::to_string(operation.client) + "'s";
}

bool is_expiry(const Operation& operation) {
  return operation.client == 0 && operation.kind == OperationKind::kDelete;
}

/// "client 2's set to 'c1-9' (operation 12)".
std::string name_of(const Operation& operation) {
  if (is_expiry(operation)) return "the key's expiry by the log's clock";
  std::string name = whose(operation) + " ";
  switch (operation.kind) {
    case OperationKind::kSet:
      name += "set to " + quote(operation.value);
      break;
    case OperationKind::kGet:
      name += "get";
      break;
    case OperationKind::kDelete:
      name += "delete";
      break;
    case OperationKind::kIncrement:
      name += "increment";
      break;
  }
  return name + " (operation " + std::to_string(operation.id) + ")";
}

std::string found_text(const Operation& get) {
  return get.found ? quote(*get.found) : "nothing";
}

/// "client 2's get (operation 12) had found 'c1-9' at 12.310 s", the same for an acknowledged
/// write.
std::string evidence_text(const Operation& operation) {
  if (is_expiry(operation))
    return "the key had expired by the log's clock at " + time_text(operation.returned);
  const bool read = operation.kind == OperationKind::kGet;
  return name_of(operation) + " had " + (read ? "found " + found_text(operation) : "returned OK") +
         " at " + time_text(operation.returned);
}

class Explanation {
 public:
  Explanation(const std::vector<Operation>& history, const std::vector<Access>& accesses,
              std::uint64_t max_steps)
      : history_(history), accesses_(accesses), max_steps_(max_steps) {
    CHECK(!accesses.empty());
    const auto returns_earlier = [](const Access& a, const Access& b) {
      return a.write != b.write ? a.write : a.returned < b.returned;
    };
    read_ = *std::max_element(accesses.begin(), accesses.end(), returns_earlier);
  }

  std::string words() const {
    const Operation& get = operation_of(read_);
    std::string begin = "Key " + quote(get.key) + " is not linearizable: " + whose(get);
    begin += " get (operation " + std::to_string(get.id) + ", called at " + time_text(get.called);
    begin += ", returned at " + time_text(get.returned) + ") found " + found_text(get) + ", but ";
    if (const auto reason = no_source()) return begin + *reason + what_it_could_find(false);
    if (const auto reason = overwritten()) return begin + *reason + what_it_could_find(true);
    if (const auto reason = two_in_place()) return begin + *reason + what_it_could_find(false);
    if (const auto reason = never_deleted()) return begin + *reason + what_it_could_find(true);
    return begin + no_order() + what_it_could_find(true);
  }

 private:
  const Operation& operation_of(const Access& access) const { return history_[access.operation]; }
  bool is_the_read(const Access& access) const { return access.operation == read_.operation; }

  std::string value_text(std::uint32_t value) const {
    if (value == kAbsentValue) return "nothing";
    const auto has_value = [&](const Access& access) { return access.value == value; };
    const Operation& operation =
        operation_of(*std::find_if(accesses_.begin(), accesses_.end(), has_value));
    return quote(operation.kind == OperationKind::kSet ? operation.value : *operation.found);
  }

  /// The value can't have come from anywhere.
  std::optional<std::string> no_source() const {
    const Operation& get = operation_of(read_);
    if (!get.found) return std::nullopt;
    const Operation* refused = nullptr;
    const Operation* late = nullptr;
    const Operation* elsewhere = nullptr;
    for (const Operation& operation : history_) {
      if (operation.kind != OperationKind::kSet || operation.value != *get.found) continue;
      if (operation.key != get.key) {
        elsewhere = &operation;
      } else if (operation.called > get.returned) {
        late = &operation;
      } else if (operation.ending == Ending::kRefused) {
        refused = &operation;
      } else {
        return std::nullopt;
      }
    }
    if (refused != nullptr) {
      return name_of(*refused) + " was refused at " + time_text(refused->returned) +
             ", and a refused write takes no effect.";
    }
    if (late != nullptr) {
      return name_of(*late) + " was called only at " + time_text(late->called) + ".";
    }
    if (elsewhere != nullptr) {
      return "nobody ever set this key to that value: " + name_of(*elsewhere) + " set key " +
             quote(elsewhere->key) + ".";
    }
    return "nobody ever set this key to that value.";
  }

  /// The only write of `value`; nothing if there are more, or none.
  const Access* only_write(std::uint32_t value) const {
    const Access* only = nullptr;
    for (const Access& access : accesses_) {
      if (!access.write || access.value != value) continue;
      if (only != nullptr) return nullptr;
      only = &access;
    }
    return only;
  }

  /// The first answer which shows that `value` was in place, apart from the read in question.
  const Access* first_evidence(std::uint32_t value) const {
    const Access* first = nullptr;
    for (const Access& access : accesses_) {
      if (access.value != value || access.returned == kNever || is_the_read(access)) continue;
      if (first == nullptr || access.returned < first->returned) first = &access;
    }
    return first;
  }

  /// First evidence of the value found, if its only write took effect before the read was called.
  const Access* earlier_evidence() const {
    if (read_.value == kAbsentValue || only_write(read_.value) == nullptr) return nullptr;
    const Access* first = first_evidence(read_.value);
    return first != nullptr && first->returned < read_.called ? first : nullptr;
  }

  /// An acknowledged write or another read shows that the value was replaced before the read.
  std::optional<std::string> overwritten() const {
    const Access* first = earlier_evidence();
    if (first == nullptr) return std::nullopt;
    const Access* last = nullptr;
    for (const Access& access : accesses_) {
      if (access.value == read_.value || access.returned >= read_.called) continue;
      const Access* write = access.value == kAbsentValue ? nullptr : only_write(access.value);
      const bool later =
          access.called > first->returned || (write != nullptr && write->called > first->returned);
      if (!later) continue;
      if (last == nullptr || access.write > last->write ||
          (access.write == last->write && access.returned > last->returned)) {
        last = &access;
      }
    }
    if (last == nullptr) return std::nullopt;
    std::string words = evidence_text(operation_of(*last));
    if (!last->write) {
      words += " when " + value_text(read_.value) + " had been in place at " +
               time_text(operation_of(*first).returned);
    }
    return words + ", and nothing wrote " + value_text(read_.value) + " again.";
  }

  /// Two values were in place, whichever came first, and both were still found.
  std::optional<std::string> two_in_place() const {
    const Access* first = earlier_evidence();
    if (first == nullptr) return std::nullopt;
    for (const Access& other : accesses_) {
      if (other.write || other.value == kAbsentValue || other.value == read_.value) continue;
      if (other.called < first->returned || only_write(other.value) == nullptr) continue;
      const Access* other_first = first_evidence(other.value);
      if (other_first->returned >= std::min(read_.called, other.called)) continue;
      const std::string mine = value_text(read_.value);
      const std::string theirs = value_text(other.value);
      const Operation& get = operation_of(other);
      std::string words = mine + " had been in place by ";
      words += time_text(operation_of(*first).returned) + " and " + theirs + " by ";
      words += time_text(operation_of(*other_first).returned) + ": if " + mine;
      words += " came first, it was gone before this get was called; if " + theirs;
      words += " came first, it was gone before " + name_of(get) + ", called at ";
      return words + time_text(get.called) + ", found it.";
    }
    return std::nullopt;
  }

  /// A value was in place, and no delete can have come after it.
  std::optional<std::string> never_deleted() const {
    if (read_.value != kAbsentValue) return std::nullopt;
    const Access* last = nullptr;
    for (const Access& access : accesses_) {
      if (access.value == kAbsentValue || access.returned >= read_.called) continue;
      if (last == nullptr || access.called > last->called) last = &access;
    }
    if (last == nullptr) return std::nullopt;
    const auto is_later_delete = [&](const Access& access) {
      return access.write && access.value == kAbsentValue && access.returned > last->called;
    };
    if (std::any_of(accesses_.begin(), accesses_.end(), is_later_delete)) return std::nullopt;
    return evidence_text(operation_of(*last)) + ", and no delete came after it.";
  }

  std::string no_order() const {
    std::vector<Access> before;
    for (const Access& access : accesses_) {
      if (!is_the_read(access)) before.push_back(access);
    }
    std::sort(before.begin(), before.end(), [](const Access& a, const Access& b) {
      return a.called != b.called ? a.called < b.called : a.operation < b.operation;
    });
    std::string words = "no order of the operations explains that. Called last before it:";
    for (std::size_t i = before.size() - std::min(before.size(), kMaxAccessesTold);
         i < before.size(); ++i) {
      const Operation& operation = operation_of(before[i]);
      words += " " + name_of(operation) + ", called at " + time_text(operation.called);
      if (before[i].returned == kNever) {
        words += ", not answered yet";
      } else {
        words += before[i].write ? ", returned OK" : ", found " + found_text(operation);
        words += " at " + time_text(operation.returned);
      }
      words += i + 1 < before.size() ? ";" : ".";
    }
    return words;
  }

  struct Findings {
    std::vector<std::uint32_t> values{};
    bool complete{true};
  };

  /// Values that may be in place when the read is called, the likeliest first.
  std::vector<std::uint32_t> candidates() const {
    Moment last_call = -kNever;  // of a write that returned before the read was called
    for (const Access& access : accesses_) {
      if (access.write && access.returned < read_.called) {
        last_call = std::max(last_call, access.called);
      }
    }
    std::vector<Access> writes;
    for (const Access& access : accesses_) {
      if (access.write && access.returned >= last_call) writes.push_back(access);
    }
    std::sort(writes.begin(), writes.end(), [](const Access& a, const Access& b) {
      if ((a.returned == kNever) != (b.returned == kNever)) return b.returned == kNever;
      return a.called != b.called ? a.called > b.called : a.operation < b.operation;
    });
    if (last_call == -kNever) writes.insert(writes.begin(), Access{});  // still the first value
    std::vector<std::uint32_t> values;
    for (const Access& write : writes) {
      const bool known = std::find(values.begin(), values.end(), write.value) != values.end();
      if (!known && write.value != read_.value) values.push_back(write.value);
    }
    return values;
  }

  Findings possible_findings() const {
    Findings findings;
    std::vector<Access> accesses = accesses_;
    const auto read = std::find_if(accesses.begin(), accesses.end(),
                                   [this](const Access& access) { return is_the_read(access); });
    std::size_t tried = 0;
    for (const std::uint32_t value : candidates()) {
      findings.complete = tried < kMaxFindingsTried && findings.values.size() < kMaxFindingsTold;
      if (!findings.complete) break;
      ++tried;
      read->value = value;
      const Verdict verdict = check_register(accesses, std::min(max_steps_, kMaxStepsPerFinding));
      if (verdict == Verdict::kLinearizable) findings.values.push_back(value);
    }
    return findings;
  }

  std::string what_it_could_find(bool may_be_lost) const {
    const Findings findings = possible_findings();
    if (findings.values.empty()) return "";
    const bool only = findings.complete && findings.values.size() == 1;
    std::string words = only ? " It could only find " : " It could find ";
    if (!findings.complete) words += "for example ";
    for (std::size_t i = 0; i < findings.values.size(); ++i) {
      if (i > 0) words += i + 1 < findings.values.size() ? ", " : " or ";
      words += value_text(findings.values[i]);
    }
    return words + (only && may_be_lost ? fate_of(findings.values.front()) : "") + ".";
  }

  /// Of the one value that the read should have found.
  std::string fate_of(std::uint32_t value) const {
    const Operation& get = operation_of(read_);
    const Access* write = nullptr;
    for (const Access& access : accesses_) {
      if (!access.write || access.value != value || access.returned == kNever) continue;
      if (write == nullptr || access.returned > write->returned) write = &access;
    }
    if (write == nullptr) return "";
    const Operation& lost = operation_of(*write);
    const bool removed = lost.kind == OperationKind::kDelete;
    for (const Operation& later : history_) {
      if (later.key != get.key || later.kind != OperationKind::kGet) continue;
      if (later.ending != Ending::kOk || later.returned <= get.returned) continue;
      if (removed ? !later.found.has_value() : later.found == lost.value) {
        return ", as " + name_of(later) + " did at " + time_text(later.returned) +
               ": the read is stale";
      }
    }
    return std::string(": the acknowledged ") +
           (removed ? "delete" : "write of " + quote(lost.value)) + " (operation " +
           std::to_string(lost.id) + ") is lost";
  }

  const std::vector<Operation>& history_;
  const std::vector<Access>& accesses_;
  std::uint64_t max_steps_;
  Access read_{};
};

}  // namespace

std::string explain_violation(const std::vector<Operation>& history,
                              const std::vector<Access>& accesses, std::uint64_t max_steps) {
  return Explanation(history, accesses, max_steps).words();
}

}  // namespace kv::sim
