#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/history.h"
#include "panels/app_state.h"
#include "panels/time_axis.h"

namespace kv::viz {

// What the charts show, as numbers and shapes in pixels.

/// Some buckets of the series together.
struct ChartBin {
  Instant from{};
  Instant to{};
  Bucket sum{};

  std::uint64_t operations() const { return std::uint64_t{sum.ok} + sum.refused + sum.unknown; }
  double per_second(std::uint32_t count) const;
};
/// Bins in the time shown, at least `narrowest` pixels wide, and wide enough for `operations` of
/// clients each on the average of the whole recording. They stay where they are in time while the
/// window moves.
std::vector<ChartBin> chart_bins(const History& history, const TimeAxis& axis, float narrowest,
                                 double operations);
/// Null: there is none at this time.
const ChartBin* bin_at(const std::vector<ChartBin>& bins, Instant at);
/// Whether clients did anything in the whole recording.
bool has_operations(const Series& series);

/// A round value on an axis.
struct ValueTick {
  double value{0};
  std::string label{};
};
/// Values laid out from the bottom of an area to its top.
class ValueScale {
 public:
  /// From `least` to `most` and a little beyond; precondition: least < most.
  static ValueScale linear(double least, double most);
  /// Of times in nanoseconds: whole powers of ten around `least` and `most`.
  static ValueScale logarithmic(Duration least, Duration most);

  float y(double value, const Area& area) const;
  /// As many round values as have room, `gap` pixels apart: of numbers without a sign.
  std::vector<ValueTick> ticks(const Area& area, float gap) const;

 private:
  double least_{0};
  double most_{1};
  bool logarithmic_{false};
};

/// For both sides of the zero line.
ValueScale throughput_scale(const std::vector<ChartBin>& bins);
ValueScale latency_scale(const std::vector<ChartBin>& bins);
ValueScale lag_scale(const std::vector<ChartBin>& bins);
ValueScale term_scale(const std::vector<ChartBin>& bins);

/// A line without a gap.
using Run = std::vector<ImVec2>;
/// Quantiles of the latency: a line from bin to bin, with gaps where nothing was answered.
std::vector<Run> quantile_runs(const std::vector<ChartBin>& bins, double share,
                               const TimeAxis& axis, const ValueScale& scale, const Area& area);

// The numbers of a bin for people; empty: there are none.

std::string throughput_words(const ChartBin& bin);
std::string latency_words(const ChartBin& bin);
std::string lag_words(const ChartBin& bin);
std::string term_words(const ChartBin& bin);

/// The numbers at the playhead, in words; "–": there are none.
struct ChartFigures {
  std::string throughput{};
  std::string latency{};
  std::string lag{};
  std::string term{};
};
/// Of operations: what ended in the last second before the moment. Nothing of its future is in it.
ChartFigures figures_at(const Series& series, const Moment& moment);

}  // namespace kv::viz
