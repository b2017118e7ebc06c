#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "client_session.h"
#include "core/client.h"
#include "event_log.h"
#include "node_facts.h"
#include "node_options.h"
#include "request_reader.h"
#include "socket_watch.h"

namespace kv {

/// A command that took so long is remembered for SLOWLOG; and how many are.
inline constexpr Duration kSlowAfter = milliseconds(10);
inline constexpr std::size_t kSlowKept = 128;
/// Sessions that may watch the node at a time.
inline constexpr std::size_t kMostWatchers = 4;

/// Takes the clients' connections and owns their sessions. Used on the loop's thread; must outlive
/// the loop's run.
class ClientListener {
 public:
  ClientListener(asio::ip::tcp::acceptor acceptor, const NodeOptions& options,
                 ClientRequests& requests, EventLog& log);

  void start();
  void stop_accepting();
  /// An answer for the session that asked; none if that one is gone.
  void deliver(ClientReply reply, Instant now);
  /// At the end of a turn: every session that got answers sends them in one write.
  void flush();
  std::size_t connections() const { return sessions_.size(); }
  /// Some session watches the node.
  bool watched() const { return !watchers_.empty(); }
  /// To all that watch.
  void show(const TraceBatch& batch);
  /// To all that have subscribed to the channel.
  void publish(std::string_view channel, std::string_view text);
  /// Ends the connections of Redis clients once they are answered, but for those who listen to a
  /// channel: this node is the primary no more.
  void send_away();
  bool owes_nothing() const;
  void close_all();

  // --- for the sessions ---
  ClientRequests& requests() { return requests_; }
  SocketWatch& watch() { return watch_; }
  asio::any_io_executor executor() { return acceptor_.get_executor(); }
  /// For one read of any of them.
  std::span<char> input() { return input_; }
  /// ClientRequests::status_line(), asked for once a turn of the loop: it looks through the store.
  const std::string& status_line();
  const ClusterConfig& cluster() const { return options_.cluster; }
  RedisMode redis_mode() const { return options_.redis_mode; }
  std::optional<Dialect> dialect() const { return options_.dialect; }
  const RequestLimits& limits() const { return limits_; }
  /// What the node knows of itself now.
  NodeFacts facts();
  /// False: kMostWatchers watch already.
  bool add_watcher(ClientSession& session);
  /// It is polled with each flush() from now on until it is gone.
  void add_poller(ClientSession& session);
  void remove(const ClientSession& session);
  std::vector<std::shared_ptr<ClientSession>> sessions() const;
  std::vector<std::uint32_t> session_ids() const;
  std::shared_ptr<ClientSession> session(std::uint32_t id) const;  ///< or null

  // --- what INFO and SLOWLOG tell ---
  ClientCounters& counters() { return counters_; }
  void count(const RedisCommand& command, Duration took, bool failed);
  void count_error(std::string_view text);
  void reset_counters();
  Duration slow_after() const { return slow_after_; }
  void set_slow_after(Duration least) { slow_after_ = least; }
  void note_slow(const ClientSession& session, std::vector<std::string> words, Duration took);
  std::deque<SlowCommand>& slow_commands() { return slow_; }

 private:
  void accept();
  void look_for_idle();
  void add(asio::ip::tcp::socket socket);
  void refuse(asio::ip::tcp::socket socket);

  asio::ip::tcp::acceptor acceptor_;
  SocketWatch watch_;
  std::vector<char> input_;
  asio::steady_timer retry_;
  asio::steady_timer idle_;
  const NodeOptions& options_;
  RequestLimits limits_{};
  ClientRequests& requests_;
  EventLog& log_;
  std::unordered_map<std::uint32_t, std::shared_ptr<ClientSession>> sessions_{};
  std::vector<std::shared_ptr<ClientSession>> marked_{};
  std::vector<std::shared_ptr<ClientSession>> watchers_{};
  std::vector<std::shared_ptr<ClientSession>> pollers_{};
  std::uint32_t last_id_{0};
  std::string status_line_{};  ///< this turn's; empty: not asked for
  bool trouble_logged_{false};

  ClientCounters counters_{};
  std::vector<ClientCounters::Calls> calls_{};  ///< by row of the command table
  Duration slow_after_{kSlowAfter};
  std::deque<SlowCommand> slow_{};  ///< newest first
  std::uint64_t slow_noted_{0};
};

}  // namespace kv
