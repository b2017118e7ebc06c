#include "core/duration_text.h"

#include <array>
#include <charconv>
#include <limits>

namespace kv {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};

// From large to small: to_text() takes the first that divides.
constexpr std::array<Unit, 5> kUnits{
    {{"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

Error malformed(std::string_view text, std::string_view what) {
  return Error{"'" + std::string(text) + "' is no duration: " + std::string(what) +
               ". Write a whole number and a unit (ns, us, ms, s, m), for example 250ms or 2s."};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, count);
  if (text.empty()) return malformed(text, "it is empty");
  if (text.front() == '-') return malformed(text, "it can't be negative");
  if (problem == std::errc::result_out_of_range) return malformed(text, "the number is too large");
  if (problem != std::errc{}) return malformed(text, "it must begin with a number");
  const std::string_view unit_name(rest, static_cast<std::size_t>(end - rest));
  if (unit_name.empty()) return malformed(text, "the unit is missing");
  if (unit_name.front() == '.') return malformed(text, "only whole numbers are understood");
  for (const Unit& unit : kUnits) {
    if (unit.name != unit_name) continue;
    if (count > std::numeric_limits<std::int64_t>::max() / unit.ns) {
      return malformed(text, "the number is too large");
    }
    return Duration{count * unit.ns};
  }
  return malformed(text, "'" + std::string(unit_name) + "' is no unit");
}

Result<DurationRange> parse_duration_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    return Error{"'" + std::string(text) +
                 "' is no range of durations: write the smallest and the largest with '..' between "
                 "them, for example 5s..8s."};
  }
  const Result<Duration> min = parse_duration(text.substr(0, dots));
  if (!min) return Error{"in '" + std::string(text) + "': " + min.error().message};
  const Result<Duration> max = parse_duration(text.substr(dots + 2));
  if (!max) return Error{"in '" + std::string(text) + "': " + max.error().message};
  if (*min > *max) {
    return Error{"'" + std::string(text) + "' runs backwards: write the smaller one first, " +
                 to_text(DurationRange{*max, *min}) + "."};
  }
  return DurationRange{*min, *max};
}

std::string to_text(Duration duration) {
  if (duration.ns == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (duration.ns % unit.ns == 0) {
      return std::to_string(duration.ns / unit.ns) + std::string(unit.name);
    }
  }
  return std::to_string(duration.ns) + "ns";
}

std::string to_text(DurationRange range) {
  return to_text(range.min) + ".." + to_text(range.max);
}

}  // namespace kv
