#include "hosts/opening.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/duration_text.h"
#include "hosts/connecting.h"
#include "netsim/report_layout.h"
#include "panels/frame.h"
#include "server/client.h"
#include "sources/live_cluster.h"
#include "sources/rehearsal.h"
#include "sources/trace_source.h"

namespace kv::viz {
namespace {

template <typename Opened>
Outcome take(AppState& app, Result<std::unique_ptr<Opened>> opened) {
  if (!opened) return opened.error();
  app.source = std::move(*opened);
  return success();
}

Outcome open_scenario(AppState& app, const Options& options) {
  const bool changed = options.seed.has_value() || !options.settings.empty();
  if (changed && options.open == Options::Open::kFile && TraceSource::open(options.file))
    return Error{options.file +
                 " is a trace: --seed and --set need a scenario, what has happened "
                 "can't be changed"};
  return take(app, Rehearsal::open(options.file, options.settings, options.seed));
}

Outcome open_any(AppState& app, const Options& options) {
  if (options.seed || !options.settings.empty()) return open_scenario(app, options);
  open_file(app, options.file);
  if (app.problem.empty()) return success();
  return Error{app.problem};
}

Outcome connect(AppState& app, const Options& options) {
  constexpr Duration kPatience = seconds(2);
  ClusterConfig cluster = options.cluster;
  if (!options.names_known) {
    Result<ClusterConfig> named = with_names(cluster, status_of_all(cluster, kPatience));
    if (!named) return named.error();
    cluster = std::move(*named);
  }
  app.source = std::make_unique<LiveCluster>(std::move(cluster));
  return success();
}

Outcome open_without_words(AppState& app, const Options& options) {
  switch (options.open) {
    case Options::Open::kNothing:
      return success();
    case Options::Open::kFile:
      return open_any(app, options);
    case Options::Open::kScenario:
      return open_scenario(app, options);
    case Options::Open::kTrace:
      return take(app, TraceSource::open(options.file));
    case Options::Open::kCluster:
      return connect(app, options);
  }
  CHECK(false);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

NodeId node_named(std::string_view name, const ClusterInfo& cluster) {
  const auto found = std::find(cluster.nodes.begin(), cluster.nodes.end(), name);
  if (found == cluster.nodes.end()) return kNoNode;
  return static_cast<NodeId>(found - cluster.nodes.begin() + 1);
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || rest != end) return std::nullopt;
  return number;
}

Error not_selectable(std::string_view text, const ClusterInfo& cluster) {
  std::string names;
  for (const std::string& name : cluster.nodes) names += (names.empty() ? "" : ", ") + name;
  return Error{"--select " + std::string(text) +
               ": give a node, link:NODE:NODE or entry:INDEX:TERM; the nodes are " + names};
}

}  // namespace

Outcome open_source(AppState& app, const Options& options) {
  const Outcome opened = open_without_words(app, options);
  if (!opened) app.problem = opened.error().message;
  std::error_code ignored;
  if (app.source && app.source->rehearsal() != nullptr &&
      !std::filesystem::is_directory(app.scenario_folder, ignored))
    app.scenario_folder = std::filesystem::absolute(options.file, ignored).parent_path().string();
  return opened;
}

void gather(Source& source, Instant until, Duration watch) {
  using Clock = std::chrono::steady_clock;
  constexpr Duration kBudget = milliseconds(50);
  if (source.kind() == Source::Kind::kLive) {
    const Clock::time_point end = Clock::now() + std::chrono::nanoseconds(watch.ns);
    while (Clock::now() < end) {
      source.pump(kBudget);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return;
  }
  // The first pump tells whether there is anything to do.
  do {
    source.pump(kBudget);
  } while (source.progress().busy && source.history().recording().end_time() <= until);
}

Result<Selection> parse_selection(std::string_view text, const ClusterInfo& cluster) {
  const std::vector<std::string_view> parts = split(text, ':');
  Selection selection;
  if (parts.size() == 1) {
    selection.kind = Selection::Kind::kNode;
    selection.node = node_named(parts[0], cluster);
    if (selection.node != kNoNode) return selection;
  } else if (parts.size() == 3 && parts[0] == "link") {
    selection.kind = Selection::Kind::kLink;
    selection.node = node_named(parts[1], cluster);
    selection.to = node_named(parts[2], cluster);
    if (selection.node != kNoNode && selection.to != kNoNode && selection.node != selection.to)
      return selection;
  } else if (parts.size() == 3 && parts[0] == "entry") {
    const std::optional<std::uint64_t> index = whole_number(parts[1]);
    const std::optional<std::uint64_t> term = whole_number(parts[2]);
    selection.kind = Selection::Kind::kEntry;
    selection.index = index.value_or(0);
    selection.term = term.value_or(0);
    if (selection.index > 0 && term) return selection;
  }
  return not_selectable(text, cluster);
}

Outcome go_to(AppState& app, Duration time) {
  const Instant end = app.source->horizon();
  if (Instant{} + time > end)
    return Error{"there is nothing at " + to_text(time) + ": " + app.history()->cluster().title +
                 " ends at " + sim::time_text(end)};
  app.playback.set_horizon(end);
  app.playback.seek(Instant{} + time, *app.history());
  return success();
}

Outcome arrange(AppState& app, const Options& options) {
  app.light = options.light;
  app.charts_shown = options.charts;
  app.compact = options.panel;
  if (!app.source) return success();
  app.window = options.zoom;
  if (options.speed) {
    app.playback.set_speed(*options.speed);
    app.playback.ease(false);
  }
  const bool live = app.source->kind() == Source::Kind::kLive;
  if (live) {
    // The first frame of another history seeks, and whoever seeks follows no longer.
    app.moment = app.history()->latest();
    app.moment_of = app.history();
    app.playback.follow(true);
  } else if (options.at) {
    const Outcome gone = go_to(app, *options.at);
    if (!gone) return gone;
  } else if (!options.screenshot.empty()) {
    app.playback.set_horizon(app.source->horizon());
    app.playback.seek(app.source->horizon(), *app.history());
  } else {
    app.playback.play();
  }
  if (options.select.empty()) return success();
  const Result<Selection> selection = parse_selection(options.select, app.history()->cluster());
  if (!selection) return selection.error();
  app.selection = *selection;
  return success();
}

}  // namespace kv::viz
