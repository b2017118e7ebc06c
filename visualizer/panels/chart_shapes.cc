#include "panels/chart_shapes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

constexpr double kMargin = 0.08;  ///< of a linear scale, above the highest value

/// So many buckets make a bin.
std::size_t buckets_in_bin(const Series& series, const TimeAxis& axis, float narrowest,
                           double operations) {
  constexpr double kFewestBins = 12;
  const double bucket = static_cast<double>(axis.pixels_of(series.width()));
  const double by_width = static_cast<double>(narrowest) / bucket;
  std::uint64_t all = 0;
  for (const Bucket& one : series.buckets())
    all += std::uint64_t{one.ok} + one.refused + one.unknown;
  const double each = static_cast<double>(all) / static_cast<double>(series.buckets().size());
  const double by_count = each > 0 ? operations / each : 0;
  const double in_view = static_cast<double>(axis.width()) / bucket;
  const double wanted = std::max(by_width, std::min(by_count, in_view / kFewestBins));
  // So that the times of bins can be told.
  const std::int64_t most_buckets = Recording::kLatest.ns / series.width().ns;
  const auto most = static_cast<double>(most_buckets);
  return static_cast<std::size_t>(round_step(std::clamp(wanted, 1.0, most)));
}

/// "4.6/s", "21/s"
std::string rate_text(double rate) {
  if (rate > 0 && rate < 9.95) {
    const auto tenths = static_cast<std::uint64_t>(std::llround(rate * 10));
    const std::string whole = std::to_string(tenths / 10);
    return tenths % 10 == 0 ? whole + "/s" : whole + "." + std::to_string(tenths % 10) + "/s";
  }
  return sim::grouped(static_cast<std::uint64_t>(std::llround(std::max(0.0, rate)))) + "/s";
}

/// No chart reaches higher: beyond this, neighbours are no longer told apart.
double shown(std::uint64_t level) {
  constexpr std::uint64_t kHighest = 1'000'000'000'000'000;
  return static_cast<double>(std::min(level, kHighest));
}

/// What ended in the second before `at`, or in the last bucket if those are longer. A bucket that
/// `at` is in tells of the future as well, so it doesn't count; nothing: there is none before it.
std::optional<ChartBin> second_before(const Series& series, Instant at) {
  const std::vector<Bucket>& buckets = series.buckets();
  const std::int64_t end = (at - series.origin()).ns / series.width().ns;
  if (buckets.empty() || end <= 0) return std::nullopt;
  const std::int64_t most = std::max<std::int64_t>(1, seconds(1).ns / series.width().ns);
  const std::int64_t begin = std::max<std::int64_t>(0, end - most);
  ChartBin bin{
      series.origin() + series.width() * begin, series.origin() + series.width() * end, {}};
  const auto size = static_cast<std::int64_t>(buckets.size());
  for (std::int64_t i = begin; i < std::min(end, size); ++i)
    bin.sum.merge(buckets[static_cast<std::size_t>(i)]);
  return bin;
}

/// How far the running node that is most behind has to go; nothing without a leader.
std::string lag_text(std::uint64_t lag) {
  return lag == 0 ? "none" : sim::counted(lag, "entry", "entries");
}

double power_of_ten(double exponent) {
  return std::pow(10.0, exponent);
}

}  // namespace

double ChartBin::per_second(std::uint32_t count) const {
  return static_cast<double>(count) * 1e9 / static_cast<double>((to - from).ns);
}

std::vector<ChartBin> chart_bins(const History& history, const TimeAxis& axis, float narrowest,
                                 double operations) {
  const Series& series = history.chronicle().series();
  const std::vector<Bucket>& buckets = series.buckets();
  std::vector<ChartBin> bins;
  if (buckets.empty()) return bins;
  const std::size_t together = buckets_in_bin(series, axis, narrowest, operations);
  const Duration width = series.width() * static_cast<std::int64_t>(together);
  const Instant end = history.recording().end_time();
  const std::int64_t passed = std::max<std::int64_t>(0, (axis.span().from - series.origin()).ns);
  for (std::int64_t i = passed / width.ns;; ++i) {
    const std::size_t begin = static_cast<std::size_t>(i) * together;
    const Instant from = series.origin() + width * i;
    if (begin >= buckets.size() || from > axis.span().to) return bins;
    const Instant to = std::clamp(end, from + nanoseconds(1), from + width);
    // One that has only begun would have rates of mere chance: it goes to the one before.
    const bool apart = bins.empty() || to - from >= width / 2;
    if (apart) bins.push_back({from, to, {}});
    bins.back().to = to;
    for (std::size_t j = begin; j < std::min(begin + together, buckets.size()); ++j)
      bins.back().sum.merge(buckets[j]);
  }
}

const ChartBin* bin_at(const std::vector<ChartBin>& bins, Instant at) {
  const auto after = std::partition_point(bins.begin(), bins.end(),
                                          [&](const ChartBin& bin) { return bin.from <= at; });
  if (after == bins.begin()) return nullptr;
  const ChartBin& bin = *std::prev(after);
  return at <= bin.to ? &bin : nullptr;
}

bool has_operations(const Series& series) {
  return std::any_of(series.buckets().begin(), series.buckets().end(), [](const Bucket& bucket) {
    return bucket.ok > 0 || bucket.refused > 0 || bucket.unknown > 0;
  });
}

ValueScale ValueScale::linear(double least, double most) {
  CHECK(least < most);
  ValueScale scale;
  const double margin = (most - least) * kMargin;
  scale.least_ = least < 0 ? least - margin : least;
  scale.most_ = most + margin;
  return scale;
}

ValueScale ValueScale::logarithmic(Duration least, Duration most) {
  const auto exponent = [](Duration span) {
    return std::log10(static_cast<double>(std::max<std::int64_t>(1, span.ns)));
  };
  ValueScale scale;
  scale.logarithmic_ = true;
  scale.least_ = std::floor(exponent(least));
  scale.most_ = std::max(scale.least_ + 1, std::ceil(exponent(most)));
  return scale;
}

float ValueScale::y(double value, const Area& area) const {
  const double place = logarithmic_ ? std::log10(std::max(1.0, value)) : value;
  const double share = std::clamp((place - least_) / (most_ - least_), 0.0, 1.0);
  return area.to.y - static_cast<float>(share) * area.height();
}

std::vector<ValueTick> ValueScale::ticks(const Area& area, float gap) const {
  const double room = std::max(1.0, static_cast<double>(area.height() / gap));
  const double least_step = std::max(1.0, (most_ - least_) / room);
  const auto step = static_cast<double>(logarithmic_ ? std::llround(std::ceil(least_step))
                                                     : round_step(least_step));
  std::vector<ValueTick> ticks;
  const auto first = std::llround(std::ceil(least_ / step));
  const auto last = std::llround(std::floor(most_ / step));
  for (std::int64_t i = first; i <= last; ++i) {
    const double at = static_cast<double>(i) * step;
    if (logarithmic_) {
      const Duration span{std::llround(power_of_ten(at))};
      ticks.push_back({static_cast<double>(span.ns), sim::span_text(span)});
    } else {
      ticks.push_back({at, sim::grouped(static_cast<std::uint64_t>(std::llround(std::abs(at))))});
    }
  }
  return ticks;
}

ValueScale throughput_scale(const std::vector<ChartBin>& bins) {
  double most = 1;
  double least = 0;
  for (const ChartBin& bin : bins) {
    most = std::max(most, bin.per_second(bin.sum.ok));
    least = std::min(least, -bin.per_second(bin.sum.refused + bin.sum.unknown));
  }
  return ValueScale::linear(least, most);
}

ValueScale latency_scale(const std::vector<ChartBin>& bins) {
  std::optional<Duration> least;
  std::optional<Duration> most;
  for (const ChartBin& bin : bins) {
    const std::optional<Duration> middle = bin.sum.latency.quantile(0.5);
    const std::optional<Duration> high = bin.sum.latency.quantile(0.99);
    if (middle && (!least || *middle < *least)) least = middle;
    if (high && (!most || *high > *most)) most = high;
  }
  return ValueScale::logarithmic(least.value_or(milliseconds(1)), most.value_or(milliseconds(10)));
}

ValueScale lag_scale(const std::vector<ChartBin>& bins) {
  std::uint64_t most = 1;
  for (const ChartBin& bin : bins) most = std::max(most, bin.sum.lag);
  return ValueScale::linear(0, shown(most));
}

ValueScale term_scale(const std::vector<ChartBin>& bins) {
  if (bins.empty()) return ValueScale::linear(0, 1);
  Term least = bins.front().sum.term;
  Term most = least;
  for (const ChartBin& bin : bins) {
    least = std::min(least, bin.sum.term);
    most = std::max(most, bin.sum.term);
  }
  const double low = shown(least);
  // A little below the least, so that a term that stays is not on the edge.
  return ValueScale::linear(low - 0.2, std::max(shown(most), low + 1));
}

std::vector<Run> quantile_runs(const std::vector<ChartBin>& bins, double share,
                               const TimeAxis& axis, const ValueScale& scale, const Area& area) {
  std::vector<Run> runs;
  Run run;
  const auto end = [&](Instant at) {
    if (run.empty()) return;
    run.push_back({axis.x(at), run.back().y});
    runs.push_back(std::exchange(run, {}));
  };
  for (const ChartBin& bin : bins) {
    const std::optional<Duration> value = bin.sum.latency.quantile(share);
    if (!value) {
      end(bin.from);
      continue;
    }
    const float y = scale.y(static_cast<double>(value->ns), area);
    if (run.empty()) run.push_back({axis.x(bin.from), y});
    run.push_back({(axis.x(bin.from) + axis.x(bin.to)) / 2, y});
  }
  if (!bins.empty()) end(bins.back().to);
  return runs;
}

std::string throughput_words(const ChartBin& bin) {
  std::string words = rate_text(bin.per_second(bin.sum.ok));
  if (bin.sum.refused > 0) words += ", refused " + rate_text(bin.per_second(bin.sum.refused));
  if (bin.sum.unknown > 0) words += ", unknown " + rate_text(bin.per_second(bin.sum.unknown));
  return words;
}

std::string latency_words(const ChartBin& bin) {
  const std::optional<Duration> middle = bin.sum.latency.quantile(0.5);
  const std::optional<Duration> high = bin.sum.latency.quantile(0.99);
  if (!middle || !high) return {};
  return "p50 " + sim::span_text(*middle) + ", p99 " + sim::span_text(*high);
}

std::string lag_words(const ChartBin& bin) {
  return lag_text(bin.sum.lag);
}

std::string term_words(const ChartBin& bin) {
  return sim::grouped(bin.sum.term);
}

ChartFigures figures_at(const Series& series, const Moment& moment) {
  constexpr const char* kNone = "–";
  ChartFigures figures{kNone, kNone, kNone, sim::grouped(moment.latest_term())};
  if (const auto bin = second_before(series, moment.at)) {
    figures.throughput = throughput_words(*bin);
    const std::string latency = latency_words(*bin);
    if (!latency.empty()) figures.latency = latency;
  }
  if (const auto lag = moment.lag()) figures.lag = lag_text(*lag);
  return figures;
}

}  // namespace kv::viz
