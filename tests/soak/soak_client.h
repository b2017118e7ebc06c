#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "core/rng.h"
#include "soak/caller.h"
#include "soak/soak_history.h"

namespace kv::soak {

inline constexpr std::size_t kRegisters = 10;

/// What the clients of a round share.
struct Round {
  const ClusterConfig& cluster;
  std::string name{};  ///< begins all of its keys, so that rounds don't meet
  Instant began{};     ///< on the monotonic clock; the history's times count from here
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> acknowledged{0};  ///< writes

  Instant now() const;
  std::string register_key(std::size_t number) const {
    return name + ":register" + std::to_string(number);
  }
  std::string tally_key() const { return name + ":tally"; }      ///< incremented by all, INCR
  std::string counter_key() const { return name + ":counter"; }  ///< by all, KV.ONCE
  std::string own_key(std::uint32_t client) const {              ///< by that client, KV.ONCE
    return name + ":client" + std::to_string(client);
  }
};

/// Reads and writes at random until the round stops, one command at a time, and remembers what it
/// saw. In a thread of its own.
class SoakClient {
 public:
  SoakClient(Round& round, std::uint32_t number, Rng rng);

  void run();
  History take_history() { return std::move(history_); }

 private:
  void step();
  void use_register(OperationKind kind);
  Answered ask(OperationKind kind, const Words& words);
  void note(sim::Operation operation, const Answered& answered);
  void increment();
  void increment_once();
  void note(Increment increment, const Answered& answered);
  void note_surprise(const std::string& what, const RespReply& reply);

  Round& round_;
  std::uint32_t number_;
  Rng rng_;
  Caller caller_;
  History history_{};
  std::uint64_t writes_{0};
  std::uint64_t sequence_{0};  ///< of KV.ONCE
};

}  // namespace kv::soak
