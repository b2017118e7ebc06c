#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netsim/scenario.h"
#include "netsim/simulation.h"
#include "sources/scenario_draft.h"
#include "sources/source.h"

namespace kv::viz {

/// A scenario, simulated in process. What is done by hand becomes a step of the scenario's text,
/// and the run is made again: the same until then, since a run is a function of scenario and seed.
class Rehearsal final : public Source {
 public:
  /// An Error if there is no such file or it isn't a scenario: all that is wrong, a line each.
  static Result<std::unique_ptr<Rehearsal>> open(const std::string& path,
                                                 const sim::Settings& settings = {},
                                                 std::optional<std::uint64_t> seed = {});
  explicit Rehearsal(ScenarioDraft draft);

  Kind kind() const override { return Kind::kScenario; }
  const History& history() const override { return *history_; }
  void pump(Duration budget) override;
  Progress progress() const override;
  Instant horizon() const override;
  std::optional<std::string> refusal(const Fault& fault) const override;
  Outcome inflict(Instant at, const Fault& fault) override;
  const sim::Scenario* scenario() const override { return &draft_.scenario(); }
  Rehearsal* rehearsal() override { return this; }

  const ScenarioDraft& draft() const { return draft_; }
  std::uint64_t seed() const { return draft_.seed(); }
  /// Takes back the last step that was added by hand. False: there is none.
  bool undo();
  void reseed(std::uint64_t seed);
  /// The run goes on for so much longer.
  Outcome extend(Duration span);
  /// Of the whole run, once it is simulated to its end.
  const std::optional<sim::RunResult>& result() const { return result_; }
  /// Writes the scenario with what was done by hand. Expectations that are no longer met make way
  /// for what happened instead; it is run before, and passes. The text for the user on success.
  Result<std::string> save(const std::string& path);

 private:
  void start_over(Instant same_until);
  void simulate_slice(History& history);
  void show_next_when_due(Duration worked);
  Instant now() const { return simulation_->cluster().now(); }
  /// A draft of this run that passes; an Error says what fails.
  Result<ScenarioDraft> passing() const;

  ScenarioDraft draft_;
  std::unique_ptr<sim::Simulation> simulation_{};
  std::unique_ptr<History> history_{};            ///< what is shown
  std::unique_ptr<History> next_{};               ///< a run that is made anew, until it is shown
  std::vector<std::unique_ptr<History>> past_{};  ///< go bit by bit, since that takes time
  Instant same_until_{};                          ///< of history_ and next_
  Duration ahead_{};                              ///< work done on next_ behind that time
  std::optional<sim::RunResult> result_{};
  std::set<std::string> saved_{};  ///< paths
};

}  // namespace kv::viz
