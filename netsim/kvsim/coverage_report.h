#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "netsim/coverage.h"

namespace kv::sim {

/// How many marks a campaign has met, and the names of those that it has not. With a line's end.
std::string coverage_line(const Coverage& coverage);
/// Every mark with its hits and runs, and the matrix of strikes.
std::string coverage_tables(const Coverage& coverage);

/// One JSON object, by names; strikes that never came are left out.
std::string to_json(const Coverage& coverage);
Result<Coverage> parse_coverage(std::string_view json);

}  // namespace kv::sim
