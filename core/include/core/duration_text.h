#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/types.h"

namespace kv {

struct DurationRange {
  Duration min{};
  Duration max{};
};

/// A whole number and a unit out of ns, us, ms, s, m: "250ms", "2s". Never negative.
Result<Duration> parse_duration(std::string_view text);

/// Two durations, the smaller one first: "5s..8s".
Result<DurationRange> parse_duration_range(std::string_view text);

/// In the largest unit that loses nothing, so that parse_duration gives it back: "250ms", "0s".
std::string to_text(Duration duration);
std::string to_text(DurationRange range);

}  // namespace kv
