#pragma once

#include <vector>

#include "panels/app_state.h"
#include "panels/log_rows.h"

// The logs as a table: a column a node, a row an index.

namespace kv::viz {

/// What the legend explains.
enum class LogMark : unsigned char { kCommitted, kConflict, kAtRisk, kInMemory, kApplied };
void draw_mark(AppState& app, LogMark mark, const Area& area);

ImU32 colour_of(const Theme& theme, LogTrouble::Kind kind);

/// Where things are in the table.
struct LogTable {
  Area header{};
  Area body{};         ///< all rows, with indices and scroll bar
  float left{0};       ///< of the first column
  float width{0};      ///< of a column
  float gap{0};        ///< between columns
  float pitch{0};      ///< from row to row
  bool words{false};   ///< there is room for commands, not only for terms
  bool labels{false};  ///< there is room for words at the right
  std::uint64_t fit{0};
  RowWindow window{};

  float column(NodeId id) const { return left + static_cast<float>(id - 1) * (width + gap); }
  float row(LogIndex index) const {
    return body.from.y + static_cast<float>(index - window.first) * pitch;
  }
  Area cell(NodeId id, LogIndex index) const {
    return {{column(id), row(index)}, {column(id) + width, row(index) + pitch - gap}};
  }
  /// The last row that is seen; there is one.
  LogIndex last() const { return window.first + window.rows - 1; }
};
/// For a panel's inside; the body still reaches to its end.
LogTable table_of(const AppState& app, const Area& inside, const LogRange& range);

/// Names and standings; a click selects the node.
void draw_headers(AppState& app, const LogTable& table);
/// The rows of table.window; a click on a cell selects its entry.
void draw_rows(AppState& app, const LogTable& table, const std::vector<LogTrouble>& troubles);

}  // namespace kv::viz
