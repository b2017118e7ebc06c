#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/types.h"
#include "sweep_results.h"

namespace kv::sim {

/// For a person, to the second: "48 s", "3 min 20 s", "166 h 40 min".
std::string long_time(Duration duration);

struct TableColumn {
  std::string group{};  ///< above the headings; equal neighbours share it
  std::string heading{};
  bool right{true};
  std::vector<std::string> cells{};
};
/// Lines of equal cells under each other, with two blanks between columns.
std::string align(const std::vector<TableColumn>& columns);

/// What a sweep found: a row for each variation, the first failures with the command that repeats
/// them, totals.
std::string report(const SweepResults& results);

}  // namespace kv::sim
