#include "report.h"

#include <algorithm>
#include <utility>

#include "core/duration_text.h"
#include "netsim/report_layout.h"

namespace kv::sim {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kWidestCause = 60;
constexpr std::size_t kNarrowestCause = 12;
constexpr std::size_t kMostRows = 20;  ///< of the table of failovers

std::string percent(std::uint64_t per_million) {
  return std::to_string(per_million / 10'000) + "." + std::to_string(per_million / 1'000 % 10) +
         " %";
}

std::string timing_text(const Timing& timing) {
  for (const std::string_view name : {"documented", "lan", "wan"}) {
    const Timing known = *timing_by_name(name);
    if (known.heartbeat_interval == timing.heartbeat_interval &&
        known.election_timeout_min == timing.election_timeout_min &&
        known.election_timeout_max == timing.election_timeout_max)
      return std::string(name) + " timing (heartbeat " + to_text(timing.heartbeat_interval) +
             ", election timeout " +
             to_text({timing.election_timeout_min, timing.election_timeout_max}) + ")";
  }
  return "heartbeat " + to_text(timing.heartbeat_interval) + ", election timeout " +
         to_text({timing.election_timeout_min, timing.election_timeout_max});
}

std::string latency_text(const Latency& latency) {
  const Duration median = latency.quantile(500'000);
  const Duration high = latency.quantile(990'000);
  if (median == high) return span_text(median);
  return span_text(median) + " (p99 " + span_text(high) + ")";
}

std::string network_text(const NetworkSpec& network) {
  std::string text = "network " + latency_text(network.latency);
  if (network.between_zones) text += ", between zones " + latency_text(*network.between_zones);
  const auto add = [&](std::string_view what, Chance chance) {
    if (chance.per_million > 0)
      text += ", " + percent(chance.per_million) + " " + std::string(what);
  };
  add("lost", network.loss);
  add("duplicated", network.duplicate);
  add("reordered", network.reorder);
  add("damaged", network.corrupt);
  return text;
}

std::string nodes_text(const Scenario& scenario) {
  std::string names;
  for (const NodeSpec& node : scenario.nodes) {
    names +=
        (names.empty() ? "" : ", ") + node.name + (node.zone.empty() ? "" : " (" + node.zone + ")");
  }
  return counted(scenario.nodes.size(), "node", "nodes") + ": " + names;
}

/// In three digits: more would pretend to a precision that isn't there.
std::uint64_t ratio_of(Duration virtual_time, Duration wall_time) {
  auto ratio =
      static_cast<std::uint64_t>(virtual_time.ns / std::max<std::int64_t>(wall_time.ns, 1));
  std::uint64_t unit = 1;
  for (; ratio >= 1'000; ratio /= 10) unit *= 10;
  return ratio * unit;
}

std::string heading(std::string_view text, const TerminalStyle& style) {
  return "\n" + style.paint(Tone::kStrong, text) + "\n";
}

/// A paragraph behind `mark`, wrapped below its first word.
std::string item(std::string_view mark, Tone tone, const std::string& text,
                 const TerminalStyle& style) {
  const std::size_t indent = kIndent + columns_of(mark) + 1;
  return std::string(kIndent, ' ') + style.paint(tone, mark) + " " +
         wrapped(text, indent, style.width()) + "\n";
}

std::string moment_text(const Expectation& expectation) {
  switch (expectation.moment) {
    case Moment::kAt:
      return "at " + time_text(expectation.when);
    case Moment::kBy:
      return "by " + time_text(expectation.when);
    case Moment::kAlways:
      return "always";
    case Moment::kEnd:
      return "at the end";
  }
  return {};
}

std::string expectations_text(const RunResult& result, const TerminalStyle& style) {
  if (result.judgements.empty()) return {};
  std::string text = heading("Expectations", style);
  for (const Judgement& judgement : result.judgements) {
    const bool met = judgement.verdict == Verdict::kMet;
    const Expectation& expectation = judgement.expectation;
    std::string words = expectation.caption.empty() ? "" : expectation.caption + " · ";
    words += moment_text(expectation) + ": " + describe(expectation);
    if (!met) words += " — but " + (judgement.words.empty() ? "it is not so" : judgement.words);
    text += item(met ? "✓" : "✗", met ? Tone::kGood : Tone::kBad, words, style);
  }
  return text;
}

std::string steps_text(const Scenario& scenario, const RunResult& result,
                       const TerminalStyle& style) {
  std::string text;
  for (const StepOutcome& outcome : result.steps) {
    if (!outcome.failed) continue;
    const std::string& caption =
        outcome.step < scenario.steps.size() ? scenario.steps[outcome.step].caption : outcome.words;
    text += item("✗", Tone::kBad,
                 "step " + std::to_string(outcome.step + 1) +
                     (caption.empty() || caption == outcome.words ? "" : " (" + caption + ")") +
                     ": " + one_line(outcome.words, 400),
                 style);
  }
  return text.empty() ? text : heading("Steps that went otherwise than expected", style) + text;
}

std::string violations_text(const RunResult& result, const TerminalStyle& style) {
  std::string text;
  for (const Violation& violation : result.violations) {
    text += item("✗", Tone::kBad,
                 violation.checker + " at " + time_text(violation.at) + ": " +
                     one_line(violation.words, 4000),
                 style);
  }
  if (!text.empty()) text = heading("Violations", style) + text;
  if (result.undecided.empty()) return text;
  std::string keys;
  for (const std::string& key : result.undecided)
    keys += (keys.empty() ? "" : ", ") + one_line(key, 40);
  return text + heading("Undecided", style) +
         item("?", Tone::kStrong,
              "Whether these keys were linearizable took too long to decide: " + keys +
                  ". Fewer clients for each key make it decidable.",
              style);
}

using Row = std::vector<std::string>;

Row failover_row(const Scenario& scenario, const Failover& failover) {
  const auto name = [&](NodeId id) {
    return id == kNoNode ? std::string("?") : scenario.nodes[id - 1].name;
  };
  Row row{time_text(failover.lost), one_line(failover.cause, kWidestCause)};
  Instant since = failover.lost;
  const auto phase = [&](const std::optional<Instant>& at, const std::string& detail) {
    row.push_back(at && *at >= since ? "+" + span_text(*at - since) + detail : "-");
    if (at) since = std::max(since, *at);
  };
  phase(failover.detected, " " + name(failover.detected_by));
  phase(failover.elected,
        " " + name(failover.new_primary) + ", term " + std::to_string(failover.term) +
            (failover.campaigns > 1 ? ", campaign " + std::to_string(failover.campaigns) : ""));
  phase(failover.served, failover.elected ? "" : " " + name(failover.new_primary));
  row.push_back(failover.served ? span_text(*failover.served - failover.lost) : "not over");
  return row;
}

/// The first row holds titles. Where the table is too wide, the second column gives way.
std::string table_text(std::vector<Row> rows, const TerminalStyle& style) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::size_t total = kIndent + 2 * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  if (total > style.width() && widths[1] > kNarrowestCause) {
    const std::size_t excess = std::min(total - style.width(), widths[1]);
    widths[1] = std::max(kNarrowestCause, widths[1] - excess);
    for (Row& row : rows) row[1] = one_line(row[1], widths[1] - 1);
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line(kIndent, ' ');
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const bool last = i + 1 == widths.size();
      line += i == 0 ? padded_left(rows[r][i], widths[i])
                     : "  " + (last ? rows[r][i] : padded(rows[r][i], widths[i]));
    }
    text += style.paint(r == 0 ? Tone::kFaint : Tone::kPlain, line) + "\n";
  }
  return text;
}

std::string failovers_text(const Scenario& scenario, const RunResult& result,
                           const TerminalStyle& style) {
  if (result.failovers.empty()) return {};
  std::vector<Row> rows{{"lost", "cause", "detected", "elected", "serving", "total"}};
  const std::size_t shown = std::min(result.failovers.size(), kMostRows);
  for (std::size_t i = 0; i < shown; ++i)
    rows.push_back(failover_row(scenario, result.failovers[i]));
  std::string text = heading("Failovers", style) + table_text(std::move(rows), style);
  if (result.failovers.size() > shown)
    text += "  … and " + std::to_string(result.failovers.size() - shown) + " more\n";
  return text;
}

std::string clients_text(const RunResult& result, const TerminalStyle& style) {
  std::string text;
  const std::uint64_t pending = result.operations - result.operations_ok -
                                result.operations_refused - result.operations_unknown;
  if (result.operations > 0) {
    text = counted(result.operations, "operation", "operations") + ": " +
           grouped(result.operations_ok) + " ok (" +
           percent(result.operations_ok * 1'000'000 / result.operations) + "), " +
           grouped(result.operations_refused) + " refused, " + grouped(result.operations_unknown) +
           " with unknown outcome" +
           (pending > 0 ? ", " + grouped(pending) + " not over at the end" : "") + ". ";
  }
  text += result.unavailable > Duration{}
              ? "No primary could serve for " + span_text(result.unavailable) + " altogether."
              : "There always was a primary.";
  return heading("Clients", style) + std::string(kIndent, ' ') +
         wrapped(text, kIndent, style.width()) + "\n";
}

/// With random faults the seed draws these as well.
std::string drawn_text(const Scenario& scenario) {
  const Limits& limits = scenario.limits;
  return ", limits drawn: at most " + grouped(limits.max_append_bytes) + " bytes an append and " +
         counted(limits.max_inflight_appends, "append", "appends") +
         " under way, a snapshot every " + grouped(limits.snapshot_after_bytes) +
         " bytes, log segments of " + grouped(scenario.segment_bytes) + " bytes";
}

}  // namespace

std::string introduction(const Scenario& scenario, std::uint64_t seed, const TerminalStyle& style) {
  std::string surroundings = nodes_text(scenario) + " · " + timing_text(scenario.timing) + " · " +
                             network_text(scenario.network) + " · disk sync " +
                             latency_text(scenario.disk.sync);
  if (scenario.workload.clients > 0) {
    surroundings += " · " + counted(scenario.workload.clients, "client", "clients") + ", " +
                    std::to_string(scenario.workload.rate) + " operations/s";
  }
  if (scenario.chaos) surroundings += " · random faults" + drawn_text(scenario);
  surroundings += " · " + span_text(scenario.run_for) + " · seed " + std::to_string(seed);
  std::string text = style.paint(Tone::kStrong, one_line(scenario.title, 200)) + "\n";
  if (!scenario.why.empty()) text += wrapped(scenario.why, 0, style.width()) + "\n";
  return text + style.paint(Tone::kFaint, wrapped(surroundings, 0, style.width())) + "\n\n";
}

std::string report(const Scenario& scenario, const RunResult& result, const TerminalStyle& style) {
  return failovers_text(scenario, result, style) + clients_text(result, style) +
         steps_text(scenario, result, style) + expectations_text(result, style) +
         violations_text(result, style);
}

bool passed(const RunResult& result, const RunNumbers& numbers) {
  return result.passed && (!numbers.repeated || numbers.same_hash);
}

std::string conclusion(const RunResult& result, const RunNumbers& numbers,
                       const TerminalStyle& style) {
  const bool good = passed(result, numbers);
  std::string text =
      "\n" + style.paint(good ? Tone::kGood : Tone::kBad, good ? "PASSED" : "FAILED");
  if (numbers.repeated && numbers.same_hash) text += " · same hash when run again ✓";
  text += "\n";
  if (numbers.repeated && !numbers.same_hash) {
    const std::string words =
        "run again with the same seed, it came out differently: something in it depends on more "
        "than the seed. 'kvsim run --trace' twice and 'kvsim diff' show where.";
    text += item("✗", Tone::kBad, words, style);
  }
  return text + span_text(result.virtual_time) + " simulated in " + span_text(numbers.wall_time) +
         ", " + grouped(ratio_of(result.virtual_time, numbers.wall_time)) + "× real time · " +
         grouped(result.events) + " events, " + grouped(result.messages) + " messages\n" +
         "trace hash: " + hash_text(result.trace_hash) + "\n";
}

}  // namespace kv::sim
