#include "model/playback.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>

namespace kv::viz {
namespace {

constexpr std::array kSpeeds = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05,  0.1,   0.2,   0.5,   1.0,
                                2.0,   5.0,   10.0,  20.0, 50.0, 100.0, 200.0, 500.0, 1000.0};
constexpr double kElectionSeconds = 5;  ///< that an election takes at least, for the viewer
constexpr double kMostSlowdown = 500;
constexpr int kMostElectionsInATick = 32;

/// Campaigns that are no further apart belong to one election.
constexpr Duration kTogether = milliseconds(500);
/// Who asks for pre-votes for longer than this is cut off; only the end of it, when it gets them,
/// is part of an election.
constexpr Duration kHopeless = seconds(1);
constexpr Duration kHope = milliseconds(50);

bool is_campaign(const Band& band) {
  return band.standing == Standing::kAsking || band.standing == Standing::kCandidate;
}

/// The first band that ends behind `at`.
std::vector<Band>::const_iterator band_at(const std::vector<Band>& bands, Instant at) {
  return std::upper_bound(bands.begin(), bands.end(), at,
                          [](Instant time, const Band& band) { return time < band.to; });
}

/// When a campaign begins to matter. `now`: the end of what is recorded.
Instant begin_of(const Band& campaign, Instant now) {
  const bool hopeless = campaign.standing == Standing::kAsking &&
                        std::min(campaign.to, now) - campaign.from > kHopeless;
  if (!hopeless) return campaign.from;
  return campaign.to == kNever ? kNever : campaign.to - kHope;
}

/// The time of all campaigns, of any node, that touch [from, to].
std::optional<Election> campaigns_touching(const History& history, Instant from, Instant to) {
  const Instant now = history.recording().end_time();
  std::optional<Election> all;
  for (NodeId id = 1; id <= history.cluster().size(); ++id) {
    const std::vector<Band>& bands = history.chronicle().bands(id);
    auto band = band_at(bands, from - nanoseconds(1));
    for (; band != bands.end() && band->from <= to; ++band) {
      if (!is_campaign(*band) || begin_of(*band, now) > to) continue;
      const Election one{begin_of(*band, now), std::min(band->to, now)};
      if (!all) all = one;
      all = Election{std::min(all->from, one.from), std::max(all->to, one.to)};
    }
  }
  return all;
}

/// When clients are served again, if that comes soon after `at` and they were not served then.
std::optional<Instant> served_soon(const History& history, Instant at) {
  const std::vector<Outage>& outages = history.chronicle().outages();
  const auto outage =
      std::upper_bound(outages.begin(), outages.end(), at,
                       [](Instant time, const Outage& other) { return time < other.to; });
  if (outage == outages.end() || outage->from > at || outage->to == kNever) return std::nullopt;
  if (outage->to - at > kTogether) return std::nullopt;
  return outage->to;
}

/// The nearest moment in (from, to] at which an election may begin.
Instant next_beginning(const History& history, Instant from, Instant to) {
  const Instant now = history.recording().end_time();
  Instant nearest = kNever;
  for (NodeId id = 1; id <= history.cluster().size(); ++id) {
    const std::vector<Band>& bands = history.chronicle().bands(id);
    for (auto band = band_at(bands, from); band != bands.end() && band->from <= to; ++band) {
      if (!is_campaign(*band) || begin_of(*band, now) <= from) continue;
      nearest = std::min(nearest, begin_of(*band, now));
      break;
    }
  }
  return nearest;
}

/// The nearest moment in [to, from) at which an election may have ended.
Instant previous_end(const History& history, Instant from, Instant to) {
  const Chronicle& chronicle = history.chronicle();
  Instant nearest{to.ns - 1};
  for (NodeId id = 1; id <= history.cluster().size(); ++id) {
    const std::vector<Band>& bands = chronicle.bands(id);
    for (auto band = band_at(bands, to - nanoseconds(1)); band != bands.end(); ++band) {
      if (band->to >= from) break;
      if (is_campaign(*band)) nearest = std::max(nearest, band->to);
    }
  }
  for (auto outage = chronicle.outages().rbegin(); outage != chronicle.outages().rend(); ++outage) {
    if (outage->to < to) break;
    if (outage->to < from) {
      nearest = std::max(nearest, outage->to);
      break;
    }
  }
  return nearest;
}

}  // namespace

bool election_around(const History& history, Instant at, Election& found) {
  std::optional<Election> near = campaigns_touching(history, at - kTogether, at);
  if (!near) return false;
  do {
    found = *near;
    near = campaigns_touching(history, found.from - kTogether, found.to + kTogether);
  } while (near->from < found.from || near->to > found.to);
  found.to = served_soon(history, found.to).value_or(found.to);
  const bool goes_on = found.to == history.recording().end_time();
  return found.from <= at && (at < found.to || (goes_on && at == found.to));
}

Instant Playback::end_of(const History& history) const {
  return std::max(history.recording().end_time(), horizon_);
}

double Playback::speed_now(const History& history) const {
  Election election;
  const Instant probe = backwards_ ? at_ - nanoseconds(1) : at_;
  if (!eased_ || !election_around(history, probe, election)) return speed_;
  const double length = static_cast<double>((election.to - election.from).ns) / 1e9;
  return std::min(speed_, std::max(length / kElectionSeconds, speed_ / kMostSlowdown));
}

void Playback::tick(Duration wall, const History& history) {
  const Recording& recording = history.recording();
  if (position_ < recording.first()) seek_to(recording.begin_time(), history);
  if (follows_) {
    at_ = recording.end_time();
    position_ = recording.end();
    return;
  }
  if (!playing_ || wall.ns <= 0) return;
  advance(static_cast<double>(wall.ns), history);
  const Instant begin = recording.begin_time();
  const Instant end = end_of(history);
  if (backwards_ ? at_ <= begin : at_ >= end) playing_ = false;
  seek_to(at_, history);
}

/// In pieces, so that an election that begins within this time is not jumped over.
void Playback::advance(double wall_ns, const History& history) {
  for (int pieces = 0; wall_ns > 0 && pieces < kMostElectionsInATick; ++pieces) {
    const double speed = speed_now(history);
    const Duration span{std::max<std::int64_t>(1, std::llround(wall_ns * speed))};
    const Instant target = piece_end(span, history);
    wall_ns -= static_cast<double>(std::abs((target - at_).ns)) / speed;
    at_ = target;
    if (at_ >= end_of(history) || at_ <= history.recording().begin_time()) return;
  }
}

/// After `span` in the direction of play, or where the speed changes before.
Instant Playback::piece_end(Duration span, const History& history) const {
  const Instant target = backwards_ ? at_ - span : at_ + span;
  if (!eased_) return target;
  Election election;
  const Instant probe = backwards_ ? at_ - nanoseconds(1) : at_;
  if (election_around(history, probe, election) && (backwards_ || election.to > at_)) {
    return backwards_ ? std::max(target, election.from) : std::min(target, election.to);
  }
  return backwards_ ? std::max(target, previous_end(history, at_, target))
                    : std::min(target, next_beginning(history, at_, target));
}

void Playback::seek_to(Instant at, const History& history) {
  at_ = std::clamp(at, history.recording().begin_time(), end_of(history));
  position_ = history.recording().position_after(at_);
}

void Playback::play(bool backwards) {
  playing_ = true;
  backwards_ = backwards;
  if (backwards) follows_ = false;
}

void Playback::pause() {
  playing_ = false;
  follows_ = false;
}

void Playback::toggle() {
  if (playing_) {
    pause();
  } else {
    play();
  }
}

void Playback::faster() {
  const auto next = std::upper_bound(kSpeeds.begin(), kSpeeds.end(), speed_);
  if (next != kSpeeds.end()) speed_ = *next;
}

void Playback::slower() {
  const auto next = std::lower_bound(kSpeeds.begin(), kSpeeds.end(), speed_);
  if (next != kSpeeds.begin()) speed_ = *std::prev(next);
}

void Playback::set_speed(double speed) {
  speed_ = std::clamp(speed, kSlowest, kFastest);
}

void Playback::follow(bool on) {
  follows_ = on;
  if (on) play();
}

void Playback::seek(Instant at, const History& history) {
  follows_ = false;
  seek_to(at, history);
}

void Playback::seek_position(std::size_t position, const History& history) {
  const Recording& recording = history.recording();
  follows_ = false;
  position_ = std::clamp(position, recording.first(), recording.end());
  at_ = position_ > recording.first() ? recording[position_ - 1].at : recording.begin_time();
}

void Playback::step_record(bool back, const History& history) {
  pause();
  if (!back) {
    seek_position(position_ + 1, history);
  } else if (position_ > 0) {
    seek_position(position_ - 1, history);
  }
}

void Playback::step_note(bool back, const History& history) {
  pause();
  const std::deque<Note>& notes = history.chronicle().notes();
  const auto before = [](const Note& note, std::size_t position) {
    return note.position < position;
  };
  if (!back) {
    const auto next = std::lower_bound(notes.begin(), notes.end(), position_, before);
    seek_position(next != notes.end() ? next->position + 1 : history.recording().end(), history);
    return;
  }
  const std::size_t last = position_ == 0 ? 0 : position_ - 1;
  const auto here = std::lower_bound(notes.begin(), notes.end(), last, before);
  seek_position(here != notes.begin() ? std::prev(here)->position + 1 : history.recording().first(),
                history);
}

}  // namespace kv::viz
