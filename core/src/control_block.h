#pragma once

#include <cstddef>

namespace kv {

/// What std::make_shared keeps beside an array: a block of so much less fills a size of allocators.
inline constexpr std::size_t kControlBlockBytes = 48;

}  // namespace kv
