#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netsim/history.h"
#include "register_check.h"

namespace kv::sim {

/// Why no order of `accesses` explains what they found, in words. They are those of one key up to
/// the return of the first read that nothing explains: that read returns last, and without it all
/// is well. `history` is the whole history, `max_steps` that of check_register().
std::string explain_violation(const std::vector<Operation>& history,
                              const std::vector<Access>& accesses, std::uint64_t max_steps);

}  // namespace kv::sim
