#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/moment.h"
#include "model/recording.h"

namespace kv::viz {

/// The last index that a node can still have after its process ended.
LogIndex kept_last(const NodeMoment& node);

/// Entries that may not stay, or will not. Those behind the first such one of a node share its
/// fate (Raft paper §5.3, log matching).
struct LogTrouble {
  /// The least grave first.
  enum class Kind : std::uint8_t {
    kStranded,   ///< not committed, and who has it can't reach a majority
    kOpen,       ///< nodes differ; nothing is committed there, and there is no leader to say
    kContested,  ///< the leader has another one there, or none: not committed either
    kReplaced,   ///< another one is committed there: this one never was (§5.4.3, state machine
                 ///< safety)
    kTwice,      ///< different ones are committed: a violation
  };
  Kind kind{};
  LogIndex from{0};
  LogIndex to{0};
  std::optional<Term> term{};  ///< nothing: of several
  std::vector<NodeId> nodes{};

  bool touches(NodeId node, LogIndex index) const;
};
/// The gravest first.
std::vector<LogTrouble> troubles_of(const Moment& moment);
/// What it is and what will come of it: "entry 47 of term 0 at node1 was never committed: …".
std::string words_of(const LogTrouble& trouble, const Moment& moment, const ClusterInfo& cluster);

}  // namespace kv::viz
