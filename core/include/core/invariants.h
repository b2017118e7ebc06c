#pragma once

#include <optional>
#include <string>

#include "core/raft.h"

namespace kv {

/// What is wrong with a node's state, in words; nothing if all is well. Costs a pass over the
/// peers, not over the log, so it can run after every input.
std::optional<std::string> broken_invariant(const Raft& raft);

/// What is wrong with the step from `before` to `after` of the same node without a restart between.
std::optional<std::string> broken_transition(const Raft& before, const Raft& after);

}  // namespace kv
