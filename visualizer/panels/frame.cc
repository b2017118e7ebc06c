#include "panels/frame.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <fstream>
#include <utility>

#include "panels/controls.h"
#include "panels/keys.h"
#include "panels/panels.h"
#include "sources/rehearsal.h"
#include "sources/trace_source.h"

namespace kv::viz {
namespace {

constexpr std::string_view kTraceBegins = R"({"trace":)";

bool is_trace(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string begin(kTraceBegins.size(), '\0');
  in.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return in && begin == kTraceBegins;
}

template <typename Opened>
void take_over(AppState& app, Result<std::unique_ptr<Opened>> opened) {
  if (!opened) {
    app.problem = opened.error().message;
    return;
  }
  app.problem.clear();
  app.source = std::move(*opened);
  app.playback = Playback();
  app.moment_of = nullptr;
  app.selection = {};
  app.window = {};
  app.log_top = 0;
  // Another history may come to lie where the one was that these belong to.
  app.inspection.reset();
  app.store.reset();
}

void draw_progress(AppState& app, const Area& bar) {
  const Source::Progress progress = app.source ? app.source->progress() : Source::Progress{};
  if (!progress.busy) return;
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  const float width = bar.width() * static_cast<float>(std::clamp(progress.share, 0.0, 1.0));
  canvas.AddRectFilled({bar.from.x, bar.to.y - app.px(2)}, {bar.from.x + width, bar.to.y},
                       app.theme.secondary);
}

/// What went wrong, over the middle of the picture.
void draw_problem(AppState& app, const Area& area) {
  const std::string words = !app.problem.empty() ? app.problem
                            : app.source         ? app.source->problem()
                                                 : std::string();
  if (words.empty() || words == app.problem_closed) return;
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  const float width = std::min(app.px(760), area.width() - app.px(40));
  const float pad = app.px(16);
  const float wrap = width - 2 * pad;
  const ImVec2 size =
      app.fonts.text->CalcTextSizeA(app.fonts.text->FontSize, FLT_MAX, wrap, words.c_str());
  const float height = std::min(size.y + 2 * pad, area.height() - app.px(8));
  const ImVec2 from{area.centre().x - width / 2, area.to.y - height - app.px(12)};
  const Area box{from, {from.x + width, from.y + height}};
  canvas.AddRectFilled(box.from, box.to, mixed(app.theme.panel, app.theme.bad, 0.14F), app.px(8));
  canvas.AddRect(box.from, box.to, app.theme.bad, app.px(8), 0, app.px(1.5F));
  ImGui::PushClipRect(box.from, box.to, true);
  paragraph(app.fonts.text, app.theme.text, {from.x + pad, from.y + pad}, wrap, words);
  ImGui::PopClipRect();
  const float side = app.px(24);
  if (app.source && button(app, "close problem", "x",
                           {{box.to.x - side, box.from.y}, {box.to.x, box.from.y + side}},
                           {"close", false, true}))
    app.problem_closed = words;
  place(app, "problem", box);
}

void draw_toast(AppState& app, const Area& area) {
  if (app.toast && app.toast->until < app.clock) app.toast.reset();
  if (!app.toast) return;
  const std::string& words = app.toast->words;
  const ImFont& font = *app.fonts.text;
  const float pad = app.px(12);
  const float wrap = std::min(app.px(620), area.width() - app.px(60));
  const ImVec2 size = font.CalcTextSizeA(font.FontSize, FLT_MAX, wrap, words.c_str());
  const ImVec2 to{area.centre().x + size.x / 2 + pad, area.to.y - app.px(18)};
  const ImVec2 from{area.centre().x - size.x / 2 - pad, to.y - size.y - 2 * pad};
  ImDrawList& canvas = *ImGui::GetForegroundDrawList();
  canvas.AddRectFilled(from, to, mixed(app.theme.panel, app.theme.panel_raised, 0.7F), app.px(8));
  canvas.AddRect(from, to, colour_of(app.theme, app.toast->tone), app.px(8));
  canvas.AddText(&font, font.FontSize, {from.x + pad, from.y + pad}, app.theme.text, words.c_str(),
                 nullptr, wrap);
}

struct PanelTab {
  Panel panel;
  const char* name;
  void (*draw)(AppState&, const Area&);
};
constexpr std::array kTabs{
    PanelTab{Panel::kStage, "Stage", draw_stage},
    PanelTab{Panel::kTimeline, "Timeline", draw_timeline},
    PanelTab{Panel::kLogs, "Logs", draw_logs},
    PanelTab{Panel::kInspector, "Inspector", draw_inspector},
    PanelTab{Panel::kScenario, "Scenario", draw_scenario},
    PanelTab{Panel::kCharts, "Charts", draw_charts},
};

/// Where there is no room for all panels: one of them, and tabs for the others.
void draw_compact(AppState& app, const Layout& layout) {
  const float width = layout.timeline.width() / static_cast<float>(kTabs.size());
  float x = layout.timeline.from.x;
  for (const PanelTab& tab : kTabs) {
    const Area area{{x, layout.timeline.from.y}, {x + width - app.px(4), layout.timeline.to.y}};
    const std::string name = std::string("tab:") + tab.name;
    if (button(app, name, fitted(app.fonts.small, tab.name, width - app.px(8)).c_str(), area,
               {"the next one: Tab", app.compact == tab.panel}))
      app.compact = tab.panel;
    x += width;
  }
  for (const PanelTab& tab : kTabs) {
    if (tab.panel == app.compact) tab.draw(app, layout.stage);
  }
}

void draw_panels(AppState& app, const Layout& layout) {
  if (layout.compact) return draw_compact(app, layout);
  draw_stage(app, layout.stage);
  draw_logs(app, layout.logs);
  draw_inspector(app, layout.inspector);
  draw_scenario(app, layout.scenario);
  if (layout.both_below) {
    draw_timeline(app, layout.timeline);
    draw_charts(app, layout.charts);
  } else if (app.charts_shown) {
    draw_charts(app, layout.timeline);
  } else {
    draw_timeline(app, layout.timeline);
  }
}

Area rectangle(float x, float y, float width, float height) {
  return {{x, y}, {x + width, y + height}};
}

}  // namespace

Layout layout_of(ImVec2 size, float scale) {
  const auto px = [&](float design) { return std::round(design * scale); };
  const float gap = px(8);
  Layout layout;
  layout.compact = size.x < px(1000) || size.y < px(560);
  layout.bar = rectangle(0, 0, size.x, px(52));
  const float top = px(52) + gap;
  if (layout.compact) {
    layout.timeline = rectangle(gap, top, size.x - 2 * gap, px(26));
    layout.stage = rectangle(gap, top + px(26) + gap, size.x - 2 * gap,
                             std::max(px(40), size.y - top - px(26) - 2 * gap));
    layout.logs = layout.inspector = layout.scenario = layout.charts = layout.stage;
    return layout;
  }
  const float width = size.x - 4 * gap;
  const float below = std::clamp(size.y * 0.31F, px(200), px(420));
  const float height = size.y - top - below - 2 * gap;
  const float right = std::clamp(width * 0.2F, px(280), px(420));
  const float middle = std::clamp(width * 0.32F, px(380), px(760));
  const float left = width - right - middle;
  const float logs = std::round(height * 0.56F);
  layout.stage = rectangle(gap, top, left, height);
  layout.logs = rectangle(left + 2 * gap, top, middle, logs);
  layout.inspector = rectangle(left + 2 * gap, top + logs + gap, middle, height - logs - gap);
  layout.scenario = rectangle(left + middle + 3 * gap, top, right, height);
  layout.both_below = size.x >= px(1500);
  const float charts = layout.both_below ? std::round(width * 0.3F) : 0;
  const float y = top + height + gap;
  const float wide = size.x - 2 * gap;
  layout.timeline = rectangle(gap, y, layout.both_below ? wide - charts - gap : wide, below);
  layout.charts =
      layout.both_below ? rectangle(size.x - gap - charts, y, charts, below) : layout.timeline;
  return layout;
}

void advance(AppState& app, Duration wall) {
  app.clock += static_cast<double>(wall.ns) / 1e9;
  if (!app.file_to_open.empty()) {
    open_file(app, std::exchange(app.file_to_open, {}));
    app.playback.play();
  }
  if (!app.source) return;
  constexpr Duration kBudget = milliseconds(8);
  app.source->pump(kBudget);
  const History& history = app.source->history();
  app.playback.set_horizon(app.source->horizon());
  if (app.moment_of != &history) {
    const bool follows = app.playback.follows();
    app.playback.seek(app.playback.at(), history);
    app.playback.follow(follows);
    app.moment = history.moment(app.playback.position());
    app.moment_of = &history;
  }
  app.playback.tick(wall, history);
  history.seek(app.moment, app.playback.position());
  // Time passes between records, too.
  app.moment.at = app.playback.at();
}

void draw_frame(AppState& app) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  app.controls.clear();
  take_keys(app);
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushFont(app.fonts.text);
  ImGui::Begin("kvviz", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                   ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoNav);
  ImGui::PopStyleVar();
  const Layout layout = layout_of(size, app.scale);
  const Area all{{0, layout.bar.to.y}, size};
  draw_panels(app, layout);
  draw_top_bar(app, layout.bar);
  draw_progress(app, layout.bar);
  draw_problem(app, all);
  ImGui::End();
  if (app.help_shown) {
    draw_help(app, all);
  } else {
    draw_toast(app, all);
  }
  ImGui::PopFont();
}

void make_frame(AppState& app, ImVec2 size, Duration wall) {
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = size;
  io.DeltaTime = std::max(1e-4F, static_cast<float>(wall.ns) / 1e9F);
  if (app.theme.dark == app.light) {
    app.theme = app.light ? light_theme() : dark_theme();
    apply(app.theme, app.scale);
  }
  advance(app, wall);
  ImGui::NewFrame();
  draw_frame(app);
  ImGui::Render();
}

void open_file(AppState& app, const std::string& path) {
  if (is_trace(path)) {
    take_over(app, TraceSource::open(path));
  } else {
    take_over(app, Rehearsal::open(path));
  }
}

}  // namespace kv::viz
