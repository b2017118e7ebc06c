#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netsim/scenario.h"

namespace kv::sim {

/// `kvsim sweep`, as it was typed.
struct SweepOptions {
  std::string file{};               ///< the scenario's path
  std::string seeds{};              ///< --seeds: "1..10000", or one: "7"
  std::uint32_t jobs{0};            ///< --jobs: worker processes; 0: one a core
  std::vector<std::string> vary{};  ///< --vary, each "KEY=V1,V2,…"
  Settings set{};                   ///< --set, each "KEY=V"
  std::string shard{};              ///< --shard: "2/8"; empty: everything
  std::string csv_path{};           ///< --csv; empty: none
  std::string json_path{};          ///< --json; empty: none
  bool keep_going{false};           ///< --keep-going: don't stop at the tenth failure
  bool quiet{false};                ///< --quiet: no progress on stderr
  std::string version{};            ///< of the program: only equal ones can be merged
};

/// Runs a scenario with many seeds and settings, in worker processes. The table goes to stdout,
/// progress and errors go to stderr. Returns the exit code: 0 if all passed, 1 if a run failed or
/// a file could not be written, 2 if the options or the scenario are wrong, 130 after Ctrl-C.
int sweep_command(const SweepOptions& options);

}  // namespace kv::sim
