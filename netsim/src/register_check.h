#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace kv::sim {

/// A place in the order of all calls and returns: twice the instant, one more for a return, so that
/// operations which touch at one instant overlap.
using Moment = std::int64_t;
inline constexpr Moment kNever = std::numeric_limits<Moment>::max();

inline constexpr std::uint32_t kAbsentValue = 0;

/// A read that was answered, or a write that was not refused, of one register.
struct Access {
  Moment called{0};
  Moment returned{kNever};  ///< kNever: a write that may take effect at any time, or never
  std::uint32_t value{kAbsentValue};  ///< written or found; the register starts with kAbsentValue
  bool write{false};
  std::uint32_t operation{0};  ///< position in the whole history
};

enum class Verdict : std::uint8_t { kLinearizable, kNotLinearizable, kUndecided };

/// Whether one order of all accesses explains what the reads found. Exact in O(n log n) when each
/// value that was found has one write (kAbsentValue may have any number); else RegisterSearch
/// decides, in at most `max_steps` steps.
Verdict check_register(const std::vector<Access>& accesses, std::uint64_t max_steps);

}  // namespace kv::sim
