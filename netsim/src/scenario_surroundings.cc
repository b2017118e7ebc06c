#include <algorithm>
#include <limits>

#include "core/duration_text.h"
#include "scenario_reader.h"

// What a scenario says of its cluster, of what is around it, and of who uses it.

namespace kv::sim {
namespace {

using Kind = LocatedValue::Kind;

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostValueBytes = 8 << 20;  // as kvnode takes it

// --- nodes ---

constexpr std::string_view kNodesWords =
    "nodes: a number, a list of names, or an object with a list of names for each zone";

void read_node_names(const LocatedValue& list, const std::string& zone, Reading& reading) {
  for (const LocatedValue& item : items_of(list, "a list of names", reading.problems)) {
    const std::optional<std::string> name = read_text(item, reading.problems);
    if (!name) continue;
    if (reading.scenario.nodes.size() == kMaxNodes) {
      reading.problems.add(item, "a scenario has at most " + std::to_string(kMaxNodes) + " nodes");
      return;
    }
    reading.names.add_node(*name, item, reading.problems);
    reading.scenario.nodes.push_back({*name, zone});
  }
}

void read_zones(const LocatedValue& zones, Reading& reading) {
  const auto members = members_of(zones, kNodesWords, reading.problems);
  if (members.size() > kMaxNodes) {
    reading.problems.add(zones, "a scenario has at most " + std::to_string(kMaxNodes) + " zones");
    return;
  }
  for (const LocatedValue* const zone : members) reading.names.add_zone(*zone, reading.problems);
  for (const LocatedValue* const zone : members) read_node_names(*zone, zone->key, reading);
  if (members.empty()) reading.problems.add(zones, expected(kNodesWords, zones));
}

void number_nodes(std::uint64_t count, const LocatedValue& at, Reading& reading) {
  for (std::uint64_t i = 1; i <= count; ++i) {
    const std::string name = "node" + std::to_string(i);
    reading.names.add_node(name, at, reading.problems);
    reading.scenario.nodes.push_back({name, {}});
  }
}

void read_primary(const LocatedValue& value, Reading& reading) {
  reading.scenario.primary.clear();
  if (value.kind == Kind::kNull) return;
  const std::optional<std::string> name = read_text(value, reading.problems);
  if (!name) return;
  reading.scenario.primary = *name;
  if (reading.names.is_node(*name)) return;
  std::string nodes;
  for (const NodeSpec& node : reading.scenario.nodes) {
    nodes += (nodes.empty() ? "" : ", ") + node.name;
  }
  reading.problems.add(value, "there is no node " + in_quotes(*name) + "; this scenario has " +
                                  nodes + " (null: none is started with --primary)");
}

// --- the nodes' settings ---

std::optional<Timing> read_timing(const LocatedValue& value, Problems& problems) {
  Timing timing;
  const auto preset = [&](const LocatedValue& name) -> std::optional<Timing> {
    const std::optional<std::string> word = read_word(name, "timing_name", problems);
    return word ? timing_by_name(*word) : std::nullopt;
  };
  if (value.kind == Kind::kString) return preset(value);
  const auto read_preset = [&](const LocatedValue& name, Problems&) { return preset(name); };
  const auto read_range = [](const LocatedValue& range,
                             Problems& noted) -> std::optional<DurationRange> {
    if (range.kind != Kind::kString) {
      noted.add(range, expected("a range of durations such as \"5s..8s\"", range));
      return std::nullopt;
    }
    const Result<DurationRange> read = parse_duration_range(range.text);
    if (read && read->max <= kLongest) return *read;
    noted.add(range, read ? in_quotes(range.text) + " goes beyond " + to_text(kLongest)
                          : read.error().message);
    return std::nullopt;
  };
  const Fields fields(value, object_form("times"), problems);
  fields.take("like", timing, read_preset);
  fields.take("heartbeat_interval", timing.heartbeat_interval, read_duration);
  DurationRange election{timing.election_timeout_min, timing.election_timeout_max};
  fields.take("election_timeout", election, read_range);
  timing.election_timeout_min = election.min;
  timing.election_timeout_max = election.max;
  const Outcome valid = validate(timing);
  if (!valid) problems.add(value, valid.error().message);
  return timing;
}

std::optional<AckMode> read_ack(const LocatedValue& value, Problems& problems) {
  const std::optional<std::string> word = read_word(value, "ack", problems);
  for (const AckMode mode : {AckMode::kMajority, AckMode::kPrimary, AckMode::kAll}) {
    if (word && *word == to_string(mode)) return mode;
  }
  return std::nullopt;
}

std::optional<ReadMode> read_read_mode(const LocatedValue& value, Problems& problems) {
  const std::optional<std::string> word = read_word(value, "read_mode", problems);
  for (const ReadMode mode : {ReadMode::kReadIndex, ReadMode::kLease}) {
    if (word && *word == to_string(mode)) return mode;
  }
  return std::nullopt;
}

void read_lease(const Fields& fields, Reading& reading) {
  Scenario& scenario = reading.scenario;
  fields.take("reads", scenario.reads, read_read_mode);
  fields.take_whole("lease_drift_ppm", scenario.lease_drift_ppm, 0, kMostLeaseDriftPpm);
  const LocatedValue* const drift = fields.find("lease_drift_ppm");
  if (drift == nullptr || scenario.reads == ReadMode::kLease) return;
  reading.problems.add_at_key(*drift, "there is no lease: write \"reads\": \"lease\", too");
}

void read_limits(const LocatedValue& value, Limits& limits, Problems& problems) {
  const Fields fields(value, object_form("limits"), problems);
  fields.take_bytes("max_append_bytes", limits.max_append_bytes, 1, kMostBytes);
  fields.take_whole("max_inflight_appends", limits.max_inflight_appends, 1);
  fields.take_bytes("max_inflight_bytes", limits.max_inflight_bytes, 1, kMostBytes);
  fields.take_bytes("max_uncommitted_bytes", limits.max_uncommitted_bytes, 1, kMostBytes);
  fields.take_bytes("snapshot_chunk_bytes", limits.snapshot_chunk_bytes, 1, kMostBytes);
  fields.take_whole("max_inflight_chunks", limits.max_inflight_chunks, 1);
  fields.take_bytes("snapshot_after_bytes", limits.snapshot_after_bytes, 1, kMostBytes);
  fields.take_bytes("keep_log_bytes", limits.keep_log_bytes, 0, kMostBytes);
  fields.take_whole("max_apply_entries", limits.max_apply_entries, 1);
}

void read_segment(const Fields& fields, Reading& reading) {
  constexpr std::uint64_t kLeast = 4096;
  fields.take_bytes("segment", reading.scenario.segment_bytes, kLeast, kMostValueBytes);
  if (reading.scenario.segment_bytes % 8 == 0) return;
  reading.problems.add(*fields.find("segment"), "a log file's size must be a multiple of 8 bytes");
}

// --- around the cluster ---

void read_network(const LocatedValue& value, Reading& reading) {
  NetworkSpec& network = reading.scenario.network;
  const Fields fields(value, object_form("network"), reading.problems);
  fields.take("latency", network.latency, read_latency);
  fields.take("between_zones", network.between_zones, read_latency);
  fields.take("clients", network.clients, read_latency);
  fields.take("loss", network.loss, read_chance);
  fields.take("duplicate", network.duplicate, read_chance);
  fields.take("reorder", network.reorder, read_chance);
  fields.take("corrupt", network.corrupt, read_chance);
  const auto zoned = [](const NodeSpec& node) { return !node.zone.empty(); };
  const std::vector<NodeSpec>& nodes = reading.scenario.nodes;
  const LocatedValue* const between = fields.find("between_zones");
  if (between != nullptr && std::none_of(nodes.begin(), nodes.end(), zoned)) {
    reading.problems.add_at_key(
        *between, "there are no zones: write 'nodes' as an object such as {\"east\": [\"node1\"]}");
  }
}

void read_disk(const LocatedValue& value, Reading& reading) {
  const Fields fields(value, object_form("disk"), reading.problems);
  fields.take("sync", reading.scenario.disk.sync, read_latency);
  fields.take_bytes("capacity", reading.scenario.disk.capacity_bytes, 0,
                    std::numeric_limits<std::int64_t>::max());
}

/// Notes that a moment lies behind the end of the scenario.
void check_end(const Fields& fields, std::string_view key, Instant moment, Reading& reading) {
  const Duration end = reading.scenario.run_for;
  if (end == Duration{} || moment <= Instant{} + end) return;
  reading.problems.add(*fields.find(key), in_quotes(key) + " is " + to_text(moment - Instant{}) +
                                              ", but the scenario ends at " + to_text(end) +
                                              " (run_for)");
}

void read_workload(const LocatedValue& value, Reading& reading) {
  WorkloadSpec& workload = reading.scenario.workload;
  workload.clients = 1;
  const Fields fields(value, object_form("workload"), reading.problems);
  fields.take_whole("clients", workload.clients, 0, 10'000);
  fields.take_whole("rate", workload.rate, 1, 1'000'000);
  fields.take_whole("keys", workload.keys, 1, 1'000'000);
  fields.take("reads", workload.reads, read_chance);
  fields.take("deletes", workload.deletes, read_chance);
  fields.take("follower_reads", workload.follower_reads, read_chance);
  fields.take("once", workload.once, read_chance);
  fields.take("expiring", workload.expiring, read_chance);
  fields.take("ttl", workload.ttl, read_positive_duration);
  fields.take("strays", workload.strays, read_chance);
  fields.take_bytes("value_bytes", workload.value_bytes, 0, kMostValueBytes);
  fields.take("start", workload.start, read_instant);
  fields.take("stop", workload.stop, read_instant);
  fields.take("timeout", workload.timeout, read_positive_duration);
  if (workload.reads.per_million + workload.deletes.per_million > 1'000'000) {
    reading.problems.add(value, "'reads' and 'deletes' are more than 1 together");
  }
  if (workload.stop) check_end(fields, "stop", *workload.stop, reading);
  if (workload.stop && *workload.stop <= workload.start) {
    reading.problems.add(*fields.find("stop"), "'stop' must be later than 'start'");
  }
  if (!workload.stop && fields.find("start") != nullptr) {
    check_end(fields, "start", workload.start, reading);
  }
}

void read_chaos(const LocatedValue& value, Reading& reading) {
  ChaosSpec chaos;
  const Fields fields(value, object_form("chaos"), reading.problems);
  fields.take("from", chaos.from, read_instant);
  fields.take("until", chaos.until, read_instant);
  fields.take("faults", chaos.faults, [](const LocatedValue& list, Problems& problems) {
    return read_words(list, "fault", problems);
  });
  const auto count = reading.scenario.nodes.size();
  fields.take_whole("core", chaos.core, count / 2 + 1, count);
  if (const LocatedValue* const until = fields.find("until")) {
    if (chaos.until <= chaos.from) {
      reading.problems.add(*until, "'until' must be later than 'from'");
    }
    check_end(fields, "until", chaos.until, reading);
  }
  reading.scenario.chaos = std::move(chaos);
}

}  // namespace

void read_nodes(const Fields& fields, Reading& reading) {
  Scenario& scenario = reading.scenario;
  const LocatedValue* const nodes = fields.find("nodes");
  if (nodes == nullptr) {
    constexpr std::uint64_t kDefault = 3;
    number_nodes(kDefault, LocatedValue{}, reading);
  } else if (nodes->kind == Kind::kArray) {
    read_node_names(*nodes, {}, reading);
  } else if (nodes->kind == Kind::kObject) {
    read_zones(*nodes, reading);
  } else if (nodes->kind == Kind::kNumber) {
    const auto count = read_whole(*nodes, 1, kMaxNodes, reading.problems);
    if (count) number_nodes(*count, *nodes, reading);
  } else {
    reading.problems.add(*nodes, expected(kNodesWords, *nodes));
  }
  if (!scenario.nodes.empty()) scenario.primary = scenario.nodes.front().name;
  const LocatedValue* const primary = fields.find("primary");
  if (primary != nullptr) read_primary(*primary, reading);
  std::sort(scenario.nodes.begin(), scenario.nodes.end(),
            [](const NodeSpec& a, const NodeSpec& b) { return a.name < b.name; });
}

void read_surroundings(const Fields& fields, Reading& reading) {
  Scenario& scenario = reading.scenario;
  scenario.network.latency = Latency::log_normal(microseconds(300), milliseconds(2));
  scenario.disk.sync = Latency::log_normal(microseconds(500), milliseconds(4));
  fields.take("timing", scenario.timing, read_timing);
  fields.take("ack", scenario.ack, read_ack);
  read_lease(fields, reading);
  read_segment(fields, reading);
  if (const auto* limits = fields.find("limits")) {
    read_limits(*limits, scenario.limits, reading.problems);
  }
  if (const auto* network = fields.find("network")) read_network(*network, reading);
  if (const auto* disk = fields.find("disk")) read_disk(*disk, reading);
  if (const auto* clocks = fields.find("clocks")) {
    const Fields clock_fields(*clocks, object_form("clocks"), reading.problems);
    clock_fields.take_whole("drift_ppm", scenario.clocks.drift_ppm, 0, kMostDriftPpm);
  }
  if (const auto* workload = fields.find("workload")) read_workload(*workload, reading);
  if (const auto* chaos = fields.find("chaos")) read_chaos(*chaos, reading);
}

}  // namespace kv::sim
