#include <algorithm>
#include <cmath>

#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/timeline_draw.h"
#include "sources/rehearsal.h"

namespace kv::viz {
namespace {

float distance_to(const ArrowShape& arrow, ImVec2 point) {
  const ImVec2 along{arrow.to.x - arrow.from.x, arrow.to.y - arrow.from.y};
  const ImVec2 there{point.x - arrow.from.x, point.y - arrow.from.y};
  const float square = along.x * along.x + along.y * along.y;
  const float dot = there.x * along.x + there.y * along.y;
  const float share = square <= 0 ? 0 : std::clamp(dot / square, 0.0F, 1.0F);
  return std::hypot(there.x - along.x * share, there.y - along.y * share);
}

bool within(const Area& row, float y) {
  return row.height() > 0 && y >= row.from.y && y < row.to.y;
}

void hit_caption(TimelineHit& hit, const std::vector<Caption>& captions, float x, float reach) {
  float nearest = reach;
  for (const Caption& caption : captions) {
    const bool on_words = x >= caption.mark.x && x < caption.mark.x + caption.room;
    const float distance = on_words ? reach : std::abs(caption.mark.x - x);
    if (distance > nearest) continue;
    nearest = distance;
    hit.note = caption.mark.note;
    hit.others = caption.mark.others;
  }
}

void hit_mark(TimelineHit& hit, const TimelinePicture& picture, float x) {
  float nearest = picture.mark_radius + 1;
  for (const MarkShape& mark : picture.marks.lanes) {
    const float distance = std::abs(mark.x - x);
    if (mark.note->node != hit.node || distance > nearest) continue;
    nearest = distance;
    hit.note = mark.note;
    hit.others = mark.others;
  }
}

void hit_arrow(TimelineHit& hit, const Arrows& arrows, ImVec2 point, float reach) {
  float nearest = reach;
  for (const ArrowShape& arrow : arrows.arrows) {
    const float distance = distance_to(arrow, point);
    if (distance > nearest) continue;
    nearest = distance;
    hit.flight = arrow.flight;
  }
}

void hit_clients(TimelineHit& hit, const ClientShapes& clients, const Area& row, ImVec2 point) {
  const float height = row.height() / static_cast<float>(clients.rows);
  for (const OperationBar& bar : clients.bars) {
    const float top = row.from.y + height * static_cast<float>(bar.row);
    const bool inside = point.x >= bar.from - 2 && point.x <= bar.to + 2 && point.y >= top &&
                        point.y < top + height;
    if (inside) hit.operation = bar.operation;
  }
  for (const OperationColumn& column : clients.columns) {
    if (point.x >= column.from && point.x < column.to && column.sum() > 0) hit.column = &column;
  }
}

void hit_lane(TimelineHit& hit, const TimelinePicture& picture, ImVec2 point, float reach) {
  for (std::size_t i = 0; i < picture.rows.lanes.size(); ++i) {
    const Area& lane = picture.rows.lanes[i];
    if (!within(lane, point.y)) continue;
    hit.node = static_cast<NodeId>(i + 1);
    if (std::abs(point.y - lane.centre().y) > picture.rows.bar / 2 + reach / 2) continue;
    hit_mark(hit, picture, point.x);
    for (const BandShape& band : picture.bands[i]) {
      if (point.x >= band.from && point.x < band.to) hit.band = &band;
    }
  }
}

const sim::Scenario* scenario_of(const AppState& app) {
  return app.source->scenario();
}

/// A rehearsal may get its first step at any time.
bool has_steps(const AppState& app) {
  const std::deque<Note>& notes = app.history()->chronicle().notes();
  return scenario_of(app) != nullptr ||
         std::any_of(notes.begin(), notes.end(), [](const Note& note) {
           return note.kind == NoteKind::kStep || note.kind == NoteKind::kExpectation;
         });
}

/// Marks with signs, or small ones where they would hide the bands.
void add_marks(TimelinePicture& picture, const AppState& app) {
  constexpr float kRoomForSign = 5;  // radii
  const TimelineRows& rows = picture.rows;
  picture.mark_radius = std::clamp(rows.bar * 0.42F, app.px(4), app.px(8));
  picture.marks = note_shapes(*picture.history, picture.axis, 1.6F * picture.mark_radius);
  const float signs = picture.axis.width() / (kRoomForSign * picture.mark_radius);
  const float most = signs * static_cast<float>(rows.lanes.size());
  if (static_cast<float>(picture.marks.lanes.size()) <= most) return;
  picture.signs = false;
  picture.mark_radius = app.px(2.5F);
  picture.marks.lanes =
      note_shapes(*picture.history, picture.axis, 1.6F * picture.mark_radius).lanes;
}

void add_words(TimelinePicture& picture, const AppState& app, const Measure& measure) {
  const History& history = *picture.history;
  const TimelineRows& rows = picture.rows;
  if (rows.captions.height() > 0) {
    picture.captions = captions_of(history, picture.marks.steps, picture.scenario,
                                   {app.px(12), RowSpace(rows.captions.to.x)}, measure);
  }
  if (rows.events.height() <= 0) return;
  const float flag = app.px(14);
  const RowSpace space =
      place_words(picture.outages, picture.marks.events, flag, rows.events.to.x, measure);
  picture.events = captions_of(history, picture.marks.events, nullptr, {flag, space}, measure);
}

}  // namespace

TimelinePicture picture_of(const AppState& app, const TimeView& view, const Area& inside,
                           float names_width) {
  const History& history = *app.history();
  const std::size_t nodes = history.cluster().size();
  const bool messages = app.show_messages && messages_fit(history, view.shown);
  const TimelineRows rows = timeline_rows(
      inside, {nodes, names_width, view.zoomed(), messages, app.scale, has_steps(app)});
  const TimeAxis axis(view.shown, rows.axis.from.x, rows.axis.to.x);
  TimelinePicture picture{&history, axis, rows};
  picture.scenario = scenario_of(app);
  if (app.source->progress().busy) picture.known_until = history.recording().end_time();
  for (NodeId id = 1; id <= nodes; ++id)
    picture.bands.push_back(
        band_shapes(history.chronicle().bands(id), axis, app.px(3), picture.known_until));
  add_marks(picture, app);
  picture.outages = outage_shapes(history, axis);
  picture.clients = client_shapes(history, axis, app.px(4));
  const Measure measure = [&](std::string_view words) { return width_of(app.fonts.small, words); };
  if (messages) {
    picture.arrows = arrows_of(history, axis, rows);
    label_arrows(picture.arrows, rows, app.fonts.small->FontSize, measure);
  }
  add_words(picture, app, measure);
  return picture;
}

TimelineHit hit_at(const TimelinePicture& picture, ImVec2 point, float reach) {
  TimelineHit hit;
  const TimelineRows& rows = picture.rows;
  const bool beside = point.x < rows.axis.from.x || point.x > rows.axis.to.x;
  if (beside || point.y < rows.captions.from.y || point.y >= rows.axis.to.y) return hit;
  if (within(rows.captions, point.y)) hit_caption(hit, picture.captions, point.x, reach);
  if (within(rows.events, point.y)) hit_caption(hit, picture.events, point.x, reach);
  if (within(rows.clients, point.y)) hit_clients(hit, picture.clients, rows.clients, point);
  if (within(rows.body(), point.y)) {
    hit_lane(hit, picture, point, reach);
    if (hit.note == nullptr && !within(rows.clients, point.y))
      hit_arrow(hit, picture.arrows, point, reach);
  }
  return hit;
}

}  // namespace kv::viz
