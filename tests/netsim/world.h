#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/command.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"
#include "netsim/simulation.h"

namespace kv::sim {

/// node1, node2 …; node1 begins as primary, in LAN timing, half a millisecond from node to node.
Scenario quiet_scenario(std::size_t nodes = 3);

/// A cluster driven by hand: nobody asks it anything but the test.
class World {
 public:
  using Watcher = std::function<void(const Cluster&)>;

  explicit World(const Scenario& scenario = quiet_scenario(), std::uint64_t seed = 1);
  /// `watcher` sees the cluster from now on, after every event and every look().
  void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }
  void run_for(Duration span);
  /// Until it holds, for 30 s at most; says whether it came to hold.
  bool run_until(const std::function<bool()>& condition);
  bool run_until_primary() {
    return run_until([this] { return cluster.primary() != kNoNode; });
  }
  /// Shows the watchers what the test did to the cluster.
  void look();

  /// Sends it and runs until the answer is here; without one in 30 s: pending.
  template <typename Body>
  Answer ask(NodeId to, Body body) {
    return wait_for(send(to, std::move(body)));
  }
  template <typename Body>
  RequestId send(NodeId to, Body body) {
    const RequestId id = cluster.next_request();
    cluster.send(to, {id, std::move(body)});
    return id;
  }
  Answer wait_for(RequestId request);
  Answer set(NodeId to, std::string_view key, std::string_view value);
  Answer get(NodeId to, std::string_view key) {
    return ask(to, ReadRequest{encode_command(get_command(key))});
  }

  /// Facts of this kind so far, of one node or of all.
  template <typename Kind>
  std::vector<Kind> facts(NodeId node = kNoNode) const {
    std::vector<Kind> found;
    for (const Record& record : records) {
      if (node != kNoNode && record.node != node) continue;
      if (const auto* fact = std::get_if<Kind>(&record.fact)) found.push_back(*fact);
    }
    return found;
  }
  template <typename Kind>
  std::vector<Kind> events(NodeId node = kNoNode) const {
    std::vector<Kind> found;
    for (const Event& event : facts<Event>(node)) {
      if (const auto* wanted = std::get_if<Kind>(&event)) found.push_back(*wanted);
    }
    return found;
  }

  Cluster cluster;
  std::vector<Record> records{};  ///< all of them
  std::map<RequestId, Answer> answers{};

 private:
  void advance();

  std::vector<Watcher> watchers_{};
};

WriteRequest set_request(std::string_view key, std::string_view value);

/// The words of the first violation by this checker; "nothing" if it found none.
std::string words_of(const std::vector<Violation>& violations, std::string_view checker);
/// All of them, a line each: for messages of failed tests.
std::string text_of(const std::vector<Violation>& violations);

/// A run of a scenario, and all its records.
struct Played {
  RunResult result{};
  std::vector<Record> records{};
  std::vector<Operation> history{};
};
Played play(const Scenario& scenario, std::uint64_t seed);

}  // namespace kv::sim
