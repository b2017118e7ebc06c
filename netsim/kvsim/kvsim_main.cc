#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/check.h"
#include "core/duration_text.h"
#include "diff_command.h"
#include "exit_status.h"
#include "fuzz_command.h"
#include "merge_command.h"
#include "nearest_word.h"
#include "pin_command.h"
#include "replay_command.h"
#include "run_command.h"
#include "shrink_command.h"
#include "sweep_command.h"

namespace kv::sim {
namespace {

constexpr const char* kExamples = R"(Examples:
  kvsim run scenarios/02-primary-failure.json             one run, told
  kvsim run scenarios/02-primary-failure.json --seed 7    another course of events
  kvsim run FILE --set nodes=5 --set network.loss=0.05    in other surroundings
  kvsim sweep FILE --seeds 1..10000                       many runs, in figures
  kvsim fuzz --seeds 1..10000                             random clusters under random faults
  kvsim shrink FILE --seed 3                              a failing run on one page
  kvsim check scenarios/*.json                            are these files right?

Exit status: 0 passed, 1 failed (an expectation, a promise, or traces differ), 2 the command line
or a file makes no sense, 130 stopped by Ctrl-C.)";

/// The words as they were typed, where they need reading.
struct Words {
  std::string until{};
  std::string speed{};
};

struct Options {
  RunOptions run{};
  ReplayOptions replay{};
  SweepOptions sweep{};
  FuzzOptions fuzz{};
  MergeOptions merge{};
  ShrinkCommandOptions shrink{};
  std::string diff_a{};
  std::string diff_b{};
  std::vector<std::string> pin{};
  std::vector<std::string> check{};
  Words words{};
};

/// CLI11 would take -1 for the largest number.
std::string check_whole_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (rest != end || text.empty()) return "'" + text + "' is not a whole number";
  return problem == std::errc{} ? "" : "'" + text + "' is too large";
}

std::string check_failures(const std::string& text) {
  return text == "0" ? "'0' is none; --keep-going doesn't stop at failures"
                     : check_whole_number(text);
}

/// "10x", "10" or "0.5x" in thousandths.
std::optional<std::uint32_t> parse_speed(std::string text) {
  constexpr std::uint32_t kFastest = 1'000'000'000;
  if (!text.empty() && text.back() == 'x') text.pop_back();
  std::size_t decimals = 0;
  const std::size_t point = text.find('.');
  if (point != std::string::npos) {
    decimals = text.size() - point - 1;
    text.erase(point, 1);
  }
  if (text.empty() || text.size() > 9 || decimals > 3) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  for (; decimals < 3; ++decimals) value *= 10;
  if (value == 0 || value > kFastest) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

Outcome read_telling(const Words& words, Telling& telling) {
  if (!words.until.empty()) {
    const Result<Duration> until = parse_duration(words.until);
    if (!until) return Error{"--until " + words.until + ": " + until.error().message};
    telling.until = Instant{} + *until;
  }
  if (words.speed.empty()) return success();
  const std::optional<std::uint32_t> speed = parse_speed(words.speed);
  if (!speed)
    return Error{"--speed " + words.speed + ": say how many times real time, as in 10x or 0.5x"};
  telling.speed_permille = *speed;
  return success();
}

void add_telling(CLI::App& command, Telling& telling, Words& words) {
  command.add_option("--until", words.until, "Tell the story up to this virtual time: 12s, 250ms")
      ->type_name("TIME");
  command
      .add_option("--speed", words.speed,
                  "Play it at this multiple of real time, as in 10x; default: at once")
      ->type_name("N");
  command.add_flag("--verbose,-v", telling.everything, "Tell every event");
}

CLI::Option* add_settings(CLI::App& command, Settings& settings) {
  return command
      .add_option("--set", settings,
                  "Change the scenario before it is read: network.latency=20ms; can be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
}

CLI::App* add_run(CLI::App& app, Options& options) {
  CLI::App* const run = app.add_subcommand("run", "Run a scenario once and tell what happened");
  run->add_option("FILE", options.run.file, "The scenario")->required();
  run->add_option("--seed", options.run.seed,
                  "Decides all that is left to chance; default: the "
                  "scenario's own")
      ->check(check_whole_number)
      ->type_name("N");
  add_settings(*run, options.run.settings);
  run->add_option("--trace", options.run.trace,
                  "Write every event as a line of JSON, for 'kvsim replay' and 'kvsim diff'")
      ->type_name("FILE");
  run->add_flag("--json", options.run.json, "Print the result as JSON instead of the story");
  add_telling(*run, options.run.telling, options.words);
  run->footer(R"(Examples:
  kvsim run scenarios/02-primary-failure.json --speed 10x
  kvsim run scenarios/02-primary-failure.json --set network.latency=20ms --set nodes=5
  kvsim run scenarios/02-primary-failure.json --seed 7 --trace seven.jsonl)");
  return run;
}

void add_seeds(CLI::App& command, std::string& seeds) {
  command.add_option("--seeds", seeds, "The first and the last one: 1..10000")->type_name("A..B");
}

/// What `sweep` and `fuzz` have in common.
void add_campaign(CLI::App& command, CampaignOptions& campaign) {
  command.add_option("--jobs", campaign.jobs, "Runs at the same time; default: one a core")
      ->check(check_whole_number)
      ->type_name("N");
  command.add_option("--shard", campaign.shard, "Do the i-th of n parts, for many machines: 2/8")
      ->type_name("I/N");
  command.add_option("--csv", campaign.csv_path, "Write a row for each run")->type_name("FILE");
  command
      .add_option("--json", campaign.json_path, "Write everything, for programs and 'kvsim merge'")
      ->type_name("FILE");
  command.add_option("--failures", campaign.failures, "Stop at so many failed runs; default: 10")
      ->check(check_failures)
      ->type_name("N");
  command.add_flag("--keep-going", campaign.keep_going, "Don't stop at failures");
  command.add_flag("--quiet", campaign.quiet, "No progress on standard error");
}

CLI::App* add_fuzz(CLI::App& app, Options& options) {
  FuzzOptions& fuzz = options.fuzz;
  CLI::App* const command = app.add_subcommand(
      "fuzz", "Look for bugs: each seed draws a cluster, its surroundings and faults");
  add_seeds(*command, fuzz.seeds);
  command->add_option("--nodes", fuzz.nodes, "Sizes of clusters; default: 3..7")->type_name("A..B");
  command->add_option("--faults", fuzz.faults, "Classes of faults to draw from; default: all")
      ->type_name("F1,F2");
  command->add_option("--length", fuzz.length, "Virtual time of a run; default: 60s")
      ->type_name("TIME");
  command->add_option("--time", fuzz.time_limit, "End after so much real time: 10m")
      ->type_name("TIME");
  command->add_flag("--coverage", fuzz.coverage, "Print what was met and struck how often");
  add_campaign(*command, fuzz);
  command
      ->add_option("--trace", fuzz.trace, "Write every event of a single seed, for 'kvsim replay'")
      ->type_name("FILE");
  add_telling(*command, fuzz.telling, options.words);
  command->footer(R"(A single seed is told, and its trace hash printed.
Examples:
  kvsim fuzz --seeds 1..10000
  kvsim fuzz --time 10m --nodes 3 --faults crash,cut,power_cut
  kvsim fuzz --seeds 4711                                 what happens in this one?
  kvsim fuzz --seeds 4711 --trace 4711.jsonl
  kvsim fuzz --seeds 1..1000000 --shard 2/8 --json 2.json)");
  return command;
}

CLI::App* add_sweep(CLI::App& app, Options& options) {
  SweepOptions& sweep = options.sweep;
  CLI::App* const command =
      app.add_subcommand("sweep", "Run a scenario with many seeds and settings; a table");
  command->add_option("FILE", sweep.file, "The scenario")->required();
  add_seeds(*command, sweep.seeds);
  command
      ->add_option("--vary", sweep.vary,
                   "Try each value of a setting, and all combinations if repeated: "
                   "network.loss=0,0.01,0.1")
      ->type_name("KEY=V1,V2")
      ->take_all()
      ->allow_extra_args(false);
  add_settings(*command, sweep.set);
  add_campaign(*command, sweep);
  command->footer(R"(Examples:
  kvsim sweep scenarios/02-primary-failure.json --seeds 1..10000
  kvsim sweep scenarios/26-fast-failover.json --seeds 1..1000 --vary network.loss=0,0.05
  kvsim sweep scenarios/02-primary-failure.json --seeds 1..100000 --shard 2/8 --json 2.json)");
  return command;
}

CLI::App* add_merge(CLI::App& app, Options& options) {
  CLI::App* const merge =
      app.add_subcommand("merge", "Put the parts of a sweep or fuzz together (--shard --json)");
  merge->add_option("FILES", options.merge.files, "All parts")->required();
  merge->add_option("--csv", options.merge.csv_path, "Write a row for each run")->type_name("FILE");
  merge->add_option("--json", options.merge.json_path, "Write everything")->type_name("FILE");
  merge->footer("Example:\n  kvsim merge shard-*.json --csv all.csv");
  return merge;
}

CLI::App* add_replay(CLI::App& app, Options& options) {
  CLI::App* const replay = app.add_subcommand(
      "replay", "Run a trace's scenario again and hold every event against the trace");
  replay
      ->add_option("TRACE", options.replay.trace,
                   "What --trace of 'kvsim run' or 'kvsim fuzz' wrote")
      ->required();
  add_telling(*replay, options.replay.telling, options.words);
  replay->footer("Example:\n  kvsim replay seven.jsonl --until 12s --verbose");
  return replay;
}

CLI::App* add_diff(CLI::App& app, Options& options) {
  CLI::App* const diff = app.add_subcommand("diff", "Show where two traces part");
  diff->add_option("A", options.diff_a, "A trace")->required();
  diff->add_option("B", options.diff_b, "Another one")->required();
  diff->footer("Example:\n  kvsim diff seven.jsonl eight.jsonl");
  return diff;
}

CLI::App* add_shrink(CLI::App& app, Options& options) {
  ShrinkCommandOptions& shrink = options.shrink;
  CLI::App* const command =
      app.add_subcommand("shrink", "Cut a failing run down to a scenario of a page");
  command->add_option("SEED|FILE", shrink.target, "A seed of the swarm, or a scenario")->required();
  command->add_option("--seed", shrink.seed, "The failing seed; default: the scenario's own")
      ->check(check_whole_number)
      ->type_name("N");
  add_settings(*command, shrink.settings);
  command
      ->add_option("--out", shrink.out,
                   "The scenario to write; default: named after what broke and the seed")
      ->type_name("FILE");
  command->add_option("--time", shrink.time, "Real time for the search; default: 30s")
      ->type_name("TIME");
  command->add_option("--jobs", shrink.jobs, "Runs at the same time; default: one a core")
      ->check(check_whole_number)
      ->type_name("N");
  command->add_option("--nodes", shrink.nodes, "As in the fuzz that found the seed; default: 3..7")
      ->type_name("A..B");
  command->add_option("--faults", shrink.faults, "The same: classes, with commas; default: all")
      ->type_name("F1,F2");
  command->add_option("--length", shrink.length, "The same: virtual time of a run; default: 60s")
      ->type_name("TIME");
  command->footer(R"(Examples:
  kvsim shrink scenarios/90-chaos-3.json --seed 5 --set ack=primary
  kvsim shrink 4711 --out lost-write.json --time 2m

The result fails of the same promise, expectation or CHECK, and no single step can be left out.)");
  return command;
}

CLI::App* add_pin(CLI::App& app, Options& options) {
  CLI::App* const pin = app.add_subcommand(
      "pin", "Write the trace hashes of scenarios into hashes.json, after a wanted change");
  pin->add_option("FILES", options.pin, "Default: all in the folder scenarios");
  pin->footer("Example:\n  kvsim pin");
  return pin;
}

CLI::App* add_check(CLI::App& app, Options& options) {
  CLI::App* const check =
      app.add_subcommand("check", "Read scenarios and say what is wrong with them");
  check->add_option("FILES", options.check, "The scenarios")->required();
  check->footer("Example:\n  kvsim check scenarios/*.json");
  return check;
}

constexpr auto kCommands = std::to_array<std::string_view>(
    {"run", "sweep", "fuzz", "merge", "replay", "diff", "shrink", "pin", "check"});

bool is_command(std::string_view word) {
  return std::find(kCommands.begin(), kCommands.end(), word) != kCommands.end();
}

std::string unknown_command(std::string_view word) {
  return "there is no command '" + std::string(word) + "'" + did_you_mean(word, kCommands);
}

int kvsim(int argc, char** argv) {
  CLI::App app{"kvsim: rehearse the failovers of a replicated key-value store", "kvsim"};
  app.set_version_flag("--version", std::string("kvsim ") + KV_VERSION);
  app.footer(kExamples);
  app.require_subcommand(1);
  Options options;
  options.run.version = options.replay.version = KV_VERSION;
  options.sweep.version = options.fuzz.version = KV_VERSION;
  CLI::App* const run = add_run(app, options);
  CLI::App* const sweep = add_sweep(app, options);
  CLI::App* const fuzz = add_fuzz(app, options);
  CLI::App* const merge = add_merge(app, options);
  CLI::App* const replay = add_replay(app, options);
  CLI::App* const diff = add_diff(app, options);
  CLI::App* const shrink = add_shrink(app, options);
  CLI::App* const pin = add_pin(app, options);
  CLI::App* const check = add_check(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::Error& problem) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (!command.empty() && command.front() != '-' && !is_command(command))
      return complain("kvsim: " + unknown_command(command) + "\nTry kvsim --help.");
    return complain("kvsim: " + std::string(problem.what()) + "\nTry kvsim --help.");
  }
  for (Telling* const telling :
       {&options.run.telling, &options.replay.telling, &options.fuzz.telling}) {
    const Outcome read = read_telling(options.words, *telling);
    if (!read) return complain("kvsim: " + read.error().message);
  }
  if (run->parsed()) return run_command(options.run);
  if (sweep->parsed()) return sweep_command(options.sweep);
  if (fuzz->parsed()) return fuzz_command(options.fuzz);
  if (merge->parsed()) return merge_command(options.merge);
  if (replay->parsed()) return replay_command(options.replay);
  if (diff->parsed()) return diff_command(options.diff_a, options.diff_b);
  if (shrink->parsed()) return shrink_command(options.shrink);
  if (pin->parsed()) return pin_command(options.pin);
  CHECK(check->parsed());
  return check_command(options.check);
}

}  // namespace
}  // namespace kv::sim

int main(int argc, char** argv) {
  const int status = kv::sim::kvsim(argc, argv);
  // A full disk behind the output must not pass for success.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fputs("kvsim: the output could not be written whole; is the disk full?\n", stderr);
  return kv::sim::kExitFailed;
}
