#pragma once

#include <vector>

#include "panels/inspector_facts.h"

namespace kv::viz {

/// All that is known of a node at this moment, which is one of the history.
std::vector<FactGroup> node_facts(const History& history, const Moment& moment, NodeId id,
                                  Instant now);

}  // namespace kv::viz
