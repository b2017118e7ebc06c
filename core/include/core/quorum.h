#pragma once

#include <cstdint>
#include <vector>

namespace kv {

/// More than half of `members`.
constexpr std::size_t quorum_size(std::size_t members) {
  return members / 2 + 1;
}

/// The largest value that at least a quorum has reached; `values` holds one per member, not empty.
/// Commit index (Raft paper §5.3, §5.4.2), read rounds and the time a quorum was last heard come
/// from it.
template <typename Value>
Value reached_by_quorum(std::vector<Value> values);

}  // namespace kv
