#pragma once

#include "core/result.h"
#include "hosts/options.h"
#include "hosts/screen.h"

namespace kv::viz {

/// Writes a picture of each frame into the options' folder, and has ffmpeg make films of them.
/// What came of it is for the user.
Result<std::string> record(AppState& app, Screen& screen, const FilmOptions& film);

}  // namespace kv::viz
