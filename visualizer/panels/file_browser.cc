#include "panels/file_browser.h"

#include <algorithm>
#include <filesystem>

#include "netsim/scenario.h"
#include "panels/controls.h"

namespace kv::viz {
namespace {

namespace fs = std::filesystem;

std::string title_of(const std::string& path) {
  const Result<std::string> text = sim::read_file(path);
  if (!text) return "can't be read";
  const Result<sim::Scenario> scenario = sim::read_scenario(*text, path);
  return scenario ? scenario->title : "is no scenario, or has mistakes";
}

void draw_entry(AppState& app, const FileEntry& entry, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = app.px(40);
  const Area row{at, {at.x + width, at.y + height - app.px(4)}};
  if (hot_area(app, "file:" + entry.name, row)) {
    app.file_to_open = entry.path;
    app.browsing = false;
  }
  if (ImGui::IsItemHovered()) {
    ImGui::GetWindowDrawList()->AddRectFilled(row.from, row.to, app.theme.panel_raised, app.px(5));
  }
  const float pad = app.px(8);
  text(app.fonts.small, app.theme.text, {at.x + pad, at.y + app.px(2)},
       fitted(app.fonts.small, entry.title, width - 2 * pad));
  text(app.fonts.small, app.theme.text_faint, {at.x + pad, at.y + app.px(18)},
       fitted(app.fonts.small, entry.name, width - 2 * pad));
  ImGui::SetCursorScreenPos({at.x, at.y + height});
}

}  // namespace

std::vector<FileEntry> scenarios_in(const std::string& folder) {
  std::vector<FileEntry> entries;
  std::error_code error;
  for (fs::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    const std::string name = file->path().filename().string();
    const bool scenario = file->path().extension() == ".json" && name != "hashes.json" &&
                          name != "scenario.schema.json";
    if (scenario) entries.push_back({file->path().string(), name, title_of(file->path().string())});
  }
  std::sort(entries.begin(), entries.end(),
            [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
  return entries;
}

void draw_file_browser(AppState& app, const Area& area) {
  if (!app.files) app.files = scenarios_in(app.scenario_folder);
  if (app.files->empty()) {
    empty_state(app, area, "No scenarios here",
                "The folder " + app.scenario_folder +
                    " has none. Start kvviz in the repository's folder, or with a file: kvviz "
                    "scenarios/02-primary-failure.json");
    return;
  }
  ImGui::SetCursorScreenPos(area.from);
  ImGui::BeginChild("files", {area.width(), area.height()});
  const float width = ImGui::GetContentRegionAvail().x;
  for (const FileEntry& entry : *app.files) draw_entry(app, entry, width);
  ImGui::EndChild();
}

}  // namespace kv::viz
