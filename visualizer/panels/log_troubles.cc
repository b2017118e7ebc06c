#include "panels/log_troubles.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/check.h"
#include "model/phrases.h"

namespace kv::viz {
namespace {

/// A log's entries of one term, one after another.
struct Piece {
  LogIndex from{0};
  LogIndex to{0};
};

std::vector<Piece> pieces_of(const NodeMoment& node) {
  const LogIndex last = kept_last(node);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < node.log.runs.size(); ++i) {
    const bool newest = i + 1 == node.log.runs.size();
    const LogIndex from = std::max(node.log.runs[i].first, node.log.first);
    const LogIndex to = newest ? last : std::min(last, node.log.runs[i + 1].first - 1);
    if (from <= to) pieces.push_back({from, to});
  }
  return pieces;
}

/// Where what is known about an index can change: between two of these nothing does.
std::vector<LogIndex> borders_of(const Moment& moment) {
  std::vector<LogIndex> borders;
  for (const NodeMoment& node : moment.nodes) {
    for (const Piece& piece : pieces_of(node)) {
      borders.push_back(piece.from);
      borders.push_back(piece.to + 1);
    }
    borders.push_back(node.log.commit + 1);
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  return borders;
}

bool reaches_majority(const Moment& moment, NodeId id) {
  std::size_t reached = 0;
  for (NodeId peer = 1; peer <= moment.size(); ++peer) {
    if (moment.connected(id, peer)) ++reached;
  }
  return reached >= moment.majority();
}

/// Goes through the logs from the oldest index on, in stretches in which nothing changes.
class Survey {
 public:
  explicit Survey(const Moment& moment)
      : moment_(moment), leader_(moment.leader()), doomed_(moment.size()) {
    for (const NodeMoment& node : moment.nodes) commit_ = std::max(commit_, node.log.commit);
    const std::vector<LogIndex> borders = borders_of(moment);
    for (std::size_t i = 0; i + 1 < borders.size(); ++i) visit(borders[i], borders[i + 1] - 1);
  }

  std::vector<LogTrouble> result() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const LogTrouble& a, const LogTrouble& b) { return a.kind > b.kind; });
    return std::move(found_);
  }

 private:
  std::optional<Term> term_at(NodeId id, LogIndex index) const {
    const NodeMoment& node = moment_.node(id);
    return index > kept_last(node) ? std::nullopt : node.log.term_at(index);
  }

  void visit(LogIndex from, LogIndex to) {
    std::vector<NodeId> holders;
    for (NodeId id = 1; id <= moment_.size(); ++id) {
      if (!doomed_[id - 1] && term_at(id, from)) holders.push_back(id);
    }
    if (holders.empty()) return;
    if (from <= commit_) {
      compare_with_committed(holders, from);
    } else if (leader_ != kNoNode) {
      compare_with_leader(holders, from);
    } else if (differ(holders, from)) {
      for (const NodeId id : holders) doom(id, LogTrouble::Kind::kOpen, from);
    }
    std::erase_if(holders, [this](NodeId id) { return doomed_[id - 1]; });
    const bool safe = std::any_of(holders.begin(), holders.end(),
                                  [this](NodeId id) { return reaches_majority(moment_, id); });
    if (from > commit_ && !holders.empty() && !safe) strand(holders, from, to);
  }

  bool differ(const std::vector<NodeId>& holders, LogIndex index) const {
    return std::any_of(holders.begin(), holders.end(), [&](NodeId id) {
      return term_at(id, index) != term_at(holders.front(), index);
    });
  }

  void compare_with_committed(const std::vector<NodeId>& holders, LogIndex index) {
    std::vector<NodeId> sure;
    for (const NodeId id : holders) {
      if (moment_.node(id).log.commit >= index) sure.push_back(id);
    }
    if (sure.empty()) return;
    const bool twice = differ(sure, index);
    for (const NodeId id : holders) {
      const bool committed = moment_.node(id).log.commit >= index;
      if (twice && committed) {
        doom(id, LogTrouble::Kind::kTwice, index);
      } else if (!committed && term_at(id, index) != term_at(sure.front(), index)) {
        doom(id, LogTrouble::Kind::kReplaced, index);
      }
    }
  }

  /// A leader never takes over an entry of an earlier term that it doesn't have.
  void compare_with_leader(const std::vector<NodeId>& holders, LogIndex index) {
    const std::optional<Term> leaders = term_at(leader_, index);
    if (!leaders && index <= moment_.node(leader_).log.last) return;
    for (const NodeId id : holders) {
      const std::optional<Term> term = term_at(id, index);
      if (term != leaders && *term < moment_.node(leader_).term)
        doom(id, LogTrouble::Kind::kContested, index);
    }
  }

  void doom(NodeId id, LogTrouble::Kind kind, LogIndex from) {
    doomed_[id - 1] = true;
    const LogIndex to = kept_last(moment_.node(id));
    std::optional<Term> term = term_at(id, from);
    if (term != term_at(id, to)) term.reset();
    // Of what nodes differ in, all of them are told at once.
    const bool together = kind == LogTrouble::Kind::kOpen || kind == LogTrouble::Kind::kTwice;
    const auto same = std::find_if(found_.begin(), found_.end(), [&](const LogTrouble& other) {
      return other.kind == kind && other.from == from && (together || other.to == to);
    });
    if (same == found_.end()) {
      found_.push_back({kind, from, to, term, {id}});
      return;
    }
    same->nodes.push_back(id);
    same->to = std::max(same->to, to);
    if (same->term != term) same->term.reset();
  }

  void strand(const std::vector<NodeId>& holders, LogIndex from, LogIndex to) {
    const std::optional<Term> term = term_at(holders.front(), from);
    if (!found_.empty() && found_.back().kind == LogTrouble::Kind::kStranded &&
        found_.back().to + 1 == from && found_.back().nodes == holders) {
      found_.back().to = to;
      if (found_.back().term != term) found_.back().term.reset();
      return;
    }
    found_.push_back({LogTrouble::Kind::kStranded, from, to, term, holders});
  }

  const Moment& moment_;
  NodeId leader_;
  LogIndex commit_{0};
  std::vector<bool> doomed_;
  std::vector<LogTrouble> found_{};
};

bool all_are(const LogTrouble& trouble, const Moment& moment, Standing standing) {
  return std::all_of(trouble.nodes.begin(), trouble.nodes.end(),
                     [&](NodeId id) { return moment.node(id).standing() == standing; });
}

/// "entry 47 of term 0", "entries 47 to 49 of term 0"
std::string entries_words(const LogTrouble& trouble) {
  const std::string entries = words_of_entries(trouble.from, trouble.to);
  return trouble.term ? entries + " of " + words_of_term(*trouble.term) : entries;
}

std::string when_replaced(const LogTrouble& trouble, const Moment& moment,
                          const ClusterInfo& cluster) {
  const std::string names = list_of_names(cluster, trouble.nodes);
  const bool one = trouble.nodes.size() == 1;
  if (all_are(trouble, moment, Standing::kDown))
    return "when " + names + (one ? " returns" : " return");
  const NodeId primary = moment.primary();
  return "once " + names + (one ? " hears from " : " hear from ") +
         (primary == kNoNode ? "a primary" : cluster.name(primary));
}

std::string_view why_stranded(const LogTrouble& trouble, const Moment& moment) {
  const bool one = trouble.nodes.size() == 1;
  if (all_are(trouble, moment, Standing::kDown)) return one ? "which is down" : "which are down";
  if (all_are(trouble, moment, Standing::kPaused))
    return one ? "which is paused" : "which are paused";
  return "which can't reach a majority";
}

}  // namespace

LogIndex kept_last(const NodeMoment& node) {
  if (node.process != NodeMoment::Process::kStopped) return node.log.last;
  return std::min(node.log.last, std::max(node.log.persisted, node.log.first - 1));
}

std::vector<LogTrouble> troubles_of(const Moment& moment) {
  return Survey(moment).result();
}

bool LogTrouble::touches(NodeId node, LogIndex index) const {
  return index >= from && index <= to && std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

std::string words_of(const LogTrouble& trouble, const Moment& moment, const ClusterInfo& cluster) {
  const bool one = trouble.from == trouble.to;
  const std::string entries = entries_words(trouble);
  const std::string names = list_of_names(cluster, trouble.nodes);
  switch (trouble.kind) {
    case LogTrouble::Kind::kStranded:
      return entries + (one ? " is only on " : " are only on ") + names + ", " +
             std::string(why_stranded(trouble, moment)) + ", and not committed: a primary elected" +
             " without " + (one ? "it writes its own" : "them writes its own");
    case LogTrouble::Kind::kOpen:
      return names + " differ in " + entries + ", not committed anywhere: the next primary's " +
             (one ? "stays" : "stay");
    case LogTrouble::Kind::kContested:
      return entries + " at " + names + (one ? " is" : " are") + " not committed: if " +
             cluster.name(moment.leader()) + " stays primary, " +
             (one ? "it is replaced" : "they are replaced");
    case LogTrouble::Kind::kReplaced:
      return entries + " at " + names + (one ? " was" : " were") +
             " never committed: " + (one ? "it is" : "they are") + " replaced " +
             when_replaced(trouble, moment, cluster);
    case LogTrouble::Kind::kTwice:
      return names + " have committed different entries at " + std::to_string(trouble.from) +
             ": this must never happen";
  }
  CHECK(false);
}

}  // namespace kv::viz
