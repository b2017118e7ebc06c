#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "netsim/scenario.h"

namespace kv::sim {

/// `kvsim shrink`, as it was typed.
struct ShrinkCommandOptions {
  std::string target{};                 ///< a scenario's file, or a seed of the swarm
  std::optional<std::uint64_t> seed{};  ///< nothing: the scenario's
  Settings settings{};
  std::string out{};        ///< file to write; empty: named after what broke and the seed
  std::string time{"30s"};  ///< real time for the search
  std::uint32_t jobs{0};    ///< 0: one a core
  std::string nodes{};      ///< of the swarm, as the next two: "3..7", or "5"
  std::string faults{};     ///< "crash,cut", or "all"
  std::string length{};     ///< virtual time of a run
};

/// Cuts a failing run down to a scenario file that fails in the same way. Exit status: 0 it is
/// written, 1 there is nothing to shrink or it can't be done, 2 bad input, 130 interrupted (what
/// was found so far is written).
int shrink_command(const ShrinkCommandOptions& options);

}  // namespace kv::sim
