#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/check.h"
#include "model/phrases.h"
#include "rehearsed.h"

namespace kv::viz {

/// A scenario of the library: "02-primary-failure.json".
inline sim::Scenario library_scenario(const std::string& file) {
  const std::string path = (std::filesystem::path(KV_SCENARIO_DIR) / file).string();
  const Result<std::string> text = sim::read_file(path);
  if (!text) ADD_FAILURE() << text.error().message;
  CHECK(text.has_value());
  Result<sim::Scenario> scenario = sim::read_scenario(*text, path, {});
  if (!scenario) ADD_FAILURE() << scenario.error().message;
  CHECK(scenario.has_value());
  return std::move(*scenario);
}

/// Its run, with its own seed.
inline History history_of(const std::string& file) {
  const sim::Scenario scenario = library_scenario(file);
  return rehearsed(scenario, scenario.seed);
}

/// Where the node's facts of this kind are that `accepts` takes, in order.
template <typename T, typename Accepts>
std::vector<std::size_t> positions_of(const History& history, NodeId node, Accepts accepts) {
  std::vector<std::size_t> positions;
  const Recording& recording = history.recording();
  for (std::size_t at = recording.first(); at < recording.end(); ++at) {
    const T* fact = recording[at].node == node ? fact_of<T>(recording[at]) : nullptr;
    if (fact != nullptr && accepts(*fact)) positions.push_back(at);
  }
  return positions;
}
/// The first of them; the test fails if there is none.
template <typename T, typename Accepts>
std::size_t position_of(const History& history, NodeId node, Accepts accepts) {
  const std::vector<std::size_t> positions = positions_of<T>(history, node, accepts);
  EXPECT_FALSE(positions.empty());
  return positions.empty() ? history.recording().first() : positions.front();
}
template <typename T>
std::size_t position_of(const History& history, NodeId node) {
  return position_of<T>(history, node, [](const T&) { return true; });
}

}  // namespace kv::viz
