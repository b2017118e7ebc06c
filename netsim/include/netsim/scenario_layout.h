#pragma once

#include <string>

namespace kv::sim {

/// The text of a scenario's file, as those in scenarios/ are laid out, byte for byte: a line for
/// each member, step and expectation, as far as they fit. `scenario` is a JSON object, such as
/// with_settings() gives.
std::string laid_out(const std::string& scenario);

}  // namespace kv::sim
