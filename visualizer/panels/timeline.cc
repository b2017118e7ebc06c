#include <algorithm>
#include <cmath>
#include <string>

#include "model/causes.h"
#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/panels.h"
#include "panels/timeline_draw.h"

namespace kv::viz {
namespace {

Standing standing_now(const AppState& app, NodeId id) {
  return id <= app.moment.size() ? app.moment.node(id).standing() : Standing::kUnknown;
}

float names_width(const AppState& app) {
  float widest = width_of(app.fonts.small, "clients");
  for (const std::string& name : app.history()->cluster().nodes)
    widest = std::max(widest, width_of(app.fonts.text, name));
  return std::round(std::min(widest, app.px(110)) + app.px(42));
}

/// A node's name with the letter of what it is now.
void draw_name(AppState& app, NodeId id, const Area& lane) {
  const Theme& theme = app.theme;
  const std::string name = app.history()->cluster().name(id);
  if (hot_area(app, "timeline:lane:" + name, lane)) {
    app.selection = {};
    app.selection.kind = Selection::Kind::kNode;
    app.selection.node = id;
  }
  const bool chosen = app.selection.kind == Selection::Kind::kNode && app.selection.node == id;
  const Area row = lane.inset(app.px(1));
  if (chosen || ImGui::IsItemHovered())
    canvas().AddRectFilled(row.from, row.to, theme.panel_raised, app.px(4));
  const Standing standing = standing_now(app, id);
  const ImU32 colour = colour_of(theme, standing);
  const ImVec2 chip{lane.from.x + app.px(12), lane.centre().y};
  const float half = std::min(app.px(8), lane.height() / 2 - 1);
  canvas().AddRectFilled({chip.x - half, chip.y - half}, {chip.x + half, chip.y + half},
                         faded(colour, 0.2F), app.px(4));
  text_centred(app.fonts.small, colour, chip, letter_of(standing));
  ImFont* font = lane.height() < app.px(16) ? app.fonts.small : app.fonts.text;
  text(font, colour, {lane.from.x + app.px(26), lane.centre().y - font->FontSize / 2},
       fitted(font, name, lane.width() - app.px(28)));
}

void draw_names(AppState& app, const TimelinePicture& picture) {
  const TimelineRows& rows = picture.rows;
  const auto label = [&](const Area& row, const char* words) {
    if (row.height() <= 0) return;
    text(app.fonts.small, app.theme.text_faint,
         {rows.names.from.x + app.px(4), row.centre().y - app.fonts.small->FontSize / 2}, words);
  };
  for (NodeId id = 1; id <= rows.lanes.size(); ++id) {
    const Area& lane = rows.lanes[id - 1];
    draw_name(app, id,
              {{rows.names.from.x, lane.from.y}, {rows.names.to.x - app.px(8), lane.to.y}});
  }
  label(rows.captions, "steps");
  label(rows.events, "events");
  label(rows.clients, "clients");
}

// --- the mouse ---

std::string operation_words(const History& history, const ClientOperation& operation) {
  std::string words = sentence(history, operation.call_position);
  if (operation.answer_position == kNoPosition) return words + "; no answer";
  return words + "; " + std::string(to_string(operation.ending)) + " after " +
         sim::span_text(operation.answered - operation.called);
}

std::string band_words(const TimelinePicture& picture, const TimelineHit& hit) {
  const auto& bands = picture.history->chronicle().bands(hit.node);
  const auto band = std::find_if(bands.begin(), bands.end(), [&](const Band& other) {
    return other.position == hit.band->position;
  });
  std::string words =
      picture.history->cluster().name(hit.node) + ": " + std::string(to_string(hit.band->standing));
  if (hit.band->standing != Standing::kUnknown) words += ", term " + std::to_string(hit.band->term);
  if (band == bands.end()) return words;
  words += ", from " + sim::time_text(band->from);
  if (band->to != kNever) words += " for " + sim::span_text(band->to - band->from);
  return words;
}

std::string flight_words(const History& history, const Flight& flight) {
  std::string words = sentence(history, flight.sent_position);
  if (flight.fate == Flight::Fate::kLost)
    return words + "; lost: " + std::string(to_string(flight.lost_by));
  if (flight.fate == Flight::Fate::kDelivered)
    words += "; arrives after " + sim::span_text(flight.ended - flight.sent);
  return words;
}

std::string words_of(const TimelinePicture& picture, const TimelineHit& hit) {
  const History& history = *picture.history;
  if (hit.note != nullptr) {
    std::string words = caption_words(history, *hit.note, picture.scenario);
    if (words != hit.note->words) words += "\n" + hit.note->words;
    if (hit.others > 0) words += "\nand " + sim::grouped(hit.others) + " more: look closer";
    return words;
  }
  if (hit.flight != nullptr) return flight_words(history, *hit.flight);
  if (hit.operation != nullptr) return operation_words(history, *hit.operation);
  if (hit.column != nullptr) {
    return sim::grouped(hit.column->ok) + " ok, " + sim::grouped(hit.column->refused) +
           " refused, " + sim::grouped(hit.column->unknown) + " unknown within " +
           sim::span_text(picture.axis.duration_of(hit.column->to - hit.column->from));
  }
  return hit.band != nullptr ? band_words(picture, hit) : std::string();
}

Instant time_of(const TimelineHit& hit, Instant otherwise) {
  return hit.note != nullptr        ? hit.note->at
         : hit.flight != nullptr    ? hit.flight->sent
         : hit.operation != nullptr ? hit.operation->called
                                    : otherwise;
}

void draw_tooltip(AppState& app, const TimelinePicture& picture, const TimelineHit& hit) {
  const std::string words = words_of(picture, hit);
  const Instant at = time_of(hit, picture.axis.at(ImGui::GetIO().MousePos.x));
  const std::string time = precise_time(at, picture.axis);
  ImGui::BeginTooltip();
  ImGui::PushFont(app.fonts.mono);
  ImGui::PushStyleColor(ImGuiCol_Text, app.theme.text_dim);
  ImGui::TextUnformatted(time.c_str());
  ImGui::PopStyleColor();
  ImGui::PopFont();
  if (!words.empty()) {
    ImGui::PushTextWrapPos(app.px(420));
    ImGui::TextUnformatted(words.c_str());
    ImGui::PopTextWrapPos();
  }
  ImGui::EndTooltip();
}

void select(AppState& app, const TimelineHit& hit) {
  app.selection = {};
  app.selection.kind = hit.flight != nullptr ? Selection::Kind::kMessage : Selection::Kind::kRecord;
  if (hit.flight != nullptr) app.selection.message = hit.flight->message;
  if (hit.note != nullptr) app.selection.position = hit.note->position;
  if (hit.operation != nullptr) app.selection.position = hit.operation->call_position;
}

/// Clicks select, drags move the playhead; what is pressed on a thing that can be selected moves
/// nothing unless it is dragged.
void take_mouse(AppState& app, const TimeView& view, const TimelinePicture& picture,
                const TimelineHit& hit) {
  const ImGuiIO& io = ImGui::GetIO();
  const TimelineRows& rows = picture.rows;
  const Area area{rows.captions.from, rows.axis.to};
  const bool clicked = hot_area(app, "timeline:lanes", area);
  const bool held = ImGui::IsItemActive();
  const bool hovered = ImGui::IsItemHovered();
  navigate(app, view, picture.axis);
  place(app, "timeline:axis", rows.axis);
  if (hovered) point(app, picture.axis.at(io.MousePos.x));
  const bool moved = ImGui::IsMouseDragging(ImGuiMouseButton_Left, app.px(4));
  const bool on_thing =
      hit_at(picture, io.MouseClickedPos[ImGuiMouseButton_Left], app.px(5)).selectable();
  if (clicked && hit.selectable() && on_thing) select(app, hit);
  if (held && (moved || !on_thing)) scrub(app, picture.axis);
  if (hovered && !held) draw_tooltip(app, picture, hit);
}

void take_overview(AppState& app, const TimeView& view, const TimelinePicture& picture) {
  const Area& strip = picture.rows.overview;
  if (strip.height() <= 0) return;
  hot_area(app, "timeline:overview", strip);
  // It comes up where the mouse may be while the wheel turns: that goes on with its work.
  navigate(app, view, picture.axis);
  if (!ImGui::IsItemActive()) return;
  const TimeAxis axis(view.all, strip.from.x, strip.to.x);
  const Instant middle = view.shown.from + view.shown.length() / 2;
  show(app.window, panned(view.shown, view.all, axis.at(ImGui::GetIO().MousePos.x) - middle),
       view.all);
}

std::string hint_of(const TimeView& view) {
  if (!view.zoomed()) return "wheel: zoom · shift+wheel: move · double click: all";
  return extent_words(view);
}

}  // namespace

void draw_timeline(AppState& app, const Area& area) {
  const Area inside = begin_panel(app, "TIMELINE", area);
  if (app.history() == nullptr || app.history()->cluster().size() == 0) {
    empty_state(app, inside, "Nothing to show yet", "Open a scenario or a trace, or connect.");
    return end_panel();
  }
  const TimeView view = time_view(app);
  const float left = draw_zoom_buttons(app, "timeline", view, area);
  text_right(app.fonts.small, app.theme.text_faint, {left - app.px(8), area.from.y + app.px(10)},
             hint_of(view));
  const TimelinePicture picture = picture_of(app, view, inside, names_width(app));
  const TimelineHit hit = hit_at(picture, ImGui::GetIO().MousePos, app.px(5));
  draw_ticks(app, picture.axis, {picture.rows.plot(), picture.rows.axis, app.px(96), true});
  draw_picture(app, picture, hit);
  draw_names(app, picture);
  const auto playhead = draw_playhead(app, picture.axis, picture.rows.plot(), picture.rows.axis);
  if (playhead) place(app, "timeline:playhead", *playhead);
  draw_overview(app, picture, view);
  take_mouse(app, view, picture, hit);
  take_overview(app, view, picture);
  end_panel();
}

}  // namespace kv::viz
