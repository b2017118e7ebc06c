// kvload: puts a load on a cluster of ours, on Redis or on etcd, and prints rates and latencies; or
// writes through a failover and counts what was lost.
#include <cstdio>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "load/failover_run.h"
#include "load/load_options.h"
#include "load/load_run.h"
#include "server/client.h"

namespace kv::load {
namespace {

int fail(const std::string& message, int status) {
  std::fprintf(stderr, "kvload: %s\n", message.c_str());
  return status;
}

Result<ClusterConfig> servers_of(const LoadOptions& options) {
  return parse_cluster(options.address.empty() ? options.cluster : "server=" + options.address);
}

/// Where the operations go: the one address given, else the primary of our cluster.
Result<Member> server_of(const LoadOptions& options, const ClusterConfig& cluster) {
  if (!options.address.empty()) return cluster.members.front();
  const auto primary = primary_among(status_of_all(cluster, seconds(2)));
  if (primary) return cluster.members[*primary];
  return Error{"no primary serves in " + options.cluster +
               ". Start the cluster first: kvctl start; or name the server: --address"};
}

template <typename Totals>
void print(const LoadOptions& options, const Totals& totals) {
  std::fputs((options.json ? as_json(totals) : as_text(totals)).c_str(), stdout);
}

int failover(const LoadOptions& options, const ClusterConfig& cluster) {
  const Result<FailoverTotals> totals = run_failover(options, cluster);
  if (!totals) return fail(totals.error().message, 1);
  print(options, *totals);
  return totals->recovered && totals->verified && totals->lost == 0 ? 0 : 1;
}

int run(const LoadOptions& options) {
  const Result<ClusterConfig> cluster = servers_of(options);
  if (!cluster) return fail(cluster.error().message, 2);
  if (options.failover) return failover(options, *cluster);
  const Result<Member> server = server_of(options, *cluster);
  if (!server) return fail(server.error().message, 1);
  const Result<LoadTotals> totals = run_load(options, *server);
  if (!totals) return fail(totals.error().message, 1);
  print(options, *totals);
  return totals->failed == 0 ? 0 : 1;
}

Protocol protocol_named(std::string_view name) {
  if (name == "redis") return Protocol::kRedis;
  return name == "etcd" ? Protocol::kEtcd : Protocol::kLine;
}

void add_servers(CLI::App& app, LoadOptions& options) {
  app.add_option_function<std::string>(
         "--protocol",
         [&options](const std::string& name) { options.protocol = protocol_named(name); },
         "line (JSON answers), redis or etcd [line]")
      ->check(CLI::IsMember({"line", "redis", "etcd"}));
  auto* cluster =
      app.add_option("--cluster", options.cluster, "the cluster's nodes")->capture_default_str();
  app.add_option("--address", options.address, "HOST:PORT of the one server to use")
      ->excludes(cluster);
  app.add_option("--sentinels", options.sentinels,
                 "Redis Sentinels that know who is primary, in the form of --cluster; with "
                 "--failover");
}

void add_load(CLI::App& app, LoadOptions& options) {
  app.add_option("--clients", options.clients,
                 "how many; each has a connection, but etcd's share 16")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--pipeline", options.pipeline,
                 "commands that each sends together; the next when all are answered")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--wait", options.wait_replicas,
                 "redis: end each batch with WAIT for so many replicas")
      ->check(CLI::Range(0, 100));
  app.add_option("--seconds", options.seconds, "how long")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  app.add_option("--keys", options.keys, "how many different keys")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--value-bytes", options.value_bytes, "size of a value")->capture_default_str();
  app.add_option("--reads", options.reads_percent, "percent of GETs")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  auto* fill = app.add_flag("--fill", options.fill, "write each key once, then end");
  app.add_option("--rate", options.rate, "operations a second; 0: as many as are answered")
      ->capture_default_str()
      ->excludes(fill);
  app.add_flag("--failover", options.failover,
               "one writer that goes on to the next node: prints the longest time without an "
               "acknowledged write, then looks for every acknowledged key")
      ->excludes(fill);
  app.add_flag("--json", options.json, "print one JSON object");
}

}  // namespace
}  // namespace kv::load

int main(int argc, char** argv) {
  kv::load::LoadOptions options;
  CLI::App app{
      "kvload: puts a load on a running cluster and prints its rate and latencies.\n"
      "Examples:\n  kvload --clients 50 --seconds 5\n  kvload --fill --keys 1000000 --pipeline 64\n"
      "  kvload --protocol redis --address 127.0.0.1:6379 --reads 100\n"
      "  kvload --failover --seconds 10    (and kill the primary meanwhile)"};
  kv::load::add_servers(app, options);
  kv::load::add_load(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return kv::load::run(options);
}
