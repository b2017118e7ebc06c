#pragma once

#include <string>

#include "hosts/screen.h"
#include "panels/app_state.h"

namespace kv::viz {

/// How long frames take that play on, frames at times here and there, and how long their pictures
/// take: `count` of each, a line each.
std::string measure(AppState& app, Screen& screen, unsigned count);

}  // namespace kv::viz
