#pragma once

#include <cstdint>
#include <string>

#include "core/types.h"

namespace kv::sim {

struct Progress {
  std::uint64_t done{0};
  std::uint64_t total{0};
  std::uint64_t failed{0};
  Duration elapsed{};  ///< real time
};

/// " 45 %  [#########...........]  4500 of 10000, 812 runs/s, 7 s left, 3 failed".
std::string progress_line(const Progress& progress, bool with_bar);

/// How progress is shown: on a terminal a bar in one line that changes a few times a second, else
/// a line every ten seconds, or nothing.
enum class ProgressStyle : std::uint8_t { kNone, kLines, kBar };

class ProgressBar {
 public:
  explicit ProgressBar(ProgressStyle style) : style_(style) {}
  /// What to write now to show `progress`; may be nothing.
  std::string update(const Progress& progress);
  /// What to write at the end: the bar's line is cleared.
  std::string clear();

 private:
  ProgressStyle style_;
  Duration shown_{};  ///< when it was last
};

}  // namespace kv::sim
