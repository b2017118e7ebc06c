#include "hosts/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>

#include "core/duration_text.h"
#include "model/playback.h"

namespace kv::viz {
namespace {

constexpr int kUsageStatus = 2;

constexpr const char* kExamples = R"(
Examples:
  kvviz                                              choose among the scenarios here
  kvviz scenarios/02-primary-failure.json            watch a primary fail
  kvviz FILE --seed 7 --set nodes=5                  another course of events
  kvviz failed.jsonl --at 12.5s                      a trace of kvsim, at a moment
  kvviz --connect 127.0.0.1:6379,127.0.0.1:6380,127.0.0.1:6381
                                                     running nodes, live
Without a display:
  kvviz FILE --at 12.5s --select node2 --screenshot election.png
  kvviz FILE --record film --from 4s --to 16s --speed 0.5

H shows the keys. Exit status: 0 done, 1 it can't be done, 2 wrong usage.)";

/// Options as they were typed; empty: not given.
struct Typed {
  std::string file{};
  std::string scenario{};
  std::string trace{};
  std::string connect{};
  std::string cluster{};
  std::string seed{};
  std::vector<std::string> settings{};
  std::string at{};
  std::string speed{};
  std::string zoom{};
  std::string select{};
  std::string panel{};
  std::string size{};
  std::string scale{};
  bool light{false};
  bool charts{false};
  bool builtin_font{false};
  std::string screenshot{};
  std::string record{};
  std::string frames_per_second{};
  std::string from{};
  std::string to{};
  std::string measure{};
  std::string frames{};
  std::string last_frame{};
};

void declare_sources(CLI::App& app, Typed& typed) {
  app.add_option("FILE", typed.file, "A scenario or a trace");
  app.add_option("--scenario", typed.scenario, "A scenario to rehearse")->type_name("FILE");
  app.add_option("--trace", typed.trace, "A trace to watch: kvsim run --trace writes them")
      ->type_name("FILE");
  app.add_option("--connect", typed.connect, "Running nodes to watch, all of a cluster")
      ->type_name("HOST:PORT,...");
  app.add_option("--cluster", typed.cluster, "The same with their names, as kvnode has it")
      ->type_name("NAME=HOST:PORT,...");
  app.add_option("--seed", typed.seed, "Decides all that is left to chance in a scenario")
      ->type_name("N");
  app.add_option("--set", typed.settings,
                 "Change the scenario before it is read: network.latency=20ms; can be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
}

void declare_view(CLI::App& app, Typed& typed) {
  app.add_option("--at", typed.at,
                 "Begin at this time: 12.5s; of running nodes, watch them so long for a picture")
      ->type_name("TIME");
  app.add_option("--speed", typed.speed, "Times real time, the same throughout: 0.5")
      ->type_name("N");
  app.add_option("--zoom", typed.zoom, "What the time axis shows: 4s..16s")->type_name("FROM..TO");
  app.add_option(
         "--select", typed.select,
         "node2, link:node1:node2 or entry:46:1 (index and term): the inspector tells of it")
      ->type_name("WHAT");
  app.add_option("--panel", typed.panel,
                 "What to show where there is no room for all: stage, timeline, logs, inspector, "
                 "scenario or charts")
      ->type_name("NAME");
  app.add_option("--size", typed.size, "Of the window or picture [1600x900]")
      ->type_name("WIDTHxHEIGHT");
  app.add_option("--scale", typed.scale, "Of everything in it [as the display has it, else 1]")
      ->type_name("N");
  app.add_flag("--light", typed.light, "Light colours");
  app.add_flag("--charts", typed.charts, "Charts where there is no room for them and the timeline");
  app.add_flag("--builtin-font", typed.builtin_font,
               "No font of this machine, so that a picture is the same on all");
}

void declare_pictures(CLI::App& app, Typed& typed) {
  app.add_option("--screenshot", typed.screenshot, "Write a picture instead of opening a window")
      ->type_name("FILE.png");
  app.add_option("--record", typed.record,
                 "Write a picture for each frame; a film too, if ffmpeg is installed")
      ->type_name("FOLDER");
  app.add_option("--fps", typed.frames_per_second, "Frames a second of --record [30]")
      ->type_name("N");
  app.add_option("--from", typed.from, "Where --record begins")->type_name("TIME");
  app.add_option("--to", typed.to, "Where --record ends")->type_name("TIME");
  app.add_option("--measure", typed.measure, "Tell how long N frames take, and jumps in time")
      ->type_name("N");
  // For tests of the window: not in the help.
  app.add_option("--frames", typed.frames)->group("");
  app.add_option("--last-frame", typed.last_frame)->group("");
}

Error option_error(std::string_view option, std::string_view value, std::string_view problem) {
  return Error{std::string(option) + " " + std::string(value) + ": " + std::string(problem)};
}

/// All of `text` as a number, or nothing.
template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || rest != end) return std::nullopt;
  return number;
}

template <typename Number>
struct Range {
  Number least{};
  Number most{};
  std::string_view words{};  ///< what a person should write
};
constexpr Range<unsigned> kCount{1, 100'000, "a whole number from 1 to 100000"};
constexpr Range<unsigned> kFramesPerSecond{1, 120, "a whole number from 1 to 120"};
constexpr Range<std::uint64_t> kSeed{0, UINT64_MAX, "a whole number"};
constexpr Range<double> kSpeed{Playback::kSlowest, Playback::kFastest,
                               "a number from 0.001 to 1000"};
constexpr Range<float> kScale{0.5F, 4.0F, "a number from 0.5 to 4"};

template <typename Number>
Outcome read_number(std::string_view option, const std::string& text, const Range<Number>& range,
                    std::optional<Number>& number) {
  if (text.empty()) return success();
  number = number_in<Number>(text);
  if (number && *number >= range.least && *number <= range.most) return success();
  return option_error(option, text, "give " + std::string(range.words));
}

Outcome read_time(std::string_view option, const std::string& text, std::optional<Duration>& time) {
  if (text.empty()) return success();
  const Result<Duration> parsed = parse_time(text);
  if (!parsed) return option_error(option, text, parsed.error().message);
  time = *parsed;
  return success();
}

/// The cluster of --connect: its nodes get names for the time being.
Result<ClusterConfig> parse_addresses(std::string_view text) {
  std::string named;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t comma = text.find(',');
    if (!named.empty()) named += ',';
    named += "node" + std::to_string(number) + "=" + std::string(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return parse_cluster(named);
}

Outcome read_cluster(const Typed& typed, Options& options) {
  options.open = Options::Open::kCluster;
  options.names_known = typed.connect.empty();
  Result<ClusterConfig> cluster =
      options.names_known ? parse_cluster(typed.cluster) : parse_addresses(typed.connect);
  if (!cluster && options.names_known)
    return option_error("--cluster", typed.cluster, cluster.error().message);
  if (!cluster)
    return option_error("--connect", typed.connect,
                        "give where clients reach each node, as in "
                        "127.0.0.1:6379,127.0.0.1:6380,127.0.0.1:6381");
  options.cluster = std::move(*cluster);
  return success();
}

Outcome read_source(const Typed& typed, Options& options) {
  const std::array given{&typed.file, &typed.scenario, &typed.trace, &typed.connect,
                         &typed.cluster};
  const auto count = std::count_if(given.begin(), given.end(),
                                   [](const std::string* text) { return !text->empty(); });
  if (count > 1)
    return Error{"one of FILE, --scenario, --trace, --connect and --cluster is enough"};
  for (const auto& [text, open] : {std::pair{&typed.file, Options::Open::kFile},
                                   std::pair{&typed.scenario, Options::Open::kScenario},
                                   std::pair{&typed.trace, Options::Open::kTrace}}) {
    if (text->empty()) continue;
    options.open = open;
    options.file = *text;
  }
  if (!typed.connect.empty() || !typed.cluster.empty()) {
    const Outcome read = read_cluster(typed, options);
    if (!read) return read;
  }
  options.settings = typed.settings;
  const Outcome seed = read_number("--seed", typed.seed, kSeed, options.seed);
  if (!seed) return seed;
  const bool scenario =
      options.open == Options::Open::kFile || options.open == Options::Open::kScenario;
  if (scenario || (!options.seed && options.settings.empty())) return success();
  return Error{"--seed and --set need a scenario: what is recorded or running can't be changed"};
}

Outcome read_size(const std::string& text, Options& options) {
  constexpr int kLeastWidth = 320;
  constexpr int kLeastHeight = 200;
  constexpr int kMost = 8192;
  if (text.empty()) return success();
  const std::size_t cross = text.find('x');
  const auto width = number_in<int>(std::string_view(text).substr(0, cross));
  const auto height = cross == std::string::npos
                          ? std::nullopt
                          : number_in<int>(std::string_view(text).substr(cross + 1));
  const auto fits = [](std::optional<int> side, int least) {
    return side && *side >= least && *side <= kMost;
  };
  if (!fits(width, kLeastWidth) || !fits(height, kLeastHeight))
    return option_error("--size", text,
                        "give width and height in pixels, as in 1600x900, from "
                        "320x200 to 8192x8192");
  options.width = *width;
  options.height = *height;
  return success();
}

Outcome read_zoom(const std::string& text, TimeWindow& window) {
  if (text.empty()) return success();
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos)
    return option_error("--zoom", text, "give the first and the last moment, as in 4s..16.5s");
  const Result<Duration> from = parse_time(std::string_view(text).substr(0, dots));
  const Result<Duration> to = parse_time(std::string_view(text).substr(dots + 2));
  for (const Result<Duration>* end : {&from, &to}) {
    if (!*end) return option_error("--zoom", text, end->error().message);
  }
  if (*from >= *to) return option_error("--zoom", text, "the second moment must be the later one");
  window = {false, Instant{} + *from, Instant{} + *to};
  return success();
}

Outcome read_panel(const std::string& text, Panel& panel) {
  constexpr std::array<std::pair<std::string_view, Panel>, 6> kPanels{
      {{"stage", Panel::kStage},
       {"timeline", Panel::kTimeline},
       {"logs", Panel::kLogs},
       {"inspector", Panel::kInspector},
       {"scenario", Panel::kScenario},
       {"charts", Panel::kCharts}}};
  if (text.empty()) return success();
  const auto found = std::find_if(kPanels.begin(), kPanels.end(),
                                  [&](const auto& known) { return known.first == text; });
  if (found == kPanels.end())
    return option_error("--panel", text,
                        "choose stage, timeline, logs, inspector, scenario or charts");
  panel = found->second;
  return success();
}

Outcome read_view(const Typed& typed, Options& options) {
  options.select = typed.select;
  options.light = typed.light;
  options.charts = typed.charts;
  options.builtin_font = typed.builtin_font;
  for (const Outcome& read :
       {read_time("--at", typed.at, options.at),
        read_number("--speed", typed.speed, kSpeed, options.speed),
        read_number("--scale", typed.scale, kScale, options.scale), read_size(typed.size, options),
        read_zoom(typed.zoom, options.zoom), read_panel(typed.panel, options.panel)}) {
    if (!read) return read;
  }
  return success();
}

Outcome read_film(const Typed& typed, Options& options) {
  std::optional<unsigned> frames_per_second;
  FilmOptions film;
  for (const Outcome& read :
       {read_number("--fps", typed.frames_per_second, kFramesPerSecond, frames_per_second),
        read_time("--from", typed.from, film.from), read_time("--to", typed.to, film.to)}) {
    if (!read) return read;
  }
  if (typed.record.empty()) {
    if (!frames_per_second && !film.from && !film.to) return success();
    return Error{"--fps, --from and --to need --record: where should the pictures go?"};
  }
  if (options.at) return Error{"--at is for one picture; --record goes from --from to --to"};
  if (options.open == Options::Open::kCluster || options.open == Options::Open::kNothing)
    return Error{"--record needs a scenario or a trace"};
  if (film.from && film.to && *film.from >= *film.to)
    return option_error("--to", typed.to, "must be later than --from " + typed.from);
  film.folder = typed.record;
  film.frames_per_second = frames_per_second.value_or(film.frames_per_second);
  options.film = film;
  return success();
}

Outcome read_pictures(const Typed& typed, Options& options) {
  std::optional<unsigned> measure;
  std::optional<unsigned> frames;
  for (const Outcome& read :
       {read_film(typed, options), read_number("--measure", typed.measure, kCount, measure),
        read_number("--frames", typed.frames, kCount, frames)}) {
    if (!read) return read;
  }
  options.screenshot = typed.screenshot;
  options.measure = measure.value_or(0);
  options.frames = frames.value_or(0);
  options.last_frame = typed.last_frame;
  if (options.film.has_value() + !options.screenshot.empty() + measure.has_value() > 1)
    return Error{"--screenshot, --record and --measure are done one at a time"};
  if (!options.screenshot.empty() && !options.screenshot.ends_with(".png"))
    return option_error("--screenshot", options.screenshot,
                        "the picture is a PNG: give a name that ends in .png");
  if (measure && options.open == Options::Open::kNothing)
    return Error{"--measure needs something to show: give a FILE"};
  return success();
}

UsageExit usage_error(std::string_view message) {
  return {kUsageStatus, "kvviz: " + std::string(message) + "\nTry kvviz --help.\n"};
}

}  // namespace

Result<Duration> parse_time(std::string_view text) {
  const Error malformed{"'" + std::string(text) + "' is no time: write it as in 12.5s or 250ms"};
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) {
    const Result<Duration> time = parse_duration(text);
    return time ? time : malformed;
  }
  const std::size_t unit = std::min(text.find_first_not_of("0123456789", point + 1), text.size());
  const std::size_t decimals = unit - point - 1;
  const std::string unit_name(text.substr(unit));
  const Result<Duration> whole = parse_duration(std::string(text.substr(0, point)) + unit_name);
  Result<Duration> part = parse_duration(std::string(text.substr(point + 1, decimals)) + unit_name);
  if (!whole || !part) return malformed;
  for (std::size_t i = 0; i < decimals; ++i) *part = *part / 10;
  return *whole + *part;
}

std::variant<Options, UsageExit> parse_options(std::vector<std::string> arguments) {
  CLI::App app{"kvviz: watch a replicated key-value store fail and recover", "kvviz"};
  Typed typed;
  declare_sources(app, typed);
  declare_view(app, typed);
  declare_pictures(app, typed);
  app.set_version_flag("--version", std::string("kvviz ") + KV_VERSION);
  app.footer(kExamples);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return UsageExit{0, app.help()};
  } catch (const CLI::CallForVersion& version) {
    return UsageExit{0, std::string(version.what()) + "\n"};
  } catch (const CLI::Error& problem) {
    return usage_error(problem.what());
  }
  Options options;
  for (const auto read : {read_source, read_view, read_pictures}) {
    const Outcome outcome = read(typed, options);
    if (!outcome) return usage_error(outcome.error().message);
  }
  return options;
}

}  // namespace kv::viz
