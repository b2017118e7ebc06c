#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "model/history.h"

namespace kv::viz {

template <typename T, typename Choice>
inline constexpr bool kIsAmong = false;
template <typename T, typename... Alternatives>
inline constexpr bool kIsAmong<T, std::variant<Alternatives...>> =
    (std::is_same_v<T, Alternatives> || ...);

/// The record's fact, or its event, if it is a T; else null.
template <typename T>
const T* fact_of(const Record& record) {
  if constexpr (kIsAmong<T, Event>) {
    const auto* event = std::get_if<Event>(&record.fact);
    return event == nullptr ? nullptr : std::get_if<T>(event);
  } else {
    return std::get_if<T>(&record.fact);
  }
}

/// An event of a node that isn't listed, or of none: a trace can hold it, no moment knows the node.
bool tells_of_stranger(const Record& record, const ClusterInfo& cluster);

/// "node2", "node2 and node3", "node2, node3 and node4".
std::string list_of_names(const ClusterInfo& cluster, const std::vector<NodeId>& ids);
/// "entry 3", "entries 3 to 5".
std::string words_of_entries(LogIndex first, LogIndex last);
/// "term 3".
std::string words_of_term(Term term);

/// What the node was once the record at `position` had happened.
Standing standing_after(const History& history, NodeId node, std::size_t position);

/// How long a node had been without a word when it gave up waiting.
struct Silence {
  NodeId leader{kNoNode};             ///< whom it followed; kNoNode: it knew of no primary
  std::size_t position{kNoPosition};  ///< of the record of its last word; kNoPosition: not found
};
Silence silence_before(const History& history, NodeId node, std::size_t position);

/// A campaign, as it stands at a position.
struct Ballot {
  std::size_t campaign{kNoPosition};   ///< of CampaignStarted; kNoPosition: not found
  std::vector<std::size_t> granted{};  ///< of each VoteReceived
  std::vector<std::size_t> refused{};
};
Ballot ballot_before(const History& history, NodeId candidate, Term term, bool pre,
                     std::size_t position);
/// Who granted, in the order of ids, the candidate among them.
std::vector<NodeId> voters_of(const History& history, const Ballot& ballot, NodeId candidate);

/// The latest one that begins at `at` or before it; null: none.
const Outage* outage_before(const History& history, Instant at);

/// How clients came to have nobody that serves them.
struct Loss {
  Outage outage{};
  std::size_t position{0};  ///< of the record that did it
  NodeId primary{kNoNode};  ///< who served until then
};
/// That of outage_before(). Nothing: there was none, or its records were dropped.
std::optional<Loss> loss_before(const History& history, Instant at);

}  // namespace kv::viz
