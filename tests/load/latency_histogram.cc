#include "load/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kv::load {
namespace {

// Below 2^kExactBits each number has a class of its own; above, each power of two has
// 2^kExactBits/2 classes of equal width.
constexpr std::uint64_t kExactBits = 7;
constexpr std::uint64_t kHalf = std::uint64_t{1} << (kExactBits - 1);

std::size_t class_of(std::uint64_t value) {
  const auto bits = static_cast<std::uint64_t>(std::bit_width(value));
  const std::uint64_t shift = bits > kExactBits ? bits - kExactBits : 0;
  return static_cast<std::size_t>(shift * kHalf + (value >> shift));
}

std::uint64_t upper_end(std::size_t index) {
  const std::uint64_t i = index;
  if (i < 2 * kHalf) return i;
  const std::uint64_t shift = i / kHalf - 1;
  return ((i - shift * kHalf + 1) << shift) - 1;
}

constexpr std::uint64_t kLargest = (std::uint64_t{1} << 40) - 1;

}  // namespace

LatencyHistogram::LatencyHistogram() : classes_(class_of(kLargest) + 1) {}

void LatencyHistogram::add(std::uint64_t microseconds, std::uint64_t times) {
  const std::uint64_t value = std::min(microseconds, kLargest);
  classes_[class_of(value)] += times;
  count_ += times;
  max_ = std::max(max_, value);
}

std::uint64_t LatencyHistogram::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    seen += classes_[i];
    if (seen > 0 && seen >= wanted) return std::min(upper_end(i), max_);
  }
  return 0;
}

}  // namespace kv::load
