#include "sweep_summary.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace kv::sim {

Duration quantile(const std::vector<Duration>& sorted, std::uint64_t percent) {
  CHECK(!sorted.empty() && percent >= 1 && percent <= 100);
  return sorted[(sorted.size() * percent - 1) / 100];
}

std::optional<Quantiles> quantiles(std::vector<Duration> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return Quantiles{quantile(values, 50), quantile(values, 90), quantile(values, 99), values.back()};
}

std::vector<VariationSummary> summaries(const SweepResults& results) {
  struct Times {
    std::vector<Duration> failovers{};
    std::vector<Duration> unavailable{};
  };
  std::vector<VariationSummary> all(results.plan.variations());
  std::vector<Times> times(all.size());
  for (const SweepRun& run : results.runs) {
    const std::uint64_t variation = results.plan.variation_of(run.item);
    VariationSummary& summary = all[variation];
    ++summary.runs;
    summary.failed += run.passed ? 0 : 1;
    if (!run.completed) continue;
    ++summary.completed;
    summary.failovers += run.failovers;
    summary.unended_failovers += run.failovers - run.failover_times.size();
    summary.elections += run.elections;
    summary.most_elections = std::max(summary.most_elections, run.elections);
    summary.operations += run.operations;
    summary.ok += run.ok;
    summary.unknown += run.unknown;
    summary.undecided += run.undecided > 0 ? 1 : 0;
    Times& spans = times[variation];
    spans.unavailable.push_back(run.unavailable);
    spans.failovers.insert(spans.failovers.end(), run.failover_times.begin(),
                           run.failover_times.end());
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].variation = i;
    all[i].failover_time = quantiles(std::move(times[i].failovers));
    all[i].unavailable = quantiles(std::move(times[i].unavailable));
  }
  return all;
}

}  // namespace kv::sim
