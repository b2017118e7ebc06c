#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/rng.h"
#include "netsim/cluster.h"
#include "netsim/history.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// Who asked for an alarm: Alarm::owner.
enum class AlarmOwner : std::uint32_t { kClients, kSteps, kChaos, kExpectations };

/// Everybody who uses the cluster: the workload's clients, each with one operation after the other,
/// and one more client for each scripted operation. They know a primary, follow redirects, try the
/// next node after a definite refusal, and give up after a time; what they saw is the history. An
/// operation whose fate is unknown is not repeated, unless it is an increment: each client has a
/// counter of its own, and asks for the same increment (Operation::kOnce) until it is answered.
class Clients {
 public:
  Clients(const Scenario& scenario, const Rng& rng);
  /// Sets the workload's first alarms.
  void begin(Cluster& cluster);

  /// A scripted operation; its index in history(). `to` is where it is sent first.
  std::size_t call(Cluster& cluster, const Step& step, NodeId to);
  void on_alarm(Cluster& cluster, std::uint64_t data);
  void on_answer(Cluster& cluster, const Answer& answer);

  const std::vector<Operation>& history() const { return history_; }
  /// Why the operation ended so: a refusal's code, "TIMEOUT" …; empty when it ended well.
  const std::string& code_of(std::size_t operation) const { return codes_[operation]; }
  /// Operations that have ended since the last call, by index in history().
  std::vector<std::size_t> take_ended();

 private:
  struct Client {
    std::uint32_t number{0};  ///< from 1
    bool scripted{false};
    NodeId server{kNoNode};  ///< asked now, or next
    NodeId turn{kNoNode};    ///< of all nodes, when nobody says who the primary is
    bool retry{true};
    Duration timeout{};
    std::optional<std::size_t> operation{};  ///< under way
    RequestId request{0};                    ///< 0: none is under way
    Instant give_up{};
    std::optional<Instant> timeout_at{};  ///< the earliest alarm that is set for give_up
    std::uint32_t token{0};               ///< alarms of an earlier one are void
    Duration patience{};                  ///< of the next try
    std::uint64_t increments{0};          ///< begun; of the last one, its sequence number
  };

  bool is_drawn(Chance share);
  void begin_operation(Cluster& cluster, Client& client);
  void start(Cluster& cluster, Client& client, Operation operation);
  bool is_increment(const Client& client) const;
  void ask_anew(Cluster& cluster, Client& client);
  void ask(Cluster& cluster, Client& client);
  void end(Cluster& cluster, Client& client, Ending ending, std::string code,
           std::optional<std::string> found);
  void try_next_node(Client& client);
  void arm_timeout(Cluster& cluster, Client& client);
  void wake_at(Cluster& cluster, Client& client, Instant at);
  Instant next_start(const Cluster& cluster);

  WorkloadSpec spec_;
  Instant stop_{};
  std::size_t nodes_;
  Rng rng_;
  Rng kinds_;  ///< of what workloads came to do later
  std::vector<Client> clients_{};
  std::map<RequestId, std::size_t> requests_{};  ///< to positions in clients_
  std::vector<Operation> history_{};
  std::vector<std::string> codes_{};
  std::vector<std::size_t> ended_{};
};

}  // namespace kv::sim
