#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/types.h"

namespace kv::viz {

/// How long answers took: counts by powers of the square root of two, from 1 us on.
class LatencyHistogram {
 public:
  void add(Duration latency, std::uint32_t count = 1);
  void merge(const LatencyHistogram& other);
  /// `share` of 0 to 1; nothing: it is empty. Precise to a factor of 1.2.
  std::optional<Duration> quantile(double share) const;

 private:
  std::array<std::uint32_t, 56> counts_{};
};

/// What happened within a bucket's time.
struct Bucket {
  std::uint32_t ok{0};
  std::uint32_t refused{0};
  std::uint32_t unknown{0};
  std::uint32_t messages{0};
  LatencyHistogram latency{};
  std::uint64_t lag{0};  ///< the most, see Moment::lag()
  Term term{0};          ///< the latest

  /// With what happened in the other one.
  void merge(const Bucket& other);
};

/// Measurements over time in a bounded number of buckets: when there are too many, two become one.
/// The first bucket begins at origin().
class Series {
 public:
  static constexpr std::size_t kMostBuckets = 2048;

  Instant origin() const { return origin_; }
  Duration width() const { return width_; }
  const std::vector<Bucket>& buckets() const { return buckets_; }
  /// The bucket of this time, the first one for times before origin(): made where it is missing.
  /// The first call sets the origin.
  Bucket& at(Instant at);
  /// Levels, which hold until they are told anew: buckets made from now on begin with them.
  void set_lag(Instant at, std::uint64_t lag);
  void set_term(Instant at, Term term);

 private:
  void halve();

  bool begun_{false};
  Instant origin_{};
  Duration width_{milliseconds(5)};
  std::vector<Bucket> buckets_{};
  std::uint64_t lag_{0};
  Term term_{0};
};

}  // namespace kv::viz
