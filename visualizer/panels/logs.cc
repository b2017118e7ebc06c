#include <algorithm>
#include <cfloat>
#include <cmath>
#include <string>

#include "model/entry_life.h"
#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/log_rows.h"
#include "panels/log_store.h"
#include "panels/log_table.h"
#include "panels/panels.h"

namespace kv::viz {
namespace {

constexpr std::size_t kMostTroubles = 2;

float height_of(const ImFont* font, std::string_view words, float width) {
  return font
      ->CalcTextSizeA(font->FontSize, FLT_MAX, width, words.data(), words.data() + words.size())
      .y;
}

// --- title ---

/// "entries | store", behind the panel's title; where they end.
float draw_tabs(AppState& app, const Area& area) {
  struct Tab {
    const char* name;
    const char* label;
    const char* tooltip;
    bool store;
  };
  constexpr Tab kTabs[] = {{"logs:entries", "entries", "the log of each node", false},
                           {"logs:store", "store", "keys and values of a node", true}};
  float x = area.from.x + app.px(14) + width_of(app.fonts.small, "LOGS") + app.px(12);
  const float top = area.from.y + app.px(7);
  for (const Tab& tab : kTabs) {
    const float width = width_of(app.fonts.small, tab.label) + app.px(14);
    const Area place{{x, top}, {x + width, top + app.px(20)}};
    if (button(app, tab.name, tab.label, place, {tab.tooltip, app.store_shown == tab.store}))
      app.store_shown = tab.store;
    x += width + app.px(4);
  }
  return x;
}

/// What the marks mean, as much of it as there is room for.
void draw_legend(AppState& app, const Area& area, float left,
                 const std::vector<LogTrouble>& troubles) {
  struct Item {
    const char* words;
    LogMark mark;
  };
  const bool at_risk = !troubles.empty() && troubles.front().kind == LogTrouble::Kind::kStranded;
  const Item trouble =
      at_risk ? Item{"at risk", LogMark::kAtRisk} : Item{"conflict", LogMark::kConflict};
  const Item items[] = {{"committed", LogMark::kCommitted},
                        trouble,
                        {"not on disk", LogMark::kInMemory},
                        {"applied", LogMark::kApplied}};
  const float right = area.to.x - app.px(14);
  const float swatch = app.px(20);
  const float space = app.px(12);
  float width = 0;
  std::size_t shown = 0;
  for (const Item& item : items) {
    const float more = swatch + width_of(app.fonts.small, item.words) + (shown > 0 ? space : 0);
    if (left + app.px(10) + width + more > right) break;
    width += more;
    ++shown;
  }
  float x = right - width;
  const float y = area.from.y + app.px(10);
  for (std::size_t i = 0; i < shown; ++i) {
    draw_mark(app, items[i].mark, {{x, y + app.px(2)}, {x + app.px(14), y + app.px(13)}});
    x += swatch;
    x += text(app.fonts.small, app.theme.text_faint, {x, y}, items[i].words) + space;
  }
}

// --- what will become of it ---

struct Verdict {
  std::string words{};
  ImU32 colour{};
};

std::vector<Verdict> verdicts_of(const AppState& app, const std::vector<LogTrouble>& troubles) {
  const ClusterInfo& cluster = app.history()->cluster();
  if (troubles.empty()) return {{summary_of(app.moment, cluster), app.theme.text_dim}};
  std::vector<Verdict> verdicts;
  for (const LogTrouble& trouble : troubles) {
    if (verdicts.size() == kMostTroubles) break;
    verdicts.push_back(
        {words_of(trouble, app.moment, cluster), colour_of(app.theme, trouble.kind)});
  }
  return verdicts;
}

float height_of(const AppState& app, const std::vector<Verdict>& verdicts, float width) {
  float height = 0;
  for (const Verdict& verdict : verdicts)
    height += height_of(app.fonts.small, verdict.words, width) + app.px(3);
  return height;
}

void draw_verdicts(AppState& app, const std::vector<Verdict>& verdicts, ImVec2 at, float width) {
  for (const Verdict& verdict : verdicts)
    at.y += paragraph(app.fonts.small, verdict.colour, at, width, verdict.words) + app.px(3);
}

// --- scrolling ---

void take_wheel(AppState& app, const LogTable& table, const LogRange& range) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel == 0 || !table.body.contains(io.MousePos) || !ImGui::IsWindowHovered()) return;
  constexpr float kRowsANotch = 3;
  const auto rows = static_cast<std::int64_t>(std::round(-io.MouseWheel * kRowsANotch));
  app.log_top = scrolled(range, app.log_top, table.fit, rows);
}

void draw_scroll_bar(AppState& app, const LogTable& table, const LogRange& range) {
  if (range.rows() <= table.fit) return;
  const float width = app.px(6);
  const Area track{{table.body.to.x - width, table.body.from.y}, table.body.to};
  const float rows = static_cast<float>(range.rows());
  const float size = std::max(app.px(24), track.height() * static_cast<float>(table.fit) / rows);
  const float room = std::max(1.0F, track.height() - size);
  const float hidden = rows - static_cast<float>(table.fit);
  hot_area(app, "logs:scroll", track);
  const bool active = ImGui::IsItemActive();
  if (active) {
    const float share = (ImGui::GetIO().MousePos.y - track.from.y - size / 2) / room;
    const double rows_down = static_cast<double>(std::clamp(share, 0.0F, 1.0F)) * hidden;
    app.log_top = scrolled(range, range.first + static_cast<LogIndex>(rows_down), table.fit, 0);
  }
  const LogIndex first = window_of(range, app.log_top, table.fit).first;
  const float top = track.from.y + room * static_cast<float>(first - range.first) / hidden;
  const ImU32 colour = active || ImGui::IsItemHovered() ? app.theme.text_faint : app.theme.border;
  ImGui::GetWindowDrawList()->AddRectFilled({track.from.x, top}, {track.to.x, top + size}, colour,
                                            width / 2);
}

/// Back to the end, for those who have scrolled away.
void draw_end_button(AppState& app, const LogTable& table, const LogRange& range) {
  if (window_of(range, app.log_top, table.fit).at_end) return;
  const std::string label = "newest: " + std::to_string(range.last);
  const float width = width_of(app.fonts.small, label) + app.px(18);
  const ImVec2 to{table.body.to.x - app.px(12), table.body.to.y - app.px(6)};
  const Area place{{to.x - width, to.y - app.px(24)}, to};
  if (button(app, "logs:end", label.c_str(), place, {"follow the end of the logs again", true}))
    app.log_top = 0;
}

void draw_entries(AppState& app, LogTable table, const LogRange& range,
                  const std::vector<LogTrouble>& troubles) {
  if (range.rows() == 0) {
    empty_state(app, table.body, "The logs are empty", "each write becomes an entry on every node");
    return;
  }
  const std::vector<Verdict> verdicts = verdicts_of(app, troubles);
  const float width = table.body.width();
  const float space = app.px(8);
  table.body.to.y -= std::min(height_of(app, verdicts, width) + space, table.body.height() / 2);
  table.fit = static_cast<std::uint64_t>(std::max(1.0F, table.body.height() / table.pitch));
  take_wheel(app, table, range);
  // What comes first gets the mouse, what comes last is in front: the button wants both.
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  canvas.ChannelsSplit(2);
  canvas.ChannelsSetCurrent(1);
  draw_end_button(app, table, range);
  draw_scroll_bar(app, table, range);
  canvas.ChannelsSetCurrent(0);
  table.window = window_of(range, app.log_top, table.fit);
  draw_rows(app, table, troubles);
  canvas.ChannelsMerge();
  draw_verdicts(app, verdicts, {table.body.from.x, table.row(table.last() + 1) + space}, width);
}

}  // namespace

void draw_logs(AppState& app, const Area& area) {
  const Area inside = begin_panel(app, "LOGS", area);
  if (app.history() == nullptr || app.moment.size() == 0) {
    empty_state(app, inside, "No logs yet", "open a scenario or a trace to see what nodes store");
    end_panel();
    return;
  }
  const float tabs_end = draw_tabs(app, area);
  const std::vector<LogTrouble> troubles = troubles_of(app.moment);
  if (!app.store_shown) draw_legend(app, area, tabs_end, troubles);
  const LogRange range = range_of(app.moment);
  const LogTable table = table_of(app, inside, range);
  draw_headers(app, table);
  if (app.store_shown) {
    draw_store(app, table.body);
  } else {
    draw_entries(app, table, range, troubles);
  }
  end_panel();
}

}  // namespace kv::viz
