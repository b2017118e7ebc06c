#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "ctl_options.h"
#include "server/client.h"
#include "terminal.h"

namespace kv {

/// Returns the exit status: 0 if a primary serves.
int run(const CtlOptions& options, const StatusCommand& command);

using Answers = std::vector<Result<NodeStatus>>;

/// The table and, below it, who serves or what is wrong and what to do.
std::string describe(const ClusterConfig& cluster, const Answers& answers,
                     const Terminal& terminal);

/// One line of JSON, without line end.
std::string describe_as_json(const ClusterConfig& cluster, const Answers& answers);

}  // namespace kv
