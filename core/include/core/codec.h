#pragma once

#include <string>

#include "core/bytes.h"
#include "core/message.h"
#include "core/result.h"

namespace kv {

/// Encodes a message for the wire, without framing. Entries are copied in as they are. See
/// docs/formats.md.
std::string encode_message(const Message& message);

/// Decodes what encode_message() made; entries and snapshot data share `bytes`. An Error on
/// anything else: unknown type, wrong size, entries whose indexes are not contiguous behind
/// previous_index.
Result<Message> decode_message(const SharedBytes& bytes);

/// Appends the entries that stand back to back in `bytes` to `out`, sharing it. An Error on bytes
/// that make_entry() did not make; the offset in its text counts from the start of `bytes`.
Outcome decode_entries(const SharedBytes& bytes, std::vector<Entry>& out);

}  // namespace kv
