#include "netsim/ambush.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "core/check.h"
#include "core/overloaded.h"

namespace kv::sim {
namespace {

/// Moments to wait for. Frequent ones are struck at seldom, else nothing would ever get done.
enum Moment : std::uint32_t {
  kLeads,        ///< a node wins an election
  kFirstCommit,  ///< a new leader commits
  kCommits,
  kAppends,    ///< a node has new entries that are not durable
  kCampaigns,  ///< a node has voted for itself, not durably yet
  kVotes,      ///< a node votes for another one, not durably yet
  kTruncates,
  kSnapshots,  ///< one is taken and not saved yet
  kSends,      ///< one is on its way
  kInstalls,
  kTransfers,
  kConfirms,  ///< reads may be answered
  kMoments,
};
constexpr std::array<bool, kMoments> kFrequent{false, false, true,  true,  false, false,
                                               false, false, false, false, false, true};
constexpr std::uint32_t kMillion = 1'000'000;
constexpr std::array<Verb, 4> kWeapons{Verb::kCrash, Verb::kPowerCut, Verb::kIsolate, Verb::kPause};

constexpr std::uint32_t bit(Moment moment) {
  return std::uint32_t{1} << moment;
}

/// Whose moment it is. A snapshot on its way is its receiver's: the sender has it still.
NodeId whose(const Record& record) {
  const auto* event = std::get_if<Event>(&record.fact);
  const auto* sends = event == nullptr ? nullptr : std::get_if<SnapshotSendStarted>(event);
  return sends == nullptr ? record.node : sends->to;
}

}  // namespace

bool Ambush::is_weapon(Verb verb) {
  return std::find(kWeapons.begin(), kWeapons.end(), verb) != kWeapons.end();
}

Ambush::Ambush(const Scenario& scenario, std::vector<Verb> weapons, const Rng& rng)
    : longest_(scenario.timing.election_timeout_max * 3),
      chances_(kMoments),
      fresh_(scenario.nodes.size()),
      rng_(rng) {
  CHECK(!weapons.empty());
  for (const NodeSpec& node : scenario.nodes) names_.push_back(node.name);
  weapons_.push_back(weapons[rng_.below(weapons.size())]);
  for (const Verb verb : weapons) {
    if (rng_.below(2) == 0) weapons_.push_back(verb);
  }
  // New leaders in half of all cases: what they leave behind is hardest to get right.
  for (std::uint64_t left = 1 + rng_.below(3); left > 0; --left) {
    const std::uint64_t moment = rng_.below(rng_.below(2) == 0 ? kCommits : kMoments);
    const std::uint32_t most = kFrequent[moment] ? kMillion / 20 : kMillion;
    chances_[moment].per_million = static_cast<std::uint32_t>(most / 2 + rng_.below(most / 2));
  }
  // A leader needs a few messages and syncs to get its first entries to the others.
  reach_ = (scenario.network.latency.quantile(900'000) + scenario.disk.sync.quantile(900'000)) *
           static_cast<std::int64_t>(1 + rng_.below(5));
}

Ambush::Moments Ambush::moments_of(const Record& record) {
  const auto* event = std::get_if<Event>(&record.fact);
  if (event == nullptr) return 0;
  return std::visit(Overloaded{[&](const RoleChanged& change) -> Moments {
                                 fresh_[record.node - 1] = change.to == Role::kLeader;
                                 return change.to == Role::kLeader ? bit(kLeads) : 0;
                               },
                               [&](const CommitAdvanced&) -> Moments {
                                 const bool first = fresh_[record.node - 1];
                                 fresh_[record.node - 1] = false;
                                 return bit(kCommits) | (first ? bit(kFirstCommit) : 0);
                               },
                               [](const CampaignStarted& campaign) -> Moments {
                                 return campaign.pre ? 0 : bit(kCampaigns);
                               },
                               [](const VoteAnswered& vote) -> Moments {
                                 return vote.granted && !vote.pre ? bit(kVotes) : 0;
                               },
                               [](const EntriesAppended&) -> Moments { return bit(kAppends); },
                               [](const EntriesTruncated&) -> Moments { return bit(kTruncates); },
                               [](const SnapshotTaken&) -> Moments { return bit(kSnapshots); },
                               [](const SnapshotSendStarted&) -> Moments { return bit(kSends); },
                               [](const SnapshotInstalled&) -> Moments { return bit(kInstalls); },
                               [](const TransferStarted&) -> Moments { return bit(kTransfers); },
                               [](const ReadRoundConfirmed&) -> Moments { return bit(kConfirms); },
                               [](const auto&) -> Moments { return 0; }},
                    *event);
}

std::vector<AmbushStrike> Ambush::observe(const Cluster& cluster) {
  std::vector<AmbushStrike> strikes;
  if (chances_.empty()) return strikes;
  for (const Record& record : cluster.records()) {
    for (Moments left = moments_of(record); left != 0; left &= left - 1) {
      const Chance chance = chances_[static_cast<std::size_t>(std::countr_zero(left))];
      if (chance.per_million == 0 || rng_.below(kMillion) >= chance.per_million) continue;
      strikes.push_back(strike(cluster, whose(record)));
    }
  }
  return strikes;
}

AmbushStrike Ambush::strike(const Cluster& cluster, NodeId at) {
  // Mostly the one whose moment it is, else the primary or anybody.
  NodeId victim = at;
  if (rng_.below(4) == 0) victim = cluster.primary();
  if (victim == kNoNode || rng_.below(8) == 0)
    victim = static_cast<NodeId>(1 + rng_.below(names_.size()));
  AmbushStrike strike;
  strike.fault.verb = weapons_[rng_.below(weapons_.size())];
  strike.fault.target = names_[victim - 1];
  // At once, even what it has sent is lost when the links are cut.
  strike.after = rng_.below(2) == 0 ? Duration{} : rng_.between({}, reach_);
  // Some are back before anybody has noticed.
  const std::uint64_t back = rng_.below(4);
  strike.mended_after = back == 0 ? Duration{} : rng_.between({}, back == 1 ? reach_ : longest_);
  return strike;
}

}  // namespace kv::sim
