#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/command.h"
#include "netsim/history.h"

namespace kv::sim {

/// When keys expired, told from the committed commands alone: the first one whose time lies at or
/// behind a key's removes it, for everybody. To those who look at the clients' history that is one
/// more delete, by nobody, at the moment when this command was committed: not before, since nobody
/// acts on what is not committed, and not after, since later reads ask how far they must be.
/// Sessions (KV.ONCE) expire in the same way, if nothing is done in one for kSessionMs.
class Expiries {
 public:
  /// The next command of the log, which was committed at `at` first.
  void committed(Instant at, const Command& command);
  /// As operations of a history, in their order; `id` is 0.
  const std::vector<Operation>& deletes() const { return deletes_; }

  /// When sessions expired lawfully: by the client's name, the first time.
  const std::map<std::string, Instant>& lost_sessions() const { return lost_sessions_; }

 private:
  struct Session {
    std::int64_t sequence{0};
    std::uint64_t due_ms{0};
  };

  void expire(Instant at);
  void note_session(const Command& once);

  std::uint64_t clock_ms_{0};
  std::map<std::string, std::uint64_t, std::less<>> due_ms_{};  ///< of the keys that will expire
  std::vector<Operation> deletes_{};
  std::map<std::string, Session, std::less<>> sessions_{};
  std::map<std::string, Instant> lost_sessions_{};
};

}  // namespace kv::sim
