// What a scenario says of its cluster and of what is around it.
#include "netsim/scenario.h"

#include "core/duration_text.h"
#include "scenario_reading.h"

namespace kv::sim {
namespace {

std::string names_of(const Scenario& scenario) {
  std::string text;
  for (const NodeSpec& node : scenario.nodes) {
    text += (text.empty() ? "" : " ") + node.name + (node.zone.empty() ? "" : "@" + node.zone);
  }
  return text;
}

TEST(Scenario, TheSmallestOneIsThreeNodesOnAnOrdinaryNetwork) {
  const Result<Scenario> read =
      read_scenario(R"({"title": "Nothing happens", "run_for": "20s"})", "dir/07-nothing.json");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->name, "07-nothing");
  EXPECT_EQ(read->title, "Nothing happens");
  EXPECT_EQ(read->seed, 1u);
  EXPECT_EQ(names_of(*read), "node1 node2 node3");
  EXPECT_EQ(read->primary, "node1");
  EXPECT_EQ(read->timing.election_timeout_max, seconds(8));
  EXPECT_EQ(read->ack, AckMode::kMajority);
  EXPECT_EQ(read->run_for, seconds(20));
  EXPECT_EQ(read->network.latency.quantile(500'000), microseconds(300));
  EXPECT_EQ(read->disk.sync.quantile(500'000), microseconds(500));
  EXPECT_EQ(read->workload.clients, 0u);
  EXPECT_FALSE(read->chaos.has_value());
  EXPECT_TRUE(read->steps.empty());
  EXPECT_TRUE(read->expect.empty());
}

TEST(Scenario, NeedsATitleAndAnEnd) {
  const Result<Scenario> read = read_scenario("{}", "x.json");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message,
            "x.json:1:1: a scenario needs the key 'title'\n"
            "x.json:1:1: a scenario needs the key 'run_for'");
}

TEST(Scenario, TellsTheNearestKnownKey) {
  EXPECT_EQ(complaint_about(R"("sed": 3)"),
            "there is no key 'sed' in a scenario; did you mean 'seed'?");
  EXPECT_EQ(complaint_about(R"("network": {"latncy": "1ms"})"),
            "there is no key 'latncy' in 'network'; did you mean 'latency'?");
  EXPECT_EQ(complaint_about(R"("disk": {"zzzzzzz": 1})"), "there is no key 'zzzzzzz' in 'disk'");
}

TEST(Scenario, TellsOfAllThatIsWrongInTheOrderOfTheFile) {
  const Result<Scenario> read = read_scenario(
      "{\n  \"title\": \"T\",\n  \"seed\": \"one\",\n  \"nodes\": 0,\n  \"run_for\": \"5sec\"\n}",
      "dir/x.json");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().message,
            "dir/x.json:3:11: expected a whole number from 0 to 18446744073709551615, found the "
            "text 'one'\n"
            "dir/x.json:4:12: expected a whole number from 1 to 9, found the number 0\n"
            "dir/x.json:5:14: '5sec' is no duration: 'sec' is no unit. Write a whole number and a "
            "unit (ns, us, ms, s, m), for example 250ms or 2s.");
}

TEST(Scenario, NodesAreACountAListOrZones) {
  EXPECT_EQ(names_of(scenario_with(R"("nodes": 5)")), "node1 node2 node3 node4 node5");
  EXPECT_EQ(names_of(scenario_with(R"("nodes": ["b", "a", "c"])")), "a b c");
  EXPECT_EQ(names_of(scenario_with(R"("nodes": {"west": ["b"], "east": ["c", "a"]})")),
            "a@east b@west c@east");
}

TEST(Scenario, ThePrimaryIsTheFirstNodeUnlessItIsNamed) {
  EXPECT_EQ(scenario_with(R"("nodes": ["b", "a"])").primary, "b");
  EXPECT_EQ(scenario_with(R"("nodes": {"west": ["b"], "east": ["a"]})").primary, "b");
  EXPECT_EQ(scenario_with(R"("nodes": ["b", "a"], "primary": "a")").primary, "a");
  EXPECT_EQ(scenario_with(R"("primary": null)").primary, "");
  EXPECT_EQ(
      complaint_about(R"("primary": "node9")"),
      "there is no node 'node9'; this scenario has node1, node2, node3 (null: none is started "
      "with --primary)");
}

TEST(Scenario, NodesHaveNamesThatNothingElseHas) {
  EXPECT_EQ(complaint_about(R"("nodes": ["a", "a"])"),
            "there is a node or a zone named 'a' already");
  EXPECT_EQ(complaint_about(R"("nodes": {"a": ["a"]})"),
            "there is a node or a zone named 'a' already");
  EXPECT_EQ(complaint_about(R"("nodes": ["primary"])"),
            "'primary' can't be a name: it means something else here");
  EXPECT_EQ(complaint_about(R"("nodes": ["a b"])"),
            "'a b' can't be a name: names consist of 1 to 64 of A-Z a-z 0-9 _ . -");
  EXPECT_EQ(complaint_about(R"("nodes": [])"), "expected a list of names, found an empty list");
  EXPECT_EQ(complaint_about(R"("nodes": true)"),
            "expected nodes: a number, a list of names, or an object with a list of names for each "
            "zone, found true");
}

TEST(Scenario, HasAtMost9Nodes) {
  EXPECT_EQ(scenario_with(R"("nodes": 9)").nodes.size(), 9u);
  EXPECT_EQ(complaint_about(R"("nodes": 10)"),
            "expected a whole number from 1 to 9, found the number 10");
  std::string names = R"("n0")";
  for (int i = 1; i < 30; ++i) names += R"(, "n)" + std::to_string(i) + "\"";
  EXPECT_EQ(complaint_about("\"nodes\": [" + names + "]"), "a scenario has at most 9 nodes");
}

TEST(Scenario, TimingIsAPresetOrWhatDiffersFromOne) {
  EXPECT_EQ(scenario_with(R"("timing": "lan")").timing.heartbeat_interval, milliseconds(50));
  const Timing documented = scenario_with(R"("timing": {"heartbeat_interval": "1s"})").timing;
  EXPECT_EQ(documented.heartbeat_interval, seconds(1));
  EXPECT_EQ(documented.election_timeout_min, seconds(5));
  const Timing lan =
      scenario_with(R"("timing": {"election_timeout": "1s..2s", "like": "lan"})").timing;
  EXPECT_EQ(lan.heartbeat_interval, milliseconds(50));
  EXPECT_EQ(lan.election_timeout_min, seconds(1));
  EXPECT_EQ(lan.election_timeout_max, seconds(2));
}

TEST(Scenario, RefusesTimingThatCantWork) {
  EXPECT_EQ(complaint_about(R"("timing": "fast")"),
            "expected a timing (documented, lan, wan), found the text 'fast'");
  EXPECT_EQ(complaint_about(R"("timing": {"heartbeat_interval": "3s"})"),
            "The election timeout (from 5000 ms) must be at least twice the heartbeat interval "
            "(3000 ms), else one late heartbeat deposes a healthy primary.");
  EXPECT_EQ(complaint_about(R"("timing": {"election_timeout": "8s..5s"})"),
            "'8s..5s' runs backwards: write the smaller one first, 5s..8s.");
  EXPECT_EQ(complaint_about(R"("timing": {"election_timeout": 5})"),
            "expected a range of durations such as \"5s..8s\", found the number 5");
}

TEST(Scenario, ReadsByLeaseWithABoundOnClocks) {
  EXPECT_EQ(scenario_with(R"("ack": "all")").reads, ReadMode::kReadIndex);
  const Scenario lease = scenario_with(R"("reads": "lease", "lease_drift_ppm": 200000)");
  EXPECT_EQ(lease.reads, ReadMode::kLease);
  EXPECT_EQ(lease.lease_drift_ppm, 200'000u);
  EXPECT_EQ(scenario_with(R"("reads": "lease")").lease_drift_ppm, 10'000u);
  EXPECT_EQ(complaint_about(R"("reads": "fast")"),
            "expected a way to read (read-index, lease), found the text 'fast'");
  EXPECT_EQ(complaint_about(R"("reads": "lease", "lease_drift_ppm": 200001)"),
            "expected a whole number from 0 to 200000, found the number 200001");
  EXPECT_EQ(complaint_about(R"("lease_drift_ppm": 5)"),
            "there is no lease: write \"reads\": \"lease\", too");
}

TEST(Scenario, LimitsAreNumbersOrSizes) {
  const Scenario scenario = scenario_with(
      R"("ack": "all", "segment": "8KiB", "disk": {"capacity": "1MiB"},
         "limits": {"max_append_bytes": 100, "keep_log_bytes": "2KiB", "max_inflight_chunks": 2})");
  EXPECT_EQ(scenario.ack, AckMode::kAll);
  EXPECT_EQ(scenario.segment_bytes, 8192u);
  EXPECT_EQ(scenario.disk.capacity_bytes, 1u << 20);
  EXPECT_EQ(scenario.limits.max_append_bytes, 100u);
  EXPECT_EQ(scenario.limits.keep_log_bytes, 2048u);
  EXPECT_EQ(scenario.limits.max_inflight_chunks, 2u);
  EXPECT_EQ(complaint_about(R"("limits": {"max_append_bytes": "2kB"})"),
            "expected a number of bytes from 1 to 1073741824, or a text such as \"64KiB\", found "
            "the text '2kB'");
  EXPECT_EQ(complaint_about(R"("segment": 4100)"),
            "a log file's size must be a multiple of 8 bytes");
}

TEST(Scenario, LatenciesHaveFiveForms) {
  const auto latency = [](const std::string& text) {
    return scenario_with("\"network\": {\"latency\": " + text + "}").network.latency;
  };
  EXPECT_EQ(latency(R"("20ms")").quantile(10), milliseconds(20));
  const Latency log_normal = latency(R"({"p50": "1ms", "p99": "9ms"})");
  EXPECT_EQ(log_normal.quantile(500'000), milliseconds(1));
  EXPECT_EQ(log_normal.quantile(990'000).ns / 100'000, 90);
  const Latency uniform = latency(R"({"min": "1ms", "max": "3ms"})");
  EXPECT_EQ(uniform.quantile(0), milliseconds(1));
  EXPECT_EQ(uniform.quantile(1'000'000), milliseconds(3));
  const Latency two = latency(R"({"usual": "1ms", "rare": "1s", "rare_share": 0.01})");
  EXPECT_EQ(two.quantile(980'000), milliseconds(1));
  EXPECT_EQ(two.quantile(995'000), seconds(1));
  const Latency measured = latency(R"({"quantiles": {"0.9": "5ms", "0.5": "1ms"}})");
  EXPECT_EQ(measured.quantile(500'000), milliseconds(1));
  EXPECT_EQ(measured.quantile(700'000), milliseconds(3));
}

TEST(Scenario, RefusesLatenciesThatMakeNoSense) {
  const auto complaint = [](const std::string& text) {
    return complaint_about("\"network\": {\"latency\": " + text + "}");
  };
  EXPECT_EQ(complaint("5"),
            "expected a latency: a duration such as \"20ms\", or an object with p50 and p99, with "
            "min and max, with usual, rare and rare_share, or with quantiles, found the number 5");
  EXPECT_EQ(complaint(R"({"p50": "2ms", "p99": "1ms"})"), "'p99' (1ms) is below 'p50' (2ms)");
  EXPECT_EQ(complaint(R"({"p50": "0s", "p99": "1ms"})"), "a time above 0 is needed here");
  EXPECT_EQ(complaint(R"({"p50": "2ms"})"), "a latency with a median needs the key 'p99'");
  EXPECT_EQ(complaint(R"({"p50": "1ms", "p99": "2ms", "max": "3ms"})"),
            "there is no key 'max' in a latency with a median");
  EXPECT_EQ(complaint(R"({"min": "2ms", "max": "1ms"})"), "'max' (1ms) is below 'min' (2ms)");
  EXPECT_EQ(complaint(R"({"quantiles": {"half": "1ms"}})"),
            "the key 'half' is no share from 0 to 1 such as 0.99, with at most six decimals");
  EXPECT_EQ(
      complaint(R"({"quantiles": {"0.5": "2ms", "0.9": "1ms"}})"),
      "measured quantiles: 1ms at 900000 per million is out of order behind 2ms at 500000 per "
      "million; list them so that both numbers ascend.");
  EXPECT_EQ(complaint(R"({"quantiles": {}})"),
            "expected an object such as {\"0.5\": \"1ms\", \"0.99\": \"9ms\"}, found an empty "
            "object");
}

TEST(Scenario, ProbabilitiesAreReadExactly) {
  const auto loss = [](const std::string& text) {
    return scenario_with("\"network\": {\"loss\": " + text + "}").network.loss.per_million;
  };
  EXPECT_EQ(loss("0"), 0u);
  EXPECT_EQ(loss("0.05"), 50'000u);
  EXPECT_EQ(loss("0.000001"), 1u);
  EXPECT_EQ(loss("0.999999"), 999'999u);
  EXPECT_EQ(loss("1"), 1'000'000u);
  EXPECT_EQ(loss("1.0"), 1'000'000u);
  for (const char* wrong : {"0.0000001", "1.000001", "-0.1", "5e-2", "2", "\"0.1\""}) {
    EXPECT_NE(complaint_about("\"network\": {\"loss\": " + std::string(wrong) + "}")
                  .find("expected a number from 0 to 1 with at most six decimals, such as 0.05"),
              std::string::npos)
        << wrong;
  }
}

TEST(Scenario, ZonesHaveALatencyBetweenThem) {
  const Scenario scenario = scenario_with(
      R"("nodes": {"east": ["a"], "west": ["b"]},
         "network": {"latency": "1ms", "between_zones": "40ms", "clients": "2ms"})");
  EXPECT_EQ(scenario.network.between_zones->quantile(0), milliseconds(40));
  EXPECT_EQ(scenario.network.clients->quantile(0), milliseconds(2));
  EXPECT_EQ(complaint_about(R"("network": {"between_zones": "40ms"})"),
            "there are no zones: write 'nodes' as an object such as {\"east\": [\"node1\"]}");
}

TEST(Scenario, AWorkloadHasAClientUnlessItSaysMore) {
  EXPECT_EQ(scenario_with(R"("workload": {})").workload.clients, 1u);
  const WorkloadSpec workload =
      scenario_with(
          R"("workload": {"clients": 3, "rate": 7, "keys": 2, "reads": 0.25, "deletes": 0.1,
             "value_bytes": "1KiB", "start": "1s", "stop": "9s", "timeout": "3s", "strays": 0.5},
             "clocks": {"drift_ppm": 200})")
          .workload;
  EXPECT_EQ(workload.clients, 3u);
  EXPECT_EQ(workload.rate, 7u);
  EXPECT_EQ(workload.keys, 2u);
  EXPECT_EQ(workload.reads, Chance{250'000});
  EXPECT_EQ(workload.deletes, Chance{100'000});
  EXPECT_EQ(workload.value_bytes, 1024u);
  EXPECT_EQ(workload.start, Instant{} + seconds(1));
  EXPECT_EQ(workload.stop, Instant{} + seconds(9));
  EXPECT_EQ(workload.timeout, seconds(3));
  EXPECT_EQ(workload.strays, Chance{500'000});
}

TEST(Scenario, RefusesAWorkloadThatContradictsItself) {
  EXPECT_EQ(complaint_about(R"("workload": {"reads": 0.6, "deletes": 0.5})"),
            "'reads' and 'deletes' are more than 1 together");
  EXPECT_EQ(complaint_about(R"("workload": {"start": "9s", "stop": "3s"})"),
            "'stop' must be later than 'start'");
  EXPECT_EQ(complaint_about(R"("workload": {"stop": "2m"})"),
            "'stop' is 2m, but the scenario ends at 1m (run_for)");
  EXPECT_EQ(complaint_about(R"("workload": {"rate": 0})"),
            "expected a whole number from 1 to 1000000, found the number 0");
  EXPECT_EQ(complaint_about(R"("workload": [])"),
            "expected an object with clients, rate, keys, reads, deletes, follower_reads, once, "
            "expiring, ttl, value_bytes, start, stop, timeout, strays, found an empty list");
}

TEST(Scenario, ChaosEndsBeforeTheScenarioDoes) {
  const Scenario scenario =
      scenario_with(R"("chaos": {"from": "2s", "until": "40s", "faults": ["crash", "loss"]})");
  EXPECT_EQ(scenario.chaos->from, Instant{} + seconds(2));
  EXPECT_EQ(scenario.chaos->until, Instant{} + seconds(40));
  EXPECT_EQ(scenario.chaos->faults, (std::vector<std::string>{"crash", "loss"}));
  EXPECT_EQ(complaint_about(R"("chaos": {})"), "'chaos' needs the key 'until'");
  EXPECT_EQ(complaint_about(R"("chaos": {"until": "61s"})"),
            "'until' is 61s, but the scenario ends at 1m (run_for)");
  EXPECT_EQ(complaint_about(R"("chaos": {"from": "3s", "until": "3s"})"),
            "'until' must be later than 'from'");
  EXPECT_EQ(complaint_about(R"("chaos": {"until": "9s", "faults": ["crahs"]})"),
            "expected a class of faults, found the text 'crahs'; did you mean 'crash'?");
}

TEST(Scenario, NoTimeIsSoLongThatSumsOverflow) {
  EXPECT_EQ(complaint_about(R"("network": {"latency": "50000m"})"),
            "'50000m' is longer than 43200m, the longest time that a scenario may name");
  EXPECT_EQ(complaint_about(R"("network": {"latency": "99999999999999999999s"})").substr(0, 40),
            "'99999999999999999999s' is no duration: ");
}

}  // namespace
}  // namespace kv::sim
