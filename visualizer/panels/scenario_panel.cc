#include <algorithm>
#include <cfloat>
#include <filesystem>
#include <string>

#include <imgui.h>
#include <imgui_stdlib.h>

#include "netsim/report_layout.h"
#include "panels/controls.h"
#include "panels/file_browser.h"
#include "panels/icons.h"
#include "panels/panels.h"
#include "panels/scenario_rows.h"
#include "sources/live_cluster.h"
#include "sources/rehearsal.h"

namespace kv::viz {
namespace {

void heading(AppState& app, const char* words) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  text(app.fonts.small, app.theme.text_faint, {at.x, at.y + app.px(6)}, words);
  ImGui::SetCursorScreenPos({at.x, at.y + app.px(28)});
}

/// A mark, perhaps a time, and words that may take several lines. A click goes where it happened.
struct Line {
  std::string name{};
  Icon mark{Icon::kDot};
  ImU32 mark_colour{};
  std::string time{};
  ImU32 colour{};
  std::string words{};
  std::string tooltip{};
  std::size_t position{kNoPosition};
};

void draw_line(AppState& app, const Line& line, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float mark_width = app.px(22);
  const float time_width =
      line.time.empty() ? 0
                        : std::max(app.px(64), width_of(app.fonts.mono, line.time) + app.px(10));
  const ImVec2 words_at{at.x + mark_width + time_width, at.y + app.px(3)};
  const float room = width - mark_width - time_width - app.px(4);
  const ImFont* font = app.fonts.small;
  const float height = font->CalcTextSizeA(font->FontSize, FLT_MAX, room, line.words.c_str()).y;
  const Area row{at, {at.x + width, at.y + std::max(height, font->FontSize) + app.px(7)}};
  if (hot_area(app, line.name, row)) jump_to(app, line.position);
  if (ImGui::IsItemHovered()) {
    if (line.position != kNoPosition)
      ImGui::GetWindowDrawList()->AddRectFilled(row.from, row.to, app.theme.panel_raised,
                                                app.px(5));
    if (!line.tooltip.empty()) ImGui::SetTooltip("%s", line.tooltip.c_str());
  }
  draw_icon(line.mark, {at.x + app.px(9), at.y + app.px(11)}, app.px(11), line.mark_colour);
  text(app.fonts.mono, app.theme.text_dim, {at.x + mark_width, at.y + app.px(3)}, line.time);
  paragraph(app.fonts.small, line.colour, words_at, room, line.words);
  ImGui::SetCursorScreenPos({at.x, row.to.y});
}

void draw_steps(AppState& app, const std::vector<StepRow>& rows, float width) {
  const Theme& theme = app.theme;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const StepRow& row = rows[i];
    Line line;
    line.name = "step:" + std::to_string(i);
    line.time = row.time;
    line.words = row.words + (row.by_hand ? "  (by hand)" : "");
    line.position = row.position;
    line.tooltip = row.position == kNoPosition ? "" : "click: go there";
    line.colour = theme.text;
    if (row.state == StepRow::State::kAhead) {
      line.mark = Icon::kRing;
      line.mark_colour = line.colour = theme.text_faint;
    } else if (row.state == StepRow::State::kLatest) {
      line.mark = Icon::kDot;
      line.mark_colour = theme.primary;
    } else {
      line.mark = Icon::kCheck;
      line.mark_colour = theme.good;
      line.colour = theme.text_dim;
    }
    draw_line(app, line, width);
  }
}

void draw_expectations(AppState& app, const std::vector<ExpectationRow>& rows, float width) {
  const Theme& theme = app.theme;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ExpectationRow& row = rows[i];
    Line line;
    line.name = "expectation:" + std::to_string(i);
    line.words = row.words;
    line.position = row.position;
    line.tooltip = row.found;
    if (row.state == ExpectationRow::State::kOpen) {
      line.mark = Icon::kRing;
      line.mark_colour = line.colour = theme.text_faint;
    } else {
      const bool met = row.state == ExpectationRow::State::kMet;
      line.mark = met ? Icon::kCheck : Icon::kCross;
      line.mark_colour = met ? theme.good : theme.bad;
      line.colour = met ? theme.text : theme.bad;
      if (!met && row.found != row.words) line.words += ": " + row.found;
    }
    draw_line(app, line, width);
  }
}

/// What can be done with the whole rehearsal, in the last lines of the panel.
float footer_height(const AppState& app) {
  if (!app.source || app.source->rehearsal() == nullptr) return 0;
  return app.px(app.source->rehearsal()->draft().added() > 0 ? 112 : 38);
}

/// Where a scenario made by hand would be kept.
std::string path_for(const AppState& app, const Rehearsal& rehearsal) {
  const std::filesystem::path folder(app.scenario_folder);
  return (folder / ("my-" + rehearsal.draft().scenario().name + ".json")).string();
}

void save(AppState& app, Rehearsal& rehearsal) {
  const Result<std::string> saved = rehearsal.save(app.save_path);
  app.files.reset();
  if (saved) {
    say(app, Tone::kGood, *saved);
  } else {
    say(app, Tone::kBad, saved.error().message);
  }
}

void draw_saving(AppState& app, Rehearsal& rehearsal, const Area& area) {
  if (app.save_path.empty()) app.save_path = path_for(app, rehearsal);
  text(app.fonts.small, app.theme.text_dim, area.from,
       sim::counted(rehearsal.draft().added(), "step", "steps") + " by hand");
  ImGui::SetCursorScreenPos({area.from.x, area.from.y + app.px(18)});
  ImGui::PushItemWidth(area.width());
  ImGui::PushFont(app.fonts.small);
  ImGui::InputText("##save path", &app.save_path);
  ImGui::PopFont();
  ImGui::PopItemWidth();
  const float top = area.from.y + app.px(46);
  const float split = area.from.x + area.width() * 0.7F;
  if (button(app, "save", "Save as scenario", {{area.from.x, top}, {split, top + app.px(26)}},
             {"Writes what you did as a scenario: a regression test that kvsim runs"}))
    save(app, rehearsal);
  if (button(app, "undo", "undo", {{split + app.px(6), top}, {area.to.x, top + app.px(26)}},
             {"takes back the last thing done by hand (Z)"}))
    rehearsal.undo();
}

void draw_footer(AppState& app, const Area& area) {
  Rehearsal* rehearsal = app.source ? app.source->rehearsal() : nullptr;
  if (rehearsal == nullptr) return;
  const float row = area.from.y + app.px(8);
  const Area first{{area.from.x, row}, {area.to.x, row + app.px(26)}};
  text(app.fonts.small, app.theme.text_dim, {first.from.x, row + app.px(5)},
       "seed " + std::to_string(rehearsal->seed()));
  const float width = app.px(58);
  const Area longer{{first.to.x - width, row}, first.to};
  const Area seed{{longer.from.x - width - app.px(24), row},
                  {longer.from.x - app.px(6), first.to.y}};
  if (button(app, "reseed", "next seed", seed, {"another run: other timeouts, other delays"}))
    rehearsal->reseed(rehearsal->seed() + 1);
  if (button(app, "longer", "+10 s", longer, {"the run goes on for ten more seconds"})) {
    const Outcome done = rehearsal->extend(seconds(10));
    if (!done) say(app, Tone::kBad, done.error().message);
  }
  if (rehearsal->draft().added() > 0)
    draw_saving(app, *rehearsal, {{area.from.x, first.to.y + app.px(6)}, area.to});
}

void draw_about(AppState& app, const std::string& why, float width) {
  heading(app, "ABOUT");
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = paragraph(app.fonts.small, app.theme.text_dim, at, width - app.px(6), why);
  ImGui::Dummy({width, height + app.px(8)});
}

void draw_lists(AppState& app, const Area& area) {
  const Rehearsal* rehearsal = app.source->rehearsal();
  const sim::Scenario* scenario = app.source->scenario();
  const std::size_t added = rehearsal == nullptr ? 0 : rehearsal->draft().added();
  const History& history = *app.history();
  const auto steps = step_rows(history, app.moment.position, scenario, added);
  const auto expected = expectation_rows(history, app.moment.position, scenario);
  ImGui::SetCursorScreenPos(area.from);
  ImGui::BeginChild("scenario", {area.width(), area.height()});
  const float width = ImGui::GetContentRegionAvail().x;
  const bool drawn = scenario == nullptr || scenario->chaos;
  if (!steps.empty()) heading(app, drawn ? "STEPS, LATEST FIRST" : "STEPS");
  draw_steps(app, steps, width);
  if (!expected.empty()) heading(app, "EXPECTED");
  draw_expectations(app, expected, width);
  if (scenario != nullptr && !scenario->why.empty()) draw_about(app, scenario->why, width);
  if (steps.empty() && expected.empty()) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    paragraph(app.fonts.small, app.theme.text_faint, at, width,
              scenario == nullptr
                  ? "This trace tells of no steps and no expectations so far."
                  : "No steps yet: click a node or a link on the stage and break it. What you do "
                    "is kept here and can be saved as a scenario.");
  }
  ImGui::EndChild();
}

void draw_nodes(AppState& app, const LiveCluster& cluster, const Area& area) {
  ImGui::SetCursorScreenPos(area.from);
  heading(app, "NODES");
  for (const LiveCluster::Watch& watch : cluster.watches()) {
    Line line;
    line.name = "watch:" + watch.member.node_id;
    line.mark = watch.connected ? Icon::kDot : Icon::kRing;
    line.mark_colour = watch.problem.empty() ? app.theme.good : app.theme.bad;
    line.colour = watch.connected ? app.theme.text : app.theme.text_dim;
    line.words =
        watch.member.node_id + " · " + watch.member.address() + "\n" +
        (watch.problem.empty() ? "seen " + sim::span_text(watch.lag) + " late" : watch.problem);
    if (watch.pid != 0) line.words += " · process " + std::to_string(watch.pid);
    draw_line(app, line, area.width());
  }
}

}  // namespace

void draw_scenario(AppState& app, const Area& area) {
  const bool live = app.source && app.source->live() != nullptr;
  const Area inside = begin_panel(app, live ? "CLUSTER" : "SCENARIO", area);
  const Area corner{{area.to.x - app.px(76), area.from.y + app.px(7)},
                    {area.to.x - app.px(12), area.from.y + app.px(29)}};
  if (button(app, "browse", app.browsing ? "close" : "open", corner,
             {"the scenarios in this folder", app.browsing, app.source != nullptr})) {
    app.browsing = !app.browsing;
    app.files.reset();
  }
  if (app.browsing || !app.source) {
    draw_file_browser(app, inside);
  } else if (live) {
    draw_nodes(app, *app.source->live(), inside);
  } else {
    const float footer = footer_height(app);
    draw_lists(app, {inside.from, {inside.to.x, inside.to.y - footer}});
    draw_footer(app, {{inside.from.x, inside.to.y - footer}, inside.to});
  }
  end_panel();
}

}  // namespace kv::viz
