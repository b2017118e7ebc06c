#include "panels/theme.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace kv::viz {
namespace {

/// From 0xRRGGBB.
constexpr ImU32 rgb(unsigned hex) {
  return IM_COL32(hex >> 16 & 0xFF, hex >> 8 & 0xFF, hex & 0xFF, 0xFF);
}

unsigned channel(ImU32 colour, int shift) {
  return colour >> shift & 0xFF;
}

ImVec4 vec(ImU32 colour) {
  return ImGui::ColorConvertU32ToFloat4(colour);
}

}  // namespace

Theme dark_theme() {
  Theme theme;
  theme.background = rgb(0x0E1115);
  theme.panel = rgb(0x171B21);
  theme.panel_raised = rgb(0x232A33);
  theme.border = rgb(0x2B323C);
  theme.grid = rgb(0x262D36);
  theme.text = rgb(0xE8EBF0);
  theme.text_dim = rgb(0xA0AAB8);
  theme.text_faint = rgb(0x687382);
  theme.accent = rgb(0xF4F6FA);
  theme.selection = rgb(0xFFFFFF);
  theme.primary = rgb(0xF0A30A);
  theme.secondary = rgb(0x56B4E9);
  theme.candidate = rgb(0xD98ABA);
  theme.down = rgb(0x6B7685);
  theme.paused = rgb(0x97A3B6);
  theme.good = rgb(0x35C795);
  theme.bad = rgb(0xF0683A);
  theme.unknown = rgb(0xEBD94A);
  theme.sync = rgb(0x6E9BF5);
  theme.terms = {rgb(0x7A62AE), rgb(0x2F827B), rgb(0x96702C),
                 rgb(0x4169A8), rgb(0xA34F6B), rgb(0x66803A)};
  return theme;
}

Theme light_theme() {
  Theme theme;
  theme.dark = false;
  theme.background = rgb(0xEDF0F4);
  theme.panel = rgb(0xFFFFFF);
  theme.panel_raised = rgb(0xEEF1F5);
  theme.border = rgb(0xD5DBE3);
  theme.grid = rgb(0xE6EAEF);
  theme.text = rgb(0x1A1F26);
  theme.text_dim = rgb(0x55606E);
  theme.text_faint = rgb(0x8E99A8);
  theme.accent = rgb(0x1A1F26);
  theme.selection = rgb(0x000000);
  theme.primary = rgb(0xD98200);
  theme.secondary = rgb(0x2389C6);
  theme.candidate = rgb(0xB2558A);
  theme.down = rgb(0x8A94A3);
  theme.paused = rgb(0x66738A);
  theme.good = rgb(0x00875F);
  theme.bad = rgb(0xC9420A);
  theme.unknown = rgb(0xA88D00);
  theme.sync = rgb(0x2F62C8);
  theme.terms = {rgb(0xB9A8DE), rgb(0x9AD0CA), rgb(0xE3C795),
                 rgb(0xA9C3EA), rgb(0xE6B0C1), rgb(0xC3D59E)};
  return theme;
}

void apply(const Theme& theme, float scale) {
  ImGuiStyle style;
  if (theme.dark) {
    ImGui::StyleColorsDark(&style);
  } else {
    ImGui::StyleColorsLight(&style);
  }
  style.WindowRounding = 0;
  style.ChildRounding = 6;
  style.FrameRounding = 5;
  style.PopupRounding = 7;
  style.ScrollbarRounding = 4;
  style.WindowPadding = {10, 8};
  style.FramePadding = {8, 5};
  style.ItemSpacing = {8, 6};
  style.ScrollbarSize = 10;
  style.WindowBorderSize = 0;
  style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  style.ScaleAllSizes(scale);
  style.Colors[ImGuiCol_Text] = vec(theme.text);
  style.Colors[ImGuiCol_TextDisabled] = vec(theme.text_faint);
  style.Colors[ImGuiCol_WindowBg] = vec(theme.background);
  style.Colors[ImGuiCol_ChildBg] = vec(faded(theme.panel, 0));
  style.Colors[ImGuiCol_PopupBg] = vec(mixed(theme.panel, theme.panel_raised, 0.35F));
  style.Colors[ImGuiCol_Border] = vec(theme.border);
  style.Colors[ImGuiCol_FrameBg] = vec(theme.panel_raised);
  style.Colors[ImGuiCol_FrameBgHovered] = vec(mixed(theme.panel_raised, theme.text_faint, 0.25F));
  style.Colors[ImGuiCol_FrameBgActive] = vec(mixed(theme.panel_raised, theme.text_faint, 0.4F));
  style.Colors[ImGuiCol_Button] = vec(theme.panel_raised);
  style.Colors[ImGuiCol_ButtonHovered] = style.Colors[ImGuiCol_FrameBgHovered];
  style.Colors[ImGuiCol_ButtonActive] = style.Colors[ImGuiCol_FrameBgActive];
  style.Colors[ImGuiCol_Header] = vec(theme.panel_raised);
  style.Colors[ImGuiCol_HeaderHovered] = style.Colors[ImGuiCol_FrameBgHovered];
  style.Colors[ImGuiCol_HeaderActive] = style.Colors[ImGuiCol_FrameBgActive];
  style.Colors[ImGuiCol_Separator] = vec(theme.border);
  style.Colors[ImGuiCol_ScrollbarBg] = vec(faded(theme.panel, 0));
  style.Colors[ImGuiCol_ScrollbarGrab] = vec(theme.border);
  style.Colors[ImGuiCol_ScrollbarGrabHovered] = vec(theme.text_faint);
  style.Colors[ImGuiCol_ScrollbarGrabActive] = vec(theme.text_dim);
  style.Colors[ImGuiCol_TextSelectedBg] = vec(faded(theme.secondary, 0.35F));
  style.Colors[ImGuiCol_CheckMark] = vec(theme.accent);
  ImGui::GetStyle() = style;
}

ImU32 colour_of(const Theme& theme, Standing standing) {
  switch (standing) {
    case Standing::kUnknown:
      return theme.text_faint;
    case Standing::kDown:
      return theme.down;
    case Standing::kPaused:
      return theme.paused;
    case Standing::kSecondary:
      return theme.secondary;
    case Standing::kAsking:
    case Standing::kCandidate:
      return theme.candidate;
    case Standing::kPrimary:
      return theme.primary;
  }
  CHECK(false);
}

ImU32 colour_of(const Theme& theme, const Flight& flight) {
  if (flight.fate == Flight::Fate::kLost) return theme.bad;
  switch (flight.kind) {
    case MessageKind::kHeartbeat:
    case MessageKind::kReplicate:
      return theme.primary;
    case MessageKind::kReplicateReply:
      return flight.positive ? theme.secondary : theme.bad;
    case MessageKind::kElection:
      return theme.candidate;
    case MessageKind::kElectionReply:
      return flight.positive ? theme.good : theme.bad;
    case MessageKind::kSync:
    case MessageKind::kSyncReply:
    case MessageKind::kHandover:
      return theme.sync;
    case MessageKind::kReadIndex:
      return theme.secondary;
    case MessageKind::kReadIndexReply:
      return theme.primary;
  }
  CHECK(false);
}

ImU32 colour_of(const Theme& theme, Tone tone) {
  switch (tone) {
    case Tone::kQuiet:
      return theme.text_dim;
    case Tone::kGood:
      return theme.good;
    case Tone::kWarning:
      return theme.primary;
    case Tone::kBad:
      return theme.bad;
  }
  CHECK(false);
}

ImU32 colour_of(const Theme& theme, NoteKind kind) {
  switch (kind) {
    case NoteKind::kStop:
    case NoteKind::kWipe:
    case NoteKind::kCut:
    case NoteKind::kViolation:
    case NoteKind::kTruncate:
      return theme.bad;
    case NoteKind::kStart:
    case NoteKind::kResume:
    case NoteKind::kHeal:
      return theme.good;
    case NoteKind::kPause:
      return theme.paused;
    case NoteKind::kCampaign:
      return theme.candidate;
    case NoteKind::kElected:
      return theme.primary;
    case NoteKind::kStepDown:
      return theme.secondary;
    case NoteKind::kSnapshot:
      return theme.sync;
    case NoteKind::kStep:
    case NoteKind::kExpectation:
      return theme.text_dim;
    case NoteKind::kGap:
      return theme.unknown;
  }
  CHECK(false);
}

ImU32 term_colour(const Theme& theme, Term term) {
  return theme.terms[term % theme.terms.size()];
}

const char* letter_of(Standing standing) {
  switch (standing) {
    case Standing::kUnknown:
    case Standing::kAsking:
      return "?";
    case Standing::kDown:
      return "×";
    case Standing::kPaused:
      return "II";
    case Standing::kSecondary:
      return "S";
    case Standing::kCandidate:
      return "C";
    case Standing::kPrimary:
      return "P";
  }
  CHECK(false);
}

ImU32 faded(ImU32 colour, float share) {
  const float opaque = static_cast<float>(channel(colour, IM_COL32_A_SHIFT));
  const auto alpha = static_cast<ImU32>(std::lround(opaque * std::clamp(share, 0.0F, 1.0F)));
  return (colour & ~IM_COL32_A_MASK) | alpha << IM_COL32_A_SHIFT;
}

ImU32 mixed(ImU32 a, ImU32 b, float share_of_b) {
  ImU32 result = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    const float from = static_cast<float>(channel(a, shift));
    const float to = static_cast<float>(channel(b, shift));
    result |= static_cast<ImU32>(std::lround(from + (to - from) * share_of_b)) << shift;
  }
  return result;
}

}  // namespace kv::viz
