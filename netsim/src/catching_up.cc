#include "netsim/catching_up.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "netsim/availability.h"
#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

/// What these do shows in who runs and who reaches whom. Any other fault, such as a slow disk, is
/// a reason to be patient again with everybody.
bool shows_in_reach(std::string_view verb) {
  constexpr std::array<std::string_view, 14> kVerbs{
      "crash", "power_cut", "restart", "pause", "resume", "isolate", "partition",
      "cut",   "heal",      "wipe",    "set",   "get",    "delete",  "cut_clients"};
  return std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end();
}

}  // namespace

CatchingUp::CatchingUp(const Scenario& scenario)
    : patience_(patience_with(scenario)), secondaries_(scenario.nodes.size()) {
  for (const NodeSpec& node : scenario.nodes) names_.push_back(node.name);
}

void CatchingUp::observe(const Cluster& cluster, NodeId primary) {
  if (primary != std::exchange(primary_, primary)) begin_anew(cluster.now());
  for (const Record& record : cluster.records()) note(cluster, record);
  if (primary_ == kNoNode || reported_ || cluster.now() < next_look_) return;
  next_look_ = cluster.now() + patience_ / 16;
  look(cluster);
}

void CatchingUp::note(const Cluster& cluster, const Record& record) {
  if (std::holds_alternative<NodeStarted>(record.fact) ||
      std::holds_alternative<NodeResumed>(record.fact)) {
    secondaries_[record.node - 1].since = record.at;
  } else if (const auto* step = std::get_if<StepTaken>(&record.fact)) {
    if (!shows_in_reach(step->verb)) begin_anew(record.at);
    look(cluster);
  }
}

void CatchingUp::begin_anew(Instant now) {
  for (Secondary& secondary : secondaries_) secondary.since = now;
}

bool CatchingUp::in_reach(const Cluster& cluster, NodeId id) const {
  const auto works = [&](NodeId node) {
    return cluster.node(node).runs() && !cluster.node(node).disk_stalled;
  };
  return id != primary_ && works(id) && works(primary_) &&
         cluster.network().healthy(id, primary_) && cluster.network().healthy(primary_, id);
}

void CatchingUp::look(const Cluster& cluster) {
  if (primary_ == kNoNode || reported_) return;
  const Replica* leader = cluster.replica(primary_);
  if (leader == nullptr) return;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    Secondary& secondary = secondaries_[id - 1];
    const bool watched = in_reach(cluster, id);
    const LogIndex commit = watched ? cluster.replica(id)->raft().commit() : 0;
    const LogIndex goal = leader->raft().commit();
    if (!watched || commit != std::exchange(secondary.commit, commit) || commit >= goal)
      secondary.since = cluster.now();
    const Duration still = cluster.now() - secondary.since;
    if (still <= patience_) continue;
    reported_ = true;
    violation_ = {"catching up", cluster.now(),
                  names_[id - 1] + " runs, and the primary " + names_[primary_ - 1] +
                      " reaches it, but for " + span_text(still) +
                      " it has known of no commit behind " + std::to_string(commit) +
                      "; the primary is at " + std::to_string(goal) + "."};
    return;
  }
}

std::optional<Violation> CatchingUp::take_violation() {
  return std::exchange(violation_, std::nullopt);
}

}  // namespace kv::sim
