#include "panels/timeline_draw.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/timeline_glyphs.h"

namespace kv::viz {
namespace {

/// Lines from lower left to upper right all over an area.
void hatch(const Area& area, ImU32 colour, float step) {
  ImGui::PushClipRect(area.from, area.to, true);
  const auto lines = static_cast<int>((area.width() + area.height()) / step) + 1;
  for (int i = 0; i < lines; ++i) {
    const float x = area.from.x + step * static_cast<float>(i);
    canvas().AddLine({x - area.height(), area.to.y}, {x, area.from.y}, colour);
  }
  ImGui::PopClipRect();
}

// --- lanes ---

ImU32 fill_of(const Theme& theme, Standing standing) {
  const ImU32 colour = colour_of(theme, standing);
  switch (standing) {
    case Standing::kSecondary:
      return mixed(theme.panel, colour, theme.dark ? 0.42F : 0.38F);
    case Standing::kAsking:
    case Standing::kDown:
    case Standing::kPaused:
    case Standing::kUnknown:
      return mixed(theme.panel, colour, 0.6F);
    case Standing::kCandidate:
    case Standing::kPrimary:
      break;
  }
  return colour;
}

std::string band_words(const BandShape& band, bool brief) {
  const std::string term = "term " + std::to_string(band.term);
  if (band.standing == Standing::kDown || band.standing == Standing::kPaused)
    return std::string(to_string(band.standing));
  if (band.standing == Standing::kUnknown) return {};
  const bool plain = band.standing == Standing::kSecondary;
  return plain || brief ? term : std::string(to_string(band.standing)) + " · " + term;
}

/// Where words of this width have room in a band, beside the marks on its lane.
std::optional<float> place_for(const Area& band, float width, const std::vector<float>& marks,
                               float radius, float pad) {
  constexpr int kMostMarks = 4;
  float at = band.from.x + pad;
  int passed = 0;
  for (auto mark = std::lower_bound(marks.begin(), marks.end(), band.from.x - 2 * radius);
       mark != marks.end() && *mark - radius < at + width + pad / 2; ++mark) {
    if (*mark + radius + pad / 2 > at) at = *mark + radius + pad / 2;
    if (++passed > kMostMarks) return std::nullopt;
  }
  if (at + width + pad > band.to.x) return std::nullopt;
  return at;
}

ImU32 words_colour(const Theme& theme, Standing standing) {
  if (standing == Standing::kPrimary || standing == Standing::kCandidate)
    return mixed(fill_of(theme, standing), IM_COL32_BLACK, 0.85F);
  const bool there = standing == Standing::kSecondary || standing == Standing::kAsking;
  return there ? theme.text : theme.text_dim;
}

/// From where to where words are; nothing if there was no room.
struct Extent {
  float from{0};
  float to{0};
};
Extent label_band(const AppState& app, const BandShape& band, const Area& area,
                  const std::vector<float>& marks, float radius) {
  const float pad = app.px(9);
  if (area.width() < app.px(24) || area.height() < app.fonts.small->FontSize) return {};
  for (const bool brief : {false, true}) {
    const std::string words = band_words(band, brief);
    const float width = width_of(app.fonts.small, words);
    const std::optional<float> at = place_for(area, width, marks, radius, pad);
    if (!at || words.empty()) continue;
    text(app.fonts.small, words_colour(app.theme, band.standing),
         {*at, area.centre().y - app.fonts.small->FontSize / 2}, words);
    return {*at - pad / 2, *at + width + pad / 2};
  }
  return {};
}

/// A node that isn't there: a line, but where the words are.
void draw_absence(const AppState& app, const BandShape& band, const Area& area, Extent words) {
  const float half = band.standing == Standing::kDown ? app.px(1.5F) : app.px(0.5F);
  const ImU32 fill = fill_of(app.theme, band.standing);
  const auto line = [&](float from, float to) {
    if (to > from)
      canvas().AddRectFilled({from, area.centre().y - half}, {to, area.centre().y + half}, fill);
  };
  if (words.to <= words.from) return line(area.from.x, area.to.x);
  line(area.from.x, words.from);
  line(words.to, area.to.x);
}

void draw_band(const AppState& app, const BandShape& band, const Area& bar,
               const std::vector<float>& marks, float radius) {
  const bool wide = band.to - band.from > app.px(4);
  const Area area{{band.from, bar.from.y}, {wide ? band.to - app.px(1) : band.to, bar.to.y}};
  const ImU32 fill = fill_of(app.theme, band.standing);
  const float rounding = area.width() > app.px(8) ? app.px(3) : 0;
  if (band.standing == Standing::kPaused) {
    canvas().AddRectFilled(area.from, area.to, faded(fill, 0.25F), rounding);
    canvas().AddRect(area.from, area.to, fill, rounding);
    hatch(area, faded(fill, 0.35F), app.px(7));
  } else if (band.standing != Standing::kDown && band.standing != Standing::kUnknown) {
    canvas().AddRectFilled(area.from, area.to, fill, rounding);
  }
  const Extent words = label_band(app, band, area, marks, radius);
  if (band.standing == Standing::kDown || band.standing == Standing::kUnknown)
    draw_absence(app, band, area, words);
}

void draw_lanes(AppState& app, const TimelinePicture& picture) {
  std::vector<std::vector<float>> marks(picture.bands.size() + 1);
  for (const MarkShape& mark : picture.marks.lanes) {
    if (picture.signs && mark.note->node < marks.size()) marks[mark.note->node].push_back(mark.x);
  }
  for (std::size_t i = 0; i < picture.bands.size(); ++i) {
    const Area bar = picture.rows.bar_of(picture.rows.lanes[i]);
    for (const BandShape& band : picture.bands[i])
      draw_band(app, band, bar, marks[i + 1], picture.mark_radius);
  }
}

void draw_marks(const AppState& app, const TimelinePicture& picture) {
  for (const MarkShape& mark : picture.marks.lanes) {
    if (mark.note->node == kNoNode || mark.note->node > picture.rows.lanes.size()) continue;
    const Area& lane = picture.rows.lanes[mark.note->node - 1];
    if (picture.signs) {
      draw_glyph(app.theme, mark.note->kind, {mark.x, lane.centre().y}, picture.mark_radius);
    } else {
      canvas().AddCircleFilled({mark.x, picture.rows.bar_of(lane).from.y}, picture.mark_radius,
                               colour_of(app.theme, mark.note->kind));
    }
  }
}

// --- messages ---

void draw_arrow(const AppState& app, const ArrowShape& arrow, ImU32 colour, float thickness) {
  const ImVec2 along{arrow.to.x - arrow.from.x, arrow.to.y - arrow.from.y};
  const float length = std::hypot(along.x, along.y);
  canvas().AddLine(arrow.from, arrow.to, colour, thickness);
  if (arrow.flight->fate == Flight::Fate::kLost)
    return draw_cross(arrow.to, app.px(3.5F), faded(app.theme.bad, 1), app.px(1.5F));
  if (length <= 0 || arrow.flight->fate == Flight::Fate::kUnderWay) return;
  const float head = std::min(app.px(6), length / 2);
  const ImVec2 unit{along.x / length * head, along.y / length * head};
  const ImVec2 neck{arrow.to.x - unit.x, arrow.to.y - unit.y};
  canvas().AddTriangleFilled(arrow.to, {neck.x - unit.y * 0.45F, neck.y + unit.x * 0.45F},
                             {neck.x + unit.y * 0.45F, neck.y - unit.x * 0.45F}, colour);
}

void draw_arrows(const AppState& app, const TimelinePicture& picture, const TimelineHit& hit) {
  const Selection& selection = app.selection;
  for (const ArrowShape& arrow : picture.arrows.arrows) {
    const bool chosen =
        arrow.flight == hit.flight ||
        (selection.kind == Selection::Kind::kMessage && selection.message == arrow.flight->message);
    const bool beat = arrow.flight->kind == MessageKind::kHeartbeat;
    const float strength = chosen ? 1 : picture.arrows.strength * (beat ? 0.7F : 1);
    draw_arrow(app, arrow, faded(colour_of(app.theme, *arrow.flight), strength),
               app.px(chosen ? 2.5F : 1.5F));
  }
  for (const ArrowLabel& label : picture.arrows.labels) {
    const ImU32 colour = mixed(colour_of(app.theme, *label.flight), app.theme.text, 0.3F);
    text(app.fonts.small, label.flight == hit.flight ? app.theme.text : colour,
         {label.middle_left.x, label.middle_left.y - app.fonts.small->FontSize / 2 - 1},
         label.words);
  }
}

// --- clients ---

/// What goes well is quieter than what doesn't.
ImU32 colour_of_ending(const Theme& theme, Ending ending) {
  switch (ending) {
    case Ending::kOk:
      return mixed(theme.panel, theme.good, 0.62F);
    case Ending::kRefused:
      return theme.bad;
    case Ending::kUnknown:
      return theme.unknown;
    case Ending::kPending:
      break;
  }
  return theme.text_faint;
}

void draw_operations(const AppState& app, const ClientShapes& clients, const Area& row,
                     const TimelineHit& hit) {
  const float height = row.height() / static_cast<float>(clients.rows);
  const float gap = clients.rows > 1 ? app.px(1) : 0;
  for (const OperationBar& bar : clients.bars) {
    const float top = row.from.y + height * static_cast<float>(bar.row);
    const Area area{{bar.from, top}, {std::max(bar.to, bar.from + app.px(2)), top + height - gap}};
    const ImU32 colour = bar.operation == hit.operation
                             ? app.theme.accent
                             : colour_of_ending(app.theme, bar.operation->ending);
    const float rounding = area.width() > app.px(6) ? app.px(2) : 0;
    if (bar.operation->ending == Ending::kPending) {
      canvas().AddRect(area.from, area.to, colour, rounding);
    } else {
      canvas().AddRectFilled(area.from, area.to, colour, rounding);
    }
  }
}

/// Heights grow with the square root, so that one refusal is seen beside a hundred successes.
void draw_counts(const AppState& app, const ClientShapes& clients, const Area& row) {
  const float highest = static_cast<float>(std::max(1U, clients.highest));
  for (const OperationColumn& column : clients.columns) {
    if (column.sum() == 0) continue;
    const float sum = static_cast<float>(column.sum());
    const float unit = row.height() * std::sqrt(sum / highest) / sum;
    const float right = std::max(column.to - app.px(1), column.from + 1);
    float y = row.to.y;
    const auto piece = [&](std::uint32_t count, ImU32 colour) {
      if (count == 0) return;
      const float top = y - std::max(app.px(2), unit * static_cast<float>(count));
      canvas().AddRectFilled({column.from, top}, {right, y}, colour);
      y = top;
    };
    piece(column.ok, colour_of_ending(app.theme, Ending::kOk));
    piece(column.unknown, colour_of_ending(app.theme, Ending::kUnknown));
    piece(column.refused, colour_of_ending(app.theme, Ending::kRefused));
  }
}

void draw_clients(const AppState& app, const TimelinePicture& picture, const TimelineHit& hit) {
  const Area& lane = picture.rows.clients;
  if (lane.height() <= 0) return;
  const float pad = app.px(3);
  const Area row{{lane.from.x, lane.from.y + pad}, {lane.to.x, lane.to.y - pad}};
  draw_operations(app, picture.clients, row, hit);
  draw_counts(app, picture.clients, row);
}

// --- the rows above ---

/// A line from a flag down through the lanes, where there are few.
void draw_pole(const AppState& app, const TimelinePicture& picture, float x, float top,
               ImU32 colour) {
  const float at = std::round(x) + 0.5F;
  canvas().AddLine({at, top}, {at, picture.rows.body().to.y}, colour, app.px(1));
}

bool is_latest(const AppState& app, const std::vector<Caption>& captions, std::size_t i) {
  const Instant now = app.playback.at();
  if (captions[i].mark.note->at > now) return false;
  return i + 1 == captions.size() || captions[i + 1].mark.note->at > now;
}

void draw_captions(AppState& app, const TimelinePicture& picture, const TimelineHit& hit) {
  const Area& row = picture.rows.captions;
  for (std::size_t i = 0; i < picture.captions.size(); ++i) {
    const Caption& caption = picture.captions[i];
    const bool bright = caption.mark.note == hit.note || is_latest(app, picture.captions, i);
    const ImU32 colour = bright ? app.theme.text : app.theme.text_dim;
    draw_flag(app.theme, *caption.mark.note, {caption.mark.x, row.centre().y}, app.px(5), bright);
    if (caption.room <= 0) continue;
    const ImVec2 at{caption.mark.x + app.px(9), row.centre().y - app.fonts.small->FontSize / 2};
    text(app.fonts.small, colour, at, fitted(app.fonts.small, caption.words, caption.room));
  }
}

void draw_events(AppState& app, const TimelinePicture& picture, const TimelineHit& hit) {
  constexpr std::size_t kMostPoles = 24;
  const Area& row = picture.rows.events;
  for (const OutageShape& outage : picture.outages) {
    if (outage.words.empty() || row.height() <= 0) continue;
    text(app.fonts.small, app.theme.bad,
         {outage.words_at, row.centre().y - app.fonts.small->FontSize / 2}, outage.words);
  }
  for (const Caption& caption : picture.events) {
    const ImU32 colour = colour_of(app.theme, caption.mark.note->kind);
    const bool chosen = caption.mark.note == hit.note;
    if (chosen || picture.events.size() <= kMostPoles)
      draw_pole(app, picture, caption.mark.x, row.centre().y, faded(colour, chosen ? 0.9F : 0.35F));
    draw_glyph(app.theme, caption.mark.note->kind, {caption.mark.x, row.centre().y}, app.px(5.5F));
    if (caption.room <= 0) continue;
    const ImVec2 at{caption.mark.x + app.px(9), row.centre().y - app.fonts.small->FontSize / 2};
    text(app.fonts.small, mixed(colour, app.theme.text, chosen ? 0.7F : 0.25F), at,
         fitted(app.fonts.small, caption.words, caption.room));
  }
}

void shade_outages(const AppState& app, const TimelinePicture& picture) {
  const Area plot = picture.rows.plot();
  const float top = picture.rows.events.from.y;
  for (const OutageShape& outage : picture.outages) {
    canvas().AddRectFilled({outage.from, top}, {outage.to, plot.to.y},
                           faded(app.theme.bad, app.theme.dark ? 0.13F : 0.1F));
  }
}

/// What isn't simulated or recorded yet, though its time is known to come.
void hatch_unknown(AppState& app, const TimelinePicture& picture) {
  const Area body = picture.rows.body();
  const Area area{{std::max(picture.axis.x(picture.known_until), body.from.x), body.from.y},
                  body.to};
  if (area.width() < 1) return;
  hatch(area, app.theme.border, app.px(9));
  constexpr const char* kWords = "not simulated yet";
  if (area.width() > width_of(app.fonts.small, kWords) + app.px(24))
    text_centred(app.fonts.small, app.theme.text_faint, area.centre(), kWords);
}

void mark_selection(const AppState& app, const TimelinePicture& picture) {
  const Recording& recording = picture.history->recording();
  const std::size_t position = app.selection.position;
  if (app.selection.kind != Selection::Kind::kRecord || position < recording.first() ||
      position >= recording.end())
    return;
  const Record& record = recording[position];
  if (!picture.axis.span().contains(record.at)) return;
  const float x = picture.axis.x(record.at);
  draw_pole(app, picture, x, picture.rows.captions.from.y, faded(app.theme.selection, 0.5F));
  if (record.node == kNoNode || record.node > picture.rows.lanes.size()) return;
  canvas().AddCircle({x, picture.rows.lanes[record.node - 1].centre().y},
                     picture.mark_radius + app.px(3), app.theme.selection, 0, app.px(1.5F));
}

}  // namespace

void draw_picture(AppState& app, const TimelinePicture& picture, const TimelineHit& hit) {
  const Area plot = picture.rows.plot();
  const float pad = app.px(9);  // marks stand out of the axis at its ends
  ImGui::PushClipRect(plot.from, plot.to, true);
  shade_outages(app, picture);
  hatch_unknown(app, picture);
  draw_arrows(app, picture, hit);
  draw_lanes(app, picture);
  draw_clients(app, picture, hit);
  ImGui::PopClipRect();
  ImGui::PushClipRect({plot.from.x - pad, plot.from.y}, {plot.to.x + pad, plot.to.y}, true);
  draw_events(app, picture, hit);
  draw_marks(app, picture);
  draw_captions(app, picture, hit);
  mark_selection(app, picture);
  draw_pointer(app, picture.axis, plot);
  draw_future(app, picture.axis, {plot.from, {plot.to.x + pad, plot.to.y}});
  ImGui::PopClipRect();
}

void draw_overview(AppState& app, const TimelinePicture& picture, const TimeView& view) {
  const Area& strip = picture.rows.overview;
  if (strip.height() <= 0) return;
  const Theme& theme = app.theme;
  const TimeAxis axis(view.all, strip.from.x, strip.to.x);
  const float lane = strip.height() / static_cast<float>(picture.rows.lanes.size());
  canvas().AddRectFilled(strip.from, strip.to, theme.background, app.px(3));
  for (const OutageShape& outage : outage_shapes(*picture.history, axis))
    canvas().AddRectFilled({outage.from, strip.from.y}, {outage.to, strip.to.y},
                           faded(theme.bad, 0.3F));
  for (std::size_t i = 0; i < picture.rows.lanes.size(); ++i) {
    const float y = strip.from.y + lane * static_cast<float>(i);
    const auto& bands = picture.history->chronicle().bands(static_cast<NodeId>(i + 1));
    for (const BandShape& band : band_shapes(bands, axis, app.px(2), picture.known_until)) {
      if (band.standing == Standing::kDown || band.standing == Standing::kUnknown) continue;
      const float half = std::max(1.0F, lane * 0.3F);
      canvas().AddRectFilled({band.from, y + lane / 2 - half}, {band.to, y + lane / 2 + half},
                             fill_of(theme, band.standing));
    }
  }
  const float now = axis.x(app.playback.at());
  canvas().AddLine({now, strip.from.y}, {now, strip.to.y}, theme.accent, app.px(1));
  const float from = axis.x(view.shown.from);
  const float to = std::max(axis.x(view.shown.to), from + app.px(4));
  const ImU32 veil = faded(theme.panel, 0.35F);
  canvas().AddRectFilled(strip.from, {from, strip.to.y}, veil);
  canvas().AddRectFilled({to, strip.from.y}, strip.to, veil);
  canvas().AddRect({from, strip.from.y - 1}, {to, strip.to.y + 1}, theme.accent, app.px(3), 0,
                   app.px(1.5F));
}

}  // namespace kv::viz
