#pragma once

#include <optional>
#include <vector>

#include "core/client.h"
#include "core/entry.h"
#include "core/event.h"
#include "core/message.h"
#include "core/snapshot.h"

namespace kv {

/// One durable step, all or nothing, done in the order of ids. Reading order of the fields: the
/// snapshot replaces the whole log; then entries are appended (the first one's index says what is
/// cut off before).
struct Write {
  WriteId id{0};
  std::optional<HardState> hard_state{};
  /// A snapshot received from the leader: it replaces the log and all older snapshots.
  SnapshotPtr install{};
  /// Contiguous. When the first index is not behind the last one of the log, the log is cut there
  /// first.
  std::vector<Entry> append{};
  /// Entries up to here are covered by a durable snapshot and may be dropped; 0: none. Advice: a
  /// driver may keep more.
  LogIndex discard_through{0};
};

/// What a replica asks of its driver. All of it may be done at once, in any order among the lists;
/// writes are done in the order of their ids and reported with persisted().
struct Effects {
  std::vector<Write> writes{};
  std::vector<Message> messages{};
  std::vector<ClientReply> replies{};
  std::vector<Event> events{};
  /// Write this to a snapshot file, in the background, then call snapshot_saved().
  SnapshotPtr save_snapshot{};
  /// Drop these, where it stops nobody: freeing a large state takes hundreds of milliseconds.
  std::vector<SnapshotPtr> retired{};
};

}  // namespace kv
