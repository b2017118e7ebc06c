#pragma once

#include "core/types.h"
#include "hosts/headless.h"
#include "panels/app_state.h"

namespace kv::viz {

/// What every host does once ImGui's context is there: fonts, colours, nothing kept on disk.
void dress(AppState& app, float scale, bool builtin_font);

/// A display in memory. Owns ImGui's context: one at a time.
class Screen {
 public:
  /// `size` in pixels, `scale` pixels for a unit of the design. `app` outlives it.
  Screen(AppState& app, ImVec2 size, float scale, bool builtin_font);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// The next frame, `wall` after the one before.
  void frame(Duration wall);
  /// ImGui lays out over a few frames; this lets it, while no time passes.
  void settle();
  /// Of the last frame.
  Picture picture() const;

 private:
  AppState& app_;
  ImVec2 size_;
};

}  // namespace kv::viz
