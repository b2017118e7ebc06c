#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "panels/stage_shapes.h"

namespace kv::viz {
namespace {

constexpr double kShownSeconds = 0.28;
constexpr double kRepeatSeconds = 0.16;
/// Flights that are looked at, of those that may be under way: the newest.
constexpr std::ptrdiff_t kMostFlights = 8000;
/// When a lost message is gone, its flight being 1.
constexpr float kGone = 1.5F;
/// So few messages have their names beside them.
constexpr std::size_t kFew = 4;
/// Among so many even votes have none.
constexpr std::size_t kMany = 24;

/// Under heavy load the last of these go first.
enum class Rank : unsigned char { kElection, kRare, kHeartbeat, kReplicate, kReply };
constexpr std::size_t kRanks = 5;

Rank rank_of(const Flight& flight) {
  switch (flight.kind) {
    case MessageKind::kElection:
    case MessageKind::kElectionReply:
    case MessageKind::kHandover:
      return Rank::kElection;
    case MessageKind::kSync:
    case MessageKind::kSyncReply:
      return Rank::kRare;
    case MessageKind::kHeartbeat:
      return Rank::kHeartbeat;
    case MessageKind::kReplicate:
      return Rank::kReplicate;
    case MessageKind::kReplicateReply:
      return flight.positive ? Rank::kReply : Rank::kReplicate;
    case MessageKind::kReadIndex:
    case MessageKind::kReadIndexReply:
      return Rank::kReply;
  }
  return Rank::kReply;
}

std::string label_of(const Flight& flight) {
  switch (flight.kind) {
    case MessageKind::kHeartbeat:
      return "heartbeat";
    case MessageKind::kReplicate:
      return "replicate";
    case MessageKind::kReplicateReply:
      return flight.positive ? "ok" : "refused";
    case MessageKind::kElection:
      return flight.pre ? "pre-vote?" : "vote?";
    case MessageKind::kElectionReply:
      return flight.positive ? "yes" : "no";
    case MessageKind::kSync:
      return "snapshot";
    case MessageKind::kSyncReply:
      return "got it";
    case MessageKind::kHandover:
      return "take over";
    case MessageKind::kReadIndex:
      return "read?";
    case MessageKind::kReadIndexReply:
      return "read";
  }
  return {};
}

float size_of(const Recording& recording, const Flight& flight) {
  switch (flight.kind) {
    case MessageKind::kReplicateReply:
      return flight.positive ? 2.2F : 4;
    case MessageKind::kElection:
      return flight.pre ? 4.5F : 6;
    case MessageKind::kElectionReply:
      return flight.pre ? 5.8F : 6.5F;
    case MessageKind::kHandover:
      return 6.5F;
    case MessageKind::kSync:
      return 6;
    case MessageKind::kSyncReply:
    case MessageKind::kReadIndex:
    case MessageKind::kReadIndexReply:
      return 3;
    case MessageKind::kHeartbeat:
      return 4;
    case MessageKind::kReplicate:
      break;
  }
  if (flight.sent_position < recording.first()) return 3.5F;
  const auto* sent = std::get_if<MessageSent>(&recording[flight.sent_position].fact);
  const auto* append = sent == nullptr ? nullptr : std::get_if<AppendRequest>(&sent->content->body);
  const auto entries = static_cast<float>(append == nullptr ? 1 : append->entries.size());
  return std::min(7.0F, 3.2F + 0.7F * std::log2(std::max(1.0F, entries)));
}

/// How far a lost message gets, of 1.
float end_of(const Flight& flight) {
  if (flight.fate != Flight::Fate::kLost) return 1;
  return flight.lost_by == DropReason::kNodeDown ? 0.86F : 0.5F;
}

/// Beside the straight line, on the right of whoever flies along it.
Mark mark_at(const Flight& flight, float progress, const StageLayout& layout,
             const MarkStyle& style) {
  const ImVec2 from = layout.node(flight.from).centre;
  const ImVec2 to = layout.node(flight.to).centre;
  const float length = std::max(1.0F, distance(from, to));
  const ImVec2 along{(to.x - from.x) / length, (to.y - from.y) / length};
  const float aside = 7 * style.scale;
  const float rim = layout.rim;
  const float way = std::max(0.0F, length - 2 * rim);
  const float reach = end_of(flight);
  const auto at = [&](float share) {
    const float forward = rim + way * std::clamp(share, 0.0F, 1.0F);
    return ImVec2{from.x + along.x * forward - along.y * aside,
                  from.y + along.y * forward + along.x * aside};
  };
  Mark mark;
  mark.flight = &flight;
  mark.lost = flight.fate == Flight::Fate::kLost && progress >= reach;
  const float place = mark.lost ? reach : progress;
  mark.at = at(place);
  mark.tail = at(place - 26 * style.scale / std::max(way, 1.0F));
  mark.strength = mark.lost ? std::max(0.0F, 1 - (progress - reach) / (kGone - reach)) : 1;
  return mark;
}

/// Those that may be on the stage, oldest first.
std::vector<const Flight*> candidates(const History& history, const Moment& moment, double speed) {
  const std::deque<Flight>& flights = history.chronicle().flights();
  const auto end = std::partition_point(flights.begin(), flights.end(), [&](const Flight& flight) {
    return flight.sent_position < moment.position;
  });
  Flight longest;
  longest.ended = longest.sent + history.chronicle().longest_flight();
  const Duration window = shown_flight(longest, speed) * 3 / 2;
  auto from = std::partition_point(flights.begin(), end, [&](const Flight& flight) {
    return flight.sent.ns < moment.at.ns - window.ns;
  });
  if (end - from > kMostFlights) from = end - kMostFlights;
  std::vector<const Flight*> found;
  for (auto flight = from; flight != end; ++flight) found.push_back(&*flight);
  return found;
}

/// How far it is, of 1; a lost one vanishes only behind that.
double progress_of(const Flight& flight, Instant at, double speed) {
  const Duration span = std::max(nanoseconds(1), shown_flight(flight, speed));
  return static_cast<double>((at - flight.sent).ns) / static_cast<double>(span.ns);
}

/// To a node that stands still messages come, and wait at its door until it goes on.
double waiting_progress(const Flight& flight, Instant at, double speed) {
  if (flight.fate == Flight::Fate::kLost) return 0;
  Flight short_one = flight;
  short_one.ended = kNever;
  return std::min(1.0, progress_of(short_one, at, speed));
}

bool visible(const Flight& flight, double progress) {
  return progress >= 0 && progress < (flight.fate == Flight::Fate::kLost ? kGone : 1.0);
}

double speed_at(const History& history, Playback playback, Instant at) {
  playback.seek(at, history);
  return playback.speed_now(history);
}

/// Candidates ask again and again: of what one tells another about votes, one in a while is enough.
bool repeats(const Flight& flight, const Flight* before, double speed) {
  if (before == nullptr || before->pre != flight.pre || before->positive != flight.positive)
    return false;
  const auto slot =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(kRepeatSeconds * 1e9 * speed));
  return flight.sent.ns / slot == before->sent.ns / slot;
}

/// The same for a message as long as it flies, and without a pattern.
std::uint64_t scattered(std::uint64_t message) {
  return (message * 0x9E3779B97F4A7C15ULL) >> 32;
}

/// Of those that are too many a half, a quarter … : what is shown with fewer is shown with more.
std::vector<Mark> thinned(std::vector<Mark> marks) {
  if (marks.size() <= kMostMarks) return marks;
  std::array<std::size_t, kRanks> counts{};
  for (const Mark& mark : marks) ++counts[static_cast<std::size_t>(rank_of(*mark.flight))];
  std::array<std::uint64_t, kRanks> every{};
  std::size_t room = kMostMarks;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    // Replies leave room to what they answer, and the other way round.
    const std::size_t share = rank == static_cast<std::size_t>(Rank::kReplicate) ? room / 2 : room;
    every[rank] = 1;
    while (every[rank] < 1024 && counts[rank] / every[rank] > share * 7 / 8) every[rank] *= 2;
    room -= std::min(room, counts[rank] / every[rank]);
  }
  std::erase_if(marks, [&](const Mark& mark) {
    const std::uint64_t of = every[static_cast<std::size_t>(rank_of(*mark.flight))];
    return scattered(mark.flight->message) % of != 0;
  });
  if (marks.size() > kMostMarks) marks.resize(kMostMarks);
  return marks;
}

bool alike(const Mark& a, const Mark& b) {
  return a.lost == b.lost && a.flight->from == b.flight->from &&
         (a.lost || (a.flight->kind == b.flight->kind && a.flight->positive == b.flight->positive));
}

bool wants_label(const Mark& mark, const std::vector<Mark>& marks) {
  if (mark.strength < 0.4F || marks.size() > kMany) return false;
  const bool vote = rank_of(*mark.flight) == Rank::kElection;
  if (vote && !mark.lost && !mark.flight->pre) return true;
  if (!vote && marks.size() > kFew) return false;
  // One of several alike is enough.
  const auto first = std::find_if(marks.begin(), marks.end(),
                                  [&](const Mark& other) { return alike(mark, other); });
  return first->flight == mark.flight;
}

bool free_for_label(const Area& area, const StageLayout& layout, const std::vector<Mark>& marks,
                    const Mark& own) {
  if (area.from.x < layout.area.from.x || area.to.x > layout.area.to.x) return false;
  if (crosses(area, own.tail, own.at)) return false;
  for (const NodePlace& node : layout.nodes) {
    const Area disc = around(node.centre, layout.rim, layout.rim);
    if (overlap(area, node.label) || overlap(area, disc)) return false;
  }
  return std::none_of(marks.begin(), marks.end(), [&](const Mark& other) {
    if (&other == &own) return false;
    const Area body = around(other.at, other.size, other.size);
    return overlap(area, body) || (!other.label.empty() && overlap(area, other.label_area));
  });
}

/// Away from its link, else on the link's other side, else over or under it.
std::array<ImVec2, 4> label_sides(const Mark& mark, const StageLayout& layout) {
  const ImVec2 along =
      direction(layout.node(mark.flight->from).centre, layout.node(mark.flight->to).centre);
  return {ImVec2{-along.y, along.x}, {along.y, -along.x}, {0, -1}, {0, 1}};
}

void place_labels(std::vector<Mark>& marks, const StageLayout& layout, const MarkStyle& style) {
  for (Mark& mark : marks) {
    if (!wants_label(mark, marks)) continue;
    const std::string label = mark.lost ? "lost" : label_of(*mark.flight);
    const float half_width = style.letter * static_cast<float>(label.size()) / 2;
    const float half = style.line / 2;
    const float gap = mark.size + 3 * style.scale;
    for (const ImVec2 side : label_sides(mark, layout)) {
      const ImVec2 centre{mark.at.x + side.x * (gap + half_width),
                          mark.at.y + side.y * (gap + half)};
      const Area area = around(centre, half_width, half);
      if (!free_for_label(area, layout, marks, mark)) continue;
      mark.label = label;
      mark.label_area = area;
      break;
    }
  }
}

}  // namespace

Duration shown_flight(const Flight& flight, double speed) {
  const Duration least{static_cast<std::int64_t>(kShownSeconds * 1e9 * speed)};
  if (flight.ended == kNever) return least;
  return std::max(least, flight.ended - flight.sent);
}

std::vector<Mark> marks_of(const History& history, const Moment& moment, const Playback& playback,
                           const StageLayout& layout, const MarkStyle& style) {
  std::vector<Mark> marks;
  const std::size_t nodes = layout.nodes.size();
  const auto here = [&](NodeId id) { return id != kNoNode && id <= nodes; };
  const double speed = speed_at(history, playback, moment.at);
  if (speed > kFastestMarks) return marks;
  std::map<std::tuple<NodeId, NodeId, MessageKind>, const Flight*> before;
  for (const Flight* flight : candidates(history, moment, speed)) {
    if (!here(flight->from) || !here(flight->to)) continue;
    if (rank_of(*flight) == Rank::kElection) {
      const Flight*& last = before[{flight->from, flight->to, flight->kind}];
      if (repeats(*flight, std::exchange(last, flight), speed)) continue;
    }
    double progress = progress_of(*flight, moment.at, speed);
    if (!visible(*flight, progress)) continue;
    if (moment.node(flight->to).standing() == Standing::kPaused)
      progress = std::max(progress, waiting_progress(*flight, moment.at, speed));
    Mark mark = mark_at(*flight, static_cast<float>(progress), layout, style);
    mark.size = size_of(history.recording(), *flight) * style.scale;
    marks.push_back(std::move(mark));
  }
  marks = thinned(std::move(marks));
  // What flew in slow motion has arrived when time goes fast again.
  std::erase_if(marks, [&](const Mark& mark) {
    const double then = std::min(speed, speed_at(history, playback, mark.flight->sent));
    return !visible(*mark.flight, progress_of(*mark.flight, moment.at, then));
  });
  place_labels(marks, layout, style);
  return marks;
}

}  // namespace kv::viz
