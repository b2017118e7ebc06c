#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <variant>

#include "core/progress.h"
#include "core/types.h"

namespace kv {

struct Follower {
  NodeId leader{kNoNode};
  Instant leader_heard{};  ///< meaningful with a leader
  Instant election_due{};
  LogIndex matched{0};          ///< the log equals this term's leader's up to here
  LogIndex acknowledged{0};     ///< durable index of the last AppendReply
  std::uint64_t read_round{0};  ///< newest one seen
  LogIndex leader_commit{0};    ///< the leader's log is committed up to here
};

struct Candidate {
  bool pre{true};  ///< only asks (dissertation §9.6)
  bool transfer{false};
  bool bootstrap{false};  ///< campaigns in term 0 until a majority can be reached
  bool refused{false};
  std::set<NodeId> granted{};
  Instant retry_due{};  ///< ask again those who have not granted
  /// A real campaign is given up then. It has no end until its vote requests have left.
  Instant campaign_due{std::numeric_limits<std::int64_t>::max()};
};

struct Transfer {
  NodeId to{kNoNode};
  Instant due{};
  bool told{false};
};

struct Leader {
  std::map<NodeId, Progress> progress{};  ///< of every other member
  LogIndex term_start{0};  ///< the empty entry of this term; once committed, reads may be served
  std::uint64_t round_sent{0};          ///< newest read-index round
  std::uint64_t round_confirmed{0};     ///< answered by a quorum
  std::uint64_t round_wanted{0};        ///< some read waits for it
  Instant round_sent_at{};              ///< when round_sent was begun
  Instant lease_until{};                ///< ReadMode::kLease: by the newest confirmed round
  bool lease_given_up{false};           ///< for the rest of the term
  std::optional<AskedRead> own_read{};  ///< asked by this node of itself, see raft_reads.cc
  std::optional<Instant>
      notify_due{};  ///< followers are told of a commit by then, if no entry carries it
  std::optional<Transfer> transfer{};
  SnapshotPtr snapshot{};  ///< being sent to every follower in Feed::kSnapshot
};

using RoleState = std::variant<Follower, Candidate, Leader>;

}  // namespace kv
