#include "panels/time_axis.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

constexpr std::int64_t kMillisecond = milliseconds(1).ns;
constexpr std::int64_t kSecond = seconds(1).ns;

std::int64_t floor_to(std::int64_t ns, std::int64_t step) {
  const std::int64_t rest = ns % step;
  return rest < 0 ? ns - rest - step : ns - rest;
}

/// Without digits that the step makes superfluous: "12 s", "12.4 s".
std::string decimal(std::int64_t ns, std::int64_t step, std::int64_t unit, const char* name) {
  std::string text = std::to_string(ns / unit);
  std::int64_t rest = ns % unit;
  if (step < unit) text += '.';
  for (std::int64_t digit = unit / 10; step < unit && digit > 0; digit /= 10) {
    text += static_cast<char>('0' + rest / digit);
    rest %= digit;
    if (step >= digit) break;
  }
  return text + name;
}

std::string label_of(std::int64_t ns, std::int64_t step, std::int64_t end) {
  if (step >= kMillisecond)
    return end <= kSecond ? decimal(ns, step, kMillisecond, " ms")
                          : decimal(ns, step, kSecond, " s");
  const std::int64_t rest = ns - floor_to(ns, kMillisecond);
  if (rest == 0) return sim::time_text(Instant{ns});
  return "+" + decimal(rest, step, microseconds(1).ns, " us");
}

TimeSpan within(const TimeSpan& all, Instant from, Duration length) {
  if (length >= all.length()) return all;
  const Instant begin = std::clamp(from, all.from, all.to - length);
  return {begin, begin + length};
}

}  // namespace

TimeSpan extent_of(const History& history, Instant horizon) {
  const Recording& recording = history.recording();
  const Instant from = recording.begin_time();
  const Instant to = std::max(recording.end_time(), horizon);
  return {from, std::max(to, from + kShortestWindow)};
}

TimeSpan shown_of(const TimeWindow& window, const TimeSpan& all) {
  if (window.whole || window.to <= window.from) return all;
  return within(all, window.from, std::max(window.to - window.from, kShortestWindow));
}

void show(TimeWindow& window, const TimeSpan& span, const TimeSpan& all) {
  window.whole = span.length() >= all.length();
  window.from = span.from;
  window.to = span.to;
}

TimeSpan zoomed(const TimeSpan& shown, const TimeSpan& all, Instant around, double factor) {
  const double before = static_cast<double>(shown.length().ns);
  const double most = static_cast<double>(all.length().ns);
  const double least = std::min(most, static_cast<double>(kShortestWindow.ns));
  const double after = std::clamp(before * factor, least, most);
  const double share = std::clamp(static_cast<double>((around - shown.from).ns) / before, 0.0, 1.0);
  const auto left = static_cast<std::int64_t>(std::llround(share * after));
  return within(all, std::clamp(around, shown.from, shown.to) - Duration{left},
                Duration{static_cast<std::int64_t>(std::llround(after))});
}

TimeSpan panned(const TimeSpan& shown, const TimeSpan& all, Duration by) {
  return within(all, shown.from + by, shown.length());
}

TimeSpan following(const TimeSpan& shown, const TimeSpan& all, Instant playhead, bool backwards) {
  const Duration lead = shown.length() / 10 * (backwards ? 9 : 1);
  return within(all, playhead - lead, shown.length());
}

TimeAxis::TimeAxis(const TimeSpan& span, float left, float right)
    : span_(span), left_(left), right_(std::max(right, left + 1)) {
  CHECK(span.from < span.to);
  pixels_per_ns_ = static_cast<double>(width()) / static_cast<double>(span.length().ns);
}

float TimeAxis::x(Instant at) const {
  const Duration length = span_.length();
  if (at >= span_.to + length) return right_ + width();
  if (at <= span_.from - length) return left_ - width();
  return left_ + static_cast<float>(static_cast<double>((at - span_.from).ns) * pixels_per_ns_);
}

Instant TimeAxis::at(float x) const {
  return span_.from + duration_of(x - left_);
}

Duration TimeAxis::duration_of(float pixels) const {
  constexpr auto kMost = static_cast<double>(Recording::kLatest.ns);
  const double ns = static_cast<double>(pixels) / pixels_per_ns_;
  return {static_cast<std::int64_t>(std::llround(std::clamp(ns, -kMost, kMost)))};
}

float TimeAxis::pixels_of(Duration span) const {
  return static_cast<float>(static_cast<double>(span.ns) * pixels_per_ns_);
}

std::int64_t round_step(double least) {
  constexpr double kMost = 1e18;
  least = std::min(least, kMost);
  std::int64_t power = 1;
  while (static_cast<double>(power) * 10 <= least) power *= 10;
  for (const std::int64_t factor : {1, 2, 5}) {
    if (static_cast<double>(power * factor) >= least) return power * factor;
  }
  return power * 10;
}

Ticks ticks_of(const TimeAxis& axis, float gap) {
  const std::int64_t step =
      round_step(std::max(1.0, static_cast<double>(axis.duration_of(gap).ns)));
  const TimeSpan& span = axis.span();
  Ticks found;
  std::int64_t at = floor_to(span.from.ns, step);
  if (at < span.from.ns) at += step;
  for (; at <= span.to.ns; at += step) {
    const bool strong = step >= kMillisecond || at % kMillisecond == 0;
    found.ticks.push_back({Instant{at}, label_of(at, step, span.to.ns), strong});
  }
  if (step < kMillisecond && (found.ticks.empty() || !found.ticks.front().strong))
    found.base = sim::time_text(Instant{floor_to(span.from.ns, kMillisecond)});
  return found;
}

std::string precise_time(Instant at, const TimeAxis& axis) {
  std::string text = sim::time_text(at);
  if (axis.duration_of(2).ns >= kMillisecond) return text;
  const std::int64_t micros = (at.ns - floor_to(at.ns, kMillisecond)) / microseconds(1).ns;
  std::string digits = std::to_string(micros);
  digits.insert(0, 3 - digits.size(), '0');
  return text.substr(0, text.size() - 2) + " " + digits + " s";
}

}  // namespace kv::viz
