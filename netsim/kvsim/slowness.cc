#include "slowness.h"

#include <algorithm>
#include <cstddef>

namespace kv::sim {
namespace {

bool is_slow(const Scenario& scenario, const Step& step) {
  return (step.verb == Verb::kSlowDisk && step.latency != scenario.disk.sync) ||
         step.verb == Verb::kDelay || step.verb == Verb::kReorder;
}

bool ends(const Step& slow, const Step& later) {
  if (slow.verb == Verb::kSlowDisk)
    return later.verb == Verb::kSlowDisk && (later.target == "all" || later.target == slow.target);
  if (later.verb != Verb::kHeal) return false;
  return later.target == "all" ||
         (!later.target.empty() && (later.target == slow.from || later.target == slow.to));
}

}  // namespace

Duration longest_slowness(const Scenario& scenario) {
  Duration longest{};
  const auto& steps = scenario.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].at || !is_slow(scenario, steps[i])) continue;
    Instant end = Instant{} + scenario.run_for;
    const auto mend = std::find_if(steps.begin() + static_cast<std::ptrdiff_t>(i) + 1, steps.end(),
                                   [&](const Step& later) { return ends(steps[i], later); });
    if (mend != steps.end() && mend->at) end = std::min(end, *mend->at);
    longest = std::max(longest, end - *steps[i].at);
  }
  return longest;
}

}  // namespace kv::sim
