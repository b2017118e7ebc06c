#include "terminal.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "core/check.h"

namespace kv {
namespace {

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* const kind = std::getenv("TERM");
  return kind == nullptr || std::string_view(kind) == "dumb";
}

std::string_view escape_code(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kStrong:
      return "\x1b[1m";
    case Style::kGood:
      return "\x1b[1;32m";
    case Style::kBad:
      return "\x1b[31m";
    case Style::kFaint:
      return "\x1b[2m";
  }
  return "";
}

std::string aligned(const std::string& text, TextTable::Align align, std::size_t width) {
  const std::string space(width - text.size(), ' ');
  return align == TextTable::Align::kLeft ? text + space : space + text;
}

}  // namespace

Terminal::Terminal(int file_descriptor)
    : interactive_(::isatty(file_descriptor) == 1),
      coloured_(interactive_ && !is_set("NO_COLOR") && !is_dumb()) {}

std::string Terminal::styled(Style style, std::string_view text) const {
  if (!coloured_ || style == Style::kPlain || text.empty()) return std::string(text);
  return std::string(escape_code(style)) + std::string(text) + "\x1b[0m";
}

void TextTable::add_row(std::vector<Cell> row) {
  CHECK(row.size() == columns_.size());
  rows_.push_back(std::move(row));
}

std::string TextTable::text(const Terminal& terminal) const {
  std::vector<std::vector<Cell>> lines(1);
  for (const Column& column : columns_) lines[0].push_back({column.title, Style::kFaint});
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], line[i].text.size());
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::size_t used = line.size();
    while (used > 0 && line[used - 1].text.empty()) --used;
    for (std::size_t i = 0; i < used; ++i) {
      const Align align = columns_[i].align;
      const bool at_end = i + 1 == used && align == Align::kLeft;
      const std::string cell = at_end ? line[i].text : aligned(line[i].text, align, widths[i]);
      text += (i == 0 ? "" : "  ") + terminal.styled(line[i].style, cell);
    }
    text += '\n';
  }
  return text;
}

int fail(std::string_view message) {
  std::fflush(stdout);
  const Terminal terminal(STDERR_FILENO);
  const std::string text =
      terminal.styled(Style::kBad, "kvctl:") + " " + std::string(message) + "\n";
  std::fputs(text.c_str(), stderr);
  return 1;
}

}  // namespace kv
