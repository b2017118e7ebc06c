#pragma once

#include <string>

#include "core/types.h"

namespace kv::sim {

/// What a checker found: a promise that was not kept, in words: the nodes, the index, both entries.
struct Violation {
  std::string checker{};  ///< "election safety", "durability" … as in scenario files
  Instant at{};
  std::string words{};
};

}  // namespace kv::sim
