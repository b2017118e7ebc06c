#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kv {

/// Immutable bytes with shared ownership: a window into a block that several holders keep alive
/// (the in-memory log, a message under way, the log writer). Copying is cheap and never copies the
/// bytes.
class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(std::string bytes) {
    const auto block = std::make_shared<const std::string>(std::move(bytes));
    view_ = *block;
    block_ = block;
  }
  /// `window` lies in what `block` keeps alive.
  SharedBytes(std::shared_ptr<const void> block, std::string_view window)
      : block_(std::move(block)), view_(window) {}

  /// A window of this one that shares the block.
  SharedBytes slice(std::size_t offset, std::size_t size_bytes) const {
    SharedBytes window = *this;
    window.view_ = view_.substr(offset, size_bytes);
    return window;
  }

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  friend bool operator==(const SharedBytes& a, const SharedBytes& b) { return a.view_ == b.view_; }

 private:
  std::shared_ptr<const void> block_{};
  std::string_view view_{};
};

/// Writes the lower `width` bytes, the lowest first; gives the place behind them.
inline char* write_integer(char* to, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) *to++ = static_cast<char>(value >> (8 * i));
  return to;
}

/// Appends little-endian fields to a string.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u32(std::uint32_t value) { integer(value, 4); }
  void u64(std::uint64_t value) { integer(value, 8); }
  void raw(std::string_view bytes) { out_.append(bytes); }
  /// u32 length, then the bytes.
  void text(std::string_view bytes) {
    u32(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }

 private:
  void integer(std::uint64_t value, int width) {
    char bytes[8];
    write_integer(bytes, value, width);
    out_.append(bytes, static_cast<std::size_t>(width));
  }
  std::string& out_;
};

/// Reads little-endian fields. Bytes from outside are never trusted: reading past the end gives
/// zeros and makes `ok()` false for good; the caller checks it once at the end.
class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() { return integer(8); }
  std::string_view raw(std::size_t size_bytes) {
    if (size_bytes > in_.size() - at_) return fail();
    at_ += size_bytes;
    return in_.substr(at_ - size_bytes, size_bytes);
  }
  std::string_view text() { return raw(u32()); }

  bool ok() const { return ok_; }
  /// Everything was read, and nothing more than everything.
  bool complete() const { return ok_ && at_ == in_.size(); }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return in_.size() - at_; }

 private:
  std::string_view fail() {
    ok_ = false;
    at_ = in_.size();
    return {};
  }
  std::uint64_t integer(std::size_t width) {
    const std::string_view bytes = raw(width);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }
  std::string_view in_;
  std::size_t at_{0};
  bool ok_{true};
};

}  // namespace kv
