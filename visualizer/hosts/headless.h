#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <imgui.h>

#include "core/result.h"

namespace kv::viz {

/// A picture in memory: 8 bits each of red, green, blue and alpha a pixel, rows from the top.
struct Picture {
  int width{0};
  int height{0};
  std::vector<std::uint8_t> rgba{};
};

/// Draws what ImGui made, without a display or a graphics card. The same bytes every time on one
/// machine. `data`'s textures are ImGui's font atlas only.
Picture rasterise(const ImDrawData& data, ImU32 background);

Outcome write_png(const Picture& picture, const std::string& path);
Result<Picture> read_png(const std::string& path);

/// Share of the pixels, 0 to 1, in which some channel differs by more than `tolerance`; 1 if the
/// sizes differ.
double difference(const Picture& a, const Picture& b, int tolerance);

}  // namespace kv::viz
