#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/operations.h"

namespace kv {

/// How much text the answer to one entry or read may still take; a transaction's commands share it.
struct CommandRoom {
  std::size_t left_bytes{kMaxAnswerBytes};

  bool take(std::size_t size_bytes) {
    if (size_bytes > left_bytes) return false;
    left_bytes -= size_bytes;
    return true;
  }
};

inline Answer reply_too_large() {
  return Answer::error("ERR the reply would be larger than 64 MiB; ask for less at a time");
}

/// The text, nil, or the error that there is no room for it.
inline Answer text_answer(const std::optional<std::string_view>& text, CommandRoom& room) {
  if (text && !room.take(text->size())) return reply_too_large();
  return Answer::of(text);
}

}  // namespace kv
