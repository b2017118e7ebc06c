#include "panels/stage_shapes.h"

#include <algorithm>
#include <utility>

#include "model/headline.h"
#include "panels/log_troubles.h"

namespace kv::viz {
namespace {

float share(LogIndex index, LogIndex longest) {
  if (longest == 0) return 0;
  return static_cast<float>(
      std::min(1.0, static_cast<double>(index) / static_cast<double>(longest)));
}

std::string_view stop_words(StopCause cause) {
  switch (cause) {
    case StopCause::kCrash:
      return "crashed";
    case StopCause::kPowerCut:
      return "no power";
    case StopCause::kDiskFailure:
      return "disk failed";
    case StopCause::kRefusedToStart:
      return "didn't start";
    case StopCause::kShutdown:
      return "shut down";
  }
  return "down";
}

std::string term_of(const NodeMoment& node) {
  return " · term " + std::to_string(node.term);
}

std::string words_of(const NodeMoment& node) {
  std::string words;
  switch (node.standing()) {
    case Standing::kUnknown:
      return "not seen yet";
    case Standing::kDown:
      words = stop_words(node.stopped_by);
      break;
    default:
      words = to_string(node.standing());
  }
  return words + term_of(node);
}

/// Of a node that runs, and of links that are cut: whether it is alone with itself.
std::string isolation_of(const Moment& moment, NodeId id) {
  if (!moment.node(id).running()) return {};
  bool hears = false;
  bool heard = false;
  bool cut_in = false;
  bool cut_out = false;
  for (NodeId other = 1; other <= moment.size(); ++other) {
    if (other == id) continue;
    cut_in = cut_in || moment.cut(other, id);
    cut_out = cut_out || moment.cut(id, other);
    if (!moment.node(other).running()) continue;
    hears = hears || !moment.cut(other, id);
    heard = heard || !moment.cut(id, other);
  }
  if (!hears && !heard && cut_in && cut_out) return "cut off";
  if (!hears && cut_in) return "can't hear";
  if (!heard && cut_out) return "not heard";
  return {};
}

void set_note(NodeShape& shape, const Moment& moment) {
  const NodeMoment& node = moment.node(shape.node);
  const bool leads = shape.standing == Standing::kPrimary;
  if (node.wiped) {
    shape.note = "disk lost";
  } else if (std::string isolation = isolation_of(moment, shape.node); !isolation.empty()) {
    shape.note = std::move(isolation);
  } else if (leads && node.term < moment.latest_term()) {
    shape.note = "outdated";
  } else if (leads && !node.serving) {
    shape.note = "not ready";
    return;
  } else if (node.running() && moment.cut(kNoNode, shape.node)) {
    shape.note = "no clients";
  } else if (leads && node.transfer_to != kNoNode) {
    shape.note = "hands over";
    return;
  } else if (leads && node.snapshot_to != kNoNode) {
    shape.note = "sends data";
    return;
  }
  shape.note_bad = !shape.note.empty();
}

void set_timer(NodeShape& shape, const Moment& moment, Duration longest) {
  const NodeMoment& node = moment.node(shape.node);
  if (shape.standing != Standing::kSecondary || !node.timer_set || longest.ns <= 0) return;
  const auto of_longest = [&](Duration span) {
    const double part = static_cast<double>(span.ns) / static_cast<double>(longest.ns);
    return static_cast<float>(std::clamp(part, 0.0, 1.0));
  };
  shape.timer = of_longest(node.timer_due - moment.at);
  shape.timer_began = of_longest(node.timer_due - *node.timer_set);
  shape.timer_late = *shape.timer < shape.timer_began / 4;
}

Duration longest_timer(const Moment& moment) {
  Duration longest{};
  for (const NodeMoment& node : moment.nodes) {
    if (node.running() && node.timer_set)
      longest = std::max(longest, node.timer_due - *node.timer_set);
  }
  return longest;
}

Campaign campaign_of(const Moment& moment, NodeId id) {
  const NodeMoment& node = moment.node(id);
  Campaign campaign;
  campaign.candidate = id;
  campaign.term = node.tally.term;
  campaign.pre = node.tally.pre;
  campaign.won = node.role == Role::kLeader;
  campaign.since = node.role_since;
  campaign.needed = moment.majority();
  const auto among = [](const std::vector<NodeId>& nodes, NodeId wanted) {
    return std::find(nodes.begin(), nodes.end(), wanted) != nodes.end();
  };
  const auto add = [&](NodeId voter) {
    const VoteState state = among(node.tally.granted, voter)   ? VoteState::kGranted
                            : among(node.tally.refused, voter) ? VoteState::kRefused
                                                               : VoteState::kOpen;
    campaign.granted += state == VoteState::kGranted ? 1 : 0;
    campaign.votes.push_back({voter, state});
  };
  add(id);
  for (NodeId voter = 1; voter <= moment.size(); ++voter) {
    if (voter != id) add(voter);
  }
  return campaign;
}

}  // namespace

std::vector<NodeShape> node_shapes(const Moment& moment) {
  LogIndex longest = 0;
  for (const NodeMoment& node : moment.nodes) longest = std::max(longest, kept_last(node));
  const Duration timer = longest_timer(moment);
  std::vector<NodeShape> shapes;
  for (NodeId id = 1; id <= moment.size(); ++id) {
    const NodeMoment& node = moment.node(id);
    NodeShape shape;
    shape.node = id;
    shape.standing = node.standing();
    shape.serving = shape.standing == Standing::kPrimary && node.serving;
    shape.words = words_of(node);
    shape.brief = shape.standing == Standing::kAsking ? "asks" + term_of(node) : shape.words;
    shape.last = kept_last(node);
    shape.applied = std::min(node.log.applied, shape.last);
    shape.committed_through = std::min(node.log.commit, shape.last);
    shape.log = share(shape.last, longest);
    shape.persisted = share(std::min(node.log.persisted, shape.last), longest);
    shape.committed = share(shape.committed_through, longest);
    shape.done = share(shape.applied, longest);
    set_note(shape, moment);
    set_timer(shape, moment, timer);
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

std::vector<LinkShape> link_shapes(const Moment& moment, const StageLayout& layout) {
  std::vector<LinkShape> links;
  for (NodeId a = 1; a <= moment.size(); ++a) {
    for (NodeId b = a + 1; b <= moment.size(); ++b) {
      const ImVec2 from = layout.node(a).centre;
      const ImVec2 to = layout.node(b).centre;
      const float length = std::max(1.0F, distance(from, to));
      const float x = (to.x - from.x) / length * layout.rim;
      const float y = (to.y - from.y) / length * layout.rim;
      LinkShape link{a, b, !moment.cut(a, b), !moment.cut(b, a)};
      const auto down = [&](NodeId id) { return moment.node(id).standing() == Standing::kDown; };
      link.faint = down(a) || down(b);
      link.from = {from.x + x, from.y + y};
      link.to = {to.x - x, to.y - y};
      links.push_back(link);
    }
  }
  return links;
}

bool any_cut(const Moment& moment) {
  return std::any_of(moment.cuts.begin(), moment.cuts.end(),
                     [](std::uint8_t cut) { return cut != 0; });
}

std::vector<Group> groups_of(const Moment& moment) {
  std::vector<bool> seen(moment.size() + 1, false);
  std::vector<Group> groups;
  for (NodeId first = 1; first <= moment.size(); ++first) {
    if (seen[first] || !moment.node(first).running()) continue;
    Group group;
    group.nodes.push_back(first);
    seen[first] = true;
    for (std::size_t i = 0; i < group.nodes.size(); ++i) {
      for (NodeId other = 1; other <= moment.size(); ++other) {
        if (seen[other] || !moment.connected(group.nodes[i], other)) continue;
        seen[other] = true;
        group.nodes.push_back(other);
      }
    }
    std::sort(group.nodes.begin(), group.nodes.end());
    group.majority = group.nodes.size() >= moment.majority();
    groups.push_back(std::move(group));
  }
  if (groups.size() < 2) groups.clear();
  return groups;
}

std::vector<Zone> zones_of(const ClusterInfo& cluster) {
  std::vector<Zone> zones;
  for (NodeId id = 1; id <= cluster.size() && id <= cluster.zones.size(); ++id) {
    const std::string& name = cluster.zones[id - 1];
    if (name.empty()) continue;
    const auto known = std::find_if(zones.begin(), zones.end(),
                                    [&](const Zone& zone) { return zone.name == name; });
    if (known == zones.end()) {
      zones.push_back({name, {id}});
    } else {
      known->nodes.push_back(id);
    }
  }
  return zones;
}

std::vector<Campaign> campaigns_of(const Moment& moment, Duration linger) {
  std::vector<Campaign> campaigns;
  for (NodeId id = 1; id <= moment.size(); ++id) {
    const NodeMoment& node = moment.node(id);
    if (!node.running() || node.tally.granted.empty()) continue;
    const bool won = node.role == Role::kLeader;
    if (won && (moment.at - node.role_since > linger || node.tally.term != node.term)) continue;
    if (won && node.serving && moment.primary() != id) continue;  // and lost it since
    if (!won && node.role == Role::kFollower) continue;
    campaigns.push_back(campaign_of(moment, id));
  }
  std::stable_sort(campaigns.begin(), campaigns.end(),
                   [](const Campaign& a, const Campaign& b) { return a.since.ns > b.since.ns; });
  return campaigns;
}

std::vector<Campaign> latest_of(const std::vector<Campaign>& campaigns) {
  std::vector<Campaign> latest;
  for (const Campaign& campaign : campaigns) {
    if (campaign.term == campaigns.front().term && campaign.pre == campaigns.front().pre)
      latest.push_back(campaign);
  }
  std::sort(latest.begin(), latest.end(),
            [](const Campaign& a, const Campaign& b) { return a.candidate < b.candidate; });
  return latest;
}

std::string count_words(const Campaign& campaign) {
  const std::size_t nodes = campaign.votes.size();
  if (!campaign.won) return count_of_votes(campaign.granted, nodes, campaign.needed);
  return std::to_string(campaign.granted) + " of " + std::to_string(nodes) + " → primary";
}

std::vector<VoteLine> vote_lines(const Moment& moment, const std::vector<Campaign>& campaigns,
                                 Duration linger) {
  std::vector<VoteLine> lines;
  for (const Campaign& campaign : campaigns) {
    const double age = static_cast<double>((moment.at - campaign.since).ns) /
                       static_cast<double>(std::max<std::int64_t>(1, linger.ns));
    const float strength = campaign.won ? std::max(0.0F, 1 - static_cast<float>(age)) : 1;
    if (campaign.pre || strength == 0) continue;
    for (const Vote& vote : campaign.votes) {
      const NodeMoment& voter = moment.node(vote.voter);
      const bool voted = voter.voted_for == campaign.candidate && voter.voted_in == campaign.term;
      if (voted && vote.voter != campaign.candidate)
        lines.push_back({vote.voter, campaign.candidate, strength});
    }
  }
  return lines;
}

}  // namespace kv::viz
