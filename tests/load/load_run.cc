#include "load/load_run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "load/load_connection.h"

namespace kv::load {
namespace {

using Clock = std::chrono::steady_clock;
using Connections = std::vector<std::unique_ptr<LoadConnection>>;

constexpr int kEtcdConnections = 16;
constexpr auto kLastAnswers = std::chrono::seconds(10);

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One run: connections, the timers that pace and end it.
class LoadRun {
 public:
  LoadRun(const LoadOptions& options, const Member& server)
      : server_(server), timer_(loop_), pace_timer_(loop_), work_{options, {}} {
    work_.value = sample_value(options.value_bytes);
    work_.to_do = options.fill ? options.keys : ~std::uint64_t{0};
    if (options.rate > 0) work_.to_do = 0;
  }

  Outcome open() {
    const int clients = work_.options.clients;
    const bool shared = work_.options.protocol == Protocol::kEtcd;
    const int connections = shared ? std::min(clients, kEtcdConnections) : clients;
    for (int i = 0; i < connections; ++i) {
      connections_.push_back(
          std::make_unique<LoadConnection>(loop_, work_, static_cast<std::uint64_t>(i) + 1));
      const int lanes = clients / connections + (i < clients % connections ? 1 : 0);
      const Outcome opened = connections_.back()->open(server_, static_cast<std::size_t>(lanes));
      if (!opened) return opened;
    }
    return success();
  }

  LoadTotals run() {
    const double cpu_before = cpu_seconds_used();
    start_ = Clock::now();
    end_ = start_ + std::chrono::seconds(work_.options.seconds);
    for (const auto& connection : connections_) connection->resume();
    if (work_.options.rate > 0) pace();
    watch();
    loop_.run();
    work_.totals.cpu_seconds = cpu_seconds_used() - cpu_before;
    return std::move(work_.totals);
  }

 private:
  /// Looks every few milliseconds whether it is over.
  void watch() {
    const bool fill = work_.options.fill;
    const auto now = Clock::now();
    if (fill ? work_.to_do == 0 : now >= end_) work_.stop = true;
    const bool answered = work_.stop && work_.under_way == 0;
    const bool overdue = !fill && now >= end_ + kLastAnswers;
    if (answered || overdue || work_.open_connections == 0) return finish();
    timer_.expires_after(std::chrono::milliseconds(2));
    timer_.async_wait([this](const asio::error_code& cancelled) {
      if (!cancelled) watch();
    });
  }

  void finish() {
    work_.totals.seconds = seconds_since(start_);
    work_.totals.failed += work_.under_way;
    if (work_.under_way > 0 && work_.totals.first_failure.empty()) {
      work_.totals.first_failure = "no answer within 10 s";
    }
    pace_timer_.cancel();
    for (const auto& connection : connections_) connection->close();
  }

  /// Allows the clients so many operations a second, evenly.
  void pace() {
    const double rate = static_cast<double>(work_.options.rate);
    const auto due = static_cast<std::uint64_t>(seconds_since(start_) * rate);
    work_.to_do += due - std::exchange(allowed_, due);
    // From another one each time, since the first ones get most to do.
    for (std::size_t i = 0; i < connections_.size() && work_.to_do > 0; ++i) {
      connections_[next_++ % connections_.size()]->resume();
    }
    pace_timer_.expires_after(std::chrono::milliseconds(1));
    pace_timer_.async_wait([this](const asio::error_code& cancelled) {
      if (!cancelled && !work_.stop) pace();
    });
  }

  const Member& server_;
  asio::io_context loop_{1};
  asio::steady_timer timer_;
  asio::steady_timer pace_timer_;
  LoadWork work_;
  Connections connections_{};
  Clock::time_point start_{};
  Clock::time_point end_{};
  std::uint64_t allowed_{0};
  std::size_t next_{0};
};

}  // namespace

std::string sample_value(std::size_t size) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string value(size, '\0');
  std::uint64_t random = 88172645463325252;
  for (char& letter : value) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    letter = kLetters[static_cast<std::size_t>(random % kLetters.size())];
  }
  return value;
}

Result<LoadTotals> run_load(const LoadOptions& options, const Member& server) {
  LoadRun run(options, server);
  if (const Outcome opened = run.open(); !opened) return opened.error();
  return run.run();
}

}  // namespace kv::load
