#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/entry.h"
#include "core/trace.h"
#include "core/types.h"

namespace kv::viz {

/// Who is in the picture.
struct ClusterInfo {
  std::string title{};
  std::vector<std::string> nodes{};  ///< names, in the order of ids
  std::vector<std::string> zones{};  ///< by node, each may be empty; or none at all

  std::size_t size() const { return nodes.size(); }
  /// "node1"; "clients" for kNoNode; "node 9" for one that isn't listed.
  std::string name(NodeId id) const;
};

/// What happened, in order; grows at its end. Records have positions, from 0 on, which never
/// change: those before first() have been dropped.
///
/// Invariant: times never decrease, and are from 0 to kLatest: no difference of two overflows.
class Recording {
 public:
  /// 73 years.
  static constexpr Instant kLatest{std::int64_t{1} << 61};

  explicit Recording(ClusterInfo cluster) : cluster_(std::move(cluster)) {}

  const ClusterInfo& cluster() const { return cluster_; }
  /// A time before that of the newest counts as that one's; one out of bounds as the bound.
  void append(Record record);
  /// Drops the oldest until `most` are left.
  void keep(std::size_t most);

  bool empty() const { return records_.empty(); }
  std::size_t first() const { return first_; }                  ///< position of the oldest
  std::size_t end() const { return first_ + records_.size(); }  ///< one past the newest
  const Record& operator[](std::size_t position) const { return records_[position - first_]; }
  Instant begin_time() const;  ///< of the oldest; 0 if empty
  Instant end_time() const;    ///< of the newest; 0 if empty

  /// One past the last record that is not later than `at`.
  std::size_t position_after(Instant at) const;
  /// The first record that is not earlier than `at`, or end().
  std::size_t position_from(Instant at) const;

  /// An entry that some message of the kept records carried; null if none did. Index and term name
  /// it (Raft paper §5.3, log matching).
  const Entry* entry(LogIndex index, Term term) const;

 private:
  /// An entry, and the last record that carried it: it is forgotten with that one.
  struct Carried {
    Entry entry{};
    std::size_t position{0};
  };

  void note_entries(const Record& record, std::size_t position);
  void forget_entries(const Record& record, std::size_t position);

  ClusterInfo cluster_;
  std::deque<Record> records_{};
  std::size_t first_{0};
  std::map<std::pair<LogIndex, Term>, Carried> entries_{};
};

}  // namespace kv::viz
