#include "story.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/check.h"
#include "core/overloaded.h"
#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

constexpr std::size_t kLongestValue = 60;

std::string entries(LogIndex first, LogIndex last) {
  return first == last ? "entry " + std::to_string(first)
                       : "entries " + std::to_string(first) + " to " + std::to_string(last);
}

std::string of_term(Term term) {
  return "term " + std::to_string(term);
}

/// Facts whose words hold names or foreign bytes rather than "node 2".
bool speaks_for_itself(const Fact& fact) {
  return std::holds_alternative<ClientCalled>(fact) ||
         std::holds_alternative<ClientAnswered>(fact) || std::holds_alternative<StepTaken>(fact) ||
         std::holds_alternative<ExpectationDecided>(fact) ||
         std::holds_alternative<ViolationFound>(fact) || std::holds_alternative<NodeStopped>(fact);
}

}  // namespace

Story::Story(StorySubject subject, bool everything)
    : subject_(std::move(subject)), everything_(everything), tellers_(subject_.names.size()) {}

void Story::add(const Record& record) {
  CHECK(record.at >= now_ && record.node <= subject_.names.size());
  if (record.at > now_) release();
  now_ = record.at;
  const std::uint64_t lines_before = lines_;
  std::visit([&](const auto& fact) { tell(record, fact); }, record.fact);
  if (!std::holds_alternative<ClientCalled>(record.fact)) called_.reset();
  if (!everything_ || lines_ != lines_before) return;
  const std::string words = describe(record.fact);
  push({record.at, name(record.node), Kind::kDetail,
        speaks_for_itself(record.fact) ? words : with_names(words)});
}

std::vector<StoryLine> Story::take() {
  return std::exchange(ready_, {});
}

std::vector<StoryLine> Story::finish() {
  if (asking_) tell_call(calls_.at(*asking_));
  sum_up(now_);
  release();
  return take();
}

void Story::release() {
  for (Pending& pending : pending_) ready_.push_back(std::move(pending.line));
  pending_.clear();
}

Story::Teller& Story::teller(NodeId id) {
  CHECK(id != kNoNode && id <= tellers_.size());
  return tellers_[id - 1];
}

std::string Story::name(NodeId id) const {
  return id == kNoNode || id > subject_.names.size() ? std::string() : subject_.names[id - 1];
}

std::string Story::names(const std::set<NodeId>& ids) const {
  std::string text;
  for (const NodeId id : ids) text += (text.empty() ? "" : ", ") + name(id);
  return text;
}

/// Core says "node 2".
std::string Story::with_names(std::string_view text) const {
  constexpr std::string_view kNode = "node ";
  std::string result;
  while (!text.empty()) {
    const std::size_t found = text.find(kNode);
    result += text.substr(0, found);
    if (found == std::string_view::npos) break;
    text.remove_prefix(found + kNode.size());
    NodeId id = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
      id = id * 10 + static_cast<NodeId>(text[digits++] - '0');
    if (digits == 0 || name(id).empty()) {
      result += kNode;
    } else {
      result += name(id);
      text.remove_prefix(digits);
    }
  }
  return result;
}

// --- lines ---

void Story::push(StoryLine line, bool process) {
  if (asking_) tell_call(calls_.at(*asking_));
  ++lines_;
  pending_.push_back({std::move(line), process});
}

void Story::say(const Record& record, std::string text, Kind kind) {
  Teller& node = teller(record.node);
  if (node.last == text) {
    ++node.repeats;
    return;
  }
  tell_repeats(record.at, record.node);
  node.last = text;
  push({record.at, name(record.node), kind, std::move(text)});
}

void Story::tell_repeats(Instant at, NodeId id) {
  const std::uint64_t repeats = std::exchange(teller(id).repeats, 0);
  if (repeats == 0) return;
  push({at, name(id), Kind::kNote,
        "… " + counted(repeats, "more time", "more times") + ": " + teller(id).last});
}

void Story::tell_process(const Record& record, std::string text, Kind kind) {
  tell_repeats(record.at, record.node);
  teller(record.node).last.clear();
  push({record.at, name(record.node), kind, std::move(text)}, true);
}

void Story::sum_up(Instant at) {
  for (NodeId id = 1; id <= subject_.names.size(); ++id) tell_repeats(at, id);
  if (endings_.empty()) return;
  std::uint64_t total = 0;
  std::string text;
  for (const auto& [ending, count] : endings_) {
    total += count;
    text += (text.empty() ? ": " : ", ") + grouped(count) + " " + ending;
  }
  if (endings_.size() == 1) text = (total == 1 ? ": " : ", all ") + endings_.begin()->first;
  endings_.clear();
  push(
      {at, {}, Kind::kNote, "… " + counted(total, "client operation", "client operations") + text});
}

// --- processes ---

void Story::lose(const Record& record) {
  if (!std::exchange(teller(record.node).serves, false)) return;
  sum_up(record.at);
  lost_ = Lost{record.node, record.at, std::holds_alternative<Event>(record.fact)};
}

void Story::tell(const Record& record, const NodeStarted& fact) {
  teller(record.node) = Teller{};
  if (record.at == Instant{} && fact.last_index == 0) return;
  tell_process(
      record,
      "starts" + (fact.last_index == 0
                      ? std::string(" with nothing on its disk")
                      : " in " + of_term(fact.term) + " with a log through entry " +
                            std::to_string(fact.last_index) +
                            (fact.snapshot_index == 0 ? std::string()
                                                      : ", of which a snapshot holds " +
                                                            std::to_string(fact.snapshot_index))),
      Kind::kTold);
}

void Story::tell(const Record& record, const NodeStopped& fact) {
  lose(record);
  tell_process(record, one_line(describe(Fact(fact)), 400), Kind::kBad);
  teller(record.node) = Teller{};
}

void Story::tell(const Record& record, const NodePaused&) {
  lose(record);
  tell_process(record, "is paused: it does nothing, and nobody is told", Kind::kBad);
}

void Story::tell(const Record& record, const NodeResumed&) {
  Teller& node = teller(record.node);
  if (node.leads && lost_ && lost_->node == record.node) {
    node.serves = true;
    lost_.reset();
  }
  tell_process(record, node.leads ? "goes on, and still takes itself for the primary" : "goes on",
               Kind::kTold);
}

void Story::tell(const Record& record, const DiskWiped&) {
  tell_process(record, "loses everything on its disk", Kind::kBad);
}

void Story::tell(const Record& record, const MessageDelivered& fact) {
  Teller& node = teller(record.node);
  // One that has stepped down is no primary any more, whatever else it says.
  if (fact.from == node.leader && !teller(fact.from).stepped_down) node.heard = record.at;
}

// --- elections ---

void Story::tell(const Record& record, const Event& event) {
  std::visit([&](const auto& what) { tell(record, what); }, event);
}

void Story::tell(const Record& record, const CampaignStarted& event) {
  Teller& node = teller(record.node);
  std::set<NodeId> willing = std::exchange(node.granted, {record.node});
  willing.erase(record.node);
  std::string why(to_string(event.cause));
  if (event.cause == Cause::kElectionTimeout && node.leader != kNoNode) {
    why = "no word from " + name(node.leader) + " for " + span_text(record.at - node.heard);
  } else if (event.cause == Cause::kElectionTimeout) {
    why = "no word from a primary";
  } else if (event.cause == Cause::kWonPreVote && !willing.empty()) {
    why = names(willing) + " would vote for it";
  } else if (event.cause == Cause::kCampaignTimeout) {
    why = "got no majority in time";
  }
  say(record, why + (event.pre ? ": asks who would vote for it"
                               : ": stands for election in " + of_term(event.term)));
}

void Story::tell(const Record& record, const VoteAnswered& event) {
  Teller& node = teller(record.node);
  if (event.granted && event.pre) return;  // told when the candidate stands for election
  if (event.granted) {
    node.voted_for = event.candidate;
    node.voted_in = event.term;
    node.refusals.clear();
    say(record, "votes for " + name(event.candidate) + " in " + of_term(event.term));
    return;
  }
  const std::string words = std::string(event.pre ? "would not vote" : "does not vote") + " for " +
                            name(event.candidate) + ": " + std::string(to_string(event.reason));
  // A node that hears nobody asks all the time; that it is refused each time is no news.
  if (event.pre && !node.refusals.insert(words).second) return;
  say(record, words);
}

void Story::tell(const Record& record, const VoteReceived& event) {
  if (event.granted) teller(record.node).granted.insert(event.voter);
}

void Story::tell(const Record& record, const RoleChanged& event) {
  Teller& node = teller(record.node);
  node.leads = event.to == Role::kLeader;
  if (node.leads) {
    node.stepped_down = false;
    node.granted.insert(record.node);
    const std::string votes = std::to_string(node.granted.size()) + " of " +
                              std::to_string(subject_.names.size()) +
                              " votes: " + names(node.granted);
    say(record, "wins the election of " + of_term(event.term) + " with " + votes);
  } else if (event.from == Role::kLeader) {
    lose(record);
    node.stepped_down = true;
    say(record, "steps down: " + std::string(to_string(event.cause)), Kind::kBad);
  } else if (event.to == Role::kFollower && event.cause != Cause::kGrantedVote) {
    say(record, "gives up its campaign: " + std::string(to_string(event.cause)));
  }
}

void Story::tell(const Record& record, const LeaderRecognised& event) {
  Teller& node = teller(record.node);
  node.leader = event.leader;
  node.heard = record.at;
  node.refusals.clear();
  if (node.voted_for == event.leader && node.voted_in == event.term) return;
  say(record, "follows " + name(event.leader) + " in " + of_term(event.term));
}

void Story::tell(const Record& record, const CommitAdvanced&) {
  Teller& node = teller(record.node);
  // A leader's first commit holds an entry of its own term (Raft paper §5.4.2): it may serve now.
  if (!node.leads || std::exchange(node.serves, true)) return;
  sum_up(record.at);
  std::string text = "is PRIMARY and serves";
  if (const auto lost = std::exchange(lost_, std::nullopt))
    text += ", " + span_text(record.at - lost->at) + " after " + name(lost->node) +
            (lost->stepped_down ? " stepped down" : " was lost");
  say(record, std::move(text), Kind::kGood);
}

// --- logs ---

void Story::tell(const Record& record, const EntriesTruncated& event) {
  say(record, "throws away " + entries(event.from, event.old_last) +
                  " of its log: the primary's log differs there");
}

void Story::tell(const Record& record, const SnapshotSendStarted& event) {
  say(record, "sends " + name(event.to) + " a snapshot: it is too far behind for the log");
}

void Story::tell(const Record& record, const SnapshotSendEnded& event) {
  if (!event.done) say(record, "gives up sending " + name(event.to) + " the snapshot");
}

void Story::tell(const Record& record, const SnapshotInstalled& event) {
  say(record, "installs the snapshot, through entry " + std::to_string(event.last_index));
}

void Story::tell(const Record& record, const TransferStarted& event) {
  say(record, "hands over to " + name(event.to));
}

void Story::tell(const Record& record, const TransferEnded& event) {
  if (!event.done) say(record, "gives up handing over to " + name(event.to));
}

void Story::tell(const Record& record, const PeerWiped& event) {
  say(record, "notices that " + name(event.peer) +
                  " came back with another disk: it neither votes nor counts");
}

void Story::tell(const Record& record, const SelfWiped& event) {
  say(record, "learns from " + name(event.told_by) +
                  " that its disk is not the one it had: it neither votes nor counts");
}

// --- clients and steps ---

void Story::tell(const Record& record, const ClientCalled& fact) {
  if (fact.client <= subject_.workload_clients) return;
  const auto known = calls_.find(fact.client);
  if (known != calls_.end()) {
    ++known->second.tries;
    known->second.asked = name(record.node);
    return;
  }
  Call call;
  call.at = record.at;
  call.asked = name(record.node);
  call.words = std::string(to_string(fact.kind)) + " " + one_line(fact.key, kLongestValue);
  if (fact.kind == OperationKind::kSet) call.words += " = " + one_line(fact.value, kLongestValue);
  calls_[fact.client] = std::move(call);
  called_ = fact.client;
}

void Story::tell_call(Call& call) {
  asking_.reset();
  if (std::exchange(call.told, true)) return;
  push({call.at, "client", Kind::kTold, "asks " + call.asked + ": " + call.words});
}

void Story::tell(const Record& record, const ClientAnswered& fact) {
  std::string ending(to_string(fact.ending));
  if (!fact.detail.empty()) ending += " (" + fact.detail + ")";
  if (fact.client <= subject_.workload_clients) {
    ++endings_[ending];
    return;
  }
  const auto known = calls_.find(fact.client);
  if (known == calls_.end()) return;
  const Call call = known->second;
  calls_.erase(known);
  if (asking_ == fact.client) asking_.reset();
  if (fact.found) ending += ", found " + one_line(*fact.found, kLongestValue);
  if (!fact.found && fact.ending == Ending::kOk && call.words.starts_with("get "))
    ending += ", found nothing";
  const bool well = fact.ending == Ending::kOk;
  std::string text = (call.told ? "" : "asks " + call.asked + ": ") + call.words + " → " + ending +
                     (call.told && well ? " from " + name(record.node) : "") + ", in " +
                     span_text(record.at - call.at);
  if (call.tries > 1) text += " and " + std::to_string(call.tries) + " tries";
  push({record.at, "client", well ? Kind::kTold : Kind::kBad, std::move(text)});
}

void Story::tell(const Record& record, const StepTaken& fact) {
  if (called_) {
    if (!fact.caption.empty()) push({record.at, {}, Kind::kCaption, one_line(fact.caption, 400)});
    asking_ = std::exchange(called_, std::nullopt);
    return;
  }
  // What the step did to processes is told behind it.
  std::vector<Pending> done;
  while (!pending_.empty() && pending_.back().process && record.at > Instant{}) {
    done.insert(done.begin(), std::move(pending_.back()));
    pending_.pop_back();
  }
  sum_up(record.at);
  const std::string words = one_line(fact.words, 400);
  if (!fact.caption.empty()) {
    push({record.at, {}, Kind::kCaption, one_line(fact.caption, 400)});
    if (done.empty()) push({record.at, {}, Kind::kNote, words});
  } else if (done.empty()) {
    push({record.at, {}, Kind::kStep, words});
  } else {
    for (Pending& line : done) line.line.kind = Kind::kStep;
  }
  std::move(done.begin(), done.end(), std::back_inserter(pending_));
}

void Story::tell(const Record& record, const ExpectationDecided& fact) {
  if (fact.expectation >= subject_.hopes.size()) return;
  const StorySubject::Hope& hope = subject_.hopes[fact.expectation];
  if (fact.met && !hope.captioned) return;  // what was to be expected
  const std::string words = one_line(hope.words, 400);
  if (fact.met) {
    push({record.at, {}, Kind::kGood, "✓ " + words});
  } else {
    push({record.at, {}, Kind::kBad, "✗ " + words + ": " + one_line(fact.words, 400)});
  }
}

void Story::tell(const Record& record, const ViolationFound& fact) {
  push({record.at,
        {},
        Kind::kViolation,
        "VIOLATION of " + fact.checker + ": " + one_line(fact.words, 2000)});
}

}  // namespace kv::sim
