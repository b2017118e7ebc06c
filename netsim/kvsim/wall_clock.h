#pragma once

#include "core/types.h"

namespace kv::sim {

/// Real time since an origin that means nothing: for progress, and for playing a story at a given
/// speed. Nothing in a simulation depends on it.
Instant wall_now();
/// Returns at once if that has passed.
void sleep_until_wall(Instant at);

}  // namespace kv::sim
