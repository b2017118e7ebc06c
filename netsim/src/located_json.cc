#include "located_json.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/check.h"

namespace kv::sim {
namespace {

using Kind = LocatedValue::Kind;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '+' || c == '-' || c == '.';
}

/// Size of the token that `rest` begins with, also if it is none of JSON's.
std::size_t token_size(std::string_view rest) {
  if (rest.empty()) return 0;
  std::size_t size = 1;
  if (rest.front() == '"') {
    while (size < rest.size() && rest[size] != '"') size += rest[size] == '\\' ? 2u : 1u;
    return std::min(size + 1, rest.size());
  }
  const auto more = is_word(rest.front()) ? is_word : continues_character;
  while (size < rest.size() && more(rest[size])) ++size;
  return size;
}

/// Size of the number that `rest` begins with: of "01" JSON's reader takes the 0 alone.
std::size_t number_size(std::string_view rest) {
  std::size_t size = rest.front() == '-' ? 1 : 0;
  const auto skip_digits = [&] {
    while (size < rest.size() && rest[size] >= '0' && rest[size] <= '9') ++size;
  };
  const auto follows = [&](std::string_view any) {
    return size < rest.size() && any.find(rest[size]) != std::string_view::npos;
  };
  if (follows("0")) {
    ++size;
  } else {
    skip_digits();
  }
  if (follows(".")) {
    ++size;
    skip_digits();
  }
  if (follows("eE")) {
    ++size;
    if (follows("+-")) ++size;
    skip_digits();
  }
  return size;
}

/// Goes over the text once and knows line and column.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF"))
      offset_ = 3;  // a byte order mark, as JSON's reader skips
  }

  Place place() const { return place_; }
  bool at_end() const { return offset_ == text_.size(); }
  std::string_view rest() const { return text_.substr(offset_); }
  void advance(std::size_t bytes) {
    for (; bytes > 0; --bytes) {
      const char c = text_[offset_++];
      if (c == '\n') {
        place_ = {place_.line + 1, 1};
      } else if (at_end() || !continues_character(text_[offset_])) {
        ++place_.column;
      }
    }
  }
  void skip_spaces() {
    while (!at_end() && is_space(text_[offset_])) advance(1);
  }

 private:
  std::string_view text_;
  std::size_t offset_{0};
  Place place_{1, 1};
};

/// Bytes of the UTF-8 character that `rest` begins with (RFC 3629), 0 if it is none.
std::size_t character_size(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t size = byte(0) < 0xC2   ? 0
                           : byte(0) < 0xE0 ? 2
                           : byte(0) < 0xF0 ? 3
                           : byte(0) < 0xF5 ? 4
                                            : 0;
  if (size == 0 || rest.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues_character(rest[i])) return 0;
  }
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool surrogate = byte(0) == 0xED && byte(1) > 0x9F;
  const bool beyond = byte(0) == 0xF4 && byte(1) > 0x8F;
  return overlong || surrogate || beyond ? 0 : size;
}

/// What nlohmann's reader says of a bad string or number, without its frame: "invalid string:
/// missing closing quote". Empty for a token that stands in the wrong place, or is no token at all.
std::string complaint(std::string_view message) {
  if (message.find("number overflow") != std::string_view::npos) return "this number is too large";
  const std::size_t end = message.find("; last read");
  const std::size_t dash = message.find(" - ");
  if (end == std::string_view::npos || dash == std::string_view::npos || dash > end) return {};
  if (message.substr(dash).starts_with(" - invalid literal")) return {};
  return std::string(message.substr(dash + 3, end - dash - 3));
}

/// Builds the values from the events of nlohmann's reader, which knows what is JSON but not where
/// a token began: `cursor_` follows over the same text.
class Builder {
 public:
  Builder(std::string_view text, LocatedValue& root) : cursor_(text), root_(root) {}

  std::optional<Problem> take_problem() { return std::move(problem_); }

  bool null() { return scalar(Kind::kNull, {}, false); }
  bool boolean(bool truth) { return scalar(Kind::kBool, {}, truth); }
  bool number_integer(nlohmann::json::number_integer_t) { return number(); }
  bool number_unsigned(nlohmann::json::number_unsigned_t) { return number(); }
  bool number_float(nlohmann::json::number_float_t, const std::string&) { return number(); }
  bool string(std::string& text) { return scalar(Kind::kString, std::move(text), false); }
  bool binary(const nlohmann::json::binary_t&) { CHECK(false); }
  bool start_object(std::size_t) { return open(Kind::kObject); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Kind::kArray); }
  bool end_array() { return close(); }
  bool key(std::string& text) {
    next_token();
    key_ = std::move(text);
    key_place_ = cursor_.place();
    end_token(token_size(cursor_.rest()), ':');
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    next_token();
    std::string what = complaint(error.what());
    if (what.empty()) what = "expected " + expectation() + ", found " + found();
    problem_ = Problem{cursor_.place(), 0, "this isn't JSON: " + what + hint()};
    return false;
  }

 private:
  /// To the next token, over the separator that may stand before it.
  void next_token() {
    cursor_.skip_spaces();
    separated_ = separator_ != '\0' && cursor_.rest().starts_with(separator_);
    if (!separated_) return;
    cursor_.advance(1);
    cursor_.skip_spaces();
  }
  void end_token(std::size_t size, char separator) {
    cursor_.advance(size);
    separator_ = separator;
  }
  char after_value() const { return open_.empty() ? '\0' : ','; }

  LocatedValue* attach(Kind kind) {
    next_token();
    LocatedValue* value = &root_;
    if (!open_.empty()) value = &open_.back()->children.emplace_back();
    value->kind = kind;
    value->place = cursor_.place();
    value->key = std::exchange(key_, {});
    value->key_place = key_place_;
    return value;
  }
  bool scalar(Kind kind, std::string text, bool truth) {
    LocatedValue* const value = attach(kind);
    value->text = std::move(text);
    value->truth = truth;
    std::size_t size = token_size(cursor_.rest());
    if (kind == Kind::kNumber) {
      size = number_size(cursor_.rest());
      value->text = cursor_.rest().substr(0, size);
    }
    end_token(size, after_value());
    done_ = open_.empty();
    return true;
  }
  bool number() { return scalar(Kind::kNumber, {}, false); }
  bool open(Kind kind) {
    LocatedValue* const value = attach(kind);
    if (open_.size() == kMaxNesting) {
      problem_ = Problem{cursor_.place(), 0,
                         "this is nested more than " + std::to_string(kMaxNesting) + " deep"};
      return false;
    }
    open_.push_back(value);
    end_token(1, '\0');
    return true;
  }
  bool close() {
    next_token();
    open_.pop_back();
    end_token(1, after_value());
    done_ = open_.empty();
    return true;
  }

  std::string expectation() const {
    if (done_) return "the end of the file";
    if (open_.empty()) return "an object in braces";
    if (separator_ == ':') return separated_ ? "a value" : "':' behind the key";
    const bool object = open_.back()->kind == Kind::kObject;
    if (separator_ == ',' && !separated_) return object ? "',' or '}'" : "',' or ']'";
    if (separator_ == ',') return object ? "another key in double quotes" : "another value";
    return object ? "a key in double quotes, or '}'" : "a value, or ']'";
  }
  std::string found() const {
    if (cursor_.at_end()) return "the end of the file";
    return in_quotes(cursor_.rest().substr(0, token_size(cursor_.rest())));
  }
  std::string hint() const {
    const std::string_view rest = cursor_.rest();
    if (rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with("#")) {
      return " (JSON has no comments: use \"why\" and \"caption\")";
    }
    if (separated_ && separator_ == ',' && (rest.starts_with("}") || rest.starts_with("]"))) {
      return " (no comma may stand before it)";
    }
    return {};
  }

  Cursor cursor_;
  LocatedValue& root_;
  std::vector<LocatedValue*> open_{};  ///< stay where they are: only the last one's children grow
  std::string key_{};
  Place key_place_{};
  char separator_{'\0'};   ///< what may stand before the next token
  bool separated_{false};  ///< it did
  bool done_{false};       ///< the root is complete
  std::optional<Problem> problem_{};
};

void append_compact(const LocatedValue& value, std::string& text) {
  const auto string = [](const std::string& bytes) { return nlohmann::json(bytes).dump(); };
  switch (value.kind) {
    case Kind::kNull:
      text += "null";
      return;
    case Kind::kBool:
      text += value.truth ? "true" : "false";
      return;
    case Kind::kNumber:
      text += value.text;
      return;
    case Kind::kString:
      text += string(value.text);
      return;
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  const bool object = value.kind == Kind::kObject;
  text += object ? '{' : '[';
  for (const LocatedValue& child : value.children) {
    if (&child != &value.children.front()) text += ',';
    if (object) text += string(child.key) + ":";
    append_compact(child, text);
  }
  text += object ? '}' : ']';
}

}  // namespace

const LocatedValue* LocatedValue::find(std::string_view name) const {
  const auto named = [&](const LocatedValue& child) { return child.key == name; };
  const auto found = std::find_if(children.begin(), children.end(), named);
  return kind == Kind::kObject && found != children.end() ? &*found : nullptr;
}

LocatedValue* LocatedValue::find(std::string_view name) {
  return const_cast<LocatedValue*>(std::as_const(*this).find(name));
}

std::optional<Problem> check_characters(std::string_view text) {
  Cursor cursor(text);
  while (!cursor.at_end()) {
    const std::string_view rest = cursor.rest();
    // It would end the text for JSON's reader; what follows would go unread.
    if (rest.front() == '\0') return Problem{cursor.place(), 0, "a zero byte isn't allowed here"};
    const std::size_t size = character_size(rest);
    if (size == 0) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(rest.front());
      return Problem{cursor.place(), 0,
                     std::string("the byte 0x") + kDigits[byte >> 4] + kDigits[byte & 15] +
                         " isn't UTF-8: save the file in that encoding"};
    }
    cursor.advance(size);
  }
  return std::nullopt;
}

std::optional<Problem> parse_located(std::string_view text, LocatedValue& value) {
  value = {};
  if (std::optional<Problem> problem = check_characters(text)) return problem;
  Builder builder(text, value);
  nlohmann::json::sax_parse(text, &builder);
  return builder.take_problem();
}

std::string compact_text(const LocatedValue& value) {
  std::string text;
  append_compact(value, text);
  return text;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMaxBytes = 60;
  std::size_t end = std::min(text.size(), kMaxBytes);
  while (end > 0 && end < text.size() && continues_character(text[end])) --end;
  std::string shown(text.substr(0, end));
  // A message is one line.
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return "'" + shown + (end < text.size() ? "…'" : "'");
}

}  // namespace kv::sim
