#pragma once

#include "ctl_options.h"

namespace kv {

/// Reads commands from standard input until its end, sends them to the primary and prints the
/// answers. With a prompt and history on a terminal; else the exit status tells whether every
/// command succeeded.
int run(const CtlOptions& options, const PromptCommand& command);

}  // namespace kv
