#include "load/etcd_codec.h"

#include <cstdint>

namespace kv::load {
namespace {

// Protocol Buffers: a field begins with number << 3 | wire type.
constexpr std::uint64_t kVarint = 0;
constexpr std::uint64_t kFixed64 = 1;
constexpr std::uint64_t kBytes = 2;
constexpr std::uint64_t kFixed32 = 5;
constexpr std::uint64_t kKeyField = 1;    // of both requests
constexpr std::uint64_t kValueField = 2;  // of PutRequest
constexpr std::uint64_t kFoundField = 2;  // kvs of RangeResponse
constexpr std::size_t kFrameHeader = 5;   // gRPC: compressed or not, then four bytes of size

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out.push_back(static_cast<char>(number | 0x80));
  out.push_back(static_cast<char>(number));
}

void append_field(std::string& out, std::uint64_t field, std::string_view bytes) {
  append_varint(out, field << 3 | kBytes);
  append_varint(out, bytes.size());
  out.append(bytes);
}

std::string framed(std::string_view message) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(message.size() >> shift));
  }
  return out.append(message);
}

/// Takes a varint off the front; ~0 at the end of the message.
std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  bytes = {};
  return ~std::uint64_t{0};
}

void skip(std::string_view& bytes, std::uint64_t wire_type) {
  std::uint64_t size = 0;
  if (wire_type == kVarint) take_varint(bytes);
  if (wire_type == kBytes) size = take_varint(bytes);
  if (wire_type == kFixed64) size = 8;
  if (wire_type == kFixed32) size = 4;
  bytes.remove_prefix(size < bytes.size() ? static_cast<std::size_t>(size) : bytes.size());
}

}  // namespace

std::string put_request(std::string_view key, std::string_view value) {
  std::string message;
  append_field(message, kKeyField, key);
  append_field(message, kValueField, value);
  return framed(message);
}

std::string range_request(std::string_view key) {
  std::string message;
  append_field(message, kKeyField, key);
  return framed(message);
}

bool range_found(std::string_view message) {
  if (message.size() < kFrameHeader) return false;
  message.remove_prefix(kFrameHeader);
  while (!message.empty()) {
    const std::uint64_t tag = take_varint(message);
    if (tag == (kFoundField << 3 | kBytes)) return true;
    skip(message, tag & 7);
  }
  return false;
}

}  // namespace kv::load
