#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/effects.h"
#include "core/event.h"
#include "core/log.h"
#include "core/message.h"
#include "core/outbox.h"
#include "core/rng.h"
#include "core/role.h"
#include "core/snapshot.h"
#include "core/status.h"
#include "core/types.h"
#include "core/wal.h"

namespace kv {

/// Consensus over opaque commands: Raft (Ongaro and Ousterhout 2014; Ongaro's dissertation) with
/// pre-vote, check-quorum, leader stickiness, pipelined appends, read-index, snapshots and
/// leadership transfer. Sans-IO and a value; one thread. Owned by Replica, which applies the
/// entries and answers the clients.
///
/// Invariants, checked by invariants.h: (1) term, commit and persisted index of entries that are
/// not cut never decrease; (2) one vote a term; (3) base_index <= commit <= last_index; (4) a
/// leader's term is durable, and its log only grows.
class Raft {
 public:
  /// Why propose() refused.
  enum class Refused : std::uint8_t { kNotLeader, kTransferring, kTooMuchUncommitted };
  using Proposed = std::variant<LogIndex, Refused>;

  Raft(const Config& config, Recovered recovered, std::uint64_t seed, Instant now);

  // --- inputs ---
  void tick(Instant now);
  void step(Instant now, const Message& message);
  void persisted(Instant now, WriteId id);
  /// Appends a command to the leader's log; it is sent and written with the next flush().
  Proposed propose(std::string_view command);
  /// A read has come: the round whose confirmation allows it to be answered. Leader only. `now` was
  /// looked up after it came: a lease that holds then stands for a round.
  std::uint64_t start_read(Instant now);
  /// A read has come that this node may answer from its own state, whatever its role: the number to
  /// ask follower_read_index() with. Numbers never decrease.
  std::uint64_t start_follower_read();
  /// Hands leadership to `to` (kNoNode: the follower that is furthest on). False if nobody can take
  /// over.
  bool start_transfer(Instant now, NodeId to);
  /// The snapshot that wants_snapshot() asked for: the state after everything committed so far.
  void offer_snapshot(Instant now, SnapshotPtr snapshot);
  /// A durable snapshot stands for the log up to `last_index`: drops what is no longer useful.
  void compact(Instant now, LogIndex last_index);
  /// Whether flush() will drop some more of it.
  bool compacting() const { return compact_to_ > log_.base_index(); }

  // --- outputs ---
  /// Makes messages and a write of what came up since the last call, and adds them to `effects`.
  void flush(Instant now, Effects& effects);
  std::optional<Instant> next_deadline() const;
  /// Some follower is so far behind that it needs a snapshot, and none is at hand.
  bool wants_snapshot() const;
  /// A snapshot received from the leader, once: it replaces the state.
  SnapshotPtr take_installed();

  // --- state ---
  const Config& config() const { return config_; }
  const HardState& hard_state() const { return hard_state_; }
  Term term() const { return hard_state_.term; }
  const Log& log() const { return log_; }
  LogIndex commit() const { return commit_; }
  LogIndex persisted_index() const { return persisted_index_; }
  const RoleState& role_state() const { return role_; }
  Role role() const;
  bool is_leader() const { return std::holds_alternative<Leader>(role_); }
  NodeId leader() const;
  /// Leads and has committed an entry of its term (Raft paper §8).
  bool serving() const;
  /// Every read whose round is not above may be answered.
  std::uint64_t confirmed_round() const;
  /// The read may be answered once this index is applied; nothing until a leader has said. Keep the
  /// first answer: a later one may be higher, of newer reads.
  std::optional<LogIndex> follower_read_index(std::uint64_t number) const;
  /// Durable on every member. Leader only.
  LogIndex durable_everywhere() const;
  bool transferring() const;
  /// Some follower is being brought up to date by a snapshot.
  bool sending_snapshot() const;
  /// Members not heard of within an election timeout.
  std::vector<NodeId> unreachable(Instant now) const;
  bool can_reach_quorum(Instant now) const;
  bool wiped(NodeId member) const { return wiped_.contains(member); }
  bool self_wiped() const { return self_wiped_; }
  std::vector<PeerStatus> peer_status(Instant now) const;
  std::size_t quorum() const;

 private:
  struct InflightWrite {
    WriteId id{0};
    LogIndex last{0};
  };
  /// What this node asks its leader on behalf of its reads. Numbers: granted <= asked <= wanted.
  struct ReadQuestion {
    std::uint64_t wanted{0};   ///< the newest read waits for it
    std::uint64_t asked{0};    ///< newest number that was sent
    std::uint64_t granted{0};  ///< newest number that was answered, with `index`
    LogIndex index{0};
    NodeId asked_of{kNoNode};
    Term asked_in{0};
    Instant resend_due{};
    Duration resend_after{};
  };
  struct Receiving {
    LogIndex last_index{0};
    Term last_term{0};
    std::uint32_t shard_count{0};
    std::uint32_t next_shard{0};
    KvStore state{};
  };

  // raft.cc: the rules that hold for every message, role changes, writes
  bool admit(Instant now, const Message& message);
  bool admit_incarnation(Instant now, const Message& message);
  void note_incarnation(NodeId peer, Incarnation seen);
  bool admit_term(Instant now, const Message& message);
  void answer_stale(const Message& message);
  void become_follower(Instant now, Term term, NodeId leader, Cause cause);
  void become_leader(Instant now);
  void change_role(RoleState role, Cause cause);
  void set_term(Term term, NodeId voted_for);
  void follow(Instant now, NodeId leader);
  void set_election_timer(Instant now, Follower& follower);
  void send(NodeId to, MessageBody body);
  void send_in_term(NodeId to, Term term, MessageBody body);
  void ignore(const Message& message, Reason reason);
  template <typename Fact>
  void report(Fact fact) {
    events_.push_back(Event{std::move(fact)});
  }
  void build_write(Effects& effects);
  void compact_a_little();
  void count_settled();
  Duration random_election_timeout();

  // raft_election.cc
  void campaign(Instant now, bool pre, bool transfer, Cause cause);
  void begin_bootstrap(Instant now);
  void ask_for_votes(Instant now);
  void tick_candidate(Instant now);
  Duration campaign_timeout();
  void begin_campaign_time(Instant now);
  void on(Instant now, const Message& message, const VoteRequest& request);
  void on(Instant now, const Message& message, const VoteReply& reply);
  void on(Instant now, const Message& message, const TimeoutNow& request);
  std::optional<Reason> refusal(Instant now, const Message& message,
                                const VoteRequest& request) const;
  bool leader_may_be_alive(Instant now, Term campaign) const;
  void tally(Instant now);
  void tell_transfer_target(Instant now);

  // raft_replication.cc
  void tick_leader(Instant now);
  void feed_followers(Instant now);
  void feed(Instant now, NodeId to, Progress& progress);
  void send_append(Instant now, NodeId to, Progress& progress, std::vector<Entry> entries);
  void send_heartbeat(Instant now, NodeId to, Progress& progress);
  void expect_answer(Instant now, Progress& progress);
  void append_to_own_log(EntryType type, std::string_view payload);
  void on(Instant now, const Message& message, const AppendRequest& request);
  void on(Instant now, const Message& message, const AppendReply& reply);
  bool accept_entries(const AppendRequest& request);
  LogIndex last_possible_agreement(const AppendReply& refusal) const;
  void refuse_append(const Message& message, const AppendRequest& request);
  void acknowledge(Follower& follower);
  void advance_commit(Instant now);
  void set_commit(LogIndex commit);
  Instant quorum_heard() const;
  void replicate_from(Progress& progress, LogIndex next_index);
  Duration resend_interval() const;
  Duration backed_off(Duration resend_after) const;

  // raft_snapshot.cc
  void feed_snapshot(Instant now, NodeId to, Progress& progress);
  void on(Instant now, const Message& message, const SnapshotRequest& request);
  void on(Instant now, const Message& message, const SnapshotReply& reply);
  void install(Follower& follower);
  void release_snapshot();

  // raft_reads.cc
  void begin_read_round(Instant now);
  void confirm_rounds();
  bool lease_holds(Instant now) const;
  bool lease_wants_round(Instant now) const;
  void promise_no_vote(Instant now);
  bool read_question_open() const;
  void ask_read_index(Instant now);
  void answer_read_questions();
  void note_read_index(std::uint64_t number, LogIndex index);
  void on(Instant now, const Message& message, const ReadIndexRequest& request);
  void on(Instant now, const Message& message, const ReadIndexReply& reply);

  Config config_;
  Rng rng_;
  HardState hard_state_{};
  Log log_{};
  EntryMaker entry_maker_{};
  LogIndex commit_{0};
  RoleState role_{};
  std::uint32_t failed_campaigns_{
      0};  ///< since a leader was last known; each doubles the next one's time
  /// ReadMode::kLease: until then no vote against a leader that this node may have heard.
  Instant no_vote_until_{};
  std::map<NodeId, Instant> heard_{};  ///< when each peer's last message came
  std::map<NodeId, Incarnation>
      wiped_{};  ///< peers seen under another incarnation than the known one
  bool self_wiped_{false};
  ReadQuestion reads_{};
  /// Leader: size of the entries from unsettled_from_ on, which are not committed or not on its own
  /// disk.
  std::size_t unsettled_bytes_{0};
  LogIndex unsettled_from_{1};

  // Towards the disk. Entries from unwritten_from_ on are in no Write yet.
  WriteId last_write_{0};
  bool hard_state_dirty_{false};
  LogIndex unwritten_from_{1};
  LogIndex persisted_index_{0};
  std::deque<InflightWrite> inflight_writes_{};
  SnapshotPtr install_{};
  LogIndex discard_through_{0};
  LogIndex compact_to_{0};  ///< the log's base is moved up to here, some entries at a time

  std::optional<Receiving> receiving_{};
  SnapshotPtr installed_{};
  std::vector<SnapshotPtr> retired_{};  ///< no longer needed, costly to free
  Outbox outbox_{};
  std::vector<Event> events_{};
};

}  // namespace kv
