#include "register_search.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kv::sim {
namespace {

/// Bounds the memory: some 100 bytes each in a usual history.
constexpr std::size_t kMaxKept = 200'000;

/// What the register holds when nobody will find it any more: all such values are one.
constexpr std::uint32_t kSpentValue = std::numeric_limits<std::uint32_t>::max();

bool contains(const std::vector<std::uint32_t>& sorted, std::uint32_t index) {
  return std::binary_search(sorted.begin(), sorted.end(), index);
}

void insert(std::vector<std::uint32_t>& sorted, std::uint32_t index) {
  const auto place = std::lower_bound(sorted.begin(), sorted.end(), index);
  if (place == sorted.end() || *place != index) sorted.insert(place, index);
}

}  // namespace

RegisterSearch::RegisterSearch(const std::vector<Access>& accesses, std::uint64_t max_steps)
    : accesses_(accesses), steps_left_(max_steps) {
  for (Index i = 0; i < accesses.size(); ++i) {
    const Access& access = accesses[i];
    if (access.value >= future_.size()) future_.resize(access.value + std::size_t{1});
    ++(access.write ? future_[access.value].writes : future_[access.value].reads);
    events_.push_back({access.called, i});
    if (access.returned != kNever) events_.push_back({access.returned, i});
  }
  std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
    return a.at != b.at ? a.at < b.at : a.access < b.access;
  });
  explaining_.insert(Configuration{});
}

Verdict RegisterSearch::run() {
  for (const Event& event : events_) {
    if (event.at == accesses_[event.access].called) {
      on_call(event.access);
    } else if (!on_return(event.access)) {
      return Verdict::kUndecided;
    }
    if (explaining_.empty()) return Verdict::kNotLinearizable;
  }
  return Verdict::kLinearizable;
}

void RegisterSearch::on_call(Index access) {
  const Access& called = accesses_[access];
  --(called.write ? future_[called.value].writes : future_[called.value].reads);
  const auto before = [this](Index a, Index b) {
    const Access& first = accesses_[a];
    const Access& second = accesses_[b];
    if (first.value != second.value) return first.value < second.value;
    return first.returned != second.returned ? first.returned < second.returned : a < b;
  };
  open_.insert(std::upper_bound(open_.begin(), open_.end(), access, before), access);
  if (called.write) return;
  // A read that can have its answer takes it: that hinders nothing.
  std::set<Configuration> next;
  while (!explaining_.empty()) {
    auto node = explaining_.extract(explaining_.begin());
    if (node.value().value == called.value) insert(node.value().done, access);
    next.insert(std::move(node));
  }
  explaining_ = std::move(next);
}

bool RegisterSearch::on_return(Index access) {
  seen_.clear();
  to_expand_.clear();
  for (const Configuration& configuration : std::exchange(explaining_, {})) {
    Configuration next = configuration;
    if (contains(next.done, access)) {
      next.done.erase(std::lower_bound(next.done.begin(), next.done.end(), access));
      explaining_.insert(std::move(next));
    } else {
      to_expand_.push_back(std::move(next));
    }
  }
  while (!to_expand_.empty()) {
    const Configuration from = std::move(to_expand_.back());
    to_expand_.pop_back();
    if (!expand(from, access)) return false;
  }
  open_.erase(std::find(open_.begin(), open_.end(), access));
  return true;
}

bool RegisterSearch::expand(const Configuration& from, Index access) {
  if (!may_leave(from)) return true;
  const auto keep = [&](Configuration&& configuration) {
    if (steps_left_ == 0 || explaining_.size() + seen_.size() >= kMaxKept) return false;
    --steps_left_;
    if (contains(configuration.done, access)) {
      auto& done = configuration.done;
      done.erase(std::lower_bound(done.begin(), done.end(), access));
      explaining_.insert(std::move(configuration));
    } else if (seen_.insert(configuration).second) {
      to_expand_.push_back(std::move(configuration));
    }
    return true;
  };
  Configuration left = with_free_writes(from);
  if (contains(left.done, access)) return keep(std::move(left));
  const std::vector<Index> writes = next_writes(left);
  return std::all_of(writes.begin(), writes.end(),
                     [&](Index write) { return keep(with_write(left, write)); });
}

/// Not while somebody will still find the value and nobody can write it again.
bool RegisterSearch::may_leave(const Configuration& configuration) const {
  if (configuration.value == kSpentValue) return true;
  const Future& future = future_[configuration.value];
  if (future.reads == 0 || future.writes > 0) return true;
  return std::any_of(open_.begin(), open_.end(), [&](Index i) {
    return accesses_[i].write && accesses_[i].value == configuration.value &&
           !contains(configuration.done, i);
  });
}

/// Between two values the register can take in passing every value that all its reads wait for.
RegisterSearch::Configuration RegisterSearch::with_free_writes(
    const Configuration& configuration) const {
  Configuration next = configuration;
  for (const Index write : next_writes(configuration)) {
    const std::uint32_t value = accesses_[write].value;
    if (future_[value].reads > 0) continue;
    next.value = kSpentValue;
    for (const Index i : open_) {
      if (accesses_[i].value == value) insert(next.done, i);
    }
  }
  return next;
}

RegisterSearch::Configuration RegisterSearch::with_write(const Configuration& configuration,
                                                         Index write) const {
  Configuration next = configuration;
  next.value = accesses_[write].value;
  insert(next.done, write);
  for (const Index i : open_) {
    if (!accesses_[i].write && accesses_[i].value == next.value) insert(next.done, i);
  }
  return next;
}

/// Of the open writes of one value the one that returns first: those with more time left can do
/// later what it could do later.
std::vector<RegisterSearch::Index> RegisterSearch::next_writes(
    const Configuration& configuration) const {
  std::vector<Index> writes;
  for (const Index i : open_) {
    const Access& access = accesses_[i];
    if (!access.write || contains(configuration.done, i)) continue;
    if (writes.empty() || accesses_[writes.back()].value != access.value) writes.push_back(i);
  }
  return writes;
}

}  // namespace kv::sim
