#pragma once

#include <vector>

#include "panels/app_state.h"
#include "panels/time_controls.h"
#include "panels/timeline_shapes.h"

namespace kv::viz {

/// The timeline's shapes in one frame.
struct TimelinePicture {
  const History* history{nullptr};
  TimeAxis axis;
  TimelineRows rows{};
  std::vector<std::vector<BandShape>> bands{};  ///< by NodeId - 1
  NoteShapes marks{};
  std::vector<Caption> captions{};
  std::vector<Caption> events{};
  std::vector<OutageShape> outages{};
  Arrows arrows{};
  ClientShapes clients{};
  const sim::Scenario* scenario{nullptr};  ///< null: not known
  Instant known_until{kNever};             ///< what comes later isn't simulated yet
  float mark_radius{0};
  bool signs{true};  ///< marks are large enough for them
};
TimelinePicture picture_of(const AppState& app, const TimeView& view, const Area& inside,
                           float names_width);

/// What is under the mouse; the rest is empty.
struct TimelineHit {
  const Note* note{nullptr};
  std::uint32_t others{0};  ///< notes too close to `note` to be shown
  const Flight* flight{nullptr};
  const ClientOperation* operation{nullptr};
  const OperationColumn* column{nullptr};
  const BandShape* band{nullptr};
  NodeId node{kNoNode};  ///< whose lane it is

  bool selectable() const { return note != nullptr || flight != nullptr || operation != nullptr; }
};
TimelineHit hit_at(const TimelinePicture& picture, ImVec2 point, float reach);

void draw_picture(AppState& app, const TimelinePicture& picture, const TimelineHit& hit);
/// The whole recording in small, with what is shown of it as a frame.
void draw_overview(AppState& app, const TimelinePicture& picture, const TimeView& view);

}  // namespace kv::viz
