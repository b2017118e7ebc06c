#pragma once

#include <deque>
#include <optional>
#include <string>

#include "core/client.h"
#include "core/command.h"
#include "core/config.h"
#include "core/effects.h"
#include "core/kv_store.h"
#include "core/raft.h"
#include "core/status.h"
#include "core/types.h"
#include "core/wal.h"

namespace kv {

/// One node: consensus, the key-value state machine and the clients that wait for an answer.
/// Sans-IO: the driver (a server, a simulator) feeds inputs and carries out the Effects. A value:
/// copying it is a checkpoint. One thread.
///
/// The driver's contract: `now` is its monotonic clock, looked up after the input came, and never
/// decreases; everything in an Effects may be done at once, in any order among its lists; writes
/// are done in the order of their ids, and a crash leaves a prefix of them; persisted(id) follows
/// when all writes up to id are durable. Messages and replies may be lost.
class Replica {
 public:
  /// `recovered` is what the log's recovery found; `seed` feeds the election jitter.
  Replica(const Config& config, const Recovered& recovered, std::uint64_t seed, Instant now);

  // --- inputs ---
  /// Fires the deadlines that have passed; early or repeated calls do nothing.
  void tick(Instant now);
  /// A message from a peer: it may be late, lost, doubled or reordered.
  void step(Instant now, const Message& message);
  /// A client's request. It is answered exactly once, at the latest after Config::request_timeout
  /// (a transfer: a second).
  void submit(Instant now, ClientRequest request);
  /// Every write up to `id` is durable.
  void persisted(Instant now, WriteId id);
  /// The Effects::save_snapshot with this index is durable, under its final name.
  void snapshot_saved(Instant now, LogIndex last_index);
  /// The last save_snapshot could not be written; it is tried again when the log has grown further.
  void snapshot_failed(Instant now);
  /// Asks for a snapshot of what is applied, if there is anything new; false: one is being written
  /// already.
  bool begin_snapshot();
  /// Drops what nobody needs of the log behind the newest snapshot, when a follower that did may
  /// have caught up since. It goes a little each turn: Raft::compacting().
  void compact(Instant now);

  // --- outputs ---
  /// Everything that came up since the last call. Call it after a batch of inputs: what was
  /// submitted together is written and sent together.
  [[nodiscard]] Effects take_effects(Instant now);
  /// When tick() should come, at the latest; nothing if only other inputs can change anything.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] Status status(Instant now) const;

  /// What a write would be refused with; nothing while this node leads.
  [[nodiscard]] std::optional<Refusal> refusal(Instant now) const;
  bool saving_snapshot() const { return saving_snapshot_; }
  std::uint64_t snapshot_bytes() const { return snapshot_bytes_; }  ///< of the newest, about

  const KvStore& store() const { return store_; }
  const Raft& raft() const { return raft_; }
  LogIndex applied() const { return applied_; }
  /// Whether a client waits for an answer of this node.
  bool is_asked() const;

 private:
  struct WaitingWrite {
    RequestId id{0};
    LogIndex index{0};
    Term term{0};
    Instant due{};
    Answer answer{};                ///< the command's result, once known
    std::optional<Term> applied{};  ///< term of the entry that was applied at this index
  };
  struct WaitingRead {
    RequestId id{0};
    std::string command{};
    std::uint64_t round{0};  ///< what Raft::start_read() gave, in this term
    Term term{0};
    Instant due{};
  };
  /// A read that waits for an entry, which moves the store's clock.
  struct ClockRead {
    RequestId id{0};
    std::string command{};
    LogIndex index{0};
    std::uint64_t time_ms{0};  ///< which the entry moves the clock to
    Instant due{};
  };
  /// A read on a node that doesn't lead.
  struct FollowerRead {
    RequestId id{0};
    std::string command{};
    std::uint64_t number{0};  ///< Raft::start_follower_read()'s
    std::optional<LogIndex> index{};
    Instant due{};
  };

  void submit_elsewhere(Instant now, ClientRequest& request);
  void submit_read(Instant now, RequestId id, ReadRequest read);
  void submit_write(Instant now, RequestId id, std::string_view command);
  void refuse(Instant now, RequestId id);
  void reply(RequestId id, decltype(ClientReply::body) body, LogIndex index = 0);
  void apply_committed();
  void answer_writes();
  void answer_reads(Instant now);
  bool reads_ready() const;
  void answer_read(Instant now, WaitingRead& read);
  void answer_clock_reads(Instant now);
  void answer_follower_reads();
  void give(RequestId id, const Command& command);
  void answer_transfers();
  void expire(Instant now);
  void settle(Instant now);
  void read_ahead(RequestId id, const Command& command);
  void track_leadership();
  void consider_snapshot();

  Config config_;
  Raft raft_;
  KvStore store_;
  LogIndex applied_{0};
  Term applied_term_{0};

  std::deque<WaitingWrite> writes_{};          ///< ascending index
  std::deque<WaitingRead> reads_{};            ///< as they came
  std::deque<ClockRead> clock_reads_{};        ///< ascending index
  std::deque<FollowerRead> follower_reads_{};  ///< ascending number
  std::vector<RequestId> transfers_{};
  std::vector<ClientReply> replies_{};
  std::vector<Event> events_{};

  /// AckMode::kPrimary only, while this node leads: the state after all of its log, committed or
  /// not, from which it answers.
  std::optional<KvStore> ahead_{};

  LogIndex snapshot_index_{0};       ///< newest durable snapshot
  std::uint64_t snapshot_bytes_{0};  ///< its size, about
  std::uint64_t applied_bytes_{
      0};  ///< memory of the entries applied since the last snapshot was begun
  bool saving_snapshot_{false};
  SnapshotPtr save_request_{};
  std::vector<SnapshotPtr> retired_{};

  Instant settled_at_{};           ///< when the last input came
  std::size_t answered_bytes_{0};  ///< by reads since take_effects()
};

}  // namespace kv
