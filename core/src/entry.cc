#include "core/entry.h"

#include <array>
#include <string>
#include <utility>

#include "core/check.h"

namespace kv {
namespace {

constexpr std::size_t kSizeBytes = 4;

Error not_an_entry(std::size_t offset, std::string_view reason) {
  return Error{"no valid log entry at offset " + std::to_string(offset) + ": " +
               std::string(reason)};
}

}  // namespace

Entry make_entry(LogIndex index, Term term, EntryType type, std::string_view payload) {
  CHECK(index > 0);
  CHECK(payload.size() <= UINT32_MAX - Entry::kHeaderBytes);
  std::array<char, Entry::kHeaderBytes> header;
  char* to = header.data();
  to = write_integer(to, Entry::kHeaderBytes - kSizeBytes + payload.size(), kSizeBytes);
  to = write_integer(to, static_cast<std::uint8_t>(type), 1);
  to = write_integer(to, index, 8);
  write_integer(to, term, 8);
  return Entry{index, term, type,
               SharedBytes::concatenation({header.data(), header.size()}, payload)};
}

Result<Entry> decode_entry(const SharedBytes& bytes, std::size_t& offset) {
  CHECK(offset <= bytes.size());
  Decoder in(bytes.view().substr(offset));
  const std::uint32_t size_bytes = in.u32();
  if (!in.ok() || size_bytes > in.remaining()) return not_an_entry(offset, "it is cut off");
  if (size_bytes < Entry::kHeaderBytes - kSizeBytes) return not_an_entry(offset, "it is too short");
  const std::uint8_t type = in.u8();
  if (type > static_cast<std::uint8_t>(EntryType::kCommand)) {
    return not_an_entry(offset, "unknown type " + std::to_string(type));
  }
  Entry entry;
  entry.type = static_cast<EntryType>(type);
  entry.index = in.u64();
  entry.term = in.u64();
  if (entry.index == 0) return not_an_entry(offset, "index 0");
  entry.encoded = bytes.slice(offset, kSizeBytes + size_bytes);
  offset += entry.encoded.size();
  return entry;
}

}  // namespace kv
