#pragma once

#include <string>
#include <vector>

#include "panels/app_state.h"

namespace kv::viz {

/// Something that can be done to a node, a link, or the cluster.
struct FaultItem {
  std::string name{};   ///< for tests: "crash", "cut_forth"
  std::string label{};  ///< "Crash"
  std::string what{};   ///< a short sentence about it
  Fault fault{};
  std::string refusal{};  ///< why it makes no sense now, or empty
  bool first{false};      ///< of a group
};
/// What can be done to `target`, a node or a link; to the cluster if it is neither.
std::vector<FaultItem> fault_items(const Moment& moment, const ClusterInfo& cluster,
                                   const Selection& target);

/// Does it at the moment that is shown, and tells the user.
void inflict(AppState& app, const Fault& fault);

/// The menu opens in this frame, at a point of the screen.
void open_fault_menu(AppState& app, const Selection& target, ImVec2 at);
/// Draws it while it is open.
void draw_fault_menu(AppState& app);

/// "user:1 = Bob" or "user:1 Bob"; false: there is no key or no value in it.
bool parse_set(std::string_view words, Fault& fault);

/// What a line through the stage does: the nodes on either side no longer hear each other.
Fault partition_into(std::vector<NodeId> left, std::vector<NodeId> right);

}  // namespace kv::viz
