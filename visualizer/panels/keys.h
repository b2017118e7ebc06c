#pragma once

#include "panels/app_state.h"

namespace kv::viz {

// ImGui 1.86 knows keys by the host's codes; both hosts use GLFW's, which for letters and digits
// are those of ASCII.
inline constexpr int kKeySpace = 32;
inline constexpr int kKeyEscape = 256;
inline constexpr int kKeyTab = 258;
inline constexpr int kKeyRight = 262;
inline constexpr int kKeyLeft = 263;
inline constexpr int kKeyDown = 264;
inline constexpr int kKeyUp = 265;
inline constexpr int kKeyHome = 268;
inline constexpr int kKeyEnd = 269;

/// To the end of what there is; of a running cluster, to the present, and along with it.
void go_to_end(AppState& app);

/// What the keyboard does, as one table for the keys themselves and for the help.
void take_keys(AppState& app);
void draw_help(AppState& app, const Area& area);

}  // namespace kv::viz
