#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kv {

/// A number in decimal digits: sums are exact, and the same on every machine. Up to 309 digits
/// before the point, as a double may have, and 40 behind it.
class Decimal {
 public:
  /// "-12", "+.5", "3.", "1e-7"; digits beyond the 40th behind the point don't count. Nothing when
  /// it is no number or has too many digits before the point.
  static std::optional<Decimal> parse(std::string_view text);
  /// Nothing: too many digits before the point.
  static std::optional<Decimal> sum(const Decimal& a, const Decimal& b);
  /// Rounded to 17 places (half away from zero), without zeros at the end and without exponent.
  std::string text() const;

 private:
  static constexpr std::size_t kWhole = 309;
  static constexpr std::size_t kPlaces = 40;
  static constexpr std::size_t kPrinted = 17;
  using Digits = std::array<std::uint8_t, kWhole + kPlaces>;

  static bool add(Digits& to, const Digits& digits, std::size_t last);
  static void subtract(Digits& from, const Digits& digits);
  bool put_digit(char digit, std::int64_t power);

  bool negative_{false};
  Digits digits_{};  ///< from the highest on
};

/// "inf", "-Infinity" …, in any case of letters.
bool is_infinity(std::string_view text);

}  // namespace kv
