#include "netsim/scenario_writer.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "netsim/chaos.h"
#include "netsim/explicit_run.h"
#include "scenario_reading.h"

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

void expect_same_when_read_again(const Scenario& scenario) {
  const std::string text = write_scenario(scenario);
  Result<Scenario> again = read_scenario(text, "folder/" + scenario.name + ".json");
  ASSERT_TRUE(again.has_value()) << again.error().message << "\n" << text;
  EXPECT_TRUE(*again == scenario) << write_scenario(*again) << "\nwas\n" << text;
}

TEST(ScenarioWriter, GivesEveryKeptScenarioBack) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(KV_SCENARIO_DIR)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".json" || path.stem().has_extension()) continue;
    if (path.filename() == "hashes.json") continue;
    const Result<std::string> text = read_file(path.string());
    ASSERT_TRUE(text.has_value());
    const Result<Scenario> scenario = read_scenario(*text, path.string());
    ASSERT_TRUE(scenario.has_value());
    SCOPED_TRACE(path.filename());
    expect_same_when_read_again(*scenario);
    ++count;
  }
  EXPECT_GT(count, 30u);
}

TEST(ScenarioWriter, GivesDrawnRunsBack) {
  const Scenario chaos = scenario_with(
      R"("nodes": 5, "timing": "lan", "chaos": {"from": "1s", "until": "10s"},
         "workload": {"clients": 8, "rate": 100})");
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Scenario drawn = explicit_run(chaos, seed);
    EXPECT_FALSE(drawn.steps.empty() && seed == 1);
    expect_same_when_read_again(drawn);
  }
}

TEST(ScenarioWriter, LeavesOutWhatNobodyHasToSay) {
  EXPECT_EQ(write_scenario(scenario_with("")),
            "{\n  \"$schema\": \"scenario.schema.json\",\n  \"title\": \"T\",\n"
            "  \"nodes\": 3,\n  \"run_for\": \"1m\"\n}\n");
}

TEST(ScenarioWriter, WritesEveryKindOfLatencyExactly) {
  for (const char* latency :
       {R"("1234567ns")", R"({"p50": "310us", "p99": "2000001ns"})",
        R"({"min": "1ns", "max": "3ms"})", R"({"min": "3ms", "max": "3ms"})",
        R"({"usual": "1ms", "rare": "1s", "rare_share": 0.000001})",
        R"({"usual": "1s", "rare": "1ms", "rare_share": 0.25})",
        R"({"usual": "1s", "rare": "1ms", "rare_share": 0})",
        R"({"quantiles": {"0": "1us", "0.5": "1ms", "0.999999": "9ms"}})",
        R"({"quantiles": {"0.5": "1ms", "1": "9ms"}})", R"({"quantiles": {"0.5": "1ms"}})"}) {
    SCOPED_TRACE(latency);
    expect_same_when_read_again(
        scenario_with(R"("network": {"clients": )" + std::string(latency) + "}"));
  }
}

TEST(ScenarioWriter, KeepsAnyOrderOfTheTimings) {
  for (const char* timing :
       {R"("wan")", R"({"like": "lan", "election_timeout": "1s..2s"})",
        R"({"heartbeat_interval": "7ms", "election_timeout": "300ms..600ms"})"}) {
    expect_same_when_read_again(scenario_with(R"("timing": )" + std::string(timing)));
  }
}

TEST(ScenarioWriter, WritesAValueAsJsonWhereThatSaysTheSame) {
  const auto written = [](const std::string& value) {
    const Scenario scenario =
        scenario_with(R"("steps": [{"at": "1s", "set": "k", "value": )" + value + "}]");
    expect_same_when_read_again(scenario);
    const std::string text = write_scenario(scenario);
    const std::size_t begin = text.find("\"value\": ") + 9;
    return text.substr(begin, text.find("}\n", begin) - begin);
  };
  EXPECT_EQ(written(R"({"name":"Bob"})"), R"({"name": "Bob"})");
  EXPECT_EQ(written("5"), R"("5")");
  EXPECT_EQ(written("[1.50]"), R"("[1.50]")");
}

}  // namespace
}  // namespace kv::sim
