#include "run_command.h"

#include <cstdio>
#include <fstream>

#include "exit_status.h"
#include "netsim/scenario_writer.h"
#include "netsim/simulation.h"
#include "netsim/trace_file.h"
#include "report.h"
#include "report_json.h"
#include "terminal_style.h"
#include "wall_clock.h"

namespace kv::sim {
namespace {

/// A run that took longer is not repeated to compare hashes.
constexpr Duration kQuick = seconds(1);

/// The trace file of a run, if one is wanted.
class TraceOutput {
 public:
  Outcome open(const std::string& path, const TraceHeader& header) {
    path_ = path;
    file_.open(path, std::ios::binary | std::ios::trunc);
    if (!file_) return Error{path + " can't be written: check that its folder exists."};
    writer_.emplace(file_, header);
    return success();
  }
  void write(const std::vector<Record>& records) {
    if (!writer_) return;
    for (const Record& record : records) writer_->write(record);
  }
  Outcome close() {
    if (!writer_) return success();
    const Outcome written = writer_->finish();
    return written ? success() : Error{path_ + ": " + written.error().message};
  }

 private:
  std::string path_{};
  std::ofstream file_{};
  std::optional<TraceWriter> writer_{};
};

TraceHeader header_of(const RunOptions& options, const std::string& text, const Scenario& scenario,
                      std::uint64_t seed) {
  TraceHeader header;
  header.program = "kvsim " + options.version;
  for (const NodeSpec& node : scenario.nodes) header.nodes.push_back(node.name);
  header.seed = seed;
  header.scenario = text;
  header.settings = options.settings;
  return header;
}

/// One run, told or as JSON. Its trace's header holds `text`, which the scenario was read from.
int tell(const Scenario& scenario, const std::string& text, std::uint64_t seed,
         const RunOptions& options) {
  Simulation simulation(scenario, seed);
  TraceOutput trace;
  if (!options.trace.empty()) {
    const TraceHeader header = header_of(options, text, simulation.scenario(), seed);
    const Outcome opened = trace.open(options.trace, header);
    if (!opened) return complain(opened.error().message);
  }
  const TerminalStyle style(1);
  StoryTeller teller(simulation.scenario(), options.telling, style);
  simulation.cluster().record_messages(!options.trace.empty() || options.telling.everything);
  if (!options.json) std::fputs(introduction(simulation.scenario(), seed, style).c_str(), stdout);

  RunNumbers numbers;
  const Instant begun = wall_now();
  for (bool more = true; more;) {
    more = simulation.advance();
    const std::vector<Record>& records = simulation.cluster().records();
    if (!options.json) teller.hear(records);
    trace.write(records);
  }
  const RunResult result = simulation.result();
  if (!options.json) teller.finish();
  numbers.wall_time = wall_now() - begun - teller.slept();
  if (numbers.wall_time < kQuick) {
    numbers.repeated = true;
    numbers.same_hash = run(scenario, seed).trace_hash == result.trace_hash;
  }

  if (options.json) {
    std::fputs(report_json(simulation.scenario(), result, numbers).c_str(), stdout);
  } else {
    std::fputs(report(simulation.scenario(), result, style).c_str(), stdout);
    std::fputs(conclusion(result, numbers, style).c_str(), stdout);
  }
  const Outcome closed = trace.close();
  if (!closed) return complain(closed.error().message, kExitFailed);
  return passed(result, numbers) ? kExitPassed : kExitFailed;
}

}  // namespace

int run_command(const RunOptions& options) {
  const Result<std::string> text = read_file(options.file);
  if (!text) return complain(text.error().message);
  const Result<Scenario> scenario = read_scenario(*text, options.file, options.settings);
  if (!scenario) return complain(scenario.error().message);
  return tell(*scenario, *text, options.seed.value_or(scenario->seed), options);
}

int tell_run(const Scenario& scenario, std::uint64_t seed, const RunOptions& options) {
  return tell(scenario, write_scenario(scenario), seed, options);
}

}  // namespace kv::sim
