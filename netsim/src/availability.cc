#include "netsim/availability.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "netsim/report_layout.h"
#include "netsim/surroundings.h"

namespace kv::sim {
namespace {

/// Election timeouts.
constexpr std::int64_t kPatienceTimeouts = 12;
constexpr Duration kLongestSync = seconds(3600);

/// What a majority lacks of the longest log. Who wins may have to give it all that before anything
/// commits in its own term.
std::int64_t lacked_by_majority(const Cluster& cluster) {
  std::vector<LogIndex> ends;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    const Replica* replica = cluster.replica(id);
    ends.push_back(replica == nullptr ? 0 : replica->raft().log().last_index());
  }
  std::sort(ends.rbegin(), ends.rend());
  std::size_t majority = ends.size() / 2;
  while (majority > 0 && ends[majority] == 0) --majority;  // of those that run
  return static_cast<std::int64_t>(ends.front() - ends[majority]);
}

bool is_one_of(std::string_view verb, std::initializer_list<std::string_view> verbs) {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

}  // namespace

Duration patience_with(const Scenario& scenario) {
  const Duration sync = std::min(scenario.disk.sync.quantile(999'999), kLongestSync);
  return (scenario.timing.election_timeout_max + sync) * kPatienceTimeouts;
}

Availability::Availability(const Scenario& scenario)
    : patience_(patience_with(scenario)), catch_up_rate_(catch_up_rate(scenario)) {
  for (const NodeSpec& node : scenario.nodes) names_.push_back(node.name);
}

void Availability::observe(const Cluster& cluster) {
  for (const Record& record : cluster.records()) observe(cluster, record);
  if (primary_ == kNoNode) check_progress(cluster);
}

void Availability::observe(const Cluster& cluster, const Record& record) {
  const auto* event = std::get_if<Event>(&record.fact);
  if (event == nullptr) {
    if (!note_fault(record)) return;
    changed_ = record.at;
    lacked_ = lacked_by_majority(cluster);
    core_ = core_exists(cluster);
    look(cluster);
  } else if (const auto* change = std::get_if<RoleChanged>(event)) {
    note_role(record, *change);
    look(cluster);
  } else if (const auto* campaign = std::get_if<CampaignStarted>(event)) {
    note_campaign(record, *campaign);
  } else if (std::holds_alternative<CommitAdvanced>(*event) && primary_ == kNoNode) {
    look(cluster);
  }
}

/// Whether nodes or links have changed.
bool Availability::note_fault(const Record& record) {
  const NodeId id = record.node;
  if (const auto* stopped = std::get_if<NodeStopped>(&record.fact)) {
    last_fault_ = name(id) + ": " + std::string(to_string(stopped->cause));
    return true;
  }
  if (std::holds_alternative<NodePaused>(record.fact)) {
    if (id == primary_) last_fault_ = name(id) + " is paused";
    return true;
  }
  if (const auto* step = std::get_if<StepTaken>(&record.fact)) {
    if (is_one_of(step->verb, {"set", "get", "delete", "transfer"})) return false;
    if (!is_one_of(step->verb, {"heal", "restart", "resume"})) last_fault_ = step->words;
    return true;
  }
  return std::holds_alternative<NodeStarted>(record.fact) ||
         std::holds_alternative<NodeResumed>(record.fact);
}

void Availability::note_role(const Record& record, const RoleChanged& change) {
  if (change.to != Role::kLeader) {
    if (record.node == primary_)
      last_fault_ = name(record.node) + " stepped down: " + std::string(to_string(change.cause));
    return;
  }
  ++elections_;
  if (Failover* const open = open_failover()) {
    open->elected = record.at;
    open->new_primary = record.node;
    open->term = change.term;
  }
}

void Availability::note_campaign(const Record& record, const CampaignStarted& campaign) {
  Failover* const open = open_failover();
  if (open == nullptr) return;
  open->campaigns += campaign.pre ? 0 : 1;
  if (open->detected) return;
  open->detected = record.at;
  open->detected_by = record.node;
}

/// The one that is not over; null if there is none.
Failover* Availability::open_failover() {
  return failovers_.empty() || failovers_.back().served ? nullptr : &failovers_.back();
}

bool Availability::connected(const Cluster& cluster, NodeId a, NodeId b) const {
  return cluster.network().healthy(a, b) && cluster.network().healthy(b, a);
}

NodeId Availability::able_primary(const Cluster& cluster) const {
  const NodeId id = cluster.primary();
  if (id == kNoNode) return kNoNode;
  std::size_t reached = 1;
  for (NodeId peer = 1; peer <= cluster.size(); ++peer) {
    if (peer == id || !cluster.node(peer).runs()) continue;
    if (cluster.replica(id)->raft().wiped(peer)) continue;
    if (cluster.network().usable(id, peer) && cluster.network().usable(peer, id)) ++reached;
  }
  return reached >= cluster.replica(id)->raft().quorum() ? id : kNoNode;
}

/// Some majority of nodes that run, have a vote and a disk that works, and all reach each other.
bool Availability::core_exists(const Cluster& cluster) const {
  const std::size_t count = cluster.size();
  for (std::uint32_t subset = 1; subset < (1U << count); ++subset) {
    std::vector<NodeId> members;
    for (NodeId id = 1; id <= count; ++id) {
      if ((subset >> (id - 1) & 1U) != 0) members.push_back(id);
    }
    if (members.size() != count / 2 + 1) continue;
    bool whole = true;
    for (std::size_t i = 0; i < members.size() && whole; ++i) {
      const Node& member = cluster.node(members[i]);
      whole = member.runs() && !member.disk_stalled && !member.replica->raft().self_wiped();
      for (std::size_t j = 0; j < i && whole; ++j)
        whole = connected(cluster, members[i], members[j]);
    }
    if (whole) return true;
  }
  return false;
}

void Availability::look(const Cluster& cluster) {
  const NodeId now_primary = able_primary(cluster);
  if (now_primary == primary_) return;
  const Instant now = cluster.now();
  if (primary_ != kNoNode) {
    Failover failover;
    failover.lost = now;
    failover.old_primary = primary_;
    failover.cause = last_fault_;
    failovers_.push_back(std::move(failover));
    changed_ = now;
    lacked_ = lacked_by_majority(cluster);
  }
  if (now_primary != kNoNode) {
    if (ever_served_ && !failovers_.empty() && !failovers_.back().served) {
      Failover& failover = failovers_.back();
      failover.served = now;
      failover.new_primary = now_primary;
      failover.term = cluster.replica(now_primary)->raft().term();
      unavailable_ = unavailable_ + (now - failover.lost);
    }
    ever_served_ = true;
  }
  primary_ = now_primary;
}

Duration Availability::patience_now() const {
  return patience_ + nanoseconds(seconds(1).ns / catch_up_rate_ * lacked_);
}

void Availability::check_progress(const Cluster& cluster) {
  if (!core_ || reported_ || cluster.now() - changed_ <= patience_) return;
  lacked_ = std::max(lacked_, lacked_by_majority(cluster));
  if (cluster.now() - changed_ <= patience_now()) return;
  // A wiped member learns that it has no vote only from the others.
  core_ = core_exists(cluster);
  if (!core_) return;
  reported_ = true;
  violation_ = {"progress", cluster.now(),
                "A majority of nodes runs and is connected, but no primary has served for " +
                    span_text(cluster.now() - changed_) + "; " + span_text(patience_now()) +
                    " are enough for any election."};
}

void Availability::finish(const Cluster& cluster) {
  if (primary_ != kNoNode || failovers_.empty()) return;
  unavailable_ = unavailable_ + (cluster.now() - failovers_.back().lost);
}

std::optional<Violation> Availability::take_violation() {
  return std::exchange(violation_, std::nullopt);
}

}  // namespace kv::sim
