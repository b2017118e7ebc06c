#pragma once

#include "core/answer.h"
#include "core/command.h"
#include "core/kv_store.h"

namespace kv {

/// What commands do to a store: deterministic functions of the store and the command. Semantics and
/// error texts are Redis's for the commands that the operations stand for.

/// Bound on the text in one answer, with kItemBytes for each item of a list; a command whose answer
/// would be larger gives an error.
inline constexpr std::size_t kMaxAnswerBytes = 64 << 20;
inline constexpr std::size_t kItemBytes = 16;
/// KEYS gives an error when there are more, and SCAN visits no more of them at a time.
inline constexpr std::uint64_t kMaxListedKeys = 100'000;
/// Bound on a value's size (SETRANGE, APPEND).
inline constexpr std::size_t kMaxValueBytes = 8 << 20;
/// Sessions of kOnce: how many are kept, how long after their last command (log time), and the
/// largest answer that is kept for a retry.
inline constexpr std::size_t kMaxSessions = 10'000;
inline constexpr std::uint64_t kSessionMs = 3'600'000;
inline constexpr std::size_t kMaxKeptAnswerBytes = 4 << 10;

/// Carries out a write (or a read, at its place in the log), after moving the store's clock to the
/// command's time. Gives back the memory of some expired keys on the way.
Answer execute(KvStore& store, const Command& command);

/// Carries out a read. Keys whose time has come by the store's clock are not there.
Answer read(const KvStore& store, const Command& command);

/// A key that the read is about expires between the store's clock and the command's time: the clock
/// has to be moved by a kAdvanceClock entry before the read may be answered. For reads of no
/// definite key (SCAN, KEYS …): any key may.
bool clock_matters(const KvStore& store, const Command& command);

}  // namespace kv
