#pragma once

#include <optional>
#include <vector>

#include "core/types.h"

namespace kv {

/// A peer as this node sees it. The replication fields are known to the leader only.
struct PeerStatus {
  NodeId id{kNoNode};
  bool reachable{false};  ///< heard of within an election timeout
  bool wiped{false};      ///< came back with another data directory: neither votes nor counts
  LogIndex durable{0};    ///< match index
  LogIndex next{0};
  bool receiving_snapshot{false};
};

/// A read-only view of a replica, for people and programs.
struct Status {
  NodeId self{kNoNode};
  Role role{};
  Term term{0};
  NodeId leader{kNoNode};
  /// Leads, and has committed an entry of its term: it serves.
  bool serving{false};
  /// The peers know another incarnation of this node: it neither votes nor campaigns.
  bool wiped{false};
  LogIndex first_index{0};  ///< first entry still in the log
  LogIndex last_index{0};
  LogIndex persisted{0};
  LogIndex commit{0};
  LogIndex applied{0};
  LogIndex snapshot_index{0};
  std::uint64_t keys{0};
  std::uint64_t memory_bytes{0};  ///< of the store
  AckMode ack{};
  std::vector<PeerStatus> peers{};
};

}  // namespace kv
