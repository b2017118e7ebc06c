#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace kv::viz {

/// Whether this process is a kvnode that a kvctl on this machine started, and starts again when it
/// dies: only such a one may be struck by hand.
bool is_supervised(std::uint64_t pid);

/// Sends SIGKILL, SIGSTOP or SIGCONT. An Error if that isn't allowed or the process is gone.
Outcome signal_process(std::uint64_t pid, int signal);

}  // namespace kv::viz
