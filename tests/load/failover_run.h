#pragma once

#include "core/result.h"
#include "load/load_options.h"
#include "load/load_report.h"

namespace kv::load {

/// One writer, one key after the other, each attempt of 50 ms at most; after a refusal or silence
/// it goes on to the node it is told of, else to the next one. Whoever runs it kills the primary
/// meanwhile. Afterwards every acknowledged key is read.
Result<FailoverTotals> run_failover(const LoadOptions& options, const ClusterConfig& cluster);

}  // namespace kv::load
