#pragma once

#include <cstdint>
#include <string_view>

namespace kv {

/// XXH3-64 of `bytes`, chained from `seed`. Used for checksums, the place of a key in the store and
/// trace hashes; the same on every machine.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace kv
