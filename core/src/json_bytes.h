#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Bytes as JSON: a string if they are UTF-8, else an object that holds their base64.
namespace kv::json {

/// Well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong forms, nothing beyond
/// U+10FFFF.
bool is_utf8(std::string_view bytes);

/// Appends "text", or {"base64":"…"} if `bytes` are not UTF-8.
void append_bytes(std::string& out, std::string_view bytes);
/// Appends {"base64":"…"}. RFC 4648, section 4.
void append_base64(std::string& out, std::string_view bytes);
/// False if `text` is not what append_base64() puts between the quotes.
bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace kv::json
