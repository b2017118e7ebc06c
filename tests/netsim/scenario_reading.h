#pragma once

#include <string>

#include <gtest/gtest.h>

#include "netsim/scenario.h"

namespace kv::sim {

/// A scenario of 60 s with these members besides title and run_for, all in one line.
inline std::string scenario_text(const std::string& members) {
  return R"({"title": "T", "run_for": "60s")" + (members.empty() ? "" : ", " + members) + "}";
}

/// Reads it; it must be right.
inline Scenario scenario_with(const std::string& members, const Settings& settings = {}) {
  Result<Scenario> scenario = read_scenario(scenario_text(members), "x.json", settings);
  EXPECT_TRUE(scenario.has_value()) << (scenario ? "" : scenario.error().message);
  return scenario ? *scenario : Scenario{};
}

/// What is wrong with it, without file, line and column; several lines if it is several things.
inline std::string complaint_about(const std::string& members, const Settings& settings = {}) {
  const Result<Scenario> scenario = read_scenario(scenario_text(members), "x.json", settings);
  if (scenario) return "nothing";
  std::string text;
  for (std::size_t begin = 0; begin < scenario.error().message.size();) {
    const std::string& all = scenario.error().message;
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    const std::string line = all.substr(begin, end - begin);
    text += (text.empty() ? "" : "\n") + line.substr(line.find(": ") + 2);
    begin = end + 1;
  }
  return text;
}

}  // namespace kv::sim
