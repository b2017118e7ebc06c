#pragma once

#include <string>
#include <string_view>

#include <imgui.h>

#include "panels/app_state.h"

namespace kv::viz {

/// Where the window that is being made draws.
ImDrawList& canvas();

/// Notes where the control `name` is, for tests and tooltips.
void place(AppState& app, std::string_view name, const Area& area);

/// A panel's frame with its title (small capitals) and a hint at the right; what remains inside.
/// Everything drawn until end_panel() is clipped to it; ImGui's cursor is at its top left.
Area begin_panel(AppState& app, const char* title, const Area& area, std::string_view hint = {});
void end_panel();

/// How a button is at the moment. The tooltip says what it does, and its key.
struct ButtonLook {
  const char* tooltip{""};
  bool active{false};  ///< what it stands for is on
  bool enabled{true};
};
/// A button with a name for tests. True: clicked.
bool button(AppState& app, std::string_view name, const char* label, const Area& area,
            const ButtonLook& look);
/// An area that reacts to the mouse: hovered and clicked as ImGui has it for the last item.
bool hot_area(AppState& app, std::string_view name, const Area& area);

/// Text in a font and colour; gives its width.
float text(ImFont* font, ImU32 colour, ImVec2 at, std::string_view words);
float text_centred(ImFont* font, ImU32 colour, ImVec2 centre, std::string_view words);
float text_right(ImFont* font, ImU32 colour, ImVec2 right_top, std::string_view words);
/// Cut with "…" where it is wider than `width`.
std::string fitted(const ImFont* font, std::string_view words, float width);
/// Wrapped at words within `width`; gives the height.
float paragraph(ImFont* font, ImU32 colour, ImVec2 at, float width, std::string_view words);
float width_of(const ImFont* font, std::string_view words);

/// A small rounded label; gives its area.
Area pill(AppState& app, ImVec2 at, std::string_view words, ImU32 colour, ImFont* font);

/// What an empty panel says in its middle: what it is, and what to do.
void empty_state(AppState& app, const Area& area, std::string_view words, std::string_view hint);

void say(AppState& app, Tone tone, std::string words);

/// Goes to where a record has just happened, and selects it. Nothing happens at kNoPosition.
void jump_to(AppState& app, std::size_t position);

}  // namespace kv::viz
