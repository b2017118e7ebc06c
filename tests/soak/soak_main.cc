// kv_soak: real nodes under real faults, and what their clients saw held against what was promised.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <random>
#include <string>

#include <CLI/CLI.hpp>

#include "child_process.h"
#include "soak/soak.h"

namespace kv::soak {
namespace {

void declare(CLI::App& app, Options& options, double& minutes) {
  app.add_option("--minutes", minutes, "How long [1]")->check(CLI::PositiveNumber);
  app.add_option("--nodes", options.nodes, "3 or 5 [3]")->check(CLI::IsMember({3, 5}));
  app.add_option("--clients", options.clients, "Clients at a time [6]")->check(CLI::Range(1, 100));
  app.add_option("--seed", options.seed, "Of faults and clients [drawn]");
  app.add_flag("--partitions", options.partitions,
               "Each node in a network namespace of its own, and links are cut");
  app.add_flag("--lose-disk", options.lose_disk, "Once, the primary loses its data");
  app.add_option("--ack", options.ack,
                 "The nodes' --ack [majority]. With primary and --lose-disk it must fail")
      ->check(CLI::IsMember({"majority", "all", "primary"}));
  app.add_option("--reads", options.reads, "The nodes' --reads [read-index]")
      ->check(CLI::IsMember({"read-index", "lease"}));
}

int soak(Options options) {
  SignalWait signals;
  options.program = program_folder() + "/kvnode";
  options.say = [](const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  };
  options.wait = [&](Duration duration) {
    const int signal = signals.next(duration);
    return signal != 0 && signal != SIGCHLD;
  };
  options.say("soak of " + std::to_string(options.nodes) + " nodes, seed " +
              std::to_string(options.seed));
  const Summary summary = run(options);
  std::fputs(to_text(summary).c_str(), stdout);
  return summary.failure ? 1 : 0;
}

int main_of(int argc, char** argv) {
  Options options;
  options.seed = std::random_device{}();
  double minutes = 1;
  CLI::App app{"kv_soak: real nodes under faults, with clients whose histories are checked",
               "kv_soak"};
  declare(app, options, minutes);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  options.length = milliseconds(static_cast<std::int64_t>(minutes * 60'000));
  options.round = std::min(options.round, options.length);
  return soak(std::move(options));
}

}  // namespace
}  // namespace kv::soak

int main(int argc, char** argv) {
  return kv::soak::main_of(argc, argv);
}
