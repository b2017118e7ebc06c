#pragma once

#include "panels/app_state.h"

namespace kv::viz {

// Each draws one panel into an area, and does what is clicked in it. They are called within an
// ImGui window that covers the whole picture.

void draw_top_bar(AppState& app, const Area& area);
void draw_stage(AppState& app, const Area& area);
void draw_timeline(AppState& app, const Area& area);
void draw_logs(AppState& app, const Area& area);
void draw_inspector(AppState& app, const Area& area);
void draw_charts(AppState& app, const Area& area);
void draw_scenario(AppState& app, const Area& area);

}  // namespace kv::viz
