#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

/// What a command gave. Errors are in Redis's words, prefix included ("ERR value is not an integer
/// or out of range"): a command that gives one has changed nothing.
struct Answer {
  enum class Kind : std::uint8_t {
    kNil,
    kOk,
    kInteger,
    kText,  ///< any bytes
    kWord,  ///< a short word, such as a type's name
    kList,
    kNilList,  ///< a transaction that wasn't carried out
    kError,
  };

  Kind kind{Kind::kNil};
  std::int64_t integer{0};
  std::string text{};
  std::vector<Answer> items{};

  static Answer nil() { return {}; }
  static Answer ok() { return {Kind::kOk, 0, {}, {}}; }
  static Answer of(std::int64_t integer) { return {Kind::kInteger, integer, {}, {}}; }
  static Answer of(std::string_view text) { return {Kind::kText, 0, std::string(text), {}}; }
  static Answer of(const std::optional<std::string_view>& text) { return text ? of(*text) : nil(); }
  static Answer word(std::string_view text) { return {Kind::kWord, 0, std::string(text), {}}; }
  static Answer list(std::vector<Answer> items) { return {Kind::kList, 0, {}, std::move(items)}; }
  static Answer nil_list() { return {Kind::kNilList, 0, {}, {}}; }
  static Answer error(std::string_view text) { return {Kind::kError, 0, std::string(text), {}}; }

  bool is_error() const { return kind == Kind::kError; }
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// Layout: docs/formats.md, "Sessions".
std::string encode_answer(const Answer& answer);
/// Nothing on bytes that no encode_answer() made.
std::optional<Answer> decode_answer(std::string_view bytes);

}  // namespace kv
