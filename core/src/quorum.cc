#include "core/quorum.h"

#include <algorithm>

#include "core/check.h"
#include "core/types.h"

namespace kv {

template <typename Value>
Value reached_by_quorum(std::vector<Value> values) {
  CHECK(!values.empty());
  // In descending order, the quorum-th value is reached by all before it.
  std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) { return b < a; });
  return values[quorum_size(values.size()) - 1];
}

template std::uint64_t reached_by_quorum(std::vector<std::uint64_t>);
template Instant reached_by_quorum(std::vector<Instant>);

}  // namespace kv
