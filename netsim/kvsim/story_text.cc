#include "story_text.h"

#include <algorithm>

#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

constexpr std::size_t kTimeColumns = 11;
constexpr std::size_t kGap = 2;
constexpr std::size_t kMark = 2;  ///< "▶ "

Tone tone_of(StoryLine::Kind kind) {
  switch (kind) {
    case StoryLine::Kind::kTold:
      return Tone::kPlain;
    case StoryLine::Kind::kStep:
    case StoryLine::Kind::kCaption:
      return Tone::kStrong;
    case StoryLine::Kind::kNote:
    case StoryLine::Kind::kDetail:
      return Tone::kFaint;
    case StoryLine::Kind::kGood:
      return Tone::kGood;
    case StoryLine::Kind::kBad:
    case StoryLine::Kind::kViolation:
      return Tone::kBad;
  }
  return Tone::kPlain;
}

}  // namespace

StoryText::StoryText(const std::vector<std::string>& names, const TerminalStyle& style)
    : style_(style), name_columns_(std::string_view("client").size()) {
  for (const std::string& name : names) name_columns_ = std::max(name_columns_, columns_of(name));
}

std::string StoryText::text(const StoryLine& line) {
  using Kind = StoryLine::Kind;
  const bool caption = line.kind == Kind::kCaption;
  const bool step = caption || line.kind == Kind::kStep;
  const bool note = line.kind == Kind::kNote;
  std::string words = line.text;
  std::size_t start = kTimeColumns + kGap;
  std::size_t indent = start;
  if (step) {  // begins where the names are, so that it stands out without colours as well
    words = "▶ " + (line.who.empty() ? "" : line.who + " ") + words;
    indent += kMark;
  } else if (!line.who.empty()) {
    start = indent += name_columns_ + kGap;
  } else if (note) {
    start = indent += kMark;
  }
  std::string result;
  if (caption && begun_ && !after_caption_) result += '\n';
  const std::string lead = step ? std::string() : line.who;
  if (note) {
    result += std::string(kTimeColumns + kGap, ' ');
  } else {
    result += style_.paint(Tone::kFaint, padded_left(time_text(line.at), kTimeColumns)) +
              std::string(kGap, ' ');
  }
  result += padded(lead, start - kTimeColumns - kGap) +
            style_.paint(tone_of(line.kind), wrapped(words, indent, style_.width())) + '\n';
  begun_ = true;
  after_caption_ = caption;
  return result;
}

}  // namespace kv::sim
