#include "panels/icons.h"

#include <array>
#include <cmath>

#include "panels/controls.h"

namespace kv::viz {
namespace {

void check(ImVec2 centre, float size, ImU32 colour) {
  const std::array<ImVec2, 3> points{ImVec2{centre.x - size * 0.45F, centre.y + size * 0.02F},
                                     {centre.x - size * 0.12F, centre.y + size * 0.36F},
                                     {centre.x + size * 0.48F, centre.y - size * 0.36F}};
  canvas().AddPolyline(points.data(), static_cast<int>(points.size()), colour, ImDrawFlags_None,
                       size * 0.17F);
}

void cross(ImVec2 centre, float size, ImU32 colour) {
  const float half = size * 0.36F;
  canvas().AddLine({centre.x - half, centre.y - half}, {centre.x + half, centre.y + half}, colour,
                   size * 0.17F);
  canvas().AddLine({centre.x - half, centre.y + half}, {centre.x + half, centre.y - half}, colour,
                   size * 0.17F);
}

/// A triangle that points to the right (`way` 1) or to the left (-1), its middle at `centre`.
void triangle(ImVec2 centre, float size, float way, ImU32 colour) {
  const float half = size / 2;
  canvas().AddTriangleFilled({centre.x - half * way * 0.8F, centre.y - half},
                             {centre.x + half * way * 0.9F, centre.y},
                             {centre.x - half * way * 0.8F, centre.y + half}, colour);
}

/// A disc with rays around it.
void sun(ImVec2 centre, float size, ImU32 colour) {
  constexpr int kRays = 8;
  canvas().AddCircleFilled(centre, size * 0.3F, colour);
  for (int ray = 0; ray < kRays; ++ray) {
    const float angle = 6.2831853F * static_cast<float>(ray) / kRays;
    const ImVec2 way{std::cos(angle) * size, std::sin(angle) * size};
    canvas().AddLine({centre.x + way.x * 0.44F, centre.y + way.y * 0.44F},
                     {centre.x + way.x * 0.62F, centre.y + way.y * 0.62F}, colour, size * 0.12F);
  }
}

/// A disc out of which another one has taken a bite.
void moon(ImVec2 centre, float size, ImU32 colour) {
  constexpr float kQuarter = 1.5707963F;
  const float radius = size * 0.5F;
  canvas().PathClear();
  canvas().PathArcTo(centre, radius, -kQuarter * 0.7F, kQuarter * 2.7F, 24);
  canvas().PathStroke(colour, ImDrawFlags_None, size * 0.14F);
  canvas().PathArcTo({centre.x + radius * 0.55F, centre.y - radius * 0.55F}, radius * 0.75F,
                     kQuarter * 0.35F, kQuarter * 2.65F, 20);
  canvas().PathStroke(colour, ImDrawFlags_None, size * 0.14F);
}

void bar(ImVec2 centre, float size, ImU32 colour) {
  canvas().AddRectFilled({centre.x - size * 0.11F, centre.y - size / 2},
                         {centre.x + size * 0.11F, centre.y + size / 2}, colour);
}

}  // namespace

void draw_icon(Icon icon, ImVec2 centre, float size, ImU32 colour) {
  const auto beside = [&](float by) { return ImVec2{centre.x + size * by, centre.y}; };
  switch (icon) {
    case Icon::kToBegin:
      bar(beside(-0.45F), size, colour);
      return triangle(beside(0.15F), size, -1, colour);
    case Icon::kBack:
      triangle(beside(-0.1F), size, -1, colour);
      return bar(beside(0.5F), size, colour);
    case Icon::kReverse:
      return triangle(centre, size * 1.1F, -1, colour);
    case Icon::kPlay:
      return triangle(centre, size * 1.1F, 1, colour);
    case Icon::kPause:
      bar(beside(-0.22F), size, colour);
      return bar(beside(0.22F), size, colour);
    case Icon::kForward:
      bar(beside(-0.5F), size, colour);
      return triangle(beside(0.1F), size, 1, colour);
    case Icon::kToEnd:
      triangle(beside(-0.15F), size, 1, colour);
      return bar(beside(0.45F), size, colour);
    case Icon::kSun:
      return sun(centre, size, colour);
    case Icon::kMoon:
      return moon(centre, size, colour);
    case Icon::kCheck:
      return check(centre, size, colour);
    case Icon::kCross:
      return cross(centre, size, colour);
    case Icon::kRing:
      return canvas().AddCircle(centre, size * 0.4F, colour, 0, size * 0.12F);
    case Icon::kDot:
      return canvas().AddCircleFilled(centre, size * 0.4F, colour);
  }
}

}  // namespace kv::viz
