#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netsim/cluster.h"
#include "netsim/violation.h"

namespace kv::sim {

/// Watches over the secondaries that run and that a serving primary reaches over healthy links:
/// while one lacks what is committed, its commit index must rise within a few election timeouts
/// ("catching up"). A cluster can serve for long with a follower that is never fed again, until the
/// next node fails.
class CatchingUp {
 public:
  explicit CatchingUp(const Scenario& scenario);

  /// After each Cluster::advance() and each fault. `primary`: who can serve, or kNoNode.
  void observe(const Cluster& cluster, NodeId primary);
  std::optional<Violation> take_violation();

 private:
  struct Secondary {
    Instant since{};  ///< when it moved last, or its surroundings changed
    LogIndex commit{0};
  };
  void note(const Cluster& cluster, const Record& record);
  void begin_anew(Instant now);
  void look(const Cluster& cluster);
  bool in_reach(const Cluster& cluster, NodeId id) const;

  std::vector<std::string> names_{};
  Duration patience_{};
  NodeId primary_{kNoNode};
  std::vector<Secondary> secondaries_{};  ///< by node
  Instant next_look_{};
  bool reported_{false};
  std::optional<Violation> violation_{};
};

}  // namespace kv::sim
