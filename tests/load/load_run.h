#pragma once

#include "core/result.h"
#include "load/load_options.h"
#include "load/load_report.h"

namespace kv::load {

/// Closed-loop clients: each sends `pipeline` operations together, and the next when all of them
/// are answered. Ends after the time given, or when all keys are written (`fill`).
Result<LoadTotals> run_load(const LoadOptions& options, const Member& server);

}  // namespace kv::load
