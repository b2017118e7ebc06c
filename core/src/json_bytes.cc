#include "json_bytes.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace kv::json {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> base64_digits() {
  std::array<std::uint8_t, 256> digits{};
  for (std::uint8_t& digit : digits) digit = kNoDigit;
  for (std::uint8_t i = 0; i < 64; ++i) digits[static_cast<unsigned char>(kAlphabet[i])] = i;
  return digits;
}
constexpr std::array<std::uint8_t, 256> kDigits = base64_digits();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

bool needs_escape(std::uint32_t byte) {
  return byte < 0x20 || byte == '"' || byte == '\\';
}

/// Size of the sequence at `at`, which is no ASCII; 0 if it is not well-formed.
std::size_t sequence_size(std::string_view bytes, std::size_t at) {
  const std::uint32_t lead = byte_at(bytes, at);
  std::size_t size = 0;
  if (lead >= 0xC2 && lead <= 0xDF) size = 2;
  if (lead >= 0xE0 && lead <= 0xEF) size = 3;
  if (lead >= 0xF0 && lead <= 0xF4) size = 4;
  if (size == 0 || bytes.size() - at < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(bytes, at + i) & 0xC0) != 0x80) return 0;
  }
  const std::uint32_t second = byte_at(bytes, at + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : size;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const std::uint32_t byte = static_cast<unsigned char>(c);
    if (!needs_escape(byte)) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    } else {
      out += '\\';
      out += c;
    }
  }
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = byte_at(bytes, at) < 0x80 ? 1 : sequence_size(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

void append_bytes(std::string& out, std::string_view bytes) {
  const bool plain = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const std::uint32_t byte = static_cast<unsigned char>(c);
    return byte < 0x80 && !needs_escape(byte);
  });
  if (!plain && !is_utf8(bytes)) {
    append_base64(out, bytes);
    return;
  }
  out += '"';
  if (plain) {
    out += bytes;
  } else {
    append_escaped(out, bytes);
  }
  out += '"';
}

void append_base64(std::string& out, std::string_view bytes) {
  out += "{\"base64\":\"";
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = byte_at(bytes, at) << 16;
    if (count > 1) group |= byte_at(bytes, at + 1) << 8;
    if (count > 2) group |= byte_at(bytes, at + 2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[(group >> 12) & 63];
    out += count > 1 ? kAlphabet[(group >> 6) & 63] : '=';
    out += count > 2 ? kAlphabet[group & 63] : '=';
  }
  out += "\"}";
}

bool decode_base64(std::string_view text, std::string& bytes) {
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.clear();
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool padded = at >= text.size() - padding;
    const std::uint32_t digit = padded ? 0 : kDigits[byte_at(text, at)];
    if (digit == kNoDigit) return false;
    group = group << 6 | digit;
    if (at % 4 != 3) continue;
    for (const int shift : {16, 8, 0}) bytes += static_cast<char>(group >> shift & 0xFF);
    group = 0;
  }
  // Bits that belong to no byte are zero, so that equal bytes have one form.
  for (std::size_t i = 0; i < padding; ++i) {
    if (bytes.back() != 0) return false;
    bytes.pop_back();
  }
  return true;
}

}  // namespace kv::json
