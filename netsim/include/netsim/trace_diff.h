#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/trace.h"
#include "netsim/trace_file.h"

namespace kv::sim {

/// Where two lists of records part: the position (from 0) of the first record that isn't the same
/// in both; the size of the shorter one if the longer one only goes on. Nothing if they are equal.
std::optional<std::size_t> first_difference(const std::vector<Record>& a,
                                            const std::vector<Record>& b);

/// A line for each thing that differs: "seed: 42 in A, 43 in B".
std::vector<std::string> header_differences(const TraceHeader& a, const TraceHeader& b);

/// Both of the above for a person, in lines: what the headers differ in, up to `before` of the
/// records that are still equal, then the two that differ. The traces are called A and B.
std::string explain_difference(const TraceFile& a, const TraceFile& b, std::size_t before = 5);

}  // namespace kv::sim
