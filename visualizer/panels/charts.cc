#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "netsim/report_layout.h"
#include "panels/chart_shapes.h"
#include "panels/controls.h"
#include "panels/panels.h"
#include "panels/time_controls.h"
#include "panels/timeline_shapes.h"

namespace kv::viz {
namespace {

constexpr const char* kNoOperations = "no client operations";

/// One of the charts, in its place.
struct Chart {
  const char* name{""};
  Area title{};
  Area plot{};
  Area axis{};  ///< without height: the chart below has the times
  TimeAxis times;
};

struct ChartsInView {
  const History* history{nullptr};
  TimeView view{};
  std::vector<ChartBin> counts{};  ///< wide enough for rates and quantiles
  std::vector<ChartBin> levels{};  ///< as fine as can be seen
  ChartFigures figures{};
};

// --- lines and areas ---

void draw_values(AppState& app, const Chart& chart, const ValueScale& scale) {
  const float height = app.fonts.small->FontSize;
  const float highest = chart.plot.from.y - app.px(4);
  const float lowest = std::max(highest, chart.plot.to.y - height + app.px(5));
  for (const ValueTick& tick : scale.ticks(chart.plot, app.px(24))) {
    const float y = std::round(scale.y(tick.value, chart.plot));
    canvas().AddLine({chart.plot.from.x, y}, {chart.plot.to.x, y}, app.theme.grid);
    const float top = std::clamp(y - height / 2, highest, lowest);
    text_right(app.fonts.small, app.theme.text_faint, {chart.plot.from.x - app.px(6), top},
               tick.label);
  }
}

/// What lasted from one time to another, on the scale of its chart.
struct Level {
  Instant from{};
  Instant to{};
  double value{0};
};

/// From one level to `value`.
void draw_column(const Chart& chart, const ValueScale& scale, const Level& level, double value,
                 ImU32 colour) {
  const float a = scale.y(level.value, chart.plot);
  const float b = scale.y(value, chart.plot);
  if (a == b) return;
  canvas().AddRectFilled({chart.times.x(level.from), std::min(a, b)},
                         {chart.times.x(level.to), std::max(a, b)}, colour);
}

void draw_runs(const std::vector<Run>& runs, ImU32 colour, float thickness) {
  for (const Run& run : runs)
    canvas().AddPolyline(run.data(), static_cast<int>(run.size()), colour, 0, thickness);
}

/// A level from `left` to `right`; a line with points on top of each other would be drawn badly.
void add_level(Run& run, float left, float right, float y) {
  if (!run.empty() && run.back().y == y) {
    run.back().x = right;
    return;
  }
  run.push_back({left, y});
  run.push_back({right, y});
}

void draw_throughput(AppState& app, const Chart& chart, const ValueScale& scale,
                     const std::vector<ChartBin>& bins) {
  const Theme& theme = app.theme;
  Run line;
  for (const ChartBin& bin : bins) {
    const double ok = bin.per_second(bin.sum.ok);
    const double refused = bin.per_second(bin.sum.refused);
    const double unknown = bin.per_second(bin.sum.unknown);
    const float y = scale.y(ok, chart.plot);
    draw_column(chart, scale, {bin.from, bin.to, 0}, ok, faded(theme.good, 0.3F));
    draw_column(chart, scale, {bin.from, bin.to, 0}, -refused, theme.bad);
    draw_column(chart, scale, {bin.from, bin.to, -refused}, -refused - unknown, theme.unknown);
    add_level(line, chart.times.x(bin.from), chart.times.x(bin.to), y);
  }
  draw_runs({line}, theme.good, app.px(1.2F));
}

void draw_latency(AppState& app, const Chart& chart, const ValueScale& scale,
                  const std::vector<ChartBin>& bins) {
  const std::vector<Run> middle = quantile_runs(bins, 0.5, chart.times, scale, chart.plot);
  const std::vector<Run> high = quantile_runs(bins, 0.99, chart.times, scale, chart.plot);
  for (std::size_t i = 0; i < middle.size(); ++i) {
    for (std::size_t j = 1; j < middle[i].size(); ++j) {
      canvas().AddQuadFilled(high[i][j - 1], high[i][j], middle[i][j], middle[i][j - 1],
                             faded(app.theme.sync, 0.16F));
    }
  }
  draw_runs(high, faded(app.theme.sync, 0.6F), app.px(1.2F));
  draw_runs(middle, app.theme.sync, app.px(1.8F));
}

/// Steps with what is below them filled.
void draw_steps(AppState& app, const Chart& chart, const ValueScale& scale,
                const std::vector<Level>& levels, ImU32 colour) {
  Run line;
  for (const Level& level : levels) {
    const float y = scale.y(level.value, chart.plot);
    const float left = chart.times.x(level.from);
    const float right = chart.times.x(level.to);
    canvas().AddRectFilled({left, y}, {right, chart.plot.to.y}, faded(colour, 0.14F));
    add_level(line, left, right, y);
  }
  draw_runs({line}, colour, app.px(1.5F));
}

template <typename ValueOf>
std::vector<Level> levels_of(const std::vector<ChartBin>& bins, ValueOf value_of) {
  std::vector<Level> levels;
  levels.reserve(bins.size());
  for (const ChartBin& bin : bins)
    levels.push_back({bin.from, bin.to, static_cast<double>(value_of(bin))});
  return levels;
}

void draw_lag(AppState& app, const Chart& chart, const ValueScale& scale,
              const std::vector<ChartBin>& bins) {
  const auto levels = levels_of(bins, [](const ChartBin& bin) { return bin.sum.lag; });
  draw_steps(app, chart, scale, levels, app.theme.secondary);
}

void draw_terms(AppState& app, const Chart& chart, const ValueScale& scale,
                const std::vector<ChartBin>& bins) {
  const auto levels = levels_of(bins, [](const ChartBin& bin) { return bin.sum.term; });
  draw_steps(app, chart, scale, levels, app.theme.candidate);
}

/// What there is to know of the four charts.
struct ChartKind {
  const char* name;
  bool of_clients;  ///< shows what clients did, so the recording must have some of that
  ValueScale (*scale)(const std::vector<ChartBin>&);
  void (*draw)(AppState&, const Chart&, const ValueScale&, const std::vector<ChartBin>&);
  std::string (*words)(const ChartBin&);
  std::string ChartFigures::*figure;
};
constexpr std::array kCharts{
    ChartKind{"throughput", true, throughput_scale, draw_throughput, throughput_words,
              &ChartFigures::throughput},
    ChartKind{"latency", true, latency_scale, draw_latency, latency_words, &ChartFigures::latency},
    ChartKind{"lag", false, lag_scale, draw_lag, lag_words, &ChartFigures::lag},
    ChartKind{"term", false, term_scale, draw_terms, term_words, &ChartFigures::term},
};

// --- around them ---

const std::vector<ChartBin>& bins_of(const ChartKind& kind, const ChartsInView& charts) {
  return kind.of_clients ? charts.counts : charts.levels;
}

/// It would show what clients did, and they did nothing in the whole recording.
bool nothing_in(const ChartKind& kind, const ChartsInView& charts) {
  return kind.of_clients && !has_operations(charts.history->chronicle().series());
}

void shade_outages(AppState& app, const ChartsInView& charts, const Chart& chart) {
  for (const OutageShape& outage : outage_shapes(*charts.history, chart.times)) {
    canvas().AddRectFilled({outage.from, chart.plot.from.y}, {outage.to, chart.plot.to.y},
                           faded(app.theme.bad, app.theme.dark ? 0.13F : 0.1F));
  }
}

void draw_title(AppState& app, const ChartKind& kind, const Chart& chart,
                const ChartsInView& charts) {
  const float gap = app.px(8);
  const float width = text(app.fonts.small, app.theme.text_dim, chart.title.from, kind.name);
  if (nothing_in(kind, charts)) return;
  const float room = chart.title.width() - width - gap;
  text(app.fonts.small, app.theme.text, {chart.title.from.x + width + gap, chart.title.from.y},
       fitted(app.fonts.small, charts.figures.*kind.figure, room));
}

void draw_tooltip(AppState& app, const Chart& chart, const ChartsInView& charts) {
  const Instant at = chart.times.at(ImGui::GetIO().MousePos.x);
  ImGui::BeginTooltip();
  ImGui::PushFont(app.fonts.mono);
  ImGui::TextUnformatted(precise_time(at, chart.times).c_str());
  ImGui::PopFont();
  for (const ChartKind& kind : kCharts) {
    const ChartBin* bin = bin_at(bins_of(kind, charts), at);
    const std::string words = bin == nullptr ? std::string() : kind.words(*bin);
    if (words.empty()) continue;
    ImGui::PushStyleColor(ImGuiCol_Text, app.theme.text_dim);
    ImGui::TextUnformatted(kind.name);
    ImGui::PopStyleColor();
    ImGui::SameLine();
    ImGui::TextUnformatted(words.c_str());
  }
  ImGui::EndTooltip();
}

void take_mouse(AppState& app, const Chart& chart, const ChartsInView& charts) {
  const Area area{chart.plot.from, {chart.plot.to.x, std::max(chart.plot.to.y, chart.axis.to.y)}};
  hot_area(app, std::string("charts:") + chart.name, area);
  const bool held = ImGui::IsItemActive();
  const bool hovered = ImGui::IsItemHovered();
  navigate(app, charts.view, chart.times);
  if (held) scrub(app, chart.times);
  if (hovered) point(app, chart.times.at(ImGui::GetIO().MousePos.x));
  if (hovered && !held) draw_tooltip(app, chart, charts);
}

void draw_data(AppState& app, const ChartKind& kind, const Chart& chart,
               const ChartsInView& charts) {
  const std::vector<ChartBin>& bins = bins_of(kind, charts);
  const ValueScale scale = kind.scale(bins);
  const float pad = app.px(5);  // labels stand out of the plot at its ends
  ImGui::PushClipRect({chart.title.from.x, chart.plot.from.y - pad},
                      {chart.plot.to.x, chart.plot.to.y + pad}, true);
  draw_values(app, chart, scale);
  ImGui::PopClipRect();
  const float edge = app.px(1);  // of a line along the plot's end
  ImGui::PushClipRect({chart.plot.from.x, chart.plot.from.y - edge},
                      {chart.plot.to.x, chart.plot.to.y + edge}, true);
  kind.draw(app, chart, scale, bins);
  ImGui::PopClipRect();
}

void draw_chart(AppState& app, const ChartKind& kind, const Chart& chart,
                const ChartsInView& charts) {
  shade_outages(app, charts, chart);
  draw_ticks(app, chart.times, {chart.plot, chart.axis, app.px(76), false});
  draw_title(app, kind, chart, charts);
  if (nothing_in(kind, charts)) {
    text_centred(app.fonts.small, app.theme.text_faint, chart.plot.centre(),
                 fitted(app.fonts.small, kNoOperations, chart.plot.width()));
  } else {
    draw_data(app, kind, chart, charts);
  }
  canvas().AddLine({chart.plot.from.x, chart.plot.to.y}, chart.plot.to, app.theme.border);
  draw_future(app, chart.times, chart.plot);
  draw_pointer(app, chart.times, chart.plot);
  draw_playhead(app, chart.times, chart.plot, chart.axis);
  take_mouse(app, chart, charts);
}

/// Two by two where there is room for that, else one below the other, as many as fit.
std::vector<Chart> charts_in(const AppState& app, const Area& inside, const TimeSpan& shown) {
  constexpr std::size_t kCount = kCharts.size();
  const std::size_t columns = inside.width() >= app.px(400) ? 2 : 1;
  const float gap = app.px(18);
  const float axis = app.px(18);
  const float title = app.px(19);
  const float gutter = app.px(44);
  const float least = title + app.px(30);
  const float width =
      (inside.width() - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
  const auto fitting = static_cast<std::size_t>(std::max(1.0F, (inside.height() - axis) / least));
  const std::size_t rows = std::min(kCount / columns, fitting);
  const float height = (inside.height() - axis) / static_cast<float>(rows);
  std::vector<Chart> charts;
  for (std::size_t i = 0; i < rows * columns; ++i) {
    const std::size_t row = i / columns;
    const float x = inside.from.x + (width + gap) * static_cast<float>(i % columns);
    const float y = inside.from.y + height * static_cast<float>(row);
    const bool last = row + 1 == rows;
    const Area plot{{x + gutter, y + title}, {x + width, y + height - (last ? 0 : app.px(8))}};
    const Area times{{plot.from.x, plot.to.y}, {plot.to.x, plot.to.y + (last ? axis : 0)}};
    charts.push_back({kCharts[i].name,
                      {{x, y}, {x + width, y + title}},
                      plot,
                      times,
                      TimeAxis(shown, plot.from.x, plot.to.x)});
  }
  return charts;
}

}  // namespace

void draw_charts(AppState& app, const Area& area) {
  const Area inside = begin_panel(app, "CHARTS", area);
  if (app.history() == nullptr || app.history()->recording().empty()) {
    empty_state(app, inside, "Nothing to show yet", "Open a scenario or a trace, or connect.");
    return end_panel();
  }
  ChartsInView charts{app.history(), time_view(app)};
  const float left = draw_zoom_buttons(app, "charts", charts.view, area);
  if (charts.view.zoomed()) {
    text_right(app.fonts.small, app.theme.text_faint, {left - app.px(8), area.from.y + app.px(10)},
               extent_words(charts.view));
  }
  const std::vector<Chart> places = charts_in(app, inside, charts.view.shown);
  charts.counts = chart_bins(*charts.history, places.front().times, app.px(5), 8);
  charts.levels = chart_bins(*charts.history, places.front().times, app.px(3), 0);
  charts.figures = figures_at(charts.history->chronicle().series(), app.moment);
  for (std::size_t i = 0; i < places.size(); ++i) draw_chart(app, kCharts[i], places[i], charts);
  end_panel();
}

}  // namespace kv::viz
