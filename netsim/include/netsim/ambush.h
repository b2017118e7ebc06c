#pragma once

#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "netsim/cluster.h"
#include "netsim/scenario.h"

namespace kv::sim {

/// What an ambush does, in time from now.
struct AmbushStrike {
  Duration after{};
  Step fault{};
  Duration mended_after{};
};

/// Lies in wait for moments that chance alone rarely hits: a vote that is not durable yet, a new
/// leader's first commit, a snapshot on its way. What a node leaves half done then is what the
/// others must get right.
class Ambush {
 public:
  /// Lies in wait for nothing.
  explicit Ambush(const Rng& rng) : rng_(rng) {}
  /// `weapons`: crash, power_cut, isolate or pause, at least one. Draws the moments and how often
  /// it strikes at each.
  Ambush(const Scenario& scenario, std::vector<Verb> weapons, const Rng& rng);
  static bool is_weapon(Verb verb);

  /// After each Cluster::advance(): the strikes that its records call for.
  std::vector<AmbushStrike> observe(const Cluster& cluster);

 private:
  /// Moments, one bit each: a record may be several at once.
  using Moments = std::uint32_t;
  Moments moments_of(const Record& record);
  AmbushStrike strike(const Cluster& cluster, NodeId at);

  std::vector<std::string> names_{};
  Duration reach_{};    ///< a few messages and syncs
  Duration longest_{};  ///< until it is mended
  std::vector<Verb> weapons_{};
  std::vector<Chance> chances_{};  ///< by moment; empty: lies in wait for nothing
  std::vector<bool> fresh_{};      ///< by node: leads, and has not committed since
  Rng rng_;
};

}  // namespace kv::sim
