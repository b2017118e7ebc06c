#include "model/series.h"

#include <algorithm>
#include <cmath>

namespace kv::viz {

void LatencyHistogram::add(Duration latency, std::uint32_t count) {
  const double us = static_cast<double>(latency.ns) / 1e3;
  const double step = us <= 1 ? 0 : std::floor(2 * std::log2(us));
  const auto last = static_cast<double>(counts_.size() - 1);
  counts_[static_cast<std::size_t>(std::min(step, last))] += count;
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

std::optional<Duration> LatencyHistogram::quantile(double share) const {
  std::uint64_t total = 0;
  for (const std::uint32_t count : counts_) total += count;
  if (total == 0) return std::nullopt;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(total));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::size_t step = 0;
  for (std::uint64_t seen = counts_[0]; seen < rank; seen += counts_[step]) ++step;
  // The middle of the step, as ratios go.
  const double us = std::exp2((static_cast<double>(step) + 0.5) / 2);
  return Duration{std::llround(us * 1e3)};
}

void Bucket::merge(const Bucket& other) {
  ok += other.ok;
  refused += other.refused;
  unknown += other.unknown;
  messages += other.messages;
  latency.merge(other.latency);
  lag = std::max(lag, other.lag);
  term = std::max(term, other.term);
}

Bucket& Series::at(Instant at) {
  if (!begun_) {
    begun_ = true;
    origin_ = at;
  }
  const auto place = [&] {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, (at - origin_).ns / width_.ns));
  };
  while (place() >= kMostBuckets) halve();
  Bucket fresh;
  fresh.lag = lag_;
  fresh.term = term_;
  if (place() >= buckets_.size()) buckets_.resize(place() + 1, fresh);
  return buckets_[place()];
}

void Series::set_lag(Instant at, std::uint64_t lag) {
  Bucket& bucket = this->at(at);
  bucket.lag = std::max(bucket.lag, lag);
  lag_ = lag;
}

void Series::set_term(Instant at, Term term) {
  Bucket& bucket = this->at(at);
  bucket.term = std::max(bucket.term, term);
  term_ = term;
}

void Series::halve() {
  for (std::size_t i = 0; i < buckets_.size(); i += 2) {
    Bucket merged = buckets_[i];
    if (i + 1 < buckets_.size()) merged.merge(buckets_[i + 1]);
    buckets_[i / 2] = merged;
  }
  buckets_.resize((buckets_.size() + 1) / 2);
  width_ = width_ * 2;
}

}  // namespace kv::viz
