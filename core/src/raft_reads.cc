#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/quorum.h"
#include "core/raft.h"

namespace kv {

// Read-index (dissertation §6.4): a read may be answered once a quorum has confirmed, after the
// read came, that this node still leads. One round of heartbeats, numbered, serves all reads that
// came before it was sent; while one is under way, later reads gather for the next.
//
// With ReadMode::kLease a round also begins with the heartbeats, and gives the leader a lease of
// lease_length() from the moment on when it was begun: each follower that answered it has heard
// this leader since, and votes for nobody else in the meantime (promise_no_vote()), nor for itself,
// since election timers are no shorter. While a lease holds, no other node leads: a read that comes
// then needs no round, and otherwise has one of its own. Other rules stay: nothing before this
// leader has committed in its term, and the read waits until that is applied which was committed
// when it came. A hand-over goes past the promise, so it costs the leader its lease.

std::uint64_t Raft::start_read(Instant now) {
  Leader& leader = std::get<Leader>(role_);
  if (lease_holds(now)) return leader.round_confirmed;
  leader.round_wanted = leader.round_sent + 1;
  return leader.round_wanted;
}

bool Raft::lease_holds(Instant now) const {
  const auto* leader = std::get_if<Leader>(&role_);
  return serving() && !leader->lease_given_up && now < leader->lease_until;
}

/// As often as heartbeats are due: the round's messages are heartbeats.
bool Raft::lease_wants_round(Instant now) const {
  const Leader& leader = std::get<Leader>(role_);
  return config_.reads == ReadMode::kLease && !leader.lease_given_up &&
         now - leader.round_sent_at >= config_.timing.heartbeat_interval;
}

void Raft::promise_no_vote(Instant now) {
  if (config_.reads != ReadMode::kLease) return;
  no_vote_until_ = now + config_.timing.election_timeout_min;
}

void Raft::begin_read_round(Instant now) {
  Leader& leader = std::get<Leader>(role_);
  if (leader.round_confirmed < leader.round_sent) return;
  if (leader.round_wanted <= leader.round_sent && !lease_wants_round(now)) return;
  ++leader.round_sent;
  leader.round_sent_at = now;
  for (auto& [id, progress] : leader.progress) progress.send_now = true;
  confirm_rounds();
}

void Raft::confirm_rounds() {
  Leader& leader = std::get<Leader>(role_);
  const auto answered = [](const auto& peer) {
    return peer.second.wiped ? 0 : peer.second.read_round;
  };
  const std::uint64_t round = reached_by_quorum(leader.round_sent, leader.progress, answered);
  if (round <= leader.round_confirmed) return;
  leader.round_confirmed = round;  // and so is round_sent: one is under way at a time
  if (config_.reads == ReadMode::kLease) {
    leader.lease_until =
        leader.round_sent_at + lease_length(config_.timing, config_.lease_drift_ppm);
  }
  report(ReadRoundConfirmed{round});
}

std::uint64_t Raft::confirmed_round() const {
  return serving() ? std::get<Leader>(role_).round_confirmed : 0;
}

// --- reads of followers: "the index" is the leader's commit, once it is sure that it leads ---
//
// What an answer says holds for ever: all that was committed when the request of its number left is
// at or before its index. So no term, leader or order of arrival has to match, only the number:
//
//  - A request or a reply is lost: the same number is asked again after a while. The same, so that
//    a slow round isn't begun anew by each repetition.
//  - A doubled request begins a round that nobody needs; its answer, or a doubled one, finds the
//    question closed.
//  - A late request overwrites a newer one at the leader: the newer one is lost, see above.
//  - A reply of a leader that was deposed meanwhile is dropped by its term, though it would do no
//    harm: the reads came before it was sure. The new leader is asked by a number that stands for
//    all reads so far.
//  - A reply to a question of an earlier start of this process would do harm, for it is older than
//    the reads that wait now: each start counts from a random number.

std::uint64_t Raft::start_follower_read() {
  // What was asked already may be answered as of a moment before this read came.
  if (reads_.wanted == reads_.asked) ++reads_.wanted;
  return reads_.wanted;
}

std::optional<LogIndex> Raft::follower_read_index(std::uint64_t number) const {
  return number <= reads_.granted ? std::optional(reads_.index) : std::nullopt;
}

/// Asked of the leader that there is now, and unanswered.
bool Raft::read_question_open() const {
  return reads_.asked != reads_.granted && reads_.asked_of == leader() &&
         reads_.asked_of != kNoNode && reads_.asked_in == term() && !self_wiped_;
}

void Raft::ask_read_index(Instant now) {
  if (reads_.wanted == reads_.granted || leader() == kNoNode || self_wiped_) return;
  const bool again = read_question_open();
  if (again && (is_leader() || now < reads_.resend_due)) return;
  if (!again) {
    reads_.asked = reads_.wanted;
    reads_.asked_of = leader();
    reads_.asked_in = term();
  }
  reads_.resend_after = again ? backed_off(reads_.resend_after) : resend_interval();
  reads_.resend_due = now + reads_.resend_after;
  if (auto* self = std::get_if<Leader>(&role_)) {
    self->own_read = AskedRead{reads_.asked, start_read(now)};
  } else {
    send(reads_.asked_of, ReadIndexRequest{reads_.asked});
  }
}

void Raft::on(Instant now, const Message& message, const ReadIndexRequest& request) {
  auto* leader = std::get_if<Leader>(&role_);
  if (leader == nullptr) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  std::optional<AskedRead>& asked = leader->progress.at(message.from).read_asked;
  if (asked && asked->number == request.number) return;
  // When the asker sent this, its reads had come, and neither it nor this node was in a later term.
  // Where the two are a majority, that is what a round would find out.
  const bool confirmed = quorum() <= 2;
  asked = AskedRead{request.number, confirmed ? leader->round_confirmed : start_read(now)};
}

void Raft::answer_read_questions() {
  if (!serving()) return;
  Leader& leader = std::get<Leader>(role_);
  const auto answered = [&](std::optional<AskedRead>& asked) -> std::optional<std::uint64_t> {
    if (!asked || asked->round > leader.round_confirmed) return std::nullopt;
    return std::exchange(asked, std::nullopt)->number;
  };
  for (auto& [id, progress] : leader.progress) {
    if (const auto number = answered(progress.read_asked))
      send(id, ReadIndexReply{*number, commit_});
  }
  if (const auto number = answered(leader.own_read)) note_read_index(*number, commit_);
}

void Raft::note_read_index(std::uint64_t number, LogIndex index) {
  reads_.granted = number;
  reads_.index = std::max(reads_.index, index);
}

void Raft::on(Instant, const Message& message, const ReadIndexReply& reply) {
  auto* follower = std::get_if<Follower>(&role_);
  if (follower == nullptr || follower->leader != message.from || reply.number != reads_.asked ||
      reads_.asked == reads_.granted) {
    ignore(message, Reason::kNotExpected);
    return;
  }
  note_read_index(reply.number, reply.index);
  // The next word of the commit may be 20 ms away.
  follower->leader_commit = std::max(follower->leader_commit, reply.index);
  set_commit(std::min(follower->leader_commit, follower->matched));
}

bool Raft::transferring() const {
  const auto* leader = std::get_if<Leader>(&role_);
  return leader != nullptr && leader->transfer.has_value();
}

}  // namespace kv
