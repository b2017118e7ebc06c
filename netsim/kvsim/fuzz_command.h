#pragma once

#include <string>

#include "campaign.h"
#include "story_teller.h"

namespace kv::sim {

/// `kvsim fuzz`, as it was typed.
struct FuzzOptions : CampaignOptions {
  std::string seeds{};       ///< --seeds: "1..10000", or one: "7"; empty with --time: all
  std::string nodes{};       ///< --nodes: "3..7", or "5"
  std::string faults{};      ///< --faults: "crash,cut", or "all"
  std::string length{};      ///< --length: virtual time of a run
  std::string time_limit{};  ///< --time: "10m"
  std::string trace{};       ///< --trace: file to write; of a single seed, as the next
  Telling telling{};
};

/// Runs the swarm's seeds (swarm.h), each with a cluster, surroundings and faults of its own. A
/// single one without files, --coverage and --time is told like `kvsim run` does. Output and exit
/// code as of run_campaign(), and 2 if the options make no sense.
int fuzz_command(const FuzzOptions& options);

}  // namespace kv::sim
