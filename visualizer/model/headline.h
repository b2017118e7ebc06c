#pragma once

#include <cstddef>
#include <string>

#include "model/history.h"

namespace kv::viz {

enum class Tone : unsigned char { kQuiet, kGood, kWarning, kBad };

/// What a newcomer must know first.
struct Headline {
  Tone tone{};
  std::string text{};  ///< "node2 is primary · term 1", "no primary for 6.9 s"
  std::string why{};   ///< "elected by node2 and node3 (2 of 3) after node1 crashed at 5.000 s"
};
Headline headline(const History& history, const Moment& moment);

/// "1 of 3 votes, 2 needed"
std::string count_of_votes(std::size_t granted, std::size_t nodes, std::size_t needed);

}  // namespace kv::viz
