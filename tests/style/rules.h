#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "source_file.h"

namespace kv::style {

inline constexpr std::size_t kMaxFileLines = 500;
inline constexpr std::size_t kMaxFunctionLines = 70;
inline constexpr std::size_t kMaxColumns = 100;

/// "core/src/log.cc:12: what is wrong and what to do".
using Violations = std::vector<std::string>;

Violations check_file_length(const SourceFile& file);
/// Width in characters, tabs, trailing blanks.
Violations check_lines(const SourceFile& file);
Violations check_function_length(const SourceFile& file);
/// Who may include whom, and which system headers core and netsim may use.
Violations check_includes(const SourceFile& file);
/// Names that bring clocks, randomness or an undefined order into core and netsim.
Violations check_banned_words(const SourceFile& file);
/// Reminders belong in an issue.
Violations check_reminders(const SourceFile& file);

struct SourceList {
  std::string folder;  ///< of a CMakeLists.txt, below the root
  std::string text;    ///< of that CMakeLists.txt
};

/// Every .cc file stands in a CMakeLists.txt of its folder or one above it, by its path from there.
/// Headers are exempt: an unused header is found by nobody's including it.
Violations check_listed(const SourceFile& file, const std::vector<SourceList>& lists);

}  // namespace kv::style
