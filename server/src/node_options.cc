#include "node_options.h"

#include <algorithm>
#include <optional>

#include <CLI/CLI.hpp>

#include "core/duration_text.h"

namespace kv {
namespace {

constexpr int kUsageStatus = 2;
constexpr std::uint64_t kReservedDescriptors = 128;

constexpr const char* kExamples = R"(
Examples:
  The documented cluster, each line in a terminal of its own:
    kvnode --node-id node1 --port 6379 --primary
    kvnode --node-id node2 --port 6380
    kvnode --node-id node3 --port 6381
  Three machines, with times that fit a local network:
    kvnode --node-id a --cluster a=10.0.0.1:6379,b=10.0.0.2:6379,c=10.0.0.3:6379 \
           --data-dir /var/lib/kvnode --timing lan
  The same from a file of lines like timing = "lan":
    kvnode --config /etc/kvnode.toml

Nodes talk to each other on the client port + 10000.
Exit status: 0 stopped as asked, 1 failed, 2 wrong usage.)";

/// Options as they were typed; empty or 0: not given.
struct Typed {
  std::string node_id{};
  std::string host{};
  std::uint16_t port{0};
  std::string cluster{};
  std::string data_dir{};
  bool primary{false};
  std::string timing{"documented"};
  std::string heartbeat_interval{};
  std::string election_timeout{};
  std::string ack{"majority"};
  std::string reads{"read-index"};
  std::optional<std::uint32_t> lease_drift_ppm{};
  std::size_t max_connections{NodeOptions{}.max_connections};
  std::string log_level{NodeOptions{}.log_level};
  std::string dialect{"auto"};
  std::string redis_mode{"cluster"};
};

void declare(CLI::App& app, Typed& typed) {
  app.add_option("--node-id", typed.node_id,
                 "Name of this node, one of those in --cluster (required)");
  app.add_option("--host", typed.host, "Address to listen on; must agree with --cluster");
  app.add_option("--port", typed.port, "Client port; must agree with --cluster");
  app.add_option("--cluster", typed.cluster,
                 "All nodes, the same list on each: NAME=HOST:PORT,... "
                 "[node1=127.0.0.1:6379,node2=127.0.0.1:6380,node3=127.0.0.1:6381]");
  app.add_flag("--primary", typed.primary,
               "Become primary at once if this cluster is new; later it is ignored");
  app.add_option("--data-dir", typed.data_dir, "Where the data lives [./data/<node-id>]");
  app.add_option("--timing", typed.timing,
                 "documented (heartbeat 2s, election timeout 5s..8s), lan (50ms, 300ms..600ms) or "
                 "wan (500ms, 2500ms..5s) [documented]");
  app.add_option("--heartbeat-interval", typed.heartbeat_interval,
                 "Overrides that of --timing, e.g. 2s");
  app.add_option("--election-timeout", typed.election_timeout,
                 "Overrides that of --timing, drawn anew each time, e.g. 5s..8s");
  app.add_option(
      "--ack", typed.ack,
      "When a write is answered OK. majority: on disk on most nodes; all: on every node; "
      "primary: on the primary alone, so that a failover can lose it [majority]");
  app.add_option("--reads", typed.reads,
                 "How the primary makes sure that it still is one, before it answers a read. "
                 "read-index: most nodes confirm it; lease: mostly without asking, for somewhat "
                 "less than an election timeout, trusting the clocks. The same on all nodes, "
                 "and with lease the same election timeout: stop all nodes to change either "
                 "[read-index]");
  app.add_option("--lease-drift-ppm", typed.lease_drift_ppm,
                 "With --reads lease: no node's clock runs faster or slower than by so many parts "
                 "per million [10000]");
  app.add_option("--max-connections", typed.max_connections, "Clients at a time [20000]");
  app.add_option(
      "--dialect", typed.dialect,
      "How text lines are answered. auto: those that end in LF alone in JSON, those that "
      "end in CRLF in Redis's protocol; json or redis: all. kvctl and kvviz need auto or json "
      "[auto]");
  app.add_option("--redis-mode", typed.redis_mode,
                 "How a secondary tells Redis clients of the primary. cluster: MOVED, as Redis "
                 "Cluster; standalone: READONLY. Both answer SENTINEL [cluster]");
  app.add_option("--log-level", typed.log_level, "debug, info, warning or error [info]");
}

Error option_error(std::string_view option, std::string_view value, std::string_view problem) {
  return Error{std::string(option) + " " + std::string(value) + ": " + std::string(problem)};
}

/// Fills in cluster, self and data_dir.
Outcome choose_member(const Typed& typed, NodeOptions& options) {
  if (typed.node_id.empty())
    return Error{"--node-id is missing: give the name of this node, e.g. --node-id node1"};
  options.cluster = default_cluster();
  const bool own_list = !typed.cluster.empty();
  if (own_list) {
    Result<ClusterConfig> parsed = parse_cluster(typed.cluster);
    if (!parsed) return option_error("--cluster", typed.cluster, parsed.error().message);
    options.cluster = std::move(*parsed);
  }
  options.self = options.cluster.id_of(typed.node_id);
  const std::string list = own_list ? "--cluster" : "the default list of nodes";
  const std::string way_out =
      own_list ? "leave it out or change --cluster" : "leave it out or give --cluster";
  if (options.self == kNoNode) {
    return option_error("--node-id", typed.node_id,
                        "not in " + list + ", which has " + options.cluster.names() +
                            (own_list ? "" : "; give --cluster for other nodes"));
  }
  const Member& me = options.me();
  if (typed.port != 0 && typed.port != me.port) {
    return option_error("--port", std::to_string(typed.port),
                        list + " says " + me.node_id + " is " + me.address() + "; " + way_out);
  }
  if (!typed.host.empty() && typed.host != me.host) {
    return option_error("--host", typed.host,
                        list + " says " + me.node_id + " is " + me.address() + "; " + way_out);
  }
  options.data_dir = typed.data_dir.empty() ? "./data/" + typed.node_id : typed.data_dir;
  return success();
}

Outcome choose_timing(const Typed& typed, NodeOptions& options) {
  const std::optional<Timing> named = timing_by_name(typed.timing);
  if (!named) return option_error("--timing", typed.timing, "choose documented, lan or wan");
  options.timing = *named;
  options.timing_name = typed.timing;
  if (!typed.heartbeat_interval.empty()) {
    const Result<Duration> interval = parse_duration(typed.heartbeat_interval);
    if (!interval)
      return option_error("--heartbeat-interval", typed.heartbeat_interval,
                          interval.error().message);
    options.timing.heartbeat_interval = *interval;
    options.timing_name = "custom";
  }
  if (!typed.election_timeout.empty()) {
    const Result<DurationRange> range = parse_duration_range(typed.election_timeout);
    if (!range)
      return option_error("--election-timeout", typed.election_timeout, range.error().message);
    options.timing.election_timeout_min = range->min;
    options.timing.election_timeout_max = range->max;
    options.timing_name = "custom";
  }
  return validate(options.timing);
}

Outcome choose_rest(const Typed& typed, NodeOptions& options) {
  options.primary = typed.primary;
  if (typed.ack == "majority") {
    options.ack = AckMode::kMajority;
  } else if (typed.ack == "primary") {
    options.ack = AckMode::kPrimary;
  } else if (typed.ack == "all") {
    options.ack = AckMode::kAll;
  } else {
    return option_error("--ack", typed.ack, "choose majority, primary or all");
  }
  if (typed.max_connections == 0)
    return option_error("--max-connections", "0", "nobody could connect; give at least 1");
  options.max_connections = typed.max_connections;
  constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};
  if (std::find(std::begin(kLevels), std::end(kLevels), typed.log_level) == std::end(kLevels)) {
    return option_error("--log-level", typed.log_level, "choose debug, info, warning or error");
  }
  options.log_level = typed.log_level;
  return success();
}

Outcome choose_dialect(const Typed& typed, NodeOptions& options) {
  if (typed.dialect == "json") {
    options.dialect = Dialect::kJson;
  } else if (typed.dialect == "redis") {
    options.dialect = Dialect::kRedis;
  } else if (typed.dialect != "auto") {
    return option_error("--dialect", typed.dialect, "choose auto, json or redis");
  }
  if (typed.redis_mode == "standalone") {
    options.redis_mode = RedisMode::kStandalone;
  } else if (typed.redis_mode != "cluster") {
    return option_error("--redis-mode", typed.redis_mode, "choose cluster or standalone");
  }
  return success();
}

Outcome choose_reads(const Typed& typed, NodeOptions& options) {
  if (typed.reads == to_string(ReadMode::kLease)) {
    options.reads = ReadMode::kLease;
    options.cluster.vote_promise = options.timing.election_timeout_min;
  } else if (typed.reads != to_string(ReadMode::kReadIndex)) {
    return option_error("--reads", typed.reads, "choose read-index or lease");
  }
  const bool leases = options.reads == ReadMode::kLease;
  if (leases && options.ack == AckMode::kPrimary) {
    return option_error("--reads", typed.reads,
                        "with --ack primary reads ask nobody anyway; leave one of them out");
  }
  const std::uint32_t drift_ppm = typed.lease_drift_ppm.value_or(kDefaultLeaseDriftPpm);
  if (typed.lease_drift_ppm && !leases) {
    return option_error("--lease-drift-ppm", std::to_string(drift_ppm),
                        "only leases depend on clocks; leave it out or add --reads lease");
  }
  if (drift_ppm > kMostLeaseDriftPpm) {
    return option_error("--lease-drift-ppm", std::to_string(drift_ppm),
                        "give at most " + std::to_string(kMostLeaseDriftPpm) +
                            "; with clocks worse than that choose --reads read-index");
  }
  options.lease_drift_ppm = drift_ppm;
  return success();
}

UsageExit usage_error(std::string_view message) {
  return {kUsageStatus, "kvnode: " + std::string(message) + "\nTry kvnode --help.\n"};
}

}  // namespace

std::size_t affordable_connections(std::size_t wanted, std::uint64_t descriptors) {
  if (descriptors <= kReservedDescriptors) return 1;
  return std::min<std::uint64_t>(wanted, descriptors - kReservedDescriptors);
}

std::variant<NodeOptions, UsageExit> parse_node_options(std::vector<std::string> arguments) {
  CLI::App app{"kvnode: one server of a replicated, durable key-value store", "kvnode"};
  Typed typed;
  declare(app, typed);
  app.set_config("--config", "",
                 "Read options from FILE, one NAME = \"VALUE\" a line; the command line wins")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_version_flag("--version", std::string("kvnode ") + KV_VERSION);
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
  NodeOptions options;
  for (const auto choose :
       {choose_member, choose_timing, choose_rest, choose_reads, choose_dialect}) {
    const Outcome outcome = choose(typed, options);
    if (!outcome) return usage_error(outcome.error().message);
  }
  return options;
}

}  // namespace kv
