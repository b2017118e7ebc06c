#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <asio/ip/tcp.hpp>

namespace kv {

/// A client's connection: a socket that never waits. Its owner is told by a SocketWatch when to try
/// again.
class ClientSocket {
 public:
  /// What a call came to: `bytes` were taken or sent, or none could be now (would_block), or the
  /// connection has failed.
  struct Outcome {
    std::size_t bytes{0};
    bool would_block{false};
    bool failed{false};
  };

  /// Takes over what `socket` holds, without delay and with keep-alives.
  explicit ClientSocket(asio::ip::tcp::socket socket);
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;
  ~ClientSocket() { close(); }

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  /// Nothing in `bytes`, and neither flag: the client sends no more.
  Outcome receive(std::span<char> into);
  Outcome send(std::string_view bytes);
  /// The client gets an end of stream behind what was sent.
  void end_output();
  void close();

  const std::optional<asio::ip::tcp::endpoint>& remote() const { return remote_; }
  std::optional<asio::ip::tcp::endpoint> local() const;
  /// The system holds little that isn't read: what it holds, a slow watcher sees late.
  void hold_little();

 private:
  int descriptor_{-1};
  std::optional<asio::ip::tcp::endpoint> remote_{};
};

}  // namespace kv
