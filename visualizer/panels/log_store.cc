#include "panels/log_store.h"

#include <algorithm>

#include "netsim/report_layout.h"
#include "panels/controls.h"

namespace kv::viz {
namespace {

const StoreView& store_of(AppState& app, NodeId node) {
  Basis wanted;
  wanted.history = app.history();
  wanted.selection.kind = Selection::Kind::kNode;
  wanted.selection.node = node;
  wanted.position = app.moment.position;
  wanted.end = wanted.position;
  wanted.clock = app.clock;
  const bool moving = app.playback.playing() || app.playback.follows();
  if (!app.store || !app.store->basis.covers(wanted, moving)) {
    const LogIndex applied = app.moment.node(node).log.applied;
    app.store = std::make_shared<const StoreView>(
        StoreView{wanted, node, applied, store_at(*wanted.history, app.moment, node)});
  }
  return *app.store;
}

std::string title_of(const AppState& app, const StoreView& view) {
  return app.history()->cluster().name(view.node) + ": " +
         sim::counted(view.contents.items.size(), "key", "keys") + " after entry " +
         sim::grouped(view.applied);
}

/// Where the columns begin.
struct StoreColumns {
  float key{0};
  float value{0};
  float index{0};  ///< its right end
};

StoreColumns columns_of(const AppState& app, const StoreView& view, float left, float width) {
  float longest = width_of(app.fonts.small, "key");
  constexpr std::size_t kMostLooked = 200;
  const std::size_t looked = std::min(view.contents.items.size(), kMostLooked);
  for (std::size_t i = 0; i < looked; ++i)
    longest = std::max(longest, width_of(app.fonts.mono, view.contents.items[i].key));
  const float key = left + app.px(8);
  return {key, key + std::min(longest, width * 0.4F) + app.px(20), left + width - app.px(16)};
}

void draw_item(AppState& app, const StoreView& view, const StoreContents::Item& item,
               const StoreColumns& columns, const Area& row) {
  const std::optional<Term> term = app.moment.node(view.node).log.term_at(item.index);
  Selection entry;
  entry.kind = Selection::Kind::kEntry;
  entry.index = item.index;
  entry.term = term.value_or(0);
  const bool clicked = hot_area(app, "store:" + item.key, row);
  const bool hovered = ImGui::IsItemHovered();
  if (clicked && term) app.selection = entry;
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  if (hovered || (term && app.selection == entry))
    canvas.AddRectFilled(row.from, row.to, app.theme.panel_raised, app.px(4));
  ImFont* mono = app.fonts.mono;
  const float y = row.centre().y - mono->FontSize / 2;
  const std::string index = std::to_string(item.index);
  const float value_end = columns.index - width_of(mono, index) - app.px(16);
  const std::string key = sim::one_line(item.key, 200);
  const std::string value = sim::one_line(item.value, 400);
  text(mono, app.theme.text, {columns.key, y},
       fitted(mono, key, columns.value - columns.key - app.px(10)));
  text(mono, app.theme.text_dim, {columns.value, y},
       fitted(mono, value, value_end - columns.value));
  const ImU32 newest = item.index == view.applied ? app.theme.good : app.theme.text_faint;
  text_right(mono, newest, {columns.index, y}, index);
  if (hovered)
    ImGui::SetTooltip("%s = %s\nset by entry %s", key.c_str(), value.c_str(), index.c_str());
}

void draw_items(AppState& app, const StoreView& view, const StoreColumns& columns) {
  const float pitch = app.px(22);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  const float left = ImGui::GetCursorScreenPos().x;
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(view.contents.items.size()), pitch);
  while (clipper.Step()) {
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const ImVec2 at{left, ImGui::GetCursorScreenPos().y};
      const Area row{at, {columns.index + app.px(8), at.y + pitch}};
      draw_item(app, view, view.contents.items[static_cast<std::size_t>(i)], columns, row);
      ImGui::SetCursorScreenPos({left, at.y + pitch});
    }
  }
  ImGui::PopStyleVar();
}

/// Why there is nothing to see.
void draw_emptiness(AppState& app, const StoreView& view, const Area& area) {
  const std::string name = app.history()->cluster().name(view.node);
  if (app.moment.node(view.node).standing() == Standing::kUnknown) {
    empty_state(app, area, name + " was not seen yet", "nothing is known of its store");
  } else if (!view.contents.complete) {
    empty_state(app, area, "The keys of " + name + " are not known",
                "the entries that set them were not recorded");
  } else {
    empty_state(app, area, name + " holds no keys", "the store fills as entries are applied");
  }
}

}  // namespace

NodeId store_node(const AppState& app) {
  if (app.selection.kind == Selection::Kind::kNode && app.selection.node >= 1 &&
      app.selection.node <= app.moment.size())
    return app.selection.node;
  const NodeId leader = app.moment.leader();
  if (leader != kNoNode) return leader;
  for (NodeId id = 1; id <= app.moment.size(); ++id) {
    if (app.moment.node(id).running()) return id;
  }
  return 1;
}

void draw_store(AppState& app, const Area& area) {
  const StoreView& view = store_of(app, store_node(app));
  if (view.contents.items.empty()) return draw_emptiness(app, view, area);
  ImFont* small = app.fonts.small;
  float y = area.from.y + app.px(4);
  text(small, app.theme.text, {area.from.x, y}, fitted(small, title_of(app, view), area.width()));
  y += app.px(20);
  if (!view.contents.complete) {
    y += paragraph(small, app.theme.unknown, {area.from.x, y}, area.width(),
                   "older entries are not known here: keys may be missing") +
         app.px(4);
  }
  const StoreColumns columns = columns_of(app, view, area.from.x, area.width());
  text(small, app.theme.text_faint, {columns.key, y}, "key");
  text(small, app.theme.text_faint, {columns.value, y}, "value");
  text_right(small, app.theme.text_faint, {columns.index, y}, "entry");
  y += app.px(20);
  ImGui::GetWindowDrawList()->AddLine({area.from.x, y}, {area.to.x, y}, app.theme.grid);
  ImGui::SetCursorScreenPos({area.from.x, y + app.px(3)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  if (ImGui::BeginChild("##store", {area.width(), area.to.y - y - app.px(3)}))
    draw_items(app, view, columns);
  ImGui::EndChild();
  ImGui::PopStyleVar();
}

}  // namespace kv::viz
