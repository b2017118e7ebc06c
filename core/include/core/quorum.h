#pragma once

#include <cstddef>

namespace kv {

/// More than half of `members`.
constexpr std::size_t quorum_size(std::size_t members) {
  return members / 2 + 1;
}

/// The largest value that at least a quorum has reached, of this member's own and those that
/// value_of() gives of each of `others`. Commit index (Raft paper §5.3, §5.4.2), read rounds and
/// the time a quorum was last heard come from it. Members are few, and each message asks: counting
/// for each of them costs less than a sorted copy.
template <typename Value, typename Others, typename ValueOf>
Value reached_by_quorum(Value own, const Others& others, ValueOf value_of) {
  const std::size_t quorum = quorum_size(others.size() + 1);
  const auto reached = [&](const Value& bar) {
    std::size_t count = own < bar ? 0 : 1;
    for (const auto& other : others) {
      if (!(value_of(other) < bar)) ++count;
    }
    return count >= quorum;
  };
  // The quorum's lowest value is the one, whoever has it; all have reached the lowest of all.
  Value best = own;
  bool found = reached(own);
  for (const auto& other : others) {
    const Value value = value_of(other);
    if ((found && !(best < value)) || !reached(value)) continue;
    best = value;
    found = true;
  }
  return best;
}

}  // namespace kv
