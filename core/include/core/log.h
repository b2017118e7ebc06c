#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "core/entry.h"
#include "core/types.h"

namespace kv {

/// The replicated log in memory: the entries behind a base, up to which a snapshot stands for them.
///
/// Invariants: (1) indexes are contiguous from base_index() + 1 to last_index(); (2) terms never
/// decrease; (3) bytes() is the sum of the entries' sizes.
class Log {
 public:
  Log() = default;
  /// `entries` are contiguous; those at or below `base_index` are kept when they reach it.
  Log(LogIndex base_index, Term base_term, std::vector<Entry> entries);

  LogIndex base_index() const { return base_index_; }
  LogIndex first_index() const { return base_index_ + 1; }
  LogIndex last_index() const { return base_index_ + entries_.size(); }
  Term last_term() const { return entries_.empty() ? base_term_ : entries_.back().term; }
  std::size_t bytes() const { return bytes_; }

  /// Nothing when `index` is below the base or beyond the end.
  std::optional<Term> term_at(LogIndex index) const;
  /// first_index() <= index <= last_index().
  const Entry& at(LogIndex index) const;
  /// Entries from `from` on, as many as fit into `max_bytes` but at least one if there is one.
  std::vector<Entry> slice(LogIndex from, std::size_t max_bytes) const;
  /// The largest index <= `index` whose term is <= `term`, not below the base: where two logs can
  /// still agree.
  LogIndex last_index_with_term_at_most(LogIndex index, Term term) const;

  /// The entry's index is last_index() + 1.
  void append(Entry entry);
  /// Drops `from` and all behind it; base_index() < from.
  void truncate_from(LogIndex from);
  /// Drops everything up to `through`; base_index() <= through <= last_index().
  void compact_through(LogIndex through);
  /// An empty log behind a snapshot.
  void reset(LogIndex base_index, Term base_term);

 private:
  LogIndex base_index_{0};
  Term base_term_{0};
  std::deque<Entry> entries_{};
  std::size_t bytes_{0};
};

}  // namespace kv
