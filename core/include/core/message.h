#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/entry.h"
#include "core/incarnations.h"
#include "core/types.h"

namespace kv {

/// "Would you vote for me?" (pre, dissertation §9.6) or "vote for me" (Raft paper §5.2). The
/// header's term is the one that the sender campaigns in. The seed's ELECTION.
struct VoteRequest {
  bool pre{false};
  bool transfer{false};  ///< the leader asked for this election: leader stickiness doesn't apply
  LogIndex last_index{0};
  Term last_term{0};
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

/// Header's term: the campaign's if granted, else the sender's own.
struct VoteReply {
  bool pre{false};
  bool granted{false};
  friend bool operator==(const VoteReply&, const VoteReply&) = default;
};

/// Entries behind (previous_index, previous_term); with none it is a heartbeat. The seed's
/// REPLICATE and HEARTBEAT.
struct AppendRequest {
  LogIndex previous_index{0};
  Term previous_term{0};
  LogIndex commit{0};
  std::uint64_t read_round{0};  ///< number of the newest read-index round, echoed in the reply
  /// Of every member, as the leader knows them; only in a message without entries. Followers don't
  /// talk to each other before an election, and by then must know who lost its disk.
  Incarnations incarnations{};
  std::vector<Entry> entries{};
  friend bool operator==(const AppendRequest&, const AppendRequest&) = default;
};

/// Accepted: the sender's log equals the leader's up to `received`, and up to `durable` it is on
/// disk. Refused: the log differs at the request's previous index, which is `refused_index`;
/// `conflict_index` and `conflict_term` say where the leader should look next (end of Raft paper
/// §5.3).
struct AppendReply {
  bool accepted{false};
  LogIndex received{0};
  LogIndex durable{0};
  LogIndex refused_index{0};
  LogIndex conflict_index{0};
  Term conflict_term{0};
  std::uint64_t read_round{0};
  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};

/// A run of the snapshot's shards (dissertation §5). The seed's SYNC.
struct SnapshotRequest {
  LogIndex last_index{0};
  Term last_term{0};
  std::uint32_t shard_count{0};  ///< of the whole snapshot
  std::uint32_t first_shard{0};
  std::uint32_t end_shard{0};  ///< one past the last one in `data`
  SharedBytes data{};          ///< what encode_shards() made, see snapshot.h
  friend bool operator==(const SnapshotRequest&, const SnapshotRequest&) = default;
};

/// `next_shard` is the first one still missing; equal to the shard count when all are here. That
/// the snapshot is on disk and in use, an AppendReply says.
struct SnapshotReply {
  LogIndex last_index{0};
  std::uint32_t next_shard{0};
  friend bool operator==(const SnapshotReply&, const SnapshotReply&) = default;
};

/// "Start an election now": leadership transfer (dissertation §3.10).
struct TimeoutNow {
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

/// "How far must I have applied, to answer reads that came before this?" Of a follower to its
/// leader (dissertation §6.4). A number is never used for two questions, across restarts neither.
struct ReadIndexRequest {
  std::uint64_t number{0};
  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};

/// All that was committed anywhere when the request of this number left stands at or before
/// `index`, and what stands there is committed.
struct ReadIndexReply {
  std::uint64_t number{0};
  LogIndex index{0};
  friend bool operator==(const ReadIndexReply&, const ReadIndexReply&) = default;
};

using MessageBody =
    std::variant<VoteRequest, VoteReply, AppendRequest, AppendReply, SnapshotRequest, SnapshotReply,
                 TimeoutNow, ReadIndexRequest, ReadIndexReply>;

/// What peers tell each other. Delivery may be late, doubled, reordered, or not at all.
struct Message {
  NodeId from{kNoNode};
  NodeId to{kNoNode};
  Term term{0};
  Incarnation from_incarnation{0};
  Incarnation to_incarnation{0};  ///< as the sender knows the receiver; 0: not yet
  MessageBody body{};
  friend bool operator==(const Message&, const Message&) = default;
};

/// "AppendRequest", "VoteReply" …
std::string_view name_of(const MessageBody& body);
/// The name if it is one of these, for good.
std::optional<std::string_view> message_named(std::string_view name);

}  // namespace kv
