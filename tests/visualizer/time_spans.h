#pragma once

#include <cstdint>

#include "panels/time_axis.h"
#include "visualizer/tale.h"

namespace kv::viz {

inline constexpr float kLeft = 100;
inline constexpr float kRight = 1100;

inline TimeSpan span_ms(std::int64_t from, std::int64_t to) {
  return {after_ms(from), after_ms(to)};
}

/// On a thousand pixels.
inline TimeAxis axis_ms(std::int64_t from, std::int64_t to) {
  return {span_ms(from, to), kLeft, kRight};
}

}  // namespace kv::viz
