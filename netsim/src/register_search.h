#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "register_check.h"

namespace kv::sim {

/// Looks for an order of the accesses of one register, for any history: values may be written more
/// than once. Wing and Gong's search with memory of states, in Lowe's just-in-time form (Testing
/// for linearizability, 2017): it goes through calls and returns and keeps every configuration that
/// explains the returns so far; an access takes effect only when a return forces it to, or where
/// that costs nothing. Exponential at worst, so it gives up after `max_steps` configurations, or
/// when too many have to be kept.
class RegisterSearch {
 public:
  RegisterSearch(const std::vector<Access>& accesses, std::uint64_t max_steps);
  Verdict run();

 private:
  using Index = std::uint32_t;  ///< of an access

  struct Configuration {
    std::uint32_t value{kAbsentValue};
    std::vector<Index> done{};  ///< open accesses that have taken effect; sorted

    friend bool operator<(const Configuration& a, const Configuration& b) {
      return a.value != b.value ? a.value < b.value : a.done < b.done;
    }
  };
  struct Event {
    Moment at{0};
    Index access{0};
  };
  /// Accesses of one value that are still to be called.
  struct Future {
    std::uint32_t reads{0};
    std::uint32_t writes{0};
  };

  void on_call(Index access);
  /// False when the steps are used up.
  bool on_return(Index access);
  /// Configurations one write further, out of one that `access` has to take effect in.
  bool expand(const Configuration& from, Index access);
  bool may_leave(const Configuration& configuration) const;
  Configuration with_free_writes(const Configuration& configuration) const;
  Configuration with_write(const Configuration& configuration, Index write) const;
  /// The open write of each value that has not taken effect and returns first, by value.
  std::vector<Index> next_writes(const Configuration& configuration) const;

  const std::vector<Access>& accesses_;
  std::uint64_t steps_left_;
  std::vector<Event> events_{};
  std::vector<Future> future_{};          ///< by value
  std::vector<Index> open_{};             ///< called, not returned; by value, then by return
  std::set<Configuration> explaining_{};  ///< the returns so far
  std::vector<Configuration> to_expand_{};
  std::set<Configuration> seen_{};  ///< while one return is handled
};

}  // namespace kv::sim
