#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kv::sim {

enum class Tone { kPlain, kStrong, kGood, kBad, kFaint };

/// How words look where they go. Colour only on a terminal that knows it, and never when NO_COLOR
/// is set (https://no-color.org).
class TerminalStyle {
 public:
  /// A place without colour, kWidest columns wide.
  TerminalStyle() = default;
  /// 1: standard output, 2: standard error.
  explicit TerminalStyle(int file_descriptor);

  static constexpr std::size_t kWidest = 100;
  bool interactive() const { return interactive_; }
  /// Columns for text: the terminal's, at most kWidest.
  std::size_t width() const { return width_; }
  std::string paint(Tone tone, std::string_view text) const;

 private:
  bool interactive_{false};
  bool coloured_{false};
  std::size_t width_{kWidest};
};

}  // namespace kv::sim
