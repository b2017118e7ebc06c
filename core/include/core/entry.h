#pragma once

#include <cstddef>
#include <cstdint>
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
