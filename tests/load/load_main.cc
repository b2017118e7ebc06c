// kvload: closed-loop clients in the line dialect against a running cluster; prints acknowledged
// operations a second and their latencies.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include "server/client.h"

namespace kv {
namespace {

using Clock = std::chrono::steady_clock;

struct LoadOptions {
  std::string cluster{to_string(default_cluster())};
  int clients{50};
  int pipeline{1};
  int seconds{5};
  std::uint64_t keys{100'000};
  std::size_t value_bytes{100};
  int reads_percent{0};
  bool fill{false};
  std::uint64_t rate{0};  ///< operations a second of all clients; 0: as fast as they are answered
};

struct Totals {
  std::uint64_t acknowledged{0};
  std::uint64_t failed{0};
  std::string first_failure{};
  std::vector<std::uint32_t> latencies_us{};
};

/// One connection with `pipeline` commands under way.
class LoadClient : public std::enable_shared_from_this<LoadClient> {
 public:
  LoadClient(asio::io_context& loop, const LoadOptions& options, std::uint64_t first_key,
             Totals& totals)
      : socket_(loop),
        options_(options),
        key_(first_key),
        totals_(totals),
        value_(options.value_bytes, 'v') {}

  bool connect(const Member& primary) {
    asio::error_code error;
    socket_.connect({asio::ip::make_address(primary.host, error), primary.port}, error);
    if (!error) socket_.set_option(asio::ip::tcp::no_delay(true), error);
    return !error;
  }

  void start(const bool& stop, std::uint64_t& to_do) {
    stop_ = &stop;
    to_do_ = &to_do;
    resume();
  }

  /// There is more to do; a client that waits for answers sees so by itself.
  void resume() {
    if (!sent_at_.empty()) return;
    send();
    receive();
  }

 private:
  void send() {
    std::string lines;
    while (static_cast<int>(sent_at_.size()) < options_.pipeline && !*stop_ && *to_do_ > 0) {
      --*to_do_;
      const bool read = static_cast<int>(key_ % 100) < options_.reads_percent;
      char key[32];
      std::snprintf(key, sizeof key, "key:%012llu",
                    static_cast<unsigned long long>(key_ % options_.keys));
      lines +=
          read ? std::string("GET ") + key + "\n" : std::string("SET ") + key + " " + value_ + "\n";
      key_ += options_.fill ? static_cast<std::uint64_t>(options_.clients) : 7919;
      sent_at_.push_back(Clock::now());
    }
    if (lines.empty()) return;
    out_ = std::move(lines);
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](const asio::error_code&, std::size_t) {});
  }

  void receive() {
    if (sent_at_.empty()) return;
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
          if (error) return;
          self->in_.append(self->buffer_, size);
          self->take_lines();
          self->send();
          self->receive();
        });
  }

  void take_lines() {
    std::size_t start = 0;
    for (std::size_t end; (end = in_.find('\n', start)) != std::string::npos; start = end + 1) {
      const std::string_view line(in_.data() + start, end - start);
      const bool ok = line.starts_with(R"({"status": "OK")") ||
                      line.find("NOT_FOUND") != std::string_view::npos;
      if (ok) {
        ++totals_.acknowledged;
      } else if (totals_.failed++ == 0) {
        totals_.first_failure = line;
      }
      const auto took =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sent_at_.front());
      totals_.latencies_us.push_back(static_cast<std::uint32_t>(took.count()));
      sent_at_.erase(sent_at_.begin());
    }
    in_.erase(0, start);
  }

  asio::ip::tcp::socket socket_;
  const LoadOptions& options_;
  std::uint64_t key_;
  Totals& totals_;
  std::string value_;
  const bool* stop_{nullptr};
  std::uint64_t* to_do_{nullptr};
  std::vector<Clock::time_point> sent_at_{};
  std::string out_{};
  std::string in_{};
  char buffer_[65536];
};

/// Allows the clients so many operations a second, evenly.
class Pacer {
 public:
  Pacer(asio::io_context& loop, std::uint64_t rate, std::uint64_t& to_do,
        const std::vector<std::shared_ptr<LoadClient>>& clients)
      : timer_(loop), rate_(rate), to_do_(to_do), clients_(clients) {}

  void start() {
    start_ = Clock::now();
    tick();
  }
  void stop() { timer_.cancel(); }

 private:
  void tick() {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
    const auto due = static_cast<std::uint64_t>(elapsed * static_cast<double>(rate_));
    to_do_ += due - std::exchange(allowed_, due);
    // From another one each time, since the first ones get most to do.
    for (std::size_t i = 0; i < clients_.size() && to_do_ > 0; ++i) {
      clients_[next_++ % clients_.size()]->resume();
    }
    timer_.expires_after(std::chrono::milliseconds(1));
    timer_.async_wait([this](const asio::error_code& cancelled) {
      if (!cancelled) tick();
    });
  }

  asio::steady_timer timer_;
  std::uint64_t rate_;
  std::uint64_t& to_do_;
  const std::vector<std::shared_ptr<LoadClient>>& clients_;
  Clock::time_point start_{};
  std::uint64_t allowed_{0};
  std::size_t next_{0};
};

int run(const LoadOptions& options) {
  const Result<ClusterConfig> cluster = parse_cluster(options.cluster);
  if (!cluster) {
    std::fprintf(stderr, "kvload: %s\n", cluster.error().message.c_str());
    return 2;
  }
  const auto answers = status_of_all(*cluster, seconds(2));
  const auto primary = primary_among(answers);
  if (!primary) {
    std::fprintf(stderr, "kvload: no primary serves in %s. Start the cluster first: kvctl start\n",
                 options.cluster.c_str());
    return 1;
  }
  asio::io_context loop;
  Totals totals;
  std::vector<std::shared_ptr<LoadClient>> clients;
  for (int i = 0; i < options.clients; ++i) {
    const std::uint64_t first =
        options.fill ? static_cast<std::uint64_t>(i) : static_cast<std::uint64_t>(i) * 104'729;
    clients.push_back(std::make_shared<LoadClient>(loop, options, first, totals));
    if (!clients.back()->connect(cluster->members[*primary])) {
      std::fprintf(stderr, "kvload: can't connect to %s\n",
                   cluster->members[*primary].address().c_str());
      return 1;
    }
  }
  bool stop = false;
  std::uint64_t to_do = options.fill ? options.keys : ~std::uint64_t{0};
  asio::steady_timer end(loop, std::chrono::seconds(options.seconds));
  Pacer pacer(loop, options.rate, to_do, clients);
  if (!options.fill) {
    end.async_wait([&](const asio::error_code&) {
      stop = true;
      pacer.stop();
    });
  }
  const auto start = Clock::now();
  if (options.rate > 0) to_do = 0;
  for (const auto& client : clients) client->start(stop, to_do);
  if (options.rate > 0) pacer.start();
  loop.run();
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  std::sort(totals.latencies_us.begin(), totals.latencies_us.end());
  const auto quantile = [&](double q) {
    if (totals.latencies_us.empty()) return 0U;
    return totals.latencies_us[static_cast<std::size_t>(
        q * static_cast<double>(totals.latencies_us.size() - 1))];
  };
  std::printf(
      "%.0f acknowledged/s  (%llu in %.1f s, %llu failed)  p50 %u us  p99 %u us  p99.9 %u us  max "
      "%u us\n",
      static_cast<double>(totals.acknowledged) / elapsed,
      static_cast<unsigned long long>(totals.acknowledged), elapsed,
      static_cast<unsigned long long>(totals.failed), quantile(0.5), quantile(0.99),
      quantile(0.999), quantile(1));
  if (totals.failed > 0) std::printf("first failure: %s\n", totals.first_failure.c_str());
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace kv

int main(int argc, char** argv) {
  kv::LoadOptions options;
  CLI::App app{
      "kvload: puts a load on a running cluster and prints its rate and latencies.\n"
      "Examples:\n  kvload --clients 50 --seconds 5\n  kvload --fill --keys 1000000 --pipeline 64"};
  app.add_option("--cluster", options.cluster, "the cluster's nodes")->capture_default_str();
  app.add_option("--clients", options.clients, "connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--pipeline", options.pipeline, "commands under way on each")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--seconds", options.seconds, "how long")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
  app.add_option("--keys", options.keys, "how many different keys")->capture_default_str();
  app.add_option("--value-bytes", options.value_bytes, "size of a value")->capture_default_str();
  app.add_option("--reads", options.reads_percent, "percent of GETs")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  auto* fill = app.add_flag("--fill", options.fill, "write each key once, then end");
  app.add_option("--rate", options.rate, "operations a second; 0: as many as are answered")
      ->capture_default_str()
      ->excludes(fill);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return kv::run(options);
}
