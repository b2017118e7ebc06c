#include "soak/soak.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

#include "server/client.h"
#include "soak/soak_client.h"
#include "soak/soak_history.h"
#include "steady_now.h"

namespace kv::soak {
namespace {

/// What a mended cluster may take to serve, and each node to answer: generous, since machines are
/// slow, and far below "never".
constexpr Duration kRecoveryTime = seconds(30);
constexpr Duration kTick = milliseconds(20);

std::string text_of(Duration duration) {
  std::ostringstream text;
  text.precision(1);
  text << std::fixed << static_cast<double>(duration.ns) / 1e9 << " s";
  return text.str();
}

bool within_recovery_time(const std::function<bool()>& condition) {
  const Instant give_up = steady_now() + kRecoveryTime;
  while (!condition()) {
    if (steady_now() >= give_up) return false;
    std::this_thread::sleep_for(std::chrono::nanoseconds(kTick.ns));
  }
  return true;
}

/// The clients of one round, each in a thread.
class Crowd {
 public:
  Crowd(Round& round, std::size_t clients, const Rng& rng) : round_(round) {
    for (std::uint32_t number = 1; number <= clients; ++number) {
      clients_.push_back(
          std::make_unique<SoakClient>(round, number, rng.fork("client" + std::to_string(number))));
      threads_.emplace_back([client = clients_.back().get()] { client->run(); });
    }
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() { stop(); }

  History stop() {
    round_.stopping = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    History history;
    for (const auto& client : clients_) history.append(client->take_history());
    return history;
  }

 private:
  Round& round_;
  std::vector<std::unique_ptr<SoakClient>> clients_{};
  std::vector<std::thread> threads_{};
};

class Soak {
 public:
  Soak(const Options& options, std::string folder, std::unique_ptr<SoakNetwork> network)
      : options_(options),
        folder_(std::move(folder)),
        network_(std::move(network)),
        nodes_({options.program, folder_, options.nodes, options.ack, options.reads},
               network_.get()) {}

  Summary run();

 private:
  void play_round();
  void break_things(SoakFaults& faults);
  void recover(SoakFaults& faults, const Round& round);
  void count(const History& history);
  void count(const SoakFaults& faults);
  std::vector<std::string> read_everywhere(const Round& round, const std::string& key,
                                           History& history);
  std::int64_t total_of(const Round& round, const std::string& key, History& history);
  void check(const Round& round, History& history);
  void check_counters(const Round& round, History& history);
  void check_nodes();
  void keep(const History& history);
  void clear(const Round& round);
  void fail(const std::string& what);
  bool failed() const { return summary_.failure.has_value(); }

  const Options& options_;
  std::string folder_;
  std::unique_ptr<SoakNetwork> network_;  // outlives the nodes in it
  SoakNodes nodes_;
  Summary summary_{};
  bool interrupted_{false};
};

Summary Soak::run() {
  if (const Outcome started = nodes_.revive_all(); !started) fail(started.error().message);
  if (!failed() && !within_recovery_time([&] { return nodes_.primary().has_value(); }))
    fail("the new cluster has no primary");
  const Instant end = steady_now() + options_.length;
  while (!failed() && !interrupted_ && steady_now() < end) play_round();
  if (failed()) summary_.folder = folder_;
  return std::move(summary_);
}

void Soak::play_round() {
  const std::string name = "round" + std::to_string(++summary_.rounds);
  const Rng rng = Rng(options_.seed).fork(name);
  Round round{nodes_.cluster(), name, steady_now()};
  Crowd crowd(round, options_.clients, rng);
  SoakFaults faults(nodes_, network_.get(), rng.fork("faults"), folder_ + "/" + name + ".faults");
  break_things(faults);
  recover(faults, round);
  const Instant ended = round.now();
  History history = crowd.stop();
  count(history);
  count(faults);
  summary_.longest_silence =
      std::max(summary_.longest_silence, longest_silence(history, Instant{}, ended));
  if (!failed()) check(round, history);
  if (failed()) return keep(history);
  clear(round);
  options_.say(name + ": " + text_of(ended - Instant{}) + ", " +
               std::to_string(round.acknowledged) + " writes acknowledged, linearizable");
}

void Soak::break_things(SoakFaults& faults) {
  const Instant end = steady_now() + options_.round;
  const Instant middle = end - Duration{options_.round.ns / 2};
  bool disk_to_lose = options_.lose_disk && summary_.rounds == 1;
  const auto lose_disk = [&] {
    if (std::exchange(disk_to_lose, false)) faults.lose_primary_disk();
  };
  while (steady_now() < end && !interrupted_ && !faults.failure()) {
    if (steady_now() >= middle) lose_disk();
    faults.step();
    interrupted_ = options_.wait && options_.wait(kTick);
    if (!options_.wait) std::this_thread::sleep_for(std::chrono::nanoseconds(kTick.ns));
  }
  // A fault can take the whole second half.
  if (!interrupted_ && !faults.failure()) lose_disk();
}

void Soak::recover(SoakFaults& faults, const Round& round) {
  faults.heal();
  if (faults.failure()) return fail(*faults.failure());
  const std::uint64_t before = round.acknowledged;
  const std::uint64_t enough = before + 2 * options_.clients;
  if (!within_recovery_time([&] { return round.acknowledged >= enough; }))
    fail("no write was acknowledged for " + text_of(kRecoveryTime) + " after all was mended");
  check_nodes();
}

void Soak::count(const History& history) {
  const auto add = [&](Ending ending) {
    ++(ending == Ending::kOk        ? summary_.ok
       : ending == Ending::kRefused ? summary_.refused
                                    : summary_.unknown);
  };
  for (const auto& each : history.operations) add(each.ending);
  for (const auto& each : history.increments) add(each.ending);
}

void Soak::count(const SoakFaults& faults) {
  for (const auto& each : faults.counts()) {
    auto& all = summary_.faults;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& other) { return other.name == each.name; });
    if (found == all.end()) {
      all.push_back(each);
    } else {
      found->times += each.times;
    }
  }
}

/// The key's text on each node, from the node's own memory; the reads become part of the history.
std::vector<std::string> Soak::read_everywhere(const Round& round, const std::string& key,
                                               History& history) {
  std::vector<std::string> texts;
  if (failed()) return texts;
  Caller caller(round.cluster);
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!nodes_.whole(node)) continue;
    sim::Operation read;
    read.client = static_cast<std::uint32_t>(options_.clients + 1);
    read.kind = OperationKind::kGet;
    read.key = key;
    Answered answered;
    const bool answers = within_recovery_time([&] {
      read.called = round.now();
      answered = caller.ask(node, {"GET", key});
      return answered.ok();
    });
    read.returned = round.now();
    if (!answers) {
      fail(nodes_.cluster().members[node].node_id + " does not answer GET " + key + ": " +
           answered.reply.readable());
      return {};
    }
    if (!answered.reply.null) read.found = name_in(answered.reply.text);
    read.ending = Ending::kOk;
    texts.push_back(read.found.value_or("(none)"));
    history.operations.push_back(std::move(read));
  }
  for (const std::string& text : texts) {
    if (text != texts.front())
      fail("the nodes differ in " + key + ": " + texts.front() + " on one, " + text +
           " on another");
  }
  return texts;
}

void Soak::check(const Round& round, History& history) {
  for (std::size_t number = 0; number < kRegisters; ++number)
    read_everywhere(round, round.register_key(number), history);
  if (!failed() && !within_recovery_time([&] { return nodes_.in_step(); }))
    fail("the nodes hold different numbers of keys");
  history.number();
  if (const auto wrong = check_registers(history)) fail(*wrong);
  if (!history.surprises.empty()) fail(history.surprises.front());
  check_counters(round, history);
}

/// What all nodes have; their reads are no part of the registers' history.
std::int64_t Soak::total_of(const Round& round, const std::string& key, History& history) {
  const std::size_t before = history.operations.size();
  const std::vector<std::string> texts = read_everywhere(round, key, history);
  history.operations.resize(before);
  std::int64_t total = 0;
  if (!texts.empty())
    std::from_chars(texts.front().data(), texts.front().data() + texts.front().size(), total);
  return total;
}

void Soak::check_counters(const Round& round, History& history) {
  std::vector<std::string> keys{round.tally_key(), round.counter_key()};
  for (std::uint32_t client = 1; client <= options_.clients; ++client)
    keys.push_back(round.own_key(client));
  for (const std::string& key : keys) {
    std::vector<Increment> increments;
    std::copy_if(history.increments.begin(), history.increments.end(),
                 std::back_inserter(increments),
                 [&](const Increment& each) { return each.counter == key; });
    const std::int64_t total = total_of(round, key, history);
    if (failed()) return;
    if (const auto wrong = check_counter(std::move(increments), total)) fail(key + ": " + *wrong);
  }
}

void Soak::check_nodes() {
  if (const auto wrong = nodes_.misbehaviour()) fail(*wrong);
}

void Soak::keep(const History& history) {
  const Outcome written = write_history(history, folder_ + "/history.jsonl");
  if (!written) options_.say(written.error().message);
}

/// Keeps the data small, however long the soak.
void Soak::clear(const Round& round) {
  Words words{"DEL", round.tally_key(), round.counter_key()};
  for (std::size_t number = 0; number < kRegisters; ++number)
    words.push_back(round.register_key(number));
  for (std::uint32_t client = 1; client <= options_.clients; ++client)
    words.push_back(round.own_key(client));
  const Instant give_up_at = steady_now() + kRecoveryTime;
  const Answered answered =
      Caller(round.cluster).insist(words, [&] { return steady_now() >= give_up_at; });
  if (!answered.ok()) fail("the keys of a round can't be deleted");
}

void Soak::fail(const std::string& what) {
  if (!failed()) summary_.failure = what;
}

Summary not_run(const std::string& why) {
  Summary summary;
  summary.failure = why;
  return summary;
}

}  // namespace

Summary run(const Options& options) {
  if (options.ack == "primary" && options.reads == "lease")
    return not_run("--reads lease: nodes refuse it with --ack primary; leave one of them out");
  std::unique_ptr<SoakNetwork> network;
  if (options.partitions) {
    Result<std::unique_ptr<SoakNetwork>> made = SoakNetwork::make(options.nodes);
    if (!made) return not_run("--partitions: " + made.error().message);
    network = std::move(*made);
  }
  std::string folder = (std::filesystem::temp_directory_path() / "kv-soak-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return not_run(folder + " can't be made");
  Summary summary = Soak(options, folder, std::move(network)).run();
  std::error_code ignored;
  if (!summary.failure) std::filesystem::remove_all(folder, ignored);
  return summary;
}

std::string to_text(const Summary& summary) {
  std::ostringstream text;
  text << "rounds       " << summary.rounds << "\n"
       << "operations   " << summary.ok << " ok, " << summary.refused << " refused, "
       << summary.unknown << " of unknown outcome\n"
       << "faults      ";
  for (const auto& each : summary.faults) text << " " << each.times << " " << each.name << ";";
  text << "\nlongest time without an acknowledged write: " << text_of(summary.longest_silence)
       << "\n";
  if (!summary.folder.empty()) {
    text
        << "data, logs, faults (round*.faults) and the last round's history (history.jsonl) are in "
        << summary.folder << "\n";
  }
  text << (summary.failure ? "FAILED: " + *summary.failure : "passed: linearizable, counters exact")
       << "\n";
  return text.str();
}

}  // namespace kv::soak
