// The library of scenarios: each is a test.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "netsim/simulation.h"

namespace {

namespace fs = std::filesystem;
using kv::sim::RunResult;

const fs::path kFolder = KV_SCENARIO_DIR;

/// A scenario's name; printed as it is, so that CTest calls the tests so.
struct Name {
  std::string text{};
  friend std::ostream& operator<<(std::ostream& out, const Name& name) { return out << name.text; }
};

std::vector<Name> library() {
  std::vector<Name> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const fs::path& path = entry.path();
    // "scenario.schema.json" has two endings.
    if (path.extension() != ".json" || path.stem().has_extension()) continue;
    if (path.filename() != "hashes.json") names.push_back({path.stem().string()});
  }
  std::sort(names.begin(), names.end(),
            [](const Name& a, const Name& b) { return a.text < b.text; });
  return names;
}

std::string hex(std::uint64_t hash) {
  std::ostringstream text;
  text << std::hex << std::setw(16) << std::setfill('0') << hash;
  return text.str();
}

/// What went wrong, a line each.
std::string account(const RunResult& result) {
  std::string text;
  for (const auto& step : result.steps) {
    if (step.failed) text += "step " + std::to_string(step.step) + ": " + step.words + "\n";
  }
  for (const auto& judgement : result.judgements) {
    if (judgement.verdict == kv::sim::Verdict::kMet) continue;
    text += "expected: " + describe(judgement.expectation) + ", but " + judgement.words + "\n";
  }
  for (const auto& violation : result.violations)
    text += violation.checker + ": " + violation.words + "\n";
  return text;
}

class Scenario : public testing::TestWithParam<Name> {};

TEST_P(Scenario, PassesAsPinned) {
  const std::string& name = GetParam().text;
  const std::string path = (kFolder / (name + ".json")).string();
  const auto text = kv::sim::read_file(path);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const auto scenario = kv::sim::read_scenario(*text, path);
  ASSERT_TRUE(scenario.has_value()) << scenario.error().message;

  const RunResult first = run(*scenario, scenario->seed);
  EXPECT_TRUE(first.passed) << account(first);
  EXPECT_TRUE(first.undecided.empty()) << "linearizability of some keys took too long to decide";
  EXPECT_EQ(hex(run(*scenario, scenario->seed).trace_hash), hex(first.trace_hash))
      << "the same scenario and seed gave another run";

  std::ifstream file(kFolder / "hashes.json");
  const auto hashes = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(hashes.is_object()) << "scenarios/hashes.json can't be read: run ./kv sim pin";
  ASSERT_TRUE(hashes.contains(name))
      << name << " is not in scenarios/hashes.json: run ./kv sim pin";
  EXPECT_EQ(hashes[name], hex(first.trace_hash))
      << "the run has changed. If you know why, run ./kv sim pin";
}

INSTANTIATE_TEST_SUITE_P(Library, Scenario, testing::ValuesIn(library()));

TEST(ScenarioTable, HasARowForEachScenario) {
  std::set<std::string> rows;
  std::ifstream readme(kFolder / "README.md");
  for (std::string line; std::getline(readme, line);) {
    const std::size_t end = line.find(']');
    if (!line.starts_with("| [") || end == std::string::npos) continue;
    const std::string name = line.substr(3, end - 3);
    EXPECT_TRUE(rows.insert(name).second) << name << " has two rows";
    EXPECT_NE(line.find("](" + name + ".json)"), std::string::npos) << line;
  }
  std::set<std::string> names;
  for (const Name& name : library()) names.insert(name.text);
  EXPECT_GE(names.size(), 20u);
  EXPECT_EQ(rows, names) << "scenarios/README.md has a row for each scenario, and no other";
}

TEST(ScenarioHashes, AreOfScenariosThatExist) {
  std::ifstream file(kFolder / "hashes.json");
  const auto hashes = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(hashes.is_object()) << "scenarios/hashes.json can't be read: run ./kv sim pin";
  for (const auto& [name, hash] : hashes.items()) {
    EXPECT_TRUE(fs::exists(kFolder / (name + ".json"))) << name << " is gone: run ./kv sim pin";
    EXPECT_TRUE(hash.is_string()) << name;
  }
}

}  // namespace
