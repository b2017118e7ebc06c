#include "register_check.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <queue>

#include "register_search.h"

namespace kv::sim {
namespace {

/// What an order of the writes has to meet. The accesses of a value with one write become one
/// demand, the "zone" of Gibbons and Korach (Testing Shared Memories, 1997): the register must hold
/// the value from the first return to the last call or, if they all overlap, at one moment.
struct Demand {
  enum class Kind : std::uint8_t {
    kHold,     ///< holds one value from `from` to `until`
    kVisit,    ///< holds one value at a moment from `from` to `until`; kNever: or not at all
    kDelete,   ///< a delete takes effect at a moment from `from` to `until`; kNever: or not at all
    kAbsence,  ///< is absent at a moment from `from` to `until`
  };
  Moment from{0};
  Moment until{0};
  Kind kind{};
};

/// Goes through the demands in the order of `from` and changes the register only when a deadline
/// forces it to. This finds an order if there is one, because no choice is left open:
/// - Leaving a value that nobody will find any more ("spent") costs nothing. So all open visits are
///   made in passing at every change.
/// - A hold takes no longer than its zone, so it begins at its deadline.
/// - Absence is the one state that can come back, at the price of a delete. It is left as late as
///   possible, and a spent value is exchanged for it when a read of absence falls due. Of the open
///   deletes the one with the earliest deadline pays: the others could have been just before it,
///   and what a delete with a later deadline can do later, it can do too.
/// - A delete that was not needed takes effect at its deadline: absence is never worse than a spent
///   value, and the visits before it are free.
/// - Before a hold, deletes and reads of absence that fall due within it are met; later is better
///   for all others, which then share a delete with more reads.
class Sweep {
 public:
  /// `demands` in the order of `from`.
  bool can_meet(const std::vector<Demand>& demands) {
    const auto met = [this](const Demand& demand) {
      return meet_deadlines(demand.from) && begin(demand);
    };
    return std::all_of(demands.begin(), demands.end(), met) && meet_deadlines(kNever);
  }

 private:
  enum class State : std::uint8_t { kAbsent, kSpent, kHeld };

  bool begin(const Demand& demand) {
    switch (demand.kind) {
      case Demand::Kind::kHold:
        return begin_hold(demand.until);
      case Demand::Kind::kVisit:
        visits_due_ = std::min(visits_due_, demand.until);
        break;
      case Demand::Kind::kDelete:
        deletes_due_.push(demand.until);
        break;
      case Demand::Kind::kAbsence:
        if (state_ != State::kAbsent) absence_due_ = std::min(absence_due_, demand.until);
        break;
    }
    return true;
  }

  bool begin_hold(Moment until) {
    if (state_ == State::kHeld) return false;
    while (next_delete() < until) become_absent();
    if (absence_due_ < until) {
      if (deletes_due_.empty()) return false;
      become_absent();
    }
    state_ = State::kHeld;
    held_until_ = until;
    visits_due_ = kNever;
    return true;
  }

  /// Those before `now`.
  bool meet_deadlines(Moment now) {
    while (true) {
      const Moment due = std::min({visits_due_, absence_due_, next_delete()});
      if (state_ == State::kHeld) {
        if (std::min(due, held_until_) >= now) return true;
        if (due < held_until_) return false;
        become_spent();
      } else if (due >= now) {
        return true;
      } else if (due == visits_due_) {
        become_spent();
      } else {
        if (deletes_due_.empty()) return false;
        become_absent();
      }
    }
  }

  Moment next_delete() const { return deletes_due_.empty() ? kNever : deletes_due_.top(); }

  void become_spent() {
    state_ = State::kSpent;
    visits_due_ = kNever;
  }
  void become_absent() {
    deletes_due_.pop();
    state_ = State::kAbsent;
    visits_due_ = kNever;
    absence_due_ = kNever;
  }

  State state_{State::kAbsent};
  Moment held_until_{0};
  Moment visits_due_{kNever};   ///< the earliest deadline of the visits not yet made
  Moment absence_due_{kNever};  ///< the earliest deadline of the reads of absence not yet met
  /// Deadlines of the deletes that were called and did not take effect yet, the earliest on top.
  std::priority_queue<Moment, std::vector<Moment>, std::greater<>> deletes_due_{};
};

struct ValueUse {
  std::uint32_t writes{0};
  std::uint32_t reads{0};
  Moment written{kNever};  ///< the earliest call of a write
  Moment first_return{kNever};
  Moment first_read{kNever};  ///< the earliest return of a read
  Moment last_call{-kNever};
};

std::vector<ValueUse> uses_of(const std::vector<Access>& accesses) {
  std::vector<ValueUse> uses(1);
  for (const Access& access : accesses) {
    if (access.value >= uses.size()) uses.resize(access.value + std::size_t{1});
    ValueUse& use = uses[access.value];
    ++(access.write ? use.writes : use.reads);
    if (access.write) use.written = std::min(use.written, access.called);
    if (!access.write) use.first_read = std::min(use.first_read, access.returned);
    use.first_return = std::min(use.first_return, access.returned);
    use.last_call = std::max(use.last_call, access.called);
  }
  return uses;
}

std::vector<Demand> demands_of(const std::vector<Access>& accesses,
                               const std::vector<ValueUse>& uses) {
  using Kind = Demand::Kind;
  std::vector<Demand> demands;
  demands.reserve(accesses.size());
  for (const Access& access : accesses) {
    if (access.value == kAbsentValue) {
      const Kind kind = access.write ? Kind::kDelete : Kind::kAbsence;
      demands.push_back({access.called, access.returned, kind});
    } else if (uses[access.value].reads == 0) {
      demands.push_back({access.called, access.returned, Kind::kVisit});
    } else if (access.write) {
      const ValueUse& use = uses[access.value];
      const Kind kind = use.first_return < use.last_call ? Kind::kHold : Kind::kVisit;
      const auto [from, until] = std::minmax(use.first_return, use.last_call);
      demands.push_back({from, until, kind});
    }
  }
  std::sort(demands.begin(), demands.end(),
            [](const Demand& a, const Demand& b) { return a.from < b.from; });
  return demands;
}

}  // namespace

Verdict check_register(const std::vector<Access>& accesses, std::uint64_t max_steps) {
  const std::vector<ValueUse> uses = uses_of(accesses);
  bool ambiguous = false;
  for (std::size_t value = kAbsentValue + 1; value < uses.size(); ++value) {
    const ValueUse& use = uses[value];
    if (use.reads > 0 && use.first_read < use.written) return Verdict::kNotLinearizable;
    if (use.reads > 0 && use.writes > 1) ambiguous = true;
  }
  if (ambiguous) return RegisterSearch(accesses, max_steps).run();
  return Sweep().can_meet(demands_of(accesses, uses)) ? Verdict::kLinearizable
                                                      : Verdict::kNotLinearizable;
}

}  // namespace kv::sim
