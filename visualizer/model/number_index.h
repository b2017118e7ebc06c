#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace kv::viz {

/// Finds numbered things by their number. Things have places, counted from 0 in the order in which
/// they came; the oldest are forgotten first. While numbers ascend, as a simulator gives them, it
/// costs eight bytes a thing.
class NumberIndex {
 public:
  /// The next place is that of `number`; of equal numbers the latest one is found.
  void add(std::uint64_t number) {
    if (ascending_ && !numbers_.empty() && number <= numbers_.back()) build_map();
    numbers_.push_back(number);
    if (!ascending_) places_[number] = dropped_ + numbers_.size() - 1;
  }
  void drop_oldest() {
    const auto found = places_.find(numbers_.front());
    if (found != places_.end() && found->second == dropped_) places_.erase(found);
    numbers_.pop_front();
    ++dropped_;
  }
  /// So many were forgotten: the place of the oldest that is left.
  std::size_t dropped() const { return dropped_; }
  std::optional<std::size_t> place(std::uint64_t number) const {
    if (!ascending_) {
      const auto found = places_.find(number);
      if (found == places_.end()) return std::nullopt;
      return found->second;
    }
    const std::size_t at = first_not_below(number);
    if (at == numbers_.size() || numbers_[at] != number) return std::nullopt;
    return dropped_ + at;
  }

 private:
  void build_map() {
    ascending_ = false;
    for (std::size_t i = 0; i < numbers_.size(); ++i) places_.emplace(numbers_[i], dropped_ + i);
  }
  /// Mostly one asks for what came lately: the search widens from the end.
  std::size_t first_not_below(std::uint64_t number) const {
    const std::size_t size = numbers_.size();
    std::size_t reach = 16;
    while (reach < size && numbers_[size - reach] >= number) reach *= 2;
    const auto begin = numbers_.end() - static_cast<std::ptrdiff_t>(std::min(reach, size));
    return static_cast<std::size_t>(std::lower_bound(begin, numbers_.end(), number) -
                                    numbers_.begin());
  }

  std::deque<std::uint64_t> numbers_{};
  std::size_t dropped_{0};
  bool ascending_{true};
  std::map<std::uint64_t, std::size_t> places_{};  ///< empty while they ascend
};

}  // namespace kv::viz
