#include "panels/keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "panels/controls.h"
#include "sources/rehearsal.h"

namespace kv::viz {
namespace {

struct Key {
  int code;
  bool shift;
  const char* shown;
  const char* what;
  void (*act)(AppState&);
};

void move(AppState& app, void (Playback::*step)(bool, const History&), bool back) {
  if (app.source) (app.playback.*step)(back, app.source->history());
}

void move(AppState& app, Duration by) {
  if (!app.source) return;
  app.playback.pause();
  app.playback.seek(app.playback.at() + by, app.source->history());
}

void undo(AppState& app) {
  Rehearsal* rehearsal = app.source ? app.source->rehearsal() : nullptr;
  if (rehearsal == nullptr) return;
  if (rehearsal->undo()) {
    say(app, Tone::kQuiet, "Taken back: the last thing done by hand");
  } else {
    say(app, Tone::kQuiet, "Nothing was done by hand that could be taken back");
  }
}

void close_or_deselect(AppState& app) {
  if (std::exchange(app.menu.open, false)) return;  // the menu closes itself
  if (app.help_shown || app.faults_shown) {
    app.help_shown = app.faults_shown = false;
  } else {
    app.selection = {};
  }
}

void next_panel(AppState& app) {
  constexpr int kPanels = 6;
  app.compact = static_cast<Panel>((static_cast<int>(app.compact) + 1) % kPanels);
}

constexpr std::array kKeys{
    Key{kKeySpace, false, "space", "play, pause", [](AppState& app) { app.playback.toggle(); }},
    Key{'R', false, "R", "play backwards", [](AppState& app) { app.playback.play(true); }},
    Key{kKeyRight, false, "→", "the next record",
        [](AppState& app) { move(app, &Playback::step_record, false); }},
    Key{kKeyLeft, false, "←", "the record before",
        [](AppState& app) { move(app, &Playback::step_record, true); }},
    Key{'N', false, "N", "the next thing worth seeing",
        [](AppState& app) { move(app, &Playback::step_note, false); }},
    Key{'B', false, "B", "the one before",
        [](AppState& app) { move(app, &Playback::step_note, true); }},
    Key{kKeyRight, true, "shift →", "a second on", [](AppState& app) { move(app, seconds(1)); }},
    Key{kKeyLeft, true, "shift ←", "a second back",
        [](AppState& app) { move(app, Duration{} - seconds(1)); }},
    Key{kKeyHome, false, "home", "to the beginning",
        [](AppState& app) {
          if (app.source)
            app.playback.seek(app.source->history().recording().begin_time(),
                              app.source->history());
        }},
    Key{kKeyEnd, false, "end", "to the end, or to the present", go_to_end},
    Key{kKeyUp, false, "↑", "faster", [](AppState& app) { app.playback.faster(); }},
    Key{kKeyDown, false, "↓", "slower", [](AppState& app) { app.playback.slower(); }},
    Key{'E', false, "E", "elections in slow motion, or not",
        [](AppState& app) { app.playback.ease(!app.playback.eased()); }},
    Key{'F', false, "F", "faults for what is selected",
        [](AppState& app) { app.faults_shown = !app.faults_shown; }},
    Key{'Z', false, "Z", "take back the last thing done by hand", undo},
    Key{'M', false, "M", "messages, or none",
        [](AppState& app) { app.show_messages = !app.show_messages; }},
    Key{'C', false, "C", "charts, or the timeline",
        [](AppState& app) { app.charts_shown = !app.charts_shown; }},
    Key{'L', false, "L", "light, or dark", [](AppState& app) { app.light = !app.light; }},
    Key{kKeyTab, false, "tab", "the next panel, in a small window", next_panel},
    Key{'H', false, "H", "this help", [](AppState& app) { app.help_shown = !app.help_shown; }},
    Key{kKeyEscape, false, "esc", "close, select nothing", close_or_deselect},
};

void select_by_digit(AppState& app) {
  const History* history = app.history();
  if (history == nullptr) return;
  for (NodeId id = 1; id <= std::min<std::size_t>(9, history->cluster().size()); ++id) {
    if (!ImGui::IsKeyPressed('0' + static_cast<int>(id), false)) continue;
    app.selection = {};
    app.selection.kind = Selection::Kind::kNode;
    app.selection.node = id;
  }
}

/// All keys and what they do, in the middle of `area`.
void draw_key_table(AppState& app, const Area& area) {
  ImDrawList& canvas = *ImGui::GetWindowDrawList();
  const std::size_t rows = area.height() < app.px(620) ? (kKeys.size() + 2) / 2 : kKeys.size() + 1;
  const std::size_t columns = (kKeys.size() + rows) / rows;
  const float line = std::min(app.px(25), (area.height() - app.px(70)) / static_cast<float>(rows));
  const ImVec2 half{app.px(210) * static_cast<float>(columns),
                    line * static_cast<float>(rows) / 2 + app.px(32)};
  const Area box{{area.centre().x - half.x, area.centre().y - half.y},
                 {area.centre().x + half.x, area.centre().y + half.y}};
  canvas.AddRectFilled(box.from, box.to, app.theme.panel, app.px(10));
  canvas.AddRect(box.from, box.to, app.theme.border, app.px(10));
  place(app, "help:box", box);
  text(app.fonts.title, app.theme.text, {box.from.x + app.px(24), box.from.y + app.px(16)}, "Keys");
  const auto row = [&](std::size_t index, const char* key, const char* what) {
    const std::size_t column = index / rows;
    const ImVec2 at{box.from.x + app.px(24) + app.px(420) * static_cast<float>(column),
                    box.from.y + app.px(50) + line * static_cast<float>(index % rows)};
    text(app.fonts.mono, app.theme.primary, at, key);
    text(app.fonts.text, app.theme.text, {at.x + app.px(90), at.y - app.px(1)}, what);
  };
  for (std::size_t i = 0; i < kKeys.size(); ++i) row(i, kKeys[i].shown, kKeys[i].what);
  row(kKeys.size(), "1 … 9", "select a node");
}

}  // namespace

void go_to_end(AppState& app) {
  if (!app.source) return;
  app.playback.seek(app.source->horizon(), app.source->history());
  if (app.source->kind() == Source::Kind::kLive) app.playback.follow(true);
}

void take_keys(AppState& app) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput || io.KeyCtrl || io.KeyAlt) return;
  for (const Key& key : kKeys) {
    if (io.KeyShift == key.shift && ImGui::IsKeyPressed(key.code)) key.act(app);
  }
  select_by_digit(app);
}

void draw_help(AppState& app, const Area& area) {
  // A window of its own: what lies below it is neither seen through it nor clicked.
  ImGui::SetNextWindowPos(area.from);
  ImGui::SetNextWindowSize({area.width(), area.height()});
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleColor(ImGuiCol_WindowBg, faded(app.theme.background, 0.85F));
  ImGui::Begin("keys", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
  draw_key_table(app, area);
  if (ImGui::IsWindowHovered() && ImGui::IsMouseClicked(ImGuiMouseButton_Left))
    app.help_shown = false;
  ImGui::End();
  ImGui::PopStyleColor();
}

}  // namespace kv::viz
