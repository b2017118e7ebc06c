#pragma once

#include "node_options.h"

namespace kv {

/// Runs a node until it is told to stop or its disk fails; the process's exit status. Start-up
/// errors go to stderr in one sentence.
int run_node(NodeOptions options);

}  // namespace kv
