#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "core/types.h"

namespace kv {

/// The incarnation of each member, as far as it is known. In ascending order of nodes, in one
/// block: every heartbeat carries a copy.
class Incarnations {
 public:
  using Item = std::pair<NodeId, Incarnation>;

  Incarnations() = default;
  Incarnations(std::initializer_list<Item> items) {
    for (const Item& item : items) try_emplace(item.first, item.second);
  }

  /// Keeps what is known already; says whether the node was new.
  std::pair<std::vector<Item>::const_iterator, bool> try_emplace(NodeId node,
                                                                 Incarnation incarnation) {
    const auto at = place(node);
    if (at != items_.end() && at->first == node) return {at, false};
    return {items_.insert(at, Item{node, incarnation}), true};
  }
  /// 0: not known.
  Incarnation of(NodeId node) const {
    const auto at = place(node);
    return at != items_.end() && at->first == node ? at->second : 0;
  }

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  const Item& back() const { return items_.back(); }
  friend bool operator==(const Incarnations&, const Incarnations&) = default;

 private:
  std::vector<Item>::const_iterator place(NodeId node) const {
    return std::lower_bound(items_.begin(), items_.end(), node,
                            [](const Item& item, NodeId wanted) { return item.first < wanted; });
  }
  std::vector<Item> items_{};
};

}  // namespace kv
