#include "panels/node_facts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "model/phrases.h"
#include "netsim/report_layout.h"
#include "panels/log_troubles.h"

namespace kv::viz {
namespace {

using Process = NodeMoment::Process;

FactLine line(std::string label, std::string value, Tone tone = Tone::kQuiet) {
  return {std::move(label), std::move(value), tone, {}, {}};
}

class NodeFacts {
 public:
  NodeFacts(const History& history, const Moment& moment, NodeId id, Instant now)
      : history_(history), moment_(moment), node_(moment.node(id)), id_(id), now_(now) {}

  FactGroup role() const {
    FactGroup group;
    std::vector<FactLine>& lines = group.lines;
    if (node_.process == Process::kStopped) {
      lines.push_back(line("down since", since(node_.process_since)));
      lines.push_back(line("because of", std::string(to_string(node_.stopped_by)), Tone::kBad));
      lines.push_back(line("was", was() + " in " + words_of_term(node_.term)));
      return group;
    }
    if (node_.process == Process::kPaused)
      lines.push_back(line("paused since", since(node_.process_since), Tone::kWarning));
    if (node_.process == Process::kUnknown) return group;
    lines.push_back(line("since", since(node_.role_since)));
    lines.push_back(line("because", because()));
    if (node_.role == Role::kLeader) {
      lines.push_back(node_.serving ? line("serves", "yes", Tone::kGood)
                                    : line("serves", "not before an entry of its term is committed",
                                           Tone::kWarning));
    } else {
      lines.push_back(node_line("follows", node_.leader, "nobody"));
    }
    lines.push_back(vote());
    if (!node_.tally.granted.empty()) lines.push_back(votes());
    if (node_.timer_set) lines.push_back(timer());
    return group;
  }

  FactGroup log() const {
    const LogView& log = node_.log;
    const LogIndex last = kept_last(node_);
    FactGroup group;
    group.title = "log";
    group.lines.push_back(last_entry(last));
    const LogIndex persisted = std::min(log.persisted, last);
    group.lines.push_back(line("on disk", through(persisted, last),
                               persisted < last ? Tone::kWarning : Tone::kQuiet));
    group.lines.push_back(line("committed", through(log.commit, last)));
    group.lines.push_back(line("applied", through(log.applied, last)));
    group.lines.push_back(line("snapshot", log.first > 1 ? "through " + sim::grouped(log.first - 1)
                                                         : std::string("none")));
    const NodeId leader = moment_.leader();
    if (leader != kNoNode && leader != id_ && moment_.node(leader).log.last > last)
      group.lines.push_back(
          line("behind", sim::counted(moment_.node(leader).log.last - last, "entry", "entries")));
    return group;
  }

  FactGroup process() const {
    FactGroup group;
    group.title = "process";
    std::vector<FactLine>& lines = group.lines;
    if (node_.process == Process::kRunning)
      lines.push_back(line("runs since", since(node_.process_since)));
    if (node_.snapshot_to != kNoNode)
      lines.push_back(node_line("feeds snapshot", node_.snapshot_to, ""));
    if (node_.transfer_to != kNoNode)
      lines.push_back(node_line("hands over", node_.transfer_to, ""));
    lines.push_back(line("incarnation",
                         node_.incarnation == 0 ? "not known" : sim::hash_text(node_.incarnation)));
    if (node_.wiped)
      lines.push_back(
          line("disk", "lost, as its peers know: it neither votes nor counts", Tone::kBad));
    if (node_.lost_records > 0)
      lines.push_back(
          line("not seen", sim::counted(node_.lost_records, "record", "records"), Tone::kWarning));
    return group;
  }

 private:
  /// "10.390 s, for 2.11 s"
  std::string since(Instant at) const {
    return sim::time_text(at) + ", for " + sim::span_text(now_ - at);
  }

  /// What it was before it stopped.
  std::string was() const {
    NodeMoment before = node_;
    before.process = Process::kRunning;
    return std::string(to_string(before.standing()));
  }

  std::string because() const {
    const Recording& recording = history_.recording();
    const std::size_t position = node_.role_position;
    if (position < recording.first() || position >= recording.end()) return "not recorded any more";
    const Record& record = recording[position];
    if (fact_of<RoleChanged>(record) != nullptr) return std::string(to_string(node_.cause));
    if (fact_of<NodeStarted>(record) != nullptr) return "it started";
    return "it was so when the recording began";
  }

  FactLine node_line(std::string label, NodeId id, std::string_view nobody) const {
    FactLine fact = line(std::move(label), id == kNoNode ? std::string(nobody) : name(id));
    if (id == kNoNode) return fact;
    fact.link.kind = Selection::Kind::kNode;
    fact.link.node = id;
    return fact;
  }

  FactLine vote() const {
    if (node_.voted_for == kNoNode) return line("voted for", "nobody that is recorded");
    const std::string whom = node_.voted_for == id_ ? "itself" : name(node_.voted_for);
    return line("voted for", whom + " in " + words_of_term(node_.voted_in));
  }

  FactLine votes() const {
    const Tally& tally = node_.tally;
    std::string words = std::to_string(tally.granted.size()) + " of " +
                        std::to_string(moment_.size()) + (tally.pre ? " would" : "") + ": " +
                        list_of_names(history_.cluster(), tally.granted);
    if (!tally.refused.empty())
      words += "; refused by " + list_of_names(history_.cluster(), tally.refused);
    return line("votes", words,
                tally.granted.size() >= moment_.majority() ? Tone::kGood : Tone::kQuiet);
  }

  FactLine timer() const {
    const Duration whole = node_.timer_due - *node_.timer_set;
    const Duration left = node_.timer_due - now_;
    if (left.ns <= 0) return line("timer", "has run out", Tone::kWarning);
    FactLine fact = line("timer", sim::span_text(left) + " of " + sim::span_text(whole) + " left");
    fact.left = static_cast<float>(left.ns) / static_cast<float>(whole.ns);
    return fact;
  }

  FactLine last_entry(LogIndex last) const {
    if (last < node_.log.first)
      return line("last entry", node_.log.first > 1 ? "in the snapshot" : "none");
    const std::optional<Term> term = node_.log.term_at(last);
    FactLine fact =
        line("last entry", sim::grouped(last) + (term ? " of " + words_of_term(*term) : ""));
    if (!term) return fact;
    fact.link.kind = Selection::Kind::kEntry;
    fact.link.index = last;
    fact.link.term = *term;
    return fact;
  }

  /// "46", "44, 2 to go"
  static std::string through(LogIndex index, LogIndex last) {
    if (index >= last) return sim::grouped(index);
    return sim::grouped(index) + ", " + sim::grouped(last - index) + " to go";
  }

  std::string name(NodeId id) const { return history_.cluster().name(id); }

  const History& history_;
  const Moment& moment_;
  const NodeMoment& node_;
  NodeId id_;
  Instant now_;
};

}  // namespace

std::vector<FactGroup> node_facts(const History& history, const Moment& moment, NodeId id,
                                  Instant now) {
  const NodeFacts facts(history, moment, id, now);
  std::vector<FactGroup> groups;
  for (FactGroup& group : std::vector{facts.role(), facts.log(), facts.process()}) {
    if (!group.lines.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace kv::viz
