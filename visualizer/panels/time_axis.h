#pragma once

#include <string>
#include <vector>

#include "core/types.h"
#include "model/history.h"
#include "panels/app_state.h"

namespace kv::viz {

inline constexpr Duration kShortestWindow = microseconds(10);

/// A piece of time. `to` is later than `from`.
struct TimeSpan {
  Instant from{};
  Instant to{};

  Duration length() const { return to - from; }
  bool contains(Instant at) const { return from <= at && at <= to; }
};

/// All there is to show: the recording, and what is still to come until `horizon`.
TimeSpan extent_of(const History& history, Instant horizon);
/// What `window` shows of `all`.
TimeSpan shown_of(const TimeWindow& window, const TimeSpan& all);
/// Makes `window` show `span`; all of it, and what comes later too, if `span` is not shorter.
void show(TimeWindow& window, const TimeSpan& span, const TimeSpan& all);

/// `shown` made `factor` times as long, with `around` at its place; never less than
/// kShortestWindow nor more than `all`.
TimeSpan zoomed(const TimeSpan& shown, const TimeSpan& all, Instant around, double factor);
/// `shown` moved by `by`, within `all`.
TimeSpan panned(const TimeSpan& shown, const TimeSpan& all, Duration by);
/// `shown` moved so that `playhead` is in it, with most of the room on the side it moves to.
TimeSpan following(const TimeSpan& shown, const TimeSpan& all, Instant playhead, bool backwards);

/// Time laid out on pixels from left to right.
class TimeAxis {
 public:
  /// At least a pixel wide, whatever `right` is.
  TimeAxis(const TimeSpan& span, float left, float right);

  const TimeSpan& span() const { return span_; }
  float left() const { return left_; }
  float right() const { return right_; }
  float width() const { return right_ - left_; }
  /// Times outside of the span are at most as far out as the axis is wide.
  float x(Instant at) const;
  Instant at(float x) const;
  Duration duration_of(float pixels) const;
  /// Precondition: not negative.
  float pixels_of(Duration span) const;

 private:
  TimeSpan span_;
  float left_;
  float right_;
  double pixels_per_ns_;
};

/// A round time on the axis.
struct Tick {
  Instant at{};
  std::string label{};
  bool strong{false};  ///< names a time; others in its row only count from the one before it
};
struct Ticks {
  std::vector<Tick> ticks{};
  /// What the first ticks count from, if that isn't in the picture: "12.381 s"; or empty.
  std::string base{};
};
/// Steps of 1, 2 or 5 times a power of ten, at least `gap` pixels apart.
Ticks ticks_of(const TimeAxis& axis, float gap);

/// The smallest of 1, 2, 5, 10, 20 … that is not less than `least`, at most 10^18.
std::int64_t round_step(double least);

/// A time as precise as this axis can show it: "12.381 s", "12.381 204 s".
std::string precise_time(Instant at, const TimeAxis& axis);

}  // namespace kv::viz
