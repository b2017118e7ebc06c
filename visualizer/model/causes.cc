#include "model/causes.h"

#include <algorithm>
#include <map>

#include "core/overloaded.h"
#include "model/origins.h"

namespace kv::viz {
namespace {

/// So many records are followed before the chain is shortened.
constexpr std::size_t kMostFollowed = 96;

/// How much a record tells somebody who asks why, where there is no room for all.
enum class Weight : unsigned char {
  kArrival,
  kMessage,
  kStage,   ///< of a vote or an entry
  kChange,  ///< of a role, a campaign, a log
  kFault,   ///< from outside, or a client
  kDirect,  ///< the record comes of it at first hand
};

Weight weight_of(const Fact& fact) {
  return std::visit(Overloaded{
                        [](const Event& event) {
                          return std::visit(
                              Overloaded{
                                  [](const RoleChanged&) { return Weight::kChange; },
                                  [](const CampaignStarted&) { return Weight::kChange; },
                                  [](const ElectionTimerSet&) { return Weight::kChange; },
                                  [](const EntriesAppended&) { return Weight::kChange; },
                                  [](const CommitAdvanced&) { return Weight::kChange; },
                                  [](const TransferStarted&) { return Weight::kChange; },
                                  [](const SnapshotSendStarted&) { return Weight::kChange; },
                                  [](const auto&) { return Weight::kStage; },
                              },
                              event);
                        },
                        [](const MessageDelivered&) { return Weight::kArrival; },
                        [](const MessageSent&) { return Weight::kMessage; },
                        [](const auto&) { return Weight::kFault; },
                    },
                    fact);
}

/// A record of a chain. Records that come of something are behind it; only steps of the scenario
/// are recorded behind what they do to nodes, at the same instant, and stand in the chain as if
/// they came just before.
struct Link {
  std::size_t place{0};  ///< twice the position; of such a step one less than what it did
  std::size_t position{0};
  Weight weight{};
  bool further{true};
};

class Chain {
 public:
  Chain(const History& history, std::size_t position)
      : recording_(history.recording()), past_(history, position), root_(position) {}

  /// The nearest first.
  std::vector<Link> follow() {
    std::vector<Link> done;
    expand({2 * root_, root_, {}, true}, true);
    while (!waiting_.empty() && done.size() < kMostFollowed) {
      const Link link = std::prev(waiting_.end())->second;
      waiting_.erase(std::prev(waiting_.end()));
      done.push_back(link);
      if (link.further) expand(link, false);
    }
    return done;
  }

 private:
  void expand(const Link& effect, bool direct) {
    for (const Origin& origin : origins_of(past_, effect.position)) {
      if (origin.position == root_) continue;
      const Weight weight = direct ? Weight::kDirect : weight_of(recording_[origin.position].fact);
      const std::size_t place =
          origin.position < effect.position ? 2 * origin.position : effect.place - 1;
      const auto [seen, is_new] = seen_.try_emplace(origin.position, place);
      if (is_new) {
        waiting_.emplace(place, Link{place, origin.position, weight, origin.further});
      } else if (const auto known = waiting_.find(seen->second); known != waiting_.end()) {
        known->second.further = known->second.further || origin.further;
      }
    }
  }

  const Recording& recording_;
  Lookback past_;
  std::size_t root_;
  std::map<std::size_t, std::size_t> seen_{};   ///< places by position
  std::multimap<std::size_t, Link> waiting_{};  ///< by place
};

/// Leaves out what tells least, the farthest first.
void shorten(std::vector<Link>& chain, std::size_t most) {
  while (chain.size() > most) {
    const auto least =
        std::min_element(chain.rbegin(), chain.rend(),
                         [](const auto& a, const auto& b) { return a.weight < b.weight; });
    chain.erase(std::prev(least.base()));
  }
}

}  // namespace

std::vector<CauseLink> why(const History& history, std::size_t position, std::size_t most) {
  std::vector<Link> chain = Chain(history, position).follow();
  std::sort(chain.begin(), chain.end(),
            [](const Link& a, const Link& b) { return a.place > b.place; });
  shorten(chain, most);
  std::vector<CauseLink> links;
  links.reserve(chain.size());
  for (const Link& link : chain) links.push_back({link.position, sentence(history, link.position)});
  return links;
}

}  // namespace kv::viz
