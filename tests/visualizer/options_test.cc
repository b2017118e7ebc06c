#include "hosts/options.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "hosts/opening.h"

namespace kv::viz {
namespace {

using Arguments = std::vector<std::string>;

Options accepted(const Arguments& arguments) {
  const auto parsed = parse_options(arguments);
  if (const auto* usage = std::get_if<UsageExit>(&parsed)) {
    ADD_FAILURE() << usage->text;
    return {};
  }
  return std::get<Options>(parsed);
}

/// The message of a usage error; it must exit with status 2.
std::string refusal(const Arguments& arguments) {
  const auto parsed = parse_options(arguments);
  const auto* usage = std::get_if<UsageExit>(&parsed);
  if (usage == nullptr) return "(accepted)";
  EXPECT_EQ(usage->status, 2);
  return usage->text;
}

void expect_refusal(const Arguments& arguments, const std::string& words) {
  const std::string message = refusal(arguments);
  EXPECT_NE(message.find(words), std::string::npos) << "no '" << words << "' in: " << message;
}

TEST(VizOptions, OpenNothingByThemselves) {
  const Options options = accepted({});
  EXPECT_EQ(options.open, Options::Open::kNothing);
  EXPECT_EQ(options.width, 1600);
  EXPECT_EQ(options.height, 900);
  EXPECT_FALSE(options.headless());
}

TEST(VizOptions, NameOneSource) {
  EXPECT_EQ(accepted({"a.json"}).open, Options::Open::kFile);
  EXPECT_EQ(accepted({"--scenario", "a.json"}).open, Options::Open::kScenario);
  EXPECT_EQ(accepted({"--trace", "a.jsonl"}).open, Options::Open::kTrace);
  EXPECT_EQ(accepted({"--trace", "a.jsonl"}).file, "a.jsonl");
  expect_refusal({"a.json", "--trace", "b.jsonl"}, "is enough");
  expect_refusal({"a.json", "b.json"}, "b.json");
}

TEST(VizOptions, NameRunningNodes) {
  const Options named = accepted({"--cluster", "b=127.0.0.1:6380,a=127.0.0.1:6379"});
  EXPECT_EQ(named.open, Options::Open::kCluster);
  EXPECT_TRUE(named.names_known);
  EXPECT_EQ(named.cluster.names(), "a, b");
  const Options unnamed = accepted({"--connect", "127.0.0.1:6379,[::1]:6380"});
  EXPECT_EQ(unnamed.open, Options::Open::kCluster);
  EXPECT_FALSE(unnamed.names_known);
  ASSERT_EQ(unnamed.cluster.members.size(), 2U);
  EXPECT_EQ(unnamed.cluster.members[1].address(), "[::1]:6380");
  expect_refusal({"--connect", "127.0.0.1"}, "--connect 127.0.0.1: give where clients reach");
  expect_refusal({"--cluster", "127.0.0.1:6379"}, "--cluster 127.0.0.1:6379: ");
}

TEST(VizOptions, ChangeOnlyScenarios) {
  const Options options = accepted({"a.json", "--seed", "7", "--set", "nodes=5", "--set", "x=1"});
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.settings, (sim::Settings{"nodes=5", "x=1"}));
  expect_refusal({"--trace", "a.jsonl", "--seed", "7"}, "need a scenario");
  expect_refusal({"--set", "nodes=5"}, "need a scenario");
  expect_refusal({"a.json", "--seed", "-1"}, "--seed -1: give a whole number");
}

TEST(VizOptions, ReadTimesWithDecimals) {
  EXPECT_EQ(parse_time("12.5s").value(), milliseconds(12'500));
  EXPECT_EQ(parse_time("0.25ms").value(), microseconds(250));
  EXPECT_EQ(parse_time("1.5m").value(), seconds(90));
  EXPECT_EQ(parse_time("3s").value(), seconds(3));
  EXPECT_EQ(parse_time("1.000000001s").value(), nanoseconds(1'000'000'001));
  for (const std::string_view wrong : {"", "12.5", "12", ".5s", "1.s", "1.5.5s", "-1.5s", "1.-5s",
                                       "1.99999999999999999999s", "1.5x"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
}

TEST(VizOptions, SayWhatToShow) {
  const Options options = accepted(
      {"a.json",   "--at",    "12.5s",    "--speed",        "0.5",          "--zoom",   "4s..16.5s",
       "--select", "node2",   "--panel",  "logs",           "--size",       "1280x720", "--scale",
       "1.5",      "--light", "--charts", "--builtin-font", "--screenshot", "out.png"});
  EXPECT_EQ(options.at, milliseconds(12'500));
  EXPECT_EQ(options.speed, 0.5);
  EXPECT_FALSE(options.zoom.whole);
  EXPECT_EQ(options.zoom.from, Instant{} + seconds(4));
  EXPECT_EQ(options.zoom.to, Instant{} + milliseconds(16'500));
  EXPECT_EQ(options.panel, Panel::kLogs);
  EXPECT_EQ(options.width, 1280);
  EXPECT_EQ(options.height, 720);
  EXPECT_EQ(options.scale, 1.5F);
  EXPECT_TRUE(options.light && options.charts && options.builtin_font && options.headless());
}

TEST(VizOptions, RefuseWhatMakesNoSense) {
  expect_refusal({"a", "--at", "12.5"}, "--at 12.5: '12.5' is no time");
  expect_refusal({"a", "--speed", "0"}, "--speed 0: give a number from 0.001 to 1000");
  expect_refusal({"a", "--speed", "nan"}, "--speed nan: ");
  expect_refusal({"a", "--zoom", "4s"}, "--zoom 4s: ");
  expect_refusal({"a", "--zoom", "5s..4s"}, "must be the later one");
  expect_refusal({"a", "--panel", "stages"}, "choose stage, timeline");
  for (const char* const size : {"1600", "1600x", "x900", "10x10", "99999x900", "1600x900x3"})
    expect_refusal({"a", "--size", size}, "as in 1600x900");
  expect_refusal({"a", "--scale", "9"}, "--scale 9: ");
  expect_refusal({"a", "--screenshot", "out.jpg"}, "ends in .png");
  expect_refusal({"a", "--screenshot", "out.png", "--measure", "3"}, "one at a time");
  expect_refusal({"--measure", "3"}, "give a FILE");
  expect_refusal({"a", "--colour"}, "--colour");
}

TEST(VizOptions, DescribeAFilm) {
  const Options options =
      accepted({"a", "--record", "film", "--fps", "25", "--from", "4s", "--to", "16s"});
  ASSERT_TRUE(options.film);
  EXPECT_EQ(options.film->folder, "film");
  EXPECT_EQ(options.film->frames_per_second, 25U);
  EXPECT_EQ(options.film->from, seconds(4));
  EXPECT_EQ(options.film->to, seconds(16));
  expect_refusal({"a", "--fps", "25"}, "need --record");
  expect_refusal({"a", "--record", "film", "--fps", "0"}, "--fps 0: ");
  expect_refusal({"a", "--record", "film", "--from", "5s", "--to", "4s"}, "later than --from 5s");
  expect_refusal({"a", "--record", "film", "--at", "5s"}, "--at is for one picture");
  expect_refusal({"--record", "film"}, "needs a scenario or a trace");
}

TEST(VizOptions, ExplainThemselves) {
  const auto help = parse_options({"--help"});
  ASSERT_TRUE(std::holds_alternative<UsageExit>(help));
  EXPECT_EQ(std::get<UsageExit>(help).status, 0);
  const std::string& text = std::get<UsageExit>(help).text;
  for (const std::string_view part : {"Examples:", "--screenshot", "--connect", "Exit status"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  const auto version = parse_options({"--version"});
  ASSERT_TRUE(std::holds_alternative<UsageExit>(version));
  EXPECT_TRUE(std::get<UsageExit>(version).text.starts_with("kvviz "));
}

ClusterInfo three_nodes() {
  return {"Three", {"node1", "node2", "node3"}, {}};
}

TEST(VizSelection, NamesANodeALinkOrAnEntry) {
  const Result<Selection> node = parse_selection("node2", three_nodes());
  ASSERT_TRUE(node);
  EXPECT_EQ(node->kind, Selection::Kind::kNode);
  EXPECT_EQ(node->node, 2U);
  const Result<Selection> link = parse_selection("link:node1:node3", three_nodes());
  ASSERT_TRUE(link);
  EXPECT_EQ(link->kind, Selection::Kind::kLink);
  EXPECT_EQ(link->node, 1U);
  EXPECT_EQ(link->to, 3U);
  const Result<Selection> entry = parse_selection("entry:46:1", three_nodes());
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kind, Selection::Kind::kEntry);
  EXPECT_EQ(entry->index, 46U);
  EXPECT_EQ(entry->term, 1U);
}

TEST(VizSelection, RefusesWhatIsNotThere) {
  for (const std::string_view wrong :
       {"node4", "", "link:node1", "link:node1:node1", "link:node1:node9", "entry:0:1", "entry:46",
        "entry:x:1", "entry:46:1:2"}) {
    const Result<Selection> selection = parse_selection(wrong, three_nodes());
    ASSERT_FALSE(selection) << wrong;
    EXPECT_NE(selection.error().message.find("node1, node2, node3"), std::string::npos);
  }
}

}  // namespace
}  // namespace kv::viz
