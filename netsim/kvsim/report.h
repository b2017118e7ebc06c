#pragma once

#include <string>

#include "netsim/simulation.h"
#include "terminal_style.h"

namespace kv::sim {

// What frames a run's story, as text with line ends.

/// Title, why, and in what surroundings.
std::string introduction(const Scenario& scenario, std::uint64_t seed, const TerminalStyle& style);

/// Failovers, clients, steps that went wrong, expectations, violations.
std::string report(const Scenario& scenario, const RunResult& result, const TerminalStyle& style);

/// What a run of the program adds to its result.
struct RunNumbers {
  Duration wall_time{};
  bool repeated{false};   ///< run again
  bool same_hash{false};  ///< ... and it came out the same
};
bool passed(const RunResult& result, const RunNumbers& numbers);
/// The verdict, the numbers, and last "trace hash: …".
std::string conclusion(const RunResult& result, const RunNumbers& numbers,
                       const TerminalStyle& style);

}  // namespace kv::sim
