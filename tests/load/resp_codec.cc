#include "load/resp_codec.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace kv::load {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::int64_t kLargestCount = std::int64_t{1} << 30;

void append_number(std::string& out, char type, std::size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.push_back(type);
  out.append(digits, end).append(kLineEnd);
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > kLargestCount) return {};
  return number;
}

/// How the rest of a reply follows its first line.
enum class Shape { kLine, kBlob, kItems, kPairs, kNone };

Shape shape_of(char type) {
  switch (type) {
    case '+':
    case '-':
    case ':':
    case '_':
    case '#':
    case ',':
    case '(':
      return Shape::kLine;
    case '$':
    case '=':
    case '!':
      return Shape::kBlob;
    case '*':
    case '~':
    case '>':
      return Shape::kItems;
    case '%':
    case '|':
      return Shape::kPairs;
    default:
      return Shape::kNone;
  }
}

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  append_number(out, '*', words.size());
  for (const std::string_view word : words) {
    append_number(out, '$', word.size());
    out.append(word).append(kLineEnd);
  }
}

std::string_view reply_line(std::string_view reply) {
  return reply.substr(1, reply.find(kLineEnd) - 1);
}

std::size_t reply_size(std::string_view bytes) {
  // Values that still have to come; an array's items count when its first line is read.
  std::int64_t missing = 1;
  std::size_t at = 0;
  while (missing > 0) {
    if (at >= bytes.size()) return 0;
    const Shape shape = shape_of(bytes[at]);
    if (shape == Shape::kNone) return kNotResp;
    const std::size_t end = bytes.find(kLineEnd, at);
    if (end == std::string_view::npos) return 0;
    const std::string_view line = bytes.substr(at + 1, end - at - 1);
    at = end + kLineEnd.size();
    --missing;
    if (shape == Shape::kLine) continue;
    const std::optional<std::int64_t> number = number_in(line);
    if (!number) return kNotResp;
    if (*number < 0) continue;  // null
    if (shape == Shape::kItems) missing += *number;
    if (shape == Shape::kPairs) missing += 2 * *number;
    if (shape == Shape::kBlob) at += static_cast<std::size_t>(*number) + kLineEnd.size();
    if (at > bytes.size()) return 0;
  }
  return at;
}

}  // namespace kv::load
