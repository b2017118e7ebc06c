#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/history.h"

namespace kv::viz {

/// When an entry reached a stage, and by which record.
struct Stage {
  Instant at{};
  std::size_t position{0};
};

/// An entry's life at one node. Nothing: it never came so far there, or before the recording began.
struct EntryAtNode {
  std::optional<Stage> sent{};  ///< by the leader, to this node, the first time
  std::optional<Stage> appended{};
  std::optional<Stage> persisted{};
  std::optional<Stage> committed{};  ///< known to be
  std::optional<Stage> applied{};
  std::optional<Stage> removed{};  ///< replaced by another leader's entry
};
struct EntryLife {
  LogIndex index{0};
  Term term{0};
  std::string command{};             ///< "SET user:1 …"; "start of term 3"; "not seen"
  std::vector<EntryAtNode> nodes{};  ///< by NodeId - 1
};
/// Reads the recording from the entry's term on: to be kept while the recording has not grown.
EntryLife life_of(const History& history, LogIndex index, Term term);

/// An entry's command in few words: "SET k v", "INCRBY hits 1", "start of term 3", or empty if no
/// message carried it.
std::string command_words(const Recording& recording, LogIndex index, Term term);

/// What a node's store holds after its entries through `applied`, sorted by key, as far as the
/// recording knows the entries. Costs a look at each entry, and for those that no log holds any
/// more at much of the recording: to be kept while node and `applied` are the same.
struct StoreContents {
  struct Item {
    std::string key{};
    std::string value{};
    LogIndex index{0};  ///< of the entry that changed it last
  };
  std::vector<Item> items{};
  bool complete{true};  ///< false: some entries came before the recording began
};
StoreContents store_at(const History& history, const Moment& moment, NodeId node);

}  // namespace kv::viz
