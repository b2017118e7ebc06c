#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "core/rng.h"
#include "core/types.h"

namespace kv::sim {

/// A distribution of delays, kept as a table of quantiles with straight lines between them, so that
/// every kind is drawn in the same few integer operations and gives the same numbers on every
/// machine. A value; cheap to copy when constant.
class Latency {
 public:
  /// A measured quantile: `per_million` of all delays are at most `delay`.
  struct Quantile {
    std::uint32_t per_million{0};
    Duration delay{};
  };

  /// The way of making one that gives it back.
  struct Form {
    enum class Kind : std::uint8_t { kConstant, kUniform, kLogNormal, kTwoMode, kMeasured };
    Kind kind{Kind::kConstant};
    Duration low{};   ///< or the constant, p50, the usual one
    Duration high{};  ///< or p99, the rare one
    std::uint32_t rare_per_million{0};
    std::vector<Quantile> quantiles{};  ///< of measured ones
  };

  Latency() = default;  ///< always zero
  static Latency constant(Duration delay);
  /// 0 <= low <= high
  static Latency uniform(Duration low, Duration high);
  /// The log-normal distribution with this median and 99th percentile, cut at the 0.01st and the
  /// 99.99th. 0 < p50 <= p99. Ends at 73 years.
  static Latency log_normal(Duration p50, Duration p99);
  /// `usual`, but `rare` for `rare_per_million` of all draws, at most 1,000,000.
  static Latency two_mode(Duration usual, Duration rare, std::uint32_t rare_per_million);
  /// Measured ones, at least one, ascending in both fields (delays may be equal); before the first
  /// and behind the last one the line is flat. An Error says which one is out of order.
  static Result<Latency> from_quantiles(const std::vector<Quantile>& quantiles);

  /// Uses exactly one number of `rng`, none when constant.
  Duration draw(Rng& rng) const;
  /// The delay that `per_million` of all draws don't exceed; at most 1,000,000.
  Duration quantile(std::uint32_t per_million) const;
  /// Every delay times `factor`, which is not negative (a slow disk). Ends at 73 years.
  Latency scaled(std::int64_t factor) const;
  Form form() const;
  friend bool operator==(const Latency&, const Latency&) = default;

 private:
  /// A straight line from `low` to `low + rise`, over positions [begin, begin + width). A position
  /// is a share of all draws in 4096ths of a millionth, so that it fits into 32 bits.
  struct Piece {
    std::uint32_t begin{0};
    std::uint32_t width{0};
    std::uint64_t inverse_width{0};  ///< 2^64 / width
    Duration low{};
    Duration rise{};
    friend bool operator==(const Piece&, const Piece&) = default;
  };

  /// Goes on to the share `end_per_million`; nothing if that's where the last piece ended.
  void add_piece(std::uint32_t end_per_million, Duration low, Duration high);
  const Piece& piece_at(std::uint32_t position) const;

  std::vector<Piece> pieces_{};  ///< cover all positions, ascending; empty: constant
  Duration constant_{};
  Duration p99_{};  ///< that a log-normal one was made from, else zero
};

}  // namespace kv::sim
