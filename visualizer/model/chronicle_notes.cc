#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "core/overloaded.h"
#include "model/chronicle.h"

namespace kv::viz {
namespace {

using Link = std::pair<NodeId, NodeId>;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string entries_text(LogIndex first, LogIndex last) {
  if (first == last) return "entry " + number(first);
  return "entries " + number(first) + " to " + number(last);
}

std::string stop_words(const NodeStopped& stopped) {
  switch (stopped.cause) {
    case StopCause::kCrash:
      return " crashes";
    case StopCause::kPowerCut:
      return " loses power";
    case StopCause::kDiskFailure:
      return " stops: its disk fails";
    case StopCause::kRefusedToStart:
      return " refuses to start";
    case StopCause::kShutdown:
      break;
  }
  return " shuts down";
}

std::string step_down_words(const RoleChanged& change) {
  switch (change.cause) {
    case Cause::kHigherTerm:
      return " steps down: it hears of term " + number(change.term);
    case Cause::kLostQuorum:
      return " steps down: it hears no majority";
    case Cause::kWiped:
      return " steps down: its data is not what the others know";
    default:
      return " steps down";
  }
}

using MaybeNote = std::optional<NoteWords>;

MaybeNote role_note(const RoleChanged& change, const std::string& name) {
  if (change.to == Role::kLeader) {
    return NoteWords{NoteKind::kElected, name + " becomes primary of term " + number(change.term)};
  }
  if (change.from != Role::kLeader) return std::nullopt;
  return NoteWords{NoteKind::kStepDown, name + step_down_words(change)};
}

MaybeNote event_note(const Event& event, const std::string& name) {
  return std::visit(
      Overloaded{
          [&](const RoleChanged& e) { return role_note(e, name); },
          [&](const CampaignStarted& e) -> MaybeNote {
            if (e.pre) return std::nullopt;
            return NoteWords{NoteKind::kCampaign,
                             name + " asks for votes in term " + number(e.term)};
          },
          [&](const EntriesTruncated& e) -> MaybeNote {
            return NoteWords{NoteKind::kTruncate,
                             name + " gives up " + entries_text(e.from, e.old_last)};
          },
          [&](const SnapshotInstalled& e) -> MaybeNote {
            return NoteWords{NoteKind::kSnapshot, name + " takes a snapshot of the first " +
                                                      number(e.last_index) +
                                                      (e.last_index == 1 ? " entry" : " entries")};
          },
          [&](const SelfWiped&) -> MaybeNote {
            return NoteWords{NoteKind::kWipe, name + " has no vote: its former data is lost"};
          },
          [](const auto&) -> MaybeNote { return std::nullopt; },
      },
      event);
}

// --- links ---

using Peers = std::set<NodeId>;

std::string names_of(const Peers& ids, const ClusterInfo& cluster) {
  std::string names;
  for (const NodeId id : ids) {
    if (id == kNoNode) continue;
    names += (names.empty() ? "" : ", ") + cluster.name(id);
  }
  if (ids.contains(kNoNode)) names += (names.empty() ? "" : ", ") + cluster.name(kNoNode);
  return names;
}

/// Who is cut from whom, both ways.
class Pairs {
 public:
  bool empty() const { return peers_.empty(); }
  void add(NodeId a, NodeId b) {
    peers_[a].insert(b);
    peers_[b].insert(a);
  }
  /// Takes two groups out of it of which each node of one is cut from each of the other. The
  /// smaller one comes first.
  std::pair<Peers, Peers> take_groups() {
    const Peers right = peers_.begin()->second;
    Peers left;
    for (const auto& [id, peers] : peers_) {
      if (std::includes(peers.begin(), peers.end(), right.begin(), right.end())) left.insert(id);
    }
    for (const NodeId a : left) {
      for (const NodeId b : right) {
        remove(a, b);
        remove(b, a);
      }
    }
    if (left.size() > right.size()) return {right, left};
    return {left, right};
  }

 private:
  void remove(NodeId from, NodeId to) {
    peers_[from].erase(to);
    if (peers_[from].empty()) peers_.erase(from);
  }

  std::map<NodeId, Peers> peers_{};
};

}  // namespace

std::optional<NoteWords> note_words(const Record& record, const ClusterInfo& cluster,
                                    bool restarted) {
  // Most records deserve no note: they cost no name.
  if (std::holds_alternative<MessageSent>(record.fact) ||
      std::holds_alternative<MessageDelivered>(record.fact)) {
    return std::nullopt;
  }
  const auto name = [&] { return cluster.name(record.node); };
  const auto made = [](NoteKind kind, std::string words) -> MaybeNote {
    return NoteWords{kind, std::move(words)};
  };
  return std::visit(
      Overloaded{
          [&](const Event& e) { return event_note(e, name()); },
          [&](const NodeStopped& e) { return made(NoteKind::kStop, name() + stop_words(e)); },
          [&](const NodeStarted&) {
            return made(NoteKind::kStart, name() + (restarted ? " starts again" : " starts"));
          },
          [&](const NodePaused&) { return made(NoteKind::kPause, name() + " is paused"); },
          [&](const NodeResumed&) { return made(NoteKind::kResume, name() + " goes on"); },
          [&](const DiskWiped&) { return made(NoteKind::kWipe, name() + " loses its data"); },
          [&](const StepTaken& e) {
            return made(NoteKind::kStep, e.caption.empty() ? e.words : e.caption);
          },
          [&](const ExpectationDecided& e) {
            const std::string judgement = e.met ? "as expected" : "not as expected";
            return made(NoteKind::kExpectation,
                        e.words.empty() ? judgement : judgement + ": " + e.words);
          },
          [&](const ViolationFound& e) {
            return made(NoteKind::kViolation, "violation of " + e.checker + ": " + e.words);
          },
          [&](const RecordsLost& e) {
            return made(NoteKind::kGap, number(e.count) + (e.count == 1 ? " record" : " records") +
                                            " of " + name() +
                                            (e.count == 1 ? " is missing" : " are missing"));
          },
          [](const auto&) -> MaybeNote { return std::nullopt; },
      },
      record.fact);
}

std::string words_of_links(const std::vector<Link>& links, bool cut, const ClusterInfo& cluster) {
  const std::set<Link> all(links.begin(), links.end());
  Pairs pairs;
  std::vector<Link> ways;
  for (const auto& [from, to] : all) {
    // Clients are cut off as a whole, though only one way is told.
    const bool both = all.contains({to, from}) || from == kNoNode || to == kNoNode;
    if (both) {
      pairs.add(from, to);
    } else {
      ways.emplace_back(from, to);
    }
  }
  const auto way_text = [&](const Link& way) {
    return cluster.name(way.first) + " -> " + cluster.name(way.second);
  };
  if (all.size() == 1 && ways.size() == 1) {
    return "link " + way_text(ways.front()) + (cut ? " is cut" : " is mended");
  }
  std::string words;
  const auto add = [&](const std::string& piece) { words += (words.empty() ? "" : "; ") + piece; };
  while (!pairs.empty()) {
    const auto [left, right] = pairs.take_groups();
    add(names_of(left, cluster) + (cut ? " from " : " with ") + names_of(right, cluster));
  }
  for (const Link& way : ways) add(way_text(way));
  return (cut ? "cut: " : "mended: ") + words;
}

}  // namespace kv::viz
