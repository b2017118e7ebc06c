#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "hosts/screen.h"
#include "panels/app_state.h"
#include "panels/controls.h"
#include "panels/frame.h"

namespace kv::viz {

/// A person before the program: sees frames, moves the mouse, clicks, presses keys. No display.
class Viewer {
 public:
  explicit Viewer(ImVec2 size = {1600, 900})
      : screen_(app, size, /*scale=*/1, /*builtin_font=*/true) {}

  /// Opens a file of scenarios/, or any other, and lets it be simulated or read to its end.
  void open(const std::string& path) {
    open_file(app, path.find('/') == std::string::npos ? KV_SCENARIO_DIR "/" + path : path);
    look();
    while (app.source && app.source->progress().busy) look();
  }

  /// `frames` frames in which no time passes.
  void look(int frames = 2) {
    for (int i = 0; i < frames; ++i) screen_.frame(Duration{});
  }
  void wait(Duration wall) { screen_.frame(wall); }

  bool sees(std::string_view control) const { return app.controls.contains(control); }

  Area area(std::string_view control) const {
    const auto found = app.controls.find(control);
    EXPECT_NE(found, app.controls.end()) << "there is no control " << control;
    return found == app.controls.end() ? Area{} : found->second;
  }

  void move_to(ImVec2 point) {
    ImGui::GetIO().MousePos = point;
    look(1);
  }
  void press(int mouse_button) {
    ImGui::GetIO().MouseDown[mouse_button] = true;
    look(1);
  }
  void release(int mouse_button) {
    ImGui::GetIO().MouseDown[mouse_button] = false;
    look();
  }
  void click_at(ImVec2 point, int mouse_button = 0) {
    move_to(point);
    press(mouse_button);
    release(mouse_button);
  }
  void click(std::string_view control, int mouse_button = 0) {
    look();
    click_at(area(control).centre(), mouse_button);
  }
  void drag(ImVec2 from, ImVec2 to) {
    move_to(from);
    press(0);
    move_to({(from.x + to.x) / 2, (from.y + to.y) / 2});
    move_to(to);
    release(0);
  }
  void key(int code, bool shift = false) {
    ImGuiIO& io = ImGui::GetIO();
    io.KeyShift = shift;
    io.KeysDown[code] = true;
    look(1);
    io.KeysDown[code] = false;
    io.KeyShift = false;
    look(1);
  }
  void type(std::string_view text) {
    ImGui::GetIO().AddInputCharactersUTF8(std::string(text).c_str());
    look();
  }
  void go_to(Instant at) {
    app.playback.seek(at, *app.history());
    look();
  }
  Picture picture() const { return screen_.picture(); }

  AppState app{};

 private:
  Screen screen_;
};

}  // namespace kv::viz
