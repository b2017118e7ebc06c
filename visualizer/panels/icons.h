#pragma once

#include <imgui.h>

namespace kv::viz {

/// Signs that look the same with every font.
enum class Icon : unsigned char {
  kToBegin,
  kBack,
  kReverse,
  kPlay,
  kPause,
  kForward,
  kToEnd,
  kSun,
  kMoon,
  kCheck,
  kCross,
  kRing,
  kDot,
};
void draw_icon(Icon icon, ImVec2 centre, float size, ImU32 colour);

}  // namespace kv::viz
