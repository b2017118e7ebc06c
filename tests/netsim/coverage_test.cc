#include "netsim/coverage.h"

#include <gtest/gtest.h>

#include "coverage_report.h"
#include "netsim/simulation.h"
#include "netsim/swarm.h"

namespace kv::sim {
namespace {

Coverage coverage_of(std::uint64_t seed) {
  SwarmOptions options;
  options.length = kShortestSwarm;
  Simulation simulation(draw_swarm(options, seed), seed);
  simulation.watch_coverage();
  while (simulation.advance()) {
  }
  return *simulation.coverage();
}

TEST(Coverage, TheSwarmMeetsEverySituation) {
  Coverage all;
  const auto missing = [&] {
    std::string names;
    for (std::size_t i = 0; i < kMarks; ++i) {
      if (all.mark(i).hits == 0) names += "\n  " + std::string(mark_words()[i].name);
    }
    return names;
  };
  constexpr std::uint64_t kSeeds = 300;
  for (std::uint64_t seed = 1; seed <= kSeeds && !missing().empty(); ++seed)
    all.add(coverage_of(seed));
  EXPECT_EQ(missing(), "") << "never met with " << kSeeds << " seeds";
}

TEST(Coverage, WatchingChangesNothing) {
  const Scenario scenario = draw_swarm({}, 3);
  Simulation watched(scenario, 3);
  watched.watch_coverage();
  while (watched.advance()) {
  }
  EXPECT_EQ(watched.result().trace_hash, run(scenario, 3).trace_hash);
}

TEST(Coverage, CountsHitsAndTheRunsThatHaveSome) {
  const auto place = static_cast<std::size_t>(Mark::kSplitVote);
  Coverage one;
  one.hit(Mark::kSplitVote);
  one.hit(Mark::kSplitVote);
  one.hit_strike(1, 2, 3);
  one.end_run();
  Coverage two = one;
  two.add(one);
  EXPECT_EQ(two.mark(place), (Coverage::Counter{4, 2}));
  EXPECT_EQ(two.strike(1, 2, 3), (Coverage::Counter{2, 2}));
  EXPECT_EQ(two.strike(3, 2, 1), (Coverage::Counter{0, 0}));
}

TEST(Coverage, ItsJsonIsReadBack) {
  const Coverage coverage = coverage_of(2);
  const Result<Coverage> read = parse_coverage(to_json(coverage));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->counters(), coverage.counters());
  for (const char* text : {"{}", "[{}]", "[1]", R"([{"mark":"split vote","hits":1}])",
                           R"([{"mark":"no such","hits":1,"runs":1}])",
                           R"([{"fault":"crash","role":"x","phase":"idle","hits":1,"runs":1}])"}) {
    EXPECT_FALSE(parse_coverage(text)) << text;
  }
}

TEST(Coverage, NamesWhatWasNeverMet) {
  Coverage coverage;
  for (std::size_t i = 1; i < kMarks; ++i) coverage.hit(static_cast<Mark>(i));
  EXPECT_EQ(coverage_line(coverage), "Coverage: " + std::to_string(kMarks - 1) + " of " +
                                         std::to_string(kMarks) +
                                         " rare situations were met, but never: split vote.\n");
}

}  // namespace
}  // namespace kv::sim
