#include "netsim/expiry.h"

#include <algorithm>

#include "core/operations.h"

namespace kv::sim {

void Expiries::committed(Instant at, const Command& command) {
  clock_ms_ = std::max(clock_ms_, command.time_ms);
  expire(at);
  if (command.operation == kv::Operation::kOnce) note_session(command);
  if (command.operation != kv::Operation::kSet && command.operation != kv::Operation::kDelete)
    return;
  const auto known = due_ms_.find(command.key);
  if (known != due_ms_.end()) due_ms_.erase(known);
  if (command.operation != kv::Operation::kSet || command.number == 0) return;
  due_ms_.emplace(command.key, static_cast<std::uint64_t>(command.number));
  // The clock of the node that was asked may be so late that this is over already.
  expire(at);
}

void Expiries::expire(Instant at) {
  for (auto due = due_ms_.begin(); due != due_ms_.end();) {
    if (due->second > clock_ms_) {
      ++due;
      continue;
    }
    Operation& gone = deletes_.emplace_back();
    gone.kind = OperationKind::kDelete;
    gone.key = due->first;
    gone.called = gone.returned = at;
    gone.ending = Ending::kOk;
    due = due_ms_.erase(due);
  }
  for (auto session = sessions_.begin(); session != sessions_.end();) {
    if (session->second.due_ms > clock_ms_) {
      ++session;
      continue;
    }
    lost_sessions_.try_emplace(session->first, at);
    session = sessions_.erase(session);
  }
}

/// A sequence that is over, or that no session leads up to, is refused and keeps nothing alive.
void Expiries::note_session(const Command& once) {
  const auto known = sessions_.find(once.key);
  if (known == sessions_.end() ? once.number != 1 : once.number < known->second.sequence) return;
  sessions_[std::string(once.key)] = {once.number, clock_ms_ + kSessionMs};
}

}  // namespace kv::sim
