#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/raft.h"
#include "core/types.h"

namespace kv {

/// What is wrong with a node's state, in words; nothing if all is well. Costs a pass over the
/// peers, not over the log, so it can run after every input.
std::optional<std::string> broken_invariant(const Raft& raft);

/// What a later state of the same process is compared with: a few numbers, since copying a Raft
/// before every input would cost more than the input.
struct Footprint {
  Term term{0};
  NodeId voted_for{kNoNode};
  LogIndex commit{0};
  bool leads{false};
  LogIndex last_index{0};
  struct Match {
    NodeId peer{kNoNode};
    bool wiped{false};
    LogIndex match{0};
  };
  std::vector<Match> matches{};  ///< a leader's, in the order of ids

  void take(const Raft& raft);
};

/// What is wrong with the step from `before` to `after` of the same node without a restart between.
std::optional<std::string> broken_transition(const Footprint& before, const Raft& after);

}  // namespace kv
