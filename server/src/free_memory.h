#pragma once

#include <string_view>

namespace kv {

/// Gives memory that the allocator keeps for later back to the system. Takes some milliseconds.
void give_back_free_memory();
/// Which allocator this program has: "jemalloc" or "libc".
std::string_view allocator_name();

}  // namespace kv
