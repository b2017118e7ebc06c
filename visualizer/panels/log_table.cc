#include "panels/log_table.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/check.h"
#include "model/entry_life.h"
#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/log_store.h"

namespace kv::viz {
namespace {

void dashed_line(ImVec2 from, ImVec2 to, ImU32 colour, float dash) {
  const float length = std::max(to.x - from.x, to.y - from.y);
  const ImVec2 way{(to.x - from.x) / length, (to.y - from.y) / length};
  const int dashes = static_cast<int>(std::ceil(length / (2 * dash)));
  for (int i = 0; i < dashes; ++i) {
    const float at = static_cast<float>(i) * 2 * dash;
    const float end = std::min(length, at + dash);
    canvas().AddLine({from.x + way.x * at, from.y + way.y * at},
                     {from.x + way.x * end, from.y + way.y * end}, colour);
  }
}

void dashed_frame(AppState& app, const Area& area, ImU32 colour) {
  const float dash = app.px(3);
  dashed_line(area.from, {area.to.x, area.from.y}, colour, dash);
  dashed_line({area.from.x, area.to.y}, area.to, colour, dash);
  dashed_line(area.from, {area.from.x, area.to.y}, colour, dash);
  dashed_line({area.to.x, area.from.y}, area.to, colour, dash);
}

/// Half a pixel in, so that a line of one pixel is sharp.
Area crisp(const Area& area) {
  return area.inset(0.5F);
}

bool is_selected(const AppState& app, LogIndex index, const std::optional<Term>& term) {
  const Selection& selection = app.selection;
  return selection.kind == Selection::Kind::kEntry && selection.index == index && term &&
         selection.term == *term;
}

// --- headers ---

/// All names and standings as short as the narrowest column needs them.
struct HeaderWords {
  std::vector<std::string> names{};
  std::vector<std::string> standings{};
};

/// Shorter than to_string() where that is long.
std::string_view brief(Standing standing) {
  if (standing == Standing::kAsking) return "asks";
  if (standing == Standing::kUnknown) return "unseen";
  return to_string(standing);
}

HeaderWords header_words(const AppState& app, float width) {
  HeaderWords words;
  words.names = app.history()->cluster().nodes;
  words.names.resize(app.moment.size());
  const auto too_wide = [&](const ImFont* font, const std::vector<std::string>& all) {
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& word) { return width_of(font, word) > width; });
  };
  if (too_wide(app.fonts.strong, words.names)) words.names = short_names(words.names);
  for (const NodeMoment& node : app.moment.nodes)
    words.standings.emplace_back(brief(node.standing()));
  if (!too_wide(app.fonts.small, words.standings)) return words;
  for (std::size_t i = 0; i < words.standings.size(); ++i)
    words.standings[i] = letter_of(app.moment.nodes[i].standing());
  return words;
}

std::string log_in_words(const NodeMoment& node) {
  const LogView& log = node.log;
  std::string words =
      std::string(to_string(node.standing())) + " · term " + std::to_string(node.term) + "\n";
  if (kept_last(node) < log.first) return words + "no entries";
  return words + "entries " + sim::grouped(log.first) + " to " + sim::grouped(kept_last(node)) +
         "\non disk through " + sim::grouped(std::min(log.persisted, kept_last(node))) +
         ", committed through " + sim::grouped(log.commit) + ", applied through " +
         sim::grouped(log.applied);
}

void draw_header(AppState& app, const Area& area, NodeId id, const HeaderWords& words) {
  const NodeMoment& node = app.moment.node(id);
  const std::string name = app.history()->cluster().name(id);
  Selection selection;
  selection.kind = Selection::Kind::kNode;
  selection.node = id;
  if (hot_area(app, "log:header:" + name, area)) app.selection = selection;
  const bool hovered = ImGui::IsItemHovered();
  const Theme& theme = app.theme;
  const bool shown = app.store_shown ? store_node(app) == id : app.selection == selection;
  if (hovered || shown) canvas().AddRectFilled(area.from, area.to, theme.panel_raised, app.px(5));
  const ImU32 colour = colour_of(theme, node.standing());
  const float middle = area.centre().x;
  const bool leads = node.standing() == Standing::kPrimary;
  text_centred(app.fonts.strong, colour, {middle, area.from.y + app.px(11)},
               fitted(app.fonts.strong, words.names[id - 1], area.width()));
  text_centred(app.fonts.small, leads ? colour : theme.text_faint,
               {middle, area.from.y + app.px(27)}, words.standings[id - 1]);
  const float thick = app.px(leads ? 3 : 1);
  canvas().AddRectFilled({area.from.x, area.to.y - thick}, area.to,
                         leads ? colour : faded(colour, 0.5F));
  if (hovered) ImGui::SetTooltip("%s: %s", name.c_str(), log_in_words(node).c_str());
}

// --- cells ---

struct CellColours {
  ImU32 fill{};
  ImU32 frame{};
  ImU32 text{};
};

CellColours colours_of(const AppState& app, const NodeMoment& node, const LogCell& cell) {
  const Theme& theme = app.theme;
  const bool down = node.process == NodeMoment::Process::kStopped;
  const ImU32 base =
      cell.term ? term_colour(theme, *cell.term) : mixed(theme.down, theme.panel, 0.6F);
  const ImU32 shown = down ? mixed(base, theme.panel, 0.62F) : base;
  const float share = !cell.persisted ? 0.86F : cell.committed ? 0.0F : 0.5F;
  const ImU32 frame = down ? shown : mixed(shown, theme.text, 0.12F);
  return {mixed(shown, theme.panel, share), frame, down ? theme.text_dim : theme.text};
}

std::string cell_in_words(const AppState& app, NodeId id, LogIndex index, const LogCell& cell) {
  const History& history = *app.history();
  std::string words = "entry " + sim::grouped(index);
  std::string command = "from before the recording began";
  if (cell.term) {
    words += " of term " + std::to_string(*cell.term);
    command = command_words(history.recording(), index, *cell.term);
    if (command.empty()) command = "what it says was not recorded";
  }
  words += "\n" + command + "\n" + history.cluster().name(id) + ": ";
  words += cell.persisted ? "on disk" : "in memory, not on disk yet";
  words += cell.applied     ? ", committed and applied"
           : cell.committed ? ", committed, not applied yet"
                            : ", not known to be committed";
  return words;
}

/// An entry on a node, and where it is drawn.
struct EntryPlace {
  NodeId node{kNoNode};
  LogIndex index{0};
  Area area{};
};

/// The command, then the term; only the term where there is no room. Nothing if it isn't known.
void draw_cell_words(AppState& app, const EntryPlace& place, const LogCell& cell, ImU32 colour,
                     bool words) {
  if (!cell.term) return;
  ImFont* mono = app.fonts.mono;
  const Area& area = place.area;
  const std::string term = std::to_string(*cell.term);
  if (!words) {
    text_centred(mono, colour, area.centre(), term);
    return;
  }
  const float y = area.centre().y - mono->FontSize / 2;
  const float term_width = width_of(mono, term);
  const float right = area.to.x - app.px(10);
  text(mono, faded(colour, 0.6F), {right - term_width, y}, term);
  const float left = area.from.x + app.px(6);
  const float room = right - term_width - app.px(5) - left;
  const std::string command = command_words(app.history()->recording(), place.index, *cell.term);
  const auto columns = static_cast<std::size_t>(std::max(0.0F, room / width_of(mono, "0")));
  text(mono, colour, {left, y}, fitted(mono, cell_words(command, columns), room));
}

/// Filled, framed and dotted by how far the entry got.
void draw_cell(AppState& app, const EntryPlace& place, const LogCell& cell, bool words) {
  const Area& area = place.area;
  const CellColours colours = colours_of(app, app.moment.node(place.node), cell);
  const float rounding = app.px(3);
  canvas().AddRectFilled(area.from, area.to, colours.fill, rounding);
  const Area frame = crisp(area);
  if (!cell.persisted) {
    dashed_frame(app, frame, colours.frame);
  } else if (!cell.committed) {
    canvas().AddRect(frame.from, frame.to, colours.frame, rounding);
  }
  if (cell.trouble)
    canvas().AddRect(frame.from, frame.to, colour_of(app.theme, *cell.trouble), rounding, 0,
                     app.px(1.5F));
  draw_cell_words(app, place, cell, colours.text, words);
  if (cell.applied)
    canvas().AddCircleFilled({area.to.x - app.px(5), area.from.y + app.px(5)}, app.px(1.7F),
                             faded(colours.text, 0.7F), 8);
}

void draw_entry(AppState& app, const EntryPlace& place, const LogCell& cell, bool words) {
  draw_cell(app, place, cell, words);
  const std::string name = app.history()->cluster().name(place.node);
  const std::string control = "entry:" + std::to_string(place.index) + ":" + name;
  if (hot_area(app, control, place.area) && cell.term) {
    app.selection = {};
    app.selection.kind = Selection::Kind::kEntry;
    app.selection.index = place.index;
    app.selection.term = *cell.term;
  }
  const bool hovered = ImGui::IsItemHovered();
  if (hovered) ImGui::SetTooltip("%s", cell_in_words(app, place.node, place.index, cell).c_str());
  if (!hovered && !is_selected(app, place.index, cell.term)) return;
  const Area around = place.area.inset(-app.px(1.5F));
  canvas().AddRect(around.from, around.to, faded(app.theme.selection, hovered ? 0.6F : 1.0F),
                   app.px(4), 0, app.px(1.5F));
}

void draw_absent(AppState& app, const Area& area) {
  const Area frame = crisp(area);
  canvas().AddRect(frame.from, frame.to, app.theme.grid, app.px(3));
}

// --- snapshots ---

void hatch(AppState& app, const Area& area, ImU32 colour) {
  canvas().PushClipRect(area.from, area.to, true);
  const float step = app.px(7);
  const int lines = static_cast<int>(std::ceil((area.width() + area.height()) / step));
  for (int i = 0; i < lines; ++i) {
    const float x = area.from.x - area.height() + static_cast<float>(i) * step;
    canvas().AddLine({x, area.to.y}, {x + area.height(), area.from.y}, colour);
  }
  canvas().PopClipRect();
}

/// In as many lines as the column's width asks for; nothing where it doesn't fit.
void label_snapshot(AppState& app, const Area& area, LogIndex through, ImU32 colour) {
  const std::string number = std::to_string(through);
  const std::vector<std::vector<std::string>> forms = {{"snapshot through " + number},
                                                       {"snapshot", "through " + number},
                                                       {"snapshot", "through", number},
                                                       {"≤ " + number},
                                                       {"≤" + number}};
  ImFont* small = app.fonts.small;
  const float line = small->FontSize + app.px(1);
  for (const std::vector<std::string>& form : forms) {
    const bool fits = std::all_of(form.begin(), form.end(), [&](const std::string& words) {
      return width_of(small, words) <= area.width() - app.px(6);
    });
    const float height = line * static_cast<float>(form.size());
    if (!fits || height > area.height()) continue;
    float y = area.to.y - height - std::min(app.px(5), (area.height() - height) / 2);
    for (const std::string& words : form) {
      const float left = area.centre().x - width_of(small, words) / 2;
      canvas().AddRectFilled({left - app.px(2), y},
                             {left + width_of(small, words) + app.px(2), y + line},
                             mixed(app.theme.panel, app.theme.sync, 0.14F));
      text(small, colour, {left, y}, words);
      y += line;
    }
    return;
  }
}

void draw_snapshot(AppState& app, const LogTable& table, NodeId id) {
  const NodeMoment& node = app.moment.node(id);
  if (node.log.first <= table.window.first) return;
  const LogIndex through = node.log.first - 1;
  const Area top = table.cell(id, table.window.first);
  const Area area{top.from, table.cell(id, std::min(through, table.last())).to};
  const bool down = node.process == NodeMoment::Process::kStopped;
  const ImU32 colour = down ? app.theme.down : app.theme.sync;
  canvas().AddRectFilled(area.from, area.to, mixed(app.theme.panel, colour, 0.14F), app.px(3));
  hatch(app, area, faded(colour, 0.28F));
  const Area frame = crisp(area);
  canvas().AddRect(frame.from, frame.to, faded(colour, 0.5F), app.px(3));
  label_snapshot(app, area, through, colour);
}

/// Of a log that ended before the rows that are seen: where.
void point_to_end(AppState& app, const LogTable& table, NodeId id) {
  const LogIndex last = kept_last(app.moment.node(id));
  if (last == 0 || last >= table.window.first) return;
  const Area area = table.cell(id, table.window.first);
  const std::string words = "↑ " + std::to_string(last);
  if (width_of(app.fonts.small, words) <= area.width())
    text_centred(app.fonts.small, app.theme.text_faint, area.centre(), words);
}

// --- how far it is committed ---

/// A line below each node's last committed entry; through the gaps where neighbours agree.
void draw_commits(AppState& app, const LogTable& table) {
  const Theme& theme = app.theme;
  LogIndex commit = 0;
  for (const NodeMoment& node : app.moment.nodes) commit = std::max(commit, node.log.commit);
  const auto seen = [&](LogIndex index) {
    return index >= table.window.first && index <= table.last();
  };
  const auto height = [&](LogIndex index) {
    return table.row(index) + table.pitch - table.gap / 2;
  };
  const float thick = app.px(2);
  for (NodeId id = 1; id <= app.moment.size(); ++id) {
    const NodeMoment& node = app.moment.node(id);
    if (!seen(node.log.commit)) continue;
    const auto agrees = [&](NodeId other) {
      return other >= 1 && other <= app.moment.size() &&
             app.moment.node(other).log.commit == node.log.commit;
    };
    const float from = table.column(id) - (agrees(id - 1) ? table.gap / 2 : 0);
    const float to = table.column(id) + table.width + (agrees(id + 1) ? table.gap / 2 : 0);
    const float y = height(node.log.commit);
    const bool down = node.process == NodeMoment::Process::kStopped;
    canvas().AddRectFilled({from, y - thick / 2}, {to, y + thick / 2},
                           faded(theme.good, down ? 0.45F : 1));
  }
  if (!seen(commit) || !table.labels) return;
  const float right = table.column(static_cast<NodeId>(app.moment.size())) + table.width;
  text(app.fonts.small, theme.good,
       {right + app.px(6), height(commit) - app.fonts.small->FontSize / 2},
       "commit " + std::to_string(commit));
}

void draw_index(AppState& app, const LogTable& table, LogIndex index, bool troubled) {
  LogIndex commit = 0;
  for (const NodeMoment& node : app.moment.nodes) commit = std::max(commit, node.log.commit);
  const bool selected =
      app.selection.kind == Selection::Kind::kEntry && app.selection.index == index;
  const ImU32 colour = selected          ? app.theme.accent
                       : troubled        ? app.theme.bad
                       : index == commit ? app.theme.good
                                         : app.theme.text_faint;
  const float y = table.row(index) + (table.pitch - table.gap - app.fonts.mono->FontSize) / 2;
  text_right(app.fonts.mono, colour, {table.left - app.px(8), y}, std::to_string(index));
}

}  // namespace

ImU32 colour_of(const Theme& theme, LogTrouble::Kind kind) {
  return kind == LogTrouble::Kind::kStranded ? theme.unknown : theme.bad;
}

void draw_mark(AppState& app, LogMark mark, const Area& area) {
  const Theme& theme = app.theme;
  const Area frame = crisp(area);
  switch (mark) {
    case LogMark::kCommitted:
      canvas().AddRectFilled({area.from.x, area.centre().y - app.px(1)},
                             {area.to.x, area.centre().y + app.px(1)}, theme.good);
      return;
    case LogMark::kConflict:
    case LogMark::kAtRisk:
      canvas().AddRect(frame.from, frame.to, mark == LogMark::kAtRisk ? theme.unknown : theme.bad,
                       app.px(2), 0, app.px(1.5F));
      return;
    case LogMark::kInMemory:
      dashed_frame(app, frame, theme.text_dim);
      return;
    case LogMark::kApplied:
      canvas().AddCircleFilled(area.centre(), app.px(1.7F), theme.text_dim, 8);
      return;
  }
  CHECK(false);
}

LogTable table_of(const AppState& app, const Area& inside, const LogRange& range) {
  LogTable table;
  const auto columns = static_cast<float>(app.moment.size());
  const float index = width_of(app.fonts.mono, std::to_string(std::max<LogIndex>(range.last, 10)));
  const float scroll_bar = app.px(12);
  table.left = inside.from.x + index + app.px(8);
  table.gap = app.px(4);
  const float room = inside.to.x - scroll_bar - table.left;
  const float label = width_of(app.fonts.small, "commit " + std::to_string(range.last)) + app.px(4);
  constexpr float kWordsWidth = 58;
  constexpr float kLabelsWidth = 70;
  const auto share = [&](float of) { return (of - table.gap * (columns - 1)) / columns; };
  table.labels = share(room - label) >= app.px(kLabelsWidth);
  table.width = share(table.labels ? room - label : room);
  table.words = table.width >= app.px(kWordsWidth);
  table.pitch = app.px(27);
  table.header = {inside.from, {inside.to.x, inside.from.y + app.px(40)}};
  table.body = {{inside.from.x, table.header.to.y + app.px(8)}, inside.to};
  return table;
}

void draw_headers(AppState& app, const LogTable& table) {
  const HeaderWords words = header_words(app, table.width);
  for (NodeId id = 1; id <= app.moment.size(); ++id) {
    const float x = table.column(id);
    draw_header(app, {{x, table.header.from.y}, {x + table.width, table.header.to.y}}, id, words);
  }
}

void draw_rows(AppState& app, const LogTable& table, const std::vector<LogTrouble>& troubles) {
  if (table.window.rows == 0) return;
  for (LogIndex index = table.window.first; index <= table.last(); ++index) {
    const std::vector<LogCell> cells = cells_of(app.moment, troubles, index);
    bool troubled = false;
    for (NodeId id = 1; id <= app.moment.size(); ++id) {
      const LogCell& cell = cells[id - 1];
      troubled = troubled || cell.trouble;
      if (cell.kind == LogCell::Kind::kEntry)
        draw_entry(app, {id, index, table.cell(id, index)}, cell, table.words);
      if (cell.kind == LogCell::Kind::kAbsent) draw_absent(app, table.cell(id, index));
    }
    draw_index(app, table, index, troubled);
  }
  for (NodeId id = 1; id <= app.moment.size(); ++id) {
    draw_snapshot(app, table, id);
    point_to_end(app, table, id);
  }
  draw_commits(app, table);
}

}  // namespace kv::viz
