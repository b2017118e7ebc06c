#include "netsim/node_clock.h"

#include <algorithm>
#include <limits>

#include "core/check.h"

namespace kv::sim {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

}  // namespace

// Both ways a span is split into whole multiples and a rest, so that no product overflows within
// the 292 years that an Instant can tell.

Duration NodeClock::shown_after(Duration elapsed) const {
  const std::int64_t rate = kMillion + drift_ppm_;
  return {elapsed.ns / kMillion * rate + elapsed.ns % kMillion * rate / kMillion};
}

Instant NodeClock::when(Instant now, Instant local) const {
  if (this->local(now) >= local) return now;
  const std::int64_t missing = (local - shown_).ns;
  const std::int64_t rate = kMillion + drift_ppm_;
  std::int64_t span = missing;
  if (drift_ppm_ != 0) {
    if (missing / rate >= kLatest / kMillion - 1) return {kLatest};
    span = missing / rate * kMillion + (missing % rate * kMillion + rate - 1) / rate;
  }
  return {anchor_.ns > kLatest - span ? kLatest : anchor_.ns + span};
}

void NodeClock::set_drift(Instant now, std::int64_t ppm) {
  CHECK(ppm > -kMillion && ppm <= 1000 * kMillion);
  anchor(now);
  drift_ppm_ = ppm;
}

void NodeClock::step(Instant now, Duration span) {
  CHECK(span >= Duration{});
  anchor(now);
  shown_ = shown_ + span;
}

void NodeClock::freeze(Instant now, Instant until) {
  CHECK(until >= now);
  shown_ = local(now);
  anchor_ = until;
}

void NodeClock::anchor(Instant now) {
  shown_ = local(now);
  anchor_ = std::max(anchor_, now);
}

}  // namespace kv::sim
