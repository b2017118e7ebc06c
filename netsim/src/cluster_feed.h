#pragma once

#include <utility>

#include "netsim/cluster.h"

namespace kv::sim {

/// One input to a node's process, and all that follows from it at once.
template <typename Input>
void Cluster::feed(Node& node, Input input) {
  ++inputs_;
  touched_ = id_of(node);
  const Instant local = node.clock.local(now_);
  input(*node.replica, local);
  carry_out(node, node.replica->take_effects(local));
  if (node.replica) schedule_tick(node);
}

}  // namespace kv::sim
