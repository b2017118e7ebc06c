#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/client.h"
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
/// The driver's contract: `now` is its monotonic clock and never decreases; everything in an
/// Effects may be done at once, in any order among its lists; writes are done in the order of their
/// ids, and a crash leaves a prefix of them; persisted(id) follows when all writes up to id are
/// durable. Messages and replies may be lost.
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

  // --- outputs ---
  /// Everything that came up since the last call. Call it after a batch of inputs: what was
  /// submitted together is written and sent together.
  [[nodiscard]] Effects take_effects(Instant now);
  /// When tick() should come, at the latest; nothing if only other inputs can change anything.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] Status status(Instant now) const;

  const KvStore& store() const { return store_; }
  const Raft& raft() const { return raft_; }
  LogIndex applied() const { return applied_; }

 private:
  struct WaitingWrite {
    RequestId id{0};
    LogIndex index{0};
    Term term{0};
    Instant due{};
    bool existed{false};            ///< the command's result, once known
    std::optional<Term> applied{};  ///< term of the entry that was applied at this index
  };
  struct WaitingRead {
    RequestId id{0};
    std::string key{};
    std::uint64_t round{0};  ///< Raft::start_read's answer, of this term
    Term term{0};
    Instant due{};
  };

  void submit_read(Instant now, RequestId id, std::string key);
  void submit_write(Instant now, RequestId id, std::string_view command);
  void refuse(Instant now, RequestId id);
  void reply(RequestId id, decltype(ClientReply::body) body);
  void apply_committed();
  void answer_writes();
  void answer_reads(Instant now);
  bool reads_ready() const;
  void answer_transfers();
  void expire(Instant now);
  void settle(Instant now);
  std::optional<std::string> local_read(std::string_view key) const;
  void track_leadership();
  void note_unapplied(const Entry& entry);
  void consider_snapshot();

  Config config_;
  Raft raft_;
  KvStore store_;
  LogIndex applied_{0};
  Term applied_term_{0};

  std::deque<WaitingWrite> writes_{};  ///< ascending index
  std::deque<WaitingRead> reads_{};    ///< ascending round
  std::vector<RequestId> transfers_{};
  std::vector<ClientReply> replies_{};
  std::vector<Event> events_{};

  /// AckMode::kPrimary only: for each key written by an entry beyond applied_, the newest such
  /// entry.
  std::map<std::string, LogIndex, std::less<>> unapplied_{};
  bool led_{false};

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
