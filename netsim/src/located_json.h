#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netsim/scenario.h"

namespace kv::sim {

/// One thing that is wrong, and where.
struct Problem {
  Place place{};
  std::uint32_t setting{0};  ///< not 0: in this setting, from 1, instead of the file
  std::string what{};
};

/// A JSON value that knows where it stands. Numbers stay text: each reader knows how exact it must
/// be.
struct LocatedValue {
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind{Kind::kNull};
  bool truth{false};
  std::string text{};  ///< a string's bytes, or a number as it is written
  Place place{};
  std::string key{};  ///< if it is the member of an object
  Place key_place{};
  std::uint32_t setting{0};              ///< as in Problem
  std::vector<LocatedValue> children{};  ///< items, or members in their order, equal keys included

  /// The first member of this name, or nullptr.
  const LocatedValue* find(std::string_view name) const;
  LocatedValue* find(std::string_view name);
};

/// Objects and lists may be nested so deep.
inline constexpr std::size_t kMaxNesting = 64;

/// The first byte of `text` that isn't UTF-8, or is zero.
std::optional<Problem> check_characters(std::string_view text);

/// Reads `text` into `value`. Returns what is wrong: the first offence against JSON or UTF-8, or a
/// deeper nesting than kMaxNesting; `value` is then incomplete.
std::optional<Problem> parse_located(std::string_view text, LocatedValue& value);

/// The value as JSON without blanks. Members keep their order, numbers their digits.
std::string compact_text(const LocatedValue& value);

/// `text` in single quotes, cut where it is long.
std::string in_quotes(std::string_view text);

}  // namespace kv::sim
