#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netsim/cluster.h"
#include "netsim/violation.h"

namespace kv::sim {

/// One time without a primary that could serve, and how it ended: detection (until the first
/// campaign), election (until a leader), recovery (until it serves).
struct Failover {
  Instant lost{};
  NodeId old_primary{kNoNode};
  std::string cause{};  ///< "node1 crashed"
  std::optional<Instant> detected{};
  std::optional<Instant> elected{};
  std::optional<Instant> served{};
  NodeId detected_by{kNoNode};
  NodeId new_primary{kNoNode};
  Term term{0};
  std::uint32_t campaigns{0};
};

/// How long nodes that work and reach each other may need to get on, at most: for split votes, a
/// lost message or two, a snapshot on the way.
Duration patience_with(const Scenario& scenario);

/// Watches whether there is a primary that can serve: one that runs, leads, has committed in its
/// term and reaches a majority over healthy links. And whether there could be one: a majority of
/// running nodes with votes that all reach each other must elect a primary within a few election
/// timeouts ("progress").
class Availability {
 public:
  explicit Availability(const Scenario& scenario);

  /// After each Cluster::advance() and each fault.
  void observe(const Cluster& cluster);
  void finish(const Cluster& cluster);

  NodeId primary() const { return primary_; }
  const std::vector<Failover>& failovers() const { return failovers_; }
  /// Without a primary that could serve, since the first one did.
  Duration unavailable() const { return unavailable_; }
  std::uint32_t elections() const { return elections_; }
  std::optional<Violation> take_violation();

 private:
  void observe(const Cluster& cluster, const Record& record);
  bool note_fault(const Record& record);
  void note_role(const Record& record, const RoleChanged& change);
  void note_campaign(const Record& record, const CampaignStarted& campaign);
  Failover* open_failover();
  void look(const Cluster& cluster);
  void check_progress(const Cluster& cluster);
  Duration patience_now() const;
  NodeId able_primary(const Cluster& cluster) const;
  bool core_exists(const Cluster& cluster) const;
  bool connected(const Cluster& cluster, NodeId a, NodeId b) const;
  const std::string& name(NodeId id) const { return names_[id - 1]; }

  std::vector<std::string> names_{};
  Duration patience_{};
  std::int64_t catch_up_rate_{1};  ///< entries a second
  std::int64_t lacked_{0};         ///< most entries that a majority lacked since the last change
  NodeId primary_{kNoNode};
  bool ever_served_{false};
  Instant changed_{};  ///< when a node or a link changed last, or a primary was lost
  bool core_{false};
  bool reported_{false};
  std::string last_fault_{};
  std::vector<Failover> failovers_{};
  Duration unavailable_{};
  std::uint32_t elections_{0};
  std::optional<Violation> violation_{};
};

}  // namespace kv::sim
