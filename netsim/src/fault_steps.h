#pragma once

#include <cstdint>
#include <utility>

#include "netsim/scenario.h"

namespace kv::sim {

/// An offset in no file.
inline constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

inline Step step_of(Verb verb, Selector target) {
  Step step;
  step.verb = verb;
  step.target = std::move(target);
  return step;
}

/// What ends a fault that strikes a node.
inline Step mend_of(const Step& fault) {
  switch (fault.verb) {
    case Verb::kPause:
      return step_of(Verb::kResume, fault.target);
    case Verb::kIsolate:
      return step_of(Verb::kHeal, fault.target);
    default:
      return step_of(Verb::kRestart, fault.target);
  }
}

}  // namespace kv::sim
