#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/icons.h"
#include "panels/keys.h"
#include "panels/panels.h"
#include "sources/live_cluster.h"
#include "sources/rehearsal.h"

namespace kv::viz {
namespace {

std::string speed_text(double speed) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%g×", speed);
  return text.data();
}

const char* name_of(Source::Kind kind) {
  switch (kind) {
    case Source::Kind::kScenario:
      return "rehearsal";
    case Source::Kind::kTrace:
      return "trace";
    case Source::Kind::kLive:
      return "live";
  }
  return "";
}

struct Transport {
  const char* name;
  Icon icon;
  const char* tooltip;
  void (*act)(AppState&);
};

constexpr std::array kTransport{
    Transport{"to begin", Icon::kToBegin, "to the beginning (home)",
              [](AppState& app) {
                app.playback.seek(app.history()->recording().begin_time(), *app.history());
              }},
    Transport{"back", Icon::kBack, "the thing worth seeing before (B); ← one record",
              [](AppState& app) { app.playback.step_note(true, *app.history()); }},
    Transport{"reverse", Icon::kReverse, "play backwards (R)",
              [](AppState& app) { app.playback.play(true); }},
    Transport{"play", Icon::kPlay, "play, pause (space)",
              [](AppState& app) { app.playback.toggle(); }},
    Transport{"forward", Icon::kForward, "the next thing worth seeing (N); → one record",
              [](AppState& app) { app.playback.step_note(false, *app.history()); }},
    Transport{"to end", Icon::kToEnd, "to the end, or to the present (end)", go_to_end},
};

float transport_width(const AppState& app) {
  return app.px(34) * static_cast<float>(kTransport.size());
}

void draw_transport(AppState& app, float left, float middle) {
  const float side = app.px(30);
  for (const Transport& item : kTransport) {
    const Area area{{left, middle - side / 2}, {left + side, middle + side / 2}};
    if (button(app, item.name, "", area, {item.tooltip})) item.act(app);
    const bool pausing = item.icon == Icon::kPlay && app.playback.playing();
    draw_icon(pausing ? Icon::kPause : item.icon, area.centre(), app.px(11), app.theme.text);
    left += app.px(34);
  }
}

/// The clock: where playback is, and of how much.
void draw_clock(AppState& app, float left, float middle, bool narrow) {
  const bool live = app.source->kind() == Source::Kind::kLive;
  const Recording& recording = app.history()->recording();
  // Of a running cluster it tells more how long ago that was.
  const Duration ago = recording.end_time() - app.playback.at();
  const std::string now = !live                    ? sim::time_text(app.playback.at())
                          : app.playback.follows() ? "now"
                                                   : "−" + sim::time_text(Instant{} + ago);
  const float width = std::max(app.px(112), width_of(app.fonts.large, now) + app.px(12));
  text(app.fonts.large, app.theme.text, {left, middle - app.fonts.large->FontSize / 2}, now);
  if (narrow) return;
  std::string more;
  if (!live) more = "of " + sim::span_text(app.source->horizon() - Instant{});
  if (const LiveCluster* cluster = app.source->live())
    more = sim::span_text(cluster->lag()) + " behind";
  text(app.fonts.small, app.theme.text_dim, {left + width, middle - app.fonts.small->FontSize / 2},
       more);
}

void draw_speed(AppState& app, float left, float middle) {
  const float half = app.px(13);
  const auto box = [&](float from, float width) {
    return Area{{left + app.px(from), middle - half}, {left + app.px(from + width), middle + half}};
  };
  if (button(app, "slower", "-", box(0, 26), {"slower (↓)"})) app.playback.slower();
  const double speed = app.playback.speed();
  const double now = app.playback.speed_now(*app.history());
  const bool eased = app.playback.playing() && now < speed;
  text_centred(app.fonts.mono, eased ? app.theme.candidate : app.theme.text, box(26, 62).centre(),
               eased ? speed_text(now).substr(0, 8) : speed_text(speed));
  if (button(app, "faster", "+", box(88, 26), {"faster (↑)"})) app.playback.faster();
  if (button(app, "ease", "slow-mo", box(120, 66),
             {"elections in slow motion, whatever the speed (E)", app.playback.eased()}))
    app.playback.ease(!app.playback.eased());
}

struct Verdict {
  std::string words{};
  Tone tone{};
};

/// What the checkers say so far.
Verdict verdict_of(const AppState& app) {
  if (app.moment.violations > 0) {
    const bool one = app.moment.violations == 1;
    return {std::to_string(app.moment.violations) + (one ? " violation" : " violations"),
            Tone::kBad};
  }
  if (app.source->kind() == Source::Kind::kLive) return {};
  if (!app.source->problem().empty()) return {"damaged trace", Tone::kBad};
  return {"no violation so far", Tone::kGood};
}

/// From the right; gives the left edge of what was drawn. Where it is `narrow`, only bad news.
float draw_right(AppState& app, float right, float middle, bool narrow) {
  const float side = app.px(28);
  const auto square = [&] {
    const Area area{{right - side, middle - side / 2}, {right, middle + side / 2}};
    right -= side + app.px(6);
    return area;
  };
  if (button(app, "help", "?", square(), {"keys (H)"})) app.help_shown = !app.help_shown;
  const Area light = square();
  if (button(app, "light", "", light, {"light, or dark (L)"})) app.light = !app.light;
  draw_icon(app.light ? Icon::kMoon : Icon::kSun, light.centre(), app.px(14), app.theme.text);
  if (!app.source) return right;
  const Verdict verdict = verdict_of(app);
  if (!verdict.words.empty() && (!narrow || verdict.tone == Tone::kBad)) {
    right -= width_of(app.fonts.small, verdict.words) + app.px(20);
    pill(app, {right, middle - app.fonts.small->FontSize / 2 - app.px(4)}, verdict.words,
         colour_of(app.theme, verdict.tone), app.fonts.small);
    right -= app.px(8);
  }
  return right;
}

}  // namespace

void draw_top_bar(AppState& app, const Area& area) {
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  canvas.AddRectFilled(area.from, area.to, app.theme.panel);
  canvas.AddLine({area.from.x, area.to.y}, area.to, app.theme.border);
  const float middle = area.centre().y;
  const bool narrow = area.width() < app.px(1000);
  const float right = draw_right(app, area.to.x - app.px(12), middle, narrow);
  const float left = area.from.x + app.px(16);
  const float brand = text(app.fonts.title, app.theme.text,
                           {left, middle - app.fonts.title->FontSize / 2}, "Understudy");
  if (!app.source || app.history()->recording().empty()) return;
  const float clock_width = app.px(narrow ? 112 : 242);
  const float speed_width = app.px(190);
  const float gap = app.px(18);
  float from = area.centre().x - (transport_width(app) + clock_width + speed_width) / 2;
  if (narrow) from = left + brand + gap;
  if (!narrow) {
    const std::string title =
        std::string(name_of(app.source->kind())) + " · " + app.history()->cluster().title;
    text(app.fonts.small, app.theme.text_dim,
         {left + brand + gap, middle - app.fonts.small->FontSize / 2},
         fitted(app.fonts.small, title, from - left - brand - 2 * gap));
  }
  draw_transport(app, from, middle);
  from += transport_width(app) + gap;
  if (from + clock_width > right) return;
  draw_clock(app, from, middle, narrow);
  from += clock_width + gap;
  if (from + speed_width <= right) draw_speed(app, from, middle);
}

}  // namespace kv::viz
