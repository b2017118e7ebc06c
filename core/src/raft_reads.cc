#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/quorum.h"
#include "core/raft.h"

namespace kv {

// Read-index (dissertation §6.4): a read may be answered once a quorum has confirmed, after the
// read came, that this node still leads. One round of heartbeats, numbered, serves all reads that
// came before it was sent; while one is under way, later reads gather for the next.

std::uint64_t Raft::start_read() {
  Leader& leader = std::get<Leader>(role_);
  leader.round_wanted = leader.round_sent + 1;
  return leader.round_wanted;
}

void Raft::begin_read_round() {
  Leader& leader = std::get<Leader>(role_);
  if (leader.round_wanted <= leader.round_sent || leader.round_confirmed < leader.round_sent)
    return;
  ++leader.round_sent;
  for (auto& [id, progress] : leader.progress) progress.send_now = true;
  confirm_rounds();
}

void Raft::confirm_rounds() {
  Leader& leader = std::get<Leader>(role_);
  std::vector<std::uint64_t> answered;
  answered.reserve(config_.members.size());
  answered.push_back(leader.round_sent);
  for (const auto& [id, progress] : leader.progress) {
    answered.push_back(progress.wiped ? 0 : progress.read_round);
  }
  const std::uint64_t round = reached_by_quorum(std::move(answered));
  if (round <= leader.round_confirmed) return;
  leader.round_confirmed = round;
  report(ReadRoundConfirmed{round});
}

std::uint64_t Raft::confirmed_round() const {
  return serving() ? std::get<Leader>(role_).round_confirmed : 0;
}

bool Raft::transferring() const {
  const auto* leader = std::get_if<Leader>(&role_);
  return leader != nullptr && leader->transfer.has_value();
}

}  // namespace kv
