#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "netsim/cast.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"
#include "netsim/workload.h"

namespace kv::sim {

/// How a step went: what was done, and for a client's operation how it ended.
struct StepOutcome {
  std::uint32_t step{0};
  bool ended{false};
  bool failed{false};   ///< could not be done, or ended otherwise than expected
  std::string words{};  ///< "crashes node1"; with `failed`: what went wrong
};

/// Does a scenario's steps when they are due.
class Steps {
 public:
  Steps(const Scenario& scenario, const Cast& cast);
  void begin(Cluster& cluster);
  void on_alarm(Cluster& cluster, Clients& clients, std::uint64_t data);
  /// Conditions (`when`) that come true with the last records.
  void observe(Cluster& cluster);
  /// Operations of clients that have ended.
  void on_ended(const Clients& clients, const std::vector<std::size_t>& operations);

  /// When the run is over: steps that were never done, and operations without an end.
  void finish();

  /// A step that no file holds (chaos).
  void take(Cluster& cluster, const Step& step);
  /// Those of them that struck somebody, each with its time.
  const std::vector<Step>& drawn() const { return drawn_; }
  const std::vector<StepOutcome>& outcomes() const { return outcomes_; }
  const Cast& cast() const { return cast_; }

 private:
  bool comes_true(const Cluster& cluster, const Condition& condition, const Record& record) const;
  Result<std::string> call(Cluster& cluster, Clients& clients, const Step& step,
                           std::uint32_t index);

  void set_alarm(Cluster& cluster, Instant at, std::size_t step, bool ends_pause = false);

  Scenario scenario_{};
  std::vector<bool> waiting_{};  ///< for its condition
  bool any_waiting_{false};
  Cast cast_;
  std::vector<StepOutcome> outcomes_{};
  std::vector<Step> drawn_{};
  std::map<std::size_t, std::uint32_t> calls_{};         ///< operation in the history to step
  std::map<std::size_t, std::vector<NodeId>> paused_{};  ///< by step: resumed after a time
};

}  // namespace kv::sim
