#include "ctl_options.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "core/config.h"
#include "core/duration_text.h"
#include "terminal.h"

namespace kv {
namespace {

constexpr int kUsageError = 2;
constexpr Duration kLongestWait = seconds(24 * 60 * 60);

/// The words as they were typed.
struct Words {
  std::string cluster;
  std::string timeout{"15s"};
  bool json{false};
  bool watch{false};
  std::string key;
  std::vector<std::string> value;
  std::string node;
  std::string data_dir{"./data"};
  std::string kvnode;
  std::string restart_after{"15s"};
  std::string timing;
  std::string ack;
  std::string reads;
  std::string lease_drift_ppm;
  std::string heartbeat_interval;
  std::string election_timeout;
};

constexpr const char* kExamples = R"(Examples:
  kvctl start                                   run the three nodes of the default cluster
  kvctl status --watch                          what the nodes are doing, every second
  kvctl set user:1 '{"name":"Alice","age":30}'  write, on the primary
  kvctl get user:1                              read it back
  kvctl                                         a prompt; also: echo 'GET user:1' | kvctl
  kvctl --cluster a=10.0.0.1:6379,b=10.0.0.2:6379,c=10.0.0.3:6379 status

Exit status: 0 done, 1 failed, 2 the command line makes no sense.)";

void add_start(CLI::App& app, Words& words) {
  CLI::App* const start =
      app.add_subcommand("start", "Run all nodes of the cluster on this machine until Ctrl-C");
  start->add_option("--data-dir", words.data_dir, "Each node keeps its data and log in DIR/<node>")
      ->type_name("DIR")
      ->capture_default_str();
  start
      ->add_option("--timing", words.timing,
                   "documented (failover in 5 to 8 s), lan (under 1 s) or wan")
      ->type_name("NAME")
      ->check(CLI::IsMember({"documented", "lan", "wan"}));
  start
      ->add_option("--ack", words.ack,
                   "A write is OK when it is durable on: majority, primary or all")
      ->type_name("MODE")
      ->check(CLI::IsMember({"majority", "primary", "all"}));
  start->add_option("--reads", words.reads, "How the primary makes sure that it is one, for a read")
      ->type_name("MODE")
      ->check(CLI::IsMember({"read-index", "lease"}));
  start
      ->add_option("--lease-drift-ppm", words.lease_drift_ppm,
                   "With --reads lease: no clock is off by more parts per million")
      ->type_name("N")
      ->check(CLI::Range(0U, kMostLeaseDriftPpm));
  start
      ->add_option("--heartbeat-interval", words.heartbeat_interval,
                   "For example 2s; overrides --timing")
      ->type_name("TIME");
  start
      ->add_option("--election-timeout", words.election_timeout,
                   "For example 5s..8s; overrides --timing")
      ->type_name("MIN..MAX");
  start
      ->add_option("--restart-after", words.restart_after,
                   "When a node that died is started again, or 'never'")
      ->type_name("TIME")
      ->capture_default_str();
  start->add_option("--kvnode", words.kvnode, "The server program; default: the one beside kvctl")
      ->type_name("PATH");
  start->footer(R"(Examples:
  kvctl start
  kvctl start --timing lan --data-dir /var/tmp/kv
  kvctl start --election-timeout 1s..2s --heartbeat-interval 250ms --restart-after never)");
}

void add_whole_cluster(CLI::App& app, Words& words) {
  CLI::App* const status =
      app.add_subcommand("status", "Show every node; exit status 1 without a primary");
  status->add_flag("--json", words.json, "One line of JSON");
  status->add_flag("--watch", words.watch, "Again every second, until Ctrl-C");
  status->footer(
      "Examples:\n  kvctl status\n  kvctl status --watch\n  kvctl status --json | python3 -m "
      "json.tool");
  CLI::App* const stop = app.add_subcommand("stop", "Shut all nodes down, the primary last");
  stop->footer("Example:\n  kvctl stop");
}

void add_data(CLI::App& app, Words& words) {
  CLI::App* const get =
      app.add_subcommand("get", "Print the value of a key; exit status 1 if there is none");
  get->add_option("KEY", words.key, "No spaces")->required()->type_name("");
  get->footer("Examples:\n  kvctl get user:1\n  kvctl get --json user:1");
  CLI::App* const set = app.add_subcommand("set", "Write a value");
  set->add_option("KEY", words.key, "No spaces")->required()->type_name("");
  set->add_option("VALUE", words.value, "Several words are joined by a space")
      ->required()
      ->type_name("");
  set->footer(R"(Examples:
  kvctl set user:1 '{"name":"Alice","age":30}'
  kvctl set greeting hello world
  kvctl set temperature -- -5     (what begins with '-' goes behind '--'))");
  CLI::App* const remove = app.add_subcommand("delete", "Remove a key, if it is there");
  remove->add_option("KEY", words.key, "No spaces")->required()->type_name("");
  remove->footer("Example:\n  kvctl delete user:1");
  for (CLI::App* each : {get, set, remove})
    each->add_flag("--json", words.json, "Print the node's reply as it is");
}

void add_one_node(CLI::App& app, Words& words) {
  CLI::App* const ping = app.add_subcommand("ping", "Ask a node, or all, for a sign of life");
  ping->add_option("NODE", words.node, "Default: all nodes")->type_name("");
  ping->add_flag("--json", words.json, "Print the nodes' replies as they are");
  ping->footer("Examples:\n  kvctl ping\n  kvctl ping node2");
  CLI::App* const shutdown =
      app.add_subcommand("shutdown", "Shut one node down; a primary hands over first");
  shutdown->add_option("NODE", words.node, "For example node2")->required()->type_name("");
  shutdown->footer("Example:\n  kvctl shutdown node2");
}

/// Throws CLI::ParseError, also for --help.
void parse_words(CLI::App& app, Words& words, int argc, char** argv) {
  app.fallthrough();
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string("kvctl ") + KV_VERSION);
  app.add_option("--cluster", words.cluster,
                 "All nodes: name=host:port,…; default: node1 to node3 on 127.0.0.1")
      ->type_name("LIST")
      ->envname("KV_CLUSTER");
  app.add_option("--timeout", words.timeout, "How long to try until the cluster answers")
      ->type_name("TIME")
      ->capture_default_str();
  app.footer(kExamples);
  add_start(app, words);
  add_whole_cluster(app, words);
  add_data(app, words);
  add_one_node(app, words);
  app.parse(argc, argv);
}

Result<Duration> parse_wait(const std::string& option, const std::string& text) {
  const Result<Duration> wait = parse_duration(text);
  if (!wait) return Error{option + ": " + wait.error().message};
  if (*wait > kLongestWait) return Error{option + ": '" + text + "' is longer than a day."};
  return wait;
}

Result<StartCommand> start_command(const Words& words) {
  StartCommand start;
  start.data_dir = words.data_dir;
  start.kvnode = words.kvnode;
  start.longest_election = words.timing == "lan"   ? milliseconds(600)
                           : words.timing == "wan" ? seconds(5)
                                                   : seconds(8);
  start.failover_time = words.timing == "lan"   ? "in less than a second"
                        : words.timing == "wan" ? "within 2.5 to 5 s"
                                                : "within 5 to 8 s";
  if (!words.heartbeat_interval.empty()) {
    const Result<Duration> interval = parse_duration(words.heartbeat_interval);
    if (!interval) return Error{"--heartbeat-interval: " + interval.error().message};
  }
  if (!words.election_timeout.empty()) {
    const Result<DurationRange> range = parse_duration_range(words.election_timeout);
    if (!range) return Error{"--election-timeout: " + range.error().message};
    start.failover_time = "within " + to_text(range->min) + " to " + to_text(range->max);
    start.longest_election = range->max;
  }
  if (words.restart_after != "never") {
    const Result<Duration> wait = parse_wait("--restart-after", words.restart_after);
    if (!wait) return Error{wait.error().message + " Or 'never'."};
    start.restart_after = *wait;
  }
  const auto pass_on = [&start](const char* option, const std::string& value) {
    if (!value.empty()) start.node_arguments.insert(start.node_arguments.end(), {option, value});
  };
  pass_on("--timing", words.timing);
  pass_on("--ack", words.ack);
  pass_on("--reads", words.reads);
  pass_on("--lease-drift-ppm", words.lease_drift_ppm);
  pass_on("--heartbeat-interval", words.heartbeat_interval);
  pass_on("--election-timeout", words.election_timeout);
  return start;
}

Result<Member> find_member(const ClusterConfig& cluster, const std::string& name) {
  if (const Member* member = cluster.find(name)) return *member;
  return Error{"there is no node '" + name + "' in the cluster; its nodes are " + cluster.names() +
               ". Another cluster is named with --cluster."};
}

Outcome check_key(const std::string& key) {
  if (!key.empty() && key.find_first_of(" \t\r\n") == std::string::npos) return success();
  return Error{"the key '" + key +
               "' can't be sent: a key is one word without spaces and line breaks."};
}

Outcome fill_in(CtlOptions& options, const std::string& command, const Words& words) {
  if (command == "start") {
    Result<StartCommand> start = start_command(words);
    if (!start) return start.error();
    options.command = std::move(*start);
  } else if (command == "status") {
    options.command = StatusCommand{words.watch};
  } else if (command == "stop") {
    options.command = StopCommand{};
  } else if (command == "ping" && words.node.empty()) {
    options.command = PingCommand{options.cluster.members};
  } else if (command == "ping" || command == "shutdown") {
    const Result<Member> member = find_member(options.cluster, words.node);
    if (!member) return member.error();
    if (command == "ping") options.command = PingCommand{{*member}};
    if (command == "shutdown") options.command = ShutdownCommand{*member};
  } else if (!command.empty()) {
    if (const Outcome fine = check_key(words.key); !fine) return fine.error();
    if (command == "get") options.command = GetCommand{words.key};
    if (command == "delete") options.command = DeleteCommand{words.key};
    if (command == "set")
      options.command = SetCommand{words.key, CLI::detail::join(words.value, " ")};
  }
  return success();
}

Result<CtlOptions> to_options(const CLI::App& app, const Words& words) {
  CtlOptions options;
  options.cluster = default_cluster();
  if (!words.cluster.empty()) {
    Result<ClusterConfig> cluster = parse_cluster(words.cluster);
    if (!cluster) return Error{"--cluster (or KV_CLUSTER): " + cluster.error().message};
    options.cluster = std::move(*cluster);
  }
  const Result<Duration> timeout = parse_wait("--timeout", words.timeout);
  if (!timeout) return timeout.error();
  options.timeout = *timeout;
  options.json = words.json;
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : chosen.front()->get_name();
  if (const Outcome fine = fill_in(options, command, words); !fine) return fine.error();
  return options;
}

int explain(const CLI::App& app, const CLI::ParseError& problem) {
  if (problem.get_exit_code() == 0) return app.exit(problem, std::cout, std::cerr);
  std::string message = problem.what();
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
  fail(message + "\nSee kvctl" + command + " --help.");
  return kUsageError;
}

}  // namespace

std::variant<CtlOptions, int> parse_options(int argc, char** argv) {
  CLI::App app(
      "Runs, shows and stops a cluster of kvnode, reads and writes its data. Finds the primary by\n"
      "itself and follows it through a failover. With no command: an interactive prompt.",
      "kvctl");
  Words words;
  try {
    parse_words(app, words, argc, argv);
  } catch (const CLI::ParseError& problem) {
    return explain(app, problem);
  }
  Result<CtlOptions> options = to_options(app, words);
  if (!options) {
    fail(options.error().message);
    return kUsageError;
  }
  options->program = argv[0];
  return *std::move(options);
}

}  // namespace kv
