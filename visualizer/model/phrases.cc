#include "model/phrases.h"

#include <algorithm>
#include <iterator>

#include "model/lookback.h"

namespace kv::viz {

std::string list_of_names(const ClusterInfo& cluster, const std::vector<NodeId>& ids) {
  std::string text;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) text += i + 1 == ids.size() ? " and " : ", ";
    text += cluster.name(ids[i]);
  }
  return text;
}

std::string words_of_entries(LogIndex first, LogIndex last) {
  if (first == last) return "entry " + std::to_string(first);
  return "entries " + std::to_string(first) + " to " + std::to_string(last);
}

std::string words_of_term(Term term) {
  return "term " + std::to_string(term);
}

bool tells_of_stranger(const Record& record, const ClusterInfo& cluster) {
  const bool listed = record.node != kNoNode && record.node <= cluster.size();
  return !listed && std::holds_alternative<Event>(record.fact);
}

Standing standing_after(const History& history, NodeId node, std::size_t position) {
  if (node == kNoNode || node > history.cluster().size()) return Standing::kUnknown;
  const std::vector<Band>& bands = history.chronicle().bands(node);
  const auto behind =
      std::upper_bound(bands.begin(), bands.end(), position,
                       [](std::size_t at, const Band& band) { return at < band.position; });
  return behind == bands.begin() ? Standing::kUnknown : std::prev(behind)->standing;
}

Silence silence_before(const History& history, NodeId node, std::size_t position) {
  Lookback past(history, position);
  const auto timer = past.last<ElectionTimerSet>(position, node);
  if (!timer) return {};
  const NodeId leader = history.moment(*timer + 1).node(node).leader;
  // One that steps down sets its timer first.
  return {leader == node ? kNoNode : leader, *timer};
}

Ballot ballot_before(const History& history, NodeId candidate, Term term, bool pre,
                     std::size_t position) {
  Lookback past(history, position);
  const auto campaign = past.last<CampaignStarted>(
      position, candidate,
      [&](const CampaignStarted& e) { return e.term == term && e.pre == pre; });
  if (!campaign) return {};
  Ballot ballot;
  ballot.campaign = *campaign;
  for (std::size_t at = *campaign + 1; at < position; ++at) {
    const Record& record = history.recording()[at];
    if (record.node != candidate) continue;
    const auto* vote = fact_of<VoteReceived>(record);
    if (vote == nullptr || vote->term != term || vote->pre != pre) continue;
    (vote->granted ? ballot.granted : ballot.refused).push_back(at);
  }
  return ballot;
}

std::vector<NodeId> voters_of(const History& history, const Ballot& ballot, NodeId candidate) {
  std::vector<NodeId> voters{candidate};
  for (const std::size_t position : ballot.granted) {
    voters.push_back(fact_of<VoteReceived>(history.recording()[position])->voter);
  }
  std::sort(voters.begin(), voters.end());
  voters.erase(std::unique(voters.begin(), voters.end()), voters.end());
  return voters;
}

const Outage* outage_before(const History& history, Instant at) {
  const std::vector<Outage>& outages = history.chronicle().outages();
  const auto behind =
      std::upper_bound(outages.begin(), outages.end(), at,
                       [](Instant time, const Outage& outage) { return time < outage.from; });
  return behind == outages.begin() ? nullptr : &*std::prev(behind);
}

std::optional<Loss> loss_before(const History& history, Instant at) {
  const Outage* outage = outage_before(history, at);
  if (outage == nullptr) return std::nullopt;
  const Recording& recording = history.recording();
  Loss loss{*outage, recording.position_from(outage->from), kNoNode};
  if (loss.position == recording.end() || recording[loss.position].at != loss.outage.from)
    return std::nullopt;
  Moment moment = history.moment(loss.position);
  for (; loss.position < recording.end(); ++loss.position) {
    loss.primary = moment.primary();
    moment.apply(recording[loss.position]);
    if (loss.primary != kNoNode && moment.primary() == kNoNode) return loss;
    if (moment.at != loss.outage.from) break;
  }
  return std::nullopt;
}

}  // namespace kv::viz
