#include "driver.h"

#include <chrono>
#include <random>
#include <utility>

#include <asio/post.hpp>
#include <unistd.h>

#include "core/codec.h"
#include "status_line.h"
#include "steady_now.h"

namespace kv {
namespace {

/// Requests of clients have their session's id, never 0, in the upper half.
constexpr RequestId kTransferRequest = 1;
constexpr std::chrono::milliseconds kTransferTimeout{1'500};
constexpr std::chrono::milliseconds kAnswerTimeout{2'200};
/// For the last records to reach those who watch.
constexpr std::chrono::milliseconds kLastRecordsTimeout{50};
/// The documented replication timeout: --ack all waits for the slowest node.
constexpr Duration kAckAllTimeout = seconds(2);

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

Config make_config(const NodeOptions& options, const Recovered& recovered) {
  Config config;
  config.self = options.self;
  for (NodeId node = 1; node <= options.cluster.members.size(); ++node)
    config.members.push_back(node);
  config.incarnation = recovered.incarnation;
  config.timing = options.timing;
  config.ack = options.ack;
  if (options.ack == AckMode::kAll) config.request_timeout = kAckAllTimeout;
  config.bootstrap_primary = options.primary;
  return config;
}

}  // namespace

Driver::Driver(asio::io_context& loop, const NodeOptions& options, Holdings holdings,
               DataDirectory& directory, EventLog& log)
    : loop_(loop),
      options_(options),
      log_(log),
      started_at_(steady_now()),
      incarnation_(holdings.recovered.incarnation),
      replica_(make_config(options, holdings.recovered), holdings.recovered, random_seed(),
               started_at_),
      log_writer_(
          std::move(holdings.wal), directory,
          [this](WriteId id) {
            asio::post(loop_, [this, id] {
              replica_.persisted(steady_now(), id);
              schedule_flush();
            });
          },
          [this](const Error& error) { asio::post(loop_, [this, error] { fail(error); }); }),
      snapshot_writer_(
          directory,
          [this](LogIndex last_index) {
            asio::post(loop_, [this, last_index] {
              replica_.snapshot_saved(steady_now(), last_index);
              schedule_flush();
            });
          },
          [this](const Error& error) {
            asio::post(loop_, [this, error] {
              // Nothing is lost without it: the log keeps what the snapshot would have covered.
              log_.error("a snapshot failed: " + error.message +
                         "; the log grows until a later one succeeds");
              replica_.snapshot_failed(steady_now());
            });
          }),
      clients_(std::move(holdings.clients), options.cluster, options.max_connections, *this, log),
      peers_(std::move(holdings.peers), options.cluster, options.self, *this, log),
      trace_(loop, options.self, clients_, [this] { schedule_flush(); }),
      timer_(loop),
      stop_timer_(loop) {
  make_links(Rng(random_seed()));
}

void Driver::make_links(Rng rng) {
  const std::uint64_t fingerprint = cluster_fingerprint(options_.cluster);
  for (const Member& member : options_.cluster.members) {
    if (member == options_.me()) {
      links_.push_back(nullptr);
      continue;
    }
    Frame hello = make_frame(
        encode_hello({fingerprint, options_.me().node_id, member.node_id, incarnation_}));
    links_.push_back(std::make_unique<PeerLink>(loop_, member, std::move(hello),
                                                rng.fork(member.node_id), log_));
  }
}

void Driver::start() {
  for (const auto& link : links_) {
    if (link) link->start();
  }
  peers_.start();
  clients_.start();
  schedule_flush();
}

// A posted handler runs after all that are ready now, so their inputs share one flush.
void Driver::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  asio::post(loop_, [this] { flush(); });
}

void Driver::flush() {
  flush_scheduled_ = false;
  if (trace_.on()) trace_.begin_turn();
  Effects effects = replica_.take_effects(steady_now());
  if (!effects.writes.empty()) log_writer_.enqueue(std::move(effects.writes));
  for (const Message& message : effects.messages) send(message);
  for (const auto& link : links_) {
    if (link) link->flush();
  }
  for (const Event& event : effects.events) log_.record(event);
  if (effects.save_snapshot) snapshot_writer_.save(std::move(effects.save_snapshot));
  for (SnapshotPtr& snapshot : effects.retired) snapshot_writer_.drop(std::move(snapshot));
  for (const ClientReply& reply : effects.replies) {
    if (reply.id == kTransferRequest) {
      handed_over();
    } else {
      clients_.deliver(reply);
    }
  }
  if (trace_.on()) trace(effects);
  clients_.flush();
  arm_timer();
}

/// Before clients are read from again: what they ask changes the replica, and observed() with it.
void Driver::trace(const Effects& effects) {
  for (const Event& event : effects.events) trace_.happened(event);
  for (const Message& message : effects.messages) {
    trace_.sent(message, links_[message.to - 1]->is_connected());
  }
  for (const ClientReply& reply : effects.replies) trace_.answered(reply);
  trace_.show(observed());
}

NodeObserved Driver::observed() const {
  const Raft& raft = replica_.raft();
  NodeObserved present;
  present.role = raft.role();
  present.term = raft.term();
  present.leader = raft.leader();
  present.serving = raft.serving();
  present.incarnation = incarnation_;
  present.first_index = raft.log().first_index();
  present.last_index = raft.log().last_index();
  present.last_term = raft.log().last_term();
  present.persisted = raft.persisted_index();
  present.commit = raft.commit();
  present.applied = replica_.applied();
  return present;
}

void Driver::send(const Message& message) {
  std::string payload = encode_message(message);
  if (payload.size() > kMaxFrameBytes) {
    return log_.error("can't send a message of " + std::to_string(payload.size()) + " bytes to " +
                      options_.cluster.find(message.to)->node_id + ": at most " +
                      std::to_string(kMaxFrameBytes) + " fit into a frame");
  }
  links_[message.to - 1]->send(make_frame(std::move(payload)));
}

// A deadline that moved back isn't worth a system call: the timer then fires early and finds
// nothing due.
void Driver::arm_timer() {
  const std::optional<Instant> deadline = replica_.next_deadline();
  if (!deadline || (armed_for_ && *armed_for_ <= *deadline)) return;
  armed_for_ = deadline;
  timer_.expires_at(asio::steady_timer::time_point(std::chrono::nanoseconds(deadline->ns)));
  timer_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled) return;
    armed_for_.reset();
    replica_.tick(steady_now());
    schedule_flush();
  });
}

void Driver::submit(ClientRequest request) {
  if (trace_.on()) trace_.submitted(request.id);
  replica_.submit(steady_now(), std::move(request));
  schedule_flush();
}

void Driver::peer_said(const Message& message) {
  replica_.step(steady_now(), message);
  schedule_flush();
}

void Driver::peer_dialled(NodeId peer) {
  links_[peer - 1]->peer_is_up();
}

std::string Driver::status_line() {
  const Instant now = steady_now();
  const auto uptime = static_cast<std::uint64_t>((now - started_at_).ns / seconds(1).ns);
  return kv::status_line(replica_.status(now), options_.cluster,
                         {options_.timing_name, uptime, static_cast<std::uint64_t>(::getpid()),
                          clients_.connections()});
}

void Driver::shut_down() {
  if (stopping_) return;
  stopping_ = true;
  log_.info("shutting down");
  asio::post(loop_, [this] { begin_stop(); });
}

void Driver::begin_stop() {
  clients_.stop_accepting();
  const Instant now = steady_now();
  if (!replica_.raft().is_leader() || options_.cluster.members.size() == 1) return handed_over();
  replica_.submit(now, {kTransferRequest, TransferRequest{}});
  schedule_flush();
  stop_timer_.expires_after(kTransferTimeout);
  stop_timer_.async_wait([this](const std::error_code& cancelled) {
    if (!cancelled) handed_over();
  });
}

void Driver::handed_over() {
  if (handed_over_) return;
  handed_over_ = true;
  stop_timer_.expires_after(kAnswerTimeout);
  stop_timer_.async_wait([this](const std::error_code& cancelled) {
    if (!cancelled) finish();
  });
  asio::post(loop_, [this] { client_done(); });
}

void Driver::client_done() {
  if (handed_over_ && clients_.owes_nothing()) finish();
}

void Driver::finish() {
  if (std::exchange(finished_, true)) return;
  if (!trace_.on()) return end();
  trace_.end(observed(), {StopCause::kShutdown, {}});
  stop_timer_.expires_after(kLastRecordsTimeout);
  stop_timer_.async_wait([this](const std::error_code&) { end(); });
}

void Driver::end() {
  loop_.stop();
  clients_.close_all();
}

void Driver::fail(const Error& error) {
  log_.critical(error.message + "; this node stops");
  trace_.end(observed(), {StopCause::kDiskFailure, error.message});
  exit_status_ = 1;
  loop_.stop();
}

}  // namespace kv
