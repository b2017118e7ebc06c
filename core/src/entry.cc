#include "core/entry.h"

#include <string>
#include <utility>

#include "control_block.h"
#include "core/check.h"

namespace kv {
namespace {

constexpr std::size_t kSizeBytes = 4;
constexpr std::size_t kBlockBytes = (32 << 10) - kControlBlockBytes;

Error not_an_entry(std::size_t offset, std::string_view reason) {
  return Error{"no valid log entry at offset " + std::to_string(offset) + ": " +
               std::string(reason)};
}

/// The entry in bytes at `place`, where there is room for it.
Entry write_entry(std::shared_ptr<char[]> place, Entry entry, std::string_view payload) {
  CHECK(entry.index > 0);
  CHECK(payload.size() <= UINT32_MAX - Entry::kHeaderBytes);
  const std::size_t size_bytes = Entry::kHeaderBytes + payload.size();
  char* to = place.get();
  to = write_integer(to, size_bytes - kSizeBytes, kSizeBytes);
  to = write_integer(to, static_cast<std::uint8_t>(entry.type), 1);
  to = write_integer(to, entry.index, 8);
  to = write_integer(to, entry.term, 8);
  payload.copy(to, payload.size());
  const std::string_view encoded(place.get(), size_bytes);
  entry.encoded = SharedBytes(std::move(place), encoded);
  return entry;
}

}  // namespace

Entry make_entry(LogIndex index, Term term, EntryType type, std::string_view payload) {
  return write_entry(std::make_shared_for_overwrite<char[]>(Entry::kHeaderBytes + payload.size()),
                     Entry{index, term, type, {}}, payload);
}

Entry EntryMaker::make(LogIndex index, Term term, EntryType type, std::string_view payload) {
  const std::size_t size_bytes = Entry::kHeaderBytes + payload.size();
  // What is left of a block stays empty: a large entry would leave too much.
  if (size_bytes > kBlockBytes / 8) return make_entry(index, term, type, payload);
  if (block_ == nullptr || size_bytes > kBlockBytes - used_bytes_) {
    block_ = std::make_shared_for_overwrite<char[]>(kBlockBytes);
    used_bytes_ = 0;
  }
  std::shared_ptr<char[]> place(block_, block_.get() + used_bytes_);
  used_bytes_ += size_bytes;
  return write_entry(std::move(place), Entry{index, term, type, {}}, payload);
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
