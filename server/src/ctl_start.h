#pragma once

#include "ctl_options.h"

namespace kv {

/// Runs every node of the cluster on this machine and keeps them running, until Ctrl-C or until all
/// of them were stopped. Returns the exit status.
int run(const CtlOptions& options, const StartCommand& command);

}  // namespace kv
