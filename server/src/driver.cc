#include "driver.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include <asio/post.hpp>
#include <unistd.h>

#include "core/codec.h"
#include "core/command.h"
#include "free_memory.h"
#include "redis_faces.h"
#include "status_line.h"
#include "steady_now.h"

namespace kv {
namespace {

/// Requests of clients have their session's id, never 0, in the upper half.
constexpr RequestId kTransferRequest = 1;
constexpr RequestId kHandOverRequest = 2;
constexpr RequestId kClockRequest = 3;
constexpr RequestId kFirstClientRequest = RequestId{1} << 32;
/// How often the clock is moved for keys that nobody asks for.
constexpr std::uint64_t kExpiryPauseMs = 100;
/// At rest the log in memory is no larger than this and a share of the last snapshot.
constexpr std::chrono::milliseconds kRestLook{1'000};
constexpr std::chrono::milliseconds kCompactStep{10};
constexpr std::uint64_t kLogAtRestBytes = 3 << 20;
constexpr std::uint64_t kLogAtRestShare = 64;
constexpr std::uint64_t kLongestPauseMs = 3'600'000;
constexpr std::chrono::milliseconds kTransferTimeout{1'500};
constexpr std::chrono::milliseconds kAnswerTimeout{2'200};
/// For the last records to reach those who watch.
constexpr std::chrono::milliseconds kLastRecordsTimeout{50};
/// The documented replication timeout: --ack all waits for the slowest node.
constexpr Duration kAckAllTimeout = seconds(2);

std::uint64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

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
  config.reads = options.reads;
  config.lease_drift_ppm = options.lease_drift_ppm;
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
              snapshot_unix_seconds_ = wall_clock_ms() / 1000;
              snapshot_failed_ = false;
              schedule_flush();
            });
          },
          [this](const Error& error) {
            asio::post(loop_, [this, error] {
              // Nothing is lost without it: the log keeps what the snapshot would have covered.
              log_.error("a snapshot failed: " + error.message +
                         "; the log grows until a later one succeeds");
              ++failed_snapshots_;
              snapshot_failed_ = true;
              replica_.snapshot_failed(steady_now());
              schedule_flush();
            });
          }),
      clients_(std::move(holdings.clients), options, *this, log),
      peers_(std::move(holdings.peers), options.cluster, options.self, *this, log),
      trace_(loop, options.self, clients_, [this] { schedule_flush(); }),
      timer_(loop),
      expiry_timer_(loop),
      rest_timer_(loop),
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
  look_for_rest(kRestLook);
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
  const Instant now = steady_now();
  Effects effects = replica_.take_effects(now);
  // First what has the longer way: a commit waits for a follower's disk, and our own meanwhile.
  for (const Message& message : effects.messages) send(message);
  for (const auto& link : links_) {
    if (link) link->flush();
  }
  if (!effects.writes.empty()) {
    // A snapshot that is being written makes the disk slow.
    const bool awaited =
        !effects.replies.empty() || replica_.is_asked() || replica_.saving_snapshot();
    awaited ? log_writer_.enqueue(std::move(effects.writes))
            : log_writer_.write(std::move(effects.writes));
  }
  for (const Event& event : effects.events) log_.record(event);
  if (effects.save_snapshot) snapshot_writer_.save(std::move(effects.save_snapshot));
  for (SnapshotPtr& snapshot : effects.retired) snapshot_writer_.drop(std::move(snapshot));
  if (trace_.on()) trace(effects);
  for (ClientReply& reply : effects.replies) {
    if (reply.id == kTransferRequest) {
      handed_over();
    } else if (reply.id >= kFirstClientRequest) {
      clients_.deliver(std::move(reply), now);
    }
  }
  // Before clients are read from again: what they ask changes the replica, and observed() with it.
  if (trace_.on()) trace_.show(observed());
  clients_.flush();
  tell_of_primary();
  arm_timer();
  arm_expiry();
}

void Driver::trace(const Effects& effects) {
  for (const Event& event : effects.events) trace_.happened(event);
  for (const Message& message : effects.messages) {
    trace_.sent(message, links_[message.to - 1]->is_connected());
  }
  for (const ClientReply& reply : effects.replies) trace_.answered(reply);
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

std::uint64_t Driver::uptime_seconds() const {
  return static_cast<std::uint64_t>((steady_now() - started_at_).ns / seconds(1).ns);
}

std::string Driver::status_line() {
  return kv::status_line(replica_.status(steady_now()), options_.cluster,
                         {options_.timing_name, uptime_seconds(),
                          static_cast<std::uint64_t>(::getpid()), clients_.connections()});
}

NodeFacts Driver::facts() {
  NodeFacts facts;
  facts.status = replica_.status(steady_now());
  facts.last_primary = last_primary_;
  for (NodeId node = 1; node <= links_.size(); ++node) {
    const auto& link = links_[node - 1];
    if (link && !link->is_connected()) facts.unlinked.push_back(node);
  }
  facts.now_ms = now_ms();
  facts.uptime_seconds = uptime_seconds();
  facts.pid = static_cast<std::uint64_t>(::getpid());
  facts.incarnation = incarnation_;
  facts.sessions = replica_.store().sessions();
  facts.expiring_keys = replica_.store().expiring();
  facts.snapshot_unix_seconds = snapshot_unix_seconds_;
  facts.saving_snapshot = replica_.saving_snapshot();
  facts.snapshot_failed = snapshot_failed_;
  return facts;
}

std::uint64_t Driver::now_ms() const {
  return std::max(wall_clock_ms(), replica_.store().clock_ms());
}

std::optional<Refusal> Driver::refusal() const {
  if (stopping_) return Refusal{RefusalCode::kShuttingDown, kNoNode, {}};
  return replica_.refusal(steady_now());
}

std::size_t Driver::replicas_with(LogIndex index) const {
  std::size_t count = 0;
  for (const PeerStatus& peer : replica_.raft().peer_status(steady_now())) {
    count += !peer.wiped && peer.durable >= index ? 1 : 0;
  }
  return count;
}

bool Driver::begin_snapshot() {
  const bool begun = replica_.begin_snapshot();
  schedule_flush();
  return begun;
}

void Driver::hand_over(NodeId to) {
  replica_.submit(steady_now(), {kHandOverRequest, TransferRequest{to}});
  schedule_flush();
}

/// Keys expire when the log says so: the primary says it when nobody else's write does.
void Driver::arm_expiry() {
  if (expiry_armed_ || !replica_.raft().is_leader()) return;
  const std::uint64_t due = replica_.store().next_expiry_ms();
  if (due == 0) return;
  const std::uint64_t now = wall_clock_ms();
  const std::uint64_t pause = std::max(kExpiryPauseMs, due > now ? due - now : 0);
  expiry_armed_ = true;
  expiry_timer_.expires_after(std::chrono::milliseconds(std::min(pause, kLongestPauseMs)));
  expiry_timer_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled) return;
    expiry_armed_ = false;
    const std::uint64_t next = replica_.store().next_expiry_ms();
    if (next == 0 || next > wall_clock_ms() || !replica_.raft().is_leader()) return arm_expiry();
    Command clock;
    clock.operation = Operation::kAdvanceClock;
    clock.time_ms = now_ms();
    replica_.submit(steady_now(), {kClockRequest, WriteRequest{encode_command(clock)}});
    schedule_flush();
  });
}

void Driver::look_for_rest(std::chrono::milliseconds pause) {
  rest_timer_.expires_after(pause);
  rest_timer_.async_wait([this](const std::error_code& cancelled) {
    if (cancelled) return;
    const bool writing = std::exchange(seen_applied_, replica_.applied()) != replica_.applied();
    if (writing) tidied_ = false;
    look_for_rest(writing ? kRestLook : tidy());
  });
}

/// What a burst of writes left in memory is given back a while after it: the log behind a snapshot
/// that costs little, and then what the allocator keeps. Gives when to look again.
std::chrono::milliseconds Driver::tidy() {
  const Raft& raft = replica_.raft();
  if (replica_.saving_snapshot()) return kRestLook;
  if (raft.log().bytes() > kLogAtRestBytes + replica_.snapshot_bytes() / kLogAtRestShare) {
    replica_.compact(steady_now());
    // Once: the disk may be full, or a follower may need the log.
    if (!raft.compacting() && !raft.sending_snapshot() &&
        std::exchange(rest_snapshot_, seen_applied_) != seen_applied_) {
      begin_snapshot();
      return kRestLook;
    }
  }
  if (raft.compacting()) {
    tidied_ = false;
    schedule_flush();
    return kCompactStep;
  }
  if (!std::exchange(tidied_, true)) give_back_free_memory();
  return kRestLook;
}

/// Redis clients that were told by SENTINEL where the primary is look again when it closes their
/// connection, or when a channel says so.
void Driver::tell_of_primary() {
  const bool leads = replica_.raft().is_leader();
  if (std::exchange(led_, leads) && !leads) clients_.send_away();
  const NodeId leader = leads && !replica_.raft().serving() ? kNoNode : replica_.raft().leader();
  if (leader == kNoNode || leader == last_primary_) return;
  const Member* before = options_.cluster.find(std::exchange(last_primary_, leader));
  if (before == nullptr) return;
  const Member& now = *options_.cluster.find(leader);
  const auto place = [](const Member& member) {
    return member.host + " " + std::to_string(member.port);
  };
  const std::string name(kMasterName);
  clients_.publish(kSwitchMaster, name + " " + place(*before) + " " + place(now));
  clients_.publish("+slave", "slave " + before->address() + " " + place(*before) + " @ " + name +
                                 " " + place(now));
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
