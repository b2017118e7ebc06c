#include "soak/soak_faults.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "steady_now.h"

namespace kv::soak {
namespace {

/// Election timeouts are 300 to 600 ms: some faults are shorter, most are longer.
constexpr Duration kLongestFault = milliseconds(2500);
constexpr Duration kLongestCalm = milliseconds(1500);

}  // namespace

const std::array<SoakFaults::Kind, 11> SoakFaults::kKinds{{
    {"kill -9", 24, false, &SoakFaults::kill},
    {"kill -9 of all", 4, false, &SoakFaults::kill_all},
    {"SIGSTOP", 20, false, &SoakFaults::pause},
    {"SIGTERM", 8, false, &SoakFaults::terminate},
    {"leader transfer", 10, false, &SoakFaults::transfer},
    {"snapshot", 6, false, &SoakFaults::snapshot},
    {"node cut off", 14, true, &SoakFaults::isolate},
    {"link cut one way", 14, true, &SoakFaults::cut_link},
    {"node unheard", 8, true, &SoakFaults::mute},
    {"split in two", 10, true, &SoakFaults::split},
    {"disk lost", 0, false, &SoakFaults::lose_primary_disk},
}};

SoakFaults::SoakFaults(SoakNodes& nodes, const SoakNetwork* network, Rng rng,
                       const std::string& log_path)
    : nodes_(nodes),
      network_(network),
      rng_(rng),
      log_(log_path, std::ios::app),
      began_(steady_now()),
      next_(began_ + milliseconds(200)) {}

void SoakFaults::step() {
  const Instant now = steady_now();
  std::vector<Repair> later;
  for (Repair& each : std::exchange(repairs_, {})) {
    if (each.due > now) {
      later.push_back(std::move(each));
    } else {
      each.mend();
    }
  }
  repairs_ = std::move(later);
  if (now < next_) return;
  (this->*draw_kind().begin)();
  next_ = steady_now() + rng_.between(milliseconds(50), kLongestCalm);
}

void SoakFaults::heal() {
  for (const Repair& each : std::exchange(repairs_, {})) each.mend();
  expect(nodes_.revive_all());
  note("all is mended");
}

const SoakFaults::Kind& SoakFaults::draw_kind() {
  std::uint64_t sum = 0;
  const auto weight = [&](const Kind& kind) {
    return kind.needs_network && network_ == nullptr ? 0 : kind.weight;
  };
  for (const Kind& kind : kKinds) sum += weight(kind);
  std::uint64_t draw = rng_.below(sum);
  const auto* kind = kKinds.begin();
  while (draw >= weight(*kind)) draw -= weight(*kind++);
  return *kind;
}

std::optional<std::size_t> SoakFaults::victim() {
  const bool wants_primary = rng_.below(2) == 0;
  std::size_t node = rng_.below(nodes_.size());
  if (wants_primary) node = nodes_.primary().value_or(node);
  if (nodes_.state(node) != SoakNodes::State::kRunning) return std::nullopt;
  return node;
}

void SoakFaults::mend_after(Duration longest, std::function<void()> mend) {
  repairs_.push_back({steady_now() + rng_.between(milliseconds(20), longest), std::move(mend)});
}

void SoakFaults::note(const std::string& text) {
  log_ << (steady_now() - began_).ns / 1'000'000 << " ms: " << text << std::endl;
}

void SoakFaults::count(std::string_view kind, std::optional<std::size_t> node) {
  const auto found = std::find_if(counts_.begin(), counts_.end(),
                                  [&](const Count& each) { return each.name == kind; });
  if (found == counts_.end()) {
    counts_.push_back({kind, 1});
  } else {
    ++found->times;
  }
  note(std::string(kind) + (node ? ": " + nodes_.cluster().members[*node].node_id : ""));
}

void SoakFaults::tell(std::string_view kind, std::size_t node, const Words& words,
                      std::string_view refusal) {
  const Answered answered = Caller(nodes_.cluster()).ask(node, words);
  if (answered.ok()) return count(kind, node);
  const std::string& name = nodes_.cluster().members[node].node_id;
  note(std::string(kind) + " not done by " + name + ": " + answered.reply.readable());
  // Other faults may keep it from answering, or it no longer is what it was.
  if (answered.ending == Ending::kOk && !answered.reply.is_error(std::string(refusal)))
    expect(Error{name + " answers " + words.front() + " with " + answered.reply.readable()});
}

void SoakFaults::expect(const Outcome& outcome) {
  if (!outcome && !failure_) failure_ = outcome.error().message;
}

void SoakFaults::start_if_down(std::size_t node) {
  if (nodes_.state(node) != SoakNodes::State::kDown) return;
  note("starts: " + nodes_.cluster().members[node].node_id);
  expect(nodes_.start(node));
}

void SoakFaults::kill() {
  const auto node = victim();
  if (!node) return;
  count("kill -9", *node);
  nodes_.kill(*node);
  mend_after(kLongestFault, [this, node = *node] { start_if_down(node); });
}

void SoakFaults::kill_all() {
  count("kill -9 of all");
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    nodes_.kill(node);
    mend_after(milliseconds(300), [this, node] { start_if_down(node); });
  }
}

void SoakFaults::pause() {
  const auto node = victim();
  if (!node) return;
  count("SIGSTOP", *node);
  nodes_.pause(*node);
  mend_after(kLongestFault, [this, node = *node] { nodes_.resume(node); });
}

void SoakFaults::terminate() {
  const auto node = victim();
  if (!node) return;
  count("SIGTERM", *node);
  expect(nodes_.terminate(*node));
  mend_after(milliseconds(500), [this, node = *node] { start_if_down(node); });
}

void SoakFaults::transfer() {
  const auto node = nodes_.primary();
  if (!node) return;
  tell("leader transfer", *node, {"FAILOVER"}, "ERR FAILOVER requires connected replicas.");
}

void SoakFaults::snapshot() {
  const auto node = victim();
  if (!node) return;
  tell("snapshot", *node, {"BGSAVE"}, "ERR Background save already in progress");
}

void SoakFaults::cut(std::size_t from, std::size_t to, Duration longest) {
  expect(network_->cut(from, to));
  mend_after(longest, [this, from, to] { expect(network_->mend(from, to)); });
}

void SoakFaults::isolate() {
  const auto node = victim();
  if (!node) return;
  count("node cut off", *node);
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    if (other == *node) continue;
    cut(*node, other, kLongestFault);
    cut(other, *node, kLongestFault);
  }
}

void SoakFaults::cut_link() {
  const auto node = victim();
  if (!node) return;
  count("link cut one way", *node);
  const std::size_t other = (*node + 1 + rng_.below(nodes_.size() - 1)) % nodes_.size();
  cut(*node, other, kLongestFault);
}

/// It hears the others and nobody hears it.
void SoakFaults::mute() {
  const auto node = victim();
  if (!node) return;
  count("node unheard", *node);
  for (std::size_t other = 0; other < nodes_.size(); ++other) {
    if (other != *node) cut(*node, other, kLongestFault);
  }
}

void SoakFaults::split() {
  std::vector<bool> left(nodes_.size());
  while (std::adjacent_find(left.begin(), left.end(), std::not_equal_to<>()) == left.end())
    std::generate(left.begin(), left.end(), [&] { return rng_.below(2) == 0; });
  count("split in two");
  for (std::size_t from = 0; from < nodes_.size(); ++from) {
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
      if (left[from] != left[to]) cut(from, to, kLongestFault);
    }
  }
}

void SoakFaults::lose_primary_disk() {
  heal();
  std::optional<std::size_t> primary;
  for (int attempt = 0; attempt < 100 && !primary; ++attempt) {
    primary = nodes_.primary();
    if (!primary) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  if (!primary) return expect(Error{"no primary within 10 s of the end of all faults"});
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (node != *primary) nodes_.kill(node);
  }
  // Time for clients to get answers that they should not get.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  count("disk lost", *primary);
  nodes_.kill(*primary);
  nodes_.lose_data(*primary);
  expect(nodes_.revive_all());
}

}  // namespace kv::soak
