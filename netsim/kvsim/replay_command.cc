#include "replay_command.h"

#include <cstdio>
#include <utility>

#include "exit_status.h"
#include "netsim/report_layout.h"
#include "netsim/simulation.h"
#include "netsim/trace_diff.h"
#include "netsim/trace_file.h"
#include "report.h"
#include "terminal_style.h"

namespace kv::sim {
namespace {

/// The trace's run once more, told.
TraceFile run_again(const Scenario& scenario, const TraceFile& trace, const Telling& telling,
                    const TerminalStyle& style) {
  Simulation simulation(scenario, trace.header.seed);
  simulation.cluster().record_messages(true);
  StoryTeller teller(simulation.scenario(), telling, style);
  std::fputs(introduction(simulation.scenario(), trace.header.seed, style).c_str(), stdout);
  TraceFile again{trace.header, {}};
  for (bool more = true; more;) {
    more = simulation.advance();
    const std::vector<Record>& records = simulation.cluster().records();
    teller.hear(records);
    again.records.insert(again.records.end(), records.begin(), records.end());
  }
  teller.finish();
  return again;
}

}  // namespace

int replay_command(const ReplayOptions& options) {
  const Result<TraceFile> trace = read_trace(options.trace);
  if (!trace) return complain(trace.error().message);
  const TraceHeader& header = trace->header;
  if (header.scenario.empty()) {
    return complain(options.trace +
                    " holds no scenario: only what 'kvsim run --trace' wrote can be run again.");
  }
  const Result<Scenario> scenario =
      read_scenario(header.scenario, "the scenario in " + options.trace, header.settings);
  if (!scenario) return complain(scenario.error().message);

  const TerminalStyle style(1);
  const std::string program = "kvsim " + options.version;
  TraceFile again = run_again(*scenario, *trace, options.telling, style);
  again.header.program = program;
  if (!first_difference(trace->records, again.records)) {
    const std::string words = "\n" + style.paint(Tone::kGood, "SAME") + " · all " +
                              counted(again.records.size(), "record is", "records are") +
                              " as in the trace ✓\n";
    std::fputs(words.c_str(), stdout);
    return kExitPassed;
  }
  const std::string hint =
      header.program == program
          ? "Both say they are " + program +
                ", but may be different builds of it. Of one build, equal seeds give equal runs."
          : "The trace was made by another build, " + header.program + "; this is " + program +
                ". Run the scenario with both and compare: kvsim diff.";
  const std::string words = "\n" + style.paint(Tone::kBad, "DIFFERENT") + "\nA is " +
                            options.trace + "\nB is this run\n" +
                            explain_difference(*trace, again) + wrapped(hint, 0, style.width()) +
                            "\n";
  std::fputs(words.c_str(), stdout);
  return kExitFailed;
}

}  // namespace kv::sim
