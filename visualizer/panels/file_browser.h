#pragma once

#include <string>
#include <vector>

#include "panels/app_state.h"

namespace kv::viz {

/// The scenarios in a folder, sorted by name; empty if there is no such folder.
std::vector<FileEntry> scenarios_in(const std::string& folder);

/// A list of the scenario folder's files; a click opens one.
void draw_file_browser(AppState& app, const Area& area);

}  // namespace kv::viz
