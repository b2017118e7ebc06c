#include "panels/timeline_shapes.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <variant>

#include "netsim/expectations.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

/// So many things within one pixel are looked at before the rest of it is skipped.
constexpr int kMostInPixel = 32;

bool is_election(Standing standing) {
  return standing == Standing::kAsking || standing == Standing::kCandidate;
}

int notability(Standing standing) {
  switch (standing) {
    case Standing::kCandidate:
      return 6;
    case Standing::kAsking:
      return 5;
    case Standing::kPrimary:
      return 4;
    case Standing::kDown:
      return 3;
    case Standing::kPaused:
      return 2;
    case Standing::kSecondary:
      return 1;
    case Standing::kUnknown:
      break;
  }
  return 0;
}

int notability(NoteKind kind) {
  switch (kind) {
    case NoteKind::kViolation:
      return 7;
    case NoteKind::kElected:
    case NoteKind::kWipe:
      return 6;
    case NoteKind::kStop:
    case NoteKind::kGap:
    case NoteKind::kStep:
      return 5;
    case NoteKind::kTruncate:
    case NoteKind::kCut:
    case NoteKind::kExpectation:
      return 4;
    case NoteKind::kStart:
    case NoteKind::kHeal:
      return 3;
    case NoteKind::kPause:
    case NoteKind::kResume:
      return 2;
    case NoteKind::kSnapshot:
    case NoteKind::kStepDown:
      return 1;
    case NoteKind::kCampaign:
      break;
  }
  return 0;
}

/// The first thing of [it, end) that is not before the pixel after `x`.
template <typename Iterator, typename TimeOf>
Iterator after_pixel(Iterator it, Iterator end, const TimeAxis& axis, float x, TimeOf time_of) {
  const Instant next = axis.at(std::floor(x) + 1);
  return std::partition_point(it, end, [&](const auto& thing) { return time_of(thing) < next; });
}

/// Elections come last and get their least width; one that follows closely takes over.
void bring_elections_forward(std::vector<BandShape>& shapes, float shortest) {
  const auto elections =
      std::stable_partition(shapes.begin(), shapes.end(),
                            [](const BandShape& shape) { return !is_election(shape.standing); });
  for (auto it = elections; it != shapes.end(); ++it)
    it->to = std::max(it->to, it->from + shortest);
}

/// Which row a mark belongs to; null: none, the bands tell it.
std::vector<MarkShape>* row_of(NoteShapes& shapes, NoteKind kind) {
  switch (kind) {
    case NoteKind::kElected:
    case NoteKind::kCut:
    case NoteKind::kHeal:
    case NoteKind::kViolation:
    case NoteKind::kGap:
      return &shapes.events;
    case NoteKind::kStep:
    case NoteKind::kExpectation:
      return &shapes.steps;
    case NoteKind::kCampaign:
      return nullptr;
    case NoteKind::kStop:
    case NoteKind::kStart:
    case NoteKind::kPause:
    case NoteKind::kResume:
    case NoteKind::kWipe:
    case NoteKind::kStepDown:
    case NoteKind::kTruncate:
    case NoteKind::kSnapshot:
      break;
  }
  return &shapes.lanes;
}

/// Puts marks into rows; those that are too close to the one before become one with it.
class MarkRows {
 public:
  MarkRows(std::size_t nodes, float gap) : gap_(gap), lanes_(nodes + 1, kNoPosition) {}

  void add(float x, const Note& note) {
    std::vector<MarkShape>* row = row_of(shapes_, note.kind);
    if (row == nullptr) return;
    std::size_t& last = row == &shapes_.events  ? event_
                        : row == &shapes_.steps ? step_
                                                : lanes_[note.node < lanes_.size() ? note.node : 0];
    if (last == kNoPosition || x - (*row)[last].x >= gap_) {
      last = row->size();
      row->push_back({x, &note, 0});
      return;
    }
    MarkShape& before = (*row)[last];
    ++before.others;
    if (notability(note.kind) > notability(before.note->kind)) before.note = &note;
  }
  NoteShapes take() { return std::move(shapes_); }

 private:
  float gap_;
  NoteShapes shapes_{};
  std::size_t event_{kNoPosition};
  std::size_t step_{kNoPosition};
  std::vector<std::size_t> lanes_;
};

template <typename Told>
const Told* told_by(const History& history, const Note& note) {
  const Recording& recording = history.recording();
  if (note.position < recording.first() || note.position >= recording.end()) return nullptr;
  return std::get_if<Told>(&recording[note.position].fact);
}

/// Null: the scenario isn't known.
const sim::Expectation* expectation_of(const History& history, const Note& note,
                                       const sim::Scenario* scenario) {
  const auto* decided = told_by<ExpectationDecided>(history, note);
  if (scenario == nullptr || decided == nullptr) return nullptr;
  return decided->expectation < scenario->expect.size() ? &scenario->expect[decided->expectation]
                                                        : nullptr;
}

/// What is below makes way for the words of what is not.
constexpr int kUrgent = 3;

/// Whose words are placed first.
int urgency(const History& history, const Note& note, const sim::Scenario* scenario) {
  if (note.kind == NoteKind::kStep) {
    const auto* step = told_by<StepTaken>(history, note);
    return step != nullptr && !step->caption.empty() ? 6 : 1;
  }
  if (note.kind == NoteKind::kExpectation) {
    const auto* decided = told_by<ExpectationDecided>(history, note);
    if (decided != nullptr && !decided->met) return 7;
    const sim::Expectation* expected = expectation_of(history, note, scenario);
    return expected != nullptr && !expected->caption.empty() ? 2 : 0;
  }
  return std::max(kUrgent, notability(note.kind));
}

/// Gives the caption words if there is room for enough of them.
void place_words(Caption& caption, std::string words, CaptionRow& row, const Measure& measure) {
  constexpr float kEnough = 7;  // flags
  const float from = caption.mark.x + row.flag / 2;
  const float wanted = measure(words) + row.flag / 2;
  const float room = std::min(wanted, row.space.room_from(from));
  if (room < std::min(wanted, row.flag * kEnough)) return;
  caption.words = std::move(words);
  caption.room = room - row.flag / 2;
  row.space.take(from, from + room + row.flag / 2);
}

}  // namespace

Area TimelineRows::body() const {
  const float bottom = clients.height() > 0 ? clients.to.y : lanes.back().to.y;
  return {lanes.front().from, {lanes.front().to.x, bottom}};
}

Area TimelineRows::plot() const {
  return {{captions.from.x, captions.from.y}, body().to};
}

Area TimelineRows::bar_of(const Area& lane) const {
  const float middle = lane.centre().y;
  return {{lane.from.x, middle - bar / 2}, {lane.to.x, middle + bar / 2}};
}

TimelineRows timeline_rows(const Area& inside, const RowsWanted& wanted) {
  const auto px = [&](float design) { return std::round(design * wanted.scale); };
  const float axis = px(18);
  const float overview = wanted.overview && inside.height() > px(120) ? px(18) : 0;
  float captions = wanted.steps ? px(20) : 0;
  float events = px(20);
  float clients = 1;
  const auto pitch = [&] {
    const float fixed = axis + overview + captions + events;
    return std::floor((inside.height() - fixed) / (static_cast<float>(wanted.nodes) + clients));
  };
  if (pitch() < px(15)) captions = 0;
  if (pitch() < px(15)) clients = 0;
  if (pitch() < px(12)) events = 0;
  const float lane = std::clamp(pitch(), px(6), px(64));

  TimelineRows rows;
  const float left = inside.from.x + wanted.names_width;
  float y = inside.from.y;
  const auto row = [&](float height) {
    const Area area{{left, y}, {inside.to.x, y + height}};
    y += height;
    return area;
  };
  rows.captions = row(captions);
  rows.events = row(events);
  for (std::size_t i = 0; i < wanted.nodes; ++i) rows.lanes.push_back(row(lane));
  rows.clients = row(lane * clients);
  rows.axis = row(axis);
  rows.overview = row(overview);
  rows.overview.from.y += overview > 0 ? px(2) : 0;
  rows.names = {inside.from, {left, rows.axis.to.y}};
  const float slim = std::round(lane * (wanted.messages ? 0.5F : 0.56F));
  const float bar = wanted.messages ? slim : std::max(slim, std::min(lane - px(4), px(16)));
  rows.bar = std::clamp(bar, px(4), px(24));
  return rows;
}

std::vector<BandShape> band_shapes(const std::vector<Band>& bands, const TimeAxis& axis,
                                   float shortest, Instant known_until) {
  std::vector<BandShape> shapes;
  const TimeSpan& span = axis.span();
  const Instant last = std::min(span.to, known_until);
  auto it = std::partition_point(bands.begin(), bands.end(),
                                 [&](const Band& band) { return band.to <= span.from; });
  while (it != bands.end() && it->from <= last) {
    const float from = std::max(axis.x(it->from), axis.left());
    const float to = axis.x(std::min(it->to, last));
    if (to - from >= 1) {
      shapes.push_back({from, to, it->standing, it->term, it->position});
      ++it;
      continue;
    }
    const float pixel = std::floor(from);
    const Band* best = &*it;
    int seen = 0;
    for (; it != bands.end() && axis.x(it->to) < pixel + 1 && seen < kMostInPixel; ++it, ++seen) {
      if (notability(it->standing) >= notability(best->standing)) best = &*it;
    }
    if (seen == kMostInPixel)
      it = after_pixel(it, bands.end(), axis, from, [](const Band& band) { return band.to; });
    if (seen == 0) ++it;
    const bool goes_on = !shapes.empty() && shapes.back().standing == best->standing &&
                         shapes.back().to >= pixel && shapes.back().term == best->term;
    if (goes_on) {
      shapes.back().to = pixel + 1;
    } else {
      shapes.push_back({pixel, pixel + 1, best->standing, best->term, best->position});
    }
  }
  bring_elections_forward(shapes, shortest);
  return shapes;
}

NoteShapes note_shapes(const History& history, const TimeAxis& axis, float gap) {
  const std::deque<Note>& notes = history.chronicle().notes();
  const TimeSpan& span = axis.span();
  const auto time_of = [](const Note& note) { return note.at; };
  const Instant begin = history.recording().begin_time();
  MarkRows rows(history.cluster().size(), gap);
  auto it = std::partition_point(notes.begin(), notes.end(),
                                 [&](const Note& note) { return note.at < span.from; });
  float pixel = -1;
  int seen = 0;
  while (it != notes.end() && it->at <= span.to) {
    const float x = axis.x(it->at);
    seen = std::floor(x) == pixel ? seen + 1 : 0;
    pixel = std::floor(x);
    if (seen >= kMostInPixel) {
      // Time and float may differ on which pixel one at its edge is in: go on in any case.
      it = after_pixel(std::next(it), notes.end(), axis, x, time_of);
      continue;
    }
    const bool begins = it->kind == NoteKind::kStart && it->at <= begin;
    if (!begins) rows.add(x, *it);
    ++it;
  }
  return rows.take();
}

bool RowSpace::free(float from, float to) const {
  return to <= right_ && std::none_of(taken_.begin(), taken_.end(), [&](const Piece& piece) {
           return piece.from < to && from < piece.to;
         });
}

float RowSpace::room_from(float from) const {
  float end = right_;
  for (const Piece& piece : taken_) {
    if (piece.to > from) end = std::min(end, std::max(piece.from, from));
  }
  return end - from;
}

std::optional<float> RowSpace::place_in(float from, float to, float width) const {
  const float middle = (from + to - width) / 2;
  if (middle >= from && free(middle, middle + width)) return middle;
  std::optional<float> best;
  const auto consider = [&](float at) {
    const bool fits = at >= from && at + width <= to && (!best || at < *best);
    if (fits && free(at, at + width)) best = at;
  };
  consider(from);
  for (const Piece& piece : taken_) consider(piece.to);
  return best;
}

std::string caption_words(const History& history, const Note& note, const sim::Scenario* scenario) {
  if (note.kind != NoteKind::kExpectation) return note.words;
  const sim::Expectation* expected = expectation_of(history, note, scenario);
  if (expected == nullptr) return note.words;
  return expected->caption.empty() ? sim::describe(*expected) : expected->caption;
}

std::vector<Caption> captions_of(const History& history, const std::vector<MarkShape>& marks,
                                 const sim::Scenario* scenario, CaptionRow row,
                                 const Measure& measure) {
  struct Ranked {
    Caption caption{};
    int urgency{0};
  };
  std::vector<Ranked> ranked;
  ranked.reserve(marks.size());
  for (const MarkShape& mark : marks)
    ranked.push_back({{mark, {}, 0}, urgency(history, *mark.note, scenario)});
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Ranked& a, const Ranked& b) { return a.urgency > b.urgency; });
  const auto plain = std::find_if(ranked.begin(), ranked.end(),
                                  [](const Ranked& it) { return it.urgency < kUrgent; });
  std::vector<Caption> captions;
  const float half = row.flag / 2;
  const auto add = [&](auto first, auto last) {
    const std::size_t begin = captions.size();
    for (auto it = first; it != last; ++it) {
      const float x = it->caption.mark.x;
      if (it->urgency < kUrgent && !row.space.free(x - half, x)) continue;
      captions.push_back(it->caption);
    }
    for (std::size_t i = begin; i < captions.size(); ++i)
      row.space.take(captions[i].mark.x - half, captions[i].mark.x + half);
    for (std::size_t i = begin; i < captions.size(); ++i)
      place_words(captions[i], caption_words(history, *captions[i].mark.note, scenario), row,
                  measure);
  };
  add(ranked.begin(), plain);
  add(plain, ranked.end());
  std::sort(captions.begin(), captions.end(),
            [](const Caption& a, const Caption& b) { return a.mark.x < b.mark.x; });
  return captions;
}

std::vector<OutageShape> outage_shapes(const History& history, const TimeAxis& axis) {
  const std::vector<Outage>& outages = history.chronicle().outages();
  const TimeSpan& span = axis.span();
  const Instant end = history.recording().end_time();
  std::vector<OutageShape> shapes;
  auto it = std::partition_point(outages.begin(), outages.end(),
                                 [&](const Outage& outage) { return outage.to <= span.from; });
  for (; it != outages.end() && it->from <= span.to; ++it) {
    const Instant to = it->to == kNever ? std::max(end, it->from) : it->to;
    const float left = std::max(axis.x(it->from), axis.left());
    const float right = std::min(std::max(axis.x(to), left + 1), axis.right());
    if (!shapes.empty() && right <= shapes.back().to) continue;
    shapes.push_back({left, right, to - it->from, {}, 0});
  }
  return shapes;
}

RowSpace place_words(std::vector<OutageShape>& outages, const std::vector<MarkShape>& events,
                     float flag, float right, const Measure& measure) {
  RowSpace space(right);
  for (const MarkShape& mark : events) space.take(mark.x - flag / 2, mark.x + flag / 2);
  for (OutageShape& outage : outages) {
    if (outage.to - outage.from < 3 * flag) continue;
    const std::string span = sim::span_text(outage.length);
    for (const std::string& words : {"no primary for " + span, span}) {
      const float width = measure(words) + flag / 2;
      const std::optional<float> at = space.place_in(outage.from, outage.to, width);
      if (!at) continue;
      outage.words = words;
      outage.words_at = *at + flag / 4;
      space.take(*at, *at + width);
      break;
    }
  }
  return space;
}

}  // namespace kv::viz
