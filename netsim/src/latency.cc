#include "netsim/latency.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <string>

#include "core/check.h"
#include "core/duration_text.h"

namespace kv::sim {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr std::uint32_t kPositionsPerMillionth = 4096;
constexpr std::uint32_t kPositions = kMillion * kPositionsPerMillionth;
/// 73 years: added to any time of a run, it still fits.
constexpr Duration kLongest{std::int64_t{1} << 61};

/// Where the standard normal distribution reaches a share of all draws. Denser in the tail, where
/// it bends most once it is raised to a power; between two of these a line is off by 1 % at most.
struct NormalQuantile {
  std::uint32_t per_million{0};
  std::int64_t millionths{0};
};
constexpr auto kUpperNormal = std::to_array<NormalQuantile>(
    {{500'000, 0},         {550'000, 125'661},   {600'000, 253'347},   {650'000, 385'320},
     {700'000, 524'401},   {750'000, 674'490},   {800'000, 841'621},   {840'000, 994'458},
     {870'000, 1'126'391}, {900'000, 1'281'552}, {920'000, 1'405'072}, {940'000, 1'554'774},
     {950'000, 1'644'854}, {960'000, 1'750'686}, {970'000, 1'880'794}, {980'000, 2'053'749},
     {985'000, 2'170'090}, {990'000, 2'326'348}, {992'000, 2'408'916}, {994'000, 2'512'144},
     {995'500, 2'612'054}, {997'000, 2'747'781}, {998'000, 2'878'162}, {998'500, 2'967'738},
     {999'000, 3'090'232}, {999'300, 3'194'651}, {999'500, 3'290'527}, {999'700, 3'431'614},
     {999'800, 3'540'084}, {999'900, 3'719'016}});
constexpr std::int64_t kNormal99 = 2'326'348;

constexpr std::uint64_t kOne = std::uint64_t{1} << 32;  ///< 1 in fractions of 32 bits

/// value * fraction / 2^32, rounded; fraction <= 2^32.
std::uint64_t multiply(std::uint64_t value, std::uint64_t fraction) {
  const std::uint64_t low = (value & (kOne - 1)) * fraction + kOne / 2;
  return (value >> 32) * fraction + (low >> 32);
}

/// In 2^-32ths. Squaring doubles the logarithm, so each square shows its next binary digit.
std::int64_t log2_of(Duration delay) {
  const auto value = static_cast<std::uint64_t>(delay.ns);
  const int leading_zeros = std::countl_zero(value);
  CHECK(leading_zeros < 64);
  std::uint64_t mantissa = (value << leading_zeros) >> 32;  // 2^31 stands for 1
  std::uint64_t digits = 0;
  for (int i = 0; i < 32; ++i) {
    mantissa = (mantissa * mantissa) >> 31;
    const std::uint64_t digit = mantissa >> 32;
    mantissa >>= digit;
    digits = digits << 1 | digit;
  }
  return (std::int64_t{63 - leading_zeros} << 32) + static_cast<std::int64_t>(digits);
}

/// 2^fraction - 1, both in 2^-32ths; fraction < 2^32. Taylor's series of e^(fraction * ln 2).
std::uint64_t exp2_minus_one(std::uint64_t fraction) {
  constexpr std::uint64_t kLn2 = 2'977'044'472;
  const std::uint64_t x = (fraction * kLn2) >> 32;
  std::uint64_t sum = 0;
  std::uint64_t term = kOne;
  for (std::uint64_t k = 1; term > 0; ++k) {
    term = ((term * x) >> 32) / k;
    sum += term;
  }
  return sum;
}

/// delay * 2^exponent, the exponent in 2^-32ths.
Duration times_power_of_two(Duration delay, std::int64_t exponent) {
  const std::int64_t whole = exponent >> 32;
  const auto fraction = static_cast<std::uint64_t>(exponent) & (kOne - 1);
  auto value = static_cast<std::uint64_t>(delay.ns);
  if (whole >= 0) {
    if (static_cast<std::int64_t>(std::bit_width(value)) + whole > 60) return kLongest;
    value <<= whole;
    return {static_cast<std::int64_t>(value + multiply(value, exp2_minus_one(fraction)))};
  }
  if (whole < -63) return {};
  value += multiply(value, exp2_minus_one(fraction));
  return {static_cast<std::int64_t>(((value >> (-whole - 1)) + 1) >> 1)};
}

std::string text_of(const Latency::Quantile& quantile) {
  return to_text(quantile.delay) + " at " + std::to_string(quantile.per_million) + " per million";
}

}  // namespace

Latency Latency::constant(Duration delay) {
  CHECK(delay >= Duration{});
  Latency latency;
  latency.constant_ = delay;
  return latency;
}

Latency Latency::uniform(Duration low, Duration high) {
  Latency latency;
  latency.add_piece(kMillion, low, high);
  return latency;
}

Latency Latency::log_normal(Duration p50, Duration p99) {
  CHECK(Duration{} < p50 && p50 <= p99 && p99 <= kLongest);
  const std::int64_t log2_ratio = log2_of(p99) - log2_of(p50);
  const auto delay_at = [&](std::int64_t normal) {
    return times_power_of_two(p50, normal * log2_ratio / kNormal99);
  };
  Latency latency;
  Duration before = delay_at(-kUpperNormal.back().millionths);
  const auto add = [&](std::uint32_t per_million, std::int64_t normal) {
    const Duration delay = delay_at(normal);
    latency.add_piece(per_million, before, delay);
    before = delay;
  };
  for (std::size_t i = kUpperNormal.size(); --i > 0;) {
    add(kMillion - kUpperNormal[i].per_million, -kUpperNormal[i].millionths);
  }
  for (const NormalQuantile& quantile : kUpperNormal) {
    add(quantile.per_million, quantile.millionths);
  }
  latency.add_piece(kMillion, before, before);
  latency.p99_ = p99;
  return latency;
}

Latency Latency::two_mode(Duration usual, Duration rare, std::uint32_t rare_per_million) {
  CHECK(rare_per_million <= kMillion);
  const bool ascending = usual <= rare;
  Latency latency;
  const Duration low = ascending ? usual : rare;
  const Duration high = ascending ? rare : usual;
  latency.add_piece(ascending ? kMillion - rare_per_million : rare_per_million, low, low);
  latency.add_piece(kMillion, high, high);
  return latency;
}

Result<Latency> Latency::from_quantiles(const std::vector<Quantile>& quantiles) {
  if (quantiles.empty()) return Error{"measured quantiles: there is none; give at least one."};
  Latency latency;
  Quantile before{0, quantiles.front().delay};
  for (const Quantile& quantile : quantiles) {
    if (quantile.delay < Duration{} || quantile.per_million > kMillion) {
      return Error{"measured quantiles: " + text_of(quantile) +
                   " makes no sense; give delays from 0 on, at 0 to 1000000 per million."};
    }
    const bool first = &quantile == &quantiles.front();
    const bool ascends =
        quantile.per_million > before.per_million && quantile.delay >= before.delay;
    if (!first && !ascends) {
      return Error{"measured quantiles: " + text_of(quantile) + " is out of order behind " +
                   text_of(before) + "; list them so that both numbers ascend."};
    }
    latency.add_piece(quantile.per_million, before.delay, quantile.delay);
    before = quantile;
  }
  latency.add_piece(kMillion, before.delay, before.delay);
  return latency;
}

Duration Latency::draw(Rng& rng) const {
  if (pieces_.empty()) return constant_;
  const auto position = static_cast<std::uint32_t>(((rng.next() >> 32) * kPositions) >> 32);
  const Piece& piece = piece_at(position);
  const std::uint64_t fraction = ((position - piece.begin) * piece.inverse_width) >> 32;
  const std::uint64_t rise = multiply(static_cast<std::uint64_t>(piece.rise.ns), fraction);
  return {piece.low.ns + static_cast<std::int64_t>(rise)};
}

Duration Latency::quantile(std::uint32_t per_million) const {
  CHECK(per_million <= kMillion);
  if (pieces_.empty()) return constant_;
  if (per_million == 0) return pieces_.front().low;
  const std::uint32_t position = per_million * kPositionsPerMillionth;
  const Piece& piece = piece_at(position - 1);
  const std::uint64_t offset = position - piece.begin;
  if (offset == piece.width) return piece.low + piece.rise;
  const std::uint64_t rise =
      multiply(static_cast<std::uint64_t>(piece.rise.ns), (offset * piece.inverse_width) >> 32);
  return {piece.low.ns + static_cast<std::int64_t>(rise)};
}

Latency Latency::scaled(std::int64_t factor) const {
  CHECK(factor >= 0);
  const auto times_factor = [&](Duration delay) {
    return factor > 0 && delay > kLongest / factor ? kLongest : delay * factor;
  };
  Latency latency = *this;
  latency.constant_ = times_factor(constant_);
  latency.p99_ = {};
  for (Piece& piece : latency.pieces_) {
    const Duration high = times_factor(piece.low + piece.rise);
    piece.low = times_factor(piece.low);
    piece.rise = high - piece.low;
  }
  return latency;
}

Latency::Form Latency::form() const {
  using Kind = Form::Kind;
  if (pieces_.empty()) return {Kind::kConstant, constant_, {}, 0, {}};
  if (p99_ > Duration{}) return {Kind::kLogNormal, quantile(kMillion / 2), p99_, 0, {}};
  const Piece& first = pieces_.front();
  const Piece& last = pieces_.back();
  if (pieces_.size() == 1) return {Kind::kUniform, first.low, first.low + first.rise, 0, {}};
  if (pieces_.size() == 2 && first.rise == Duration{} && last.rise == Duration{}) {
    return {Kind::kTwoMode, first.low, last.low, last.width / kPositionsPerMillionth, {}};
  }
  Form measured{Kind::kMeasured, {}, {}, 0, {}};
  if (first.rise > Duration{}) measured.quantiles.push_back({0, first.low});
  for (const Piece& piece : pieces_) {
    // The flat line behind the last quantile needs none of its own.
    if (&piece == &last && piece.rise == Duration{}) break;
    measured.quantiles.push_back(
        {(piece.begin + piece.width) / kPositionsPerMillionth, piece.low + piece.rise});
  }
  return measured;
}

void Latency::add_piece(std::uint32_t end_per_million, Duration low, Duration high) {
  CHECK(Duration{} <= low && low <= high);
  const std::uint32_t begin = pieces_.empty() ? 0 : pieces_.back().begin + pieces_.back().width;
  const std::uint32_t width = end_per_million * kPositionsPerMillionth - begin;
  if (width == 0) return;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  pieces_.push_back(Piece{begin, width, kMax / width, low, high - low});
}

/// Halves what is left without a branch that could be mispredicted.
const Latency::Piece& Latency::piece_at(std::uint32_t position) const {
  const Piece* first = pieces_.data();
  for (std::size_t count = pieces_.size(); count > 1;) {
    const std::size_t half = count / 2;
    first += first[half].begin <= position ? half : 0;
    count -= half;
  }
  return *first;
}

}  // namespace kv::sim
