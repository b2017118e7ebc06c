#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "netsim/availability.h"
#include "netsim/cast.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"
#include "netsim/violation.h"
#include "netsim/workload.h"

namespace kv::sim {

enum class Verdict : std::uint8_t { kOpen, kMet, kFailed };

/// An expectation as far as it is decided.
struct Judgement {
  Expectation expectation{};
  Verdict verdict{Verdict::kOpen};
  Instant at{};         ///< when it was decided
  std::string words{};  ///< what was found
};

/// A claim in words: "the primary is not node1".
std::string describe(const Expectation& expectation);

/// Whether the scenario is there to show such a violation, and passes because of it.
bool is_shown(const Scenario& scenario, const Violation& violation);

/// What a node is now, in a scenario's words: "primary", "secondary", "candidate", "down".
std::string role_of(const Cluster& cluster, NodeId id);

/// Decides a scenario's expectations as the run goes on.
class Expectations {
 public:
  explicit Expectations(const Scenario& scenario);
  void begin(Cluster& cluster);
  /// A moment has come (`at`, or the last chance of `by`).
  void on_alarm(const Cluster& cluster, const Cast& cast, std::uint64_t data);
  /// After each Cluster::advance(): `by` and `always`.
  void observe(const Cluster& cluster, const Cast& cast);
  /// When the run is over.
  void finish(const Cluster& cluster, const Cast& cast, const Availability& availability,
              const Clients& clients, const std::vector<Violation>& violations);

  const std::vector<Judgement>& judgements() const { return judgements_; }
  /// Those decided since the last call, by position in the scenario.
  std::vector<std::size_t> take_decided() { return std::exchange(decided_, {}); }

 private:
  /// What was found when a claim doesn't hold now; nothing when it does.
  std::optional<std::string> objection(const Expectation& expectation, const Cluster& cluster,
                                       const Cast& cast) const;
  std::optional<std::string> final_objection(const Expectation& expectation,
                                             const Availability& availability,
                                             const Clients& clients,
                                             const std::vector<Violation>& violations) const;
  void decide(std::size_t index, Verdict verdict, Instant at, std::string words);

  std::vector<Judgement> judgements_{};
  std::vector<std::size_t> decided_{};
  std::size_t watched_{0};  ///< open ones that observe() must look at
};

}  // namespace kv::sim
