#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "panels/controls.h"
#include "panels/stage_drawing.h"

namespace kv::viz {
namespace {

constexpr float kPi = 3.14159265F;

void arc(ImVec2 centre, float radius, float share, ImU32 colour, float thickness) {
  if (share <= 0) return;
  const int steps = std::max(4, static_cast<int>(share * 72));
  canvas().PathArcTo(centre, radius, -kPi / 2, -kPi / 2 + 2 * kPi * share, steps);
  canvas().PathStroke(colour, 0, thickness);
}

void dashed_circle(ImVec2 centre, float radius, ImU32 colour, float thickness) {
  constexpr int kDashes = 14;
  for (int i = 0; i < kDashes; ++i) {
    const float from = 2 * kPi * static_cast<float>(i) / kDashes;
    canvas().PathArcTo(centre, radius, from, from + kPi / kDashes * 1.15F, 6);
    canvas().PathStroke(colour, 0, thickness);
  }
}

bool is_node(const Selection& selection, NodeId id) {
  return selection.kind == Selection::Kind::kNode && selection.node == id;
}

void draw_crown(const AppState& app, ImVec2 centre, float radius, ImU32 colour) {
  const float thickness = std::max(app.px(1.6F), radius * 0.055F);
  canvas().AddCircle(centre, radius + app.px(4), colour, 0, thickness);
}

void draw_letter(const AppState& app, const NodeShape& shape, ImVec2 centre, float radius,
                 ImU32 colour) {
  if (shape.standing == Standing::kDown) {
    draw_cross(canvas(), centre, radius * 0.3F, colour, std::max(app.px(2), radius * 0.09F));
    return;
  }
  if (shape.standing == Standing::kPaused) {
    const float high = radius * 0.36F;
    const float wide = radius * 0.1F;
    for (const float x : {-radius * 0.2F, radius * 0.2F}) {
      const ImVec2 at{centre.x + x, centre.y};
      canvas().AddRectFilled({at.x - wide, at.y - high}, {at.x + wide, at.y + high}, colour,
                             app.px(1));
    }
    return;
  }
  ImFont* font = radius >= app.px(22)   ? app.fonts.large
                 : radius >= app.px(15) ? app.fonts.title
                                        : app.fonts.strong;
  text_centred(font, colour, centre, letter_of(shape.standing));
}

void draw_disc(const AppState& app, const NodeShape& shape, ImVec2 centre, float radius) {
  const Theme& theme = app.theme;
  const ImU32 colour = colour_of(theme, shape.standing);
  const float line = std::max(app.px(2), radius * 0.08F);
  if (shape.serving) {
    constexpr int kHalo = 10;
    for (int i = 1; i <= kHalo; ++i) {
      const float grown = radius + app.px(4) + radius * 0.055F * static_cast<float>(i);
      canvas().AddCircleFilled(centre, grown, faded(colour, 0.018F));
    }
    canvas().AddCircleFilled(centre, radius, colour);
    draw_crown(app, centre, radius, colour);
    draw_letter(app, shape, centre, radius, theme.dark ? theme.background : theme.panel);
    return;
  }
  const bool dim = shape.standing == Standing::kDown || shape.standing == Standing::kUnknown;
  canvas().AddCircleFilled(centre, radius, mixed(theme.panel, colour, dim ? 0.04F : 0.11F));
  if (shape.standing == Standing::kAsking || shape.standing == Standing::kUnknown) {
    dashed_circle(centre, radius - line / 2, colour, line);
  } else {
    canvas().AddCircle(centre, radius - line / 2, faded(colour, dim ? 0.6F : 1), 0,
                       shape.standing == Standing::kCandidate ? line * 1.4F : line);
  }
  draw_letter(app, shape, centre, radius, faded(colour, dim ? 0.8F : 1));
}

void draw_timer(const AppState& app, const NodeShape& shape, ImVec2 centre, float at) {
  if (!shape.timer) return;
  const Theme& theme = app.theme;
  const float line = app.px(2.5F);
  canvas().AddCircle(centre, at, theme.grid, 0, line);
  arc(centre, at, shape.timer_began, mixed(theme.grid, theme.text_faint, 0.35F), line);
  arc(centre, at, *shape.timer,
      shape.timer_late ? theme.candidate : mixed(theme.text_faint, theme.text_dim, 0.6F),
      shape.timer_late ? app.px(3.2F) : line);
}

/// The votes that a candidate counts, each on the side of who gave it.
void draw_pips(const AppState& app, const StagePicture& picture, const Campaign& campaign) {
  if (campaign.won) return;
  const NodePlace& place = picture.layout.node(campaign.candidate);
  const float size = std::clamp(picture.layout.radius * 0.21F, app.px(4.5F), app.px(8));
  for (const Vote& vote : campaign.votes) {
    const bool own = vote.voter == campaign.candidate;
    const ImVec2 towards = own ? ImVec2{0, place.outward.y < 0.05F ? -1.0F : 1.0F}
                               : direction(place.centre, picture.layout.node(vote.voter).centre);
    const ImVec2 at =
        moved(place.centre, towards, (picture.layout.radius + picture.layout.rim) / 2);
    const ImU32 colour = vote.state == VoteState::kGranted   ? app.theme.good
                         : vote.state == VoteState::kRefused ? app.theme.bad
                                                             : app.theme.text_faint;
    canvas().AddCircleFilled(at, size + app.px(1.5F), app.theme.panel);
    if (vote.state == VoteState::kOpen) {
      canvas().AddCircle(at, size - app.px(1), colour, 0, app.px(1.5F));
      continue;
    }
    canvas().AddCircleFilled(at, size, colour);
    const ImU32 sign = app.theme.panel;
    if (vote.state == VoteState::kGranted) {
      draw_check(canvas(), at, size * 0.55F, sign, app.px(1.8F));
    } else {
      draw_cross(canvas(), at, size * 0.42F, sign, app.px(1.8F));
    }
  }
}

/// Two bars: the log with what of it is persisted and committed, and what is applied.
void draw_bars(const AppState& app, const NodeShape& shape, const Area& area) {
  const Theme& theme = app.theme;
  const float high = std::round(app.px(3));
  const auto bar = [&](float y, float share, ImU32 colour) {
    if (share <= 0) return;
    const float right = area.from.x + area.width() * std::clamp(share, 0.0F, 1.0F);
    canvas().AddRectFilled({area.from.x, y}, {right, y + high}, colour, high / 2);
  };
  const float dim = shape.standing == Standing::kDown ? 0.45F : 1;
  const float top = std::round(area.centre().y - high - app.px(1));
  const float bottom = std::round(area.centre().y + app.px(1));
  bar(top, 1, theme.grid);
  bar(top, shape.log, faded(theme.text_faint, dim));
  bar(top, shape.committed, faded(theme.good, dim));
  bar(bottom, 1, theme.grid);
  bar(bottom, shape.done, faded(colour_of(theme, shape.standing), 0.85F * dim));
  const float persisted = area.from.x + area.width() * shape.persisted;
  if (shape.persisted > 0)
    canvas().AddLine({persisted, top - app.px(2)}, {persisted, top + high + app.px(1)},
                     faded(theme.text, dim), app.px(1.2F));
}

/// Text that is written towards a node from either side.
float aligned_left(const NodePlace& place, float width) {
  if (place.label_side == Side::kRight) return place.label.from.x;
  if (place.label_side == Side::kLeft) return place.label.to.x - width;
  return place.label.centre().x - width / 2;
}

/// How wide a text beside the node may be, which is more than its label.
float room_of(const AppState& app, const StageLayout& layout, const NodePlace& place) {
  const Area& label = place.label;
  if (place.label_side == Side::kMiddle) return label.width() * 1.5F;
  if (place.label_side == Side::kRight) return layout.area.to.x + app.px(10) - label.from.x;
  const bool beside_headline =
      label.from.y < layout.headline.to.y && label.from.x >= layout.headline.to.x;
  const float left = beside_headline ? layout.headline.to.x : layout.area.from.x - app.px(10);
  return label.to.x - left;
}

void draw_name(const AppState& app, const StagePicture& picture, const NodeShape& shape,
               const std::string& name) {
  const NodePlace& place = picture.layout.node(shape.node);
  const bool dim = shape.standing == Standing::kDown;
  const std::string shown = fitted(app.fonts.strong, name, place.label.width());
  const float name_width = width_of(app.fonts.strong, shown);
  std::string note;
  if (picture.layout.detail != LabelDetail::kName && !shape.note.empty()) {
    const float room = room_of(app, picture.layout, place) - name_width;
    note = fitted(app.fonts.small, " · " + shape.note, room);
  }
  const ImVec2 at{aligned_left(place, name_width + width_of(app.fonts.small, note)),
                  place.label.from.y};
  text(app.fonts.strong, dim ? app.theme.text_dim : app.theme.text, at, shown);
  const float lower = app.fonts.strong->FontSize - app.fonts.small->FontSize - app.px(1);
  text(app.fonts.small, shape.note_bad ? app.theme.bad : app.theme.primary,
       {at.x + name_width, at.y + lower}, note);
}

/// "secondary · term 1", the first of it in the colour of the node.
void draw_standing(const AppState& app, const StagePicture& picture, const NodeShape& shape,
                   float top) {
  const NodePlace& place = picture.layout.node(shape.node);
  const bool fits = width_of(app.fonts.small, shape.words) <= room_of(app, picture.layout, place);
  const std::string_view words = fits ? shape.words : shape.brief;
  const std::size_t end = std::min(words.find(" · "), words.size());
  const float left = aligned_left(place, width_of(app.fonts.small, words));
  const bool down = shape.standing == Standing::kDown;
  const ImU32 colour = down ? app.theme.text_faint : colour_of(app.theme, shape.standing);
  const float width = text(app.fonts.small, colour, {left, top}, words.substr(0, end));
  text(app.fonts.small, down ? app.theme.text_faint : app.theme.text_dim, {left + width, top},
       words.substr(end));
}

/// Bars towards the node, figures beside them: "44 / 46", only the first where that is too long.
void draw_progress(const AppState& app, const NodePlace& place, const NodeShape& shape, float top) {
  const float gap = app.px(8);
  const float least = app.px(18);
  std::string figures = std::to_string(shape.applied) + " / " + std::to_string(shape.last);
  if (width_of(app.fonts.mono, figures) + gap + least > place.label.width())
    figures = std::to_string(shape.applied);
  const float width = width_of(app.fonts.mono, figures);
  const float bars = std::max(least, place.label.width() - width - gap);
  const bool mirrored = place.label_side == Side::kLeft;
  const float left = mirrored ? place.label.to.x - bars : place.label.from.x;
  draw_bars(app, shape, {{left, top}, {left + bars, top + app.fonts.mono->FontSize}});
  text(app.fonts.mono, app.theme.text_faint,
       {mirrored ? left - gap - width : left + bars + gap, top}, figures);
}

void draw_label(const AppState& app, const StagePicture& picture, const NodeShape& shape,
                const std::string& name) {
  const LabelDetail detail = picture.layout.detail;
  if (detail == LabelDetail::kNothing) return;
  draw_name(app, picture, shape, name);
  if (detail == LabelDetail::kName) return;
  const NodePlace& place = picture.layout.node(shape.node);
  const float top = place.label.from.y + app.fonts.strong->FontSize + app.px(3);
  draw_standing(app, picture, shape, top);
  if (detail == LabelDetail::kFull && shape.standing != Standing::kUnknown)
    draw_progress(app, place, shape, top + app.fonts.small->FontSize + app.px(3));
}

void draw_node(const AppState& app, const StagePicture& picture, const NodeShape& shape,
               const std::string& name) {
  const ImVec2 centre = picture.layout.node(shape.node).centre;
  const float radius = picture.layout.radius;
  if (is_node(app.selection, shape.node))
    canvas().AddCircle(centre, picture.layout.rim + app.px(1), app.theme.selection, 0,
                       app.px(1.8F));
  if (is_node(picture.hovered, shape.node))
    canvas().AddCircleFilled(centre, picture.layout.rim, faded(app.theme.text, 0.08F));
  draw_timer(app, shape, centre, (radius + picture.layout.rim) / 2);
  draw_disc(app, shape, centre, radius);
  draw_label(app, picture, shape, name);
}

}  // namespace

void draw_nodes(const AppState& app, const StagePicture& picture) {
  const ClusterInfo& cluster = app.history()->cluster();
  for (const NodeShape& shape : picture.nodes)
    draw_node(app, picture, shape, cluster.name(shape.node));
  for (const Campaign& campaign : picture.campaigns) draw_pips(app, picture, campaign);
}

}  // namespace kv::viz
