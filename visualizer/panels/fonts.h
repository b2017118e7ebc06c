#pragma once

#include <string>

#include <imgui.h>

namespace kv::viz {

/// Typefaces in the sizes that the panels use. Never null.
struct Fonts {
  ImFont* text{nullptr};    ///< 15 px: Inter, else DejaVu Sans, else built in
  ImFont* strong{nullptr};  ///< the same, semi-bold
  ImFont* small{nullptr};   ///< 13 px
  ImFont* title{nullptr};   ///< 18 px, semi-bold
  ImFont* mono{nullptr};    ///< 13 px: JetBrains Mono, else DejaVu Sans Mono, else built in
  ImFont* large{nullptr};   ///< 26 px, semi-bold: letters in nodes, the clock
  std::string origin{};     ///< for --help and tests: "Inter, JetBrains Mono"
};

/// Loads them into ImGui's atlas, `scale` times their size. `builtin_only`: the same picture on
/// every machine.
Fonts load_fonts(float scale, bool builtin_only);

}  // namespace kv::viz
