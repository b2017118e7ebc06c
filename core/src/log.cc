#include "core/log.h"

#include <utility>

#include "core/check.h"

namespace kv {

Log::Log(LogIndex base_index, Term base_term, std::vector<Entry> entries)
    : base_index_(base_index), base_term_(base_term) {
  for (Entry& entry : entries) append(std::move(entry));
}

std::optional<Term> Log::term_at(LogIndex index) const {
  if (index == base_index_) return base_term_;
  if (index < base_index_ || index > last_index()) return std::nullopt;
  return at(index).term;
}

const Entry& Log::at(LogIndex index) const {
  CHECK(index >= first_index());
  CHECK(index <= last_index());
  return entries_[index - first_index()];
}

std::vector<Entry> Log::slice(LogIndex from, std::size_t max_bytes) const {
  LogIndex end = from;
  for (std::size_t size_bytes = 0; end <= last_index(); ++end) {
    size_bytes += at(end).size();
    if (end > from && size_bytes > max_bytes) break;
  }
  std::vector<Entry> entries;
  entries.reserve(end - from);
  for (LogIndex index = from; index < end; ++index) entries.push_back(at(index));
  return entries;
}

LogIndex Log::last_index_with_term_at_most(LogIndex index, Term term) const {
  CHECK(index >= base_index_);
  CHECK(index <= last_index());
  while (index > base_index_ && at(index).term > term) --index;
  return index;
}

void Log::append(Entry entry) {
  CHECK(entry.index == last_index() + 1);
  CHECK(entry.term >= last_term());
  bytes_ += entry.size();
  entries_.push_back(std::move(entry));
}

void Log::truncate_from(LogIndex from) {
  CHECK(from > base_index_);
  while (last_index() >= from) {
    bytes_ -= entries_.back().size();
    entries_.pop_back();
  }
}

void Log::compact_through(LogIndex through) {
  CHECK(through >= base_index_);
  CHECK(through <= last_index());
  base_term_ = *term_at(through);
  while (base_index_ < through) {
    bytes_ -= entries_.front().size();
    entries_.pop_front();
    ++base_index_;
  }
}

void Log::reset(LogIndex base_index, Term base_term) {
  *this = Log(base_index, base_term, {});
}

}  // namespace kv
