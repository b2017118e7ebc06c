#pragma once

#include <cstddef>
#include <cstdint>

#include "core/types.h"
#include "model/history.h"

namespace kv::viz {

/// Where one is in a history, and how it moves on. Between two records time passes; several
/// records of one instant are told apart by position().
class Playback {
 public:
  static constexpr double kSlowest = 0.001;
  static constexpr double kFastest = 1000;

  Instant at() const { return at_; }
  /// Records before this one have happened.
  std::size_t position() const { return position_; }
  bool playing() const { return playing_; }
  bool backwards() const { return backwards_; }
  /// Times real time: a step of 1, 2, 5, 10 …
  double speed() const { return speed_; }
  /// At the speed of the moment: slower than speed() amid an election, where eased().
  double speed_now(const History& history) const;
  bool eased() const { return eased_; }
  /// Stays at the end, while the recording grows. Whatever leads elsewhere ends it.
  bool follows() const { return follows_; }

  /// `wall` has passed on the viewer's clock.
  void tick(Duration wall, const History& history);

  void play(bool backwards = false);
  void pause();
  void toggle();
  void faster();
  void slower();
  void set_speed(double speed);
  void ease(bool on) { eased_ = on; }
  void follow(bool on);

  /// To a time; between begin and end of the recording, or `horizon` where that is later.
  void seek(Instant at, const History& history);
  void seek_position(std::size_t position, const History& history);
  /// To the next record, or to the one before: at() is the time of the last one that has happened.
  /// Pauses, as step_note() does.
  void step_record(bool back, const History& history);
  /// To the next note of the chronicle, or to the one before: what a person wants to see.
  void step_note(bool back, const History& history);
  /// The time that exists: until then one can play, though nothing may happen any more.
  void set_horizon(Instant horizon) { horizon_ = horizon; }

 private:
  Instant end_of(const History& history) const;
  void advance(double wall_ns, const History& history);
  Instant piece_end(Duration span, const History& history) const;
  void seek_to(Instant at, const History& history);

  Instant at_{};
  std::size_t position_{0};
  Instant horizon_{};
  bool playing_{false};
  bool backwards_{false};
  bool eased_{true};
  bool follows_{false};
  double speed_{1};
};

/// Campaigns that follow each other closely, until clients are served again or the last one is
/// given up: what is worth looking at slowly. A node that is cut off and asks in vain makes none.
struct Election {
  Instant from{};
  Instant to{};
};
/// The one around `at`; false if there is none.
bool election_around(const History& history, Instant at, Election& found);

}  // namespace kv::viz
