// Sweeps: what is to be run, quantiles, tables, files and their merging.
#include <set>

#include <gtest/gtest.h>

#include "merge_command.h"
#include "progress_bar.h"
#include "sweep_files.h"
#include "sweep_summary.h"
#include "sweep_table.h"

namespace kv::sim {
namespace {

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "nothing" : result.error().message;
}

SweepPlan plan_with(std::vector<Vary> vary, SeedRange seeds, Shard shard = {}) {
  SweepPlan plan;
  plan.file = "a.json";
  plan.title = "A";
  plan.version = "1";
  plan.vary = std::move(vary);
  plan.seeds = seeds;
  plan.shard = shard;
  return plan;
}

SweepRun passed_run(std::uint64_t item) {
  SweepRun run;
  run.item = item;
  run.passed = true;
  run.trace_hash = item * 7 + 1;
  run.virtual_time = seconds(40);
  run.events = 1000 + item;
  run.elections = 2;
  run.term = 1;
  run.failovers = 1;
  run.failover_times = {milliseconds(5000 + static_cast<std::int64_t>(item))};
  run.unavailable = run.failover_times[0];
  run.operations = 100;
  run.ok = 99;
  run.unknown = 1;
  return run;
}

/// A sweep that did every item of its shard.
SweepResults results_of(const SweepPlan& plan) {
  SweepResults results;
  results.plan = plan;
  results.wall_time = seconds(2);
  for (std::uint64_t item = 0; item < plan.items(); ++item) {
    if (plan.in_shard(item)) results.runs.push_back(passed_run(item));
  }
  return results;
}

TEST(SweepOptions, SeedsAreARangeOrOne) {
  EXPECT_EQ(*parse_seeds("1..10000"), (SeedRange{1, 10000}));
  EXPECT_EQ(*parse_seeds("7"), (SeedRange{7, 7}));
  EXPECT_EQ(error_of(parse_seeds("10..1")), "--seeds 10..1 runs backwards: write 1..10.");
  for (const char* const bad : {"", "1..", "..5", "1...5", "-1..5", "1..x", "1-5", " 1..2"}) {
    EXPECT_NE(error_of(parse_seeds(bad)).find("is no range"), std::string::npos) << bad;
  }
}

TEST(SweepOptions, ShardsCountFromOne) {
  EXPECT_EQ(*parse_shard("2/8"), (Shard{2, 8}));
  EXPECT_EQ(error_of(parse_shard("0/8")),
            "--shard 0/8: shards are numbered from 1 to 8, not from 0.");
  EXPECT_EQ(error_of(parse_shard("9/8")), "--shard 9/8: shards are numbered from 1 to 8.");
  EXPECT_EQ(error_of(parse_shard("1/0")),
            "--shard 1/0: there must be at least one shard, as in 1/1.");
  for (const char* const bad : {"", "2", "2/", "/2", "a/b", "1/2/3"}) {
    EXPECT_NE(error_of(parse_shard(bad)).find("is no shard"), std::string::npos) << bad;
  }
}

TEST(SweepOptions, VariedValuesAreCutAtCommasOutsideOfJson) {
  EXPECT_EQ(*parse_vary("timing.election_timeout=1s..2s,5s..8s"),
            (Vary{"timing.election_timeout", {"1s..2s", "5s..8s"}}));
  EXPECT_EQ(*parse_vary(R"(network.latency={"min":"1ms","max":"2ms"},"a,\"b",[1,2])"),
            (Vary{"network.latency", {R"({"min":"1ms","max":"2ms"})", R"("a,\"b")", "[1,2]"}}));
  EXPECT_EQ(error_of(parse_vary("nodes=3,,5")),
            "--vary nodes=3,,5: a value is missing before or behind a comma.");
  EXPECT_EQ(error_of(parse_vary("nodes=3,5,3")), "--vary nodes=3,5,3: the value 3 is there twice.");
  for (const char* const bad : {"nodes", "=3", ""}) {
    EXPECT_NE(error_of(parse_vary(bad)).find("write a path"), std::string::npos) << bad;
  }
}

TEST(SweepPlan, NumbersAllVariationsOfASeedBeforeTheNextSeed) {
  const SweepPlan plan = plan_with({{"nodes", {"3", "5"}}, {"x", {"a", "b", "c"}}}, {10, 12});
  EXPECT_EQ(plan.items(), 18u);
  EXPECT_EQ(plan.seed_of(0), 10u);
  EXPECT_EQ(plan.seed_of(5), 10u);
  EXPECT_EQ(plan.seed_of(17), 12u);
  std::set<std::vector<std::string>> variations;
  for (std::uint64_t item = 0; item < 6; ++item) {
    variations.insert(plan.values_of(plan.variation_of(item)));
  }
  EXPECT_EQ(variations.size(), 6u);
  EXPECT_EQ(plan.settings_of(1), (Settings{"nodes=3", "x=b"}));
}

TEST(SweepPlan, ShardsHaveEachItemOnce) {
  for (std::uint64_t count = 1; count <= 20; ++count) {
    std::uint64_t sum = 0;
    SweepPlan plan = plan_with({{"nodes", {"3", "5"}}}, {1, 7});
    std::vector<int> taken(plan.items());
    for (std::uint64_t index = 1; index <= count; ++index) {
      plan.shard = {index, count};
      sum += plan.items_of_shard();
      for (std::uint64_t item = 0; item < plan.items(); ++item)
        taken[item] += plan.in_shard(item) ? 1 : 0;
    }
    EXPECT_EQ(sum, plan.items());
    EXPECT_EQ(taken, std::vector<int>(plan.items(), 1));
  }
}

TEST(SweepPlan, GivesTheCommandThatRepeatsARunAsAShellTakesIt) {
  SweepPlan plan = plan_with({{"nodes", {"3", "5"}}}, {1, 9});
  plan.file = "my file.json";
  plan.set = {"title=it's"};
  EXPECT_EQ(plan.replay_command(3),
            R"(kvsim run 'my file.json' --seed 2 --set 'title=it'\''s' --set nodes=5)");
}

TEST(SweepPlan, RefusesSizesThatCannotBeDone) {
  EXPECT_TRUE(check_size(plan_with({}, {1, 10'000})));
  EXPECT_NE(error_of(check_size(plan_with({}, {0, ~std::uint64_t{0}}))).find("take fewer seeds"),
            std::string::npos);
  EXPECT_NE(
      error_of(check_size(plan_with({}, {1, 100'000'000}))).find("split it with --shard i/10"),
      std::string::npos);
  EXPECT_NE(error_of(check_size(plan_with({}, {1, 2}, {3, 3}))).find("there are only 2 runs"),
            std::string::npos);
}

TEST(Quantiles, AreValuesByNearestRank) {
  std::vector<Duration> values;
  for (std::int64_t i = 100; i >= 1; --i) values.push_back(seconds(i));
  const auto of_100 = quantiles(values);
  ASSERT_TRUE(of_100);
  EXPECT_EQ(of_100->p50, seconds(50));
  EXPECT_EQ(of_100->p90, seconds(90));
  EXPECT_EQ(of_100->p99, seconds(99));
  EXPECT_EQ(of_100->max, seconds(100));
  EXPECT_EQ(quantile({seconds(1), seconds(2), seconds(3)}, 50), seconds(2));
  EXPECT_EQ(quantile({seconds(1), seconds(2)}, 50), seconds(1));
  EXPECT_EQ(quantile({seconds(1), seconds(2)}, 51), seconds(2));
  EXPECT_EQ(quantile({seconds(9)}, 1), seconds(9));
  EXPECT_FALSE(quantiles({}));
}

TEST(SweepSummary, CountsRunsThatDiedAsFailedAndMeasuresTheOthers) {
  SweepResults results = results_of(plan_with({{"nodes", {"3", "5"}}}, {1, 3}));
  results.runs[2] = lost_run(2, "CHECK(x) failed");
  results.runs[3].failovers = 2;
  const std::vector<VariationSummary> all = summaries(results);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].runs, 3u);
  EXPECT_EQ(all[0].failed, 1u);
  EXPECT_EQ(all[0].completed, 2u);
  EXPECT_EQ(all[0].operations, 200u);
  EXPECT_EQ(all[0].failover_time->max, milliseconds(5004));
  EXPECT_EQ(all[1].failed, 0u);
  EXPECT_EQ(all[1].failovers, 4u);
  EXPECT_EQ(all[1].unended_failovers, 1u);
  EXPECT_EQ(all[1].unavailable->p50, milliseconds(5003));
}

TEST(SweepTable, AlignsNamesLeftAndNumbersRight) {
  EXPECT_EQ(align({{"", "nodes", false, {"3", "5 × x"}},
                   {"", "runs", true, {"10,000", "7"}},
                   {"time", "p50", true, {"1 s", "20 ms"}},
                   {"time", "max", true, {"2 s", "-"}}}),
            "               -- time --\n"
            "nodes    runs    p50  max\n"
            "3      10,000    1 s  2 s\n"
            "5 × x       7  20 ms    -\n");
  EXPECT_EQ(align({{"long name", "a", true, {"1"}}, {"", "b", true, {"2"}}}),
            "- long name -\n"
            "            a  b\n"
            "            1  2\n");
}

TEST(SweepTable, TellsTheFirstTenFailuresAndHowToRepeatThem) {
  SweepResults results = results_of(plan_with({{"nodes", {"3", "5"}}}, {1, 6}));
  for (SweepRun& run : results.runs) {
    run.passed = false;
    run.checker = "durability";
    run.words = "at 1.000 s: an acknowledged write\nis gone";
  }
  const std::string text = report(results);
  EXPECT_NE(text.find("The first 10 of 12 failures:\n"
                      "  seed 1, nodes=3: durability\n"
                      "    at 1.000 s: an acknowledged write?is gone\n"
                      "    kvsim run a.json --seed 1 --set nodes=3\n"
                      "  seed 1, nodes=5: durability\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("seed 5, nodes=5"), std::string::npos);
  EXPECT_EQ(text.find("seed 6, nodes=3"), std::string::npos);
  EXPECT_NE(text.find("Seeds 1..6: 12 runs, 12 failed; 8 min 00 s of virtual time, 12,066 events."),
            std::string::npos)
      << text;
}

TEST(SweepTable, SaysWhatTheNumbersLeaveOut) {
  SweepResults results = results_of(plan_with({}, {1, 3}));
  results.runs[0].failovers = 3;
  results.runs[1].undecided = 1;
  results.runs.pop_back();
  results.end = SweepEnd::kInterrupted;
  const std::string text = report(results);
  EXPECT_NE(text.find("2 failovers had not ended"), std::string::npos) << text;
  EXPECT_NE(text.find("1 run has keys whose linearizability"), std::string::npos);
  EXPECT_NE(text.find("Interrupted after 2 of 3 runs."), std::string::npos);
}

TEST(ProgressBar, TellsShareRateTimeLeftAndFailures) {
  EXPECT_EQ(progress_line({4500, 10'000, 3, seconds(9)}, true),
            " 45 %  [#########...........]  4500 of 10000, 500 runs/s, 11 s left, 3 failed");
  EXPECT_EQ(progress_line({0, 10, 0, seconds(1)}, false), "  0 %  0 of 10, 0.0 runs/s, 0 failed");
  EXPECT_EQ(progress_line({10, 10, 0, seconds(20)}, false),
            "100 %  10 of 10, 0.5 runs/s, 0 failed");
}

TEST(ProgressBar, IsALineEveryTenSecondsWithoutATerminal) {
  ProgressBar lines(ProgressStyle::kLines);
  EXPECT_EQ(lines.update({1, 10, 0, seconds(9)}), "");
  EXPECT_TRUE(lines.update({1, 10, 0, seconds(10)}).ends_with("failed\n"));
  EXPECT_EQ(lines.update({2, 10, 0, seconds(19)}), "");
  EXPECT_NE(lines.update({2, 10, 0, seconds(20)}), "");
  EXPECT_EQ(lines.clear(), "");
  ProgressBar none(ProgressStyle::kNone);
  EXPECT_EQ(none.update({1, 10, 0, seconds(99)}), "");
}

TEST(ProgressBar, StaysInOneLineOfATerminalAndGoesAway) {
  ProgressBar bar(ProgressStyle::kBar);
  EXPECT_EQ(bar.clear(), "");
  EXPECT_TRUE(bar.update({1, 10, 0, seconds(1)}).starts_with("\r\x1B[K"));
  EXPECT_EQ(bar.update({1, 10, 0, seconds(1) + milliseconds(50)}), "");
  EXPECT_EQ(bar.clear(), "\r\x1B[K");
}

TEST(SweepFiles, GiveBackWhatWasWritten) {
  SweepResults results = results_of(plan_with({{"x", {R"({"a": 1})", "b"}}}, {5, 7}, {1, 2}));
  results.runs[1] = lost_run(2, "said \"no\"\nand died");
  results.plan.set = {"title=é"};
  results.plan.scenario_hash = 0xFEDCBA9876543210;
  const Result<SweepResults> read = parse_json(to_json(results), "a");
  ASSERT_TRUE(read) << error_of(read);
  EXPECT_EQ(read->runs, results.runs);
  EXPECT_EQ(read->plan.vary, results.plan.vary);
  EXPECT_EQ(read->plan.set, results.plan.set);
  EXPECT_EQ(read->plan.scenario_hash, results.plan.scenario_hash);
  EXPECT_EQ(to_json(*read), to_json(results));
}

TEST(SweepFiles, CsvHasALineARunWithQuotedWords) {
  SweepResults results = results_of(plan_with({{"nodes", {"3", "[1,2]"}}}, {5, 5}));
  results.runs[1].passed = false;
  results.runs[1].checker = "durability";
  results.runs[1].words = "a \"b\", c";
  EXPECT_EQ(to_csv(results),
            "nodes,seed,passed,trace_hash,events,elections,term,failovers,longest_failover_ms,"
            "unavailable_ms,operations,ok,refused,unknown,checker,words\n"
            "3,5,true,0000000000000001,1000,2,1,1,5000.000,5000.000,100,99,0,1,,\"\"\n"
            "\"[1,2]\",5,false,0000000000000008,1001,2,1,1,5001.000,5001.000,100,99,0,1,"
            "durability,\"a \"\"b\"\", c\"\n");
}

TEST(SweepFiles, RefuseWhatIsNoResult) {
  const auto complaint = [](const std::string& text) {
    return error_of(parse_json(text, "a.json"));
  };
  const std::string good = to_json(results_of(plan_with({}, {1, 2})));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return complaint(text.replace(at, from.size(), to));
  };
  EXPECT_EQ(complaint(good), "nothing");
  EXPECT_NE(complaint(good.substr(0, good.size() / 2)).find("a.json: it is no JSON from byte"),
            std::string::npos);
  for (const char* const other : {"[]", "{}", "7", R"({"format": 1})"}) {
    EXPECT_NE(complaint(other).find("this is no result of a sweep"), std::string::npos) << other;
  }
  EXPECT_EQ(with("\"item\":1", "\"item\":0"),
            "a.json: run 1 (from 0): 'seed' is not the one of 'item'.");
  EXPECT_EQ(with("\"item\":1", "\"item\":9"),
            "a.json: run 1 (from 0): 'item' is larger than the sweep.");
  EXPECT_EQ(with("\"item\":1,\"values\":[],\"seed\":2", "\"item\":0,\"values\":[],\"seed\":1"),
            "a.json: run 1 (from 0): item 0 is there twice, or out of order.");
  EXPECT_EQ(with("\"events\":1000", "\"events\":-1"),
            "a.json: run 0 (from 0): 'events' is no whole number from 0.");
  EXPECT_EQ(with("\"ok\":99,", ""), "a.json: run 0 (from 0): 'ok' is missing.");
  EXPECT_EQ(with("1..2", "2..1"), "a.json: --seeds 2..1 runs backwards: write 1..2.");
  EXPECT_NE(with("\"vary\": []", R"("vary": [{"key": "x", "values": []}])").find("is empty"),
            std::string::npos);
}

std::vector<ShardFile> shards_of(SweepPlan plan, std::uint64_t count) {
  std::vector<ShardFile> files;
  for (std::uint64_t index = count; index >= 1; --index) {
    plan.shard = {index, count};
    files.push_back({std::to_string(index) + ".json", results_of(plan)});
  }
  return files;
}

TEST(Merge, GivesWhatOneSweepWouldHaveGiven) {
  const SweepPlan plan = plan_with({{"nodes", {"3", "5"}}}, {1, 25});
  SweepResults whole = results_of(plan);
  for (const std::uint64_t count : {1u, 2u, 3u, 7u}) {
    const Result<MergedSweep> merged = merge_shards(shards_of(plan, count));
    ASSERT_TRUE(merged) << error_of(merged);
    EXPECT_TRUE(merged->missing.empty());
    whole.wall_time = merged->results.wall_time;
    EXPECT_EQ(to_json(merged->results), to_json(whole));
    EXPECT_EQ(to_csv(merged->results), to_csv(whole));
    EXPECT_EQ(report(merged->results), report(whole));
  }
}

TEST(Merge, SaysWhichRunsAreMissing) {
  std::vector<ShardFile> files = shards_of(plan_with({}, {1, 12}), 4);
  files.erase(files.begin() + 1);        // shard 3
  files.back().results.runs.pop_back();  // of shard 1
  files.back().results.end = SweepEnd::kInterrupted;
  const Result<MergedSweep> merged = merge_shards(std::move(files));
  ASSERT_TRUE(merged) << error_of(merged);
  EXPECT_EQ(merged->missing,
            (std::vector<std::string>{
                "Shard 1/4 (1.json) has 2 of 3 runs: it was interrupted; do it again.",
                "Shard 3/4 is missing: kvsim sweep … --shard 3/4 --json FILE does it."}));
}

TEST(Merge, RefusesAnItemThatIsThereTwice) {
  std::vector<ShardFile> files = shards_of(plan_with({}, {1, 12}), 3);
  files.push_back(files[1]);
  files.back().name = "copy.json";
  EXPECT_EQ(error_of(merge_shards(std::move(files))),
            "2.json and copy.json are both shard 2/3: item 1 (seed 2) and all its others would be "
            "there twice. Leave one file out.");
}

TEST(Merge, RefusesWhatBelongsToAnotherSweep) {
  const auto complaint = [](auto change) {
    std::vector<ShardFile> files = shards_of(plan_with({{"nodes", {"3"}}}, {1, 12}), 2);
    change(files[1].results.plan);
    return error_of(merge_shards(std::move(files)));
  };
  const std::string apart = "2.json and 1.json don't belong to one campaign: ";
  EXPECT_EQ(complaint([](SweepPlan& plan) { plan.scenario_hash = 1; }),
            apart + "the scenario's text differs.");
  EXPECT_EQ(complaint([](SweepPlan& plan) { plan.version = "2"; }),
            apart + "kvsim's version (1, 2) differs.");
  EXPECT_EQ(complaint([](SweepPlan& plan) { plan.set = {"a=1"}; }), apart + "--set differs.");
  EXPECT_EQ(complaint([](SweepPlan& plan) { plan.vary[0].values = {"5"}; }),
            apart + "--vary differs.");
  EXPECT_EQ(complaint([](SweepPlan& plan) { plan.seeds.last = 13; }),
            apart + "--seeds (1..12, 1..13) differs.");
  EXPECT_EQ(complaint([](SweepPlan& plan) { plan.shard.count = 3; }),
            apart + "the number of shards (2/2, 1/3) differs.");
}

TEST(SweepRun, ThatIsAnotherOneWhenRepeatedFailed) {
  SweepRun run = passed_run(3);
  compare_with_repetition(run, run.trace_hash);
  EXPECT_TRUE(run.passed);
  compare_with_repetition(run, 5);
  EXPECT_FALSE(run.passed);
  EXPECT_EQ(run.checker, "determinism");
  EXPECT_EQ(run.words,
            "the same seed gave another run: trace hash 0000000000000016, then 0000000000000005");
}

}  // namespace
}  // namespace kv::sim
