#pragma once

#include <cstdint>
#include <string>

#include "load/latency_histogram.h"

namespace kv::load {

/// What a load came to.
struct LoadTotals {
  std::uint64_t acknowledged{0};
  std::uint64_t failed{0};
  std::string first_failure{};
  LatencyHistogram latencies{};
  double seconds{0};
  double cpu_seconds{0};  ///< of this program
};

/// What one sequential writer saw while a primary was killed.
struct FailoverTotals {
  std::uint64_t acknowledged{0};
  std::uint64_t attempts{0};
  double gap_seconds{0};  ///< the longest time without an acknowledged write
  bool recovered{true};   ///< a write was acknowledged after it
  bool verified{false};   ///< every acknowledged key was looked for
  std::uint64_t lost{0};  ///< acknowledged, and not there afterwards
};

/// Processor time that this process has used.
double cpu_seconds_used();

std::string as_text(const LoadTotals& totals);
std::string as_json(const LoadTotals& totals);
std::string as_text(const FailoverTotals& totals);
std::string as_json(const FailoverTotals& totals);

}  // namespace kv::load
