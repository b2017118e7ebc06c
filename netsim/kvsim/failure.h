#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/types.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// How a run failed.
struct Failure {
  enum class Kind : std::uint8_t {
    kPromise,      ///< a checker found something
    kExpectation,  ///< the scenario's own
    kStep,         ///< could not be done, or ended otherwise than expected
    kAbort,        ///< a CHECK failed, or the run came to no end
  };
  Kind kind{};
  std::string
      name{};  ///< the checker, the expectation, the step or the CHECK: what makes it the same
  std::string words{};  ///< what was found
  Instant at{};         ///< when; the end of the run if that isn't known
};

/// The first thing that makes a run of the scenario, with its own seed, fail; nothing if it passes.
/// The process aborts where the run does.
std::optional<Failure> first_failure(const Scenario& scenario);
/// Whether a run fails in the same way as `wanted`; it is not followed any further than needed.
/// `within_budget`: not if a step strikes before that as no promise bears it (fault_budget.h).
std::optional<Failure> same_failure(const Scenario& scenario, const Failure& wanted,
                                    bool within_budget = false);

/// A failure as one line for another process, and back; "null" is none.
std::string to_line(const std::optional<Failure>& failure);
std::optional<Failure> failure_of_line(const std::string& line);

}  // namespace kv::sim
