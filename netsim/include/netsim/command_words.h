#pragma once

#include <string>

#include "core/command.h"

namespace kv::sim {

/// The command as one would type it, on one line: "SET colour blue", "MULTI of 3 commands". Long
/// keys, values and lists are shortened; times of expiry are in milliseconds since 1970.
std::string in_words(const Command& command);

}  // namespace kv::sim
