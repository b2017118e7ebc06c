#include "json_text.h"

#include <nlohmann/json.hpp>

namespace kv {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

unsigned char byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

/// Size of the well-formed UTF-8 sequence at `at`, 0 if there is none (Unicode 15, table 3-7).
std::size_t utf8_sequence(std::string_view bytes, std::size_t at) {
  const unsigned char lead = byte_at(bytes, at);
  if (lead < 0x80) return 1;
  std::size_t size = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (size == 0 || bytes.size() - at < size) return 0;
  if (byte_at(bytes, at + 1) < low || byte_at(bytes, at + 1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte_at(bytes, at + i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kDigits[code >> 4];
  out += kDigits[code & 0xF];
}

bool needs_escape(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

}  // namespace

bool is_json(std::string_view bytes) {
  // The library takes a NUL for the end of its input and skips a byte order mark; neither is JSON.
  if (bytes.find('\0') != std::string_view::npos || bytes.starts_with('\xEF')) return false;
  return nlohmann::json::accept(bytes.begin(), bytes.end());
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    if (byte_at(bytes, at) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t size = utf8_sequence(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t plain_from = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const unsigned char c = byte_at(text, at);
    if (c < 0x80 && !needs_escape(c)) {
      ++at;
      continue;
    }
    const std::size_t size = c < 0x80 ? 0 : utf8_sequence(text, at);
    if (size > 0) {
      at += size;
      continue;
    }
    out.append(text.substr(plain_from, at - plain_from));
    if (c < 0x80) {
      append_escape(out, text[at]);
    } else {
      out.append(kReplacement);
    }
    plain_from = ++at;
  }
  out.append(text.substr(plain_from));
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

void append_json_on_one_line(std::string& out, std::string_view json) {
  const std::size_t from = out.size();
  out.append(json);
  for (std::size_t i = from; i < out.size(); ++i) {
    // Inside a JSON string they can't stand as they are, so these are between tokens.
    if (out[i] == '\n' || out[i] == '\r') out[i] = ' ';
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = std::uint32_t{byte_at(bytes, at)} << 16;
    if (count > 1) group |= std::uint32_t{byte_at(bytes, at + 1)} << 8;
    if (count > 2) group |= std::uint32_t{byte_at(bytes, at + 2)};
    out += kAlphabet[group >> 18];
    out += kAlphabet[(group >> 12) & 63];
    out += count > 1 ? kAlphabet[(group >> 6) & 63] : '=';
    out += count > 2 ? kAlphabet[group & 63] : '=';
  }
}

std::string& JsonObject::raw(std::string_view name) {
  if (!first_) out_ += ", ";
  first_ = false;
  append_json_string(out_, name);
  out_ += ": ";
  return out_;
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  append_json_string(raw(name), value);
  return *this;
}

JsonObject& JsonObject::number(std::string_view name, std::uint64_t value) {
  raw(name) += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::boolean(std::string_view name, bool value) {
  raw(name) += value ? "true" : "false";
  return *this;
}

JsonObject& JsonObject::null(std::string_view name) {
  raw(name) += "null";
  return *this;
}

}  // namespace kv
