#include "source_file.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace kv::style {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_blank(char c) {
  return c == ' ' || c == '\n';
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// Blanks comments and the contents of literals; line breaks and quotes stay.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n", 0);
      } else if (starts("/*")) {
        blank_until("*/", 2);
      } else if (starts("R\"") && !after_word()) {
        raw_string();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !after_word())) {
        quoted(text_[at_]);
      } else {
        keep();
      }
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
  /// In 1'000 the quote is no literal.
  bool after_word() const { return at_ > 0 && is_word(text_[at_ - 1]); }
  void keep() { out_ += text_[at_++]; }
  void blank() {
    out_ += text_[at_] == '\n' ? '\n' : ' ';
    ++at_;
  }

  void blank_until(std::string_view end, std::size_t beyond) {
    const std::size_t found = text_.find(end, at_);
    const std::size_t stop = found == std::string_view::npos ? text_.size() : found + beyond;
    while (at_ < stop) blank();
  }

  void quoted(char quote) {
    keep();
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) blank();
      blank();
    }
    if (at_ < text_.size() && text_[at_] == quote) keep();
  }

  void raw_string() {
    const std::size_t open = text_.find('(', at_);
    const std::string end = open == std::string_view::npos
                                ? "\n"
                                : ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    blank_until(end, end.size());
  }

  std::string_view text_;
  std::size_t at_{0};
  std::string out_;
};

/// Directives and their continuation lines hold braces that don't balance.
std::string without_directives(const std::vector<std::string>& code) {
  std::string out;
  bool continued = false;
  for (const std::string& line : code) {
    const std::size_t first = line.find_first_not_of(' ');
    const bool directive = continued || (first != std::string::npos && line[first] == '#');
    continued = directive && line.ends_with('\\');
    if (!directive) out += line;
    out += '\n';
  }
  return out;
}

std::size_t closing_brace(std::string_view text, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return text.size() - 1;
}

std::size_t line_breaks(std::string_view text, std::size_t from, std::size_t to) {
  const std::string_view part = text.substr(from, to - from);
  return static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
}

/// Whether the braces that close here were a value, as in `Node() : id_{1}, peers_{2} {`.
bool is_initializer(std::string_view text, std::size_t close) {
  const std::size_t next = text.find_first_not_of(" \n", close + 1);
  return next != std::string_view::npos &&
         std::string_view(",{)").find(text[next]) != std::string_view::npos;
}

}  // namespace

SourceFile parse_source(std::string path, std::string_view text) {
  return {std::move(path), split_lines(text), split_lines(Blanker(text).run())};
}

std::vector<Function> find_functions(const SourceFile& file) {
  const std::string text = without_directives(file.code);
  std::vector<Function> functions;
  // The declaration at hand: where it starts (0: nowhere yet), and whether it has parentheses so
  // far. Then its braces are a function's body; other braces are looked into.
  std::size_t start_line = 0;
  bool parentheses = false;
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (is_blank(c)) continue;
    const bool body = c == '{' && parentheses;
    if (body) {
      const std::size_t close = closing_brace(text, i);
      line += line_breaks(text, i, close);
      i = close;
      if (is_initializer(text, close)) continue;
      functions.push_back({start_line, line});
    }
    if (body || c == '{' || c == '}' || c == ';') {
      start_line = 0;
      parentheses = false;
      continue;
    }
    if (start_line == 0) start_line = line;
    parentheses = parentheses || c == '(';
  }
  return functions;
}

}  // namespace kv::style
