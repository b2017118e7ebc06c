#include "core/rng.h"

#include "core/check.h"
#include "core/hash.h"

namespace kv {
namespace {

std::uint64_t rotate_left(std::uint64_t value, int bits) {
  return (value << bits) | (value >> (64 - bits));
}

/// SplitMix64: spreads a seed over the state, as the authors of xoshiro advise.
std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed) : seed_(seed) {
  for (std::uint64_t& word : state_) word = split_mix(seed);
}

std::uint64_t Rng::next() {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  CHECK(bound > 0);
  // The lowest 2^64 mod bound numbers are drawn again: what remains is a multiple of bound.
  const std::uint64_t rejected = (0 - bound) % bound;
  std::uint64_t drawn = next();
  while (drawn < rejected) drawn = next();
  return drawn % bound;
}

Duration Rng::between(Duration low, Duration high) {
  CHECK(low <= high);
  const auto base = static_cast<std::uint64_t>(low.ns);
  const std::uint64_t count = static_cast<std::uint64_t>(high.ns) - base + 1;
  const std::uint64_t drawn = count == 0 ? next() : below(count);
  return nanoseconds(static_cast<std::int64_t>(base + drawn));
}

Rng Rng::fork(std::string_view name) const {
  return Rng(hash64(name, seed_));
}

}  // namespace kv
