#include "node.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include "core/duration_text.h"
#include "data_directory.h"
#include "driver.h"
#include "event_log.h"
#include "steady_now.h"

namespace kv {
namespace {

using asio::ip::tcp;

constexpr int kFailed = 1;

/// A closed connection and a full disk are errors of a call, not the end of the process.
void ignore_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

/// Each client takes a file descriptor, and the usual soft limit is 1024. The limit that now holds.
std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return RLIM_INFINITY;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

/// Clients that took the last descriptor would make the log's next file fail, which ends the node.
void fit_connections(NodeOptions& options, EventLog& log) {
  const std::uint64_t descriptors = raise_descriptor_limit();
  const std::size_t wanted = options.max_connections;
  options.max_connections = affordable_connections(wanted, descriptors);
  if (options.max_connections == wanted) return;
  log.warning("takes " + std::to_string(options.max_connections) +
              " clients at a time, not the --max-connections " + std::to_string(wanted) +
              ": this process may open " + std::to_string(descriptors) +
              " files (ulimit -Hn), and needs some for its log and the other nodes");
}

Incarnation fresh_incarnation() {
  std::random_device device;
  Incarnation drawn = 0;
  while (drawn == 0) drawn = std::uint64_t{device()} << 32 | device();
  return drawn;
}

Error explain_listen(const std::error_code& error, const Member& me, std::uint16_t port) {
  const std::string number = std::to_string(port);
  const std::string use = port == me.port ? "" : " (for the other nodes: the client port + 10000)";
  if (error == asio::error::address_in_use) {
    return Error{"port " + number + use + " is in use on " + me.host +
                 "; stop the other program (kvctl stop, or: ss -ltnp | grep " + number +
                 ") or choose --port"};
  }
  if (error == asio::error::access_denied) {
    return Error{"no permission to listen on port " + number + use +
                 "; choose a --port above 1023"};
  }
  if (error.value() == EADDRNOTAVAIL) {
    return Error{me.host + " is not an address of this machine; correct the host of " + me.node_id +
                 " in --cluster"};
  }
  return Error{"can't listen on " + address_text(me.host, port) + use + ": " + error.message()};
}

Result<tcp::acceptor> listen(asio::io_context& loop, const Member& me, std::uint16_t port) {
  std::error_code error;
  tcp::resolver resolver(loop);
  const auto found =
      resolver.resolve(me.host, std::to_string(port),
                       tcp::resolver::numeric_service | tcp::resolver::passive, error);
  if (error) return Error{"the host '" + me.host + "' can't be resolved: " + error.message()};
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor acceptor(loop);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return explain_listen(error, me, port);
  return acceptor;
}

std::string describe(const Recovered& recovered, Duration took) {
  if (!recovered.has_history()) return "new data directory";
  std::string text = "recovered term " + std::to_string(recovered.hard_state.term) + ", " +
                     std::to_string(recovered.entries.size()) + " log entries";
  if (!recovered.entries.empty())
    text += " through " + std::to_string(recovered.entries.back().index);
  if (recovered.snapshot) {
    text += ", snapshot at " + std::to_string(recovered.snapshot->last_index) + " with " +
            std::to_string(recovered.snapshot->state.size()) + " keys";
  }
  return text + " in " + std::to_string(took.ns / milliseconds(1).ns) + " ms";
}

std::string describe(const Timing& timing, const std::string& name) {
  return name + " (heartbeat " + to_text(timing.heartbeat_interval) + ", election timeout " +
         to_text(DurationRange{timing.election_timeout_min, timing.election_timeout_max}) + ")";
}

void announce(const NodeOptions& options, const Wal::Opened& opened, Duration took, EventLog& log) {
  for (const std::string& note : opened.notes) log.warning(note);
  log.info(std::string("kvnode ") + KV_VERSION + " " + options.me().node_id + " listens on " +
           options.me().address() + ", data in " + options.data_dir + ": " +
           describe(opened.recovered, took) + "; ack " + std::string(to_string(options.ack)) +
           ", timing " + describe(options.timing, options.timing_name));
  if (options.reads == ReadMode::kLease) {
    const Duration lease = lease_length(options.timing, options.lease_drift_ppm);
    const Duration whole = milliseconds(lease.ns / milliseconds(1).ns);
    log.info("--reads lease: reads are answered without asking for up to " + to_text(whole) +
             ", as long as no clock is off by more than " +
             std::to_string(options.lease_drift_ppm) + " ppm, nor stands still, nor jumps");
  }
  if (options.ack == AckMode::kPrimary) {
    log.warning(
        "--ack primary: OK means written on this node alone. A FAILOVER CAN LOSE ACKNOWLEDGED "
        "WRITES");
  }
  if (options.primary && opened.recovered.has_history()) {
    log.info("--primary is ignored: this data directory has history, so an election decides");
  }
}

Result<int> serve(const NodeOptions& options, EventLog& log) {
  const Instant began = steady_now();
  Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(options.data_dir);
  if (!directory) return directory.error();
  Wal::Options log_options;
  log_options.node_name = options.me().node_id;
  log_options.members = options.cluster.names();
  Result<Wal::Opened> opened =
      (*directory)->recover_or_create(std::move(log_options), fresh_incarnation());
  if (!opened) return opened.error();

  asio::io_context loop(1);
  Result<tcp::acceptor> clients = listen(loop, options.me(), options.me().port);
  if (!clients) return clients.error();
  Result<tcp::acceptor> peers = listen(loop, options.me(), options.me().peer_port());
  if (!peers) return peers.error();
  announce(options, *opened, steady_now() - began, log);

  Driver driver(loop, options,
                {std::move(*clients), std::move(*peers), std::move(opened->wal),
                 std::move(opened->recovered)},
                **directory, log);
  asio::signal_set signals(loop);
  std::error_code error;
  for (const int signal : {SIGINT, SIGTERM}) signals.add(signal, error);
  if (error) return Error{"can't handle signals: " + error.message()};
  signals.async_wait([&](const std::error_code& cancelled, int) {
    if (cancelled) return;
    driver.shut_down();
    signals.async_wait([&log](const std::error_code& over, int) {
      if (over) return;
      log.warning("a second signal: ends at once; what was acknowledged is on disk");
      ::_exit(kFailed);
    });
  });
  driver.start();
  loop.run();
  return driver.exit_status();
}

}  // namespace

int run_node(NodeOptions options) {
  ignore_signals();
  EventLog log(options.cluster, options.self, options.log_level);
  fit_connections(options, log);
  const Result<int> status = serve(options, log);
  if (!status) {
    std::fprintf(stderr, "kvnode: %s\n", status.error().message.c_str());
    return kFailed;
  }
  if (*status == 0) log.info("stopped");
  return *status;
}

}  // namespace kv
