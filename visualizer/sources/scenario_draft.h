#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "netsim/scenario.h"
#include "netsim/simulation.h"
#include "sources/source.h"

namespace kv::viz {

/// Who is in the picture of a scenario.
ClusterInfo cluster_of(const sim::Scenario& scenario);

/// A scenario's text that grows by steps. A value. Invariants: (1) scenario() is what text() says;
/// (2) the steps that were added are the last ones.
class ScenarioDraft {
 public:
  /// `name`: the file's path. Numbers get their shortest form ("1.50" is 1.5). An Error lists what
  /// is wrong.
  static Result<ScenarioDraft> read(const std::string& text, const std::string& name,
                                    const sim::Settings& settings);

  const sim::Scenario& scenario() const { return scenario_; }
  const std::string& path() const { return path_; }
  /// As it would be saved: with the settings and the added steps, indented.
  const std::string& text() const { return text_; }
  std::uint64_t seed() const { return scenario_.seed; }

  /// Adds a step right behind this time. An Error if the scenario would then contradict itself.
  Outcome add(Instant at, const Fault& fault);
  /// Takes back what the last add() did. False: there is nothing to take back.
  bool undo();
  std::size_t added() const { return added_.size(); }  ///< steps
  Outcome set_seed(std::uint64_t seed);
  Outcome set_run_for(Duration run_for);
  /// As a test of its own: those of its expectations that `result` has not met are gone, and what
  /// came of it is expected instead. So are steps gone that could not be done, and what was
  /// expected of a client's operation that ended otherwise. The run stays the same.
  Result<ScenarioDraft> settled(const sim::Simulation& ended, const sim::RunResult& result) const;

 private:
  ScenarioDraft() = default;
  Outcome change(std::string text);

  std::string path_{};
  std::string text_{};
  /// For each of the last steps, which add() brought it: a number that never decreases.
  std::vector<std::size_t> added_{};
  sim::Scenario scenario_{};
};

}  // namespace kv::viz
