#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/types.h"
#include "sweep_results.h"

namespace kv::sim {

/// The smallest value that at least `percent` percent of the values don't exceed (nearest rank).
/// `sorted` must not be empty; percent is 1 to 100.
Duration quantile(const std::vector<Duration>& sorted, std::uint64_t percent);

struct Quantiles {
  Duration p50{};
  Duration p90{};
  Duration p99{};
  Duration max{};
};
/// Nothing of no values.
std::optional<Quantiles> quantiles(std::vector<Duration> values);

/// One variation of a sweep. Runs that died count as failed and in nothing else.
struct VariationSummary {
  std::uint64_t variation{0};
  std::uint64_t runs{0};
  std::uint64_t failed{0};
  std::uint64_t failovers{0};
  std::uint64_t unended_failovers{0};  ///< not in the quantiles
  std::optional<Quantiles> failover_time{};
  std::optional<Quantiles> unavailable{};  ///< of a run
  std::uint64_t completed{0};
  std::uint64_t elections{0};
  std::uint64_t most_elections{0};  ///< of a run
  std::uint64_t operations{0};
  std::uint64_t ok{0};
  std::uint64_t unknown{0};
  std::uint64_t undecided{0};  ///< runs with keys whose linearizability was not decided
};

/// One for each variation, in their order.
std::vector<VariationSummary> summaries(const SweepResults& results);

}  // namespace kv::sim
