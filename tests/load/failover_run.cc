#include "load/failover_run.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "load/failover_link.h"
#include "load/primary_hint.h"
#include "load/resp_codec.h"

namespace kv::load {
namespace {

using Clock = FailoverLink::Clock;

constexpr auto kAttempt = std::chrono::milliseconds(50);
constexpr auto kPause = std::chrono::milliseconds(5);
constexpr auto kReadAttempt = std::chrono::seconds(2);
constexpr int kReadTries = 10;
constexpr std::size_t kReadBatch = 64;

/// Which node to turn to.
class Route {
 public:
  Route(const ClusterConfig& cluster, const ClusterConfig& sentinels)
      : cluster_(cluster), sentinels_(sentinels), target_(cluster.members.front()) {}

  const Member& target() const { return target_; }

  /// `text`: what the present one said, if it said anything.
  void turn(std::string_view text) {
    if (const auto hint = moved_to(text)) {
      target_ = *hint;
    } else if (!sentinels_.members.empty()) {
      ask_a_sentinel();
    } else {
      if (next_ % cluster_.members.size() == 0) std::this_thread::sleep_for(kPause);
      target_ = cluster_.members[next_++ % cluster_.members.size()];
    }
  }

 private:
  void ask_a_sentinel() {
    std::this_thread::sleep_for(kPause);
    const Member& sentinel = sentinels_.members[next_++ % sentinels_.members.size()];
    const auto deadline = Clock::now() + kAttempt;
    std::string question, reply;
    append_command(question, {"SENTINEL", "get-master-addr-by-name", "mymaster"});
    bool alive = link_.open(sentinel, deadline) && link_.send(question, deadline);
    while (alive && reply_size(reply) == 0) alive = link_.receive(reply, deadline);
    if (const auto primary = sentinel_answer(reply)) target_ = *primary;
    link_.close();
  }

  const ClusterConfig& cluster_;
  const ClusterConfig& sentinels_;
  Member target_;
  std::size_t next_{1};
  FailoverLink link_{};  ///< to a sentinel
};

/// Sends operations to wherever the route leads, and waits for all answers of a batch.
class SequentialClient {
 public:
  SequentialClient(const LoadOptions& options, Route& route) : options_(options), route_(route) {}

  /// The answers, in any order; fewer than asked for when the time was up or the connection broke.
  std::vector<Answer> request(const std::vector<Operation>& operations, Clock::duration patience) {
    const auto deadline = Clock::now() + patience;
    std::vector<Answer> answers;
    bool alive = link_.is_open() || open(deadline);
    std::string out, in;
    if (alive) {
      std::uint32_t lane = 0;
      for (const Operation& operation : operations) dialect_->submit(operation, lane++);
      dialect_->end_batch();
      dialect_->take_output(out);
      alive = link_.send(out, deadline);
    }
    while (alive && answers.size() < operations.size()) {
      in.clear();
      alive = link_.receive(in, deadline) && dialect_->take_in(in, answers);
    }
    settle(answers, answers.size() == operations.size());
    return answers;
  }

 private:
  bool open(Clock::time_point deadline) {
    auto dialect =
        make_dialect({options_.protocol, options_.wait_replicas, route_.target().address()});
    if (!dialect) return false;
    dialect_ = std::move(*dialect);
    return link_.open(route_.target(), deadline);
  }

  void settle(const std::vector<Answer>& answers, bool complete) {
    const auto refused = std::find_if(answers.begin(), answers.end(), [](const Answer& answer) {
      return answer.kind == Answer::Kind::kRefused;
    });
    if (complete && refused == answers.end()) return;
    link_.close();
    route_.turn(refused == answers.end() ? std::string_view{} : std::string_view(refused->text));
  }

  const LoadOptions& options_;
  Route& route_;
  FailoverLink link_{};
  std::unique_ptr<Dialect> dialect_{};
};

std::string key_of(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return "failover:" + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') + digits;
}

std::vector<std::uint64_t> write_through(SequentialClient& client, const LoadOptions& options,
                                         FailoverTotals& totals) {
  const std::string value = sample_value(options.value_bytes);
  const auto end = Clock::now() + std::chrono::seconds(options.seconds);
  auto last = Clock::now();
  Clock::duration longest{0};
  std::vector<std::uint64_t> acknowledged;
  for (auto now = last; now < end; now = Clock::now()) {
    const std::string key = key_of(totals.attempts++);
    const auto answers = client.request({{false, key, value}}, kAttempt);
    if (answers.size() != 1 || answers.front().kind != Answer::Kind::kOk) continue;
    acknowledged.push_back(totals.attempts - 1);
    // The first success begins the measurement: finding the primary is no failover.
    const auto then = std::exchange(last, Clock::now());
    if (acknowledged.size() > 1) longest = std::max(longest, last - then);
  }
  const auto silent = Clock::now() - last;
  totals.recovered = silent <= std::max<Clock::duration>(longest, kAttempt);
  totals.gap_seconds = std::chrono::duration<double>(std::max(longest, silent)).count();
  totals.acknowledged = acknowledged.size();
  return acknowledged;
}

/// How many of these keys are not there; nothing when that can't be found out.
std::optional<std::uint64_t> missing_of(SequentialClient& client,
                                        const std::vector<std::string>& keys) {
  std::vector<Operation> reads;
  for (const std::string& key : keys) reads.push_back({true, key, {}});
  for (int i = 0; i < kReadTries; ++i) {
    const auto answers = client.request(reads, kReadAttempt);
    const auto number_of = [&](Answer::Kind kind) {
      return std::count_if(answers.begin(), answers.end(),
                           [&](const Answer& answer) { return answer.kind == kind; });
    };
    if (answers.size() == keys.size() && number_of(Answer::Kind::kRefused) == 0) {
      return static_cast<std::uint64_t>(number_of(Answer::Kind::kMissing));
    }
    std::this_thread::sleep_for(kAttempt);
  }
  return {};
}

void verify(SequentialClient& client, const std::vector<std::uint64_t>& acknowledged,
            FailoverTotals& totals) {
  totals.verified = true;
  for (std::size_t start = 0; start < acknowledged.size(); start += kReadBatch) {
    std::vector<std::string> keys;
    const std::size_t end = std::min(acknowledged.size(), start + kReadBatch);
    for (std::size_t i = start; i < end; ++i) keys.push_back(key_of(acknowledged[i]));
    if (const auto missing = missing_of(client, keys)) {
      totals.lost += *missing;
    } else {
      totals.verified = false;
      return;
    }
  }
}

}  // namespace

Result<FailoverTotals> run_failover(const LoadOptions& options, const ClusterConfig& cluster) {
  ClusterConfig sentinels;
  if (!options.sentinels.empty()) {
    auto parsed = parse_cluster(options.sentinels);
    if (!parsed) return parsed.error();
    sentinels = std::move(*parsed);
  }
  // Says early what would fail each time.
  if (const auto dialect = make_dialect({options.protocol, 0, "none"}); !dialect) {
    return dialect.error();
  }
  Route route(cluster, sentinels);
  SequentialClient client(options, route);
  FailoverTotals totals;
  const std::vector<std::uint64_t> acknowledged = write_through(client, options, totals);
  if (acknowledged.empty()) return Error{"no write was acknowledged in the whole time"};
  verify(client, acknowledged, totals);
  return totals;
}

}  // namespace kv::load
