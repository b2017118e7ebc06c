#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "client_session.h"
#include "core/client.h"
#include "event_log.h"
#include "server/cluster.h"

namespace kv {

/// Sessions that may watch the node at a time.
inline constexpr std::size_t kMostWatchers = 4;

/// Takes the clients' connections and owns their sessions. Used on the loop's thread; must outlive
/// the loop's run.
class ClientListener {
 public:
  ClientListener(asio::ip::tcp::acceptor acceptor, const ClusterConfig& cluster,
                 std::size_t max_connections, ClientRequests& requests, EventLog& log);

  void start() { accept(); }
  void stop_accepting();
  /// An answer for the session that asked; none if that one is gone.
  void deliver(const ClientReply& reply);
  /// At the end of a turn: every session that got answers sends them in one write.
  void flush();
  std::size_t connections() const { return sessions_.size(); }
  /// Some session watches the node.
  bool watched() const { return !watchers_.empty(); }
  /// To all that watch.
  void show(const TraceBatch& batch);
  bool owes_nothing() const;
  void close_all();

  // --- for the sessions ---
  ClientRequests& requests() { return requests_; }
  /// ClientRequests::status_line(), asked for once a turn of the loop: it looks through the store.
  const std::string& status_line();
  const ClusterConfig& cluster() const { return cluster_; }
  /// False: kMostWatchers watch already.
  bool add_watcher(ClientSession& session);
  void remove(const ClientSession& session);

 private:
  void accept();
  void add(asio::ip::tcp::socket socket);
  void refuse(asio::ip::tcp::socket socket);

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  const ClusterConfig& cluster_;
  std::size_t max_connections_;
  ClientRequests& requests_;
  EventLog& log_;
  std::unordered_map<std::uint32_t, std::shared_ptr<ClientSession>> sessions_{};
  std::vector<std::shared_ptr<ClientSession>> marked_{};
  std::vector<std::shared_ptr<ClientSession>> watchers_{};
  std::uint32_t last_id_{0};
  std::string status_line_{};  ///< this turn's; empty: not asked for
  bool trouble_logged_{false};
};

}  // namespace kv
