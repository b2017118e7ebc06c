#pragma once

#include <chrono>

#include "core/types.h"

namespace kv {

/// The monotonic clock that drives the replica.
inline Instant steady_now() {
  const auto since_origin = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since_origin).count()};
}

}  // namespace kv
