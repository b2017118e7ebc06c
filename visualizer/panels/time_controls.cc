#include "panels/time_controls.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "netsim/report_layout.h"
#include "panels/controls.h"

namespace kv::viz {
namespace {

constexpr float kFutureShows = 0.55F;
constexpr int kMiddleButton = ImGuiMouseButton_Middle;
constexpr int kRightButton = ImGuiMouseButton_Right;

/// The playhead's label in the row of the ticks, kept within the row.
Area label_area(const AppState& app, const TimeAxis& axis, const Area& row) {
  const std::string words = precise_time(app.playback.at(), axis);
  const float width = width_of(app.fonts.mono, words) + app.px(12);
  const float x = axis.x(app.playback.at()) - width / 2;
  const float from = std::round(std::clamp(x, row.from.x, std::max(row.from.x, row.to.x - width)));
  return {{from, row.from.y}, {from + width, row.to.y}};
}

bool in_picture(const AppState& app, const TimeAxis& axis) {
  return axis.span().contains(app.playback.at());
}

/// A plus or a minus, drawn: fonts have them in all sizes.
void draw_sign(const AppState& app, const Area& area, bool plus) {
  const ImVec2 centre = area.centre();
  const float half = app.px(4);
  const float thick = app.px(1.5F);
  canvas().AddLine({centre.x - half, centre.y}, {centre.x + half, centre.y}, app.theme.text, thick);
  if (!plus) return;
  canvas().AddLine({centre.x, centre.y - half}, {centre.x, centre.y + half}, app.theme.text, thick);
}

}  // namespace

TimeView time_view(AppState& app) {
  TimeView view;
  view.all = extent_of(*app.history(), app.source->horizon());
  view.shown = shown_of(app.window, view.all);
  const Instant now = app.playback.at();
  if (now != app.window.followed && view.zoomed() && !view.shown.contains(now)) {
    view.shown = following(view.shown, view.all, now, app.playback.backwards());
    show(app.window, view.shown, view.all);
  }
  app.window.followed = now;
  return view;
}

void navigate(AppState& app, const TimeView& view, const TimeAxis& axis) {
  const ImGuiIO& io = ImGui::GetIO();
  const Area place{ImGui::GetItemRectMin(), ImGui::GetItemRectMax()};
  for (const int button : {kMiddleButton, kRightButton}) {
    if (!ImGui::IsMouseDown(button) || !place.contains(io.MouseClickedPos[button])) continue;
    const Duration by = axis.duration_of(-io.MouseDelta.x);
    if (by.ns != 0) show(app.window, panned(view.shown, view.all, by), view.all);
    return;
  }
  if (!ImGui::IsItemHovered()) return;
  if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) app.window.whole = true;
  const float sideways = io.KeyShift && io.MouseWheelH == 0 ? io.MouseWheel : io.MouseWheelH;
  if (sideways != 0) {
    const Duration by = axis.duration_of(-sideways * axis.width() / 10);
    show(app.window, panned(view.shown, view.all, by), view.all);
  } else if (io.MouseWheel != 0) {
    const double factor = std::pow(0.8, static_cast<double>(io.MouseWheel));
    show(app.window, zoomed(view.shown, view.all, axis.at(io.MousePos.x), factor), view.all);
  }
}

void scrub(AppState& app, const TimeAxis& axis) {
  const ImGuiIO& io = ImGui::GetIO();
  // What a double click holds is no longer where it was: navigate() has zoomed out.
  const bool again = io.MouseClickedLastCount[ImGuiMouseButton_Left] > 1;
  if (again && !ImGui::IsMouseDragging(ImGuiMouseButton_Left, app.px(4))) return;
  const float x = std::clamp(io.MousePos.x, axis.left(), axis.right());
  if (!app.playback.playing()) app.playback.pause();
  app.playback.seek(axis.at(x), *app.history());
  app.window.followed = app.playback.at();
}

float draw_zoom_buttons(AppState& app, std::string_view panel, const TimeView& view,
                        const Area& area) {
  constexpr double kStep = 2.5;
  const std::string name(panel);
  const float top = area.from.y + app.px(8);
  const float height = app.px(20);
  float right = area.to.x - app.px(12);
  const auto next = [&](float width) {
    const Area place{{right - app.px(width), top}, {right, top + height}};
    right = place.from.x - app.px(4);
    return place;
  };
  const Instant now = app.playback.at();
  const Instant middle = view.shown.from + view.shown.length() / 2;
  const Instant around = view.shown.contains(now) ? now : middle;
  const Area shorter = next(26);
  if (button(app, name + ":+", "", shorter, {"look closer (wheel)"}))
    show(app.window, zoomed(view.shown, view.all, around, 1 / kStep), view.all);
  draw_sign(app, shorter, true);
  const Area longer = next(26);
  if (button(app, name + ":-", "", longer, {"see more (wheel)", false, view.zoomed()}))
    show(app.window, zoomed(view.shown, view.all, around, kStep), view.all);
  draw_sign(app, longer, false);
  if (button(app, name + ":fit", "fit", next(34),
             {"all there is (double click)", false, view.zoomed()}))
    app.window.whole = true;
  return right;
}

std::string extent_words(const TimeView& view) {
  return sim::span_text(view.shown.length()) + " of " + sim::span_text(view.all.length());
}

void draw_ticks(AppState& app, const TimeAxis& axis, const TickRow& row) {
  const Theme& theme = app.theme;
  const Area& labels = row.labels;
  const Ticks ticks = ticks_of(axis, row.gap);
  const Area taken = in_picture(app, axis) ? label_area(app, axis, labels) : Area{};
  const float y = labels.from.y + (labels.height() - app.fonts.mono->FontSize) / 2;
  for (const Tick& tick : ticks.ticks) {
    const float x = std::round(axis.x(tick.at));
    canvas().AddLine({x, row.plot.from.y}, {x, row.plot.to.y}, theme.grid);
    const float width = width_of(app.fonts.mono, tick.label);
    const float last = std::max(labels.from.x, labels.to.x - width);
    const float from = std::clamp(x - width / 2, labels.from.x, last);
    const bool hidden = from < taken.to.x + app.px(4) && from + width > taken.from.x - app.px(4);
    if (hidden || labels.height() <= 0) continue;
    text(app.fonts.mono, tick.strong ? theme.text_dim : theme.text_faint, {from, y}, tick.label);
  }
  if (!row.base || ticks.base.empty()) return;
  text_right(app.fonts.mono, theme.text_dim, {labels.from.x - app.px(10), y}, ticks.base);
}

void draw_future(AppState& app, const TimeAxis& axis, const Area& plot) {
  const float from = std::max(axis.x(app.playback.at()), plot.from.x);
  if (from >= plot.to.x) return;
  canvas().AddRectFilled({from, plot.from.y}, plot.to, faded(app.theme.panel, 1 - kFutureShows));
}

std::optional<Area> draw_playhead(AppState& app, const TimeAxis& axis, const Area& plot,
                                  const Area& row) {
  if (!in_picture(app, axis)) return std::nullopt;
  const Theme& theme = app.theme;
  const float x = std::round(axis.x(app.playback.at())) + 0.5F;
  const float half = app.px(5);
  canvas().AddLine({x, plot.from.y}, {x, row.from.y + app.px(2)}, faded(theme.panel, 0.6F),
                   app.px(3.5F));
  canvas().AddLine({x, plot.from.y}, {x, row.from.y + app.px(2)}, theme.accent, app.px(1.5F));
  canvas().AddTriangleFilled({x - half, plot.from.y - app.px(2)},
                             {x + half, plot.from.y - app.px(2)}, {x, plot.from.y + app.px(6)},
                             theme.accent);
  if (row.height() <= 0) return Area{{x - half, plot.from.y}, {x + half, plot.from.y + 2 * half}};
  const Area label = label_area(app, axis, row);
  canvas().AddRectFilled(label.from, label.to, theme.accent, app.px(4));
  text_centred(app.fonts.mono, theme.panel, label.centre(), precise_time(app.playback.at(), axis));
  return label;
}

void point(AppState& app, Instant at) {
  app.window.pointed = at;
  app.window.pointed_in = ImGui::GetFrameCount();
}

std::optional<Instant> pointed(const AppState& app) {
  if (app.window.pointed_in + 1 < ImGui::GetFrameCount()) return std::nullopt;
  return app.window.pointed;
}

void draw_pointer(AppState& app, const TimeAxis& axis, const Area& plot) {
  const std::optional<Instant> at = pointed(app);
  if (!at || !axis.span().contains(*at)) return;
  const float x = std::round(axis.x(*at)) + 0.5F;
  canvas().AddLine({x, plot.from.y}, {x, plot.to.y}, faded(app.theme.text_dim, 0.5F));
}

}  // namespace kv::viz
