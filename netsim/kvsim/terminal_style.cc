#include "terminal_style.h"

#include <algorithm>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace kv::sim {
namespace {

constexpr std::size_t kNarrowest = 40;

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* const kind = std::getenv("TERM");
  return kind == nullptr || std::string_view(kind) == "dumb";
}

std::string_view escape_code(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kStrong:
      return "\x1b[1m";
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kFaint:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

TerminalStyle::TerminalStyle(int file_descriptor)
    : interactive_(::isatty(file_descriptor) == 1),
      coloured_(interactive_ && !is_set("NO_COLOR") && !is_dumb()) {
  winsize size{};
  if (interactive_ && ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    width_ = std::clamp<std::size_t>(size.ws_col, kNarrowest, kWidest);
}

std::string TerminalStyle::paint(Tone tone, std::string_view text) const {
  if (!coloured_ || tone == Tone::kPlain || text.empty()) return std::string(text);
  return std::string(escape_code(tone)) + std::string(text) + "\x1b[0m";
}

}  // namespace kv::sim
