#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/types.h"
#include "failure.h"
#include "shrink.h"

namespace kv::sim {

struct TrialOptions {
  std::uint32_t jobs{1};
  Duration time{seconds(30)};  ///< real time for all candidates together
  bool shows_progress{false};  ///< a line on standard error that changes
  /// What faults a candidate may have, so that it shows more than that too many faults struck.
  bool within_budget{false};
  std::optional<Duration> longest_slowness{};  ///< if progress is wanted (slowness.h)
};

/// Tries candidates in worker processes, several at a time. Which one is found doesn't depend on
/// how many.
class FailureTrial final : public Trial {
 public:
  FailureTrial(const Failure& wanted, const TrialOptions& options);
  std::optional<Hit> first_failing(const Candidates& candidates, std::size_t from) override;
  bool over() const override;

  /// Whether this one scenario fails as it should, and how, even when the time is over.
  std::optional<Failure> try_one(const Scenario& scenario);
  std::uint64_t tried() const { return tried_; }
  /// Real time since the beginning.
  Duration elapsed() const;
  bool interrupted() const { return interrupted_; }
  void clear_progress() const;

 private:
  friend class TrialCollector;
  void show_progress() const;
  /// In a worker: the failure, or "null".
  std::string verdict(const Scenario& scenario) const;

  Failure wanted_;
  TrialOptions options_;
  Instant began_;
  std::uint64_t tried_{0};
  std::optional<std::size_t> steps_{};  ///< of the best one
  bool interrupted_{false};
};

/// What the scenario's run fails of, found in another process since it may abort; nothing if it
/// passes. An Error if no process can be started or the run was interrupted.
Result<std::optional<Failure>> find_failure(const Scenario& scenario);

/// For a run that aborts or hangs: how many calls of Simulation::advance() it survives.
std::uint64_t advances_before_abort(const Scenario& scenario);

}  // namespace kv::sim
