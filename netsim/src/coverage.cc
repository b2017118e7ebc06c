#include "netsim/coverage.h"

#include "netsim/chaos.h"

namespace kv::sim {

const std::array<MarkWords, kMarks>& mark_words() {
  static constexpr std::array<MarkWords, kMarks> kWords{{
      {"split vote", "two campaign in one term and nobody wins"},
      {"vote refused: the primary is alive", "who was cut off doesn't depose a healthy primary"},
      {"vote refused: shorter log", "the election restriction (Raft paper 5.4.1)"},
      {"vote refused: already voted", "one vote a term"},
      {"primary steps down without a quorum", "check-quorum"},
      {"primary is deposed by a later term", "another one was elected meanwhile"},
      {"two primaries at once", "in different terms: only one may answer"},
      {"candidate finds a primary", "it loses to one of its own term"},
      {"paused primary wakes up deposed", "it acts on what it believed before"},
      {"primary with a wrong clock is deposed", "promises made by a clock are void"},
      {"dies before its vote is durable", "it may vote again in that term"},
      {"one entry of a conflicting tail is cut", "the shortest conflict"},
      {"several entries of a tail are cut", "a longer conflict"},
      {"entry of an older term is committed", "with one of the new primary's own"},
      {"majority has an old entry alone", "it must not be committed yet (figure 8)"},
      {"append is refused", "a follower lacks the entry before"},
      {"window of messages is full", "flow control holds entries back"},
      {"message for an earlier process", "sent before its receiver was restarted"},
      {"message is overtaken", "by one that was sent later on the same link"},
      {"dies with entries not durable", "they may be lost, or not"},
      {"power cut takes the log's tail", "recovery finds less than was written"},
      {"power of all nodes is cut", "only what is durable counts"},
      {"member is seen to be wiped", "its vote counts no more"},
      {"wiped member learns it", "it neither votes nor campaigns"},
      {"log is cut while a follower lags", "it needs a snapshot now"},
      {"snapshot is installed", "the log begins anew behind it"},
      {"snapshot is installed amid cut links", "others go on without it"},
      {"snapshot's sending is broken off", "half of it is with the follower"},
      {"receiver of a snapshot dies", "what has come is void"},
      {"dies while it saves a snapshot", "the old one and the log must do"},
      {"hand-over succeeds", "leadership goes where it was asked to"},
      {"hand-over fails", "the primary goes on"},
      {"primary dies amid a hand-over", "two ways to elect the next one meet"},
      {"read's question is asked again", "an answer to the first must not stand for the second"},
      {"primary dies with reads open", "nobody may answer them"},
      {"client asks a deposed primary", "which doesn't know it yet"},
      {"state lags behind commits", "a read must wait until it has caught up"},
      {"write of unknown outcome took effect", "clients must reckon with it"},
      {"write of unknown outcome is never done", "and with that"},
  }};
  return kWords;
}

Coverage::Coverage()
    : counters_(kMarks + Chaos::classes().size() * kStruckRoles.size() * kStrikePhases.size()) {}

void Coverage::add(const Coverage& other) {
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    counters_[i].hits += other.counters_[i].hits;
    counters_[i].runs += other.counters_[i].runs;
  }
}

void Coverage::end_run() {
  for (Counter& counter : counters_) counter.runs = counter.hits > 0 ? 1 : 0;
}

}  // namespace kv::sim
