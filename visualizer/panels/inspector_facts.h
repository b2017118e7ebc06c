#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/history.h"
#include "panels/field_lines.h"
#include "panels/selection.h"

// What the inspector tells, without drawing it.

namespace kv::viz {

/// Lines that belong together.
struct FactGroup {
  std::string title{};  ///< may be empty
  std::vector<FactLine> lines{};
  bool verbatim{false};  ///< names and values as a trace has them
};

/// How an entry went through the cluster, a row a node.
struct LifeTable {
  static constexpr std::array kStages{"sent", "in log", "on disk", "commit", "applied"};
  struct Cell {
    std::string words{};  ///< since the proposal: "+1.2 ms"
    std::size_t position{0};
    bool later{false};  ///< after the playhead
  };
  struct Row {
    NodeId node{kNoNode};
    std::array<std::optional<Cell>, kStages.size()> cells{};
    std::optional<Cell> removed{};  ///< replaced by another leader's entry
  };
  Instant proposed{};
  std::vector<Row> rows{};  ///< by NodeId - 1
};

/// A record among the reasons for something.
struct WhyLine {
  std::size_t position{0};
  Instant at{};
  std::string words{};
};

/// All that the inspector shows of something.
struct Inspection {
  Basis basis{};
  std::string title{};      ///< "node2"
  std::string subtitle{};   ///< "primary · term 1"
  std::string sentence{};   ///< what it is about, in words; may be empty
  Tone tone{Tone::kQuiet};  ///< of the sentence
  std::vector<FactGroup> groups{};
  std::optional<LifeTable> life{};
  std::string why_title{};          ///< "why node2 is primary"; empty: there is nothing to tell
  std::optional<WhyLine> itself{};  ///< what the reasons are for
  std::vector<WhyLine> reasons{};   ///< the nearest first
  std::vector<WhyLine> earlier{};   ///< other notable things before it, the newest first
};

/// At the time `now`, when `moment` is the state; the moment is of this history. Of kNothing: the
/// last notable thing that happened. Costs some milliseconds where the history is long.
Inspection inspect(const History& history, const Moment& moment, Instant now,
                   const Selection& selection);

}  // namespace kv::viz
