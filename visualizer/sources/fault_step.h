#pragma once

#include <string>
#include <vector>

#include "core/types.h"
#include "sources/source.h"

namespace kv::viz {

/// The first moment of a scenario's step that lies behind `at`: a whole number of microseconds.
/// What is done then leaves all as it was that has happened until `at`.
Instant moment_behind(Instant at);

/// What a fault is in the scenario language: steps, each as JSON; two where a link is struck both
/// ways. `at` as in a file: not negative. `nodes`: names, in the order of ids.
std::vector<std::string> steps_of(const Fault& fault, Instant at,
                                  const std::vector<std::string>& nodes);

}  // namespace kv::viz
