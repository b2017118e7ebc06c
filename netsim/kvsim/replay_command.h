#pragma once

#include <string>

#include "story_teller.h"

namespace kv::sim {

/// `kvsim replay`, as it was typed.
struct ReplayOptions {
  std::string trace{};  ///< what `kvsim run --trace` wrote
  Telling telling{};
  std::string version{};  ///< of the program
};

/// Runs a trace's scenario again with its seed and settings, tells it, and holds every record
/// against the trace. Exit status: 0 the same, 1 they differ, 2 bad input.
int replay_command(const ReplayOptions& options);

}  // namespace kv::sim
