#pragma once

#include <chrono>

#include "core/types.h"

namespace kv {

/// What the clock on the wall shows, but for the jumps it makes from now on: records that are
/// ordered by it must not be torn apart, and time must not stand still until it has caught up.
class SteadyWall {
 public:
  Instant now() const { return wall_ + (read<std::chrono::steady_clock>() - steady_); }

 private:
  template <typename Clock>
  static Instant read() {
    const auto since_origin = Clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(since_origin).count()};
  }

  Instant wall_{read<std::chrono::system_clock>()};
  Instant steady_{read<std::chrono::steady_clock>()};
};

}  // namespace kv
