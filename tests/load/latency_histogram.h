#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kv::load {

/// Counts latencies in classes that are at most 1.6 % wide: memory and cost of adding one stay the
/// same however many there are.
class LatencyHistogram {
 public:
  LatencyHistogram();

  void add(std::uint64_t microseconds, std::uint64_t times = 1);
  std::uint64_t count() const { return count_; }
  /// The largest one, exactly.
  std::uint64_t max() const { return max_; }
  /// The latency that the part `share` (0 to 1) of them doesn't exceed: upper end of its class,
  /// never above max(). 0 when there are none.
  std::uint64_t quantile(double share) const;

 private:
  std::vector<std::uint64_t> classes_;
  std::uint64_t count_{0};
  std::uint64_t max_{0};
};

}  // namespace kv::load
