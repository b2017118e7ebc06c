#include "core/invariants.h"

namespace kv {

namespace {

std::string at(std::string_view what, std::uint64_t value) {
  return std::string(what) + " " + std::to_string(value);
}

std::optional<std::string> broken_progress(const Raft& raft, NodeId id, const Progress& progress) {
  const auto who = [&] { return "Progress of " + at("node", id) + ": "; };
  if (progress.match >= progress.next) {
    return who() + at("match", progress.match) + " is not below " + at("next", progress.next) + ".";
  }
  if (progress.match > raft.log().last_index()) {
    return who() + at("match", progress.match) + " is beyond the leader's " +
           at("last index", raft.log().last_index()) + ".";
  }
  if (progress.next > raft.log().last_index() + 1) {
    return who() + at("next", progress.next) + " leaves a gap behind " +
           at("last index", raft.log().last_index()) + ".";
  }
  if (progress.received < progress.match) {
    return who() + at("received", progress.received) + " is below " + at("match", progress.match) +
           ".";
  }
  std::size_t bytes = 0;
  LogIndex last = progress.match;
  for (const Progress::Inflight& append : progress.inflight) {
    bytes += append.bytes;
    if (append.last <= last || append.last >= progress.next) {
      return who() + at("an append in flight up to", append.last) + " is out of order.";
    }
    last = append.last;
  }
  if (bytes != progress.inflight_bytes) return who() + "the bytes in flight don't add up.";
  if (progress.feed == Feed::kProbe && !progress.inflight.empty())
    return who() + "probes, yet has appends in flight.";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> broken_invariant(const Raft& raft) {
  const Log& log = raft.log();
  if (log.base_index() > raft.commit()) {
    return at("The log begins behind", log.base_index()) + ", beyond " +
           at("commit index", raft.commit()) + ".";
  }
  if (raft.commit() > log.last_index()) {
    return at("Commit index", raft.commit()) + " is beyond " + at("last index", log.last_index()) +
           ".";
  }
  if (raft.persisted_index() > log.last_index()) {
    return at("Persisted index", raft.persisted_index()) + " is beyond " +
           at("last index", log.last_index()) + ".";
  }
  if (log.last_term() > raft.term()) {
    return at("The last entry's term", log.last_term()) + " is later than " +
           at("term", raft.term()) + ".";
  }
  if (const auto* follower = std::get_if<Follower>(&raft.role_state())) {
    if (follower->matched > log.last_index()) {
      return at("Matched index", follower->matched) + " is beyond " +
             at("last index", log.last_index()) + ".";
    }
    return std::nullopt;
  }
  if (const auto* candidate = std::get_if<Candidate>(&raft.role_state())) {
    if (!candidate->pre && raft.hard_state().voted_for != raft.config().self) {
      return "A candidate has not voted for itself.";
    }
    return std::nullopt;
  }
  const Leader& leader = std::get<Leader>(raft.role_state());
  if (raft.hard_state().voted_for != raft.config().self)
    return "A leader has not voted for itself.";
  if (leader.round_confirmed > leader.round_sent)
    return "A read round is confirmed that was never sent.";
  for (const auto& [id, progress] : leader.progress) {
    if (auto broken = broken_progress(raft, id, progress)) return broken;
  }
  return std::nullopt;
}

void Footprint::take(const Raft& raft) {
  term = raft.term();
  voted_for = raft.hard_state().voted_for;
  commit = raft.commit();
  last_index = raft.log().last_index();
  matches.clear();
  const auto* leader = std::get_if<Leader>(&raft.role_state());
  leads = leader != nullptr;
  if (!leads) return;
  for (const auto& [peer, progress] : leader->progress)
    matches.push_back({peer, progress.wiped, progress.match});
}

std::optional<std::string> broken_transition(const Footprint& before, const Raft& after) {
  if (after.term() < before.term) {
    return at("The term went back from", before.term) + at(" to", after.term()) + ".";
  }
  if (after.commit() < before.commit) {
    return at("The commit index went back from", before.commit) + at(" to", after.commit()) + ".";
  }
  const NodeId vote = before.voted_for;
  if (after.term() == before.term && vote != kNoNode && after.hard_state().voted_for != vote) {
    return at("A second vote in term", after.term()) + ": for " + at("node", vote) + ", then for " +
           at("node", after.hard_state().voted_for) + ".";
  }
  const auto* leader = std::get_if<Leader>(&after.role_state());
  if (!before.leads || leader == nullptr || before.term != after.term()) return std::nullopt;
  if (after.log().last_index() < before.last_index) return "A leader's log became shorter.";
  for (const Footprint::Match& then : before.matches) {
    const Progress& now = leader->progress.at(then.peer);
    // One that lost its disk counts nowhere, and may lose it again.
    if (!now.wiped && !then.wiped && now.match < then.match) {
      return at("The match index of node", then.peer) + at(" went back from", then.match) +
             at(" to", now.match) + ".";
    }
  }
  return std::nullopt;
}

}  // namespace kv
