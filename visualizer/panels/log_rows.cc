#include "panels/log_rows.h"

#include <algorithm>
#include <limits>

#include "model/phrases.h"
#include "netsim/report_layout.h"

namespace kv::viz {
namespace {

/// A number's digits are not torn apart.
std::size_t common_beginning(const std::vector<std::string>& names) {
  std::size_t size = names.empty() ? 0 : names.front().size();
  for (const std::string& name : names) {
    const std::string& first = names.front();
    const std::size_t most = std::min(size, name.size());
    size = static_cast<std::size_t>(std::mismatch(first.begin(),
                                                  first.begin() + static_cast<std::ptrdiff_t>(most),
                                                  name.begin())
                                        .first -
                                    first.begin());
  }
  const auto digit = [&](std::size_t at) {
    const char c = names.front()[at];
    return c >= '0' && c <= '9';
  };
  while (size > 0 && digit(size - 1)) --size;
  return size;
}

std::string cut(std::string_view words, std::size_t columns) {
  if (sim::columns_of(words) <= columns) return std::string(words);
  constexpr std::size_t kFewest = 3;
  if (columns < kFewest) return {};
  return sim::one_line(words, columns - 1);
}

bool is_upper(std::string_view word) {
  return std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

LogRange range_of(const Moment& moment) {
  LogRange range;
  LogIndex first = 0;
  for (const NodeMoment& node : moment.nodes) {
    const LogIndex last = kept_last(node);
    range.last = std::max(range.last, last);
    if (last > 0) first = first == 0 ? node.log.first : std::min(first, node.log.first);
  }
  // One past the last row is a number, too; what makes no sense has few rows, not very many.
  range.last = std::min(range.last, std::numeric_limits<LogIndex>::max() - 1);
  range.first = std::max<LogIndex>(1, std::min(first > 1 ? first - 1 : 1, range.last));
  return range;
}

RowWindow window_of(const LogRange& range, LogIndex top, std::uint64_t fit) {
  const LogIndex last_top = range.rows() > fit ? range.last + 1 - fit : range.first;
  RowWindow window;
  window.at_end = top == 0 || top >= last_top;
  window.first = window.at_end ? last_top : std::max(top, range.first);
  window.rows = std::min<std::uint64_t>(fit, range.last + 1 - window.first);
  return window;
}

LogIndex scrolled(const LogRange& range, LogIndex top, std::uint64_t fit, std::int64_t rows) {
  const LogIndex now = window_of(range, top, fit).first;
  const auto by = static_cast<std::uint64_t>(rows < 0 ? -rows : rows);
  const LogIndex wanted = rows >= 0 ? now + by : now < range.first + by ? range.first : now - by;
  return window_of(range, wanted, fit).at_end ? 0 : wanted;
}

std::string summary_of(const Moment& moment, const ClusterInfo& cluster) {
  LogIndex last = 0;
  LogIndex commit = 0;
  for (const NodeMoment& node : moment.nodes) {
    last = std::max(last, kept_last(node));
    commit = std::max(commit, node.log.commit);
  }
  if (last == 0) return "no entries yet";
  std::string words =
      commit < last ? sim::grouped(commit) + " of " + sim::grouped(last) + " entries are committed"
      : last == 1   ? std::string("the only entry is committed")
                    : "all " + sim::grouped(last) + " entries are committed";
  std::vector<NodeId> behind;
  for (NodeId id = 1; id <= moment.size(); ++id) {
    const NodeMoment& node = moment.node(id);
    if (node.standing() != Standing::kUnknown && kept_last(node) < last) behind.push_back(id);
  }
  if (behind.size() == 1) {
    words += "; " + cluster.name(behind.front()) + " lacks " +
             sim::grouped(last - kept_last(moment.node(behind.front())));
  } else if (!behind.empty()) {
    words += "; " + list_of_names(cluster, behind) + " lack some";
  }
  return words;
}

std::vector<LogCell> cells_of(const Moment& moment, const std::vector<LogTrouble>& troubles,
                              LogIndex index) {
  std::vector<LogCell> cells(moment.size());
  for (NodeId id = 1; id <= moment.size(); ++id) {
    const NodeMoment& node = moment.node(id);
    LogCell& cell = cells[id - 1];
    if (index < node.log.first) {
      cell.kind = LogCell::Kind::kSnapshot;
      continue;
    }
    if (index > kept_last(node)) continue;
    cell.kind = LogCell::Kind::kEntry;
    cell.term = node.log.term_at(index);
    cell.persisted = index <= node.log.persisted;
    cell.committed = index <= node.log.commit;
    cell.applied = index <= node.log.applied;
    for (const LogTrouble& trouble : troubles) {
      if (!cell.trouble && trouble.touches(id, index)) cell.trouble = trouble.kind;
    }
  }
  return cells;
}

std::string cell_words(std::string_view command, std::size_t columns) {
  const auto fits = [&](std::string_view words) { return sim::columns_of(words) <= columns; };
  if (fits(command)) return std::string(command);
  constexpr std::string_view kStart = "start of ";
  if (command.starts_with(kStart)) return cut(command.substr(kStart.size()), columns);
  const std::string_view word = command.substr(0, command.find(' '));
  const bool names_a_key = word.size() < command.size() && is_upper(word) && word != "MULTI";
  if (!names_a_key) return cut(command, columns);
  const std::string_view arguments = command.substr(word.size() + 1);
  const std::string_view key = arguments.substr(0, arguments.find(' '));
  if (word == "DEL") return cut("-" + std::string(key), columns);
  if (fits(arguments)) return std::string(arguments);
  const std::string_view shorter = command.substr(0, word.size() + 1 + key.size());
  return fits(shorter) ? std::string(shorter) : cut(key, columns);
}

std::vector<std::string> short_names(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  const std::size_t common = common_beginning(names);
  std::vector<std::string> shorter;
  for (const std::string& name : names) {
    if (name.size() == common) return names;
    shorter.push_back(name.substr(common));
  }
  return shorter;
}

}  // namespace kv::viz
