#pragma once

#include <string>
#include <vector>

#include "campaign.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// `kvsim sweep`, as it was typed.
struct SweepOptions : CampaignOptions {
  std::string file{};               ///< the scenario's path
  std::string seeds{};              ///< --seeds: "1..10000", or one: "7"
  std::vector<std::string> vary{};  ///< --vary, each "KEY=V1,V2,…"
  Settings set{};                   ///< --set, each "KEY=V"
};

/// Runs a scenario with many seeds and settings. Output and exit code as of run_campaign(), and 2
/// if the options or the scenario are wrong.
int sweep_command(const SweepOptions& options);

}  // namespace kv::sim
