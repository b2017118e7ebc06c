#include "core/config.h"

#include <string>

#include "core/check.h"

namespace kv {

std::optional<Timing> timing_by_name(std::string_view name) {
  if (name == "documented") return Timing{};
  if (name == "lan") return Timing{milliseconds(50), milliseconds(300), milliseconds(600)};
  if (name == "wan") return Timing{milliseconds(500), milliseconds(2500), milliseconds(5000)};
  return std::nullopt;
}

Outcome validate(const Timing& timing) {
  const auto ms = [](Duration span) { return std::to_string(span.ns / 1'000'000) + " ms"; };
  if (timing.heartbeat_interval < milliseconds(1)) {
    return Error{"The heartbeat interval must be at least 1 ms; it is " +
                 ms(timing.heartbeat_interval) + "."};
  }
  if (timing.election_timeout_max < timing.election_timeout_min) {
    return Error{"The election timeout's upper bound (" + ms(timing.election_timeout_max) +
                 ") is below its lower bound (" + ms(timing.election_timeout_min) + ")."};
  }
  if (timing.election_timeout_min < timing.heartbeat_interval * 2) {
    return Error{"The election timeout (from " + ms(timing.election_timeout_min) +
                 ") must be at least twice the heartbeat interval (" +
                 ms(timing.heartbeat_interval) +
                 "), else one late heartbeat deposes a healthy primary."};
  }
  return success();
}

// The leader asks at the true time s; a follower hears it at h, and s < h. By its own clock the
// follower then votes for nobody for T, the shortest election timeout. Where clocks run between
// 1 - d and 1 + d of true time, a fast one shows T after T / (1 + d): no vote before h + T / (1 +
// d). A leader's slow clock shows a lease of L no longer than L / (1 - d): no read by it after s +
// L / (1 - d). So L = T (1 - d) / (1 + d) ends before any vote. Clocks count whole nanoseconds;
// what a message takes, h - s, is more than that.
Duration lease_length(const Timing& timing, std::uint32_t drift_ppm) {
  constexpr std::int64_t kMillion = 1'000'000;
  CHECK(drift_ppm <= kMostLeaseDriftPpm);
  const std::int64_t slow = kMillion - drift_ppm;
  const std::int64_t fast = kMillion + drift_ppm;
  const std::int64_t promise = timing.election_timeout_min.ns;
  // In two parts, so that no product overflows.
  return nanoseconds(promise / fast * slow + promise % fast * slow / fast);
}

}  // namespace kv
