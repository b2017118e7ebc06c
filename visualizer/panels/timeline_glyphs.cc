#include "panels/timeline_glyphs.h"

#include <array>
#include <string_view>

#include "panels/controls.h"

namespace kv::viz {
namespace {

ImVec2 beside(ImVec2 centre, float x, float y) {
  return {centre.x + x, centre.y + y};
}

void draw_check(ImVec2 centre, float half, ImU32 colour, float thickness) {
  const std::array<ImVec2, 3> points{beside(centre, -half, 0),
                                     beside(centre, -half * 0.25F, half * 0.75F),
                                     beside(centre, half, -half * 0.75F)};
  canvas().AddPolyline(points.data(), static_cast<int>(points.size()), colour, 0, thickness);
}

/// A triangle that points to (x, y) from the centre.
void draw_triangle(ImVec2 centre, float x, float y, float size, ImU32 colour) {
  const ImVec2 tip = beside(centre, x * size, y * size);
  const ImVec2 foot = beside(centre, -x * size * 0.6F, -y * size * 0.6F);
  canvas().AddTriangleFilled(tip, beside(foot, -y * size * 0.85F, x * size * 0.85F),
                             beside(foot, y * size * 0.85F, -x * size * 0.85F), colour);
}

void draw_bars(ImVec2 centre, float size, ImU32 colour) {
  for (const float side : {-1.0F, 1.0F}) {
    const ImVec2 middle = beside(centre, side * size * 0.45F, 0);
    canvas().AddRectFilled(beside(middle, -size * 0.2F, -size * 0.8F),
                           beside(middle, size * 0.2F, size * 0.8F), colour);
  }
}

/// What is on a disc of the note's colour.
void draw_sign(NoteKind kind, ImVec2 centre, float size, ImU32 colour, float thickness) {
  switch (kind) {
    case NoteKind::kStop:
      return draw_cross(centre, size * 0.7F, colour, thickness);
    case NoteKind::kStart:
    case NoteKind::kResume:
      return draw_triangle(centre, 1, 0, size * 0.85F, colour);
    case NoteKind::kPause:
      return draw_bars(centre, size, colour);
    case NoteKind::kWipe:
      return canvas().AddCircle(centre, size * 0.65F, colour, 0, thickness);
    case NoteKind::kStepDown:
      return draw_triangle(centre, 0, 1, size * 0.8F, colour);
    case NoteKind::kTruncate:
      return canvas().AddLine(beside(centre, -size * 0.8F, 0), beside(centre, size * 0.8F, 0),
                              colour, thickness * 1.3F);
    case NoteKind::kSnapshot:
      return canvas().AddRectFilled(beside(centre, -size * 0.55F, -size * 0.55F),
                                    beside(centre, size * 0.55F, size * 0.55F), colour);
    default:
      return;
  }
}

void draw_diamond(ImVec2 centre, float radius, ImU32 colour) {
  canvas().AddQuadFilled(beside(centre, 0, -radius), beside(centre, radius, 0),
                         beside(centre, 0, radius), beside(centre, -radius, 0), colour);
}

/// A link with a gap in its middle, or mended.
void draw_link(ImVec2 centre, float radius, bool whole, ImU32 colour) {
  const float thickness = radius * 0.4F;
  const float gap = whole ? 0 : radius * 0.45F;
  canvas().AddLine(beside(centre, -radius, 0), beside(centre, -gap, 0), colour, thickness);
  canvas().AddLine(beside(centre, gap, 0), beside(centre, radius, 0), colour, thickness);
  if (whole) return;
  canvas().AddLine(beside(centre, -gap * 0.2F, radius * 0.8F),
                   beside(centre, gap * 0.8F, -radius * 0.8F), colour, thickness * 0.7F);
}

}  // namespace

void draw_cross(ImVec2 centre, float half, ImU32 colour, float thickness) {
  canvas().AddLine(beside(centre, -half, -half), beside(centre, half, half), colour, thickness);
  canvas().AddLine(beside(centre, -half, half), beside(centre, half, -half), colour, thickness);
}

void draw_glyph(const Theme& theme, NoteKind kind, ImVec2 centre, float radius) {
  const ImU32 colour = colour_of(theme, kind);
  switch (kind) {
    case NoteKind::kElected:
      return draw_diamond(centre, radius, colour);
    case NoteKind::kCut:
    case NoteKind::kHeal:
      return draw_link(centre, radius, kind == NoteKind::kHeal, colour);
    case NoteKind::kViolation:
    case NoteKind::kGap:
      draw_triangle(centre, 0, -1, radius, colour);
      return;
    default:
      break;
  }
  canvas().AddCircleFilled(centre, radius + 1.5F, theme.panel);
  canvas().AddCircleFilled(centre, radius, colour);
  draw_sign(kind, centre, radius * 0.62F, theme.dark ? theme.background : theme.panel,
            radius * 0.25F);
}

void draw_flag(const Theme& theme, const Note& note, ImVec2 centre, float size, bool bright) {
  if (note.kind == NoteKind::kExpectation) {
    constexpr std::string_view kNot = "not";
    const bool met = !note.words.starts_with(kNot);
    if (met) return draw_check(centre, size * 0.8F, theme.good, size * 0.36F);
    return draw_cross(centre, size * 0.7F, theme.bad, size * 0.36F);
  }
  const ImU32 colour = bright ? theme.text : theme.text_dim;
  canvas().AddLine(beside(centre, 0, -size), beside(centre, 0, size * 1.6F), colour, 1);
  canvas().AddTriangleFilled(beside(centre, 0, -size), beside(centre, size * 1.3F, -size * 0.4F),
                             beside(centre, 0, size * 0.2F), colour);
}

}  // namespace kv::viz
