#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "load/dialect.h"
#include "server/cluster.h"

namespace kv::load {

/// A connection whose every step takes a bounded time. After a false it is closed.
class FailoverLink {
 public:
  using Clock = std::chrono::steady_clock;

  FailoverLink() : socket_(loop_) {}

  bool open(const Member& server, Clock::time_point deadline);
  bool is_open() const { return socket_.is_open(); }
  void close();
  bool send(const std::string& bytes, Clock::time_point deadline);
  /// Appends whatever arrives next.
  bool receive(std::string& bytes, Clock::time_point deadline);

 private:
  bool settle(Clock::time_point deadline);

  asio::io_context loop_{1};
  asio::ip::tcp::socket socket_;
  bool done_{false};
  char buffer_[16384];
};

}  // namespace kv::load
