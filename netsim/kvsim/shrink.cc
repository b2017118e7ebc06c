#include "shrink.h"

#include <algorithm>

#include "reductions.h"

namespace kv::sim {
namespace {

/// A run of so many steps is read as easily as a workload that nobody sees through.
constexpr std::size_t kPageOfSteps = 12;

class Search {
 public:
  Search(const Scenario& failing, Instant broke_at, Trial& trial, const ShrinkOptions& options)
      : best_(failing), trial_(trial), options_(options) {
    adopt(best_, broke_at);
  }

  Shrunk run() {
    while (!trial_.over()) {
      const Scenario before = best_;
      shorten();
      drop_steps();
      plainer();
      if (!trial_.over() && best_ == before && !turn_operations_into_steps() && !try_luck()) break;
    }
    return {best_, !trial_.over()};
  }

 private:
  using Reduction = std::function<Candidates(const Scenario&)>;

  void adopt(Scenario scenario, Instant broke_at) {
    best_ = options_.keep_from ? std::move(scenario) : cut_behind(std::move(scenario), broke_at);
  }

  /// Takes what fails and goes on behind it, until nothing more of this kind fails.
  bool exhaust(const Reduction& reduction) {
    bool any = false;
    for (std::size_t from = 0; !trial_.over();) {
      const Candidates candidates = reduction(best_);
      if (from >= candidates.count) break;
      const std::optional<Trial::Hit> hit = trial_.first_failing(candidates, from);
      if (!hit) break;
      adopt(*candidates.make(hit->index), hit->broke_at);
      from = hit->index;
      any = true;
    }
    return any;
  }

  void shorten() {
    if (options_.keep_from) return;
    exhaust(with_earlier_end);
    exhaust(with_later_begin);
  }

  void drop_steps() {
    const auto chunks = [this](std::size_t size) {
      return exhaust(
          [&](const Scenario& s) { return without_chunks(s, size, options_.keep_from); });
    };
    for (std::size_t size = best_.steps.size() / 2; size > 1; size /= 2) chunks(size);
    while (chunks(1)) {
    }
    exhaust([&](const Scenario& s) { return without_pairs(s, options_.keep_from); });
  }

  void plainer() {
    exhaust(with_fewer_nodes);
    exhaust(with_numbered_nodes);
    exhaust(with_less_workload);
    exhaust(with_plainer_surroundings);
    exhaust([&](const Scenario& s) { return with_plainer_steps(s, options_.keep_from); });
    if (!options_.keep_from) exhaust(with_shorter_waits);
    exhaust([&](const Scenario& s) { return with_rounder_times(s, options_.keep_from); });
    exhaust(with_plainer_names);
  }

  /// Only if a page of steps comes of it.
  bool turn_operations_into_steps() {
    if (!options_.may_run || best_.workload.clients == 0) return false;
    const Scenario before = best_;
    exhaust([](const Scenario& s) {
      return Candidates{1, [s](std::size_t) { return with_operations_as_steps(s); }};
    });
    if (best_ == before) return false;
    drop_steps();
    if (best_.steps.size() <= std::max(before.steps.size(), kPageOfSteps)) return true;
    best_ = before;
    return false;
  }

  /// What is left to chance after a change may not fall as it is needed; with another seed it may.
  bool try_luck() {
    const auto luckily = [this](const Reduction& reduction) {
      return exhaust([&](const Scenario& s) { return by_luck(reduction(s)); });
    };
    if (!options_.keep_from && luckily(with_later_begin)) return true;
    for (std::size_t size = best_.steps.size() / 2 + 1; size > 0; size /= 2) {
      const bool fewer =
          luckily([&](const Scenario& s) { return without_chunks(s, size, options_.keep_from); });
      if (fewer) return true;
    }
    return luckily(with_fewer_nodes) || luckily(with_less_workload) ||
           luckily(with_plainer_surroundings) || exhaust(with_smaller_seed);
  }

  Scenario best_{};
  Trial& trial_;
  ShrinkOptions options_;
};

}  // namespace

Shrunk shrink(const Scenario& failing, Instant broke_at, Trial& trial,
              const ShrinkOptions& options) {
  return Search(failing, broke_at, trial, options).run();
}

}  // namespace kv::sim
