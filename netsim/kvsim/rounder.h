#pragma once

#include <cstdint>

#include "netsim/latency.h"

namespace kv::sim {

/// The first digit, and zeros: 4,711 is 4,000.
inline std::uint64_t one_digit(std::uint64_t number) {
  std::uint64_t unit = 1;
  while (number / unit >= 10) unit *= 10;
  return number / unit * unit;
}
inline std::uint32_t one_digit(std::uint32_t number) {
  return static_cast<std::uint32_t>(one_digit(std::uint64_t{number}));
}
inline Duration one_digit(Duration duration) {
  return {static_cast<std::int64_t>(one_digit(static_cast<std::uint64_t>(duration.ns)))};
}

/// Its median, with one digit. False if it is that already.
inline bool make_constant(Latency& latency) {
  const Latency plain = Latency::constant(one_digit(latency.quantile(500'000)));
  if (latency == plain) return false;
  latency = plain;
  return true;
}

/// The same kind of distribution between durations of one digit. False if it is that already, or of
/// another kind than those with two ends.
inline bool round_ends(Latency& latency) {
  const Latency::Form form = latency.form();
  Latency round = latency;
  if (form.kind == Latency::Form::Kind::kUniform)
    round = Latency::uniform(one_digit(form.low), one_digit(form.high));
  if (form.kind == Latency::Form::Kind::kLogNormal)
    round = Latency::log_normal(one_digit(form.low), one_digit(form.high));
  if (latency == round) return false;
  latency = round;
  return true;
}

}  // namespace kv::sim
