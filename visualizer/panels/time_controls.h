#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "panels/app_state.h"
#include "panels/time_axis.h"

namespace kv::viz {

// What the timeline and the charts have in common: the mouse on a time axis, the playhead, ticks.

/// What there is and what of it is shown.
struct TimeView {
  TimeSpan all{};
  TimeSpan shown{};
  bool zoomed() const { return shown.length() < all.length(); }
};
/// Moves the window along first, if the playhead has moved out of it. Precondition: a source.
TimeView time_view(AppState& app);

/// For the last item of ImGui, which has the axis's place: the wheel zooms around the mouse, with
/// shift it moves the window, as the middle and the right button do; a double click shows all.
void navigate(AppState& app, const TimeView& view, const TimeAxis& axis);
/// Puts the playhead where the mouse is; a double click, which shows all, must be dragged for that.
void scrub(AppState& app, const TimeAxis& axis);
/// Buttons at the right end of a panel's title: fit, shorter, longer. Gives their left end.
float draw_zoom_buttons(AppState& app, std::string_view panel, const TimeView& view,
                        const Area& area);

/// "10 ms of 40 s"
std::string extent_words(const TimeView& view);

/// Where ticks are drawn.
struct TickRow {
  Area plot{};       ///< lines go all over it
  Area labels{};     ///< without height: there are none
  float gap{0};      ///< between ticks, at least
  bool base{false};  ///< what relative labels count from is told to the left of them
};
/// Labels that the playhead's one would cover are left out.
void draw_ticks(AppState& app, const TimeAxis& axis, const TickRow& row);
/// Everything that is still to come, paler: "now" is where the picture is clear.
void draw_future(AppState& app, const TimeAxis& axis, const Area& plot);
/// The line, its handle over `plot`, its time in `row`: the label's area, or nothing if the
/// playhead isn't in the picture.
std::optional<Area> draw_playhead(AppState& app, const TimeAxis& axis, const Area& plot,
                                  const Area& row);
/// The place on the axis that the mouse points to, in whichever panel.
void point(AppState& app, Instant at);
std::optional<Instant> pointed(const AppState& app);
void draw_pointer(AppState& app, const TimeAxis& axis, const Area& plot);

}  // namespace kv::viz
