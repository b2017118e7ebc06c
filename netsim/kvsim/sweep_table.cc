#include "sweep_table.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "coverage_report.h"
#include "netsim/report_layout.h"
#include "sweep_summary.h"

namespace kv::sim {
namespace {

constexpr std::size_t kFailuresShown = 10;
constexpr std::size_t kWordsShown = 400;
constexpr std::string_view kGap = "  ";

std::uint64_t as_number(Duration duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.ns, 0));
}

/// "1.25", rounded down.
std::string ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  const std::string hundredths = std::to_string(part % whole * 100 / whole);
  return std::to_string(part / whole) + "." + (hundredths.size() == 1 ? "0" : "") + hundredths;
}

/// Rounded down, so that 100 % means all.
std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-" : ratio(part * 100, whole) + " %";
}

/// At least one.
std::uint64_t milliseconds_of(Duration duration) {
  return std::max<std::uint64_t>(as_number(duration) / 1'000'000, 1);
}

/// A second: whole numbers from ten on.
std::string rate(std::uint64_t count, std::uint64_t ms) {
  return count * 1000 / ms >= 10 ? grouped(count * 1000 / ms) : ratio(count * 1000, ms);
}

std::vector<std::size_t> widths_of(const std::vector<TableColumn>& columns) {
  std::vector<std::size_t> widths;
  for (const TableColumn& column : columns) {
    std::size_t width = columns_of(column.heading);
    for (const std::string& cell : column.cells) width = std::max(width, columns_of(cell));
    widths.push_back(width);
  }
  return widths;
}

void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

/// The last column of each group, widened where the group's name needs it.
std::string group_line(const std::vector<TableColumn>& columns, std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t first = 0, end = 0; first < columns.size(); first = end) {
    std::size_t width = 0;
    for (end = first; end < columns.size() && columns[end].group == columns[first].group; ++end)
      width += widths[end] + (end > first ? kGap.size() : 0);
    const std::string& name = columns[first].group;
    const std::size_t needed = name.empty() ? 0 : columns_of(name) + 4;
    if (width < needed) widths[end - 1] += needed - width;
    width = std::max(width, needed);
    if (first > 0) line += kGap;
    const std::size_t dashes = name.empty() ? 0 : width - columns_of(name) - 2;
    line += name.empty() ? std::string(width, ' ')
                         : std::string(dashes / 2, '-') + " " + name + " " +
                               std::string(dashes - dashes / 2, '-');
  }
  return line;
}

void add_times(std::vector<TableColumn>& columns, const std::string& group,
               const std::vector<std::optional<Quantiles>>& all, bool with_p90) {
  TableColumn p50{group, "p50", true, {}};
  TableColumn p90{group, "p90", true, {}};
  TableColumn p99{group, "p99", true, {}};
  TableColumn most{group, "max", true, {}};
  for (const std::optional<Quantiles>& each : all) {
    p50.cells.push_back(each ? span_text(each->p50) : "-");
    p90.cells.push_back(each ? span_text(each->p90) : "-");
    p99.cells.push_back(each ? span_text(each->p99) : "-");
    most.cells.push_back(each ? span_text(each->max) : "-");
  }
  columns.push_back(p50);
  if (with_p90) columns.push_back(p90);
  columns.push_back(p99);
  columns.push_back(most);
}

std::string table(const SweepPlan& plan, const std::vector<VariationSummary>& all) {
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < plan.vary.size(); ++i) {
    TableColumn column{"", plan.vary[i].key, false, {}};
    for (const VariationSummary& each : all)
      column.cells.push_back(one_line(plan.values_of(each.variation)[i], 40));
    columns.push_back(column);
  }
  TableColumn runs{"", "runs", true, {}};
  TableColumn failed{"", "failed", true, {}};
  TableColumn failovers{"", "failovers", true, {}};
  TableColumn mean{"elections", "mean", true, {}};
  TableColumn most{"elections", "max", true, {}};
  TableColumn ok{"operations", "ok", true, {}};
  TableColumn unknown{"operations", "unknown", true, {}};
  std::vector<std::optional<Quantiles>> failover_times;
  std::vector<std::optional<Quantiles>> unavailable;
  for (const VariationSummary& each : all) {
    runs.cells.push_back(grouped(each.runs));
    failed.cells.push_back(grouped(each.failed));
    failovers.cells.push_back(grouped(each.failovers));
    mean.cells.push_back(ratio(each.elections, each.completed));
    most.cells.push_back(grouped(each.most_elections));
    ok.cells.push_back(percent(each.ok, each.operations));
    unknown.cells.push_back(grouped(each.unknown));
    failover_times.push_back(each.failover_time);
    unavailable.push_back(each.unavailable);
  }
  columns.insert(columns.end(), {runs, failed, failovers});
  add_times(columns, "failover time", failover_times, true);
  add_times(columns, "unavailable a run", unavailable, false);
  columns.insert(columns.end(), {mean, most, ok, unknown});
  return align(columns);
}

std::uint64_t failed_runs(const SweepResults& results) {
  return static_cast<std::uint64_t>(std::count_if(results.runs.begin(), results.runs.end(),
                                                  [](const SweepRun& run) { return !run.passed; }));
}

std::string failures(const SweepResults& results) {
  const SweepPlan& plan = results.plan;
  const std::uint64_t failed = failed_runs(results);
  if (failed == 0) return {};
  std::string text = "\n";
  text += failed > kFailuresShown ? "The first " + std::to_string(kFailuresShown) + " of " +
                                        grouped(failed) + " failures:\n"
                                  : counted(failed, "failure", "failures") + ":\n";
  std::size_t shown = 0;
  for (const SweepRun& run : results.runs) {
    if (run.passed) continue;
    if (++shown > kFailuresShown) break;
    text += "  seed " + std::to_string(plan.seed_of(run.item));
    const std::vector<std::string> values = plan.values_of(plan.variation_of(run.item));
    for (std::size_t i = 0; i < values.size(); ++i)
      text += ", " + plan.vary[i].key + "=" + one_line(values[i], 40);
    text += ": " + run.checker + "\n    " + one_line(run.words, kWordsShown) + "\n    " +
            plan.replay_command(run.item) + "\n";
    if (plan.swarm) text += "    " + plan.shrink_command(run.item) + "\n";
  }
  return text;
}

/// What the table doesn't show, if there is any.
std::string remarks(const std::vector<VariationSummary>& all) {
  std::uint64_t unended = 0;
  std::uint64_t undecided = 0;
  for (const VariationSummary& each : all) {
    unended += each.unended_failovers;
    undecided += each.undecided;
  }
  std::string text;
  if (unended > 0) {
    text += counted(unended, "failover", "failovers") +
            " had not ended when the run did: not in the times of failovers.\n";
  }
  if (undecided > 0) {
    text += counted(undecided, "run has", "runs have") +
            " keys whose linearizability took too long to decide.\n";
  }
  return text;
}

std::string how_it_ended(const SweepResults& results) {
  const std::string part =
      grouped(results.runs.size()) + " of " + counted(results.plan.items_of_shard(), "run", "runs");
  switch (results.end) {
    case SweepEnd::kWhole:
      return {};
    case SweepEnd::kStopped:
      return "Stopped at " + counted(failed_runs(results), "failure", "failures") + ", after " +
             part + ": --keep-going does them all.\n";
    case SweepEnd::kTimeUp:
      return "The time was up after " + part + ".\n";
    case SweepEnd::kInterrupted:
      return "Interrupted after " + part + ".\n";
  }
  return {};
}

std::string totals(const SweepResults& results) {
  const SweepPlan& plan = results.plan;
  Duration virtual_time;
  std::uint64_t events = 0;
  for (const SweepRun& run : results.runs) {
    virtual_time = virtual_time + run.virtual_time;
    events += run.events;
  }
  const std::uint64_t wall_ms = milliseconds_of(results.wall_time);
  const std::uint64_t worker_ms = milliseconds_of(results.worker_time);
  const std::uint64_t runs = results.runs.size();
  std::string text = "\nSeeds " + to_text(plan.seeds);
  if (plan.shard.count > 1) text += ", shard " + to_text(plan.shard);
  text += ": " + counted(runs, "run", "runs") + ", " + grouped(failed_runs(results)) + " failed; " +
          long_time(virtual_time) + " of virtual time, " + grouped(events) + " events.\n";
  return text + "Wall time " + span_text(results.wall_time) + ": " + rate(runs, wall_ms) +
         " runs/s (" + rate(runs, worker_ms) + " a core), " + grouped(events * 1000 / wall_ms) +
         " events/s, " + grouped(as_number(virtual_time) / 1'000'000 / wall_ms) + " × real time.\n";
}

}  // namespace

std::string long_time(Duration duration) {
  const std::uint64_t seconds = (as_number(duration) + 999'999'999) / 1'000'000'000;
  const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (seconds < 100) return std::to_string(seconds) + " s";
  const std::uint64_t minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + " min " + two(seconds % 60) + " s";
  return grouped(minutes / 60) + " h " + two(minutes % 60) + " min";
}

std::string align(const std::vector<TableColumn>& columns) {
  std::vector<std::size_t> widths = widths_of(columns);
  std::string text = group_line(columns, widths);
  end_line(text);
  const std::size_t rows = columns.empty() ? 0 : columns.front().cells.size();
  for (std::size_t row = 0; row <= rows; ++row) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = row == 0 ? columns[i].heading : columns[i].cells[row - 1];
      if (i > 0) line += kGap;
      line += columns[i].right ? padded_left(cell, widths[i]) : padded(cell, widths[i]);
    }
    end_line(line);
    text += line;
  }
  return text;
}

std::string report(const SweepResults& results) {
  const std::vector<VariationSummary> all = summaries(results);
  const std::string name = results.plan.title.empty() ? results.plan.file : results.plan.title;
  std::string settings;
  for (const std::string& setting : results.plan.set) settings += " --set " + setting;
  if (results.plan.swarm) settings += to_text(*results.plan.swarm);
  return name + settings + "\n\n" + table(results.plan, all) + failures(results) + totals(results) +
         remarks(all) + how_it_ended(results) +
         (results.coverage ? coverage_line(*results.coverage) : "");
}

}  // namespace kv::sim
