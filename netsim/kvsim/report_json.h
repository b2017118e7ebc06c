#pragma once

#include <string>

#include "report.h"

namespace kv::sim {

/// What came of a run as one JSON object with a line end, for programs: times in nanoseconds, nodes
/// by name.
std::string report_json(const Scenario& scenario, const RunResult& result,
                        const RunNumbers& numbers);

}  // namespace kv::sim
