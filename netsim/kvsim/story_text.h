#pragma once

#include <string>
#include <vector>

#include "story.h"
#include "terminal_style.h"

namespace kv::sim {

/// A story's lines as text: time, name, words, in columns.
class StoryText {
 public:
  StoryText(const std::vector<std::string>& names, const TerminalStyle& style);
  /// One line of the story, wrapped, with its line end; before a caption there is an empty line.
  std::string text(const StoryLine& line);

 private:
  const TerminalStyle& style_;
  std::size_t name_columns_{0};
  bool begun_{false};
  bool after_caption_{false};
};

}  // namespace kv::sim
