#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "client_listener.h"
#include "core/replica.h"
#include "core/wal.h"
#include "data_directory.h"
#include "event_log.h"
#include "log_writer.h"
#include "node_options.h"
#include "node_trace.h"
#include "peer_link.h"
#include "peer_listener.h"
#include "snapshot_writer.h"

namespace kv {

/// Runs a replica: feeds it what comes from clients, peers, the clock and the disk, and carries out
/// its effects once a turn of the loop, so that what arrived together is written, sent and answered
/// together. Used on the loop's thread; must outlive the loop's run.
class Driver final : public ClientRequests, public PeerEvents {
 public:
  /// What the node holds when it begins to run.
  struct Holdings {
    asio::ip::tcp::acceptor clients;
    asio::ip::tcp::acceptor peers;
    Wal wal;
    Recovered recovered;
  };

  /// `options`, `directory` and `log` must outlive the driver.
  Driver(asio::io_context& loop, const NodeOptions& options, Holdings holdings,
         DataDirectory& directory, EventLog& log);

  void start();
  /// 0 after a shutdown, 1 after a failure of the disk; once the loop's run has ended.
  int exit_status() const { return exit_status_; }

  // ClientRequests
  void submit(ClientRequest request) override;
  std::string status_line() override;
  NodeFacts facts() override;
  std::uint64_t now_ms() const override;
  std::optional<Refusal> refusal() const override;
  std::size_t replicas_with(LogIndex index) const override;
  bool begin_snapshot() override;
  bool saving_snapshot() const override { return replica_.saving_snapshot(); }
  std::uint64_t failed_snapshots() const override { return failed_snapshots_; }
  void hand_over(NodeId to) override;
  /// Hands leadership over, answers what is under way, stops the loop.
  void shut_down() override;
  bool stopping() const override { return stopping_; }
  void client_done() override;
  void watch_begins() override { trace_.begin(); }

  // PeerEvents
  void peer_said(const Message& message) override;
  void peer_dialled(NodeId peer) override;

 private:
  void make_links(Rng rng);
  void schedule_flush();
  void flush();
  void trace(const Effects& effects);
  NodeObserved observed() const;
  void send(const Message& message);
  void arm_timer();
  void arm_expiry();
  void tell_of_primary();
  void look_for_rest(std::chrono::milliseconds pause);
  std::chrono::milliseconds tidy();
  std::uint64_t uptime_seconds() const;
  void begin_stop();
  void handed_over();
  void finish();
  void end();
  void fail(const Error& error);

  asio::io_context& loop_;
  const NodeOptions& options_;
  EventLog& log_;
  Instant started_at_;
  Incarnation incarnation_;
  Replica replica_;
  LogWriter log_writer_;
  SnapshotWriter snapshot_writer_;
  ClientListener clients_;
  PeerListener peers_;
  NodeTrace trace_;
  std::vector<std::unique_ptr<PeerLink>> links_{};  ///< by NodeId - 1; null for this node

  asio::steady_timer timer_;
  std::optional<Instant> armed_for_{};
  bool flush_scheduled_{false};

  /// While the primary holds keys that expire: moves the store's clock when one does.
  asio::steady_timer expiry_timer_;
  bool expiry_armed_{false};
  bool led_{false};
  /// A node at rest needs no log in memory.
  asio::steady_timer rest_timer_;
  LogIndex seen_applied_{0};
  LogIndex rest_snapshot_{0};  ///< the last index that a snapshot was begun for at rest
  bool tidied_{false};
  NodeId last_primary_{kNoNode};  ///< whom clients are told to ask
  std::uint64_t snapshot_unix_seconds_{0};
  std::uint64_t failed_snapshots_{0};
  bool snapshot_failed_{false};  ///< the last one that ended

  asio::steady_timer stop_timer_;
  bool stopping_{false};
  bool handed_over_{false};
  bool finished_{false};
  int exit_status_{0};
};

}  // namespace kv
