#include "scenario_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>

#include "core/duration_text.h"
#include "nearest_word.h"

namespace kv::sim {
namespace {

using Kind = LocatedValue::Kind;

constexpr std::uint32_t kMillion = 1'000'000;

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "0.05" is 50000 millionths. Nothing if the text isn't such a number, or not between 0 and 1.
std::optional<std::uint32_t> millionths(std::string_view text) {
  if (text.empty() || (text.front() != '0' && text.front() != '1')) return std::nullopt;
  std::uint32_t sum = text.front() == '1' ? kMillion : 0;
  if (text.size() == 1) return sum;
  const std::string_view decimals = text.substr(2);
  if (text[1] != '.' || decimals.empty() || decimals.size() > 6) return std::nullopt;
  std::uint32_t unit = kMillion / 10;
  for (const char digit : decimals) {
    if (!is_digit(digit)) return std::nullopt;
    sum += unit * static_cast<std::uint32_t>(digit - '0');
    unit /= 10;
  }
  return sum <= kMillion ? std::optional(sum) : std::nullopt;
}

template <typename Integer>
std::optional<Integer> integer_of(std::string_view text) {
  Integer number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

/// "2KiB" is 2048.
std::optional<std::uint64_t> bytes_of(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  constexpr std::array<Unit, 4> kUnits{
      {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}};
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    const auto count = integer_of<std::uint64_t>(text.substr(0, text.size() - unit.name.size()));
    if (!count || *count > std::numeric_limits<std::uint64_t>::max() / unit.bytes) break;
    return *count * unit.bytes;
  }
  return std::nullopt;
}

std::optional<Latency> read_log_normal(const LocatedValue& value, Problems& problems) {
  std::optional<Duration> p50;
  std::optional<Duration> p99;
  const Fields fields(value, object_form("log_normal_latency"), problems);
  fields.take("p50", p50, read_positive_duration);
  fields.take("p99", p99, read_duration);
  if (!p50 || !p99) return std::nullopt;
  if (*p99 < *p50) {
    problems.add(value, "'p99' (" + to_text(*p99) + ") is below 'p50' (" + to_text(*p50) + ")");
    return std::nullopt;
  }
  return Latency::log_normal(*p50, *p99);
}

std::optional<Latency> read_uniform(const LocatedValue& value, Problems& problems) {
  std::optional<Duration> low;
  std::optional<Duration> high;
  const Fields fields(value, object_form("uniform_latency"), problems);
  fields.take("min", low, read_duration);
  fields.take("max", high, read_duration);
  if (!low || !high) return std::nullopt;
  if (*high < *low) {
    problems.add(value, "'max' (" + to_text(*high) + ") is below 'min' (" + to_text(*low) + ")");
    return std::nullopt;
  }
  return Latency::uniform(*low, *high);
}

std::optional<Latency> read_two_mode(const LocatedValue& value, Problems& problems) {
  std::optional<Duration> usual;
  std::optional<Duration> rare;
  std::optional<Chance> share;
  const Fields fields(value, object_form("two_mode_latency"), problems);
  fields.take("usual", usual, read_duration);
  fields.take("rare", rare, read_duration);
  fields.take("rare_share", share, read_chance);
  if (!usual || !rare || !share) return std::nullopt;
  return Latency::two_mode(*usual, *rare, share->per_million);
}

std::optional<Latency> read_measured(const LocatedValue& value, Problems& problems) {
  const Fields fields(value, object_form("measured_latency"), problems);
  const LocatedValue* const table = fields.find("quantiles");
  constexpr std::string_view kWords = "an object such as {\"0.5\": \"1ms\", \"0.99\": \"9ms\"}";
  std::vector<Latency::Quantile> quantiles;
  const auto members = members_of(*table, kWords, problems);
  for (const LocatedValue* const member : members) {
    const std::optional<std::uint32_t> share = millionths(member->key);
    if (!share) {
      problems.add_at_key(*member, "the key " + in_quotes(member->key) +
                                       " is no share from 0 to 1 such as 0.99, with at most six "
                                       "decimals");
    }
    const std::optional<Duration> delay = read_duration(*member, problems);
    if (share && delay) quantiles.push_back({*share, *delay});
  }
  if (quantiles.size() < members.size()) return std::nullopt;
  if (quantiles.empty()) {
    problems.add(*table, expected(kWords, *table));
    return std::nullopt;
  }
  const auto lower = [](const Latency::Quantile& a, const Latency::Quantile& b) {
    return a.per_million < b.per_million;
  };
  std::stable_sort(quantiles.begin(), quantiles.end(), lower);
  Result<Latency> latency = Latency::from_quantiles(quantiles);
  if (latency) return std::move(*latency);
  problems.add(*table, latency.error().message);
  return std::nullopt;
}

}  // namespace

Error Problems::error() const {
  std::vector<Problem> sorted = problems_;
  const auto order = [](const Problem& p) {
    return std::tuple(p.setting == 0, p.setting, p.place.line, p.place.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Problem& a, const Problem& b) { return order(a) < order(b); });
  constexpr std::size_t kMostLines = 100;
  std::string text;
  for (std::size_t i = 0; i < sorted.size() && i < kMostLines; ++i) {
    const Problem& problem = sorted[i];
    const std::string where = problem.setting > 0
                                  ? "--set " + settings_[problem.setting - 1]
                                  : name_ + ":" + std::to_string(problem.place.line) + ":" +
                                        std::to_string(problem.place.column);
    text += (i == 0 ? "" : "\n") + where + ": " + problem.what;
  }
  if (sorted.size() > kMostLines) {
    text += "\n" + name_ + ": and " + std::to_string(sorted.size() - kMostLines) + " more problems";
  }
  return Error{text};
}

std::string describe(const LocatedValue& value) {
  switch (value.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.truth ? "true" : "false";
    case Kind::kNumber:
      return "the number " + value.text.substr(0, 40);
    case Kind::kString:
      return "the text " + in_quotes(value.text);
    case Kind::kArray:
      return value.children.empty() ? "an empty list" : "a list";
    case Kind::kObject:
      return value.children.empty() ? "an empty object" : "an object";
  }
  CHECK(false);
}

std::string expected(std::string_view what, const LocatedValue& found) {
  return "expected " + std::string(what) + ", found " + describe(found);
}

std::optional<std::string> read_text(const LocatedValue& value, Problems& problems) {
  if (value.kind == Kind::kString) return value.text;
  problems.add(value, expected("a text in double quotes", value));
  return std::nullopt;
}

std::optional<bool> read_flag(const LocatedValue& value, Problems& problems) {
  if (value.kind == Kind::kBool) return value.truth;
  problems.add(value, expected("true or false", value));
  return std::nullopt;
}

std::optional<Duration> read_duration(const LocatedValue& value, Problems& problems) {
  if (value.kind != Kind::kString) {
    problems.add(value, expected("a duration such as \"250ms\"", value));
    return std::nullopt;
  }
  const Result<Duration> duration = parse_duration(value.text);
  if (!duration) {
    problems.add(value, duration.error().message);
    return std::nullopt;
  }
  if (*duration <= kLongest) return *duration;
  problems.add(value, in_quotes(value.text) + " is longer than " + to_text(kLongest) +
                          ", the longest time that a scenario may name");
  return std::nullopt;
}

std::optional<Duration> read_positive_duration(const LocatedValue& value, Problems& problems) {
  const std::optional<Duration> duration = read_duration(value, problems);
  if (!duration || *duration > Duration{}) return duration;
  problems.add(value, "a time above 0 is needed here");
  return std::nullopt;
}

std::optional<Instant> read_instant(const LocatedValue& value, Problems& problems) {
  const std::optional<Duration> duration = read_duration(value, problems);
  return duration ? std::optional(Instant{} + *duration) : std::nullopt;
}

std::optional<Latency> read_latency(const LocatedValue& value, Problems& problems) {
  if (value.kind == Kind::kString) {
    const std::optional<Duration> constant = read_duration(value, problems);
    return constant ? std::optional(Latency::constant(*constant)) : std::nullopt;
  }
  const auto has = [&](std::string_view key) { return value.find(key) != nullptr; };
  if (has("p50") || has("p99")) return read_log_normal(value, problems);
  if (has("min") || has("max")) return read_uniform(value, problems);
  if (has("usual") || has("rare") || has("rare_share")) return read_two_mode(value, problems);
  if (has("quantiles")) return read_measured(value, problems);
  problems.add(value, expected("a latency: a duration such as \"20ms\", or an object with p50 and "
                               "p99, with min and max, with usual, rare and rare_share, or with "
                               "quantiles",
                               value));
  return std::nullopt;
}

std::optional<Chance> read_chance(const LocatedValue& value, Problems& problems) {
  if (value.kind == Kind::kNumber) {
    if (const auto share = millionths(value.text)) return Chance{*share};
  }
  problems.add(value,
               expected("a number from 0 to 1 with at most six decimals, such as 0.05", value));
  return std::nullopt;
}

std::optional<std::int64_t> read_ppm(const LocatedValue& value, Problems& problems) {
  if (value.kind == Kind::kNumber) {
    const auto ppm = integer_of<std::int64_t>(value.text);
    if (ppm && *ppm >= -kMostDriftPpm && *ppm <= kMostDriftPpm) return *ppm;
  }
  problems.add(value, expected("a whole number from -500000 to 500000 (parts per million)", value));
  return std::nullopt;
}

std::optional<std::string> read_word(const LocatedValue& value, std::string_view list,
                                     Problems& problems) {
  const WordList& known = word_list(list);
  const bool text = value.kind == Kind::kString;
  const auto end = known.list.end();
  if (text && std::find(known.list.begin(), end, value.text) != end) return value.text;
  const std::string hint = text ? did_you_mean(value.text, known.list) : std::string();
  const bool long_list = known.list.size() > 8;
  const std::string all = long_list && !hint.empty() ? "" : " (" + joined(known.list) + ")";
  problems.add(value, expected(std::string(known.words) + all, value) + hint);
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_words(const LocatedValue& value, std::string_view list,
                                                   Problems& problems) {
  std::vector<std::string> words;
  const WordList& known = word_list(list);
  const auto items = items_of(value, "a list of words (" + joined(known.list) + ")", problems);
  if (items.empty()) return std::nullopt;
  for (const LocatedValue& item : items) {
    std::optional<std::string> word = read_word(item, list, problems);
    if (!word) continue;
    if (std::find(words.begin(), words.end(), *word) != words.end()) {
      problems.add(item, in_quotes(*word) + " is here twice");
    }
    words.push_back(std::move(*word));
  }
  return words;
}

std::optional<std::uint64_t> read_whole(const LocatedValue& value, std::uint64_t low,
                                        std::uint64_t high, Problems& problems) {
  if (value.kind == Kind::kNumber) {
    const auto number = integer_of<std::uint64_t>(value.text);
    if (number && *number >= low && *number <= high) return *number;
  }
  problems.add(
      value, expected("a whole number from " + std::to_string(low) + " to " + std::to_string(high),
                      value));
  return std::nullopt;
}

std::optional<std::uint64_t> read_bytes(const LocatedValue& value, std::uint64_t low,
                                        std::uint64_t high, Problems& problems) {
  std::optional<std::uint64_t> bytes;
  if (value.kind == Kind::kNumber) bytes = integer_of<std::uint64_t>(value.text);
  if (value.kind == Kind::kString) bytes = bytes_of(value.text);
  if (bytes && *bytes >= low && *bytes <= high) return bytes;
  problems.add(value, expected("a number of bytes from " + std::to_string(low) + " to " +
                                   std::to_string(high) + ", or a text such as \"64KiB\"",
                               value));
  return std::nullopt;
}

std::vector<const LocatedValue*> members_of(const LocatedValue& value, std::string_view words,
                                            Problems& problems) {
  if (value.kind != Kind::kObject) {
    problems.add(value, expected(words, value));
    return {};
  }
  std::vector<const LocatedValue*> members;
  std::map<std::string_view, const LocatedValue*> seen;
  for (const LocatedValue& child : value.children) {
    const auto [first, fresh] = seen.emplace(child.key, &child);
    if (fresh) {
      members.push_back(&child);
      continue;
    }
    problems.add_at_key(child, "the key " + in_quotes(child.key) +
                                   " is here twice; the first one is " + "in line " +
                                   std::to_string(first->second->key_place.line));
  }
  return members;
}

std::span<const LocatedValue> items_of(const LocatedValue& value, std::string_view words,
                                       Problems& problems) {
  if (value.kind == Kind::kArray && !value.children.empty()) return value.children;
  problems.add(value, expected(words, value));
  return {};
}

Fields::Fields(const LocatedValue& object, const ObjectForm& form, Problems& problems)
    : object_(object), problems_(problems) {
  std::vector<std::string_view> known;
  for (const Key& key : form.keys) known.push_back(key.name);
  const std::string words = "an object with " + joined(known);
  for (const LocatedValue* const member : members_of(object, words, problems)) {
    if (std::find(known.begin(), known.end(), member->key) != known.end()) continue;
    problems.add_at_key(*member, "there is no key " + in_quotes(member->key) + " in " +
                                     std::string(form.words) + did_you_mean(member->key, known));
  }
  if (object.kind != Kind::kObject) return;
  for (const Key& key : form.keys) {
    if (!key.needed || object.find(key.name) != nullptr) continue;
    problems.add(object,
                 std::string(form.words) + " needs the key '" + std::string(key.name) + "'");
  }
}

}  // namespace kv::sim
