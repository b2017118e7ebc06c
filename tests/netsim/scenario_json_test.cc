// Texts that are no JSON, or worse.
#include <algorithm>

#include "scenario_reading.h"

namespace kv::sim {
namespace {

std::string error_of(const std::string& text) {
  const Result<Scenario> scenario = read_scenario(text, "x.json");
  return scenario ? "nothing" : scenario.error().message;
}

/// With every kind of member that there is.
constexpr std::string_view kRich = R"({
  "title": "Everything \u00fcber ünï", "why": "A test", "seed": 42, "run_for": "40s",
  "nodes": {"east": ["a", "b"], "west": ["c"]}, "primary": "a", "ack": "majority",
  "timing": {"like": "lan", "election_timeout": "1s..2s"}, "segment": "8KiB",
  "limits": {"max_append_bytes": 1000}, "disk": {"sync": {"min": "1ms", "max": "2ms"}},
  "network": {"latency": {"p50": "300us", "p99": "2ms"}, "between_zones": {"quantiles":
    {"0.5": "1ms", "0.9": "2ms"}}, "clients": {"usual": "1ms", "rare": "1s", "rare_share": 0.1},
    "loss": 0.05},
  "workload": {"clients": 2, "rate": 20, "reads": 0.5}, "clocks": {"drift_ppm": 100},
  "chaos": {"until": "30s", "faults": ["crash"]},
  "steps": [
    {"at": "1s", "set": "k", "value": {"n": [1, true, null]}, "to": "primary", "expect": "ok"},
    {"at": "2s", "get": "k", "expect": {"value": null}, "retry": true, "timeout": "1s"},
    {"at": "5s", "crash": "primary", "as": "old", "caption": "1. It crashes"},
    {"when": {"event": "RoleChanged", "term": 1}, "after": "1s", "cut": {"from": "b"},
      "only": ["ELECTION"]},
    {"at": "6s", "partition": [["a", "b"], ["c"]]}, {"at": "7s", "heal": "all"}
  ],
  "expect": [
    {"by": "15s", "primary": "not old"}, {"at": "end", "role": {"old": "secondary"}},
    {"term": {"at_least": 1}}, {"value": {"key": "k", "is": null, "on": "all"}},
    {"always": "linearizable"}, {"availability_at_least": 0.5}
  ]
})";

/// Reading ends, one way or the other, and an error says where.
void expect_answer(const std::string& text) {
  const std::string error = error_of(text);
  if (error == "nothing") return;
  for (std::size_t begin = 0; begin <= error.size();) {
    const std::size_t end = std::min(error.find('\n', begin), error.size());
    ASSERT_EQ(error.substr(begin, 7), "x.json:") << text;
    ASSERT_GT(end - begin, 10u) << text;
    begin = end + 1;
  }
}

TEST(ScenarioJson, TheRichExampleIsRight) {
  EXPECT_EQ(error_of(std::string(kRich)), "nothing");
}

TEST(ScenarioJson, NoCutMakesItRightOrCrashes) {
  for (std::size_t size = 0; size < kRich.size(); ++size) {
    const std::string text(kRich.substr(0, size));
    expect_answer(text);
    ASSERT_NE(error_of(text), "nothing") << size;
  }
}

TEST(ScenarioJson, NoChangeOfAByteCrashes) {
  for (std::size_t i = 0; i < kRich.size(); ++i) {
    std::string text(kRich);
    for (const char c : {'"', '}', '9', ',', '\xC3'}) {
      text[i] = c;
      expect_answer(text);
    }
    text.erase(i, 1);
    expect_answer(text);
    if (HasFatalFailure()) return;
  }
}

TEST(ScenarioJson, SaysWhatWasExpectedWhere) {
  EXPECT_EQ(error_of(""),
            "x.json:1:1: this isn't JSON: expected an object in braces, found the end "
            "of the file");
  EXPECT_EQ(error_of("{\"title\" \"T\"}"),
            "x.json:1:10: this isn't JSON: expected ':' behind the key, found '\"T\"'");
  EXPECT_EQ(error_of("{\"title\": \"T\"\n  \"seed\": 1}"),
            "x.json:2:3: this isn't JSON: expected ',' or '}', found '\"seed\"'");
  EXPECT_EQ(error_of("{\"nodes\": [\"a\" \"b\"]}"),
            "x.json:1:16: this isn't JSON: expected ',' or ']', found '\"b\"'");
  EXPECT_EQ(error_of("{\"seed\": }"), "x.json:1:10: this isn't JSON: expected a value, found '}'");
  EXPECT_EQ(
      error_of("{\"seed\": 1,\n}"),
      "x.json:2:1: this isn't JSON: expected another key in double quotes, found '}' (no comma "
      "may stand before it)");
  EXPECT_EQ(error_of("{seed: 1}"),
            "x.json:1:2: this isn't JSON: expected a key in double quotes, or '}', found 'seed'");
  EXPECT_EQ(error_of("{\"seed\": tru}"),
            "x.json:1:10: this isn't JSON: expected a value, found 'tru'");
  EXPECT_EQ(error_of("{\"seed\": 01}"),
            "x.json:1:11: this isn't JSON: expected ',' or '}', found '1'");
  EXPECT_EQ(error_of("{\"seed\": 1} x"),
            "x.json:1:13: this isn't JSON: expected the end of the file, found 'x'");
  EXPECT_EQ(error_of("{\"seed\": 1} {"),
            "x.json:1:13: this isn't JSON: expected the end of the file, found '{'");
  EXPECT_EQ(
      error_of("{ // a comment\n}"),
      "x.json:1:3: this isn't JSON: expected a key in double quotes, or '}', found '/' (JSON has "
      "no comments: use \"why\" and \"caption\")");
  EXPECT_EQ(error_of("{\"title\": \"T\n\"}"),
            "x.json:1:11: this isn't JSON: invalid string: control character U+000A (LF) must be "
            "escaped to \\u000A or \\n");
  EXPECT_EQ(error_of("{\"title\": \"T"),
            "x.json:1:11: this isn't JSON: invalid string: missing closing quote");
  EXPECT_EQ(error_of("{\"seed\": 1e999}"),
            "x.json:1:10: this isn't JSON: this number is too large");
  EXPECT_EQ(error_of("[]"),
            "x.json:1:1: expected an object with $schema, title, why, seed, nodes, "
            "primary, timing, ack, reads, lease_drift_ppm, limits, segment, run_for, network, "
            "disk, clocks, "
            "workload, chaos, steps, expect, found an empty list");
}

TEST(ScenarioJson, ColumnsCountCharactersNotBytes) {
  EXPECT_EQ(error_of("{\"title\": \"äöü€😀\", \"run_for\": 1}"),
            "x.json:1:31: expected a duration such as \"250ms\", found the number 1");
  EXPECT_EQ(error_of("\xEF\xBB\xBF{\"title\": \"T\", \"run_for\": 1}"),
            "x.json:1:27: expected a duration such as \"250ms\", found the number 1");
}

TEST(ScenarioJson, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(error_of("{\n\"title\": \"caf\xE9\"}"),
            "x.json:2:14: the byte 0xe9 isn't UTF-8: save the file in that encoding");
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80"}) {
    EXPECT_NE(error_of("{\"title\": \"" + std::string(bad) + "\"}").find("isn't UTF-8"),
              std::string::npos);
  }
  EXPECT_EQ(error_of(std::string("{}\0{}", 5)), "x.json:1:3: a zero byte isn't allowed here");
}

TEST(ScenarioJson, AKeyStandsOnce) {
  EXPECT_EQ(error_of("{\"title\": \"T\",\n\"run_for\": \"1s\",\n\"title\": \"U\"}"),
            "x.json:3:1: the key 'title' is here twice; the first one is in line 1");
  EXPECT_EQ(complaint_about(R"("steps": [{"at": "1s", "crash": "node1", "at": "2s"}])"),
            "the key 'at' is here twice; the first one is in line 1");
}

TEST(ScenarioJson, BoundsSizeAndDepth) {
  const auto nested = [](std::size_t depth) {
    return "\"steps\": [{\"at\": \"1s\", \"set\": \"k\", \"value\": " + std::string(depth, '[') +
           std::string(depth, ']') + "}]";
  };
  EXPECT_EQ(complaint_about(nested(61)), "nothing");
  EXPECT_EQ(complaint_about(nested(62)), "this is nested more than 64 deep");
  EXPECT_EQ(complaint_about(nested(100'000)), "this is nested more than 64 deep");
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, ' ')),
            "x.json has 1048577 bytes; a scenario has at most 1048576");
}

TEST(ScenarioJson, ManyProblemsEndInASum) {
  std::string steps;
  for (int i = 0; i < 150; ++i) steps += (steps.empty() ? "" : ", ") + std::string("1");
  const std::string error = error_of(scenario_text("\"steps\": [" + steps + "]"));
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 100);
  EXPECT_TRUE(error.ends_with("\nx.json: and 50 more problems"));
}

TEST(ScenarioJson, MessagesStayOnTheirLine) {
  EXPECT_EQ(complaint_about(R"("a\nb": 1)"), "there is no key 'a b' in a scenario");
  EXPECT_EQ(complaint_about("\"" + std::string(500, 'x') + "\": 1"),
            "there is no key '" + std::string(60, 'x') + "…' in a scenario");
}

}  // namespace
}  // namespace kv::sim
