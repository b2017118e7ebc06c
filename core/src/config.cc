#include "core/config.h"

#include <string>

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

}  // namespace kv
