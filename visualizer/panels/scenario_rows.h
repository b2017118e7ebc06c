#pragma once

#include <string>
#include <vector>

#include "model/history.h"
#include "netsim/scenario.h"

namespace kv::viz {

/// A step of a scenario as a list shows it.
struct StepRow {
  enum class State : unsigned char { kAhead, kLatest, kDone };
  State state{};
  Instant at{};        ///< of one that waits for its condition: that of the step before
  std::string time{};  ///< "5.000 s", or "?" while it waits for its condition
  std::string words{};
  bool by_hand{false};
  bool failed{false};
  std::size_t position{kNoPosition};  ///< of the record that told of it
};

/// An expectation, as far as it is decided at a moment.
struct ExpectationRow {
  enum class State : unsigned char { kOpen, kMet, kFailed };
  State state{};
  std::string words{};
  std::string found{};                ///< what was found, once decided
  std::size_t position{kNoPosition};  ///< of the record that decided it
};

/// `scenario`: null in a trace; then the latest of what has happened is listed, as are steps drawn
/// by chaos. The last `added` steps were added by hand.
std::vector<StepRow> step_rows(const History& history, std::size_t now,
                               const sim::Scenario* scenario, std::size_t added);
std::vector<ExpectationRow> expectation_rows(const History& history, std::size_t now,
                                             const sim::Scenario* scenario);

}  // namespace kv::viz
