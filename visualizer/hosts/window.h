#pragma once

#include "core/result.h"
#include "hosts/options.h"
#include "panels/app_state.h"

namespace kv::viz {

/// Shows the program in a window until it is closed, of the options' size. An Error if there is no
/// display or no OpenGL: it names --screenshot.
Outcome run_in_window(AppState& app, const Options& options);

}  // namespace kv::viz
