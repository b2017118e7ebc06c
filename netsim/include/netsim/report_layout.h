#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/types.h"

namespace kv::sim {

/// A moment of virtual time: "5.000 s".
std::string time_text(Instant at);
/// A span for a person, three digits or so: "7.27 s", "1.9 ms", "430 us".
std::string span_text(Duration span);
/// "13,000"
std::string grouped(std::uint64_t number);
/// "1 entry", "2 entries"
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);
/// 16 hexadecimal digits.
std::string hash_text(std::uint64_t hash);

/// Columns on a screen: UTF-8 characters, each taken for one wide.
std::size_t columns_of(std::string_view text);
/// With blanks to `width` columns.
std::string padded(std::string_view text, std::size_t width);
std::string padded_left(std::string_view text, std::size_t width);
/// Broken at blanks so that each line has at most `width` columns (a longer word has its own line),
/// all lines but the first behind `indent` blanks, which count. No line end at the end.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);
/// Any bytes as a piece of one line: control characters become '?', and what is longer than `most`
/// columns ends in "…".
std::string one_line(std::string_view bytes, std::size_t most);

}  // namespace kv::sim
