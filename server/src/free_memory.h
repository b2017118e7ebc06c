#pragma once

namespace kv {

/// Gives memory that the allocator keeps for later back to the system. Takes some milliseconds.
void give_back_free_memory();

}  // namespace kv
