#include "progress_bar.h"

#include "netsim/report_layout.h"
#include "sweep_table.h"

namespace kv::sim {
namespace {

constexpr std::uint64_t kBarWidth = 20;
constexpr std::int64_t kNsOfSecond = 1'000'000'000;

/// Whole numbers from ten on, one decimal below.
std::string rate_text(std::uint64_t done, Duration elapsed) {
  const auto ms = static_cast<std::uint64_t>(elapsed.ns / 1'000'000);
  if (ms == 0) return "?";
  const std::uint64_t tenths = done * 10'000 / ms;
  if (tenths >= 100) return grouped(tenths / 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

std::string progress_line(const Progress& progress, bool with_bar) {
  const std::uint64_t total = progress.total == 0 ? 1 : progress.total;
  const std::string share = std::to_string(progress.done * 100 / total);
  std::string line = std::string(3 - share.size(), ' ') + share + " %  ";
  if (with_bar) {
    const std::uint64_t full = progress.done * kBarWidth / total;
    line += "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "]  ";
  }
  line += std::to_string(progress.done) + " of " + std::to_string(progress.total) + ", " +
          rate_text(progress.done, progress.elapsed) + " runs/s";
  if (progress.done > 0 && progress.done < progress.total) {
    const auto ms = static_cast<std::uint64_t>(progress.elapsed.ns / 1'000'000);
    const std::uint64_t left_ms =
        ms / progress.done * (progress.total - progress.done) +
        ms % progress.done * (progress.total - progress.done) / progress.done;
    line += ", " + long_time(milliseconds(static_cast<std::int64_t>(left_ms))) + " left";
  }
  return line + ", " + std::to_string(progress.failed) + " failed";
}

std::string ProgressBar::update(const Progress& progress) {
  if (style_ == ProgressStyle::kNone) return {};
  const bool bar = style_ == ProgressStyle::kBar;
  const Duration pause = bar ? Duration{kNsOfSecond / 5} : Duration{10 * kNsOfSecond};
  if (progress.elapsed - shown_ < pause) return {};
  shown_ = progress.elapsed;
  const std::string line = progress_line(progress, bar);
  return bar ? "\r\x1B[K" + line : line + "\n";
}

std::string ProgressBar::clear() {
  const bool to_clear = style_ == ProgressStyle::kBar && shown_ > Duration{};
  shown_ = {};
  return to_clear ? "\r\x1B[K" : "";
}

}  // namespace kv::sim
