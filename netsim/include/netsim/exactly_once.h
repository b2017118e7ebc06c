#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/kv_store.h"
#include "netsim/history.h"

namespace kv::sim {

/// Whether every increment was carried out once, however often it was asked for: its answer is how
/// many its client has made, and the counter ends there. `final_state` is what a client would read
/// at the end; null: nobody could. `lost_sessions`: whose sessions expired lawfully, and when; what
/// was answered before is judged, nothing behind. What is wrong, in words; of several the answer
/// that came first.
std::optional<std::string> check_exactly_once(const std::vector<Operation>& history,
                                              const KvStore* final_state,
                                              const std::map<std::string, Instant>& lost_sessions);

}  // namespace kv::sim
