#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kv::style {

/// One C++ file of the tree, as the rules look at it. Line 1 is lines[0].
struct SourceFile {
  std::string path;  ///< below the root, with '/', such as "core/src/log.cc"
  std::vector<std::string> lines;
  /// The same lines without comments, and with the contents of literals blanked.
  std::vector<std::string> code;
};

SourceFile parse_source(std::string path, std::string_view text);

struct Function {
  std::size_t first_line{0};
  std::size_t last_line{0};
};

/// The outermost functions, from the line that their declaration starts on to the closing brace.
/// A guess from braces and parentheses that holds for formatted code.
std::vector<Function> find_functions(const SourceFile& file);

}  // namespace kv::style
