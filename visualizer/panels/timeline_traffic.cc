#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "panels/timeline_shapes.h"

namespace kv::viz {
namespace {

/// So many things before the window are looked at, which may reach into it.
constexpr std::ptrdiff_t kLookBack = 2000;

/// Where in a deque the things that begin within a span are.
struct Range {
  std::ptrdiff_t begin{0};
  std::ptrdiff_t end{0};
  std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};
template <typename Things, typename TimeOf>
Range range_in(const Things& things, const TimeSpan& span, TimeOf time_of) {
  const auto first = std::partition_point(
      things.begin(), things.end(), [&](const auto& thing) { return time_of(thing) < span.from; });
  const auto last = std::partition_point(
      first, things.end(), [&](const auto& thing) { return time_of(thing) <= span.to; });
  return {first - things.begin(), last - things.begin()};
}

template <typename Things>
const auto& at(const Things& things, std::ptrdiff_t place) {
  return things[static_cast<std::size_t>(place)];
}

Range sent_in(const Chronicle& chronicle, const TimeSpan& span) {
  return range_in(chronicle.flights(), span, [](const Flight& flight) { return flight.sent; });
}

/// From the edge of the sender's band to that of the receiver's. `latest`: it has arrived by then,
/// though nobody may tell of it (a running cluster doesn't).
ArrowShape arrow_of(const Flight& flight, Instant latest, const TimeAxis& axis,
                    const TimelineRows& rows) {
  const Area from = rows.bar_of(rows.lanes[flight.from - 1]);
  const Area to = rows.bar_of(rows.lanes[flight.to - 1]);
  const bool down = to.from.y > from.from.y;
  ArrowShape arrow;
  arrow.flight = &flight;
  arrow.from = {axis.x(flight.sent), down ? from.to.y : from.from.y};
  arrow.to = {axis.x(std::min(flight.ended, latest)), down ? to.from.y : to.to.y};
  if (flight.fate == Flight::Fate::kDelivered) return arrow;
  arrow.to = {(arrow.from.x + arrow.to.x) / 2, (arrow.from.y + arrow.to.y) / 2};
  return arrow;
}

/// What a client waited for, from its first call on.
struct Wait {
  Instant from{};
  const ClientOperation* operation{nullptr};  ///< the last call
};

/// A client that gets no answer calls again: its calls of one operation are one wait.
std::vector<Wait> waits_of(const std::deque<ClientOperation>& operations, Range range) {
  std::vector<Wait> waits;
  std::map<std::uint32_t, std::size_t> latest;  // by client
  for (auto i = range.begin; i < range.end; ++i) {
    const ClientOperation& operation = at(operations, i);
    const auto found = latest.find(operation.client);
    if (found != latest.end() && waits[found->second].operation->operation == operation.operation) {
      waits[found->second].operation = &operation;
      continue;
    }
    latest.insert_or_assign(operation.client, waits.size());
    waits.push_back({operation.called, &operation});
  }
  return waits;
}

/// Puts each into a row in which nothing else goes on.
ClientShapes bars_of(const std::vector<Wait>& waits, const TimeAxis& axis, Instant end) {
  ClientShapes shapes;
  std::array<float, ClientShapes::kRows> ends{};
  ends.fill(axis.left() - 2 * axis.width());
  for (const Wait& wait : waits) {
    if (wait.operation->answered < axis.span().from) continue;
    const float from = std::max(axis.x(wait.from), axis.left() - 1);
    const float answered = axis.x(std::min(wait.operation->answered, end));
    const float to = std::min(std::max(from + 2, answered), axis.right() + 1);
    const auto is_free = [&](float last) { return last <= from; };
    auto row = std::find_if(ends.begin(), ends.end(), is_free);
    if (row == ends.end()) row = std::min_element(ends.begin(), ends.end());
    *row = to;
    const auto place = static_cast<unsigned>(row - ends.begin());
    shapes.rows = std::max(shapes.rows, place + 1);
    shapes.bars.push_back({from, to, place, wait.operation});
  }
  return shapes;
}

void finish(ClientShapes& shapes) {
  for (const OperationColumn& column : shapes.columns)
    shapes.highest = std::max(shapes.highest, column.sum());
}

/// Columns that stay where they are in time when the window moves.
ClientShapes counted_one_by_one(const History& history, const TimeAxis& axis, Range range,
                                float width) {
  const auto& operations = history.chronicle().operations();
  const std::int64_t step = round_step(static_cast<double>(axis.duration_of(width).ns));
  const std::int64_t first = axis.span().from.ns / step;
  const std::int64_t count = axis.span().to.ns / step - first + 1;
  ClientShapes shapes;
  for (std::int64_t i = 0; i < count; ++i) {
    shapes.columns.push_back(
        {axis.x(Instant{(first + i) * step}), axis.x(Instant{(first + i + 1) * step}), 0, 0, 0});
  }
  for (auto i = std::max<std::ptrdiff_t>(0, range.begin - kLookBack); i < range.end; ++i) {
    const ClientOperation& operation = at(operations, i);
    const std::int64_t place = operation.answered.ns / step - first;
    if (operation.ending == Ending::kPending || place < 0 || place >= count) continue;
    OperationColumn& column = shapes.columns[static_cast<std::size_t>(place)];
    ++(operation.ending == Ending::kOk        ? column.ok
       : operation.ending == Ending::kRefused ? column.refused
                                              : column.unknown);
  }
  finish(shapes);
  return shapes;
}

ClientShapes counted_by_series(const Series& series, const TimeAxis& axis, float width) {
  ClientShapes shapes;
  const std::vector<Bucket>& buckets = series.buckets();
  const double least =
      static_cast<double>(width) / static_cast<double>(axis.pixels_of(series.width()));
  const auto together = static_cast<std::size_t>(round_step(std::max(1.0, least)));
  const std::int64_t passed = axis.span().from.ns - series.origin().ns;
  const auto begin =
      static_cast<std::size_t>(std::max<std::int64_t>(0, passed / series.width().ns));
  for (std::size_t i = begin - begin % together; i < buckets.size(); i += together) {
    const auto time_of = [&](std::size_t bucket) {
      return series.origin() +
             series.width() * static_cast<std::int64_t>(std::min(bucket, buckets.size()));
    };
    if (time_of(i) > axis.span().to) break;
    OperationColumn column{axis.x(time_of(i)), axis.x(time_of(i + together)), 0, 0, 0};
    for (std::size_t j = i; j < std::min(i + together, buckets.size()); ++j) {
      column.ok += buckets[j].ok;
      column.refused += buckets[j].refused;
      column.unknown += buckets[j].unknown;
    }
    shapes.columns.push_back(column);
  }
  finish(shapes);
  return shapes;
}

std::string words_of(const Flight& flight) {
  switch (flight.kind) {
    case MessageKind::kReplicateReply:
      return flight.positive ? "accepted" : "refused";
    case MessageKind::kElectionReply:
      return flight.positive ? "granted" : "refused";
    case MessageKind::kElection:
      return flight.pre ? "ELECTION (pre)" : "ELECTION";
    default:
      return std::string(to_string(flight.kind));
  }
}

/// The room between two lanes that the end of an arrow is in, counted from the top.
std::size_t gap_of(const ArrowShape& arrow) {
  const NodeId to = arrow.flight->to - 1;
  return arrow.flight->from < arrow.flight->to ? to - 1 : to;
}

}  // namespace

bool messages_fit(const History& history, const TimeSpan& span) {
  return sent_in(history.chronicle(), span).size() <= Arrows::kMost;
}

Arrows arrows_of(const History& history, const TimeAxis& axis, const TimelineRows& rows) {
  constexpr float kClear = 200;
  const std::deque<Flight>& flights = history.chronicle().flights();
  const Range range = sent_in(history.chronicle(), axis.span());
  Arrows shown;
  if (range.size() > Arrows::kMost) return shown;
  const float crowd = static_cast<float>(range.size());
  const float most = static_cast<float>(Arrows::kMost);
  shown.strength = std::clamp(1 - 0.75F * (crowd - kClear) / (most - kClear), 0.25F, 1.0F);
  const Instant end = history.recording().end_time();
  const Duration longest = history.chronicle().longest_flight();
  const Instant earliest = axis.span().from - longest;
  for (auto i = std::max<std::ptrdiff_t>(0, range.begin - kLookBack); i < range.end; ++i) {
    const Flight& flight = at(flights, i);
    const bool known = flight.from - 1 < rows.lanes.size() && flight.to - 1 < rows.lanes.size();
    if (!known || flight.from == flight.to || flight.sent < earliest ||
        flight.ended < axis.span().from)
      continue;
    shown.arrows.push_back(arrow_of(flight, std::min(end, flight.sent + longest), axis, rows));
  }
  return shown;
}

void label_arrows(Arrows& arrows, const TimelineRows& rows, float height, const Measure& measure) {
  const float pitch = rows.lanes.size() < 2 ? 0 : rows.lanes[1].from.y - rows.lanes[0].from.y;
  if (arrows.arrows.size() > Arrows::kMostLabelled || pitch - rows.bar < height) return;
  const float space = height / 4;
  std::vector<RowSpace> gaps(rows.lanes.size() - 1, RowSpace(rows.axis.to.x));
  for (RowSpace& gap : gaps) gap.take(rows.axis.from.x - rows.axis.width(), rows.axis.from.x);
  for (const ArrowShape& arrow : arrows.arrows)
    gaps[gap_of(arrow)].take(std::min(arrow.from.x, arrow.to.x),
                             std::max(arrow.from.x, arrow.to.x));
  for (const ArrowShape& arrow : arrows.arrows) {
    const std::string words = words_of(*arrow.flight);
    const float width = measure(words);
    RowSpace& gap = gaps[gap_of(arrow)];
    const float behind = arrow.flight->fate == Flight::Fate::kLost ? 2.5F * space : space;
    // Before its beginning it must not seem to belong to the arrow that ends there.
    const std::pair<float, float> places[] = {{arrow.to.x + behind, space / 2},
                                              {arrow.from.x - space - width, 4 * space}};
    for (const auto& [at, apart] : places) {
      if (!gap.free(at - apart, at + width + space / 2)) continue;
      gap.take(at - space / 2, at + width + space / 2);
      const float y = rows.lanes[gap_of(arrow)].to.y;
      arrows.labels.push_back({{at, y}, words, arrow.flight});
      break;
    }
  }
}

ClientShapes client_shapes(const History& history, const TimeAxis& axis, float column) {
  constexpr float kRoomForOne = 4;
  const std::deque<ClientOperation>& operations = history.chronicle().operations();
  Range range = range_in(operations, axis.span(),
                         [](const ClientOperation& operation) { return operation.called; });
  if (range.size() > ClientShapes::kMostCounted || operations.empty())
    return counted_by_series(history.chronicle().series(), axis, column);
  if (static_cast<float>(range.size()) * kRoomForOne > axis.width())
    return counted_one_by_one(history, axis, range, column);
  range.begin = std::max<std::ptrdiff_t>(0, range.begin - kLookBack);
  std::vector<Wait> waits = waits_of(operations, range);
  for (Wait& wait : waits) {
    const ClientOperation* last = history.chronicle().operation(wait.operation->operation);
    if (last != nullptr) wait.operation = last;
  }
  return bars_of(waits, axis, history.recording().end_time());
}

}  // namespace kv::viz
