#include "model/recording.h"

#include <algorithm>
#include <variant>

#include "core/message.h"

namespace kv::viz {
namespace {

/// What a record's message carries; null if it is none with entries.
const std::vector<Entry>* entries_of(const Record& record) {
  const auto* sent = std::get_if<MessageSent>(&record.fact);
  if (sent == nullptr || !sent->content) return nullptr;
  const auto* append = std::get_if<AppendRequest>(&sent->content->body);
  return append == nullptr || append->entries.empty() ? nullptr : &append->entries;
}

}  // namespace

std::string ClusterInfo::name(NodeId id) const {
  if (id == kNoNode) return "clients";
  return id <= nodes.size() ? nodes[id - 1] : "node " + std::to_string(id);
}

void Recording::append(Record record) {
  record.at = std::clamp(record.at, end_time(), kLatest);
  note_entries(record, end());
  records_.push_back(std::move(record));
}

void Recording::note_entries(const Record& record, std::size_t position) {
  const std::vector<Entry>* entries = entries_of(record);
  if (entries == nullptr) return;
  for (const Entry& entry : *entries) {
    const auto key = std::pair(entry.index, entry.term);
    auto at = entries_.end();
    // Mostly it is a new one at the end, or another copy of one that is near it.
    if (!entries_.empty() && entries_.rbegin()->first >= key) at = entries_.lower_bound(key);
    if (at == entries_.end() || at->first != key) at = entries_.emplace_hint(at, key, Carried{});
    at->second = {entry, position};
  }
}

void Recording::forget_entries(const Record& record, std::size_t position) {
  const std::vector<Entry>* entries = entries_of(record);
  if (entries == nullptr) return;
  for (const Entry& entry : *entries) {
    const auto found = entries_.find({entry.index, entry.term});
    if (found != entries_.end() && found->second.position == position) entries_.erase(found);
  }
}

void Recording::keep(std::size_t most) {
  while (records_.size() > most) {
    forget_entries(records_.front(), first_);
    records_.pop_front();
    ++first_;
  }
}

Instant Recording::begin_time() const {
  return empty() ? Instant{} : records_.front().at;
}

Instant Recording::end_time() const {
  return empty() ? Instant{} : records_.back().at;
}

std::size_t Recording::position_after(Instant at) const {
  const auto found =
      std::upper_bound(records_.begin(), records_.end(), at,
                       [](Instant time, const Record& record) { return time < record.at; });
  return first_ + static_cast<std::size_t>(found - records_.begin());
}

std::size_t Recording::position_from(Instant at) const {
  const auto found =
      std::lower_bound(records_.begin(), records_.end(), at,
                       [](const Record& record, Instant time) { return record.at < time; });
  return first_ + static_cast<std::size_t>(found - records_.begin());
}

const Entry* Recording::entry(LogIndex index, Term term) const {
  const auto found = entries_.find({index, term});
  return found == entries_.end() ? nullptr : &found->second.entry;
}

}  // namespace kv::viz
