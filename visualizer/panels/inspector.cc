#include <algorithm>
#include <cfloat>
#include <string>
#include <string_view>

#include "model/phrases.h"
#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/inspector_facts.h"
#include "panels/panels.h"

namespace kv::viz {
namespace {

/// Where the next thing is drawn: everything goes from top to bottom.
struct Pen {
  AppState& app;
  float left{0};
  float width{0};
  float y{0};

  float right() const { return left + width; }
  /// Down by so many units of the design.
  void skip(float units) { y += app.px(units); }
};

bool tells_of_selection(const AppState& app) {
  return app.inspection && app.inspection->basis.selection == app.selection;
}

/// True: it is about something else than before.
bool bring_up_to_date(AppState& app) {
  Basis wanted;
  wanted.history = app.history();
  wanted.selection = app.selection;
  wanted.position = app.moment.position;
  wanted.at = app.playback.at();
  wanted.end = wanted.history->recording().end();
  wanted.clock = app.clock;
  const bool moving = app.playback.playing() || app.playback.follows();
  if (app.inspection && app.inspection->basis.covers(wanted, moving)) return false;
  const bool other = !tells_of_selection(app);
  Inspection inspection = inspect(*wanted.history, app.moment, wanted.at, wanted.selection);
  inspection.basis = wanted;
  app.inspection = std::make_shared<const Inspection>(std::move(inspection));
  return other;
}

/// To the moment at which this record has just happened.

ImU32 subject_colour(const AppState& app) {
  const Selection& selection = app.selection;
  if (selection.kind == Selection::Kind::kNode && selection.node >= 1 &&
      selection.node <= app.moment.size())
    return colour_of(app.theme, app.moment.node(selection.node).standing());
  if (selection.kind == Selection::Kind::kMessage) {
    const Flight* flight = app.history()->chronicle().flight(selection.message);
    if (flight != nullptr) return colour_of(app.theme, *flight);
  }
  if (selection.kind == Selection::Kind::kEntry)
    return mixed(term_colour(app.theme, selection.term), app.theme.text, 0.35F);
  return app.theme.text;
}

// --- title and sentence ---

void draw_title(Pen& pen, const Inspection& inspection) {
  AppState& app = pen.app;
  ImFont* title = app.fonts.title;
  ImFont* small = app.fonts.small;
  const std::string words = fitted(title, inspection.title, pen.width);
  const float end = pen.left + text(title, subject_colour(app), {pen.left, pen.y}, words);
  const float space = app.px(10);
  const bool beside = end + space + width_of(small, inspection.subtitle) <= pen.right();
  if (beside) {
    text(small, app.theme.text_dim, {end + space, pen.y + app.px(4)}, inspection.subtitle);
    pen.skip(26);
    return;
  }
  pen.skip(22);
  pen.y += paragraph(small, app.theme.text_dim, {pen.left, pen.y}, pen.width, inspection.subtitle);
  pen.skip(6);
}

void draw_sentence(Pen& pen, const Inspection& inspection) {
  if (inspection.sentence.empty()) return;
  const Theme& theme = pen.app.theme;
  const bool plain = inspection.tone == Tone::kQuiet;
  pen.y += paragraph(pen.app.fonts.text, plain ? theme.text : colour_of(theme, inspection.tone),
                     {pen.left, pen.y}, pen.width, inspection.sentence);
  pen.skip(8);
}

void draw_heading(Pen& pen, std::string_view words) {
  const Theme& theme = pen.app.theme;
  pen.skip(6);
  const float width = text(pen.app.fonts.small, theme.text_faint, {pen.left, pen.y}, words);
  const float middle = pen.y + pen.app.fonts.small->FontSize / 2;
  canvas().AddLine({pen.left + width + pen.app.px(8), middle}, {pen.right(), middle}, theme.grid);
  pen.skip(20);
}

// --- facts ---

float label_width(const AppState& app, const Inspection& inspection) {
  float widest = 0;
  for (const FactGroup& group : inspection.groups) {
    const ImFont* font = group.verbatim ? app.fonts.mono : app.fonts.small;
    for (const FactLine& line : group.lines) widest = std::max(widest, width_of(font, line.label));
  }
  return widest;
}

void draw_time_left(Pen& pen, float left, float share) {
  const Theme& theme = pen.app.theme;
  const float width = std::min(pen.right() - left, pen.app.px(180));
  const float height = pen.app.px(3);
  canvas().AddRectFilled({left, pen.y}, {left + width, pen.y + height}, theme.panel_raised,
                         height / 2);
  canvas().AddRectFilled({left, pen.y}, {left + width * share, pen.y + height}, theme.secondary,
                         height / 2);
  pen.skip(7);
}

void draw_line(Pen& pen, const FactGroup& group, const FactLine& line, float values) {
  const bool verbatim = group.verbatim;
  AppState& app = pen.app;
  const Theme& theme = app.theme;
  ImFont* font = verbatim ? app.fonts.mono : app.fonts.small;
  const float room = pen.right() - values;
  const bool link = line.link.kind != Selection::Kind::kNothing;
  const ImU32 plain = verbatim && !link ? theme.text_dim : theme.text;
  const ImU32 colour = line.tone == Tone::kQuiet ? plain : colour_of(theme, line.tone);
  text(font, verbatim ? theme.text_faint : theme.text_dim, {pen.left, pen.y},
       fitted(font, line.label, values - pen.left - app.px(8)));
  const float height = paragraph(font, colour, {values, pen.y}, room, line.value);
  if (link) {
    const float width = std::min(room, width_of(font, line.value));
    const Area area{{values, pen.y}, {values + width, pen.y + height}};
    const std::string of = group.title.empty() ? "fact:" : "fact:" + group.title + ":";
    if (hot_area(app, of + line.label, area)) app.selection = line.link;
    const float underline = area.to.y + app.px(1);
    canvas().AddLine({area.from.x, underline}, {area.to.x, underline},
                     ImGui::IsItemHovered() ? theme.accent : theme.text_faint);
  }
  pen.y += height;
  pen.skip(5);
  if (line.left) draw_time_left(pen, values, *line.left);
}

void draw_facts(Pen& pen, const Inspection& inspection) {
  const float labels = std::min(label_width(pen.app, inspection), pen.width * 0.45F);
  const float values = pen.left + labels + pen.app.px(14);
  for (const FactGroup& group : inspection.groups) {
    if (!group.title.empty()) draw_heading(pen, group.title);
    for (const FactLine& line : group.lines) draw_line(pen, group, line, values);
  }
}

// --- an entry's life ---

/// How much of "+1.32 ms" is left out, so that it fits.
enum class Squeeze : unsigned char { kNone, kBlank, kSign };

std::string squeezed(std::string words, Squeeze squeeze) {
  if (squeeze == Squeeze::kNone) return words;
  words.erase(std::remove(words.begin(), words.end(), ' '), words.end());
  return squeeze == Squeeze::kSign && words.starts_with('+') ? words.substr(1) : words;
}

/// The same for all times of a table.
Squeeze squeeze_of(const ImFont* font, const LifeTable& life, float width) {
  for (const Squeeze squeeze : {Squeeze::kNone, Squeeze::kBlank}) {
    bool fits = true;
    for (const LifeTable::Row& row : life.rows) {
      for (const std::optional<LifeTable::Cell>& cell : row.cells)
        fits = fits && (!cell || width_of(font, squeezed(cell->words, squeeze)) <= width);
    }
    if (fits) return squeeze;
  }
  return Squeeze::kSign;
}

struct LifeColumns {
  float name{0};
  float width{0};  ///< of a stage
  Squeeze squeeze{};

  float right(std::size_t stage) const { return name + static_cast<float>(stage + 1) * width; }
};

/// A time, or what became of the entry, with its colour.
struct LifeMark {
  std::string words{};
  std::size_t position{0};
  ImU32 colour{};
};

/// At the right end of this width.
void draw_life_mark(Pen& pen, const LifeMark& mark, const std::string& name, float right,
                    float width_there) {
  AppState& app = pen.app;
  const std::string words = fitted(app.fonts.mono, mark.words, width_there - app.px(4));
  const float width = width_of(app.fonts.mono, words);
  const Area area{{right - width - app.px(2), pen.y - app.px(2)}, {right, pen.y + app.px(16)}};
  if (hot_area(app, name, area)) jump_to(app, mark.position);
  const bool hovered = ImGui::IsItemHovered();
  text_right(app.fonts.mono, hovered ? app.theme.accent : mark.colour, {right, pen.y}, words);
}

void draw_life_row(Pen& pen, const LifeTable::Row& row, const LifeColumns& columns) {
  AppState& app = pen.app;
  const Theme& theme = app.theme;
  const std::string name = app.history()->cluster().name(row.node);
  const ImU32 colour = colour_of(theme, app.moment.node(row.node).standing());
  text(app.fonts.small, colour, {pen.left, pen.y},
       fitted(app.fonts.small, name, columns.name - pen.left - app.px(4)));
  const std::string prefix = "life:" + name + ":";
  for (std::size_t stage = 0; stage < row.cells.size(); ++stage) {
    const std::optional<LifeTable::Cell>& cell = row.cells[stage];
    const float right = columns.right(stage);
    const bool committed = LifeTable::kStages[stage] == std::string_view("commit");
    if (cell) {
      const ImU32 plain = committed ? theme.good : theme.text;
      draw_life_mark(pen,
                     {squeezed(cell->words, columns.squeeze), cell->position,
                      cell->later ? theme.text_faint : plain},
                     prefix + LifeTable::kStages[stage], right, columns.width);
    } else if (!row.removed || stage <= 2) {
      text_right(app.fonts.mono, theme.border, {right, pen.y}, "–");
    }
  }
  if (row.removed)
    draw_life_mark(pen,
                   {"replaced " + row.removed->words, row.removed->position,
                    row.removed->later ? faded(theme.bad, 0.5F) : theme.bad},
                   prefix + "removed", columns.right(row.cells.size() - 1), 2 * columns.width);
  pen.skip(20);
}

void draw_life(Pen& pen, const LifeTable& life) {
  AppState& app = pen.app;
  draw_heading(pen, "life, since it was proposed at " + sim::time_text(life.proposed));
  float names = 0;
  for (const std::string& name : app.history()->cluster().nodes)
    names = std::max(names, width_of(app.fonts.small, name));
  LifeColumns columns;
  columns.name = pen.left + std::min(names, pen.width * 0.2F) + app.px(8);
  columns.width = (pen.right() - columns.name) / static_cast<float>(LifeTable::kStages.size());
  columns.squeeze = squeeze_of(app.fonts.mono, life, columns.width - app.px(4));
  for (std::size_t stage = 0; stage < LifeTable::kStages.size(); ++stage) {
    const std::string words =
        fitted(app.fonts.small, LifeTable::kStages[stage], columns.width - app.px(4));
    text_right(app.fonts.small, app.theme.text_faint, {columns.right(stage), pen.y}, words);
  }
  pen.skip(20);
  for (const LifeTable::Row& row : life.rows) {
    if (row.node <= app.moment.size()) draw_life_row(pen, row, columns);
  }
}

// --- why ---

ImU32 colour_of_record(const AppState& app, std::size_t position) {
  const Theme& theme = app.theme;
  const Recording& recording = app.history()->recording();
  if (position < recording.first() || position >= recording.end()) return theme.text_faint;
  const Record& record = recording[position];
  if (const auto* change = fact_of<RoleChanged>(record)) {
    if (change->to == Role::kLeader) return theme.primary;
    return change->to == Role::kFollower ? theme.secondary : theme.candidate;
  }
  if (fact_of<CampaignStarted>(record) != nullptr) return theme.candidate;
  if (const auto* vote = fact_of<VoteReceived>(record))
    return vote->granted ? theme.good : theme.bad;
  if (const auto* vote = fact_of<VoteAnswered>(record))
    return vote->granted ? theme.good : theme.bad;
  if (const auto* link = fact_of<LinkChanged>(record)) return link->cut ? theme.bad : theme.good;
  if (fact_of<CommitAdvanced>(record) != nullptr || fact_of<NodeStarted>(record) != nullptr)
    return theme.good;
  if (fact_of<NodeStopped>(record) != nullptr || fact_of<MessageDropped>(record) != nullptr ||
      fact_of<EntriesTruncated>(record) != nullptr || fact_of<ViolationFound>(record) != nullptr)
    return theme.bad;
  if (fact_of<SnapshotInstalled>(record) != nullptr) return theme.sync;
  if (fact_of<StepTaken>(record) != nullptr) return theme.accent;
  return theme.text_faint;
}

struct WhyColumns {
  float time{0};  ///< its right end
  float dot{0};
  float words{0};
};

void draw_reason(Pen& pen, const WhyLine& reason, const std::string& name,
                 const WhyColumns& columns, bool strong) {
  AppState& app = pen.app;
  const Theme& theme = app.theme;
  ImFont* font = app.fonts.small;
  const float room = pen.right() - columns.words;
  const float height = font->CalcTextSizeA(font->FontSize, FLT_MAX, room, reason.words.data(),
                                           reason.words.data() + reason.words.size())
                           .y;
  const Area area{{pen.left - app.px(4), pen.y - app.px(3)},
                  {pen.right(), pen.y + height + app.px(4)}};
  if (hot_area(app, name, area)) jump_to(app, reason.position);
  if (ImGui::IsItemHovered())
    canvas().AddRectFilled(area.from, area.to, theme.panel_raised, app.px(4));
  text_right(app.fonts.mono, theme.text_faint, {columns.time, pen.y}, sim::time_text(reason.at));
  paragraph(font, strong ? theme.text : theme.text_dim, {columns.words, pen.y}, room, reason.words);
  const ImVec2 dot{columns.dot, pen.y + font->FontSize / 2};
  canvas().AddCircleFilled(dot, app.px(strong ? 4 : 3.2F), colour_of_record(app, reason.position));
  pen.y += height;
  pen.skip(9);
}

WhyColumns columns_of(const Pen& pen, const Inspection& inspection) {
  const AppState& app = pen.app;
  float times = 0;
  const auto measure = [&](const WhyLine& line) {
    times = std::max(times, width_of(app.fonts.mono, sim::time_text(line.at)));
  };
  if (inspection.itself) measure(*inspection.itself);
  for (const WhyLine& line : inspection.reasons) measure(line);
  for (const WhyLine& line : inspection.earlier) measure(line);
  WhyColumns columns;
  columns.time = pen.left + times;
  columns.dot = columns.time + app.px(12);
  columns.words = columns.dot + app.px(12);
  return columns;
}

/// Lines on a thread, the first one stronger if it is what the others are about.
void draw_lines(Pen& pen, const std::vector<WhyLine>& lines, const std::string& prefix,
                const WhyColumns& columns, const std::optional<WhyLine>& itself) {
  AppState& app = pen.app;
  // The thread is behind the dots.
  canvas().ChannelsSplit(2);
  canvas().ChannelsSetCurrent(1);
  const float half = app.fonts.small->FontSize / 2;
  const float top = pen.y + half;
  float bottom = top;
  if (itself) draw_reason(pen, *itself, prefix + "itself", columns, true);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    bottom = pen.y + half;
    draw_reason(pen, lines[i], prefix + std::to_string(i), columns, false);
  }
  canvas().ChannelsSetCurrent(0);
  canvas().AddLine({columns.dot, top}, {columns.dot, bottom}, app.theme.border, app.px(1.5F));
  canvas().ChannelsMerge();
}

void draw_why(Pen& pen, const Inspection& inspection) {
  const WhyColumns columns = columns_of(pen, inspection);
  if (inspection.itself || !inspection.reasons.empty()) {
    draw_heading(pen, inspection.why_title);
    draw_lines(pen, inspection.reasons, "why:", columns, inspection.itself);
  }
  if (!inspection.earlier.empty()) {
    draw_heading(pen, "before that");
    draw_lines(pen, inspection.earlier, "earlier:", columns, std::nullopt);
  }
}

// --- the whole ---

void draw_inspection(AppState& app, const Area& inside, bool other) {
  const ImVec2 size{inside.width() + app.px(8), inside.height()};
  ImGui::SetCursorScreenPos(inside.from);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  if (ImGui::BeginChild("##inspector", size)) {
    if (other) ImGui::SetScrollY(0);
    const std::shared_ptr<const Inspection> inspection = app.inspection;
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    Pen pen{app, origin.x, inside.width() - app.px(6), origin.y};
    draw_title(pen, *inspection);
    draw_sentence(pen, *inspection);
    draw_facts(pen, *inspection);
    if (inspection->life) draw_life(pen, *inspection->life);
    draw_why(pen, *inspection);
    ImGui::SetCursorScreenPos({origin.x, pen.y});
    ImGui::Dummy({1, 1});
  }
  ImGui::EndChild();
  ImGui::PopStyleVar();
}

void draw_deselect(AppState& app, const Area& area) {
  const float size = app.px(20);
  const ImVec2 from{area.to.x - app.px(12) - size, area.from.y + app.px(7)};
  const Area place{from, {from.x + size, from.y + size}};
  if (button(app, "inspector:clear", "×", place, {"select nothing (escape)"})) app.selection = {};
}

}  // namespace

void draw_inspector(AppState& app, const Area& area) {
  const bool nothing = app.selection.kind == Selection::Kind::kNothing;
  const bool empty = app.history() == nullptr || app.moment.size() == 0;
  const Area inside = begin_panel(app, "INSPECTOR", area,
                                  nothing && !empty ? "click a node, a message, a log entry" : "");
  if (empty) {
    empty_state(app, inside, "Nothing to inspect yet", "open a scenario or a trace");
  } else {
    const bool other = bring_up_to_date(app);
    if (app.inspection->title.empty()) {
      empty_state(app, inside, "Nothing has happened yet",
                  "play, or click a node, a message or a log entry: all about it is told here");
    } else {
      draw_inspection(app, inside, other);
    }
    if (!nothing) draw_deselect(app, area);
  }
  end_panel();
}

}  // namespace kv::viz
