#include "core/glob.h"

#include <algorithm>
#include <cstddef>

namespace kv {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// Takes the class behind a '[' at `at`, and moves `at` behind it.
bool class_matches(std::string_view pattern, std::size_t& at, unsigned char byte) {
  const bool inverted = at < pattern.size() && pattern[at] == '^';
  if (inverted) ++at;
  bool matches = false;
  while (at < pattern.size() && pattern[at] != ']') {
    const std::size_t left = pattern.size() - at;
    if (pattern[at] == '\\' && left >= 2) {
      matches |= byte_at(pattern, at + 1) == byte;
      at += 2;
    } else if (left >= 3 && pattern[at + 1] == '-') {
      const unsigned char first = byte_at(pattern, at);
      const unsigned char last = byte_at(pattern, at + 2);
      matches |= std::min(first, last) <= byte && byte <= std::max(first, last);
      at += 3;
    } else {
      matches |= byte_at(pattern, at) == byte;
      ++at;
    }
  }
  if (at < pattern.size()) ++at;
  return matches != inverted;
}

/// Takes what stands for one byte at `at` (no '*'), and moves `at` behind it.
bool one_matches(std::string_view pattern, std::size_t& at, unsigned char byte) {
  const char kind = pattern[at++];
  if (kind == '?') return true;
  if (kind == '[') return class_matches(pattern, at, byte);
  if (kind == '\\' && at < pattern.size()) return byte_at(pattern, at++) == byte;
  return static_cast<unsigned char>(kind) == byte;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t here = 0;
  // Behind the last '*', and where what it stands for ends so far. An earlier one need not be
  // tried again: all that could be gained is more bytes for the last one.
  std::size_t behind_star = std::string_view::npos;
  std::size_t star_end = 0;
  while (here < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      star_end = here;
    } else if (at < pattern.size() && one_matches(pattern, at, byte_at(text, here))) {
      ++here;
    } else if (behind_star != std::string_view::npos) {
      at = behind_star;
      here = ++star_end;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace kv
