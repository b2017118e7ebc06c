// What is changed in a scenario before it is read.
#include "scenario_reading.h"

namespace kv::sim {
namespace {

std::string error_of(const Settings& settings) {
  const Result<Scenario> scenario =
      read_scenario(scenario_text(R"("timing": "lan", "steps": [{"at": "5s", "crash": "node1"}])"),
                    "x.json", settings);
  return scenario ? "nothing" : scenario.error().message;
}

TEST(ScenarioSettings, AreJsonOrBareWords) {
  const Scenario scenario =
      scenario_with("", {"nodes=5", "network.latency=20ms", "workload.rate=200",
                         "network.clients={\"min\": \"1ms\", \"max\": \"2ms\"}", "title=A = B"});
  EXPECT_EQ(scenario.nodes.size(), 5u);
  EXPECT_EQ(scenario.network.latency.quantile(0), milliseconds(20));
  EXPECT_EQ(scenario.workload.rate, 200u);
  EXPECT_EQ(scenario.workload.clients, 1u);
  EXPECT_EQ(scenario.network.clients->quantile(0), milliseconds(1));
  EXPECT_EQ(scenario.title, "A = B");
}

TEST(ScenarioSettings, TakeThePlaceOfWhatIsThere) {
  const std::string members = R"("network": {"latency": "1ms", "loss": 0.1})";
  const Scenario scenario =
      scenario_with(members, {"network.latency.p50=2ms", "network.latency.p99=9ms"});
  EXPECT_EQ(scenario.network.latency.quantile(500'000), milliseconds(2));
  EXPECT_EQ(scenario.network.loss, Chance{100'000});
  EXPECT_EQ(scenario_with(members, {"network.loss=0.2", "network.loss=0.3"}).network.loss,
            Chance{300'000});
}

TEST(ScenarioSettings, ChangeAPartOfAPreset) {
  const Timing timing =
      scenario_with(R"("timing": "lan")", {"timing.election_timeout=1s..2s"}).timing;
  EXPECT_EQ(timing.heartbeat_interval, milliseconds(50));
  EXPECT_EQ(timing.election_timeout_min, seconds(1));
}

TEST(ScenarioSettings, ReachItemsOfLists) {
  const Scenario scenario = scenario_with(
      R"("steps": [{"at": "5s", "crash": "node1"}, {"at": "6s", "restart": "node1"}])",
      {"steps.1.at=9s"});
  EXPECT_EQ(scenario.steps[0].at, Instant{} + seconds(5));
  EXPECT_EQ(scenario.steps[1].at, Instant{} + seconds(9));
}

TEST(ScenarioSettings, ErrorsNameTheSetting) {
  EXPECT_EQ(error_of({"network.latncy=20ms"}),
            "--set network.latncy=20ms: there is no key 'latncy' in 'network'; did you mean "
            "'latency'?");
  EXPECT_EQ(
      error_of({"network.loss=2"}),
      "--set network.loss=2: expected a number from 0 to 1 with at most six decimals, such as "
      "0.05, found the number 2");
  EXPECT_EQ(
      error_of({"timing.election_timeout=60ms..70ms"}),
      "--set timing.election_timeout=60ms..70ms: The election timeout (from 60 ms) must be at "
      "least twice the heartbeat interval (50 ms), else one late heartbeat deposes a healthy "
      "primary.");
  EXPECT_EQ(error_of({"seed.x=1"}),
            "--set seed.x=1: expected a whole number from 0 to 18446744073709551615, found an "
            "object");
}

TEST(ScenarioSettings, RefuseWhatIsNoPath) {
  const std::string usage = ": write a path, '=' and a value, such as network.latency=20ms";
  EXPECT_EQ(error_of({"nodes"}), "--set nodes" + usage);
  EXPECT_EQ(error_of({"=5"}), "--set =5" + usage);
  EXPECT_EQ(error_of({"network..loss=0"}),
            "--set network..loss=0: a name is missing before or behind a dot");
  EXPECT_EQ(error_of({"steps.1.at=9s"}),
            "--set steps.1.at=9s: '1' is no item of a list of 1: items are counted from 0");
  EXPECT_NE(error_of({std::string(200'000, '.') + "=1"}).find("this path is too long"),
            std::string::npos);
  EXPECT_EQ(error_of({"title=\xFF"}),
            "--set title=\xFF: the byte 0xff isn't UTF-8: save the file in that encoding");
}

TEST(ScenarioSettings, ComeBeforeTheFileInTheListOfProblems) {
  EXPECT_EQ(complaint_about(R"("sed": 1)", {"nods=3"}),
            "there is no key 'nods' in a scenario; did you mean 'nodes'?\n"
            "there is no key 'sed' in a scenario; did you mean 'seed'?");
}

TEST(ScenarioSettings, CanBeMadeAPartOfTheText) {
  const Result<std::string> text =
      with_settings("{\"title\": \"T\", \"network\": {\"loss\": 0.10, \"reorder\": 0}}", "x.json",
                    {"network.reorder=0.000001", "nodes=5", "timing=lan"});
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(*text,
            R"({"title":"T","network":{"loss":0.10,"reorder":0.000001},"nodes":5,"timing":"lan"})");
  const Result<std::string> wrong = with_settings("{}", "x.json", {"nodes"});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message,
            "--set nodes: write a path, '=' and a value, such as network.latency=20ms");
}

}  // namespace
}  // namespace kv::sim
