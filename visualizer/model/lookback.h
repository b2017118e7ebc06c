#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "model/phrases.h"

namespace kv::viz {

/// Searches what came before a record, so far as is worth while: a bounded number of records in
/// all searches together, and a bounded time back.
class Lookback {
 public:
  static constexpr std::size_t kMostRecords = 200'000;
  static constexpr Duration kLongest = seconds(60);

  Lookback(const History& history, std::size_t position)
      : history_(history), recording_(history.recording()) {
    const Instant at = recording_[position].at;
    earliest_ = recording_.position_from(at - kLongest);
  }

  const History& history() const { return history_; }
  const Recording& recording() const { return recording_; }

  /// The newest record before `position` with such a fact of this node that `accepts` takes.
  template <typename T, typename Accepts>
  std::optional<std::size_t> last(std::size_t position, NodeId node, Accepts accepts) {
    while (position > earliest_ && left_ > 0) {
      --position;
      --left_;
      const Record& record = recording_[position];
      if (record.node != node) continue;
      const T* fact = fact_of<T>(record);
      if (fact != nullptr && accepts(*fact)) return position;
    }
    return std::nullopt;
  }
  template <typename T>
  std::optional<std::size_t> last(std::size_t position, NodeId node) {
    return last<T>(position, node, [](const T&) { return true; });
  }

  /// The same, of any node.
  template <typename T, typename Accepts>
  std::optional<std::size_t> last_anywhere(std::size_t position, Accepts accepts) {
    while (position > earliest_ && left_ > 0) {
      --position;
      --left_;
      const T* fact = fact_of<T>(recording_[position]);
      if (fact != nullptr && accepts(*fact)) return position;
    }
    return std::nullopt;
  }

  /// Of the same instant and node only: what the node did, or what came to it, just before.
  template <typename T, typename Accepts>
  std::optional<std::size_t> beside(std::size_t position, Accepts accepts) const {
    const Record& effect = recording_[position];
    while (position > recording_.first() && recording_[--position].at == effect.at) {
      const Record& record = recording_[position];
      if (record.node != effect.node) continue;
      const T* fact = fact_of<T>(record);
      if (fact != nullptr && accepts(*fact)) return position;
    }
    return std::nullopt;
  }
  template <typename T>
  std::optional<std::size_t> beside(std::size_t position) const {
    return beside<T>(position, [](const T&) { return true; });
  }
  // --- what people mean by "why" ---

  /// The arrival of the message that the node answered with this record. Running nodes don't tell
  /// of arrivals: nothing.
  std::optional<std::size_t> arrival(std::size_t position) const {
    return beside<MessageDelivered>(position);
  }
  std::optional<std::size_t> campaign_of(std::size_t position, NodeId candidate, Term term,
                                         bool pre);
  /// Where the node became the leader that it is, of this term, however long ago.
  std::optional<std::size_t> election_of(std::size_t position, NodeId leader, Term term) const;
  /// Why a node does nothing: where it was stopped or paused, however long ago.
  std::optional<std::size_t> standstill_of(std::size_t position, NodeId node) const;
  /// Where the link was cut, if it is cut.
  std::optional<std::size_t> cut_of(std::size_t position, NodeId from, NodeId to);
  /// Where the leader first knew this to be committed.
  std::optional<std::size_t> commit_of(std::size_t position, NodeId leader, LogIndex commit);
  /// The call of a client that asked the node of the record at `position` for this entry.
  std::optional<std::size_t> call_for(std::size_t position, LogIndex index, Term term);
  /// A client calls again until it is answered: its first call of the same operation.
  std::size_t first_call(std::size_t call);
  /// The step of the scenario that did this. It stands behind what it does to nodes, and before
  /// what it does to links; at the same instant. `verb`: only one of this kind.
  std::optional<std::size_t> step_beside(std::size_t position, std::string_view verb) const;

 private:
  const History& history_;
  const Recording& recording_;
  std::size_t earliest_{0};
  std::size_t left_{kMostRecords};
};

/// The client asks for what the entry does.
bool asks_for(const ClientCalled& call, const Entry& entry);

}  // namespace kv::viz
