#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "core/types.h"

namespace kv {

/// Why a node changed its role or started a campaign.
enum class Cause : std::uint8_t {
  kBootstrap,        ///< started with --primary and no history
  kElectionTimeout,  ///< no word from a leader for an election timeout
  kCampaignTimeout,  ///< the last campaign got no majority in time
  kTransfer,         ///< the leader handed over
  kWonPreVote,       ///< a majority would vote
  kWonElection,      ///< a majority voted
  kHigherTerm,       ///< a message of a later term
  kLeaderFound,      ///< an append of this term's leader
  kLostQuorum,   ///< check-quorum: no majority heard for an election timeout (dissertation §6.2)
  kRefused,      ///< the bootstrap campaign met a node that already has history or a vote
  kGrantedVote,  ///< voted for another node
  kWiped,        ///< its peers know another incarnation of it
};
std::string_view to_string(Cause cause);

/// Why a valid message had no effect, or a vote was refused.
enum class Reason : std::uint8_t {
  kNone,  ///< of a vote that is granted
  kUnknownSender,
  kNotForMe,  ///< another receiver or another incarnation of this one
  kWiped,     ///< the sender's data directory is not the one that its peers know
  kStaleTerm,
  kLeaderAlive,  ///< leader stickiness (dissertation §4.2.3)
  kAlreadyVoted,
  kLogNotUpToDate,  ///< Raft paper §5.4.1
  kNotExpected,     ///< a reply to something no longer asked
};
std::string_view to_string(Reason reason);

struct RoleChanged {
  Role from{};
  Role to{};
  Term term{0};
  Cause cause{};
};
/// A follower learns of a later term and stays a follower. A change of term together with the role
/// is told by RoleChanged and CampaignStarted.
struct TermChanged {
  Term from{0};
  Term term{0};
};
/// A campaign begins (pre: it only asks).
struct CampaignStarted {
  bool pre{false};
  Term term{0};
  Cause cause{};
};
struct VoteAnswered {
  NodeId candidate{kNoNode};
  Term term{0};
  bool pre{false};
  bool granted{false};
  Reason reason{};
};
/// The node's own tally after a reply.
struct VoteReceived {
  NodeId voter{kNoNode};
  Term term{0};
  bool pre{false};
  bool granted{false};
};
struct LeaderRecognised {
  NodeId leader{kNoNode};
  Term term{0};
};
/// A follower heard of its leader, or began to wait for one: it campaigns unless it hears again
/// within this time, drawn at random (Raft paper §5.2).
struct ElectionTimerSet {
  std::int64_t timeout_ns{0};
};
struct EntriesAppended {
  LogIndex first{0};
  LogIndex last{0};
  Term term{0};
};
struct EntriesTruncated {
  LogIndex from{0};
  LogIndex old_last{0};
};
struct EntriesPersisted {
  LogIndex last{0};
};
struct CommitAdvanced {
  LogIndex commit{0};
};
struct EntriesApplied {
  LogIndex last{0};
};
struct AppendRefused {
  NodeId leader{kNoNode};
  LogIndex previous_index{0};
};
struct SnapshotTaken {
  LogIndex last_index{0};
};
struct LogCompacted {
  LogIndex first{0};
};
struct SnapshotSendStarted {
  NodeId to{kNoNode};
  LogIndex last_index{0};
};
/// The leader is done with feeding a snapshot to a follower. Done: the follower uses it. Not done:
/// it is gone, came back with another data directory, or this node leads no more.
struct SnapshotSendEnded {
  NodeId to{kNoNode};
  bool done{false};
};
struct SnapshotInstalled {
  LogIndex last_index{0};
  Term last_term{0};
};
/// A quorum confirmed that this node still led after the reads of this round had come.
struct ReadRoundConfirmed {
  std::uint64_t round{0};
};
struct TransferStarted {
  NodeId to{kNoNode};
};
struct TransferEnded {
  NodeId to{kNoNode};
  bool done{false};
};
/// A member came back under its name with another incarnation: it neither votes nor counts.
struct PeerWiped {
  NodeId peer{kNoNode};
  Incarnation known{0};
  Incarnation seen{0};
};
/// The peers know another incarnation of this node: it neither votes nor campaigns.
struct SelfWiped {
  NodeId told_by{kNoNode};
  Incarnation known{0};
};
struct MessageIgnored {
  NodeId from{kNoNode};
  std::string_view type{};
  Reason reason{};
};

/// A typed fact that a node reports. Log lines, traces, metrics and pictures are readers of these.
using Event = std::variant<RoleChanged, TermChanged, CampaignStarted, VoteAnswered, VoteReceived,
                           LeaderRecognised, ElectionTimerSet, EntriesAppended, EntriesTruncated,
                           EntriesPersisted, CommitAdvanced, EntriesApplied, AppendRefused,
                           SnapshotTaken, LogCompacted, SnapshotSendStarted, SnapshotSendEnded,
                           SnapshotInstalled, ReadRoundConfirmed, TransferStarted, TransferEnded,
                           PeerWiped, SelfWiped, MessageIgnored>;

/// One line for a person, in the field's terms.
std::string describe(const Event& event);

}  // namespace kv
