#pragma once

#include <cstdint>

#include "core/types.h"

namespace kv::sim {

/// A node's own monotonic clock against true (virtual) time: it may run fast or slow, jump ahead,
/// or stand still, but never goes back. It shows kOrigin at true time 0, so that no node ever meets
/// a local time 0. A value.
class NodeClock {
 public:
  static constexpr Duration kOrigin = seconds(3600);

  /// What the clock shows at `now`. `now` never decreases between calls that change the clock.
  Instant local(Instant now) const {
    if (now <= anchor_) return shown_;
    const Duration elapsed = now - anchor_;
    return shown_ + (drift_ppm_ == 0 ? elapsed : shown_after(elapsed));
  }
  /// The first true time at which the clock shows `local` or later; `now` if it does already. While
  /// it stands still: when it would, had it gone on from the thaw. Exact: a nanosecond earlier the
  /// clock shows less. A time too far away to be told is the last one that can be.
  Instant when(Instant now, Instant local) const;

  /// Parts per million that it runs fast (positive) or slow; above -1,000,000, at most
  /// 1,000,000,000.
  void set_drift(Instant now, std::int64_t ppm);
  /// Jumps ahead by `span`, which is not negative.
  void step(Instant now, Duration span);
  /// Stands still until `until`, then goes on from where it stood. The last call counts: with
  /// `until` = `now` it goes on at once.
  void freeze(Instant now, Instant until);

 private:
  /// Rounded down.
  Duration shown_after(Duration elapsed) const;
  /// Begins a new piece of the line.
  void anchor(Instant now);

  // The clock shows shown_ up to the true time anchor_, and from there on a straight line. An
  // anchor that lies ahead is a clock that stands still.
  Instant anchor_{};
  Instant shown_{kOrigin.ns};
  std::int64_t drift_ppm_{0};
};

}  // namespace kv::sim
