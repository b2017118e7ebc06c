#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/moment.h"
#include "model/recording.h"
#include "panels/log_troubles.h"

// What the logs' panel shows, without drawing it. Of a stopped node counts what its disk holds.

namespace kv::viz {

/// The indices that have a row.
struct LogRange {
  LogIndex first{1};
  LogIndex last{0};

  std::uint64_t rows() const { return last + 1 - first; }
};
/// Begins one before the first entry that is left, so that the snapshot before it is seen.
LogRange range_of(const Moment& moment);

/// Which rows are on the screen: from `first`, at most as many as fit.
struct RowWindow {
  LogIndex first{1};
  std::uint64_t rows{0};
  bool at_end{true};
};
/// `top` and `fit` as in scrolled().
RowWindow window_of(const LogRange& range, LogIndex top, std::uint64_t fit);
/// The new top row after a scroll by so many rows, of which `fit` are seen; 0: it follows the end.
LogIndex scrolled(const LogRange& range, LogIndex top, std::uint64_t fit, std::int64_t rows);

/// For the case that there is no trouble: "all 46 entries are committed; node3 lacks 2".
std::string summary_of(const Moment& moment, const ClusterInfo& cluster);

/// What a node has at an index.
struct LogCell {
  enum class Kind : std::uint8_t { kAbsent, kSnapshot, kEntry };
  Kind kind{};
  std::optional<Term> term{};  ///< of an entry; nothing: not known
  bool persisted{false};
  bool committed{false};  ///< as far as this node knows
  bool applied{false};
  std::optional<LogTrouble::Kind> trouble{};
};
/// By NodeId - 1.
std::vector<LogCell> cells_of(const Moment& moment, const std::vector<LogTrouble>& troubles,
                              LogIndex index);

/// As much of command_words() as `columns` characters can say: "user:1 Al", "SET user:1",
/// "user:1", "us…".
std::string cell_words(std::string_view command, std::size_t columns);
/// Names without what all of them begin with: "1", "2", "3". As they are if that leaves nothing.
std::vector<std::string> short_names(const std::vector<std::string>& names);

}  // namespace kv::viz
