#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/config.h"
#include "core/snapshot.h"
#include "core/types.h"

namespace kv {

/// How the leader feeds one follower.
enum class Feed : std::uint8_t {
  kProbe,      ///< one message at a time until it is known where the logs agree
  kReplicate,  ///< pipelined: `next` advances when sent
  kSnapshot,   ///< the log no longer reaches back far enough
};

/// A ReadIndexRequest that is answered when the round is confirmed.
struct AskedRead {
  std::uint64_t number{0};
  std::uint64_t round{0};
};

/// A follower as the leader sees it.
///
/// Invariants: (1) match < next; (2) match never decreases within a term; (3) kReplicate: the
/// unanswered appends cover (match, next) at most.
struct Progress {
  Feed feed{Feed::kProbe};
  LogIndex match{0};     ///< durable on the follower and equal to the leader's log up to here
  LogIndex received{0};  ///< as match, but perhaps not on the follower's disk yet
  LogIndex next{1};      ///< next entry to send
  LogIndex commit_sent{0};

  /// The follower's incarnation is not the one that is known: fed, but counts nowhere.
  bool wiped{false};
  Instant heard{};                        ///< when its last message came
  std::uint64_t read_round{0};            ///< highest one that it has answered
  std::optional<AskedRead> read_asked{};  ///< its newest unanswered request

  bool send_now{false};  ///< a message is due even if it carries no entry
  Instant heartbeat_due{};
  /// When what was sent last counts as lost.
  std::optional<Instant> resend_due{};
  Duration resend_after{};
  bool probe_outstanding{false};

  struct Inflight {
    LogIndex last{0};
    std::size_t bytes{0};
  };
  std::deque<Inflight> inflight{};
  std::size_t inflight_bytes{0};
  /// How many appends may be unanswered, besides the limits: one after a step back, and one more
  /// for each that is answered, so it doubles with each round trip (slow start, RFC 5681 §3.1).
  std::size_t window{kWideOpen};
  static constexpr std::size_t kWideOpen = 1'000'000;

  // kSnapshot: shards below `shard_acked` arrived; those below `shard_next` were sent.
  std::uint32_t shard_acked{0};
  std::uint32_t shard_next{0};
  std::deque<std::uint32_t> inflight_chunks{};  ///< end shard of each unanswered run

  bool window_open(const Limits& limits) const;
  void sent(LogIndex last, std::size_t bytes);
  void to_probe(LogIndex next_index);
  /// What was sent has been lost or refused. To send a full window again at once would cause a full
  /// window of refusals where messages overtake each other, each of which looks like another loss.
  void step_back(LogIndex next_index);
  void to_replicate(LogIndex next_index);
  void to_snapshot();
  /// Forgets the appends that are answered up to `match`.
  void free_inflight();
};

}  // namespace kv
