#pragma once

#include <cstdint>

#include "core/rng.h"

namespace kv::sim {

/// Small more often than large.
inline std::uint64_t skewed(Rng& rng, std::uint64_t low, std::uint64_t high) {
  std::uint64_t span = high - low + 1;
  for (int i = 0; i < 2; ++i) span = 1 + rng.below(span);
  return low + span - 1;
}

}  // namespace kv::sim
