#pragma once

#include <imgui.h>

#include "model/chronicle.h"
#include "panels/theme.h"

namespace kv::viz {

// Small signs on the time axis, drawn so that they look the same with every font.

void draw_cross(ImVec2 centre, float half, ImU32 colour, float thickness);
/// Of a note on a lane, or among the events of the cluster.
void draw_glyph(const Theme& theme, NoteKind kind, ImVec2 centre, float radius);
/// Of a scenario's step, or of an expectation: whether it was met.
void draw_flag(const Theme& theme, const Note& note, ImVec2 centre, float size, bool bright);

}  // namespace kv::viz
