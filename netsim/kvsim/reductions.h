#pragma once

#include <cstddef>

#include "netsim/scenario.h"
#include "shrink.h"

// Ways to make a scenario simpler. What each gives differs from what it was given, and doing it
// again and again comes to an end.

namespace kv::sim {

/// A step may go or change if it comes before this.
using Bound = std::optional<Instant>;

/// Without `size` steps in a row.
Candidates without_chunks(const Scenario& scenario, std::size_t size, const Bound& keep_from);
/// Without two steps that lie near each other: a fault and what mends it.
Candidates without_pairs(const Scenario& scenario, const Bound& keep_from);
/// Each of them with other seeds: by some, chance falls as is needed.
Candidates by_luck(const Candidates& candidates);
Candidates with_smaller_seed(const Scenario& scenario);
Candidates with_earlier_end(const Scenario& scenario);
/// Without the first steps, as if the run had begun only then.
Candidates with_later_begin(const Scenario& scenario);
Candidates with_shorter_waits(const Scenario& scenario);
Candidates with_fewer_nodes(const Scenario& scenario);
/// node1, node2 … if they are called otherwise.
Candidates with_numbered_nodes(const Scenario& scenario);
Candidates with_less_workload(const Scenario& scenario);
Candidates with_plainer_surroundings(const Scenario& scenario);
Candidates with_plainer_steps(const Scenario& scenario, const Bound& keep_from);
Candidates with_rounder_times(const Scenario& scenario, const Bound& keep_from);
Candidates with_plainer_names(const Scenario& scenario);
/// What the workload's clients do in a run, as steps of their own. Runs the scenario.
std::optional<Scenario> with_operations_as_steps(const Scenario& scenario);

/// Without what comes behind the failure.
Scenario cut_behind(Scenario scenario, Instant broke_at);

}  // namespace kv::sim
