#pragma once

#include <string>

#include "panels/app_state.h"

namespace kv::viz {

/// Where the panels are in a picture of this size (pixels), `scale` pixels for a unit of the
/// design.
struct Layout {
  bool compact{false};     ///< one panel at a time
  bool both_below{false};  ///< timeline and charts side by side
  Area bar{};
  Area stage{};
  Area logs{};
  Area inspector{};
  Area scenario{};
  Area timeline{};
  Area charts{};
};
Layout layout_of(ImVec2 size, float scale);

/// Lets the source work, moves playback on by `wall`, and brings AppState::moment up to date.
void advance(AppState& app, Duration wall);
/// Draws everything and takes input, between ImGui::NewFrame() and ImGui::Render().
void draw_frame(AppState& app);
/// Both and what is around them: one frame of ImGui for a display of this size.
void make_frame(AppState& app, ImVec2 size, Duration wall);

/// Opens a scenario or a trace, whichever the file is. A failure is in AppState::problem.
void open_file(AppState& app, const std::string& path);

}  // namespace kv::viz
