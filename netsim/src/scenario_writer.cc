#include "netsim/scenario_writer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "core/check.h"
#include "core/duration_text.h"
#include "netsim/scenario_language.h"
#include "netsim/scenario_layout.h"
#include "scenario_json.h"

namespace kv::sim {
namespace {

Json object_of(std::string_view name, const Scenario& scenario);

/// As a person would write a size.
Json bytes_json(std::uint64_t bytes) {
  if (bytes == 0 || bytes % 1024 != 0) return bytes;
  if (bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + "MiB";
  return std::to_string(bytes >> 10) + "KiB";
}

Json nodes_json(const Scenario& scenario) {
  const std::vector<NodeSpec>& nodes = scenario.nodes;
  bool numbered = true;
  bool zoned = false;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    numbered = numbered && nodes[i].name == "node" + std::to_string(i + 1);
    zoned = zoned || !nodes[i].zone.empty();
  }
  if (numbered && !zoned) return nodes.size();
  Json json = zoned ? Json::object() : Json::array();
  for (const NodeSpec& node : nodes) {
    if (zoned) {
      json[node.zone].push_back(node.name);
    } else {
      json.push_back(node.name);
    }
  }
  return json;
}

Json timing_json(const Timing& timing) {
  Timing preset;
  Json json = Json::object();
  for (const char* const name : {"documented", "lan", "wan"}) {
    const Timing named = timing_by_name(name).value();
    if (timing == named) return name;
    // The preset beside which the least has to be said.
    if (timing.heartbeat_interval == named.heartbeat_interval) json["like"] = name;
    if (json.contains("like") && json["like"] == name) preset = named;
  }
  if (timing.heartbeat_interval != preset.heartbeat_interval)
    json["heartbeat_interval"] = json_of(timing.heartbeat_interval);
  json["election_timeout"] =
      to_text(DurationRange{timing.election_timeout_min, timing.election_timeout_max});
  return json;
}

Json zone_latency_json(const std::optional<Latency>& latency) {
  return latency ? json_of(*latency) : Json();
}

Json steps_json(const Scenario& scenario) {
  Json json = Json::array();
  for (const Step& step : scenario.steps) json.push_back(json_of(step));
  return json;
}

/// What is written for a key of an object of the scenario; null for what can only be left out.
struct Field {
  std::string_view object;
  std::string_view key;
  Json (*write)(const Scenario& scenario);
};
constexpr auto kFields = std::to_array<Field>({
    {"scenario", "$schema", [](const Scenario&) { return Json("scenario.schema.json"); }},
    {"scenario", "title", [](const Scenario& s) { return Json(s.title); }},
    {"scenario", "why", [](const Scenario& s) { return Json(s.why); }},
    {"scenario", "seed", [](const Scenario& s) { return Json(s.seed); }},
    {"scenario", "nodes", nodes_json},
    {"scenario", "primary",
     [](const Scenario& s) { return s.primary.empty() ? Json() : Json(s.primary); }},
    {"scenario", "timing", [](const Scenario& s) { return timing_json(s.timing); }},
    {"scenario", "ack", [](const Scenario& s) { return Json(to_string(s.ack)); }},
    {"scenario", "reads", [](const Scenario& s) { return Json(to_string(s.reads)); }},
    {"scenario", "lease_drift_ppm", [](const Scenario& s) { return Json(s.lease_drift_ppm); }},
    {"scenario", "limits", [](const Scenario& s) { return object_of("limits", s); }},
    {"scenario", "segment", [](const Scenario& s) { return bytes_json(s.segment_bytes); }},
    {"scenario", "run_for", [](const Scenario& s) { return json_of(s.run_for); }},
    {"scenario", "network", [](const Scenario& s) { return object_of("network", s); }},
    {"scenario", "disk", [](const Scenario& s) { return object_of("disk", s); }},
    {"scenario", "clocks", [](const Scenario& s) { return object_of("clocks", s); }},
    {"scenario", "workload",
     [](const Scenario& s) {
       return s.workload == WorkloadSpec{} ? Json::object() : object_of("workload", s);
     }},
    {"scenario", "chaos",
     [](const Scenario& s) { return s.chaos ? object_of("chaos", s) : Json::object(); }},
    {"scenario", "steps", steps_json},
    {"scenario", "expect", [](const Scenario& s) { return json_of(s.expect); }},
    {"limits", "max_append_bytes",
     [](const Scenario& s) { return bytes_json(s.limits.max_append_bytes); }},
    {"limits", "max_inflight_appends",
     [](const Scenario& s) { return Json(s.limits.max_inflight_appends); }},
    {"limits", "max_inflight_bytes",
     [](const Scenario& s) { return bytes_json(s.limits.max_inflight_bytes); }},
    {"limits", "max_uncommitted_bytes",
     [](const Scenario& s) { return bytes_json(s.limits.max_uncommitted_bytes); }},
    {"limits", "snapshot_chunk_bytes",
     [](const Scenario& s) { return bytes_json(s.limits.snapshot_chunk_bytes); }},
    {"limits", "max_inflight_chunks",
     [](const Scenario& s) { return Json(s.limits.max_inflight_chunks); }},
    {"limits", "snapshot_after_bytes",
     [](const Scenario& s) { return bytes_json(s.limits.snapshot_after_bytes); }},
    {"limits", "keep_log_bytes",
     [](const Scenario& s) { return bytes_json(s.limits.keep_log_bytes); }},
    {"limits", "max_apply_entries",
     [](const Scenario& s) { return Json(s.limits.max_apply_entries); }},
    {"network", "latency", [](const Scenario& s) { return json_of(s.network.latency); }},
    {"network", "between_zones",
     [](const Scenario& s) { return zone_latency_json(s.network.between_zones); }},
    {"network", "clients", [](const Scenario& s) { return zone_latency_json(s.network.clients); }},
    {"network", "loss", [](const Scenario& s) { return json_of(s.network.loss); }},
    {"network", "duplicate", [](const Scenario& s) { return json_of(s.network.duplicate); }},
    {"network", "reorder", [](const Scenario& s) { return json_of(s.network.reorder); }},
    {"network", "corrupt", [](const Scenario& s) { return json_of(s.network.corrupt); }},
    {"disk", "sync", [](const Scenario& s) { return json_of(s.disk.sync); }},
    {"disk", "capacity", [](const Scenario& s) { return bytes_json(s.disk.capacity_bytes); }},
    {"clocks", "drift_ppm", [](const Scenario& s) { return Json(s.clocks.drift_ppm); }},
    {"workload", "clients", [](const Scenario& s) { return Json(s.workload.clients); }},
    {"workload", "rate", [](const Scenario& s) { return Json(s.workload.rate); }},
    {"workload", "keys", [](const Scenario& s) { return Json(s.workload.keys); }},
    {"workload", "reads", [](const Scenario& s) { return json_of(s.workload.reads); }},
    {"workload", "deletes", [](const Scenario& s) { return json_of(s.workload.deletes); }},
    {"workload", "strays", [](const Scenario& s) { return json_of(s.workload.strays); }},
    {"workload", "follower_reads",
     [](const Scenario& s) { return json_of(s.workload.follower_reads); }},
    {"workload", "once", [](const Scenario& s) { return json_of(s.workload.once); }},
    {"workload", "expiring", [](const Scenario& s) { return json_of(s.workload.expiring); }},
    {"workload", "ttl", [](const Scenario& s) { return json_of(s.workload.ttl); }},
    {"workload", "value_bytes",
     [](const Scenario& s) { return bytes_json(s.workload.value_bytes); }},
    {"workload", "start", [](const Scenario& s) { return json_of(s.workload.start); }},
    {"workload", "stop",
     [](const Scenario& s) { return s.workload.stop ? json_of(*s.workload.stop) : Json(); }},
    {"workload", "timeout", [](const Scenario& s) { return json_of(s.workload.timeout); }},
    {"chaos", "from", [](const Scenario& s) { return json_of(s.chaos->from); }},
    {"chaos", "until", [](const Scenario& s) { return json_of(s.chaos->until); }},
    {"chaos", "core", [](const Scenario& s) { return Json(s.chaos->core); }},
    {"chaos", "faults", [](const Scenario& s) { return Json(s.chaos->faults); }},
});

const Field& field_of(std::string_view object, std::string_view key) {
  const auto found = std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) {
    return field.object == object && field.key == key;
  });
  CHECK(found != kFields.end());
  return *found;
}

/// What a file without these keys would be, but for the keys that are always written.
Scenario defaults_for(const Scenario& scenario) {
  Scenario otherwise;
  if (!scenario.nodes.empty()) otherwise.primary = scenario.nodes.front().name;
  otherwise.network.latency = Latency::log_normal(microseconds(300), milliseconds(2));
  otherwise.disk.sync = Latency::log_normal(microseconds(500), milliseconds(4));
  otherwise.chaos = ChaosSpec{};
  otherwise.workload.clients = std::numeric_limits<std::uint32_t>::max();
  return otherwise;
}

/// The members that differ from the defaults.
Json object_of(std::string_view name, const Scenario& scenario) {
  const Scenario otherwise = defaults_for(scenario);
  Json json = Json::object();
  for (const Key& key : object_form(name).keys) {
    const Field& field = field_of(name, key.name);
    Json value = field.write(scenario);
    const bool always = key.needed || key.name == "$schema";
    if (always || !(value.is_structured() && value.empty())) {
      if (always || value != field.write(otherwise)) json[std::string(key.name)] = std::move(value);
    }
  }
  return json;
}

}  // namespace

std::string write_scenario(const Scenario& scenario) {
  // What a CHECK or a key says may be no UTF-8; a scenario can't hold it.
  return laid_out(
      object_of("scenario", scenario).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace kv::sim
