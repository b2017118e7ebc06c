#pragma once

#include <string_view>

namespace kv {

/// Whether the whole text fits the pattern: * any bytes, ? any byte, [a-z] [^x] classes, \ takes
/// the next byte as it is. As in Redis, a class that isn't closed ends with the pattern, and an
/// empty one fits nothing. Takes time in proportion to the product of the sizes at most.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace kv
