#pragma once

#include <vector>

#include "netsim/network.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// Only nodes of one group hear each other; nodes in several groups are bridges, nodes in none make
/// up another group.
void partition(Network& network, const std::vector<std::vector<NodeId>>& groups);
/// The groups of a named shape: "halves" (the first half, rounded up, and the rest), "bridge" (two
/// halves that share the middle node), "ring" (every node with its two neighbours).
std::vector<std::vector<NodeId>> groups_of(std::string_view shape, std::size_t nodes);
/// One way, these kinds of messages.
void cut(Network& network, NodeId from, NodeId to, MessageKinds kinds);

}  // namespace kv::sim
