#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kv::sim {

/// Changes that make one word the other: letters put in, left out, replaced, or two swapped.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "; did you mean 'crash'?" with the word that is nearest to `word`, or nothing if all are far.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace kv::sim
