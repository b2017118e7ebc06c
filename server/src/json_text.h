#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kv {

/// Exactly one JSON text (RFC 8259) and nothing else, so that it can be spliced into a reply as it
/// is.
bool is_json(std::string_view bytes);
/// Well-formed UTF-8: no surrogates, no overlong forms, nothing beyond U+10FFFF.
bool is_utf8(std::string_view bytes);

/// Appends `text` escaped for the inside of a JSON string, without the quotes. What is not UTF-8
/// becomes U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);
/// The same with the quotes.
void append_json_string(std::string& out, std::string_view text);
/// Appends a valid JSON text on one line: the line breaks that JSON allows between tokens become
/// blanks.
void append_json_on_one_line(std::string& out, std::string_view json);
/// RFC 4648, section 4.
void append_base64(std::string& out, std::string_view bytes);

/// Appends one JSON object with a blank after ':' and ','. Nested values go through raw().
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  JsonObject& text(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::uint64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  JsonObject& null(std::string_view name);
  /// The caller appends the value to the returned string.
  std::string& raw(std::string_view name);
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_{true};
};

}  // namespace kv
