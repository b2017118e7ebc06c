#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "netsim/scenario.h"
#include "story_teller.h"

namespace kv::sim {

/// `kvsim run`, as it was typed.
struct RunOptions {
  std::string file{};
  std::optional<std::uint64_t> seed{};  ///< nothing: the scenario's
  Settings settings{};
  std::string trace{};  ///< file to write; empty: none
  Telling telling{};
  bool json{false};       ///< the result as one JSON object instead of a story
  std::string version{};  ///< of the program, for the trace: "0.1.0"
};

/// One run, told on standard output. Exit status: 0 passed, 1 failed, 2 bad input.
int run_command(const RunOptions& options);

/// The same with a scenario of no file; `options` says how it is told.
int tell_run(const Scenario& scenario, std::uint64_t seed, const RunOptions& options);

}  // namespace kv::sim
