#include "wall_clock.h"

#include <cerrno>
#include <ctime>

namespace kv::sim {

Instant wall_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant{std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec};
}

void sleep_until_wall(Instant at) {
  const timespec due{at.ns / 1'000'000'000, at.ns % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr) == EINTR) {
  }
}

}  // namespace kv::sim
