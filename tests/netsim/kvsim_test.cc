#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace kv::sim {
namespace {

namespace fs = std::filesystem;

/// What a program printed, errors among it, and how it ended.
struct Ended {
  int status{-1};
  std::string output{};
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The real program, in a folder of its own.
class Kvsim : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "kvsim-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Ended kvsim(const std::string& arguments) const {
    const std::string command =
        "cd '" + folder_.string() + "' && '" KVSIM_PATH "' " + arguments + " 2>&1";
    Ended ended;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return ended;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
      ended.output.append(buffer, got);
    const int status = ::pclose(pipe);
    if (WIFEXITED(status)) ended.status = WEXITSTATUS(status);
    return ended;
  }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string primary_failure() { return "'" KV_SCENARIO_DIR "/02-primary-failure.json'"; }

  fs::path folder_{};
};

constexpr const char* kSmall = R"({
  "title": "Small", "seed": 3, "nodes": 3, "timing": "lan", "run_for": "2s",
  "expect": [{"at": "end", "term": {"at_most": 9}, "caption": "The term stays low"}]
})";
constexpr const char* kWrong = R"({
  "title": "Small", "seed": 3, "nodes": 3, "timing": "lan", "run_for": "2s",
  "expect": [{"at": "end", "term": 1000}]
})";

TEST_F(Kvsim, TellsAPrimaryFailureWithTheDocumentsSteps) {
  const Ended ended = kvsim("run " + primary_failure());
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_TRUE(has(ended.output, "▶ 1. Primary (node1) crashes\n    5.000 s  node1   crashes\n"))
      << ended.output;
  EXPECT_TRUE(has(ended.output, "no word from node1 for "));
  EXPECT_TRUE(has(ended.output, "is PRIMARY and serves, "));
  EXPECT_TRUE(has(ended.output, "▶ 9. If node1 recovers, it becomes secondary"));
  EXPECT_TRUE(has(ended.output, "\nFailovers\n"));
  EXPECT_FALSE(has(ended.output, "✗")) << ended.output;
  EXPECT_TRUE(has(ended.output, "PASSED · same hash when run again ✓"));
  const std::string label = "\ntrace hash: ";
  const std::size_t last = ended.output.rfind(label);
  ASSERT_NE(last, std::string::npos);
  EXPECT_EQ(ended.output.size() - last - label.size(), 17U) << "the hash is not the last line";
}

TEST_F(Kvsim, UsesNoColoursInAPipe) {
  EXPECT_FALSE(has(kvsim("run " + primary_failure()).output, "\x1b"));
}

TEST_F(Kvsim, FailsWhenAnExpectationIsNotMet) {
  write("wrong.json", kWrong);
  const Ended ended = kvsim("run wrong.json");
  EXPECT_EQ(ended.status, 1);
  EXPECT_TRUE(has(ended.output, "✗ at the end: the term is 1000 — but it is ")) << ended.output;
  EXPECT_TRUE(has(ended.output, "FAILED"));
}

TEST_F(Kvsim, NamesThePlaceOfAMistakeInAScenario) {
  write("bad.json", "{\n  \"title\": \"T\",\n  \"run_for\": \"2s\", \"nodse\": 3\n}");
  for (const std::string command : {"run", "check"}) {
    const Ended ended = kvsim(command + " bad.json");
    EXPECT_EQ(ended.status, 2);
    EXPECT_TRUE(has(ended.output, "bad.json:3:")) << ended.output;
    EXPECT_TRUE(has(ended.output, "nodes")) << ended.output;
  }
}

TEST_F(Kvsim, SaysThatAScenarioIsGood) {
  write("small.json", kSmall);
  const Ended ended = kvsim("check small.json");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, "small.json: good (3 nodes, 0 steps, 1 expectation)\n");
}

TEST_F(Kvsim, SaysThatAFileIsMissing) {
  write("small.json", kSmall);
  const Ended ended = kvsim("run smal.json");
  EXPECT_EQ(ended.status, 2);
  EXPECT_TRUE(has(ended.output, "no file smal.json")) << ended.output;
  EXPECT_TRUE(has(ended.output, "small.json")) << ended.output;
}

TEST_F(Kvsim, RefusesWhatMakesNoSenseOnTheCommandLine) {
  const Ended unknown = kvsim("rum");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_TRUE(has(unknown.output, "no command 'rum'; did you mean 'run'?")) << unknown.output;
  EXPECT_EQ(kvsim("").status, 2);
  EXPECT_EQ(kvsim("run").status, 2);
  EXPECT_EQ(kvsim("run " + primary_failure() + " --speed fast").status, 2);
  EXPECT_EQ(kvsim("run " + primary_failure() + " --until soon").status, 2);
  EXPECT_EQ(kvsim("run " + primary_failure() + " --seed=-1").status, 2);
  EXPECT_EQ(kvsim("run " + primary_failure() + " --trace nowhere/out.jsonl").status, 2);
}

TEST_F(Kvsim, HelpsWithExamples) {
  const Ended ended = kvsim("--help");
  EXPECT_EQ(ended.status, 0);
  for (const char* command : {"run", "sweep", "merge", "replay", "diff", "pin", "check"}) {
    EXPECT_TRUE(has(ended.output, std::string("\n  ") + command + " ")) << command;
    EXPECT_TRUE(has(kvsim(std::string(command) + " --help").output, "Example")) << command;
  }
}

TEST_F(Kvsim, ChangesTheScenarioBySettings) {
  const Ended ended = kvsim("run " + primary_failure() + " --set nodes=5 --set run_for=30s");
  EXPECT_TRUE(has(ended.output, "5 nodes: node1, node2, node3, node4, node5")) << ended.output;
  EXPECT_TRUE(has(ended.output, "30 s simulated in "));
  EXPECT_EQ(kvsim("run " + primary_failure() + " --set nodse=5").status, 2);
}

TEST_F(Kvsim, TellsOnlyUpToATime) {
  const Ended ended = kvsim("run " + primary_failure() + " --until 4500ms");
  EXPECT_TRUE(has(ended.output, "… told until 4.500 s\n"));
  EXPECT_FALSE(has(ended.output, "▶ 1. Primary")) << ended.output;
  EXPECT_TRUE(has(ended.output, "PASSED"));
}

TEST_F(Kvsim, TellsEveryEventWhenAsked) {
  const Ended ended = kvsim("run " + primary_failure() + " --verbose");
  EXPECT_TRUE(has(ended.output, "sends ELECTION to node3 in term 1")) << "messages are missing";
}

TEST_F(Kvsim, PrintsTheResultAsJson) {
  const Ended ended = kvsim("run " + primary_failure() + " --json");
  const auto json = nlohmann::json::parse(ended.output, nullptr, false);
  ASSERT_TRUE(json.is_object()) << ended.output;
  EXPECT_EQ(json["passed"], true);
  EXPECT_EQ(json["same_hash_again"], true);
  EXPECT_EQ(json["seed"], 42);
  EXPECT_EQ(json["virtual_time_ns"], 40'000'000'000);
  ASSERT_EQ(json["failovers"].size(), 1U);
  EXPECT_EQ(json["failovers"][0]["old_primary"], "node1");
  EXPECT_EQ(json["trace_hash"].get<std::string>().size(), 16U);
}

TEST_F(Kvsim, WritesATraceThatCanBeRunAgain) {
  const Ended run =
      kvsim("run " + primary_failure() + " --seed 8 --set network.latency=1ms --trace a.jsonl");
  ASSERT_EQ(run.status, 0) << run.output;
  const Ended replay = kvsim("replay a.jsonl --until 6s");
  EXPECT_EQ(replay.status, 0) << replay.output;
  EXPECT_TRUE(has(replay.output, "▶ 1. Primary (node1) crashes"));
  EXPECT_TRUE(has(replay.output, "… told until 6.000 s"));
  EXPECT_TRUE(has(replay.output, "SAME"));
}

TEST_F(Kvsim, NoticesATraceOfAnotherCourseOfEvents) {
  write("small.json", kSmall);
  ASSERT_EQ(kvsim("run small.json --trace a.jsonl").status, 0);
  std::string text = read("a.jsonl");
  const std::size_t vote = text.find("\"granted\":true");
  ASSERT_NE(vote, std::string::npos);
  write("b.jsonl", text.replace(vote, 14, "\"granted\":false"));
  const Ended replay = kvsim("replay b.jsonl");
  EXPECT_EQ(replay.status, 1);
  EXPECT_TRUE(has(replay.output, "DIFFERENT")) << replay.output;
  EXPECT_TRUE(has(replay.output, "different builds"));
  EXPECT_EQ(kvsim("diff a.jsonl b.jsonl").status, 1);
}

TEST_F(Kvsim, RefusesToReplayWhatIsNoTrace) {
  write("small.json", kSmall);
  EXPECT_EQ(kvsim("replay small.json").status, 2);
  EXPECT_EQ(kvsim("replay nothing.jsonl").status, 2);
}

TEST_F(Kvsim, ShowsWhereTracesPart) {
  write("small.json", kSmall);
  ASSERT_EQ(kvsim("run small.json --trace a.jsonl").status, 0);
  ASSERT_EQ(kvsim("run small.json --trace b.jsonl").status, 0);
  ASSERT_EQ(kvsim("run small.json --seed 4 --trace c.jsonl").status, 0);
  const Ended equal = kvsim("diff a.jsonl b.jsonl");
  EXPECT_EQ(equal.status, 0) << equal.output;
  EXPECT_TRUE(has(equal.output, "The traces are equal"));
  const Ended different = kvsim("diff a.jsonl c.jsonl");
  EXPECT_EQ(different.status, 1);
  EXPECT_TRUE(has(different.output, "seed: 3 in A, 4 in B")) << different.output;
  EXPECT_EQ(kvsim("diff a.jsonl nothing.jsonl").status, 2);
}

TEST_F(Kvsim, PinsTheHashesOfScenariosThatPass) {
  write("small.json", kSmall);
  const Ended first = kvsim("pin small.json");
  EXPECT_EQ(first.status, 0) << first.output;
  EXPECT_TRUE(has(first.output, "new"));
  const auto hashes = nlohmann::json::parse(read("hashes.json"), nullptr, false);
  ASSERT_TRUE(hashes.is_object());
  const auto run = nlohmann::json::parse(kvsim("run small.json --json").output, nullptr, false);
  EXPECT_EQ(hashes["small"], run["trace_hash"]);
  EXPECT_TRUE(has(kvsim("pin small.json").output, "as before"));

  write("small.json", kWrong);
  EXPECT_EQ(kvsim("pin small.json").status, 1);
  EXPECT_EQ(nlohmann::json::parse(read("hashes.json"), nullptr, false), hashes);
}

}  // namespace
}  // namespace kv::sim
