#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <imgui.h>

#include "model/history.h"
#include "model/playback.h"
#include "panels/fonts.h"
#include "panels/selection.h"
#include "panels/theme.h"
#include "sources/source.h"

namespace kv::viz {

/// A rectangle on the screen, in pixels.
struct Area {
  ImVec2 from{};
  ImVec2 to{};

  float width() const { return to.x - from.x; }
  float height() const { return to.y - from.y; }
  ImVec2 centre() const { return {(from.x + to.x) / 2, (from.y + to.y) / 2}; }
  bool contains(ImVec2 point) const {
    return point.x >= from.x && point.x < to.x && point.y >= from.y && point.y < to.y;
  }
  /// Smaller by so much on each side.
  Area inset(float by) const { return {{from.x + by, from.y + by}, {to.x - by, to.y - by}}; }
};

enum class Panel : unsigned char { kStage, kLogs, kInspector, kScenario, kTimeline, kCharts };

struct Inspection;
struct StoreView;

/// A line that tells what came of something the user did, for some seconds.
struct Toast {
  std::string words{};
  Tone tone{Tone::kQuiet};
  double until{0};  ///< on AppState::clock
};

/// A menu of faults that is open on the stage.
struct FaultMenu {
  bool wanted{false};  ///< open it in this frame
  bool open{false};    ///< Escape closes it, and nothing else
  Selection target{};
  ImVec2 at{};
};

/// A scenario that can be opened.
struct FileEntry {
  std::string path{};
  std::string name{};
  std::string title{};
};

/// What part of the time axis the timeline and the charts show.
struct TimeWindow {
  bool whole{true};  ///< all there is
  Instant from{};
  Instant to{};
  Instant followed{};  ///< where the playhead was when the window last looked
  Instant pointed{};   ///< where the mouse is, in the timeline or a chart …
  int pointed_in{-2};  ///< … in this frame of ImGui
};

/// All that the program is at a moment; owned by its main, drawn by the panels. No panel keeps
/// anything elsewhere.
struct AppState {
  std::unique_ptr<Source> source{};  ///< null: nothing is open yet
  std::string problem{};             ///< why nothing is open, or empty: what to do about it
  std::string problem_closed{};      ///< the one that the user has read and closed
  Playback playback{};
  Moment moment{};                    ///< where playback is
  const History* moment_of{nullptr};  ///< the history that `moment` belongs to

  Theme theme{};
  Fonts fonts{};
  float scale{1};   ///< pixels for one unit of the design
  double clock{0};  ///< seconds of the viewer since the start

  Selection selection{};
  FaultMenu menu{};
  TimeWindow window{};
  bool faults_shown{false};  ///< F: a list of what can be done, on the stage
  bool help_shown{false};
  bool light{false};
  bool show_messages{true};
  Panel compact{Panel::kStage};  ///< the one shown where there is no room for all
  bool charts_shown{false};      ///< instead of the timeline, where there is no room for both
  std::optional<Toast> toast{};  ///< the newest
  std::string scenario_folder{"scenarios"};
  bool browsing{false};                           ///< the scenario panel shows the folder's files
  std::optional<std::vector<FileEntry>> files{};  ///< of that folder, once looked up
  std::string file_to_open{};                     ///< a scenario or trace that a panel asks for
  std::string save_path{};                        ///< text of the field in the scenario panel
  std::string text_field{};                       ///< of a fault that needs words
  std::optional<ImVec2> partition_from{};         ///< the line that is being dragged over the stage
  LogIndex log_top{0};                            ///< first row of the logs; 0: follow the end
  bool store_shown{false};                        ///< in the logs' panel, instead of the entries
  /// What inspector and store show, worked out now and then (Basis); null: not yet.
  std::shared_ptr<const Inspection> inspection{};
  std::shared_ptr<const StoreView> store{};

  /// Where controls were drawn in the last frame, by name ("play", "node:node1"): so that tests
  /// click what a person would click.
  std::map<std::string, Area, std::less<>> controls{};

  const History* history() const { return source ? &source->history() : nullptr; }
  float px(float design) const { return design * scale; }
};

}  // namespace kv::viz
