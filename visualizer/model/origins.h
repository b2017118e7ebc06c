#pragma once

#include <cstddef>
#include <vector>

#include "model/lookback.h"

namespace kv::viz {

/// A record that another one came of.
struct Origin {
  std::size_t position{0};
  bool further{true};  ///< false: what it came of itself leads too far away
};

/// What the record at `position` came of at first hand, as far as `past` reaches.
std::vector<Origin> origins_of(Lookback& past, std::size_t position);

}  // namespace kv::viz
