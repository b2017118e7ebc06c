#include "panels/controls.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <utility>

namespace kv::viz {
namespace {

ImVec2 size_of(const ImFont* font, std::string_view words, float wrap = 0) {
  if (words.empty()) return {0, font->FontSize};
  return font->CalcTextSizeA(font->FontSize, FLT_MAX, wrap, words.data(),
                             words.data() + words.size());
}

/// The last byte of the character that begins at `at` is before the result.
std::size_t next_character(std::string_view words, std::size_t at) {
  ++at;
  while (at < words.size() && (static_cast<unsigned char>(words[at]) & 0xC0) == 0x80) ++at;
  return at;
}

}  // namespace

ImDrawList& canvas() {
  return *ImGui::GetWindowDrawList();
}

void place(AppState& app, std::string_view name, const Area& area) {
  app.controls.insert_or_assign(std::string(name), area);
}

Area begin_panel(AppState& app, const char* title, const Area& area, std::string_view hint) {
  const Theme& theme = app.theme;
  const float rounding = app.px(8);
  canvas().AddRectFilled(area.from, area.to, theme.panel, rounding);
  canvas().AddRect(area.from, area.to, theme.border, rounding);
  place(app, std::string("panel:") + title, area);
  ImGui::PushClipRect(area.from, area.to, true);
  const float pad = app.px(14);
  const ImVec2 at{area.from.x + pad, area.from.y + app.px(10)};
  const float width = text(app.fonts.small, theme.text_dim, at, title);
  if (!hint.empty()) {
    const float room = area.width() - 2 * pad - width - app.px(16);
    if (width_of(app.fonts.small, hint) <= room)
      text_right(app.fonts.small, theme.text_faint, {area.to.x - pad, at.y}, hint);
  }
  const Area inside{{area.from.x + pad, area.from.y + app.px(34)},
                    {area.to.x - pad, area.to.y - app.px(10)}};
  ImGui::SetCursorScreenPos(inside.from);
  return inside;
}

void end_panel() {
  ImGui::PopClipRect();
}

bool hot_area(AppState& app, std::string_view name, const Area& area) {
  place(app, name, area);
  const ImVec2 size{std::max(1.0F, area.width()), std::max(1.0F, area.height())};
  ImGui::SetCursorScreenPos(area.from);
  ImGui::PushID(name.data(), name.data() + name.size());
  const bool clicked = ImGui::InvisibleButton("##", size);
  ImGui::PopID();
  return clicked;
}

bool button(AppState& app, std::string_view name, const char* label, const Area& area,
            const ButtonLook& look) {
  const Theme& theme = app.theme;
  const bool clicked = hot_area(app, name, area) && look.enabled;
  const bool hovered = ImGui::IsItemHovered();
  ImU32 fill =
      look.active ? mixed(theme.panel_raised, theme.text_faint, 0.45F) : theme.panel_raised;
  if (hovered && look.enabled)
    fill = mixed(fill, theme.text_faint, ImGui::IsItemActive() ? 0.5F : 0.25F);
  canvas().AddRectFilled(area.from, area.to, look.enabled ? fill : faded(fill, 0.5F), app.px(6));
  const ImU32 colour = !look.enabled ? theme.text_faint : look.active ? theme.accent : theme.text;
  text_centred(app.fonts.small, colour, area.centre(), label);
  if (hovered && *look.tooltip != '\0') ImGui::SetTooltip("%s", look.tooltip);
  return clicked;
}

float text(ImFont* font, ImU32 colour, ImVec2 at, std::string_view words) {
  if (words.empty()) return 0;
  const ImVec2 whole{std::round(at.x), std::round(at.y)};
  canvas().AddText(font, font->FontSize, whole, colour, words.data(), words.data() + words.size());
  return size_of(font, words).x;
}

float text_centred(ImFont* font, ImU32 colour, ImVec2 centre, std::string_view words) {
  const ImVec2 size = size_of(font, words);
  return text(font, colour, {centre.x - size.x / 2, centre.y - size.y / 2}, words);
}

float text_right(ImFont* font, ImU32 colour, ImVec2 right_top, std::string_view words) {
  return text(font, colour, {right_top.x - size_of(font, words).x, right_top.y}, words);
}

float width_of(const ImFont* font, std::string_view words) {
  return size_of(font, words).x;
}

std::string fitted(const ImFont* font, std::string_view words, float width) {
  if (width_of(font, words) <= width) return std::string(words);
  constexpr std::string_view kMore = "…";
  const float room = width - width_of(font, kMore);
  std::size_t end = 0;
  float used = 0;
  while (end < words.size()) {
    const std::size_t next = next_character(words, end);
    used += width_of(font, words.substr(end, next - end));
    if (used > room) break;
    end = next;
  }
  return end == 0 ? std::string() : std::string(words.substr(0, end)) + std::string(kMore);
}

float paragraph(ImFont* font, ImU32 colour, ImVec2 at, float width, std::string_view words) {
  if (words.empty()) return 0;
  const ImVec2 whole{std::round(at.x), std::round(at.y)};
  canvas().AddText(font, font->FontSize, whole, colour, words.data(), words.data() + words.size(),
                   width);
  return size_of(font, words, width).y;
}

Area pill(AppState& app, ImVec2 at, std::string_view words, ImU32 colour, ImFont* font) {
  const ImVec2 size = size_of(font, words);
  const float pad = app.px(10);
  const Area area{at, {at.x + size.x + 2 * pad, at.y + size.y + app.px(8)}};
  canvas().AddRectFilled(area.from, area.to, faded(colour, 0.16F), area.height() / 2);
  canvas().AddRect(area.from, area.to, faded(colour, 0.75F), area.height() / 2);
  text(font, colour, {at.x + pad, at.y + app.px(4)}, words);
  return area;
}

void empty_state(AppState& app, const Area& area, std::string_view words, std::string_view hint) {
  const float width = std::min(area.width() - app.px(24), app.px(520));
  const ImVec2 first = size_of(app.fonts.text, words, width);
  const ImVec2 second = size_of(app.fonts.small, hint, width);
  const float top = area.centre().y - (first.y + second.y + app.px(8)) / 2;
  paragraph(app.fonts.text, app.theme.text_dim, {area.centre().x - first.x / 2, top}, width, words);
  paragraph(app.fonts.small, app.theme.text_faint,
            {area.centre().x - second.x / 2, top + first.y + app.px(8)}, width, hint);
}

void say(AppState& app, Tone tone, std::string words) {
  constexpr double kShown = 6;
  app.toast = Toast{std::move(words), tone, app.clock + kShown};
}

void jump_to(AppState& app, std::size_t position) {
  if (app.history() == nullptr || position == kNoPosition) return;
  app.playback.pause();
  app.playback.seek_position(position + 1, *app.history());
  app.selection = {};
  app.selection.kind = Selection::Kind::kRecord;
  app.selection.position = position;
}

}  // namespace kv::viz
