#pragma once

#include <string>

namespace kv::sim {

/// `kvsim diff A B`: where two traces part, behind what they last had in common. Exit status: 0
/// they are equal, 1 they differ, 2 bad input.
int diff_command(const std::string& a, const std::string& b);

}  // namespace kv::sim
