#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/trace.h"
#include "model/headline.h"
#include "model/recording.h"
#include "panels/selection.h"

namespace kv::viz {

/// One line of what is known about something: "commit", "46".
struct FactLine {
  std::string label{};
  std::string value{};  ///< may have several lines
  Tone tone{Tone::kQuiet};
  Selection link{};             ///< what a click on it selects; kNothing: it is no link
  std::optional<float> left{};  ///< of a time that runs down: the share that is left
};

/// A fact's name in the trace: "VoteAnswered".
std::string_view name_of(const Fact& fact);
/// Every field of a fact, as the trace has it, with nodes by name. Of a sent message also what it
/// says.
std::vector<FactLine> fields_of(const Recording& recording, const Fact& fact);
/// Every field of a message, its header's first.
std::vector<FactLine> fields_of(const Recording& recording, const Message& message);

}  // namespace kv::viz
