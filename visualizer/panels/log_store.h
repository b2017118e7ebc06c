#pragma once

#include "model/entry_life.h"
#include "panels/app_state.h"

namespace kv::viz {

/// A node's store as it is shown, kept until time or choice moves on.
struct StoreView {
  Basis basis{};
  NodeId node{kNoNode};
  LogIndex applied{0};
  StoreContents contents{};
};

/// Whose store is shown: the selected node's, else the primary's, else that of a node which runs.
NodeId store_node(const AppState& app);
/// Keys and values of that node at this moment. There is a history with nodes.
void draw_store(AppState& app, const Area& area);

}  // namespace kv::viz
