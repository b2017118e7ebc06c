#pragma once

#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "core/message.h"
#include "event_log.h"
#include "frame_stream.h"
#include "server/cluster.h"

namespace kv {

/// What comes in from the peers.
class PeerEvents {
 public:
  /// `message.from` is the node that greeted on the connection.
  virtual void peer_said(const Message& message) = 0;
  /// The peer has just dialled this node.
  virtual void peer_dialled(NodeId peer) = 0;

 protected:
  ~PeerEvents() = default;
};

/// Takes the peers' connections and reads their messages. A connection that doesn't greet as a
/// member of this cluster, or sends garbage, is closed. Used on the loop's thread; must outlive the
/// loop's run.
class PeerListener {
 public:
  PeerListener(asio::ip::tcp::acceptor acceptor, const ClusterConfig& cluster, NodeId self,
               PeerEvents& events, EventLog& log);
  ~PeerListener();

  void start() { accept(); }

 private:
  class Connection;

  void accept();
  void add(asio::ip::tcp::socket socket);
  void close_oldest_stranger();
  /// An older connection of the same peer is dead or about to be: closes it.
  void greeted(const Connection& connection);
  void remove(const Connection& connection);
  /// A line for people, at most one in some seconds: a misconfigured peer comes back for ever.
  void complain(const std::string& text);

  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  const ClusterConfig& cluster_;
  NodeId self_;
  PeerEvents& events_;
  EventLog& log_;
  std::vector<std::shared_ptr<Connection>> connections_{};
  std::string last_complaint_{};
  Instant complained_at_{};
};

}  // namespace kv
