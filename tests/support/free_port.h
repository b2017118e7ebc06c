#pragma once

#include <cstdint>

namespace kv {

/// A port of 127.0.0.1 on which, with its peer port, nobody listens: below the range from which the
/// system draws ports for outgoing connections. Each call gives another one.
std::uint16_t free_port();

}  // namespace kv
