#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/history.h"

namespace kv::viz {

/// A record among the reasons for another one.
struct CauseLink {
  std::size_t position{0};
  std::string words{};  ///< with node names: "node2 becomes candidate in term 1: heard nothing …"
};

/// What led to the record at `position`, the nearest reason first, at most `most`: its message's
/// sending, the votes of an election, the campaign, the timer that ran out, the crash behind it,
/// the scenario's step.
std::vector<CauseLink> why(const History& history, std::size_t position, std::size_t most = 12);

/// A record for people, with node names: "node2 asks node3 to vote for it in term 1".
std::string sentence(const History& history, std::size_t position);

}  // namespace kv::viz
