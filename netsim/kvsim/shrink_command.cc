#include "shrink_command.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

#include "core/duration_text.h"
#include "exit_status.h"
#include "failure.h"
#include "netsim/expectations.h"
#include "netsim/explicit_run.h"
#include "netsim/report_layout.h"
#include "netsim/scenario_language.h"
#include "netsim/scenario_writer.h"
#include "netsim/swarm.h"
#include "shrink.h"
#include "shrink_trial.h"
#include "slowness.h"
#include "sweep_plan.h"
#include "terminal_style.h"
#include "worker_pool.h"

namespace kv::sim {
namespace {

using Kind = Failure::Kind;

bool is_seed(const std::string& target) {
  return !target.empty() && target.size() <= 19 &&
         target.find_first_not_of("0123456789") == std::string::npos;
}

/// What is to be shrunk, with the seed in it.
struct Subject {
  Scenario scenario{};
  std::string words{};  ///< "seed 5 of the swarm"
};

Result<Subject> subject_of(const ShrinkCommandOptions& options) {
  std::string text;
  std::string name = options.target;
  if (is_seed(options.target)) {
    const Result<SwarmOptions> swarm = read_swarm(options.nodes, options.faults, options.length);
    if (!swarm) return swarm.error();
    text = write_scenario(draw_swarm(*swarm, std::stoull(options.target)));
    name = "swarm.json";
  } else if (!(options.nodes + options.faults + options.length).empty()) {
    return Error{
        "--nodes, --faults and --length are of the swarm: they go with a seed, as in "
        "kvsim shrink 4711. For a scenario's file take --set."};
  } else {
    const Result<std::string> read = read_file(options.target);
    if (!read) return read.error();
    text = *read;
  }
  Result<Scenario> scenario = read_scenario(text, name, options.settings);
  if (!scenario) return scenario.error();
  if (options.seed) scenario->seed = *options.seed;
  const std::string of = is_seed(options.target) ? "the swarm" : options.target;
  std::string words = "seed " + std::to_string(scenario->seed) + " of " + of;
  return Subject{std::move(*scenario), std::move(words)};
}

/// With nothing to fail of but `failure`.
Scenario without_other_expectations(Scenario scenario, const Failure& failure) {
  std::erase_if(scenario.expect, [&](const Expectation& e) {
    return failure.kind != Kind::kExpectation || describe(e) != failure.name;
  });
  for (Step& step : scenario.steps) step.expect = {};
  return scenario;
}

Scenario explicit_scenario(const Scenario& scenario, const Failure& failure) {
  if (failure.kind != Kind::kAbort || !scenario.chaos) return explicit_run(scenario, scenario.seed);
  return explicit_run(scenario, scenario.seed, advances_before_abort(scenario));
}

/// Every client's step comes to its end before the run does, so that a run of a right core passes.
Scenario with_time_for_answers(Scenario scenario) {
  for (const Step& step : scenario.steps) {
    if (!is_client_verb(step.verb) || !step.at) continue;
    const Duration answered = *step.at + step.timeout - Instant{};
    scenario.run_for = std::max(scenario.run_for, answered + milliseconds(100));
  }
  return scenario;
}

/// "raft.cc:7: CHECK(…) failed": the folders are those of the machine that compiled it.
std::string without_folders(const std::string& words) {
  const std::size_t end = words.find(':');
  const std::size_t slash = words.rfind('/', end);
  return end == std::string::npos || slash == std::string::npos ? words : words.substr(slash + 1);
}

void name_it(Scenario& scenario, const Failure& failure, const Subject& subject) {
  switch (failure.kind) {
    case Kind::kPromise: {
      Expectation kept;
      kept.claim = Claim::kNone;
      kept.moment = Moment::kAlways;
      kept.checker = failure.name;
      scenario.expect = {kept};
      scenario.title = "Broken: " + std::string(promise_of(failure.name));
      break;
    }
    case Kind::kExpectation:
      scenario.title = "Not met: " + failure.name;
      break;
    default:
      scenario.title = "A run ends itself: " + without_folders(failure.name);
      break;
  }
  scenario.why =
      "Cut down from seed " + std::to_string(subject.scenario.seed) + " of " +
      subject.scenario.name + ". What was found: " +
      one_line(failure.kind == Kind::kAbort ? without_folders(failure.words) : failure.words, 400);
}

std::string file_name(const Failure& failure, std::uint64_t seed) {
  std::string name = failure.kind == Kind::kPromise       ? failure.name
                     : failure.kind == Kind::kExpectation ? "expectation"
                                                          : "abort";
  std::replace(name.begin(), name.end(), ' ', '-');
  return name + "-" + std::to_string(seed) + ".json";
}

void print(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
  std::fflush(stdout);
}

/// Fails as `failure` says: finds the smallest scenario and writes it.
int shrink_to_file(const Subject& subject, const Failure& failure, const TrialOptions& trials,
                   const std::string& path) {
  const Scenario whole =
      without_other_expectations(explicit_scenario(subject.scenario, failure), failure);
  TrialOptions bounds = trials;
  bounds.within_budget = true;
  bounds.longest_slowness = longest_slowness(whole);
  std::optional<Failure> begun = FailureTrial(failure, bounds).try_one(whole);
  if (!begun) {
    // What struck beyond the budget from the beginning may go on doing so.
    bounds.within_budget = false;
    begun = FailureTrial(failure, bounds).try_one(whole);
  }
  if (!begun) {
    return complain("Written as single steps, the run doesn't fail any more: it can't be shrunk.",
                    kExitFailed);
  }
  FailureTrial trial(failure, bounds);
  ShrinkOptions options;
  options.may_run = failure.kind != Kind::kAbort;
  if (failure.kind == Kind::kExpectation) {
    const std::optional<ChaosSpec>& chaos = subject.scenario.chaos;
    options.keep_from = chaos ? chaos->until : Instant{} + subject.scenario.run_for;
  }
  Shrunk shrunk = shrink(whole, begun->at, trial, options);
  trial.clear_progress();

  Scenario& scenario = shrunk.scenario;
  if (const Scenario longer = with_time_for_answers(scenario); trial.try_one(longer))
    scenario = longer;
  const std::optional<Failure> left = trial.try_one(scenario);
  name_it(scenario, left ? *left : failure, subject);
  const std::string text = write_scenario(scenario);
  const Result<Scenario> again = read_scenario(text, path);
  if (!again) return complain("The result can't be read: " + again.error().message, kExitFailed);
  if (!left || !trial.try_one(*again))
    return complain("The result doesn't fail when it is run again.", kExitFailed);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return complain(path + " can't be written: check its folder.", kExitFailed);

  print(counted(whole.steps.size(), "step", "steps") + " → " +
        std::to_string(scenario.steps.size()) + " in " + span_text(trial.elapsed()) + ", " +
        counted(trial.tried(), "candidate", "candidates") + " tried. " +
        (shrunk.minimal ? "No single step can be left out."
                        : "The time is over: a longer --time may leave fewer."));
  print("Run it: kvsim run " + shell_word(path));
  return trial.interrupted() ? kExitInterrupted : kExitPassed;
}

}  // namespace

int shrink_command(const ShrinkCommandOptions& options) {
  const Result<Duration> time = parse_duration(options.time);
  if (!time) return complain("--time " + options.time + ": " + time.error().message);
  const Result<Subject> subject = subject_of(options);
  if (!subject) return complain(subject.error().message);
  const Result<std::optional<Failure>> failure = find_failure(subject->scenario);
  if (!failure) return complain(failure.error().message, kExitFailed);
  if (!*failure) return complain(subject->words + " passes: nothing to shrink.", kExitFailed);
  const Failure& found = **failure;
  print(subject->words + " fails: " + found.name);
  if (found.words != found.name)
    print("  " +
          wrapped("at " + time_text(found.at) + ": " + found.words, 2, TerminalStyle(1).width()));
  if (found.kind == Kind::kStep) {
    return complain(
        "A step that doesn't go as its file says is the file's own matter: only broken "
        "promises, expectations and aborts can be shrunk.",
        kExitFailed);
  }
  TrialOptions trials;
  trials.jobs = options.jobs == 0 ? core_count() : options.jobs;
  trials.time = *time;
  trials.shows_progress = TerminalStyle(2).interactive();
  const std::string path =
      options.out.empty() ? file_name(found, subject->scenario.seed) : options.out;
  return shrink_to_file(*subject, found, trials, path);
}

}  // namespace kv::sim
