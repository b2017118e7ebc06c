#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/trace.h"
#include "core/types.h"

namespace kv::viz {

/// What a node is to those who watch, in the user's words.
enum class Standing : std::uint8_t {
  kUnknown,  ///< nothing was heard of it yet
  kDown,
  kPaused,
  kSecondary,
  kAsking,  ///< candidate that only asks who would vote for it (pre-vote)
  kCandidate,
  kPrimary,  ///< leads; NodeMoment::serving says whether it serves already
};
/// "down", "secondary", "asks for pre-votes" …
std::string_view to_string(Standing standing);

/// A log as far as one can know it from outside: which term each index has, and how far things got.
struct LogView {
  /// Entries from `first` on have this term, up to the next run.
  struct Run {
    LogIndex first{0};
    Term term{0};
  };

  LogIndex first{1};  ///< of the entries that are there; a snapshot stands for those before
  LogIndex last{0};
  /// Ascending. The first one may begin before `first`, or behind it: then the terms of the entries
  /// before it are not known.
  std::vector<Run> runs{};
  LogIndex persisted{0};
  LogIndex commit{0};
  LogIndex applied{0};

  /// Nothing outside of [first, last], or where the term isn't known.
  std::optional<Term> term_at(LogIndex index) const;
  Term last_term() const { return runs.empty() ? 0 : runs.back().term; }
  /// What was at `from` and behind it is replaced. Where `from` leaves a gap, the terms of all
  /// before it are no longer known.
  void append(LogIndex from, LogIndex to, Term term);
  /// Through `through` this log now equals `other`, which knows the term there.
  void adopt(const LogView& other, LogIndex through);
  void truncate_from(LogIndex from);
  /// The entries before `index` are gone.
  void compact_before(LogIndex index);
  /// A snapshot stands for everything through `last_index`; the log is empty behind it.
  void reset(LogIndex last_index, Term last_term);
};

/// A campaign's votes, as the candidate counts them.
struct Tally {
  Term term{0};
  bool pre{false};
  std::vector<NodeId> granted{};  ///< itself among them
  std::vector<NodeId> refused{};
};

struct NodeMoment {
  enum class Process : std::uint8_t { kUnknown, kRunning, kPaused, kStopped };

  Process process{Process::kUnknown};
  StopCause stopped_by{};  ///< of kStopped
  Role role{};
  Cause cause{};        ///< of its role
  bool serving{false};  ///< leads, and has committed an entry of its term
  bool wiped{false};    ///< its disk was lost, and its peers know

  NodeId leader{kNoNode};       ///< whom it follows; itself if it leads
  NodeId voted_for{kNoNode};    ///< in `voted_in`
  NodeId snapshot_to{kNoNode};  ///< it feeds a snapshot to this node
  NodeId transfer_to{kNoNode};  ///< it hands leadership to this node

  Instant process_since{};
  std::size_t process_position{0};  ///< of the record that told of `process`
  Instant role_since{};
  std::size_t role_position{0};  ///< of the record that told of its role
  Term term{0};
  Term voted_in{0};
  LogIndex term_start{0};  ///< a leader's: the first entry of its term; 0: none yet
  Tally tally{};           ///< of its present campaign; term 0 and empty: none
  /// A follower's election timer: it runs from timer_set to timer_due, also while it is paused.
  std::optional<Instant> timer_set{};
  Instant timer_due{};
  LogView log{};
  Incarnation incarnation{0};
  std::uint64_t lost_records{0};  ///< of this node, not seen

  bool running() const { return process == Process::kRunning; }
  Standing standing() const;
};

/// The cluster after a number of records: what the pictures show. A value, cheap to copy.
struct Moment {
  Instant at{};
  std::size_t position{0};  ///< records before this one are in it
  std::vector<NodeMoment> nodes{};
  std::vector<std::uint8_t> cuts{};  ///< by from * (size + 1) + to; 0 stands for the clients
  std::uint64_t operations_ok{0};
  std::uint64_t operations_refused{0};
  std::uint64_t operations_unknown{0};
  std::optional<std::uint32_t> last_step{};  ///< of the scenario
  std::size_t last_step_position{0};
  std::uint32_t violations{0};

  explicit Moment(std::size_t size = 0) : nodes(size), cuts((size + 1) * (size + 1)) {}
  std::size_t size() const { return nodes.size(); }
  const NodeMoment& node(NodeId id) const { return nodes[id - 1]; }
  bool cut(NodeId from, NodeId to) const { return cuts[from * (size() + 1) + to] != 0; }
  /// Both run, and messages pass both ways.
  bool connected(NodeId a, NodeId b) const;
  std::size_t majority() const { return size() / 2 + 1; }
  Term latest_term() const;
  /// Of the running leaders the one of the latest term, whether it serves or not; kNoNode: none.
  NodeId leader() const;
  /// How many entries the running node that is most behind has not applied of the leader's log;
  /// nothing without a leader.
  std::optional<std::uint64_t> lag() const;
  /// That leader if it serves and is connected to a majority: clients can be served.
  NodeId primary() const;
  /// The record at `position`, which is the next one, happens. Records of unknown nodes change
  /// nothing but the time.
  void apply(const Record& record);

 private:
  void note_node(const Record& record);
  void note(const Record& record, const Event& event);
  void note_appended(NodeId id, const EntriesAppended& appended);
  void note_observed(const Record& record, const NodeObserved& observed);
  void count_operations(const Fact& fact);
  /// A log that holds this entry, not that of `except`; null: none. It then holds the same entries
  /// as any other log that has it (log matching, Raft paper §5.3).
  const LogView* log_with(LogIndex index, Term term, NodeId except) const;
};

}  // namespace kv::viz
