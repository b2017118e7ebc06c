#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/incarnations.h"
#include "core/result.h"
#include "core/types.h"

namespace kv {

enum class EntryType : std::uint8_t {
  kEmpty = 0,    ///< what a new leader commits first (Raft paper §5.4.2, §8)
  kCommand = 1,  ///< a command of the state machine, see command.h
};

/// One log entry. `encoded` is its only representation: memory, peers and the log file share these
/// bytes. Layout: u32 size of all that follows, u8 type, u64 index, u64 term, payload. See
/// docs/formats.md.
struct Entry {
  static constexpr std::size_t kHeaderBytes = 4 + 1 + 8 + 8;

  LogIndex index{0};
  Term term{0};
  EntryType type{EntryType::kEmpty};
  SharedBytes encoded{};

  std::string_view payload() const { return encoded.view().substr(kHeaderBytes); }
  std::size_t size() const { return encoded.size(); }
  friend bool operator==(const Entry&, const Entry&) = default;
};

Entry make_entry(LogIndex index, Term term, EntryType type, std::string_view payload);

/// Makes the entries of a leader, one behind the other in blocks that they share: so most cost no
/// allocation, and what is compacted away is given back in few pieces. A block goes with the last
/// of its entries.
///
/// Invariant: only one maker writes to a block, and only behind what it gave out. So a copy begins
/// with a block of its own.
class EntryMaker {
 public:
  EntryMaker() = default;
  EntryMaker(const EntryMaker&) {}
  EntryMaker(EntryMaker&&) noexcept = default;
  EntryMaker& operator=(const EntryMaker& other) { return *this = EntryMaker(other); }
  EntryMaker& operator=(EntryMaker&&) noexcept = default;
  ~EntryMaker() = default;

  /// The same as make_entry().
  Entry make(LogIndex index, Term term, EntryType type, std::string_view payload);

 private:
  std::shared_ptr<char[]> block_{};
  std::size_t used_bytes_{0};  ///< of the block
};

/// The entry that starts at `offset`, sharing `bytes`; moves `offset` behind it. An Error, with
/// `offset` as it was, on bytes that make_entry() did not make.
Result<Entry> decode_entry(const SharedBytes& bytes, std::size_t& offset);

/// What a node must never forget (Raft paper, figure 2: persistent state), and the incarnations of
/// its peers: the one first heard of each.
struct HardState {
  Term term{0};
  NodeId voted_for{kNoNode};
  Incarnations incarnations{};
  friend bool operator==(const HardState&, const HardState&) = default;
};

}  // namespace kv
