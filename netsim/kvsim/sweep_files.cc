#include "sweep_files.h"

#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "coverage_report.h"
#include "netsim/report_layout.h"
#include "sweep_summary.h"

namespace kv::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "kvsim sweep 1";

/// Words of a violation may hold any bytes of a key or value.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view name_of(SweepEnd end) {
  switch (end) {
    case SweepEnd::kWhole:
      return "whole";
    case SweepEnd::kStopped:
      return "stopped";
    case SweepEnd::kInterrupted:
      return "interrupted";
    case SweepEnd::kTimeUp:
      return "time up";
  }
  CHECK(false);
}

/// The members of an object, one by one. What is missing or of another kind is noted; then the
/// values mean nothing.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {
    if (!object.is_object()) problem_ = "there is no object";
  }

  const Json* member(const char* name) {
    const auto found = problem_.empty() ? object_.find(name) : object_.end();
    if (problem_.empty() && found == object_.end()) note(name, "is missing");
    return problem_.empty() ? &*found : nullptr;
  }
  std::uint64_t number(const char* name) {
    const Json* const json = member(name);
    if (json != nullptr && json->is_number_unsigned()) return json->get<std::uint64_t>();
    note(name, "is no whole number from 0");
    return 0;
  }
  Duration span(const char* name) { return to_span(name, number(name)); }
  bool truth(const char* name) {
    const Json* const json = member(name);
    if (json != nullptr && json->is_boolean()) return json->get<bool>();
    note(name, "is neither true nor false");
    return false;
  }
  std::string text(const char* name) {
    const Json* const json = member(name);
    if (json != nullptr && json->is_string()) return json->get<std::string>();
    note(name, "is no text");
    return {};
  }
  std::uint64_t hash(const char* name) {
    const std::string digits = text(name);
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, value, 16);
    if (error != std::errc{} || rest != end) note(name, "is no hexadecimal number");
    return value;
  }
  std::vector<Duration> spans(const char* name) {
    std::vector<Duration> all;
    for (const Json& item : list(name)) {
      if (!item.is_number_unsigned()) note(name, "holds something else than whole numbers");
      if (!problem_.empty()) break;
      all.push_back(to_span(name, item.get<std::uint64_t>()));
    }
    return all;
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> all;
    for (const Json& item : list(name)) {
      if (!item.is_string()) note(name, "holds something else than texts");
      if (!problem_.empty()) break;
      all.push_back(item.get<std::string>());
    }
    return all;
  }
  const Json& list(const char* name) {
    static const Json kEmpty = Json::array();
    const Json* const json = member(name);
    if (json != nullptr && json->is_array()) return *json;
    note(name, "is no list");
    return kEmpty;
  }
  void note(const char* name, const std::string& what) {
    if (problem_.empty()) problem_ = "'" + std::string(name) + "' " + what;
  }
  /// The first thing that is wrong, or nothing.
  const std::string& problem() const { return problem_; }

 private:
  Duration to_span(const char* name, std::uint64_t ns) {
    if (ns > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      note(name, "is too large");
    return problem_.empty() ? Duration{static_cast<std::int64_t>(ns)} : Duration{};
  }

  const Json& object_;
  std::string problem_{};
};

Result<Json> parse(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return Error{"it is no JSON from byte " + std::to_string(error.byte) + " on; was it cut off?"};
  }
}

Result<SweepRun> read_run(const SweepPlan& plan, const Json& json) {
  Members members(json);
  SweepRun run;
  run.item = members.number("item");
  const std::uint64_t seed = members.number("seed");
  run.completed = members.truth("completed");
  run.passed = members.truth("passed");
  run.trace_hash = members.hash("trace_hash");
  run.virtual_time = members.span("virtual_ns");
  run.events = members.number("events");
  run.elections = members.number("elections");
  run.term = members.number("term");
  run.failovers = members.number("failovers");
  run.failover_times = members.spans("failover_ns");
  run.unavailable = members.span("unavailable_ns");
  run.operations = members.number("operations");
  run.ok = members.number("ok");
  run.refused = members.number("refused");
  run.unknown = members.number("unknown");
  run.undecided = members.number("undecided");
  run.checker = members.text("checker");
  run.words = members.text("words");
  if (!members.problem().empty()) return Error{members.problem()};
  if (run.item >= plan.items()) return Error{"'item' is larger than the sweep"};
  if (!plan.in_shard(run.item)) return Error{"'item' isn't of this shard"};
  if (seed != plan.seed_of(run.item)) return Error{"'seed' is not the one of 'item'"};
  if (run.failover_times.size() > run.failovers || run.ok > run.operations)
    return Error{"its counts contradict each other"};
  return run;
}

Result<SwarmOptions> read_swarm(const Json& json) {
  Members members(json);
  SwarmOptions swarm;
  swarm.min_nodes = static_cast<std::uint32_t>(members.number("min_nodes"));
  swarm.max_nodes = static_cast<std::uint32_t>(members.number("max_nodes"));
  swarm.faults = members.texts("faults");
  swarm.length = members.span("length_ns");
  if (!members.problem().empty()) return Error{"in 'swarm': " + members.problem()};
  return swarm;
}

Result<SweepPlan> read_plan(const Json& json) {
  Members members(json);
  SweepPlan plan;
  plan.version = members.text("version");
  plan.file = members.text("file");
  plan.title = members.text("title");
  plan.scenario_hash = members.hash("scenario_hash");
  plan.set = members.texts("settings");
  for (const Json& each : members.list("vary")) {
    Members vary(each);
    plan.vary.push_back({vary.text("key"), vary.texts("values")});
    if (vary.problem().empty() && plan.vary.back().values.empty()) vary.note("values", "is empty");
    if (!vary.problem().empty()) return Error{"in 'vary': " + vary.problem()};
  }
  const Result<SeedRange> seeds = parse_seeds(members.text("seeds"));
  const Result<Shard> shard = parse_shard(members.text("shard"));
  if (const Json* const drawn = members.member("swarm"); drawn != nullptr && !drawn->is_null()) {
    const Result<SwarmOptions> swarm = read_swarm(*drawn);
    if (!swarm) return swarm.error();
    plan.swarm = *swarm;
  }
  if (!members.problem().empty()) return Error{members.problem()};
  if (!seeds) return seeds.error();
  if (!shard) return shard.error();
  plan.seeds = *seeds;
  plan.shard = *shard;
  const Outcome size = check_size(plan);
  if (!size) return size.error();
  return plan;
}

Json to_json(const std::optional<SwarmOptions>& swarm) {
  if (!swarm) return nullptr;
  return {{"min_nodes", swarm->min_nodes},
          {"max_nodes", swarm->max_nodes},
          {"faults", swarm->faults},
          {"length_ns", swarm->length.ns}};
}

Json to_json(const std::optional<Quantiles>& quantiles) {
  if (!quantiles) return nullptr;
  return {{"p50", quantiles->p50.ns},
          {"p90", quantiles->p90.ns},
          {"p99", quantiles->p99.ns},
          {"max", quantiles->max.ns}};
}

Json to_json(const SweepPlan& plan, const VariationSummary& summary) {
  return {{"settings", plan.settings_of(summary.variation)},
          {"runs", summary.runs},
          {"failed", summary.failed},
          {"failovers", summary.failovers},
          {"failovers_not_ended", summary.unended_failovers},
          {"failover_ns", to_json(summary.failover_time)},
          {"unavailable_ns", to_json(summary.unavailable)},
          {"elections", summary.elections},
          {"most_elections", summary.most_elections},
          {"operations", summary.operations},
          {"ok", summary.ok},
          {"unknown", summary.unknown},
          {"runs_undecided", summary.undecided}};
}

/// The lines as the items of a list.
std::string list_of(const std::vector<std::string>& lines) {
  std::string text = "[";
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "\n" : ",\n") + lines[i];
  return text + "\n]";
}

std::string quoted(const std::string& text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::string cell(const std::string& text) {
  return text.find_first_of(",\"\n\r") == std::string::npos ? text : quoted(text);
}

std::string milliseconds_text(Duration duration) {
  const std::string us = std::to_string(duration.ns / 1'000 % 1'000);
  return std::to_string(duration.ns / 1'000'000) + "." + std::string(3 - us.size(), '0') + us;
}

}  // namespace

std::string to_json_line(const SweepPlan& plan, const SweepRun& run) {
  std::vector<std::int64_t> failover_ns;
  failover_ns.reserve(run.failover_times.size());
  for (const Duration time : run.failover_times) failover_ns.push_back(time.ns);
  Json coverage = Json::array();
  for (const auto& [place, hits] : run.coverage) coverage.push_back({place, hits});
  Json json = {{"item", run.item},
               {"values", plan.values_of(plan.variation_of(run.item))},
               {"seed", plan.seed_of(run.item)},
               {"completed", run.completed},
               {"passed", run.passed},
               {"trace_hash", hash_text(run.trace_hash)},
               {"virtual_ns", run.virtual_time.ns},
               {"events", run.events},
               {"elections", run.elections},
               {"term", run.term},
               {"failovers", run.failovers},
               {"failover_ns", failover_ns},
               {"unavailable_ns", run.unavailable.ns},
               {"operations", run.operations},
               {"ok", run.ok},
               {"refused", run.refused},
               {"unknown", run.unknown},
               {"undecided", run.undecided},
               {"checker", run.checker},
               {"words", run.words}};
  if (!coverage.empty()) json["coverage"] = std::move(coverage);
  return dump(json);
}

/// Counters of another number are left out.
void read_counters(const Json& list, SweepRun& run) {
  const std::size_t known = Coverage().counters().size();
  for (const Json& each : list) {
    if (!each.is_array() || each.size() != 2 || !each[0].is_number_unsigned() ||
        !each[1].is_number_unsigned() || each[0].get<std::uint64_t>() >= known)
      continue;
    run.coverage.emplace_back(each[0].get<std::uint64_t>(), each[1].get<std::uint64_t>());
  }
}

Result<SweepRun> parse_json_line(const SweepPlan& plan, std::string_view line) {
  const Result<Json> json = parse(line);
  if (!json) return json.error();
  Result<SweepRun> run = read_run(plan, *json);
  if (run && json->contains("coverage")) read_counters((*json)["coverage"], *run);
  return run;
}

std::string to_json(const SweepResults& results) {
  const SweepPlan& plan = results.plan;
  Json vary = Json::array();
  for (const Vary& each : plan.vary) vary.push_back({{"key", each.key}, {"values", each.values}});
  std::vector<std::string> runs;
  runs.reserve(results.runs.size());
  for (const SweepRun& run : results.runs) runs.push_back(to_json_line(plan, run));
  std::vector<std::string> summary;
  for (const VariationSummary& each : summaries(results))
    summary.push_back(dump(to_json(plan, each)));
  const auto member = [](std::string_view name, const Json& value) {
    return "\"" + std::string(name) + "\": " + dump(value) + ",\n";
  };
  return "{\n" + member("format", kFormat) + member("version", plan.version) +
         member("file", plan.file) + member("title", plan.title) +
         member("scenario_hash", hash_text(plan.scenario_hash)) + member("settings", plan.set) +
         member("vary", vary) + member("seeds", to_text(plan.seeds)) +
         member("shard", to_text(plan.shard)) + member("swarm", to_json(plan.swarm)) +
         member("end", name_of(results.end)) + member("wall_ns", results.wall_time.ns) +
         member("worker_ns", results.worker_time.ns) +
         "\"coverage\": " + (results.coverage ? to_json(*results.coverage) : "null") + ",\n" +
         "\"runs\": " + list_of(runs) + ",\n\"summary\": " + list_of(summary) + "\n}\n";
}

Result<SweepResults> parse_json(std::string_view text, const std::string& name) {
  const auto wrong = [&](const std::string& what) {
    return Error{name + ": " + what + (what.ends_with('.') ? "" : ".")};
  };
  const Result<Json> json = parse(text);
  if (!json) return wrong(json.error().message);
  Members members(*json);
  if (members.text("format") != kFormat || !members.problem().empty()) {
    return wrong("this is no result of a sweep or fuzz (its \"format\" isn't \"" +
                 std::string(kFormat) + "\"): name files that kvsim sweep or fuzz --json wrote");
  }
  Result<SweepPlan> plan = read_plan(*json);
  if (!plan) return wrong(plan.error().message);
  SweepResults results;
  results.plan = std::move(*plan);
  const std::string end = members.text("end");
  results.end = SweepEnd::kInterrupted;
  for (const SweepEnd each : {SweepEnd::kWhole, SweepEnd::kStopped, SweepEnd::kTimeUp}) {
    if (end == name_of(each)) results.end = each;
  }
  results.wall_time = members.span("wall_ns");
  results.worker_time = members.span("worker_ns");
  if (const Json* const coverage = members.member("coverage");
      coverage != nullptr && !coverage->is_null()) {
    Result<Coverage> read = parse_coverage(dump(*coverage));
    if (!read) return wrong(read.error().message);
    results.coverage = std::move(*read);
  }
  for (const Json& each : members.list("runs")) {
    const std::string place = "run " + std::to_string(results.runs.size()) + " (from 0): ";
    Result<SweepRun> run = read_run(results.plan, each);
    if (!run) return wrong(place + run.error().message);
    if (!results.runs.empty() && run->item <= results.runs.back().item) {
      return wrong(place + "item " + std::to_string(run->item) +
                   " is there twice, or out of order");
    }
    results.runs.push_back(std::move(*run));
  }
  if (!members.problem().empty()) return wrong(members.problem());
  return results;
}

std::string to_csv(const SweepResults& results) {
  std::string text;
  for (const Vary& each : results.plan.vary) text += cell(each.key) + ",";
  text +=
      "seed,passed,trace_hash,events,elections,term,failovers,longest_failover_ms,unavailable_ms,"
      "operations,ok,refused,unknown,checker,words\n";
  for (const SweepRun& run : results.runs) {
    const SweepPlan& plan = results.plan;
    for (const std::string& value : plan.values_of(plan.variation_of(run.item)))
      text += cell(value) + ",";
    const std::optional<Quantiles> times = quantiles(run.failover_times);
    text += std::to_string(plan.seed_of(run.item)) + "," + (run.passed ? "true" : "false") + "," +
            hash_text(run.trace_hash) + ",";
    for (const std::uint64_t number : {run.events, run.elections, run.term, run.failovers})
      text += std::to_string(number) + ",";
    text += (times ? milliseconds_text(times->max) : "") + "," +
            milliseconds_text(run.unavailable) + ",";
    for (const std::uint64_t number : {run.operations, run.ok, run.refused, run.unknown})
      text += std::to_string(number) + ",";
    text += cell(run.checker) + "," + quoted(run.words) + "\n";
  }
  return text;
}

Outcome check_writable(const std::string& path) {
  if (std::ofstream(path, std::ios::binary | std::ios::app)) return success();
  return Error{path + " can't be written: check that its folder exists and its permissions."};
}

Outcome write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (file) return success();
  return Error{path + " could not be written: is there room on the disk?"};
}

Result<std::string> read_results_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || !text) {
    return Error{path + " can't be read: check the name and its permissions."};
  }
  return std::move(text).str();
}

}  // namespace kv::sim
