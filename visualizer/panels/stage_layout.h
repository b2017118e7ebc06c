#pragma once

#include <cstddef>
#include <vector>

#include <imgui.h>

#include "core/types.h"
#include "panels/app_state.h"

namespace kv::viz {

// Where things are on the stage. It depends on the area and on how many nodes there are, not on
// time: nodes never move while one watches.

/// How large what is written beside a node is, in pixels; from the fonts.
struct LabelSizes {
  float scale{1};
  float width{118};      ///< of a label
  float name_width{50};  ///< of one that is only a name
  float name{19};        ///< heights of its lines
  float line{17};
  float bars{16};
  float headline{24};
};

/// How much there is room for beside a node.
enum class LabelDetail : unsigned char { kNothing, kName, kLines, kFull };
enum class Side : unsigned char { kLeft, kRight, kMiddle };

struct NodePlace {
  ImVec2 centre{};
  ImVec2 outward{};  ///< a unit vector, away from the middle of the ring
  Area label{};
  Side label_side{};  ///< of the node: its text is aligned towards the node
};

struct StageLayout {
  Area area{};      ///< all of it
  Area headline{};  ///< who is primary and why
  Area foot{};      ///< a row at the bottom; empty where there is no room
  float radius{0};  ///< of a node's disc
  float rim{0};     ///< of all that is drawn around it
  LabelDetail detail{};
  ImVec2 middle{};  ///< of the ring
  std::vector<NodePlace> nodes{};

  const NodePlace& node(NodeId id) const { return nodes[id - 1]; }
};
StageLayout lay_out_stage(const Area& area, std::size_t nodes, const LabelSizes& sizes);

float distance(ImVec2 a, ImVec2 b);
/// To the nearest point of the box; 0 within.
float distance(ImVec2 point, const Area& box);
/// A unit vector; any if both are the same point.
ImVec2 direction(ImVec2 from, ImVec2 to);
ImVec2 moved(ImVec2 at, ImVec2 along, float by);
/// From `point` to the nearest point between `from` and `to`.
float distance_to_line(ImVec2 point, ImVec2 from, ImVec2 to);
bool overlap(const Area& a, const Area& b);
bool crosses(const Area& area, ImVec2 from, ImVec2 to);
Area around(ImVec2 centre, float half_width, float half_height);

/// The outline of an area that holds these nodes with `pad` around them, round and clockwise on the
/// screen. Precondition: at least one node.
std::vector<ImVec2> outline_of(const StageLayout& layout, const std::vector<NodeId>& nodes,
                               float pad);
/// Which nodes are on either side of the line through both points; either may be empty.
struct Sides {
  std::vector<NodeId> left{};
  std::vector<NodeId> right{};
};
Sides sides_of(const StageLayout& layout, ImVec2 from, ImVec2 to);

}  // namespace kv::viz
