#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "netsim/cluster.h"
#include "netsim/history.h"
#include "netsim/safety.h"

namespace kv::sim {

/// Situations in which bugs hide: a campaign that never meets one says nothing about it ("sometimes
/// assertions"). Words in mark_words().
enum class Mark : std::uint8_t {
  kSplitVote,
  kRefusedWhileLeaderAlive,
  kRefusedForShorterLog,
  kRefusedAsVoted,
  kLostQuorum,
  kDeposed,
  kTwoLeaders,
  kCandidateFindsLeader,
  kWakesDeposed,
  kClockDeposed,
  kDiesBeforeVoteDurable,
  kTruncatesOne,
  kTruncatesSeveral,
  kOldTermCommitted,
  kFigureEight,
  kAppendRefused,
  kWindowFull,
  kOldMessage,
  kOvertaken,
  kDiesBeforeDurable,
  kTailLost,
  kAllDark,
  kPeerWiped,
  kSelfWiped,
  kCompactsWhileLagging,
  kSnapshotInstalled,
  kInstalledWhileCut,
  kSendBrokenOff,
  kReceiverDies,
  kDiesSaving,
  kTransferDone,
  kTransferFailed,
  kDiesTransferring,
  kReadAskedAgain,
  kDiesReading,
  kDeposedIsAsked,
  kApplyLags,
  kUnknownTookEffect,
  kUnknownNever,
  kCount,
};
inline constexpr std::size_t kMarks = static_cast<std::size_t>(Mark::kCount);

struct MarkWords {
  std::string_view name{};
  std::string_view why{};  ///< what it is good for, in a line
};
const std::array<MarkWords, kMarks>& mark_words();

/// The matrix of strikes: what struck (Chaos::classes()), whom, and what was going on.
inline constexpr std::array<std::string_view, 5> kStruckRoles{"primary", "secondary", "candidate",
                                                              "down", "several"};
inline constexpr std::array<std::string_view, 5> kStrikePhases{"idle", "election", "replication",
                                                               "snapshot", "transfer"};

/// How often each mark and each strike of the matrix came, in one run or in many.
class Coverage {
 public:
  struct Counter {
    std::uint64_t hits{0};
    std::uint64_t runs{0};  ///< in which it came at all
    friend bool operator==(const Counter&, const Counter&) = default;
  };

  Coverage();
  void add(const Coverage& other);
  void hit(Mark mark) { ++counters_[static_cast<std::size_t>(mark)].hits; }
  void hit_strike(std::size_t fault, std::size_t role, std::size_t phase) {
    ++counters_[strike_place(fault, role, phase)].hits;
  }
  /// When a run is over.
  void end_run();

  const Counter& mark(std::size_t index) const { return counters_[index]; }
  const Counter& strike(std::size_t fault, std::size_t role, std::size_t phase) const {
    return counters_[strike_place(fault, role, phase)];
  }
  /// Among the counters.
  static std::size_t strike_place(std::size_t fault, std::size_t role, std::size_t phase) {
    return kMarks + (fault * kStruckRoles.size() + role) * kStrikePhases.size() + phase;
  }
  /// All of them, marks first; the same number always.
  std::vector<Counter>& counters() { return counters_; }
  const std::vector<Counter>& counters() const { return counters_; }

 private:
  std::vector<Counter> counters_{};
};

/// Counts what happens in a run; changes nothing in it.
class CoverageObserver {
 public:
  explicit CoverageObserver(const Scenario& scenario);
  /// Before chaos does something: what it strikes is as it was until then.
  void before_strike(const Cluster& cluster);
  /// After each Cluster::advance() and each fault.
  void observe(const Cluster& cluster);
  /// When the run is over.
  void finish(const std::vector<Operation>& history, const SafetyChecker& safety);
  const Coverage& coverage() const { return coverage_; }

 private:
  struct Seen {
    bool runs{false};
    Role role{};
    Term term{0};
    bool vote_not_durable{false};
    bool clock_struck{false};
    bool inherited{false};       ///< leads, with entries of older terms that are not committed
    bool saving{false};          ///< a snapshot, before the last strike
    std::size_t struck_role{0};  ///< the same: in kStruckRoles
    LogIndex last_index{0};      ///< when it died
    bool power_lost{false};      ///< it died of a power cut
    std::uint64_t messages_before{0};     ///< sent by all, when the process started
    NodeId sent_snapshot_by{kNoNode};     ///< receives one from this leader
    std::vector<std::uint64_t> newest{};  ///< message from each other node
    std::uint64_t round{0};               ///< of reads, the newest …
    Instant round_began{};                ///< … and since when
  };

  void hit(Mark mark) { coverage_.hit(mark); }
  void on(const Cluster& cluster, const Record& record);
  void on_event(const Cluster& cluster, NodeId id, const Event& event);
  void on_role(const Cluster& cluster, NodeId id, const RoleChanged& change);
  void on_campaign(NodeId id, const CampaignStarted& campaign);
  void on_vote(NodeId id, const VoteAnswered& vote);
  void on_compaction(const Cluster& cluster, NodeId id, LogIndex first);
  void on_stop(const Cluster& cluster, NodeId id, StopCause cause);
  void on_start(const Cluster& cluster, NodeId id, const NodeStarted& start);
  void on_delivery(NodeId id, const MessageDelivered& delivery);
  void on_step(NodeId id, const StepTaken& step);
  void look_at_leader(const Cluster& cluster, NodeId id);
  bool newer_leader(NodeId id) const;
  std::size_t phase_of(const Cluster& cluster) const;

  Duration heartbeat_{};
  Limits limits_{};
  std::vector<Seen> nodes_{};
  std::uint64_t cut_ways_{0};
  std::size_t phase_{0};       ///< before the last strike
  Term campaign_term_{0};      ///< the latest …
  NodeId candidate_{kNoNode};  ///< … and who campaigned in it first
  bool rivals_{false};         ///< another one did, too
  Term led_term_{0};           ///< the latest with a leader
  std::vector<std::string_view> faults_{};
  Coverage coverage_{};
};

}  // namespace kv::sim
