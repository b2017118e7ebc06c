#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kv {

enum class Style { kPlain, kStrong, kGood, kBad, kFaint };

/// Where words go. Colour only on a terminal that knows it, and never when NO_COLOR is set
/// (https://no-color.org).
class Terminal {
 public:
  /// STDOUT_FILENO or STDERR_FILENO.
  explicit Terminal(int file_descriptor);

  bool interactive() const { return interactive_; }
  std::string styled(Style style, std::string_view text) const;

 private:
  bool interactive_{false};
  bool coloured_{false};
};

/// Columns of ASCII text as wide as their widest cell. The last one ends where its text ends.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title{};
    Align align{Align::kLeft};
  };
  struct Cell {
    std::string text{};
    Style style{Style::kPlain};
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add_row(std::vector<Cell> row);
  std::string text(const Terminal& terminal) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_{};
};

/// "kvctl: MESSAGE" on stderr. Returns 1, the exit status of a failure.
int fail(std::string_view message);

}  // namespace kv
