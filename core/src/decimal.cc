#include "decimal.h"

#include <algorithm>

namespace kv {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool take_sign(std::string_view& text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  return negative;
}

/// The number in all of `text`; nothing if it is none. A huge one stays huge.
std::optional<std::int64_t> parse_exponent(std::string_view text) {
  constexpr std::int64_t kHuge = 1'000'000'000;
  const bool negative = take_sign(text);
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    sum = std::min(sum * 10 + (c - '0'), kHuge);
  }
  return negative ? -sum : sum;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal number;
  number.negative_ = take_sign(text);
  const std::size_t mark = text.find_first_of("eE");
  std::int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    const std::optional<std::int64_t> parsed = parse_exponent(text.substr(mark + 1));
    if (!parsed) return std::nullopt;
    exponent = *parsed;
  }
  const std::string_view mantissa = text.substr(0, mark);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view places =
      point == mantissa.size() ? std::string_view() : mantissa.substr(point + 1);
  if (whole.empty() && places.empty()) return std::nullopt;
  std::int64_t power = static_cast<std::int64_t>(whole.size()) + exponent;
  for (const std::string_view part : {whole, places}) {
    for (const char c : part) {
      if (!is_digit(c) || !number.put_digit(c, --power)) return std::nullopt;
    }
  }
  return number;
}

/// False: it has no place in front of the point.
bool Decimal::put_digit(char digit, std::int64_t power) {
  if (digit == '0' || power < -static_cast<std::int64_t>(kPlaces)) return true;
  if (power >= static_cast<std::int64_t>(kWhole)) return false;
  const auto place = static_cast<std::size_t>(static_cast<std::int64_t>(kWhole) - 1 - power);
  digits_[place] = static_cast<std::uint8_t>(digit - '0');
  return true;
}

/// Digits up to `last`. False: the sum has too many digits.
bool Decimal::add(Digits& to, const Digits& digits, std::size_t last) {
  int carry = 0;
  for (std::size_t i = last + 1; i-- > 0;) {
    const int sum = to[i] + digits[i] + carry;
    to[i] = static_cast<std::uint8_t>(sum % 10);
    carry = sum / 10;
  }
  return carry == 0;
}

/// `digits` is not larger than `from`.
void Decimal::subtract(Digits& from, const Digits& digits) {
  int borrowed = 0;
  for (std::size_t i = from.size(); i-- > 0;) {
    const int difference = from[i] - digits[i] - borrowed;
    borrowed = difference < 0 ? 1 : 0;
    from[i] = static_cast<std::uint8_t>(difference + 10 * borrowed);
  }
}

std::optional<Decimal> Decimal::sum(const Decimal& a, const Decimal& b) {
  if (a.digits_ < b.digits_) return sum(b, a);
  Decimal result = a;
  if (a.negative_ != b.negative_) {
    subtract(result.digits_, b.digits_);
  } else if (!add(result.digits_, b.digits_, b.digits_.size() - 1)) {
    return std::nullopt;
  }
  return result;
}

std::string Decimal::text() const {
  Digits rounded = digits_;
  const std::size_t last = kWhole + kPrinted - 1;
  if (rounded[last + 1] >= 5) {
    Digits one{};
    one[last] = 1;
    // All nines up to there: the digits that are cut are less than what the bound leaves open.
    if (!add(rounded, one, last)) rounded = digits_;
  }
  std::string out;
  for (std::size_t i = 0; i <= last; ++i) {
    if (i == kWhole) out.push_back('.');
    if (out.empty() && rounded[i] == 0 && i + 1 < kWhole) continue;
    out.push_back(static_cast<char>('0' + rounded[i]));
  }
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return negative_ && out != "0" ? "-" + out : out;
}

bool is_infinity(std::string_view text) {
  take_sign(text);
  std::string lower(text.substr(0, 9));
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower == "inf" || lower == "infinity";
}

}  // namespace kv
