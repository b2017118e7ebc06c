#include "netsim/report_layout.h"

#include <algorithm>

namespace kv::sim {
namespace {

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::string with_decimals(std::int64_t amount, std::int64_t unit, int decimals) {
  std::string text = std::to_string(amount / unit);
  std::int64_t rest = amount % unit;
  if (decimals > 0) text += '.';
  for (; decimals > 0; --decimals) {
    rest *= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string time_text(Instant at) {
  return with_decimals(at.ns, seconds(1).ns, 3) + " s";
}

std::string span_text(Duration span) {
  struct Unit {
    std::int64_t ns{0};
    std::string_view name{};
  };
  constexpr Unit kUnits[] = {{1'000'000'000, " s"}, {1'000'000, " ms"}, {1'000, " us"}};
  for (const Unit& unit : kUnits) {
    if (span.ns < unit.ns) continue;
    const int decimals = span.ns >= unit.ns * 100 ? 0 : span.ns >= unit.ns * 10 ? 1 : 2;
    std::string text = with_decimals(span.ns, unit.ns, decimals);
    while (decimals > 0 && text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text + std::string(unit.name);
  }
  return span.ns == 0 ? "0 s" : std::to_string(span.ns) + " ns";
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return grouped(number) + " " + std::string(number == 1 ? one : many);
}

std::string hash_text(std::uint64_t hash) {
  std::string text(16, '0');
  for (std::size_t i = 16; i > 0; --i, hash >>= 4) text[i - 1] = "0123456789abcdef"[hash & 15];
  return text;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = columns_of(text);
  return std::string(text) + std::string(width > used ? width - used : 0, ' ');
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t used = columns_of(text);
  return std::string(width > used ? width - used : 0, ' ') + std::string(text);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  std::size_t column = indent;
  bool line_empty = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t columns = columns_of(word);
    if (!line_empty && column + 1 + columns > width) {
      result += '\n' + std::string(indent, ' ');
      column = indent;
      line_empty = true;
    }
    if (!line_empty) {
      result += ' ';
      ++column;
    }
    result += word;
    column += columns;
    line_empty = false;
  }
  return result;
}

std::string one_line(std::string_view bytes, std::size_t most) {
  std::string text;
  std::size_t columns = 0;
  for (const char c : bytes) {
    if (starts_character(c) && ++columns > most) return text + "…";
    const auto code = static_cast<unsigned char>(c);
    text += code < 0x20 || code == 0x7F ? '?' : c;
  }
  return text;
}

}  // namespace kv::sim
