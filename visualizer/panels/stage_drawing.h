#pragma once

#include <vector>

#include "panels/app_state.h"
#include "panels/stage_layout.h"
#include "panels/stage_shapes.h"

namespace kv::viz {

/// All that is on the stage in one frame, and what of it is under the mouse.
struct StagePicture {
  StageLayout layout{};
  std::vector<NodeShape> nodes{};
  std::vector<LinkShape> links{};
  std::vector<Group> groups{};
  std::vector<Zone> zones{};
  std::vector<Campaign> campaigns{};
  std::vector<VoteLine> votes{};
  std::vector<Mark> marks{};
  Selection hovered{};
  NodeId label{kNoNode};  ///< whose label is under the mouse, where nothing else is
};

// From the back to the front.
void draw_areas(const AppState& app, const StagePicture& picture);
void draw_links(const AppState& app, const StagePicture& picture);
void draw_votes(const AppState& app, const StagePicture& picture);
void draw_marks(const AppState& app, const StagePicture& picture);
/// Names of groups and zones.
void draw_captions(const AppState& app, const StagePicture& picture);
void draw_nodes(const AppState& app, const StagePicture& picture);

/// The row at the bottom: votes during a campaign, else what the signs mean; heals what is cut.
void draw_foot(AppState& app, const StagePicture& picture);

/// A message's sign, as on the stage; `size` is half of it.
void draw_sign(const AppState& app, const Flight& flight, ImVec2 at, float size, ImVec2 towards,
               float strength);
void draw_check(ImDrawList& canvas, ImVec2 centre, float size, ImU32 colour, float thickness);
void draw_cross(ImDrawList& canvas, ImVec2 centre, float size, ImU32 colour, float thickness);

}  // namespace kv::viz
