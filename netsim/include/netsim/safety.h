#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/invariants.h"
#include "core/kv_store.h"
#include "core/trace.h"
#include "netsim/cluster.h"
#include "netsim/expiry.h"
#include "netsim/history.h"
#include "netsim/violation.h"

namespace kv::sim {

/// Watches all nodes from above and says what must never be: the five properties of the Raft paper
/// (figure 3), one vote a term even across restarts, each node's own invariants, and that what was
/// acknowledged is committed and stays. Costs a look at what is new, after every input.
///
/// - "election safety": at most one leader a term.
/// - "leader append-only": a leader never cuts or overwrites its own log.
/// - "log matching": two entries of the same index and term are equal, and so are all before them.
/// - "leader completeness": a leader holds every entry committed in an earlier term.
/// - "state machine safety": no two nodes commit different entries at an index; states are equal
///   where as much was applied.
/// - "vote safety": a node votes for one candidate a term, whatever it forgot in a crash.
/// - "invariants": what core/invariants.h says of one node.
/// - "durability": a write that was acknowledged is among the committed entries, the states at the
///   end are what the committed entries make, and no node finds an honest disk damaged.
/// - "read freshness": who answers a read has applied all that anybody had committed when it was
///   asked (Raft thesis 6.4). Tells of a stale read even if nobody wrote the key that was read.
class SafetyChecker {
 public:
  explicit SafetyChecker(const Scenario& scenario);

  /// After each Cluster::advance() and each fault: its records, then the node that was touched.
  void observe(const Cluster& cluster);
  /// A write was answered OK.
  void acknowledged(Instant at, const std::string& key, const std::string& value);
  /// A get was answered OK.
  void answered(const Operation& read);
  /// When the run is over.
  void finish(const Cluster& cluster);

  /// Whether some node has committed this write.
  bool is_committed(const std::string& key, const std::string& value) const;

  std::vector<Violation>& violations() { return violations_; }
  const std::vector<Violation>& violations() const { return violations_; }
  /// Of all nodes, the furthest.
  LogIndex committed() const { return committed_.size(); }
  const Expiries& expiries() const { return expiries_; }

 private:
  struct Seen {
    Term term{0};
    Term previous_term{0};
    SharedBytes bytes{};
    NodeId node{kNoNode};
  };
  struct Committed {
    Entry entry{};
    Term in_term{0};  ///< of the leader that committed it first
    NodeId node{kNoNode};
  };

  void observe(const Cluster& cluster, const Record& record);
  void observe_leader(const Cluster& cluster, NodeId id, Instant at, Term term);
  void observe_message(const Message& message, Instant at);
  void observe_applied(const Cluster& cluster, NodeId id, Instant at, LogIndex applied);
  void note_vote(const Message& message, NodeId candidate, Instant at);
  void check_entries(const Raft& raft, NodeId id, Instant at, LogIndex first, LogIndex last);
  void check_commits(const Raft& raft, NodeId id, Instant at, LogIndex from);
  void note_write(const Command& command);
  void first_commit(Instant at, const Entry& entry, Term in_term, NodeId id);
  void check_base(const Raft& raft, NodeId id, Instant at);
  void check_final_states(const Cluster& cluster);
  void report(std::string_view checker, Instant at, std::string words);
  const std::string& name(NodeId id) const { return names_[id - 1]; }

  std::vector<std::string> names_{};
  AckMode ack_{};
  std::vector<std::optional<Footprint>> before_{};  ///< of each node's process; nothing: none yet
  std::map<Term, std::pair<NodeId, Incarnation>> leaders_{};
  /// By node, incarnation and term: one that lost its disk votes anew, and its votes count nowhere.
  std::map<std::tuple<NodeId, Incarnation, Term>, NodeId> votes_{};
  std::vector<std::vector<Seen>> logs_{};                          ///< by index - 1: one a term
  std::vector<Committed> committed_{};                             ///< by index - 1
  std::map<LogIndex, std::pair<std::uint64_t, NodeId>> states_{};  ///< hashes at some indexes
  /// Hashes of key and value, in the order of commits: who asks mostly asks for a late one.
  std::vector<std::uint64_t> committed_writes_{};
  Expiries expiries_{};
  struct Acknowledged {
    Instant at{};
    std::string key{};
    std::string value{};
  };
  std::vector<Acknowledged> acknowledged_{};
  /// By operation: who is asked, and how much was committed then; of a retry the last time.
  std::map<std::uint64_t, std::pair<NodeId, LogIndex>> reads_{};
  std::vector<Violation> violations_{};
};

}  // namespace kv::sim
