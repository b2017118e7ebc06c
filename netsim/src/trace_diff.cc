#include "netsim/trace_diff.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/trace_json.h"

namespace kv::sim {
namespace {

/// "5.000300 s": as many groups of three decimals as it takes, two at least.
std::string time_text(Instant at) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t rest = at.ns % kSecond;
  std::string decimals = std::to_string(kSecond + (rest < 0 ? -rest : rest)).substr(1);
  if (decimals.ends_with("000")) decimals.resize(6);
  const std::string sign = at.ns < 0 ? "-" : "";
  return sign + std::to_string(at.ns / kSecond * (at.ns < 0 ? -1 : 1)) + "." + decimals + " s";
}

std::string name_of(const TraceHeader& header, NodeId node) {
  if (node == kNoNode) return "cluster";
  return node <= header.nodes.size() ? header.nodes[node - 1] : "node " + std::to_string(node);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "none" : text;
}

std::size_t first_different_line(std::string_view a, std::string_view b) {
  const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(std::count(a.begin(), end, '\n')) + 1;
}

/// Records in columns.
class Table {
 public:
  void add(std::string_view mark, const TraceHeader& header, const Record& record) {
    rows_.push_back({std::string(mark), std::to_string(record.sequence), time_text(record.at),
                     name_of(header, record.node), describe(record.fact)});
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths_[i] = std::max(widths_[i], rows_.back().cells[i].size());
    }
  }
  /// A row of nothing but words.
  void add(std::string_view mark, std::string_view words) {
    rows_.push_back({std::string(mark), "", "", "", std::string(words)});
  }
  std::string row(std::size_t index) const {
    std::string line = "  ";
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string& cell = rows_[index].cells[i];
      const std::string blanks(i + 1 < kColumns ? widths_[i] - cell.size() : 0, ' ');
      const bool is_number = i == 1 || i == 2;
      line += (is_number ? blanks + cell : cell + blanks) + (i + 1 < kColumns ? "  " : "");
    }
    return line + "\n";
  }
  std::size_t size() const { return rows_.size(); }

 private:
  static constexpr std::size_t kColumns = 5;
  struct Row {
    std::string cells[kColumns]{};
  };
  std::vector<Row> rows_{};
  std::size_t widths_[kColumns]{1};
};

void add_side(Table& table, std::string_view mark, const TraceFile& trace, std::size_t position) {
  if (position < trace.records.size()) {
    table.add(mark, trace.header, trace.records[position]);
  } else {
    table.add(mark, "has no more records");
  }
}

/// Of two records that look the same in words, the whole.
std::string in_full(const TraceFile& a, const TraceFile& b, std::size_t position) {
  if (position >= std::min(a.records.size(), b.records.size())) return "";
  const Record& left = a.records[position];
  const Record& right = b.records[position];
  const bool differ_in_words = left.sequence != right.sequence || left.at != right.at ||
                               left.node != right.node ||
                               describe(left.fact) != describe(right.fact);
  if (differ_in_words) return "";
  return "In full:\n  A  " + to_json_line(left, a.header.nodes) + "\n  B  " +
         to_json_line(right, b.header.nodes) + "\n";
}

}  // namespace

std::optional<std::size_t> first_difference(const std::vector<Record>& a,
                                            const std::vector<Record>& b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (left == a.end() && right == b.end()) return std::nullopt;
  return static_cast<std::size_t>(left - a.begin());
}

std::vector<std::string> header_differences(const TraceHeader& a, const TraceHeader& b) {
  std::vector<std::string> lines;
  const auto compare = [&](const std::string& what, const std::string& in_a,
                           const std::string& in_b) {
    if (in_a != in_b) lines.push_back(what + ": " + in_a + " in A, " + in_b + " in B");
  };
  compare("program", a.program, b.program);
  compare("nodes", joined(a.nodes), joined(b.nodes));
  compare("seed", std::to_string(a.seed), std::to_string(b.seed));
  compare("settings", joined(a.settings), joined(b.settings));
  if (a.scenario != b.scenario) {
    lines.push_back("scenario: the files differ from line " +
                    std::to_string(first_different_line(a.scenario, b.scenario)) + " on");
  }
  return lines;
}

std::string explain_difference(const TraceFile& a, const TraceFile& b, std::size_t before) {
  std::string text;
  for (const std::string& line : header_differences(a.header, b.header)) {
    text += (text.empty() ? "The headers differ:\n  " : "  ") + line + "\n";
  }
  const std::optional<std::size_t> position = first_difference(a.records, b.records);
  if (!position) return text + "All " + std::to_string(a.records.size()) + " records are equal.\n";

  Table table;
  for (std::size_t i = *position - std::min(*position, before); i < *position; ++i) {
    table.add("", a.header, a.records[i]);
  }
  const std::size_t common = table.size();
  add_side(table, "A", a, *position);
  add_side(table, "B", b, *position);
  if (*position > 0) {
    text += "The first " + std::to_string(*position) + " records are equal" +
            (common > 0 ? "; the last of them:\n" : ".\n");
  }
  for (std::size_t i = 0; i < common; ++i) text += table.row(i);
  text += "Record " + std::to_string(*position + 1) + " differs:\n";
  for (std::size_t i = common; i < table.size(); ++i) text += table.row(i);
  return text + in_full(a, b, *position);
}

}  // namespace kv::sim
