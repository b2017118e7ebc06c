#include "netsim/expectations.h"

#include <algorithm>
#include <utility>

#include "core/duration_text.h"
#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

bool watched(const Judgement& judgement) {
  return judgement.verdict == Verdict::kOpen && (judgement.expectation.moment == Moment::kBy ||
                                                 judgement.expectation.moment == Moment::kAlways);
}

bool about_whole_run(Claim claim) {
  return claim == Claim::kFailover || claim == Claim::kElections || claim == Claim::kAvailability ||
         claim == Claim::kUnavailable || claim == Claim::kViolation || claim == Claim::kNone;
}

std::string percent(std::uint64_t per_million) {
  const std::string tenths = std::to_string(per_million / 1000 % 10);
  return std::to_string(per_million / 10'000) + "." + tenths + " %";
}

std::string range(const Expectation& expectation) {
  if (!expectation.high) return "at least " + std::to_string(expectation.low);
  if (*expectation.high == expectation.low) return std::to_string(expectation.low);
  if (expectation.low == 0) return "at most " + std::to_string(*expectation.high);
  return std::to_string(expectation.low) + " to " + std::to_string(*expectation.high);
}

bool in_range(const Expectation& expectation, std::uint64_t value) {
  return value >= expectation.low && (!expectation.high || value <= *expectation.high);
}

std::optional<std::string> logs_differ(const Cluster& cluster, const Cast& cast) {
  std::optional<NodeId> first;
  for (NodeId id = 1; id <= cluster.size(); ++id) {
    if (!cluster.node(id).runs()) continue;
    if (!first) {
      first = id;
      continue;
    }
    const Replica& a = *cluster.replica(*first);
    const Replica& b = *cluster.replica(id);
    if (a.raft().log().last_index() == b.raft().log().last_index() &&
        a.raft().log().last_term() == b.raft().log().last_term() && a.applied() == b.applied() &&
        a.store().state_hash() == b.store().state_hash()) {
      continue;
    }
    return cast.name(*first) + " has " + std::to_string(a.raft().log().last_index()) +
           " entries, " + std::to_string(a.applied()) + " applied; " + cast.name(id) + " has " +
           std::to_string(b.raft().log().last_index()) + ", " + std::to_string(b.applied()) +
           " applied";
  }
  return std::nullopt;
}

/// What a claim about one moment is judged by.
struct Look {
  const Expectation& expectation;
  const Cluster& cluster;
  const Cast& cast;

  std::vector<NodeId> who() const {
    return cast.resolve(cluster, expectation.who.empty() ? "all" : expectation.who);
  }
  std::string nobody() const { return "there is no '" + expectation.who + "'"; }
};

std::optional<std::string> objection_to_primary(const Look& look) {
  const NodeId primary = look.cluster.primary();
  const std::string& wanted = look.expectation.who;
  const std::string is = primary == kNoNode ? "there is none" : "it is " + look.cast.name(primary);
  if (wanted == "none") return primary == kNoNode ? std::nullopt : std::optional(is);
  if (primary == kNoNode) return is;
  if (wanted == "any") return std::nullopt;
  const std::vector<NodeId> nodes = look.who();
  const bool right = std::find(nodes.begin(), nodes.end(), primary) != nodes.end();
  return right ? std::nullopt : std::optional(is);
}

std::optional<std::string> objection_to_role(const Look& look) {
  const std::vector<NodeId> nodes = look.who();
  if (nodes.empty()) return look.nobody();
  for (const NodeId id : nodes) {
    const std::string role = role_of(look.cluster, id);
    if (role != look.expectation.role) return look.cast.name(id) + " is " + role;
  }
  return std::nullopt;
}

std::optional<std::string> objection_to_term(const Look& look) {
  Term latest = 0;
  for (NodeId id = 1; id <= look.cluster.size(); ++id) {
    const Replica* replica = look.cluster.replica(id);
    if (replica != nullptr) latest = std::max(latest, replica->raft().term());
  }
  if (in_range(look.expectation, latest)) return std::nullopt;
  return "it is " + std::to_string(latest);
}

std::optional<std::string> objection_to_value(const Look& look) {
  const std::vector<NodeId> nodes = look.who();
  if (nodes.empty()) return look.nobody();
  for (const NodeId id : nodes) {
    const Replica* replica = look.cluster.replica(id);
    if (replica == nullptr) return look.cast.name(id) + " is down";
    const auto value = replica->store().get(look.expectation.key);
    if (value != look.expectation.value)
      return "on " + look.cast.name(id) + " it is " + (value ? std::string(*value) : "absent");
  }
  return std::nullopt;
}

std::optional<std::string> objection_to_failovers(const Expectation& expectation,
                                                  const Availability& availability) {
  for (const Failover& failover : availability.failovers()) {
    if (!failover.served) return "the last one was not over at the end";
    if (*failover.served - failover.lost > expectation.span)
      return "one took " + span_text(*failover.served - failover.lost);
  }
  return std::nullopt;
}

std::optional<std::string> objection_to_availability(const Expectation& expectation,
                                                     const Clients& clients) {
  std::uint64_t ended = 0;
  std::uint64_t well = 0;
  for (const Operation& operation : clients.history()) {
    ended += operation.ending != Ending::kPending ? 1 : 0;
    well += operation.ending == Ending::kOk ? 1 : 0;
  }
  const std::uint64_t share = ended == 0 ? 0 : well * 1'000'000 / ended;
  if (share >= expectation.chance.per_million) return std::nullopt;
  return "it was " + percent(share) + " (" + std::to_string(well) + " of " + std::to_string(ended) +
         ")";
}

std::optional<std::string> objection_to_findings(const Expectation& expectation,
                                                 const std::vector<Violation>& violations) {
  const auto found = std::find_if(violations.begin(), violations.end(), [&](const Violation& v) {
    return v.checker == expectation.checker;
  });
  const bool any = found != violations.end();
  if (expectation.claim == Claim::kViolation)
    return any ? std::nullopt : std::optional<std::string>("it found none");
  return any ? std::optional(found->words) : std::nullopt;
}

}  // namespace

std::string role_of(const Cluster& cluster, NodeId id) {
  if (!cluster.node(id).runs()) return "down";
  switch (cluster.replica(id)->raft().role()) {
    case Role::kFollower:
      return "secondary";
    case Role::kLeader:
      return "primary";
    default:
      return "candidate";
  }
}

std::string describe(const Expectation& expectation) {
  const Expectation& e = expectation;
  switch (e.claim) {
    case Claim::kPrimary:
      return e.who == "none"  ? "there is no primary"
             : e.who == "any" ? "there is a primary"
                              : "the primary is " + e.who;
    case Claim::kRole:
      return e.who + " is " + (e.role == "down" ? "" : "a ") + e.role;
    case Claim::kTerm:
      return "the term is " + range(e);
    case Claim::kValue:
      return e.key + (e.value ? " is " + *e.value : " is absent") + " on " +
             (e.who.empty() ? "all" : e.who);
    case Claim::kLogsEqual:
      return "all logs and states are equal";
    case Claim::kFailover:
      return "each failover takes at most " + to_text(e.span);
    case Claim::kElections:
      return "elections won: " + range(e);
    case Claim::kAvailability:
      return "at least " + percent(e.chance.per_million) + " of the operations end well";
    case Claim::kUnavailable:
      return "no primary for at most " + to_text(e.span) + " altogether";
    case Claim::kViolation:
      return "shows a violation of " + e.checker;
    case Claim::kNone:
      return "no violation of " + e.checker;
  }
  CHECK(false);
}

bool is_shown(const Scenario& scenario, const Violation& violation) {
  return std::any_of(scenario.expect.begin(), scenario.expect.end(), [&](const Expectation& e) {
    return e.claim == Claim::kViolation && e.checker == violation.checker;
  });
}

Expectations::Expectations(const Scenario& scenario) {
  for (const Expectation& expectation : scenario.expect) {
    judgements_.push_back({expectation, Verdict::kOpen, {}, {}});
    if (watched(judgements_.back()) && !about_whole_run(expectation.claim)) ++watched_;
  }
}

void Expectations::begin(Cluster& cluster) {
  for (std::size_t i = 0; i < judgements_.size(); ++i) {
    const Expectation& expectation = judgements_[i].expectation;
    if (expectation.moment == Moment::kAt || expectation.moment == Moment::kBy) {
      cluster.set_alarm(expectation.when,
                        {static_cast<std::uint32_t>(AlarmOwner::kExpectations), i});
    }
  }
}

void Expectations::decide(std::size_t index, Verdict verdict, Instant at, std::string words) {
  Judgement& judgement = judgements_[index];
  if (watched(judgement)) --watched_;
  judgement.verdict = verdict;
  judgement.at = at;
  judgement.words = std::move(words);
  decided_.push_back(index);
}

void Expectations::on_alarm(const Cluster& cluster, const Cast& cast, std::uint64_t data) {
  const Judgement& judgement = judgements_[data];
  if (judgement.verdict != Verdict::kOpen) return;
  const auto found = objection(judgement.expectation, cluster, cast);
  decide(data, found ? Verdict::kFailed : Verdict::kMet, cluster.now(), found.value_or(""));
}

void Expectations::observe(const Cluster& cluster, const Cast& cast) {
  if (watched_ == 0 || cluster.records().empty()) return;
  for (std::size_t i = 0; i < judgements_.size(); ++i) {
    const Judgement& judgement = judgements_[i];
    if (!watched(judgement) || about_whole_run(judgement.expectation.claim)) continue;
    auto found = objection(judgement.expectation, cluster, cast);
    if (judgement.expectation.moment == Moment::kAlways && found)
      decide(i, Verdict::kFailed, cluster.now(), std::move(*found));
    if (judgement.expectation.moment == Moment::kBy && !found)
      decide(i, Verdict::kMet, cluster.now(), {});
  }
}

void Expectations::finish(const Cluster& cluster, const Cast& cast,
                          const Availability& availability, const Clients& clients,
                          const std::vector<Violation>& violations) {
  for (std::size_t i = 0; i < judgements_.size(); ++i) {
    const Judgement& judgement = judgements_[i];
    if (judgement.verdict != Verdict::kOpen) continue;
    const Expectation& expectation = judgement.expectation;
    const auto found = about_whole_run(expectation.claim)
                           ? final_objection(expectation, availability, clients, violations)
                           : objection(expectation, cluster, cast);
    decide(i, found ? Verdict::kFailed : Verdict::kMet, cluster.now(), found.value_or(""));
  }
}

std::optional<std::string> Expectations::objection(const Expectation& expectation,
                                                   const Cluster& cluster, const Cast& cast) const {
  const Look look{expectation, cluster, cast};
  switch (expectation.claim) {
    case Claim::kPrimary:
      return objection_to_primary(look);
    case Claim::kRole:
      return objection_to_role(look);
    case Claim::kTerm:
      return objection_to_term(look);
    case Claim::kValue:
      return objection_to_value(look);
    default:
      return logs_differ(cluster, cast);
  }
}

std::optional<std::string> Expectations::final_objection(
    const Expectation& expectation, const Availability& availability, const Clients& clients,
    const std::vector<Violation>& violations) const {
  switch (expectation.claim) {
    case Claim::kFailover:
      return objection_to_failovers(expectation, availability);
    case Claim::kElections:
      if (in_range(expectation, availability.elections())) return std::nullopt;
      return "there were " + std::to_string(availability.elections());
    case Claim::kAvailability:
      return objection_to_availability(expectation, clients);
    case Claim::kUnavailable:
      if (availability.unavailable() <= expectation.span) return std::nullopt;
      return "it was " + span_text(availability.unavailable());
    default:
      return objection_to_findings(expectation, violations);
  }
}

}  // namespace kv::sim
