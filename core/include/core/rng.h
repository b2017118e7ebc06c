#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/types.h"

namespace kv {

/// Seeded random numbers (xoshiro256**, Blackman and Vigna 2018), the same on every machine and
/// compiler. A value: a copy goes on with the same numbers.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [low, high]; low <= high.
  Duration between(Duration low, Duration high);
  /// An independent stream. It depends on this stream's seed and `name` alone, not on how many
  /// numbers were drawn, so a draw added in one place shifts no other stream.
  Rng fork(std::string_view name) const;

 private:
  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace kv
