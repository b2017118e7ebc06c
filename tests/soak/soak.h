#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"
#include "soak/soak_faults.h"

namespace kv::soak {

struct Options {
  std::string program{};  ///< path of kvnode
  std::size_t nodes{3};
  std::size_t clients{6};
  std::uint64_t seed{1};
  Duration length{seconds(60)};
  Duration round{seconds(20)};  ///< of faults; then all is mended and checked
  bool partitions{false};
  bool lose_disk{false};  ///< once, in the middle of the first round
  std::string ack{"majority"};
  std::string reads{"read-index"};
  /// One line each; not called by other threads.
  std::function<void(const std::string&)> say{[](const std::string&) {}};
  /// Waits that long; true: stop as soon as this round is checked.
  std::function<bool(Duration)> wait{};
};

struct Summary {
  std::uint64_t rounds{0};
  std::uint64_t ok{0};
  std::uint64_t refused{0};
  std::uint64_t unknown{0};
  std::vector<SoakFaults::Count> faults{};
  Duration longest_silence{};            ///< without an acknowledged write
  std::optional<std::string> failure{};  ///< the first thing that was wrong
  std::string folder{};                  ///< kept after a failure; empty: removed
};

/// Runs a cluster of real processes under faults and clients, in rounds, until one fails or the
/// time is over.
Summary run(const Options& options);

/// A table for people; its last line is the verdict.
std::string to_text(const Summary& summary);

}  // namespace kv::soak
