#include "netsim/faults.h"

#include <algorithm>

#include "core/snapshot.h"
#include "netsim/link_faults.h"
#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

std::string percent(Chance chance) {
  const std::uint32_t tenths = chance.per_million / 1000;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) +
         " %";
}

MessageKinds kinds_of(const Step& step) {
  if (step.only.empty()) return kAllMessages;
  MessageKinds kinds = 0;
  for (const std::string& word : step.only) kinds |= kinds_named(word).value_or(0);
  return kinds;
}

void change_link(Link& link, const Step& step) {
  if (step.verb == Verb::kCut) link.cut |= kinds_of(step);
  if (step.verb == Verb::kDelay) link.extra = step.latency;
  if (step.verb == Verb::kDuplicate) link.duplicate = step.chance;
  if (step.verb == Verb::kReorder) link.reorder = step.chance;
  if (step.verb == Verb::kCorruptMessages) link.corrupt = step.chance;
  if (step.verb != Verb::kLoss) return;
  link.loss = step.chance;
  link.lossy = kinds_of(step);
}

/// False if there is no such byte.
bool damage(Disk& disk, const Step& step) {
  std::string newest;
  for (const std::string& name : disk.names()) {
    const bool wanted = step.file == "snapshot" ? parse_snapshot_file_name(name).has_value()
                                                : Wal::is_segment_name(name);
    if (wanted) newest = name;
  }
  if (newest.empty()) return false;
  return step.verb == Verb::kFlipBit ? disk.flip_bit(newest, step.offset, 0)
                                     : disk.spoil_sector(newest, step.offset);
}

/// One fault, with all that it needs to know.
struct Strike {
  Cluster& cluster;
  const Cast& cast;
  const Scenario& scenario;
  const Step& step;
  const std::vector<NodeId>& targets;

  std::vector<NodeId> resolve(const Selector& selector) const {
    return cast.resolve(cluster, selector.empty() ? Selector("all") : selector);
  }

  /// `words` with the targets' names in place of '%', or behind it.
  template <typename Do>
  Result<std::string> on_nodes(std::string words, Do change) {
    if (targets.empty()) return Error{"there is no '" + step.target + "' now"};
    for (const NodeId id : targets) change(id);
    const std::size_t gap = words.find('%');
    if (gap == std::string::npos) return words + " " + cast.names(targets);
    return words.replace(gap, 1, cast.names(targets));
  }

  /// Like on_nodes(), for what makes sense for some nodes only: it is done to those for which
  /// `can` holds.
  template <typename Can, typename Do>
  Result<std::string> on_those(Can can, std::string_view otherwise, std::string words, Do change) {
    if (targets.empty()) return Error{"there is no '" + step.target + "' now"};
    if (std::none_of(targets.begin(), targets.end(), can))
      return Error{cast.names(targets) + " " + std::string(otherwise)};
    return on_nodes(std::move(words), [&](NodeId id) {
      if (can(id)) change(id);
    });
  }

  Result<std::string> on_links(const std::string& words) {
    for (const Selector* end : {&step.from, &step.to}) {
      if (resolve(*end).empty()) return Error{"there is no '" + *end + "' now"};
    }
    for (const NodeId from : resolve(step.from)) {
      for (const NodeId to : resolve(step.to)) {
        if (from == to) continue;
        if (step.verb == Verb::kHeal) cluster.network().heal(from, to);
        change_link(cluster.network().link(from, to), step);
      }
    }
    std::string kinds;
    for (const std::string& kind : step.only) kinds += (kinds.empty() ? ", only " : " and ") + kind;
    const bool everywhere = step.from.empty() && step.to.empty();
    return words + (step.from.empty() ? "" : " from " + cast.names(resolve(step.from))) +
           (step.to.empty() ? "" : " to " + cast.names(resolve(step.to))) +
           (everywhere ? " everywhere" : "") + kinds;
  }

  void isolate(NodeId id) {
    cluster.network().isolate(id, true);
    if (step.clients) cluster.cut_off_clients(id, true);
  }

  void heal(NodeId id) {
    cluster.network().isolate(id, false);
    cluster.cut_off_clients(id, false);
    for (NodeId other = 1; other <= cluster.size(); ++other) {
      if (other == id) continue;
      cluster.network().heal(id, other);
      cluster.network().heal(other, id);
    }
  }

  Result<std::string> split() {
    std::vector<std::vector<NodeId>> groups;
    if (!step.shape.empty()) groups = groups_of(step.shape, cluster.size());
    for (const std::vector<Selector>& selectors : step.groups) {
      std::vector<NodeId>& group = groups.emplace_back();
      for (const Selector& selector : selectors) {
        for (const NodeId id : resolve(selector)) group.push_back(id);
      }
      if (group.empty()) return Error{"there is nobody in one of the groups now"};
    }
    std::string words;
    for (const auto& group : groups) words += (words.empty() ? "" : " | ") + cast.names(group);
    partition(cluster.network(), groups);
    return "partitions the network: " + words;
  }

  Result<std::string> hand_over() {
    const NodeId primary = cluster.primary();
    if (primary == kNoNode) return Error{"there is no primary to hand over"};
    const bool chosen = targets.size() == 1 && targets.front() != primary;
    const NodeId to = chosen ? targets.front() : kNoNode;
    cluster.send(primary, {cluster.next_request(), TransferRequest{to}});
    return cast.name(primary) + " is asked to hand over" + (chosen ? " to " + cast.name(to) : "");
  }

  Result<std::string> process() {
    const auto has_process = [&](NodeId id) { return cluster.replica(id) != nullptr; };
    const auto runs = [&](NodeId id) { return cluster.node(id).runs(); };
    const auto paused = [&](NodeId id) { return cluster.node(id).paused; };
    switch (step.verb) {
      case Verb::kCrash:
        if (step.amid_effects) {
          return on_those(has_process, "is not running",
                          "will crash % amid the effects of its next input",
                          [&](NodeId id) { cluster.crash_amid_effects(id); });
        }
        return on_those(has_process, "is not running", "crashes",
                        [&](NodeId id) { cluster.crash(id, StopCause::kCrash); });
      case Verb::kPowerCut:
        return on_nodes("cuts the power of",
                        [&](NodeId id) { cluster.crash(id, StopCause::kPowerCut); });
      case Verb::kRestart:
        return on_nodes("restarts", [&](NodeId id) {
          cluster.crash(id, StopCause::kCrash);
          cluster.start(id);
        });
      case Verb::kPause:
        return on_those(runs, "is not running",
                        step.span > Duration{} ? "pauses % for " + span_text(step.span) : "pauses",
                        [&](NodeId id) { cluster.pause(id); });
      case Verb::kResume:
        return on_those(paused, "is not paused", "resumes", [&](NodeId id) { cluster.resume(id); });
      case Verb::kWipe:
        return on_nodes("wipes the disk of", [&](NodeId id) { cluster.wipe(id); });
      default:
        return hand_over();
    }
  }

  Result<std::string> links() {
    const std::string share = percent(step.chance);
    switch (step.verb) {
      case Verb::kIsolate:
        return on_nodes(step.clients ? "isolates % from nodes and clients" : "isolates",
                        [&](NodeId id) { isolate(id); });
      case Verb::kCutClients:
        return on_nodes(step.on ? "cuts the clients off from" : "lets the clients reach",
                        [&](NodeId id) { cluster.cut_off_clients(id, step.on); });
      case Verb::kHeal:
        if (step.target.empty()) return on_links("heals the way");
        for (const NodeId id : targets) heal(id);
        if (targets.size() == cluster.size()) return std::string("heals all links");
        return on_nodes("heals the links of", [](NodeId) {});
      case Verb::kPartition:
        return split();
      case Verb::kCut:
        return on_links("cuts the way");
      case Verb::kDelay:
        return on_links("delays messages by " + span_text(step.latency.quantile(500'000)));
      case Verb::kLoss:
        return on_links("loses " + share + " of the messages");
      case Verb::kDuplicate:
        return on_links("doubles " + share + " of the messages");
      case Verb::kReorder:
        return on_links("reorders " + share + " of the messages");
      default:
        return on_links("damages " + share + " of the messages");
    }
  }

  Result<std::string> rot() {
    const std::string where =
        "byte " + std::to_string(step.offset) + " of the newest " + step.file + " file of ";
    for (const NodeId id : targets) {
      if (!damage(cluster.node(id).disk, step))
        return Error{"there is no " + where + cast.name(id)};
    }
    const std::string what =
        step.verb == Verb::kFlipBit ? "flips a bit in " : "makes unreadable the sector with ";
    return on_nodes(what + where + "%", [](NodeId) {});
  }

  Result<std::string> machine() {
    switch (step.verb) {
      case Verb::kSlowDisk:
        return on_nodes("a sync takes " + span_text(step.latency.quantile(500'000)) + " on",
                        [&](NodeId id) { cluster.node(id).sync = step.latency; });
      case Verb::kDiskFull:
        return on_nodes(step.on ? "fills the disk of" : "frees the disk of", [&](NodeId id) {
          Disk& disk = cluster.node(id).disk;
          disk.set_capacity(step.on ? std::max<std::uint64_t>(disk.used_bytes(), 1)
                                    : scenario.disk.capacity_bytes);
        });
      case Verb::kFlipBit:
      case Verb::kReadError:
        return rot();
      case Verb::kStallDisk:
        return on_nodes(step.on ? "stalls the disk of" : "lets the disk of % work again",
                        [&](NodeId id) { cluster.stall_disk(id, step.on); });
      case Verb::kLyingSync:
        return on_nodes(
            step.on ? "lets the disk of % lie about syncs" : "lets the disk of % sync honestly",
            [&](NodeId id) { cluster.node(id).disk.set_lying(step.on); });
      case Verb::kDrift:
        return on_nodes("the clock of % drifts by " + std::to_string(step.drift_ppm) + " ppm",
                        [&](NodeId id) { cluster.set_drift(id, step.drift_ppm); });
      case Verb::kClockStep:
        return on_nodes("the clock of % jumps ahead by " + span_text(step.span),
                        [&](NodeId id) { cluster.step_clock(id, step.span); });
      default:
        return on_nodes("the clock of % stands still for " + span_text(step.span),
                        [&](NodeId id) { cluster.freeze_clock(id, step.span); });
    }
  }
};

}  // namespace

Result<std::string> strike(Cluster& cluster, const Cast& cast, const Scenario& scenario,
                           const Step& step, const std::vector<NodeId>& targets) {
  Strike strike{cluster, cast, scenario, step, targets};
  switch (step.verb) {
    case Verb::kCrash:
    case Verb::kPowerCut:
    case Verb::kRestart:
    case Verb::kPause:
    case Verb::kResume:
    case Verb::kWipe:
    case Verb::kTransfer:
      return strike.process();
    case Verb::kSlowDisk:
    case Verb::kDiskFull:
    case Verb::kFlipBit:
    case Verb::kReadError:
    case Verb::kStallDisk:
    case Verb::kLyingSync:
    case Verb::kDrift:
    case Verb::kClockStep:
    case Verb::kFreezeClock:
      return strike.machine();
    default:
      return strike.links();
  }
}

std::vector<bool> open_ways(const Cluster& cluster) {
  std::vector<bool> open;
  for (NodeId from = 1; from <= cluster.size(); ++from) {
    for (NodeId to = 1; to <= cluster.size(); ++to)
      open.push_back(cluster.network().open(from, to));
  }
  for (NodeId id = 1; id <= cluster.size(); ++id) open.push_back(cluster.clients_reach(id));
  return open;
}

void record_changed_ways(Cluster& cluster, const std::vector<bool>& before) {
  const std::vector<bool> now = open_ways(cluster);
  for (std::size_t way = 0; way < now.size(); ++way) {
    const bool to_itself = way < cluster.size() * cluster.size() && way % (cluster.size() + 1) == 0;
    if (now[way] == before[way] || to_itself) continue;
    // The last row is the clients', whose number is that of no node.
    const auto from = static_cast<NodeId>((way / cluster.size() + 1) % (cluster.size() + 1));
    const auto to = static_cast<NodeId>(way % cluster.size() + 1);
    cluster.record(kNoNode, LinkChanged{from, to, !now[way]});
  }
}

}  // namespace kv::sim
