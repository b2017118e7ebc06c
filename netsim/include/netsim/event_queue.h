#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/check.h"
#include "core/types.h"

namespace kv::sim {

/// What is due when, in one total order: by time, then by when it was scheduled. A value: its copy
/// goes on the same way.
template <typename What>
class EventQueue {
 public:
  void schedule(Instant at, What what) {
    heap_.push_back({at, next_sequence_++, std::move(what)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Instant next_at() const {
    CHECK(!heap_.empty());
    return heap_.front().at;
  }
  std::pair<Instant, What> pop() {
    CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), later);
    std::pair<Instant, What> next{heap_.back().at, std::move(heap_.back().what)};
    heap_.pop_back();
    return next;
  }

 private:
  struct Scheduled {
    Instant at{};
    std::uint64_t sequence{0};
    What what{};
  };
  static bool later(const Scheduled& a, const Scheduled& b) {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
  }

  std::vector<Scheduled> heap_{};
  std::uint64_t next_sequence_{0};
};

}  // namespace kv::sim
