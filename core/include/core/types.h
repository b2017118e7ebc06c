#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace kv {

/// A member of the cluster: its 1-based position in the list of node names in alphabetical order,
/// the same on every node. 0 means "none".
using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0;

/// Logical epoch with at most one leader (Raft paper §5.1). Only grows. The first one is 0.
using Term = std::uint64_t;

/// 1-based position in the replicated log; 0 is "before the first entry".
using LogIndex = std::uint64_t;

/// Numbers the durable writes that a replica asks for, from 1, without gaps.
using WriteId = std::uint64_t;

/// Drawn at random when a data directory is created, so that a member whose disk was wiped is told
/// apart from the one that its peers knew. 0 means "not known".
using Incarnation = std::uint64_t;

/// A span of time in nanoseconds.
struct Duration {
  std::int64_t ns{0};
  friend constexpr bool operator==(Duration, Duration) = default;
  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  friend constexpr Duration operator*(Duration a, std::int64_t factor) { return {a.ns * factor}; }
  friend constexpr Duration operator/(Duration a, std::int64_t divisor) { return {a.ns / divisor}; }
};

constexpr Duration nanoseconds(std::int64_t count) {
  return {count};
}
constexpr Duration microseconds(std::int64_t count) {
  return {count * 1'000};
}
constexpr Duration milliseconds(std::int64_t count) {
  return {count * 1'000'000};
}
constexpr Duration seconds(std::int64_t count) {
  return {count * 1'000'000'000};
}

/// A point on the driver's monotonic clock, in nanoseconds since an origin that means nothing.
struct Instant {
  std::int64_t ns{0};
  friend constexpr bool operator==(Instant, Instant) = default;
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant at, Duration span) { return {at.ns + span.ns}; }
  friend constexpr Instant operator-(Instant at, Duration span) { return {at.ns - span.ns}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};

enum class Role : std::uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };
std::string_view to_string(Role role);

/// When a client's write is answered OK.
enum class AckMode : std::uint8_t {
  kMajority,  ///< durable on a majority and applied
  kPrimary,   ///< durable on the primary alone: can be lost in a failover
  kAll,       ///< durable on every member and applied
};
std::string_view to_string(AckMode mode);

/// How the leader makes sure, before it answers a read, that it still leads.
enum class ReadMode : std::uint8_t {
  kReadIndex,  ///< a majority confirms it after the read came; no clock is trusted
  kLease,      ///< mostly without a word, while followers owe it their promise (lease_length())
};
std::string_view to_string(ReadMode mode);

}  // namespace kv
