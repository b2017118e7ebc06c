#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "load/dialect.h"
#include "load/load_options.h"
#include "load/load_report.h"

namespace kv::load {

/// What all connections of a run share.
struct LoadWork {
  const LoadOptions& options;
  std::string value;
  std::uint64_t to_do{0};      ///< operations that may still be sent
  std::uint64_t next_fill{0};  ///< the key to write next, in a fill
  std::uint64_t under_way{0};
  std::size_t open_connections{0};
  bool stop{false};
  LoadTotals totals{};
};

/// One connection with so many lanes: closed-loop clients of their own.
class LoadConnection {
 public:
  LoadConnection(asio::io_context& loop, LoadWork& work, std::uint64_t seed);

  Outcome open(const Member& server, std::size_t lanes);
  /// There is more to do; lanes that wait for answers see so by themselves.
  void resume();
  void close();

 private:
  using Clock = std::chrono::steady_clock;
  struct Lane {
    int unanswered{0};
    Clock::time_point sent{};
  };

  void fill_lane(std::uint32_t lane, Clock::time_point now);
  void submit(std::uint32_t lane);
  void flush();
  void receive();
  void take(std::string_view bytes);
  void count(const Answer& answer, Clock::time_point now);
  void give_up(const std::string& why);
  std::uint64_t next_key();

  asio::ip::tcp::socket socket_;
  LoadWork& work_;
  std::uint64_t random_;
  std::unique_ptr<Dialect> dialect_{};
  std::vector<Lane> lanes_{};
  std::vector<Answer> answers_{};
  std::string out_{};
  bool writing_{false};  ///< the socket didn't take all of `out_` yet
  std::vector<char> buffer_;
};

}  // namespace kv::load
